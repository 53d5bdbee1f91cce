//! A client that makes up a model for each request: a million names in a month.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use chrono_tz::Tz;
use usage_core::format::format_count;
use usage_core::period::Unit;
use usage_core::query::{Calendar, Selection};
use usage_core::{
    Engine, Filter, LabelNames, Labels, Record, TimeRange, Timestamp, TokenCounts, Usage,
};
use usage_store::Store;

use crate::Setup;
use crate::figures::{Latencies, aim, megabytes, time};
use crate::insert::fresh;
use crate::pace::nanos;
use crate::process::{all_processor_time, peak_bytes};
use crate::workload::Random;

const NAMES: usize = 1_000_000;
/// 2026-05-01T00:00:00Z, in microseconds, and a month.
const START: i64 = 1_777_593_600_000_000;
const MONTH: i64 = 31 * 86_400 * 1_000_000;

/// Records a transaction, as a tracker has them.
const BATCH: usize = 500;
/// The number of transactions of each kind that are measured.
const COMMITS: usize = 200;
const REPORTS: usize = 11;

/// The aims, in nanoseconds.
const COMMIT: u64 = 10_000_000;
const REPORT: u64 = 100_000_000;

pub(crate) fn run(setup: &Setup) -> Result<()> {
    let names = setup.rows(NAMES);
    let store = Store::open(fresh(&setup.folder, "names.db")?)?;
    let step = MONTH / i64::try_from(names + 2 * COMMITS * BATCH)?;
    let mut at = START;
    let mut batch = |models: &mut dyn Iterator<Item = u64>| -> Result<Vec<Record>> {
        models
            .map(|model| {
                at += step;
                of_model(model, Timestamp::from_micros(at))
            })
            .collect()
    };
    let mut model = 0_u64;
    while model < names as u64 {
        let end = (model + 5_000).min(names as u64);
        store.insert_batch(&batch(&mut (model..end))?)?;
        model = end;
    }
    let memory = peak_bytes()?;
    println!(
        "  {} models within a month; {} of memory at most",
        format_count(model),
        megabytes(memory)
    );

    let mut random = Random::new(3);
    let mut commits = |name: &str, model: &mut dyn FnMut() -> u64| -> Result<()> {
        let mut took = Vec::with_capacity(COMMITS);
        let mut processor = Duration::ZERO;
        for _ in 0..COMMITS {
            let records = batch(&mut (0..BATCH).map(|_| model()))?;
            let (begun, before) = (Instant::now(), all_processor_time()?);
            store.insert_batch(&records)?;
            took.push(nanos(begun.elapsed()));
            processor += all_processor_time()?.saturating_sub(before);
        }
        let took = Latencies::of(took);
        println!(
            "  {BATCH} records of {name}: {} at the median, {} at p99, {} at most",
            time(took.median()),
            time(took.p99()),
            time(took.max())
        );
        let processor = nanos(processor) / COMMITS as u64;
        println!("    of these {} of a processor, on average", time(processor));
        aim("a commit takes at most 10 ms", took.median() <= COMMIT, &time(took.median()));
        Ok(())
    };
    commits("models seen before", &mut || random.next() % names as u64)?;
    let mut next = names as u64;
    commits("new models", &mut || {
        next += 1;
        next
    })?;

    let month = TimeRange {
        start: Some(Timestamp::from_micros(START)),
        end: Some(Timestamp::from_micros(START + MONTH)),
    };
    let filter = Filter::default();
    let report = median(|| Ok(store.report(month, &filter)?))?;
    let before = all_processor_time()?;
    store.report(month, &filter)?;
    let processor = all_processor_time()?.saturating_sub(before);
    println!(
        "  a report over the month: {}, of this {} of a processor",
        time(nanos(report)),
        time(nanos(processor))
    );
    aim("at most 100 ms", nanos(report) <= REPORT, &time(nanos(report)));
    let by = Calendar { unit: Unit::Day, zone: Tz::UTC };
    let of_month = Selection::new(month, &filter);
    let series = median(|| Ok(store.series_of_all(&of_month, by)?))?;
    println!("  the month by day, without names: {}", time(nanos(series)));
    println!("  {} of memory at most, with the reports", megabytes(peak_bytes()?));
    Ok(())
}

fn of_model(model: u64, at: Timestamp) -> Result<Record> {
    let labels = Labels::new(
        LabelNames::new()
            .with_instance("gateway-1")
            .with_profile("work")
            .with_provider("openrouter")
            .with_route("default")
            .with_model(&format!("model-{model:08}")),
    )?;
    Ok(Record::new(labels, Usage::new(TokenCounts::new().with_input(1_200).with_output(340), at))?)
}

fn median<T>(mut work: impl FnMut() -> Result<T>) -> Result<Duration> {
    let mut took = Vec::with_capacity(REPORTS);
    for _ in 0..REPORTS {
        let begun = Instant::now();
        let done = work()?;
        took.push(begun.elapsed());
        drop(done);
    }
    took.sort_unstable();
    took.get(REPORTS / 2).copied().context("some reports")
}
