//! Reports, in the process and as a whole one.

use std::time::Duration;

use anyhow::{Context, Result};
use chrono::DateTime;
use chrono_tz::Tz;
use usage_core::period::{Unit, parse_period};
use usage_core::query::{Calendar, Selection};
use usage_core::{Engine, Filter, TimeRange, Timestamp};
use usage_store::Store;

use super::ledgers::Built;
use super::{Told, median, millis, times, told};
use crate::child::measured;
use crate::workload::Random;
use crate::{Setup, yardstick};

/// The number of times that each is measured.
const RUNS: usize = 21;

/// In which time zones ranges are named.
const ZONES: [Tz; 12] = [
    Tz::UTC,
    Tz::America__New_York,
    Tz::America__Los_Angeles,
    Tz::America__Sao_Paulo,
    Tz::America__St_Johns,
    Tz::Europe__Berlin,
    Tz::Africa__Lagos,
    Tz::Asia__Kathmandu,
    Tz::Asia__Kolkata,
    Tz::Asia__Shanghai,
    Tz::Australia__Lord_Howe,
    Tz::Pacific__Chatham,
];

/// Towards the end of the year of the records.
const NOW: &str = "2026-05-20T15:07:31+00:00";

const PERIODS: [&str; 9] = [
    "today",
    "yesterday",
    "this-week",
    "this-month",
    "last-month",
    "last-quarter",
    "ytd",
    "ttm",
    "last-7-days",
];

pub(super) fn measure(setup: &Setup, built: &Built) -> Result<Told> {
    let store = Store::open_existing(&built.path)?;
    let filter = Filter::default();
    let report = |range| -> Result<Duration> {
        median(RUNS, || {
            std::hint::black_box(store.report(range, &filter)?);
            Ok(())
        })
    };
    let all = report(TimeRange::ALL)?;
    let mut lines = vec![told("report, all time", millis(all))];
    lines.push(match &built.yardstick {
        Some(path) => {
            let connection = yardstick::open(path, "FULL")?;
            let old = median(3, || yardstick::report(&connection).map(drop))?;
            told("  beside the yardstick", times(old, all))
        }
        None => told("  beside the yardstick", "-"),
    });
    let now = DateTime::parse_from_rfc3339(NOW)?;
    let named = |name, zone: Tz| -> Result<TimeRange> {
        Ok(TimeRange::from(&parse_period(name, now.with_timezone(&zone))?))
    };
    for name in ["this-month", "today"] {
        lines.push(told(
            &format!("report, {name} in Berlin"),
            millis(report(named(name, Tz::Europe__Berlin)?)?),
        ));
    }
    let at = |text| -> Result<Option<Timestamp>> {
        Ok(Some(Timestamp::from(DateTime::parse_from_rfc3339(text)?)))
    };
    let odd = TimeRange { start: at("2025-11-03T07:11:37Z")?, end: at("2025-12-03T19:52:09Z")? };
    lines.push(told("report, 30 days cut at odd minutes", millis(report(odd)?)));
    let mut slowest = Duration::ZERO;
    for zone in ZONES {
        for name in PERIODS {
            slowest = slowest.max(report(named(name, zone)?)?);
        }
    }
    lines.push(told("slowest of 9 named periods in 12 zones", millis(slowest)));
    lines.push(told("slowest of 200 random ranges", millis(random_ranges(&store)?)));
    let year = TimeRange {
        start: at("2025-06-01T00:00:00+05:45")?,
        end: at("2026-06-01T00:00:00+05:45")?,
    };
    let zone = Tz::Asia__Kathmandu;
    let (of_year, by) = (Selection::new(year, &filter), Calendar { unit: Unit::Day, zone });
    let alone = median(RUNS, || {
        std::hint::black_box(store.series_of_all(&of_year, by)?);
        Ok(())
    })?;
    lines.push(told("a year by day in Kathmandu", millis(alone)));
    let with_names = median(5, || {
        std::hint::black_box(store.series(&of_year, by)?);
        Ok(())
    })?;
    lines.push(told("  with every name beside it", millis(with_names)));
    let (usage, path) = (setup.usage.display().to_string(), built.path.display().to_string());
    let mut whole = Vec::new();
    for _ in 0..RUNS {
        let run = measured(&[&usage, "report", "--db", &path])?;
        whole.push((run.wall, run.peak_kib));
    }
    whole.sort_unstable();
    let (wall, peak) = whole.get(RUNS / 2).copied().context("some runs")?;
    lines.push(told("`usage report`, whole process", millis(wall)));
    lines.push(told("  its memory at the peak", format!("{:.1} MB", peak as f64 / 1_024.0)));
    Ok(lines)
}

fn random_ranges(store: &Store) -> Result<Duration> {
    let (first, last) = (1_748_736_000_000_000_u64, 1_780_272_000_000_000_u64);
    let mut random = Random::new(7);
    let mut slowest = Duration::ZERO;
    for _ in 0..200 {
        let mut instants = [0; 2].map(|_: i32| first + random.next() % (last - first));
        instants.sort_unstable();
        let [start, end] = instants.map(|at| Some(Timestamp::from_micros(at.cast_signed())));
        let range = TimeRange { start, end };
        slowest = slowest.max(median(5, || {
            std::hint::black_box(store.report(range, &Filter::default())?);
            Ok(())
        })?);
    }
    Ok(slowest)
}
