//! Reports equal the statistics of the same records, and never hide what is damaged.

use std::fs;
use std::os::unix::fs::FileExt;

use chrono_tz::Tz;
use proptest::prelude::*;
use usage_core::period::Unit;
use usage_core::stats::{Aggregates, aggregate_summary};
use usage_core::{Filter, Record, TimeRange};
use usage_store::{Store, StoreError};

use super::support::{Place, any_filter, any_range, any_record, of_store, range, series_of_all};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_report_is_the_statistics_of_its_records(
        batch in proptest::collection::vec(any_record(), 0..60),
        queries in proptest::collection::vec((any_range(), any_filter()), 1..6),
    ) {
        let place = Place::new();
        let store = place.open();
        let refused: Vec<_> =
            store.insert_batch(&batch).unwrap().refused.iter().map(|r| r.index).collect();
        prop_assert!(refused.iter().all(|&index| batch[index].event_id().is_some()));
        let all = super::support::records(&store);
        for (range, filter) in &queries {
            let kept: Vec<&Record> = all
                .iter()
                .filter(|record| range.contains(record.timestamp()))
                .filter(|record| filter.matches(&record.labels().names()))
                .collect();
            let report = store.report(*range, filter).unwrap();
            prop_assert_eq!(&report, &kept.iter().copied().collect::<Aggregates>());
            prop_assert_eq!(report.summary(), aggregate_summary(kept.iter().copied()));
        }
    }
}

/// A ledger of five records, changed past the store.
fn changed_by(sql: &str) -> (Place, Store) {
    let place = Place::with_records(5);
    let store = place.open();
    place.connection().execute_batch(sql).unwrap();
    (place, store)
}

/// Returns the error of a report of a range that has to fail.
fn refused(store: &Store, range: TimeRange) -> StoreError {
    store.report(range, &Filter::default()).unwrap_err()
}

/// A report over a part of a quarter of an hour reads its records, as the iterator does.
#[test]
fn damaged_records_are_an_error_and_no_smaller_report() {
    for sql in [
        "UPDATE records SET label_set = 99 WHERE id = 3",
        "DELETE FROM label_sets",
        "UPDATE label_sets SET instance_id = ''",
        "UPDATE label_sets SET model = CAST(x'ff' AS TEXT)",
        "UPDATE records SET input = -1 WHERE id = 3",
        "UPDATE records SET output = -9223372036854775808 WHERE id = 3",
        "UPDATE records SET cache_read = -1 WHERE id = 3",
        "UPDATE records SET cache_write = 1000000001 WHERE id = 3",
        "UPDATE records SET unclassified = 9223372036854775807 WHERE id = 3",
        "UPDATE records SET reasoning = -1 WHERE id = 3",
        "UPDATE records SET fallbacks = -1 WHERE id = 3",
        "UPDATE records SET fallbacks = 4294967296 WHERE id = 3",
    ] {
        let (_place, store) = changed_by(sql);
        let filter = Filter::default();
        let found = store.records_by_period(TimeRange::ALL, &filter).find_map(Result::err);
        for error in [refused(&store, range(1, 9)), found.unwrap()] {
            assert!(error.is_damage(), "{sql}: {error:?}");
        }
    }
}

/// A report over whole quarters of an hour reads rollups.
#[test]
fn damaged_sums_are_an_error_and_no_smaller_report() {
    let quarter = range(0, 900_000_000);
    let day = range(0, 86_400_000_000);
    for (sql, range) in [
        ("UPDATE rollups_quarter SET cells = CAST(cells || x'00' AS BLOB)", quarter),
        ("UPDATE rollups_quarter SET cells = x''", quarter),
        ("UPDATE rollups_quarter SET cells = x'00000000'", quarter),
        ("UPDATE rollups_quarter SET cells = (SELECT cells FROM rollups_day)", quarter),
        ("UPDATE rollups_day SET cells = substr(cells, 2)", day),
        ("UPDATE rollups_month SET cells = zeroblob(20)", TimeRange::ALL),
        // What is meant for another month.
        ("UPDATE rollups_month SET number = number + 1", TimeRange::ALL),
        ("DELETE FROM label_sets", TimeRange::ALL),
        ("UPDATE label_sets SET instance_id = ''", quarter),
    ] {
        let (_place, store) = changed_by(sql);
        assert!(refused(&store, range).is_damage(), "{sql}");
    }
    let (_place, store) = changed_by("UPDATE rollups_all SET cells = CAST(cells || x'00' AS BLOB)");
    let error = series_of_all(&store, quarter, Unit::Day, Tz::UTC).unwrap_err();
    assert!(of_store(error).is_damage());
}

/// Damage shows whatever the filter: nobody can tell what the names were.
#[test]
fn unknown_names_are_damage_under_any_filter() {
    let (_place, store) = changed_by("UPDATE records SET label_set = 99 WHERE id = 3");
    let error = store.report(range(1, 9), &Filter::instance("other")).unwrap_err();
    assert!(error.is_damage(), "{error:?}");
    // Outside the quarter of an hour it is nobody's business.
    assert!(store.report(range(900_000_001, 900_000_009), &Filter::default()).is_ok());
    let (_place, store) = changed_by("UPDATE label_sets SET id = 99");
    let error = store.report(TimeRange::ALL, &Filter::instance("other")).unwrap_err();
    assert!(error.is_damage(), "{error:?}");
}

/// One page of the file overwritten while nobody had it open.
#[test]
fn an_overwritten_page_is_damage() {
    for with in [0, 0xff] {
        let place = Place::with_records(5_000);
        // One with records on it, of those in the middle.
        let page: i64 = place
            .connection()
            .query_row(
                "SELECT pageno FROM dbstat WHERE name = 'records' AND pagetype = 'leaf'
                 ORDER BY pageno LIMIT 1 OFFSET 10",
                [],
                |row| row.get(0),
            )
            .unwrap();
        let file = fs::OpenOptions::new().write(true).open(&place.path).unwrap();
        file.write_all_at(&[with; 4_096], (page.unsigned_abs() - 1) * 4_096).unwrap();
        drop(file);
        let store = place.open();
        // From the first microsecond on, so that all records are read.
        assert!(refused(&store, range(1, 5_000)).is_damage());
        let filter = Filter::default();
        let error = store.records_by_period(TimeRange::ALL, &filter).find_map(Result::err).unwrap();
        assert!(error.is_damage(), "{error:?}");
    }
}
