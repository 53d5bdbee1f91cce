//! Deleting records while what they add up to stays, and deleting that.

use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono_tz::Tz;
use proptest::prelude::*;
use usage_core::period::Unit;
use usage_core::sink::RefusalReason;
use usage_core::stats::Aggregates;
use usage_core::{Filter, Record, TimeRange, Timestamp};
use usage_store::doctor::{Depth, examine};
use usage_store::{PruneOptions, PrunePlan, Store, StoreError, doctor};

use super::support::{
    KEEP_SUMS, Place, at, of_store, range, record, record_of, records, requests, series_by,
};

/// A quarter of an hour.
const QUARTER: i64 = 15 * 60 * 1_000_000;
const DAY: i64 = 96 * QUARTER;

/// So many records, three in each quarter of an hour from the beginning of February on.
fn spread(count: i64) -> Vec<Record> {
    let of = |n: i64| {
        let route = ["r1", "r2", "r3", "r4"][n as usize % 4];
        record_of(["i", "p", "v", route, "m"], 31 * DAY + n * (QUARTER / 3), n as u64 % 50)
    };
    (0..count).map(of).collect()
}

/// When record `n` of [`spread`] is from.
fn of(n: i64) -> i64 {
    31 * DAY + n * (QUARTER / 3)
}

fn with(records: &[Record]) -> (Place, Store) {
    let place = Place::new();
    let store = place.open();
    assert_eq!(store.insert_batch(records).unwrap().stored, records.len() as u64);
    (place, store)
}

fn report(store: &Store, range: TimeRange) -> Aggregates {
    store.report(range, &Filter::default()).unwrap()
}

fn is_sound(place: &Place) {
    let diagnosis = examine(&place.path, Depth::Full).unwrap();
    assert!(diagnosis.is_sound(), "{diagnosis:#?}");
}

#[test]
fn reports_stay_what_they_were() {
    let (place, store) = with(&spread(10_000));
    let ranges = [TimeRange::ALL, range(of(30), of(9_000)), range(31 * DAY, 40 * DAY)];
    let days = |store: &Store| {
        series_by(store, TimeRange::ALL, &Filter::default(), Unit::Day, Tz::Asia__Kathmandu)
            .unwrap()
    };
    let before = (ranges.map(|range| report(&store, range)), days(&store));
    // Not on a quarter of an hour: moved back to one.
    let plan = PrunePlan::new(&store, at(of(8_000) + 1), &KEEP_SUMS).unwrap();
    assert_eq!((plan.before, plan.records, plan.rollups), (at(of(7_998)), 7_998, 0));
    let deletion = store.delete(plan, |_| {}).unwrap();
    assert_eq!((deletion.records, deletion.rollups), (7_998, 0));
    assert!(deletion.space.bytes_given_back() > 0);
    assert_eq!(records(&store).len(), 2_002);
    assert_eq!((ranges.map(|range| report(&store, range)), days(&store)), before);
    is_sound(&place);
    // And after making the rollups again, which must not look for rows where there are none.
    doctor::rebuild(&store).unwrap();
    assert_eq!((ranges.map(|range| report(&store, range)), days(&store)), before);
    let retention = store.retention().read().unwrap();
    let horizon = Some(at(of(7_998)));
    assert_eq!((retention.records_from, retention.rows_from), (horizon, horizon));
}

#[test]
fn where_rows_are_gone_a_quarter_cannot_be_cut() {
    let (_place, store) = with(&spread(300));
    store.delete(PrunePlan::new(&store, at(of(150)), &KEEP_SUMS).unwrap(), |_| {}).unwrap();
    let gone = |range| match store.report(range, &Filter::default()) {
        Err(StoreError::RowsGone { edge, nearest }) => Some((edge, nearest)),
        result => {
            drop(result.unwrap());
            None
        }
    };
    let cut = of(60) + 5;
    let nearest = [at(of(60)), at(of(63))];
    assert_eq!(gone(range(cut, of(200))), Some((at(cut), nearest)));
    assert_eq!(gone(range(of(0), cut)), Some((at(cut), nearest)));
    // Where there are rows, and where there never was anything.
    assert_eq!(gone(range(of(60), of(200) + 7)), None);
    assert_eq!(gone(range(7, of(200) + 7)), None);
    // Days that begin there, in a zone with an odd offset. Until 1972 Liberia was 44:30 behind.
    let days = |zone| series_by(&store, range(of(0), of(300)), &Filter::default(), Unit::Day, zone);
    let error = of_store(days(Tz::Africa__Monrovia).unwrap_err());
    assert!(matches!(error, StoreError::RowsGone { .. }), "{error:?}");
    days(Tz::Asia__Kathmandu).unwrap();
    // Nor can such rollups be deleted in part.
    let plan = PrunePlan::new(&store, at(cut), &PruneOptions::default());
    let Err(StoreError::RowsGone { edge, nearest: usable }) = plan else { panic!("{plan:?}") };
    assert_eq!((edge, usable), (at(cut), nearest));
    let mut by_hand = PrunePlan::new(&store, at(of(60)), &PruneOptions::default()).unwrap();
    by_hand.before = at(cut);
    assert!(matches!(store.delete(by_hand, |_| {}), Err(StoreError::RowsGone { .. })));
    assert_eq!(requests(&store), 300);
}

#[test]
fn sums_without_rows_go_with_what_is_older() {
    let all = spread(10_000);
    let (place, store) = with(&all);
    store.delete(PrunePlan::new(&store, at(of(6_000)), &KEEP_SUMS).unwrap(), |_| {}).unwrap();
    // Within what has no rows.
    let plan = PrunePlan::new(&store, at(of(3_000)), &PruneOptions::default()).unwrap();
    assert_eq!((plan.records, plan.rollups), (0, 1_000));
    let deletion = store.delete(plan, |_| {}).unwrap();
    assert_eq!((deletion.records, deletion.rollups), (0, 1_000));
    assert_eq!(report(&store, TimeRange::ALL), all[3_000..].iter().collect());
    assert_eq!(store.retention().read().unwrap().rows_from, Some(at(of(6_000))));
    is_sound(&place);
    // Beyond it, and there within a quarter of an hour.
    let plan = PrunePlan::new(&store, at(of(7_001)), &PruneOptions::default()).unwrap();
    assert_eq!((plan.records, plan.rollups), (1_001, 1_000));
    store.delete(plan, |_| {}).unwrap();
    assert_eq!(report(&store, TimeRange::ALL), all[7_001..].iter().collect());
    let retention = store.retention().read().unwrap();
    assert_eq!((retention.records_from, retention.rows_from), (Some(at(of(7_001))), None));
    is_sound(&place);
    let tables = ["quarter", "day", "month"].map(|level| {
        let sql = format!("SELECT count(*) FROM rollups_{level}");
        place.connection().query_row(&sql, [], |row| row.get::<_, i64>(0)).unwrap()
    });
    // Nothing is left behind at any level.
    assert_eq!(tables, [1_001, 11, 2]);
}

#[test]
fn what_is_older_is_refused_from_then_on() {
    for keep_rollups in [false, true] {
        let (place, store) = with(&spread(300));
        let mut plan = PrunePlan::new(&store, at(of(150)), &PruneOptions::default()).unwrap();
        plan.keep_rollups = keep_rollups;
        store.delete(plan, |_| {}).unwrap();
        let before = requests(&store);
        let late = [record(of(150) - 1, 1), record(of(150), 1)];
        for store in [&store, &place.open()] {
            let outcome = store.insert_batch(&late).unwrap();
            assert_eq!((outcome.stored, outcome.refused.len()), (1, 1));
            assert_eq!(outcome.refused[0].reason, RefusalReason::BeforeHorizon);
            assert_eq!(outcome.refused[0].index, 0);
        }
        assert_eq!(requests(&store), before + 2);
        // It never goes back, and not away, until everything is deleted.
        store.prune_records(at(of(30))).unwrap();
        assert_eq!(store.retention().read().unwrap().records_from, Some(at(of(150))));
        store.delete_all_records().unwrap();
        let retention = store.retention().read().unwrap();
        assert_eq!((retention.records_from, retention.rows_from), (None, None));
        assert_eq!(store.insert_batch(&late).unwrap().stored, 2);
        is_sound(&place);
    }
}

/// Even when there was nothing to delete: a record that comes between the plan and its execution
/// would be.
#[test]
fn the_instant_counts_not_what_was_found() {
    let (_place, store) = with(&spread(3));
    assert_eq!(store.prune_records(at(of(0))).unwrap(), 0);
    assert_eq!(store.insert_batch(&[record(of(0) - 1, 1)]).unwrap().refused.len(), 1);
}

/// Whoever reads between two transactions of a prune sees a right ledger, and so does whoever
/// opens it after the prune was killed there.
#[test]
fn at_every_moment_it_is_right() {
    let all = spread(20_000);
    let (start, end) = (of(15_000), of(20_000));
    for (keep_rollups, first) in [(true, 0), (false, 0), (false, 9_000)] {
        let (place, store) = with(&all);
        if first > 0 {
            store
                .delete(PrunePlan::new(&store, at(of(first)), &KEEP_SUMS).unwrap(), |_| {})
                .unwrap();
        }
        let mut plan = PrunePlan::new(&store, at(start), &PruneOptions::default()).unwrap();
        plan.keep_rollups = keep_rollups;
        let right = |store: &Store, done: bool| {
            assert_eq!(report(store, range(start, end)), all[15_000..].iter().collect());
            let kept = if done && !keep_rollups { 5_000 } else { requests(store) };
            if keep_rollups {
                assert_eq!(kept, 20_000);
            }
            series_by(store, TimeRange::ALL, &Filter::default(), Unit::Month, Tz::UTC).unwrap();
            is_sound(&place);
        };
        let mut steps = 0;
        let stopped = catch_unwind(AssertUnwindSafe(|| {
            store.delete(plan, |_| {
                right(&store, false);
                steps += 1;
                assert!(steps < 3, "stopped in the middle");
            })
        }));
        assert!(stopped.is_err());
        let left = records(&store).len();
        assert!(left > 5_000, "{left}");
        // What was not stored until then is refused, though rows as old are still there.
        assert_eq!(store.insert_batch(&[record(start - 1, 1)]).unwrap().refused.len(), 1);
        // The same command does the rest.
        let mut plan = PrunePlan::new(&store, at(start), &PruneOptions::default()).unwrap();
        plan.keep_rollups = keep_rollups;
        store.delete(plan, |_| {}).unwrap();
        assert_eq!(records(&store).len(), 5_000);
        right(&store, true);
    }
}

/// Rows that were to go, and whose rollups stay, must not take rollups with them when another prune
/// deletes them.
#[test]
fn one_prune_finishes_what_another_has_begun() {
    let all = spread(9_000);
    let (place, store) = with(&all);
    let plan = PrunePlan::new(&store, at(of(6_000)), &KEEP_SUMS).unwrap();
    let stopped = catch_unwind(AssertUnwindSafe(|| store.delete(plan, |_| panic!("stopped"))));
    assert!(stopped.is_err() && records(&store).len() > 3_000);
    store.prune_records(at(of(4_500))).unwrap();
    assert_eq!(report(&store, TimeRange::ALL), all[4_500..].iter().collect());
    is_sound(&place);
    store.prune_records(at(of(6_600))).unwrap();
    assert_eq!(report(&store, TimeRange::ALL), all[6_600..].iter().collect());
    assert_eq!(records(&store).len(), 2_400);
    assert_eq!(store.retention().read().unwrap().rows_from, None);
    is_sound(&place);
}

/// A step done to a ledger.
#[derive(Clone, Debug)]
enum Step {
    Insert(Vec<(i64, u64)>),
    Prune(i64),
    Keep(i64),
    Rebuild,
    DeleteAll,
}

fn any_step() -> impl Strategy<Value = Step> {
    let instant = || prop_oneof![(0..8_i64).prop_map(|n| n * QUARTER), 0..8 * QUARTER];
    prop_oneof![
        4 => prop::collection::vec((instant(), 0..9_u64), 1..12).prop_map(Step::Insert),
        2 => instant().prop_map(Step::Prune),
        2 => instant().prop_map(Step::Keep),
        1 => Just(Step::Rebuild),
        1 => Just(Step::DeleteAll),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Against a list: what reports count, and what has rows.
    #[test]
    fn any_order_of_steps(steps in prop::collection::vec(any_step(), 1..14)) {
        let place = Place::new();
        let store = place.open();
        let (mut counted, mut rows) = (Vec::<Record>::new(), Vec::<Record>::new());
        let (mut horizon, mut rows_from) = (i64::MIN, i64::MIN);
        let ts = |record: &Record| record.timestamp().as_micros();
        for step in steps {
            match step {
                Step::Insert(found) => {
                    let batch: Vec<_> =
                        found.into_iter().map(|(micros, tokens)| record(micros, tokens)).collect();
                    let taken: Vec<_> =
                        batch.iter().filter(|record| ts(record) >= horizon).cloned().collect();
                    let outcome = store.insert_batch(&batch).unwrap();
                    prop_assert_eq!(outcome.stored, taken.len() as u64);
                    counted.extend(taken.iter().cloned());
                    rows.extend(taken);
                }
                Step::Keep(instant) => {
                    let instant = instant / QUARTER * QUARTER;
                    store.delete(PrunePlan::new(&store, at(instant), &KEEP_SUMS).unwrap(), |_| {}).unwrap();
                    if rows.iter().any(|record| ts(record) < instant) {
                        rows_from = rows_from.max(instant);
                    }
                    if !counted.is_empty() || horizon != i64::MIN {
                        horizon = horizon.max(instant);
                    }
                    rows.retain(|record| ts(record) >= instant);
                }
                Step::Prune(instant) => {
                    let quarter = instant / QUARTER;
                    let is_cut = instant % QUARTER != 0 && instant < rows_from
                        && counted.iter().any(|record| ts(record) / QUARTER == quarter);
                    let plan = PrunePlan::new(&store, at(instant), &PruneOptions::default());
                    if is_cut {
                        let is_refused = matches!(plan, Err(StoreError::RowsGone { .. }));
                        prop_assert!(is_refused);
                        continue;
                    }
                    let plan = plan.unwrap();
                    let deletion = store.delete(plan, |_| {}).unwrap();
                    prop_assert_eq!((deletion.records, deletion.rollups), (plan.records, plan.rollups));
                    // Where there never was anything, nothing can come again.
                    if !counted.is_empty() || horizon != i64::MIN {
                        horizon = horizon.max(instant);
                    }
                    counted.retain(|record| ts(record) >= instant);
                    rows.retain(|record| ts(record) >= instant);
                    if !counted.iter().any(|record| ts(record) < rows_from) {
                        rows_from = i64::MIN;
                    }
                }
                Step::Rebuild => drop(doctor::rebuild(&store).unwrap()),
                Step::DeleteAll => {
                    store.delete_all_records().unwrap();
                    (counted, rows) = (Vec::new(), Vec::new());
                    (horizon, rows_from) = (i64::MIN, i64::MIN);
                }
            }
            prop_assert_eq!(report(&store, TimeRange::ALL), counted.iter().collect());
            prop_assert_eq!(records(&store).len(), rows.len());
            for quarter in 0..8 {
                let range = range(quarter * QUARTER, (quarter + 1) * QUARTER);
                let within = counted.iter().filter(|record| ts(record) / QUARTER == quarter);
                prop_assert_eq!(report(&store, range), within.collect());
            }
            let found = store.retention().read().unwrap().rows_from;
            prop_assert_eq!(found.map_or(i64::MIN, Timestamp::as_micros), rows_from);
        }
        is_sound(&place);
    }
}
