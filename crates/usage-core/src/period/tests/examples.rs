//! The forms one by one, with exact bounds.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::{America, Asia, Europe, Pacific, Tz, UTC};

use super::{at, period, shown};
use crate::period::{Period, WeekStart, parse_period_with};

/// Text, start and end; with the present at 09:30 on Tuesday 2026-03-10 in New York, two days after
/// the clocks went forward there.
const NEW_YORK: &[(&str, &str, &str)] = &[
    ("today", "2026-03-10T00:00:00-04:00", "2026-03-11T00:00:00-04:00"),
    ("yesterday", "2026-03-09T00:00:00-04:00", "2026-03-10T00:00:00-04:00"),
    ("this-week", "2026-03-09T00:00:00-04:00", "2026-03-16T00:00:00-04:00"),
    ("last-week", "2026-03-02T00:00:00-05:00", "2026-03-09T00:00:00-04:00"),
    ("this-month", "2026-03-01T00:00:00-05:00", "2026-04-01T00:00:00-04:00"),
    ("last-month", "2026-02-01T00:00:00-05:00", "2026-03-01T00:00:00-05:00"),
    ("this-quarter", "2026-01-01T00:00:00-05:00", "2026-04-01T00:00:00-04:00"),
    ("last-quarter", "2025-10-01T00:00:00-04:00", "2026-01-01T00:00:00-05:00"),
    ("this-year", "2026-01-01T00:00:00-05:00", "2027-01-01T00:00:00-05:00"),
    ("last-year", "2025-01-01T00:00:00-05:00", "2026-01-01T00:00:00-05:00"),
    ("ytd", "2026-01-01T00:00:00-05:00", "2026-03-10T09:30:00-04:00"),
    ("ttm", "2025-03-10T09:30:00-04:00", "2026-03-10T09:30:00-04:00"),
    ("last-1-hours", "2026-03-10T08:30:00-04:00", "2026-03-10T09:30:00-04:00"),
    ("last-1-hour", "2026-03-10T08:30:00-04:00", "2026-03-10T09:30:00-04:00"),
    // 72 hours that went by, not three turns of the clock.
    ("last-72-hours", "2026-03-07T08:30:00-05:00", "2026-03-10T09:30:00-04:00"),
    ("last-1-days", "2026-03-10T00:00:00-04:00", "2026-03-11T00:00:00-04:00"),
    ("last-1-day", "2026-03-10T00:00:00-04:00", "2026-03-11T00:00:00-04:00"),
    ("last-007-days", "2026-03-04T00:00:00-05:00", "2026-03-11T00:00:00-04:00"),
    ("last-7-days", "2026-03-04T00:00:00-05:00", "2026-03-11T00:00:00-04:00"),
    ("last-1-week", "2026-03-09T00:00:00-04:00", "2026-03-16T00:00:00-04:00"),
    ("last-2-weeks", "2026-03-02T00:00:00-05:00", "2026-03-16T00:00:00-04:00"),
    ("last-1-month", "2026-03-01T00:00:00-05:00", "2026-04-01T00:00:00-04:00"),
    ("last-13-months", "2025-03-01T00:00:00-05:00", "2026-04-01T00:00:00-04:00"),
    ("last-100000-hours", "2014-10-12T17:30:00-04:00", "2026-03-10T09:30:00-04:00"),
    ("2026-03-08", "2026-03-08T00:00:00-05:00", "2026-03-09T00:00:00-04:00"),
    ("2024-02-29", "2024-02-29T00:00:00-05:00", "2024-03-01T00:00:00-05:00"),
    ("2026-12-31", "2026-12-31T00:00:00-05:00", "2027-01-01T00:00:00-05:00"),
    ("2026-02", "2026-02-01T00:00:00-05:00", "2026-03-01T00:00:00-05:00"),
    ("2026-12", "2026-12-01T00:00:00-05:00", "2027-01-01T00:00:00-05:00"),
    ("2026-Q1", "2026-01-01T00:00:00-05:00", "2026-04-01T00:00:00-04:00"),
    ("2026-q2", "2026-04-01T00:00:00-04:00", "2026-07-01T00:00:00-04:00"),
    ("2026-Q3", "2026-07-01T00:00:00-04:00", "2026-10-01T00:00:00-04:00"),
    ("2026-Q4", "2026-10-01T00:00:00-04:00", "2027-01-01T00:00:00-05:00"),
    ("2026", "2026-01-01T00:00:00-05:00", "2027-01-01T00:00:00-05:00"),
    ("20260228-20260301", "2026-02-28T00:00:00-05:00", "2026-03-02T00:00:00-05:00"),
    ("20260310-20260310", "2026-03-10T00:00:00-04:00", "2026-03-11T00:00:00-04:00"),
    ("2026-03-01..2026-03-09", "2026-03-01T00:00:00-05:00", "2026-03-10T00:00:00-04:00"),
    ("2026-03-01..2026-03-01", "2026-03-01T00:00:00-05:00", "2026-03-02T00:00:00-05:00"),
    (
        "2026-03-01T10:00:00Z..2026-03-08T07:00:00.000000001+00:00",
        "2026-03-01T05:00:00-05:00",
        "2026-03-08T03:00:00.000000001-04:00",
    ),
    (
        "2026-03-01t10:00:00.5z..2026-03-02",
        "2026-03-01T05:00:00.500-05:00",
        "2026-03-03T00:00:00-05:00",
    ),
    (
        "2026-03-01..2026-03-01T12:00:00-01:30",
        "2026-03-01T00:00:00-05:00",
        "2026-03-01T08:30:00-05:00",
    ),
];

#[test]
fn forms_in_new_york() {
    let now = at(America::New_York, "2026-03-10T09:30:00-04:00");
    for (text, start, end) in NEW_YORK {
        let period = period(text, now);
        assert_eq!(shown(&period), format!("{start} {end}"), "{text}");
        assert_eq!(period.name(), *text);
        assert_eq!(period.zone(), America::New_York);
        assert!(!period.is_empty(), "{text}");
    }
}

/// Zone, present, text and bounds, where something is odd.
const ODD: &[(Tz, &str, &str, &str)] = &[
    // 23 and 25 hours.
    (
        Europe::London,
        "2026-03-29T12:00:00Z",
        "today",
        "2026-03-29T00:00:00+00:00 2026-03-30T00:00:00+01:00",
    ),
    (
        Europe::London,
        "2026-10-25T12:00:00Z",
        "today",
        "2026-10-25T00:00:00+01:00 2026-10-26T00:00:00+00:00",
    ),
    // No midnight, then a day of 25 hours whose last is shown twice.
    (
        America::Sao_Paulo,
        "2018-11-04T12:00:00Z",
        "today",
        "2018-11-04T01:00:00-02:00 2018-11-05T00:00:00-02:00",
    ),
    (
        America::Sao_Paulo,
        "2018-02-18T02:30:00Z",
        "today",
        "2018-02-17T00:00:00-02:00 2018-02-18T00:00:00-03:00",
    ),
    // The skipped day is a yesterday like any other, and empty.
    (
        Pacific::Apia,
        "2011-12-31T12:00:00+14:00",
        "yesterday",
        "2011-12-31T00:00:00+14:00 2011-12-31T00:00:00+14:00",
    ),
    (
        Pacific::Apia,
        "2011-12-31T12:00:00+14:00",
        "last-2-days",
        "2011-12-31T00:00:00+14:00 2012-01-01T00:00:00+14:00",
    ),
    (
        Pacific::Apia,
        "2011-12-31T12:00:00+14:00",
        "last-3-days",
        "2011-12-29T00:00:00-10:00 2012-01-01T00:00:00+14:00",
    ),
    (
        Pacific::Apia,
        "2012-01-09T12:00:00+14:00",
        "20111230-20111230",
        "2011-12-31T00:00:00+14:00 2011-12-31T00:00:00+14:00",
    ),
    // 23:30 for the second time, after midnight had been shown: the 7th has begun.
    (
        America::St_Johns,
        "2010-11-07T03:00:00Z",
        "today",
        "2010-11-07T00:00:00-02:30 2010-11-08T00:00:00-03:30",
    ),
    (
        America::St_Johns,
        "2010-11-07T03:00:00Z",
        "yesterday",
        "2010-11-06T00:00:00-02:30 2010-11-07T00:00:00-02:30",
    ),
    // 29 February less a year; a year before in a gap; and in an hour shown twice.
    (UTC, "2024-02-29T10:00:00Z", "ttm", "2023-02-28T10:00:00+00:00 2024-02-29T10:00:00+00:00"),
    (UTC, "2025-02-28T10:00:00Z", "ttm", "2024-02-28T10:00:00+00:00 2025-02-28T10:00:00+00:00"),
    (Europe::London, "2027-03-29T01:30:00.25+01:00", "ttm", "2026-03-29T02:00:00+01:00 x"),
    (Europe::London, "2026-10-26T01:30:00.25Z", "ttm", "2025-10-26T01:30:00.250+01:00 x"),
    // A leap second keeps its place before the next minute.
    (
        UTC,
        "2017-12-31T23:59:60.5Z",
        "ttm",
        "2016-12-31T23:59:59.999999999+00:00 2017-12-31T23:59:60.500+00:00",
    ),
    (
        Asia::Kathmandu,
        "2026-01-01T00:00:00+05:45",
        "ytd",
        "2026-01-01T00:00:00+05:45 2026-01-01T00:00:00+05:45",
    ),
    (
        UTC,
        "2026-01-01T00:00:00Z",
        "last-year",
        "2025-01-01T00:00:00+00:00 2026-01-01T00:00:00+00:00",
    ),
    (
        UTC,
        "2026-01-01T00:00:00Z",
        "last-quarter",
        "2025-10-01T00:00:00+00:00 2026-01-01T00:00:00+00:00",
    ),
    (
        UTC,
        "2026-03-31T00:00:00Z",
        "last-month",
        "2026-02-01T00:00:00+00:00 2026-03-01T00:00:00+00:00",
    ),
    (
        UTC,
        "2025-12-31T23:59:59.999999999Z",
        "today",
        "2025-12-31T00:00:00+00:00 2026-01-01T00:00:00+00:00",
    ),
    (
        UTC,
        "2026-01-04T23:59:59Z",
        "this-week",
        "2025-12-29T00:00:00+00:00 2026-01-05T00:00:00+00:00",
    ),
    (
        UTC,
        "2026-01-05T00:00:00Z",
        "this-week",
        "2026-01-05T00:00:00+00:00 2026-01-12T00:00:00+00:00",
    ),
    // The ends of the supported years.
    (UTC, "2026-01-01T00:00:00Z", "0001", "0001-01-01T00:00:00+00:00 0002-01-01T00:00:00+00:00"),
    (UTC, "2026-01-01T00:00:00Z", "9999", "9999-01-01T00:00:00+00:00 +10000-01-01T00:00:00+00:00"),
    (
        UTC,
        "2026-01-01T00:00:00Z",
        "9999-12-31",
        "9999-12-31T00:00:00+00:00 +10000-01-01T00:00:00+00:00",
    ),
    (
        UTC,
        "9999-12-31T00:00:00Z",
        "this-year",
        "9999-01-01T00:00:00+00:00 +10000-01-01T00:00:00+00:00",
    ),
    (UTC, "0001-01-01T00:00:00Z", "today", "0001-01-01T00:00:00+00:00 0001-01-02T00:00:00+00:00"),
    (
        UTC,
        "0001-01-01T01:00:00Z",
        "last-1-hour",
        "0001-01-01T00:00:00+00:00 0001-01-01T01:00:00+00:00",
    ),
];

#[test]
fn odd_days() {
    for (zone, now, text, bounds) in ODD {
        let now = at(*zone, now);
        assert_eq!(
            shown(&period(text, now)),
            bounds.replace('x', &now.to_rfc3339()),
            "{text} at {now}"
        );
    }
}

#[test]
fn weeks_from_sunday() {
    let saturday = at(UTC, "2026-03-14T23:00:00Z");
    let sunday = at(UTC, "2026-03-15T01:00:00Z");
    let shown_with = |text, now| shown(&parse_period_with(text, now, WeekStart::Sunday).unwrap());
    assert_eq!(
        shown_with("this-week", saturday),
        "2026-03-08T00:00:00+00:00 2026-03-15T00:00:00+00:00"
    );
    assert_eq!(
        shown_with("this-week", sunday),
        "2026-03-15T00:00:00+00:00 2026-03-22T00:00:00+00:00"
    );
    assert_eq!(
        shown_with("last-week", sunday),
        "2026-03-08T00:00:00+00:00 2026-03-15T00:00:00+00:00"
    );
    assert_eq!(
        shown_with("last-3-weeks", sunday),
        "2026-03-01T00:00:00+00:00 2026-03-22T00:00:00+00:00"
    );
    assert_eq!(WeekStart::default(), WeekStart::Monday);
}

#[test]
fn all_time() {
    let now = at(Asia::Tehran, "2026-03-10T00:00:00Z");
    for text in ["", "  \t\n", "all-time", " All-Time "] {
        let period = period(text, now);
        assert_eq!(period, Period::all_time(Asia::Tehran));
        assert_eq!((period.name(), period.zone()), ("all-time", Asia::Tehran));
        assert_eq!((period.start(), period.end()), (None, None));
        assert!(!period.is_empty());
        assert!(
            period.contains(DateTime::<Utc>::MIN_UTC) && period.contains(DateTime::<Utc>::MAX_UTC)
        );
    }
}

#[test]
fn names_are_canonical_for_keywords_and_trimmed_otherwise() {
    let now = at(UTC, "2026-03-10T00:00:00Z");
    assert_eq!(period(" LAST-Week\n", now).name(), "last-week");
    assert_eq!(period(" LAST-Week\n", now), period("last-week", now));
    assert_eq!(period("\t2026-q1 ", now).name(), "2026-q1");
    assert_eq!(period("Last-3-Days", now).name(), "Last-3-Days");
    assert_eq!(shown(&period("Last-3-Days", now)), shown(&period("last-3-days", now)));
}

#[test]
fn the_start_is_inside_and_the_end_is_not() {
    let now = at(UTC, "2026-03-10T00:00:00Z");
    let period = period("2026-03-09", now);
    let (start, end) = (period.start().unwrap().to_utc(), period.end().unwrap().to_utc());
    let tick = TimeDelta::nanoseconds(1);
    assert!(period.contains(start) && period.contains(end - tick));
    assert!(!period.contains(start - tick) && !period.contains(end));
    assert!(!period.is_empty());
}

#[test]
fn an_empty_period_contains_nothing() {
    let now = at(Pacific::Apia, "2012-01-09T12:00:00+14:00");
    let period = period("2011-12-30", now);
    assert!(period.is_empty());
    assert!(!period.contains(period.start().unwrap().to_utc()));
}
