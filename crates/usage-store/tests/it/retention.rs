//! The times for which records and rollups are kept, stated in the ledger.

use usage_core::{Filter, TimeRange, Timestamp};
use usage_store::{Age, Policy, RetentionPlan, Store, StoreError};

use super::support::{Place, at, record, records, requests};

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;
/// Not on a quarter of an hour.
const NOW: i64 = 100 * DAY + 7;

fn age(text: &str) -> Option<Age> {
    Some(text.parse().unwrap())
}

fn stated(store: &Store, rows: Option<Age>, rollups: Option<Age>) {
    store.retention().set(&Policy::new(rows, rollups).unwrap()).unwrap();
}

/// A record every hour for a hundred days.
fn hundred_days() -> Place {
    let place = Place::new();
    let batch: Vec<_> = (0..2_400).map(|hour| record(hour * HOUR, 1)).collect();
    place.open().insert_batch(&batch).unwrap();
    place
}

#[test]
fn what_is_stated_is_kept_in_the_ledger_and_deletes_nothing() {
    let place = hundred_days();
    let store = place.open();
    let retention = store.retention().read().unwrap();
    assert_eq!(retention.policy, Policy::default());
    assert_eq!((retention.records_from, retention.rows_from), (None, None));
    stated(&store, age("30d"), age("60d"));
    drop(store);
    let store = place.open();
    let policy = store.retention().read().unwrap().policy;
    assert_eq!((policy.rows(), policy.rollups()), (age("30d"), age("60d")));
    assert_eq!(store.vacuum().map(|_| requests(&store)).unwrap(), 2_400);
    // Deleting everything is about what there is, not about what is to come.
    store.delete_all_records().unwrap();
    assert_eq!(store.retention().read().unwrap().policy, policy);
    stated(&store, None, None);
    assert_eq!(store.retention().read().unwrap().policy, Policy::default());
}

#[test]
fn rows_go_and_later_their_sums() {
    let place = hundred_days();
    let store = place.open();
    stated(&store, age("30d"), age("60d"));
    let plan = RetentionPlan::new(&store, at(NOW)).unwrap();
    let (all, rows) = (plan.all.unwrap(), plan.rows.unwrap());
    assert_eq!((all.before, all.keep_rollups, all.records), (at(40 * DAY), false, 960));
    assert_eq!((rows.before, rows.keep_rollups, rows.records), (at(70 * DAY), true, 720));
    assert_eq!((rows.oldest, rows.newest), (Some(at(40 * DAY)), Some(at(70 * DAY - HOUR))));
    assert_eq!((plan.records(), plan.rollups(), requests(&store)), (1_680, 0, 2_400));
    let mut told = 0;
    let deletion = store.delete(plan, |gone| told = gone).unwrap();
    assert_eq!((deletion.records, deletion.rollups, told), (1_680, 0, 1_680));
    assert_eq!((requests(&store), records(&store).len()), (1_440, 720));
    // Ten days later: rows of ten more days go, and rollups of ten more.
    let plan = RetentionPlan::new(&store, at(NOW + 10 * DAY)).unwrap();
    assert_eq!((plan.records(), plan.rollups()), (240, 240));
    let deletion = store.delete(plan, |_| {}).unwrap();
    assert_eq!((deletion.records, deletion.rollups), (240, 240));
    assert_eq!((requests(&store), records(&store).len()), (1_200, 480));
    // Twice is once.
    let plan = RetentionPlan::new(&store, at(NOW + 10 * DAY)).unwrap();
    assert_eq!((plan.records(), plan.rollups()), (0, 0));
    let deletion = store.delete(plan, |_| {}).unwrap();
    assert_eq!((deletion.records, deletion.rollups), (0, 0));
    let diagnosis =
        usage_store::doctor::examine(&place.path, usage_store::doctor::Depth::Full).unwrap();
    assert!(diagnosis.is_sound(), "{diagnosis:#?}");
}

#[test]
fn forever_and_both_alike() {
    let place = hundred_days();
    let store = place.open();
    let plan = RetentionPlan::new(&store, at(NOW)).unwrap();
    assert_eq!((plan.all, plan.rows), (None, None));
    store.delete(plan, |_| {}).unwrap();
    assert_eq!(requests(&store), 2_400);
    stated(&store, age("30d"), None);
    let plan = RetentionPlan::new(&store, at(NOW)).unwrap();
    assert_eq!((plan.all, plan.rows.unwrap().records), (None, 1_680));
    // No rollups are kept without rows where both become as old.
    stated(&store, age("30d"), age("720h"));
    let plan = RetentionPlan::new(&store, at(NOW)).unwrap();
    assert_eq!((plan.all.unwrap().records, plan.rows), (1_680, None));
    store.delete(plan, |_| {}).unwrap();
    assert_eq!((requests(&store), store.retention().read().unwrap().rows_from), (720, None));
}

/// An age beyond the beginning of time deletes nothing.
#[test]
fn older_than_time() {
    let place = hundred_days();
    let store = place.open();
    stated(&store, age("90000w"), None);
    let plan = RetentionPlan::new(&store, Timestamp::from_micros(i64::MIN + 1)).unwrap();
    assert_eq!((plan.all, plan.rows), (None, None));
    let plan = RetentionPlan::new(&store, at(NOW)).unwrap();
    assert_eq!(store.delete(plan, |_| {}).unwrap().records, 0);
    assert_eq!(requests(&store), 2_400);
}

/// Checks that what somebody has written there by hand is not guessed at.
#[test]
fn what_is_no_age_is_damage() {
    let place = hundred_days();
    for sql in [
        "UPDATE retention SET rows_age = 'soon'",
        "UPDATE retention SET rows_age = NULL, sums_age = '1d'",
    ] {
        place.connection().execute(sql, []).unwrap();
        let store = place.open();
        for error in [store.retention().read().err(), RetentionPlan::new(&store, at(NOW)).err()] {
            assert!(matches!(error, Some(StoreError::Damaged { .. })), "{error:?}");
        }
        store.report(TimeRange::ALL, &Filter::default()).unwrap();
    }
}
