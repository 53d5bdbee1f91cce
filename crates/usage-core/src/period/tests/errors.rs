//! Refused texts, with the exact messages.

use chrono_tz::{Pacific, UTC};

use super::{at, period};
use crate::Hint;
use crate::period::parse_period;

/// The words that follow the quoted text in a message.
const UNKNOWN: &str = " is not a period";
const COUNT: &str = " is not a period: the count must be a whole number from 1 to 100000";
const YEAR_0: &str = " is not a period: there is no year 0000, the first is 0001";
const OUTSIDE: &str = " reaches outside the years 0001 to 9999";

/// A text, and what its message says after quoting it.
const REFUSED: &[(&str, &str)] = &[
    ("fortnight", UNKNOWN),
    ("thisweek", UNKNOWN),
    ("last-", UNKNOWN),
    ("last-decade", UNKNOWN),
    ("+026", UNKNOWN),
    ("-026", UNKNOWN),
    ("26", UNKNOWN),
    ("02026", UNKNOWN),
    ("2026-", UNKNOWN),
    ("2026-1", UNKNOWN),
    ("2026-3-10", UNKNOWN),
    ("2026-03-1", UNKNOWN),
    ("2026-03-010", UNKNOWN),
    ("2026/03/10", UNKNOWN),
    ("20260310-2026031", UNKNOWN),
    ("20260310-20260311-20260312", UNKNOWN),
    ("2026-Q", UNKNOWN),
    ("2026-Q10", UNKNOWN),
    ("2026Q1", UNKNOWN),
    ("2026-+1", UNKNOWN),
    ("2026-03-10T00:00:00Z", UNKNOWN),
    ("today\u{7}\n\"x", UNKNOWN),
    ("last-0-days", COUNT),
    ("last-100001-days", COUNT),
    ("last-99999999999999999999-hours", COUNT),
    ("last--1-days", COUNT),
    ("last-+1-days", COUNT),
    ("last-1.5-days", COUNT),
    ("last-N-days", COUNT),
    ("last--days", COUNT),
    ("last- 1-days", COUNT),
    ("last-5-years", " is not a period: it can count hours, days, weeks or months, not \"years\""),
    ("LAST-5-", " is not a period: it can count hours, days, weeks or months, not \"\""),
    ("2026-02-31", " is not a period: there is no day 31 in 2026-02"),
    ("2026-02-29", " is not a period: there is no day 29 in 2026-02"),
    ("2026-02-00", " is not a period: there is no day 00 in 2026-02"),
    ("2026-13-01", " is not a period: there is no month 13"),
    ("2026-00", " is not a period: there is no month 00"),
    ("2026-13", " is not a period: there is no month 13"),
    ("2026-Q0", " is not a period: there is no quarter 0"),
    ("2026-W00", " is not a period: there is no week 00 in 2026"),
    ("2026-W54", " is not a period: there is no week 54 in 2026"),
    ("2025-W53", " is not a period: there is no week 53 in 2025"),
    ("0000-W01", YEAR_0),
    ("20260231", " is not a period: there is no day 31 in 2026-02"),
    ("last 0 days", COUNT),
    ("0d", COUNT),
    ("nov 0000", YEAR_0),
    ("no", UNKNOWN),
    ("novem ber", UNKNOWN),
    ("2026-10 2026-11 2026-12", UNKNOWN),
    ("2026-Q5", " is not a period: there is no quarter 5"),
    ("20260231-20260301", " is not a period: there is no day 31 in 2026-02"),
    ("20260201-20261301", " is not a period: there is no month 13"),
    ("0000", YEAR_0),
    ("0000-01", YEAR_0),
    ("0000-Q1", YEAR_0),
    ("0000-12-31", YEAR_0),
    ("00001231-20260101", YEAR_0),
    ("２０２６", " is not a period: '２' is not an ASCII character"),
    ("2026–03", " is not a period: '–' is not an ASCII character"),
    ("last-٣-days", " is not a period: '٣' is not an ASCII character"),
    ("2026-01-01T00:00:00−05:00..", " is not a period: '−' is not an ASCII character"),
    ("last-100000-days", OUTSIDE),
    ("last-100000-weeks", OUTSIDE),
    ("last-100000-months", OUTSIDE),
];

#[test]
fn refused_texts() {
    let now = at(UTC, "0009-03-10T09:30:00Z");
    for (text, message) in REFUSED {
        let error = parse_period(text, now).expect_err(text);
        assert_eq!(error.to_string(), format!("{text:?}{message}"));
        assert_eq!(error.hint(), Hint::UsePeriodForm);
    }
}

/// Ranges that end before they start: the start and the end.
const REVERSED: &[(&str, &str)] = &[
    ("2026-03-02", "2026-03-01"),
    ("2026-03-02T00:00:00Z", "2026-03-02T00:59:00+01:00"),
    ("2026-03-02T00:00:00.1Z", "2026-03-01"),
    ("2026-03-02", "2026-03-01T23:59:59.999999999Z"),
];

/// Ranges that end where they start.
const EMPTY: &[(&str, &str)] = &[
    ("2026-03-02T00:00:00Z", "2026-03-02T00:00:00Z"),
    ("2026-03-02T00:00:00Z", "2026-03-02T01:00:00+01:00"),
    ("2026-03-02T00:00:00Z", "2026-03-01"),
    ("2026-03-02", "2026-03-02T00:00:00Z"),
];

#[test]
fn ranges_that_hold_nothing() {
    let now = at(UTC, "2026-03-10T09:30:00Z");
    let refused = |text: &str| parse_period(text, now).expect_err(text).to_string();
    let reversed = |start: &str, end: &str| {
        let ends = format!("starts with {start} and ends with {end}");
        format!("the range is reversed: it {ends}, which is earlier")
    };
    for (start, end) in REVERSED {
        assert_eq!(refused(&format!("{start}..{end}")), reversed(start, end));
    }
    assert_eq!(refused("20260301-20260228"), reversed("20260301", "20260228"));
    for (start, end) in EMPTY {
        let same = format!("{start} and {end} are the same instant, and the end is excluded");
        assert_eq!(refused(&format!("{start}..{end}")), format!("the range is empty: {same}"));
    }
}

const NOT_AN_END: &str =
    " is neither a day, month or the like nor an RFC 3339 instant, as a range needs";

/// A range, its faulty end, and what the message says after quoting that.
const REFUSED_RANGES: &[(&str, &str, &str)] = &[
    ("..", "", NOT_AN_END),
    ("2026-03-01..2026-3", "2026-3", NOT_AN_END),
    ("todya..2026-03-01", "todya", NOT_AN_END),
    ("all-time..2026-03-01", "all-time", NOT_AN_END),
    ("2026-02-30..2026-03-01", "2026-02-30", " is not a period: there is no day 30 in 2026-02"),
    (
        "2026-02-01..2026-13-03T00:00:00Z",
        "2026-13-03T00:00:00Z",
        " is not a period: there is no month 13",
    ),
    ("0000-02-01T00:00:00Z..2026-02-03", "0000-02-01T00:00:00Z", YEAR_0),
];

#[test]
fn refused_ranges() {
    let now = at(UTC, "2026-03-10T09:30:00Z");
    for (text, end, message) in REFUSED_RANGES {
        let error = parse_period(text, now).expect_err(text);
        assert_eq!(error.to_string(), format!("{end:?}{message}"));
    }
}

#[test]
fn ends_that_are_not_instants() {
    let now = at(UTC, "2026-03-10T09:30:00Z");
    let refused =
        |end: &str| parse_period(&format!("2026-01-01..{end}"), now).expect_err(end).to_string();
    for end in [
        "2026-03-01T00:00:00",
        "2026-03-01T00:00Z",
        "2026-03-01 00:00:00Z",
        "2026-03-01T00:00:00.Z",
        "2026-03-01T00:00:00.1234567890Z",
        "2026-03-01T00:00:00.5",
        "2026-03-01T00:00:00,5Z",
        "2026-03-01T00:00:00+0100",
        "2026-03-01T00:00:00+01",
        "2026-03-01T00:00:00 Z",
        "2026-03-01T00:00:00ZZ",
        "+2026-03-01T00:00:00Z",
        "2026-03-01..2026-03-02",
        ".2026-03-01",
    ] {
        assert_eq!(refused(end), format!("{end:?}{NOT_AN_END}"));
    }
    for end in [
        "T24:00:00Z",
        "T00:60:00Z",
        "T00:00:61Z",
        "T23:59:60Z",
        "T00:00:60+01:00",
        "T00:00:00+24:00",
        "T00:00:00+01:60",
    ] {
        let end = format!("2026-03-01{end}");
        assert_eq!(
            refused(&end),
            format!("{end:?} is not an instant: there is no such time of day or offset")
        );
    }
    for end in ["T00:00:59.123456789Z", "T23:59:59.1-23:59", "T00:00:00-00:00"] {
        period(&format!("2026-01-01..2026-03-01{end}"), now);
    }
}

#[test]
fn a_whole_day_range_over_a_skipped_day_is_empty_only_with_an_instant() {
    let now = at(Pacific::Apia, "2012-01-10T00:00:00+14:00");
    assert!(period("2011-12-30..2011-12-30", now).is_empty());
    let error = parse_period("2011-12-30..2011-12-30T10:00:00Z", now).unwrap_err();
    assert!(error.to_string().starts_with("the range is empty: 2011-12-30 and"), "{error}");
}

#[test]
fn messages_are_one_line_and_short() {
    let now = at(UTC, "2026-03-10T09:30:00Z");
    let message = |text: &str| parse_period(text, now).unwrap_err().to_string();
    assert_eq!(message(&"x".repeat(80)), format!("\"{}\" is not a period", "x".repeat(80)));
    assert_eq!(message(&"x".repeat(81)), format!("\"{}…\" is not a period", "x".repeat(80)));
    assert_eq!(message("a\nb\u{1b}[31mc"), r#""a\nb\u{1b}[31mc" is not a period"#);
    assert_eq!(
        message("a\u{202e}b\u{2028}"),
        r#""a\u{202e}b" is not a period: '\u{202e}' is not an ASCII character"#
    );
    let long = format!("last-{}-days", "é".repeat(100_000));
    assert!(message(&long).len() < 300);
    assert!(message(&format!("last-{}-{}", "1".repeat(5000), "z".repeat(5000))).len() < 300);
    assert!(message(&format!("{}..{}", "1".repeat(5000), "z".repeat(5000))).len() < 300);
}
