//! Other spellings, open and coarser ends, and billing cycles.

use chrono::{DateTime, TimeDelta};
use chrono_tz::{America, Europe, Tz, UTC};
use proptest::prelude::*;

use super::{at, period, shown};
use crate::period::{CycleDay, PeriodError, PeriodOptions, parse_period, parse_period_with};

/// A spelling, and the name of the period that it is; with the present on 10 March 2026.
const SPELLED: &[(&str, &str)] = &[
    ("this month", "this-month"),
    ("This_Month", "this-month"),
    ("  last   7\tdays ", "last-7-days"),
    ("7d", "last-7-days"),
    ("7D", "last-7-days"),
    ("last-7d", "last-7-days"),
    ("7 days", "last-7-days"),
    ("last 1 day", "last-1-day"),
    ("24h", "last-24-hours"),
    ("last-24h", "last-24-hours"),
    ("24 hours", "last-24-hours"),
    ("2w", "last-2-weeks"),
    ("6mo", "last-6-months"),
    ("last 6 months", "last-6-months"),
    ("nov", "2025-11"),
    ("November", "2025-11"),
    ("mar", "2026-03"),
    ("april", "2025-04"),
    ("sept", "2025-09"),
    ("nov-2024", "2024-11"),
    ("nov 2024", "2024-11"),
    ("2024-nov", "2024-11"),
    ("2026-03-01 2026-03-05", "2026-03-01..2026-03-05"),
    ("2026-03-01 to 2026-03-05", "2026-03-01..2026-03-05"),
    ("2026-02 - 2026-03", "2026-02..2026-03"),
    ("2026-02 .. 2026-03", "2026-02..2026-03"),
    ("nov..", "2025-11.."),
    ("all time", "all-time"),
    // Their own names.
    ("last-7-days", "last-7-days"),
    ("LAST-7-DAYS", "LAST-7-DAYS"),
    ("2026-w10", "2026-w10"),
    ("20260301", "20260301"),
];

#[test]
fn other_spellings_are_the_same_period() {
    let now = at(Europe::Berlin, "2026-03-10T09:30:00+01:00");
    for (text, name) in SPELLED {
        let spelled = period(text, now);
        assert_eq!(spelled.name(), *name, "{text}");
        assert_eq!(shown(&spelled), shown(&period(name, now)), "{text}");
    }
}

/// A range, its start and its end.
const RANGES: &[(&str, &str, &str)] = &[
    ("2026-W10", "2026-03-02T00:00:00+00:00", "2026-03-09T00:00:00+00:00"),
    ("2020-W53", "2020-12-28T00:00:00+00:00", "2021-01-04T00:00:00+00:00"),
    ("2026-03-05..", "2026-03-05T00:00:00+00:00", "open"),
    ("..2026-03-05", "open", "2026-03-06T00:00:00+00:00"),
    ("..2026-03-05T12:00:00Z", "open", "2026-03-05T12:00:00+00:00"),
    ("2026-02..2026-03", "2026-02-01T00:00:00+00:00", "2026-04-01T00:00:00+00:00"),
    ("2025-Q4..2026-W01", "2025-10-01T00:00:00+00:00", "2026-01-05T00:00:00+00:00"),
    ("2024..", "2024-01-01T00:00:00+00:00", "open"),
    ("yesterday..today", "2026-03-09T00:00:00+00:00", "2026-03-11T00:00:00+00:00"),
    ("last-month..2026-03-05", "2026-02-01T00:00:00+00:00", "2026-03-06T00:00:00+00:00"),
    ("7d..", "2026-03-04T00:00:00+00:00", "open"),
    ("last-24-hours..", "2026-03-09T09:30:00+00:00", "open"),
];

#[test]
fn ranges_go_from_the_start_of_one_to_the_end_of_the_other() {
    let now = at(UTC, "2026-03-10T09:30:00Z");
    for (text, start, end) in RANGES {
        assert_eq!(shown(&period(text, now)), format!("{start} {end}"), "{text}");
    }
    assert!(period("last-24-hours..", now).is_rolling());
    assert!(!period("yesterday..", now).is_rolling());
    for text in ["today..yesterday", "2026-03..2026-02"] {
        let error = parse_period(text, now).unwrap_err();
        assert!(matches!(error, PeriodError::Reversed { .. }), "{text}: {error}");
    }
}

fn cycle(name: &str, day: u32, now: DateTime<Tz>) -> String {
    let options = PeriodOptions::default().with_cycle_day(CycleDay::new(day));
    shown(&parse_period_with(name, now, options).unwrap())
}

#[test]
fn cycles_begin_on_their_day() {
    let before = at(UTC, "2026-03-14T23:59:59Z");
    let after = at(UTC, "2026-03-15T00:00:00Z");
    let february = "2026-02-15T00:00:00+00:00 2026-03-15T00:00:00+00:00";
    assert_eq!(cycle("this-cycle", 15, before), february);
    assert_eq!(cycle("last-cycle", 15, after), february);
    assert_eq!(cycle("this-cycle", 1, before), shown(&period("this-month", before)));
    // The last day of a shorter month.
    let leap = at(UTC, "2024-03-01T00:00:00Z");
    assert_eq!(
        cycle("this-cycle", 31, leap),
        "2024-02-29T00:00:00+00:00 2024-03-31T00:00:00+00:00"
    );
    let error = parse_period("this-cycle", before).unwrap_err();
    assert_eq!(error.hint(), crate::Hint::SetCycleDay);
}

proptest! {
    /// Cycles meet without gap or overlap, and the current one holds now.
    #[test]
    fn cycles_tile(day in 1..=31_u32, second in 0..4_000_000_000_i64) {
        let zone = America::Sao_Paulo;
        let now = DateTime::from_timestamp(second, 0).unwrap().with_timezone(&zone);
        let options = PeriodOptions::default().with_cycle_day(CycleDay::new(day));
        let of = |name, now| parse_period_with(name, now, options).unwrap();
        let this = of("this-cycle", now);
        prop_assert!(this.contains(now.to_utc()));
        prop_assert_eq!(of("last-cycle", now).end(), this.start());
        let next = of("this-cycle", this.end().unwrap());
        prop_assert_eq!(next.start(), this.end());
        prop_assert_eq!(of("last-cycle", this.end().unwrap()).start(), this.start());
        let last = this.end().unwrap() - TimeDelta::nanoseconds(1);
        prop_assert_eq!(of("this-cycle", last), this);
    }

    /// A range of two periods holds what lies between their outer ends, and open ends hold the rest.
    #[test]
    fn a_range_is_between_its_ends(
        first in (2000..2030_i32, 1..=12_u32),
        last in (2000..2030_i32, 1..=12_u32),
        second in 0..4_000_000_000_i64,
    ) {
        let now = DateTime::from_timestamp(second, 0).unwrap().with_timezone(&Europe::London);
        let text = |(year, month): (i32, u32)| format!("{year}-{month:02}");
        let (from, until) = (text(first), text(last));
        let (start, end) = (period(&from, now).start(), period(&until, now).end());
        match parse_period(&format!("{from}..{until}"), now) {
            Ok(range) => prop_assert_eq!((range.start(), range.end()), (start, end)),
            Err(_) => prop_assert!(first > last),
        }
        let (after, before) = (period(&format!("{from}.."), now), period(&format!("..{until}"), now));
        prop_assert_eq!((after.start(), after.end()), (start, None));
        prop_assert_eq!((before.start(), before.end()), (None, end));
        prop_assert_eq!(after.contains(now.to_utc()), start.unwrap() <= now);
        prop_assert_eq!(before.contains(now.to_utc()), now < end.unwrap());
    }

    /// White space between words and units in short change nothing.
    #[test]
    fn spellings_are_one(n in 1..9_999_u32, unit in 0..4_usize, second in 0..4_000_000_000_i64) {
        let now = DateTime::from_timestamp(second, 0).unwrap().with_timezone(&Europe::London);
        let (short, long) = [("h", "hours"), ("d", "days"), ("w", "weeks"), ("mo", "months")][unit];
        let usual = parse_period(&format!("last-{n}-{long}"), now);
        for other in [
            format!("{n}{short}"),
            format!("last-{n}{short}"),
            format!("last {n} {long}"),
            format!("{n} {long}"),
        ] {
            match (&usual, parse_period(&other, now)) {
                (Ok(usual), Ok(other)) => prop_assert_eq!(usual, &other),
                (usual, other) => prop_assert!(usual.is_err() && other.is_err()),
            }
        }
    }
}
