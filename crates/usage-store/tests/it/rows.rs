//! Records come back newest first, a page at a time.

use usage_core::{Filter, Label, LabelNames, Labels, Record, TimeRange};
use usage_store::{Records, Store, StoreError};

use super::support::{Place, range, record, record_of, stored};

/// Instants of so many records, from the oldest to the newest; many are equal.
fn instants(count: i64) -> impl Iterator<Item = i64> {
    (0..count).map(|n| n / 700)
}

fn filled(count: i64) -> (Place, Store) {
    let place = Place::new();
    let store = place.open();
    let batch: Vec<_> =
        instants(count).zip(1..).map(|(micros, tokens)| record(micros, tokens)).collect();
    store.insert_batch(&batch).unwrap();
    (place, store)
}

fn keys(store: &Store) -> Vec<(i64, i64)> {
    stored(store).iter().map(|s| (s.record.timestamp().as_micros(), s.id)).collect()
}

#[test]
fn newest_first_and_ties_by_id_over_many_pages() {
    for count in [0, 1, 999, 1_000, 1_001, 2_000, 3_456] {
        let (_place, store) = filled(count);
        let expected: Vec<_> = instants(count).zip(1..).collect::<Vec<_>>();
        assert!(keys(&store).into_iter().eq(expected.into_iter().rev()), "{count}");
    }
}

#[test]
fn oldest_first_is_the_same_the_other_way_round() {
    for count in [0, 1, 999, 1_000, 1_001, 2_000, 3_456] {
        let (_place, store) = filled(count);
        let filter = Filter::default();
        for range in [TimeRange::ALL, range(1, 3)] {
            let rows = |rows: Records<'_>| rows.map(Result::unwrap).collect::<Vec<_>>();
            let mut expected = rows(store.records_by_period(range, &filter));
            expected.reverse();
            let seen = rows(store.records_by_period(range, &filter).oldest_first());
            assert_eq!(seen, expected, "{count}");
        }
    }
}

/// A program that stores again all that it reads comes to an end.
#[test]
fn oldest_first_ends_however_fast_records_come_in() {
    let place = Place::new();
    let store = place.open();
    store.insert_batch(&vec![record(7, 1); 2_500]).unwrap();
    let filter = Filter::default();
    let mut seen = 0;
    for stored in store.records_by_period(TimeRange::ALL, &filter).oldest_first() {
        store.insert_batch(&[stored.unwrap().record]).unwrap();
        seen += 1;
    }
    assert_eq!(seen, 2_500);
}

#[test]
fn all_in_one_microsecond() {
    let place = Place::new();
    let store = place.open();
    store.insert_batch(&vec![record(7, 1); 2_500]).unwrap();
    assert!(keys(&store).into_iter().eq((1..=2_500).rev().map(|id| (7, id))));
}

#[test]
fn a_range_is_half_open() {
    let place = Place::with_records(10);
    let store = place.open();
    let filter = Filter::default();
    let seen = |range| -> Vec<i64> {
        store
            .records_by_period(range, &filter)
            .map(|stored| stored.unwrap().record.timestamp().as_micros())
            .collect()
    };
    assert_eq!(seen(range(3, 6)), [5, 4, 3]);
    assert!(seen(range(3, 3)).is_empty());
    assert!(seen(range(6, 3)).is_empty());
    assert_eq!(seen(range(i64::MIN, 2)), [1, 0]);
    assert_eq!(seen(TimeRange { start: Some(super::support::at(8)), end: None }), [9, 8]);
    assert_eq!(seen(TimeRange::ALL).len(), 10);
}

/// Pages of a filtered range go on behind one another too.
#[test]
fn every_field_filters() {
    let place = Place::new();
    let store = place.open();
    let plain = LabelNames::from_all(["y"; Label::COUNT]);
    let mut batch: Vec<Record> = Vec::new();
    for micros in 0..1_500 {
        for (field, label) in Label::ALL.into_iter().enumerate() {
            let labels = Labels::new(plain.with(label, "x")).unwrap();
            batch.push(
                record_of(["i", "p", "v", "r", "m"], micros, field as u64).with_labels(labels),
            );
        }
    }
    store.insert_batch(&batch).unwrap();
    let filters = Label::ALL.map(|label| Filter::new().keeping(label, "x"));
    for (field, filter) in filters.iter().enumerate() {
        let seen: Vec<_> = store
            .records_by_period(range(100, 1_400), filter)
            .map(|stored| stored.unwrap().record)
            .collect();
        assert_eq!(seen.len(), 1_300);
        assert!(seen.iter().all(|record| record.tokens().total() == field as u64), "{filter:?}");
    }
    let nobody = Filter::new().keeping(Label::Model, "nobody");
    assert!(store.records_by_period(TimeRange::ALL, &nobody).next().is_none());
}

/// Checks records that come in between two pages: older than the page has reached, it is found in
/// its place; newer, it is not; nothing is seen twice.
#[test]
fn records_that_come_in_between_pages() {
    let (_place, store) = filled(2_100);
    let filter = Filter::default();
    let mut rows = store.records_by_period(TimeRange::ALL, &filter);
    let mut seen: Vec<_> = rows.by_ref().take(1_000).map(Result::unwrap).collect();
    let reached = seen.last().unwrap().record.timestamp().as_micros();
    store.insert_batch(&[record(reached - 1, 9), record(reached + 5, 9)]).unwrap();
    seen.extend(rows.map(Result::unwrap));
    assert_eq!(seen.len(), 2_101);
    assert!(seen.windows(2).all(|pair| {
        let key = |n: usize| (pair[n].record.timestamp(), pair[n].id);
        key(0) > key(1)
    }));
}

/// The write-ahead log can be emptied while somebody is still reading.
#[test]
fn a_slow_reader_holds_no_transaction() {
    let (place, store) = filled(2_100);
    let filter = Filter::default();
    let mut rows = store.records_by_period(TimeRange::ALL, &filter);
    assert!(rows.next().unwrap().is_ok());
    store.insert_batch(&[record(0, 1)]).unwrap();
    let busy: i64 = place
        .connection()
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
        .unwrap();
    assert_eq!(busy, 0);
    assert_eq!(std::fs::metadata(place.path.with_extension("db-wal")).unwrap().len(), 0);
    // All but the first, and the new one in its place.
    assert_eq!(rows.count(), 2_099 + 1);
}

#[test]
fn after_an_error_it_ends() {
    let place = Place::with_records(1_500);
    let store = place.open();
    place.connection().execute("UPDATE records SET output = -1 WHERE id = 3", []).unwrap();
    let filter = Filter::default();
    let mut rows = store.records_by_period(TimeRange::ALL, &filter);
    assert_eq!(rows.by_ref().take_while(Result::is_ok).count(), 1_000);
    assert!(rows.next().is_none());
    let error = store.records_by_period(TimeRange::ALL, &filter).find_map(Result::err).unwrap();
    assert!(matches!(&error, StoreError::Damaged { what, .. } if what.contains("record 3")));
}
