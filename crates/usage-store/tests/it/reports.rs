//! Reports equal the statistics of the same records, and never hide what is damaged.

use std::fs;
use std::os::unix::fs::FileExt;

use proptest::prelude::*;
use usage_core::stats::{Aggregates, aggregate_by_model, aggregate_by_route, aggregate_summary};
use usage_core::{Filter, Record, TimeRange};
use usage_store::StoreError;

use super::support::{Place, any_filter, any_range, any_record};

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
            prop_assert_eq!(report.by_route(), aggregate_by_route(kept.iter().copied()));
            prop_assert_eq!(report.by_model(), aggregate_by_model(kept.iter().copied()));
        }
    }
}

/// The report, the iterator and what both say after something was changed past the store.
fn damaged_by(sql: &str) -> [StoreError; 2] {
    let place = Place::with_records(5);
    let store = place.open();
    place.connection().execute_batch(sql).unwrap();
    let filter = Filter::default();
    [
        store.report(TimeRange::ALL, &filter).unwrap_err(),
        store.records_by_period(TimeRange::ALL, &filter).find_map(Result::err).unwrap(),
    ]
}

#[test]
fn damage_is_an_error_and_no_smaller_report() {
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
        for error in damaged_by(sql) {
            assert!(error.is_damage(), "{sql}: {error:?}");
        }
    }
}

/// Damage shows whatever the filter: nobody can tell what the names were.
#[test]
fn unknown_names_are_damage_under_any_filter() {
    let place = Place::with_records(5);
    let store = place.open();
    place.connection().execute("UPDATE records SET label_set = 99 WHERE id = 3", []).unwrap();
    let error = store.report(TimeRange::ALL, &Filter::instance("other")).unwrap_err();
    assert!(error.is_damage(), "{error:?}");
    // Outside the range it is nobody's business.
    assert!(store.report(super::support::range(3, 9), &Filter::default()).is_ok());
}

/// One page of the file overwritten while nobody had it open.
#[test]
fn an_overwritten_page_is_damage() {
    for with in [0, 0xff] {
        let place = Place::with_records(5_000);
        let file = fs::OpenOptions::new().write(true).open(&place.path).unwrap();
        file.write_all_at(&[with; 4_096], file.metadata().unwrap().len() / 8_192 * 4_096).unwrap();
        drop(file);
        let store = place.open();
        let error = store.report(TimeRange::ALL, &Filter::default()).unwrap_err();
        assert!(error.is_damage(), "{error:?}");
        let filter = Filter::default();
        let error = store.records_by_period(TimeRange::ALL, &filter).find_map(Result::err).unwrap();
        assert!(error.is_damage(), "{error:?}");
    }
}
