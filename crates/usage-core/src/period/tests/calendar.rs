//! The places where days and other units begin, against known changes of the clocks and against a slow oracle.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, TimeZone};
use chrono_tz::{America, Asia, Australia, Pacific, Tz, UTC};

use super::{at, date};
use crate::period::{Unit, WeekStart, start_of_day};

/// Zone, date, start of the day and how long it lasts in seconds.
const DAYS: &[(Tz, &str, &str, i64)] = &[
    (UTC, "2026-03-10", "2026-03-10T00:00:00+00:00", 86_400),
    (America::New_York, "2026-03-08", "2026-03-08T00:00:00-05:00", 23 * 3600),
    (America::New_York, "2026-11-01", "2026-11-01T00:00:00-04:00", 25 * 3600),
    // The clocks skip midnight.
    (America::Sao_Paulo, "2018-11-03", "2018-11-03T00:00:00-03:00", 86_400),
    (America::Sao_Paulo, "2018-11-04", "2018-11-04T01:00:00-02:00", 23 * 3600),
    // They go back from midnight to 23:00, so the old day has 25 hours.
    (America::Sao_Paulo, "2018-02-17", "2018-02-17T00:00:00-02:00", 25 * 3600),
    (America::Sao_Paulo, "2018-02-18", "2018-02-18T00:00:00-03:00", 86_400),
    // They go back from 01:00 to midnight: the first of the two begins the day.
    (America::Havana, "2026-11-01", "2026-11-01T00:00:00-04:00", 25 * 3600),
    // They go back from 00:01 to 23:01 of the day before, and the first midnight begins the day.
    (America::St_Johns, "2010-11-06", "2010-11-06T00:00:00-02:30", 86_400),
    (America::St_Johns, "2010-11-07", "2010-11-07T00:00:00-02:30", 25 * 3600),
    (America::St_Johns, "2010-11-08", "2010-11-08T00:00:00-03:30", 86_400),
    (America::St_Johns, "2010-03-14", "2010-03-14T00:00:00-03:30", 23 * 3600),
    // Double summer time: two hours back, from 00:01 to 22:01.
    (America::St_Johns, "1988-10-30", "1988-10-30T00:00:00-01:30", 26 * 3600),
    (Australia::Lord_Howe, "2026-04-05", "2026-04-05T00:00:00+11:00", 24 * 3600 + 1800),
    (Australia::Lord_Howe, "2026-10-04", "2026-10-04T00:00:00+10:30", 24 * 3600 - 1800),
    // A zone that moves by a quarter of an hour at midnight.
    (Asia::Kathmandu, "1986-01-01", "1986-01-01T00:15:00+05:45", 24 * 3600 - 900),
    // Whole days skipped.
    (Pacific::Apia, "2011-12-29", "2011-12-29T00:00:00-10:00", 86_400),
    (Pacific::Apia, "2011-12-30", "2011-12-31T00:00:00+14:00", 0),
    (Pacific::Apia, "2011-12-31", "2011-12-31T00:00:00+14:00", 86_400),
    (Pacific::Kwajalein, "1993-08-20", "1993-08-20T00:00:00-12:00", 86_400),
    (Pacific::Kwajalein, "1993-08-21", "1993-08-22T00:00:00+12:00", 0),
    (Pacific::Kwajalein, "1993-08-22", "1993-08-22T00:00:00+12:00", 86_400),
];

#[test]
fn known_days() {
    for (zone, day, start, seconds) in DAYS {
        let day = date(day);
        let found = start_of_day(day, *zone).unwrap();
        assert_eq!(found.to_rfc3339(), *start, "{day} in {zone}");
        let next = start_of_day(day + Days::new(1), *zone).unwrap();
        assert_eq!((next - found).num_seconds(), *seconds, "{day} in {zone}");
    }
}

/// The definition of the start of a day, taken literally and in steps of one second.
fn slow_start_of_day(day: NaiveDate, zone: Tz) -> DateTime<Tz> {
    let first = day.and_hms_opt(0, 0, 0).unwrap().and_utc().timestamp() - 24 * 3600;
    let reaches = |second: &i64| zone.timestamp_opt(*second, 0).unwrap().date_naive() >= day;
    zone.timestamp_opt((first..).find(reaches).unwrap(), 0).unwrap()
}

#[test]
fn the_slow_oracle_agrees_where_clocks_jump() {
    for (zone, first, last) in [
        (America::Sao_Paulo, "2018-02-16", "2018-02-19"),
        (America::Sao_Paulo, "2018-11-03", "2018-11-05"),
        (America::St_Johns, "2010-11-05", "2010-11-09"),
        (America::St_Johns, "1988-10-29", "1988-10-31"),
        (America::Havana, "2026-10-31", "2026-11-02"),
        (Australia::Lord_Howe, "2026-04-04", "2026-04-06"),
        (Pacific::Apia, "2011-12-28", "2012-01-01"),
        (Pacific::Kwajalein, "1969-09-29", "1969-10-03"),
        (Pacific::Kwajalein, "1993-08-19", "1993-08-23"),
        // The Alaska purchase repeated a day, Manila left one out; both with offsets to the second.
        (America::Sitka, "1867-10-16", "1867-10-21"),
        (Asia::Manila, "1844-12-29", "1845-01-02"),
        (America::New_York, "1883-11-17", "1883-11-19"),
    ] {
        let (mut day, last) = (date(first), date(last));
        while day <= last {
            assert_eq!(
                start_of_day(day, zone).unwrap(),
                slow_start_of_day(day, zone),
                "{day} in {zone}"
            );
            day = day + Days::new(1);
        }
    }
}

fn around(unit: Unit, instant: DateTime<Tz>) -> (String, String) {
    let range = unit.around(instant).unwrap();
    (range.start.to_rfc3339(), range.end.to_rfc3339())
}

fn pair(start: &str, end: &str) -> (String, String) {
    (start.to_owned(), end.to_owned())
}

#[test]
fn units_around_an_instant() {
    let now = at(UTC, "2026-05-17T09:30:15.5Z"); // a Sunday
    for (unit, start, end) in [
        (Unit::Hour, "2026-05-17T09:00:00+00:00", "2026-05-17T10:00:00+00:00"),
        (Unit::Day, "2026-05-17T00:00:00+00:00", "2026-05-18T00:00:00+00:00"),
        (Unit::Week(WeekStart::Monday), "2026-05-11T00:00:00+00:00", "2026-05-18T00:00:00+00:00"),
        (Unit::Week(WeekStart::Sunday), "2026-05-17T00:00:00+00:00", "2026-05-24T00:00:00+00:00"),
        (Unit::Month, "2026-05-01T00:00:00+00:00", "2026-06-01T00:00:00+00:00"),
        (Unit::Quarter, "2026-04-01T00:00:00+00:00", "2026-07-01T00:00:00+00:00"),
        (Unit::Year, "2026-01-01T00:00:00+00:00", "2027-01-01T00:00:00+00:00"),
    ] {
        assert_eq!(around(unit, now), pair(start, end), "{unit:?}");
    }
}

#[test]
fn hours_shown_twice_are_one_long_hour() {
    let havana = |text| around(Unit::Hour, at(America::Havana, text));
    let long = pair("2026-11-01T00:00:00-04:00", "2026-11-01T01:00:00-05:00");
    assert_eq!(havana("2026-11-01T00:59:59-04:00"), long);
    assert_eq!(havana("2026-11-01T00:00:00-05:00"), long);
    assert_eq!(
        havana("2026-11-01T01:00:00-05:00"),
        pair("2026-11-01T01:00:00-05:00", "2026-11-01T02:00:00-05:00")
    );
    // A skipped hour is empty, so the one before it runs into the one after.
    let skipped = |text| around(Unit::Hour, at(America::New_York, text));
    assert_eq!(
        skipped("2026-03-08T01:59:59-05:00"),
        pair("2026-03-08T01:00:00-05:00", "2026-03-08T03:00:00-04:00")
    );
    assert_eq!(
        skipped("2026-03-08T03:00:00-04:00"),
        pair("2026-03-08T03:00:00-04:00", "2026-03-08T04:00:00-04:00")
    );
    // Half an hour back: 01:30 to 02:00 again.
    let half = at(Australia::Lord_Howe, "2026-04-05T01:45:00+10:30");
    assert_eq!(
        around(Unit::Hour, half),
        pair("2026-04-05T01:00:00+11:00", "2026-04-05T02:00:00+10:30")
    );
}

#[test]
fn quarters_of_an_hour_that_the_clocks_show_twice_are_two() {
    use chrono_tz::America::New_York;
    let at = |text: &str| text.parse::<DateTime<chrono::Utc>>().unwrap().with_timezone(&New_York);
    assert_eq!(
        around(Unit::QuarterHour, at("2026-11-01T05:20:00Z")),
        pair("2026-11-01T01:15:00-04:00", "2026-11-01T01:30:00-04:00")
    );
    assert_eq!(
        around(Unit::QuarterHour, at("2026-11-01T06:20:00Z")),
        pair("2026-11-01T01:15:00-05:00", "2026-11-01T01:30:00-05:00")
    );
    assert_eq!(
        around(Unit::QuarterHour, at("1969-12-31T23:59:59Z")),
        pair("1969-12-31T18:45:00-05:00", "1969-12-31T19:00:00-05:00")
    );
}

#[test]
fn a_unit_that_has_begun_stays_the_current_one() {
    let tick = TimeDelta::nanoseconds(1);
    // St John's: midnight at 02:30 UTC, back to 23:01 a minute later.
    let midnight = at(America::St_Johns, "2010-11-07T02:30:00Z");
    let second_evening = at(America::St_Johns, "2010-11-07T02:31:00Z");
    assert_eq!(second_evening.date_naive(), date("2010-11-06"));
    let seventh = pair("2010-11-07T00:00:00-02:30", "2010-11-08T00:00:00-03:30");
    assert_eq!(around(Unit::Day, midnight), seventh);
    assert_eq!(around(Unit::Day, second_evening), seventh);
    assert_eq!(around(Unit::Day, midnight - tick).1, seventh.0);
    // Sitka: after part of the 19th of October 1867 the clocks went back a day, to the 18th.
    let again = America::Sitka.with_ymd_and_hms(1867, 10, 18, 20, 0, 0).latest().unwrap();
    assert_eq!(
        Unit::Day.around(again).unwrap().start,
        start_of_day(date("1867-10-19"), America::Sitka).unwrap()
    );
}
