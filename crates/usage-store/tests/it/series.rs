//! Reports over time equal the same records sorted into buckets one by one.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use proptest::prelude::*;
use proptest::sample::select;
use usage_core::period::{Unit, WeekStart};
use usage_core::stats::{Aggregates, Series};
use usage_core::{Error, ErrorKind, Filter, Label, Record, TimeRange, Timestamp, Usage};
use usage_store::Store;

use super::support::{
    Place, any_filter, any_record, at, labels, of_store, range, record, records, series_by,
    series_of_all, with_event,
};

const HOUR: i64 = 3_600_000_000;

/// In the middle of the two days around which the clocks of New York change.
const CHANGE: &str = "2026-11-01T06:00:00Z";

fn micros(instant: &str) -> i64 {
    Timestamp::from(instant.parse::<DateTime<Utc>>().unwrap()).as_micros()
}

/// A record a whole number of half hours from the change, give or take a microsecond.
fn any_record_near_the_change() -> impl Strategy<Value = Record> {
    (any_record(), -72..72_i64, -1..=1_i64).prop_map(|(record, half_hours, odd)| {
        let instant = at(micros(CHANGE) + half_hours * HOUR / 2 + odd);
        let (names, tokens) = (record.labels().clone(), record.tokens());
        Record::new(names, Usage::new(tokens, instant).with_fallbacks(record.fallbacks().into()))
            .unwrap()
    })
}

fn any_bound() -> impl Strategy<Value = Option<Timestamp>> {
    proptest::option::of((-80..80_i64, -1..=1_i64))
        .prop_map(|bound| bound.map(|(hours, odd)| at(micros(CHANGE) + hours * HOUR + odd)))
}

/// The naive way: all records at once, each into the one unit that holds it.
fn naive(
    kept: &[&Record],
    range: TimeRange,
    unit: Unit,
    zone: Tz,
) -> Vec<(DateTime<Tz>, Aggregates)> {
    let start_of = |instant: Timestamp| {
        unit.around(instant.to_utc().unwrap().with_timezone(&zone)).unwrap().start
    };
    let instants = || kept.iter().map(|record| record.timestamp());
    let first = range.start.or(instants().min());
    let last = range.end.map(|end| at(end.as_micros() - 1)).or(instants().max());
    let mut expected = Vec::new();
    if let (Some(first), Some(last)) = (first, last)
        && first <= last
    {
        let mut start = start_of(first);
        while start <= start_of(last) {
            let inside = kept.iter().filter(|record| start_of(record.timestamp()) == start);
            expected.push((start, inside.copied().collect()));
            start = unit.around(start).unwrap().end;
        }
    }
    expected
}

fn found(series: &Series) -> Vec<(DateTime<Tz>, Aggregates)> {
    let bucket =
        |bucket: &usage_core::stats::Bucket| (bucket.start().unwrap(), bucket.usage().clone());
    series.buckets().iter().map(bucket).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_series_is_its_records_bucket_by_bucket(
        batch in proptest::collection::vec(any_record_near_the_change(), 0..60),
        queries in proptest::collection::vec(
            (
                (any_bound(), any_bound()),
                any_filter(),
                select(&[
                    Unit::Hour,
                    Unit::Day,
                    Unit::Week(WeekStart::Monday),
                    Unit::Week(WeekStart::Sunday),
                    Unit::Month,
                ][..]),
                select(&[Tz::UTC, Tz::America__New_York, Tz::Asia__Kathmandu][..]),
            ),
            1..6,
        ),
    ) {
        let place = Place::new();
        let store = place.open();
        store.insert_batch(&batch).unwrap();
        let all = records(&store);
        prop_assert_eq!(all.len(), batch.len());
        for ((start, end), filter, unit, zone) in queries {
            let range = TimeRange { start, end };
            let kept: Vec<&Record> = all
                .iter()
                .filter(|record| range.contains(record.timestamp()))
                .filter(|record| filter.matches(&record.labels().names()))
                .collect();
            // Where a bound is missing and no record passes there is nothing to begin or end with.
            let expected = match (start, end, kept.is_empty()) {
                (Some(_), Some(_), _) | (_, _, false) => naive(&kept, range, unit, zone),
                _ => Vec::new(),
            };
            let series = series_by(&store, range, &filter, unit, zone).unwrap();
            prop_assert_eq!(found(&series), expected);
            let mut whole = Aggregates::default();
            series.buckets().iter().for_each(|bucket| whole.merge(bucket.usage().clone()));
            prop_assert_eq!(whole, store.report(range, &filter).unwrap());
        }
    }
}

fn of_all(store: &Store, unit: Unit) -> Result<Series, Error> {
    series_by(store, TimeRange::ALL, &Filter::default(), unit, Tz::UTC)
}

#[test]
fn an_empty_ledger_has_buckets_only_where_they_were_asked_for() {
    let place = Place::new();
    let store = place.open();
    assert!(of_all(&store, Unit::Hour).unwrap().buckets().is_empty());
    let series =
        series_by(&store, range(0, 3 * HOUR), &Filter::default(), Unit::Hour, Tz::UTC).unwrap();
    assert_eq!(series.buckets().len(), 3);
    assert!(series.buckets().iter().all(|bucket| bucket.usage().is_empty()));
    for nothing in [range(5, 5), range(6, 5)] {
        let series = series_by(&store, nothing, &Filter::default(), Unit::Hour, Tz::UTC).unwrap();
        assert!(series.buckets().is_empty());
    }
}

#[test]
fn all_time_ends_with_what_passes_the_filter() {
    let place = Place::new();
    let store = place.open();
    let of = |model, hour| {
        let names = labels(["i", "p", "v", "r", model]);
        let one = record(hour * HOUR, 1);
        with_event(
            Record::new(names, Usage::new(one.tokens(), one.timestamp())).unwrap(),
            &format!("{hour}"),
        )
    };
    store.insert_batch(&[of("a", 0), of("b", 3), of("b", 5), of("a", 9)]).unwrap();
    let filter = Filter::new().keeping(Label::Model, "b");
    let series = series_by(&store, TimeRange::ALL, &filter, Unit::Hour, Tz::UTC).unwrap();
    let requests: Vec<_> =
        series.buckets().iter().map(|bucket| bucket.usage().summary().requests).collect();
    assert_eq!(requests, [1, 0, 1]);
    assert_eq!(series.buckets()[0].range().start, Some(at(3 * HOUR)));
    let nobody = Filter::new().keeping(Label::Model, "c");
    assert!(
        series_by(&store, TimeRange::ALL, &nobody, Unit::Hour, Tz::UTC)
            .unwrap()
            .buckets()
            .is_empty()
    );
}

#[test]
fn too_long_a_time_is_refused() {
    let place = Place::new();
    let store = place.open();
    let last = Timestamp::END_RECORD.as_micros() - 1;
    store.insert_batch(&[record(0, 1), record(last, 1)]).unwrap();
    let whole = range(0, last + 1);
    let error = series_of_all(&store, whole, Unit::Hour, Tz::UTC).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid, "{error:?}");
    assert_eq!(error.to_string(), "the period has more than 100,000 hours, too many to list");
    let days = series_of_all(&store, whole, Unit::Day, Tz::UTC).unwrap();
    assert_eq!(days.buckets().len(), 47_482);
}

/// A record of a clock that was wrong brings no century of empty days with it.
#[test]
fn long_gaps_of_all_time_are_left_out() {
    const DAY: i64 = 24 * HOUR;
    let place = Place::new();
    let store = place.open();
    let year = 366 * DAY;
    let last = Timestamp::END_RECORD.as_micros() - 1;
    let instants = [3 * HOUR, 20_000 * DAY, 20_000 * DAY + year + 5, last];
    store.insert_batch(&instants.map(|micros| record(micros, 1))).unwrap();
    for (unit, expected) in [
        // Each by itself: what lies between is longer than 366 hours.
        (Unit::Hour, vec![1, 1, 1, 1]),
        (Unit::Day, vec![1, 367, 1]),
        (Unit::Month, vec![1, 13, 1]),
        (Unit::Year, vec![130]),
    ] {
        for series in [
            of_all(&store, unit).unwrap(),
            series_by(&store, TimeRange::ALL, &Filter::default(), unit, Tz::UTC).unwrap(),
        ] {
            let mut runs: Vec<usize> = Vec::new();
            let mut reached = None;
            for bucket in series.buckets() {
                match runs.last_mut().filter(|_| bucket.start() == reached) {
                    Some(run) => *run += 1,
                    None => runs.push(1),
                }
                reached = bucket.end();
            }
            let requests: u64 =
                series.buckets().iter().map(|bucket| bucket.usage().summary().requests).sum();
            assert_eq!((runs, requests), (expected.clone(), 4), "{unit:?}");
        }
    }
}

#[test]
fn damage_is_an_error_and_no_smaller_series() {
    // One bucket of rows, as it is a part of a quarter of an hour; then one of rollups.
    let (rows, rollups) = (range(1, 9), range(0, 2 * HOUR));
    for (sql, range) in [
        ("UPDATE records SET label_set = 99 WHERE id = 3", rows),
        ("UPDATE records SET fallbacks = -1 WHERE id = 3", rows),
        ("UPDATE records SET output = -1 WHERE id = 5", rows),
        ("UPDATE records SET ts = -1 WHERE id = 3", rows),
        ("UPDATE records SET ts = 9223372036854775807 WHERE id = 3", rows),
        ("UPDATE rollups_quarter SET cells = x'00'", rollups),
        ("DELETE FROM label_sets", rows),
        ("DELETE FROM label_sets", rollups),
    ] {
        let place = Place::with_records(5);
        let store = place.open();
        place.connection().execute_batch(sql).unwrap();
        for unit in [Unit::Hour, Unit::Month] {
            let error = series_by(&store, range, &Filter::default(), unit, Tz::UTC).unwrap_err();
            let error = of_store(error);
            assert!(error.is_damage(), "{sql}: {error:?}");
        }
    }
}
