//! The first and last supported years, the ends of chrono's range, and texts at random.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::{America, Pacific, UTC};
use proptest::prelude::*;

use super::{at, period};
use crate::period::{Unit, parse_period, start_of_day};

#[test]
fn the_supported_years_have_exact_ends() {
    let first = at(UTC, "0001-01-01T00:30:00Z");
    for text in [
        "last-1-hours",
        "yesterday",
        "last-week",
        "last-2-days",
        "last-2-months",
        "last-year",
        "last-quarter",
        "ttm",
    ] {
        let error = parse_period(text, first).expect_err(text);
        assert_eq!(error.to_string(), format!("{text:?} reaches outside the years 0001 to 9999"));
    }
    let last = at(UTC, "9999-12-31T23:59:59.999999999Z");
    for text in ["today", "this-month", "this-quarter", "this-year", "ytd", "ttm", "last-1-hours"] {
        period(text, last);
    }
    let after = last + TimeDelta::nanoseconds(2);
    for text in ["today", "this-week", "this-year", "ytd", "ttm", "last-1-hours"] {
        assert!(parse_period(text, after).is_err(), "{text}");
    }
    assert!(parse_period("this-week", last).is_err()); // it ends on a Sunday of the year 10000
    period("last-month", after);
}

#[test]
fn no_time_is_too_far() {
    for zone in [UTC, Pacific::Apia, America::New_York] {
        for now in
            [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC].map(|now| now.with_timezone(&zone))
        {
            for text in [
                "today",
                "last-week",
                "this-month",
                "last-quarter",
                "this-year",
                "ytd",
                "ttm",
                "last-9-hours",
                "last-9-days",
            ] {
                let error = parse_period(text, now).expect_err(text);
                assert_eq!(
                    error.to_string(),
                    format!("{text:?} reaches outside the years 0001 to 9999")
                );
            }
            period("2026", now);
            for unit in [Unit::Hour, Unit::Day, Unit::Month, Unit::Quarter, Unit::Year] {
                assert_eq!(unit.around(now), None);
            }
        }
        assert_eq!(start_of_day(NaiveDate::MIN, zone), None);
        assert_eq!(start_of_day(NaiveDate::MAX, zone), None);
    }
}

/// Texts that look like periods, right and wrong.
fn near_the_grammar() -> impl Strategy<Value = String> {
    prop_oneof![
        "(?i)(last-)?[-+0-9]{0,7}-?(hours|days|weeks|months|h|d|w|mo)",
        "(?i)([0-9]{4}-)?(nov|may|w[0-9]{2})(-[0-9]{4})?(\\.\\.)?",
        "[0-9]{4}(-[0-9]{2}(-[0-9]{2})?|-?[qQ][0-9])?",
        "[0-9]{4}[01][0-9][0-3][0-9]-[0-9]{4}[01][0-9][0-3][0-9]",
        "[0-9]{4}-[01][0-9]-[0-3][0-9](T[0-9:.+Z-]{0,20})?\\.{1,3}[0-9]{4}-[01][0-9]-[0-3][0-9]",
        "2026-03-01\\.\\.2026-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9][Zz]",
        "2026-03-01\\.\\.2026-03-02T00:00:00(\\.[0-9]{0,10})?[+-][0-2][0-9]:[0-6][0-9]",
    ]
}

proptest! {
    #[test]
    fn nothing_panics(text in ".*", seconds in any::<i64>()) {
        let now = DateTime::from_timestamp(seconds / 1_000_000, 0).unwrap_or_default();
        if let Err(error) = parse_period(&text, now.with_timezone(&UTC)) {
            prop_assert_eq!(error.to_string().lines().count(), 1);
        }
    }

    #[test]
    fn nothing_near_the_grammar_panics(
        text in near_the_grammar(),
        day in -800_000_i64..4_000_000,
        zone in prop::sample::select(&chrono_tz::TZ_VARIANTS[..]),
    ) {
        let now = DateTime::from_timestamp(day * 86_400 + 4_000, 5).unwrap().with_timezone(&zone);
        match parse_period(&text, now) {
            Ok(period) => prop_assert!(
                period.start().zip(period.end()).is_none_or(|(start, end)| start <= end),
                "{:?}",
                period
            ),
            Err(error) => prop_assert_eq!(error.to_string().lines().count(), 1),
        }
    }
}
