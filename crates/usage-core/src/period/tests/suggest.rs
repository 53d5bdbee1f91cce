//! Texts that are no periods, and what was meant.

use chrono::DateTime;
use chrono_tz::UTC;
use proptest::prelude::*;

use super::at;
use crate::period::{CycleDay, PeriodOptions, parse_period, suggest_period};

const MEANT: &[(&str, &str)] = &[
    ("yesteday", "yesterday"),
    ("tody", "today"),
    ("thisweek", "this-week"),
    ("last-moth", "last-month"),
    ("Lst-Month", "last-month"),
    ("last-7-dyas", "last-7-days"),
    ("last-7", "last-7-days"),
    ("30", "last-30-days"),
    ("past 7 days", "last-7-days"),
    ("previous-week", "last-week"),
    ("last-2-years", "last-24-months"),
    ("1y", "last-12-months"),
    ("3m", "last-3-months"),
    ("month", "this-month"),
    ("mtd", "this-month"),
    ("all", "all-time"),
    ("2026/03/01", "2026-03-01"),
    ("2026-3-1", "2026-03-01"),
    ("1.3.2026", "2026-03-01"),
    ("31/03/2026", "2026-03-31"),
    ("2026-3", "2026-03"),
    ("2026-w5", "2026-W05"),
    ("2026q1", "2026-Q1"),
    ("q1", "2026-Q1"),
    ("w9", "2026-W09"),
    ("2026-03-01t10:00:00z", "2026-03-01T10:00:00Z.."),
    ("2026/03/01..", "2026-03-01.."),
    ("2026-3-1..2026-3-5", "2026-03-01..2026-03-05"),
    ("this-cylce", "this-cycle"),
    ("current month", "this-month"),
    // That was a Tuesday.
    ("tuesday", "2026-03-10"),
    ("monday", "2026-03-09"),
    ("last monday", "2026-03-09"),
    ("last tuesday", "2026-03-03"),
    ("since monday", "2026-03-09.."),
    ("from 2026-03-01 to 2026-03-05", "2026-03-01..2026-03-05"),
    ("yesterday to today", "yesterday..today"),
    ("march 3", "2026-03-03"),
    ("3 Mar 2025", "2025-03-03"),
    ("March 3rd, 2026", "2026-03-03"),
    ("q1 2025", "2025-Q1"),
];

#[test]
fn what_was_meant_is_named() {
    let now = at(UTC, "2026-03-10T09:30:00Z");
    let options = PeriodOptions::default().with_cycle_day(CycleDay::new(5));
    for (text, meant) in MEANT {
        assert!(parse_period(text, now).is_err(), "{text}");
        assert_eq!(suggest_period(text, now, options).as_deref(), Some(*meant), "{text}");
    }
    for text in ["", "..", "blue", "report", "03/05/2026", "x..y", "99999999999999", "2026-13-41"] {
        assert_eq!(suggest_period(text, now, options).filter(|_| !text.is_empty()), None, "{text}");
    }
}

proptest! {
    /// What is suggested is a period, whatever the text.
    #[test]
    fn suggestions_are_periods(text in "[-a-z0-9./ ]{0,12}|.*", second in 0..4_000_000_000_i64) {
        let now = DateTime::from_timestamp(second, 0).unwrap().with_timezone(&UTC);
        if let Some(meant) = suggest_period(&text, now, PeriodOptions::default()) {
            prop_assert!(parse_period(&meant, now).is_ok());
        }
    }
}
