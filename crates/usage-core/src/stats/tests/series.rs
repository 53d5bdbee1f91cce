//! The places where the buckets of a series begin and end.

use chrono::TimeDelta;
use chrono_tz::Tz;
use proptest::prelude::*;

use crate::period::{Unit, WeekStart, parse_period};
use crate::stats::{Series, TooManyBuckets};
use crate::{TimeRange, Timestamp};

/// A period in a zone.
pub(super) fn period(text: &str, zone: Tz) -> TimeRange {
    let now = chrono::DateTime::UNIX_EPOCH.with_timezone(&zone);
    TimeRange::from(&parse_period(text, now).unwrap())
}

fn starts(text: &str, unit: Unit, zone: Tz) -> Vec<String> {
    let series = Series::over(period(text, zone), unit, zone).unwrap();
    series.buckets().iter().map(|bucket| bucket.start().unwrap().to_rfc3339()).collect()
}

fn hours(text: &str, zone: Tz) -> Vec<(String, i64)> {
    let series = Series::over(period(text, zone), Unit::Hour, zone).unwrap();
    let bucket = |bucket: &super::Bucket| {
        let (start, end) = (bucket.start().unwrap(), bucket.end().unwrap());
        (start.format("%H:%M%:z").to_string(), (end - start).num_minutes())
    };
    series.buckets().iter().map(bucket).collect()
}

#[test]
fn a_day_has_the_hours_that_its_clocks_show() {
    use chrono_tz::{America::New_York, Asia::Kathmandu, Australia::Lord_Howe};
    // Clocks go from 02:00 to 03:00: one hour less.
    let spring = hours("2026-03-08", New_York);
    assert_eq!(spring.len(), 23);
    assert_eq!(spring[1..3], [("01:00-05:00".into(), 60), ("03:00-04:00".into(), 60)]);
    // Clocks show 01:00 to 02:00 twice: one hour, twice as long.
    let autumn = hours("2026-11-01", New_York);
    assert_eq!(autumn.len(), 24);
    assert_eq!(autumn[1..3], [("01:00-04:00".into(), 120), ("02:00-05:00".into(), 60)]);
    // Half an hour of change.
    let spring = hours("2026-10-04", Lord_Howe);
    assert_eq!(spring.len(), 24);
    assert_eq!(spring[1..3], [("01:00+10:30".into(), 60), ("02:30+11:00".into(), 30)]);
    let autumn = hours("2026-04-05", Lord_Howe);
    assert_eq!(autumn.len(), 24);
    assert_eq!(autumn[1..3], [("01:00+11:00".into(), 90), ("02:00+10:30".into(), 60)]);
    // Hours begin at the full hour of the local clock.
    let plain = hours("2026-05-03", Kathmandu);
    assert_eq!(plain.len(), 24);
    assert!(plain.iter().all(|(start, length)| start.ends_with(":00+05:45") && *length == 60));
}

#[test]
fn days_without_a_midnight_and_days_without_anything() {
    use chrono_tz::{America::Sao_Paulo, Pacific::Apia};
    assert_eq!(
        starts("2018-11-03..2018-11-05", Unit::Day, Sao_Paulo),
        ["2018-11-03T00:00:00-03:00", "2018-11-04T01:00:00-02:00", "2018-11-05T00:00:00-02:00"]
    );
    assert_eq!(
        starts("2011-12-29..2011-12-31", Unit::Day, Apia),
        ["2011-12-29T00:00:00-10:00", "2011-12-31T00:00:00+14:00"]
    );
    assert!(starts("2011-12-30", Unit::Day, Apia).is_empty());
}

#[test]
fn buckets_are_whole_units_even_at_the_ends() {
    use chrono_tz::UTC;
    let text = "2026-05-03T10:30:00Z..2026-05-03T12:00:00.000001Z";
    let hour = |hour| format!("2026-05-03T{hour}:00:00+00:00");
    assert_eq!(starts(text, Unit::Hour, UTC), [hour("10"), hour("11"), hour("12")]);
    assert_eq!(starts(text, Unit::Month, UTC), ["2026-05-01T00:00:00+00:00"]);
    let sunday = "2026-05-03";
    let week = |from| starts(sunday, Unit::Week(from), UTC);
    assert_eq!(week(WeekStart::Monday), ["2026-04-27T00:00:00+00:00"]);
    assert_eq!(week(WeekStart::Sunday), ["2026-05-03T00:00:00+00:00"]);
    assert_eq!(starts("2026", Unit::Month, UTC).len(), 12);
}

#[test]
fn a_range_without_both_bounds_has_no_buckets() {
    let open = TimeRange { start: Some(Timestamp::from_micros(0)), end: None };
    for range in [TimeRange::ALL, open, TimeRange { start: None, end: open.start }] {
        assert!(Series::over(range, Unit::Day, Tz::UTC).unwrap().buckets().is_empty());
    }
}

#[test]
fn too_many_buckets_are_refused() {
    let day = 86_400_000_000;
    let days = |count: i64| TimeRange {
        start: Some(Timestamp::from_micros(0)),
        end: Some(Timestamp::from_micros(count * day)),
    };
    let most = i64::try_from(Series::MAX_BUCKETS).unwrap();
    assert_eq!(Series::over(days(most), Unit::Day, Tz::UTC).unwrap().buckets().len(), 100_000);
    let error = Series::over(days(most + 1), Unit::Day, Tz::UTC).unwrap_err();
    assert_eq!(error, TooManyBuckets { unit: Unit::Day });
    assert_eq!(error.to_string(), "the period has more than 100,000 days, too many to list");
    // Beyond any calendar, and no panic.
    let ever = TimeRange {
        start: Some(Timestamp::from_micros(i64::MIN)),
        end: Some(Timestamp::from_micros(i64::MAX)),
    };
    assert!(Series::over(ever, Unit::Year, Tz::UTC).is_err());
}

pub(super) const ZONES: [Tz; 8] = [
    Tz::UTC,
    Tz::America__New_York,
    Tz::Asia__Kathmandu,
    Tz::Australia__Lord_Howe,
    Tz::America__Sao_Paulo,
    Tz::Pacific__Apia,
    Tz::America__St_Johns,
    Tz::Africa__Monrovia,
];

/// Instants around which the clocks of one of the zones do something.
pub(super) const ANCHORS: [&str; 7] = [
    "2026-03-08T07:00:00Z",
    "2026-11-01T06:00:00Z",
    "2018-11-04T03:00:00Z",
    "2018-02-18T02:00:00Z",
    "2011-12-30T10:00:00Z",
    "2026-04-04T15:00:00Z",
    "1972-01-07T00:44:30Z",
];

pub(super) fn any_unit() -> impl Strategy<Value = Unit> {
    prop_oneof![
        Just(Unit::Hour),
        Just(Unit::Day),
        Just(Unit::Week(WeekStart::Monday)),
        Just(Unit::Week(WeekStart::Sunday)),
        Just(Unit::Month),
    ]
}

/// An instant up to five days from an anchor.
pub(super) fn any_instant(anchor: &'static str) -> impl Strategy<Value = Timestamp> {
    let anchor: chrono::DateTime<chrono::Utc> = anchor.parse().unwrap();
    let near = prop_oneof![-3_600_i64 * 120..3_600 * 120, -4..=4_i64, -7_200..7_200_i64];
    (near, -1..=1_i64).prop_map(move |(seconds, micros)| {
        Timestamp::from(anchor + TimeDelta::seconds(seconds) + TimeDelta::microseconds(micros))
    })
}

proptest! {
    /// Buckets cover the range without a gap, and each is found by each of its ends.
    #[test]
    fn buckets_tile_the_range(
        (mut start, mut end) in proptest::sample::select(&ANCHORS[..])
            .prop_flat_map(|anchor| (any_instant(anchor), any_instant(anchor))),
        unit in any_unit(),
        zone in proptest::sample::select(&ZONES[..]),
    ) {
        if start > end {
            std::mem::swap(&mut start, &mut end);
        }
        let range = TimeRange { start: Some(start), end: Some(end) };
        let series = Series::over(range, unit, zone).unwrap();
        let ranges: Vec<_> = series.buckets().iter().map(super::Bucket::range).collect();
        prop_assert_eq!(ranges.is_empty(), start == end);
        prop_assert!(ranges.iter().all(|bucket| bucket.start < bucket.end));
        prop_assert!(ranges.windows(2).all(|pair| pair[0].end == pair[1].start));
        if let (Some(first), Some(last)) = (ranges.first(), ranges.last()) {
            prop_assert!(first.contains(start));
            prop_assert!(last.contains(Timestamp::from_micros(end.as_micros() - 1)));
        }
        for (index, bucket) in ranges.iter().enumerate() {
            let last = Timestamp::from_micros(bucket.end.unwrap().as_micros() - 1);
            prop_assert_eq!(series.position(bucket.start.unwrap()), Some(index));
            prop_assert_eq!(series.position(last), Some(index));
        }
    }
}
