//! Clocks that were wrong: what is not carried out unasked, and the way back.

use usage_core::query::Limits;
use usage_core::{Engine, Filter, TimeRange};
use usage_store::doctor::{Advice, Depth, ExamineOptions, examine};
use usage_store::{
    DeleteAllPlan, DeleteRangePlan, Doubt, Policy, PruneOptions, PrunePlan, RetentionPlan, Store,
    StoreError, doctor,
};

use super::support::{KEEP_SUMS, Place, at, range, record, records, requests, with_event};

const QUARTER: i64 = 15 * 60 * 1_000_000;
const DAY: i64 = 96 * QUARTER;
/// Some day of 2026.
const TODAY: i64 = 20_576 * DAY;
const YEAR: i64 = 365 * DAY;

/// Three records a day for 60 days up to today, and a policy of 30 days.
fn ledger() -> (Place, Store) {
    let place = Place::new();
    let store = place.open();
    let batch: Vec<_> = (0..180).map(|n| record(TODAY - n * 32 * QUARTER, 1)).collect();
    store.insert_batch(&batch).unwrap();
    store.retention().set(&Policy::new(Some("30d".parse().unwrap()), None).unwrap()).unwrap();
    (place, store)
}

fn all(store: &Store) -> usage_core::stats::Summary {
    store.report(TimeRange::ALL, &Filter::default()).unwrap().summary()
}

#[test]
fn a_now_far_ahead_is_not_believed() {
    let (_place, store) = ledger();
    // The first time there is only the newest record to go by, later the last now as well.
    for round in 0..2 {
        let plan = RetentionPlan::new(&store, at(TODAY + 5 * YEAR)).unwrap();
        assert!(plan.doubt().is_some(), "{round}");
        let refused = store.delete(plan, |_| {});
        let Err(StoreError::Doubtful { doubt }) = &refused else { panic!("{refused:?}") };
        assert_eq!(plan.doubt(), Some(*doubt));
        assert!(matches!(doubt, Doubt::NowAhead { .. }), "{doubt:?}");
        let retention = store.retention().read().unwrap();
        let expected = [None, Some(at(TODAY - 30 * DAY + 60 * QUARTER))][round];
        assert_eq!(retention.records_from, expected, "{round}");
        let plan = RetentionPlan::new(&store, at(TODAY + 60 * QUARTER)).unwrap();
        assert_eq!(plan.doubt(), None);
        store.delete(plan, |_| {}).unwrap();
    }
    // Nor one far behind.
    let behind = RetentionPlan::new(&store, at(TODAY - YEAR)).unwrap();
    assert!(matches!(behind.doubt(), Some(Doubt::NowBehind { .. })), "{behind:?}");
    // Who insists gets it, and with it the nows that come then.
    store.delete(RetentionPlan::new(&store, at(TODAY + YEAR)).unwrap().insist(), |_| {}).unwrap();
    assert_eq!(records(&store).len(), 0);
    assert_eq!(RetentionPlan::new(&store, at(TODAY + YEAR + DAY)).unwrap().doubt(), None);
    assert_eq!(requests(&store), 180);
}

/// A year ahead under a policy of a year, all would go as well, though the instant is not ahead.
#[test]
fn a_long_policy_and_a_now_that_is_a_little_more_ahead() {
    let (_place, store) = ledger();
    store.retention().set(&Policy::new(Some("365d".parse().unwrap()), None).unwrap()).unwrap();
    let plan = RetentionPlan::new(&store, at(TODAY + YEAR + DAY)).unwrap();
    assert!(matches!(plan.doubt(), Some(Doubt::NowAhead { .. })), "{plan:?}");
    // An old ledger, of which not all goes, is as it should be.
    let plan = RetentionPlan::new(&store, at(TODAY + YEAR - DAY)).unwrap();
    assert_eq!((plan.doubt(), plan.records()), (None, 176));
}

/// Neither by a plan of another instant, nor by one that was made by hand.
#[test]
fn an_instant_far_beyond_the_newest_record() {
    let (_place, store) = ledger();
    let far = at(TODAY + 93 * DAY);
    for plan in [
        PrunePlan::new(&store, far, &PruneOptions::default()),
        PrunePlan::new(&store, far, &KEEP_SUMS),
    ] {
        let plan = plan.unwrap();
        let newest = Some(Doubt::BeyondNewest { before: far, newest: at(TODAY) });
        assert_eq!((plan.doubt, plan.records), (newest, 180));
        let mut by_hand = PrunePlan::new(&store, at(TODAY), &PruneOptions::default()).unwrap();
        assert_eq!(by_hand.doubt, None);
        by_hand.before = far;
        for plan in [plan, by_hand] {
            assert!(matches!(store.delete(plan, |_| {}), Err(StoreError::Doubtful { .. })));
        }
    }
    assert!(matches!(store.prune_records(far), Err(StoreError::Doubtful { .. })));
    assert_eq!(
        (records(&store).len(), store.retention().read().unwrap().records_from),
        (180, None)
    );
    assert_eq!(store.prune_records(at(TODAY + 92 * DAY)).unwrap(), 180);
}

/// A record of the future says nothing of when now is.
#[test]
fn a_record_of_2099_silences_nothing() {
    let (_place, store) = ledger();
    let of_2099 = TODAY + 73 * YEAR;
    store.insert_batch(&[record(of_2099, 1)]).unwrap();
    let plan = RetentionPlan::new(&store, at(TODAY + 60 * YEAR)).unwrap();
    assert!(plan.doubt().is_some(), "{plan:?}");
}

/// An idle ledger from which an old policy goes on deleting has nothing that is doubtful.
#[test]
fn a_ledger_that_nobody_writes_to() {
    let (_place, store) = ledger();
    for day in 0..200 {
        let plan = RetentionPlan::new(&store, at(TODAY + day * DAY)).unwrap();
        assert_eq!(plan.doubt(), None, "{day}");
        store.delete(plan, |_| {}).unwrap();
    }
    assert_eq!((records(&store).len(), requests(&store)), (0, 180));
}

#[test]
fn an_empty_ledger_goes_on_to_accept_everything() {
    let place = Place::new();
    let store = place.open();
    store.prune_records(at(TODAY + 50 * YEAR)).unwrap();
    assert_eq!(store.retention().read().unwrap().records_from, None);
    assert_eq!(store.insert_batch(&[record(TODAY, 1)]).unwrap().stored, 1);
}

/// Checks that what a wrong clock had deleted stays counted, what it had refused is taken in, and nothing twice.
#[test]
fn the_way_back_keeps_the_sums() {
    let (place, store) = ledger();
    let ahead = at(TODAY + 10 * YEAR);
    store.delete(RetentionPlan::new(&store, ahead).unwrap().insist(), |_| {}).unwrap();
    assert_eq!((records(&store).len(), requests(&store)), (0, 180));
    let newer: Vec<_> = (1..=20).map(|n| record(TODAY + n * QUARTER, 1)).collect();
    let again = record(TODAY, 1);
    assert_eq!(store.insert_batch(&newer).unwrap().refused.len(), 20);
    assert_eq!(store.insert_batch(&[again]).unwrap().refused.len(), 1);
    let advice = examine(&place.path, ExamineOptions::new(Depth::Full).with_now(at(TODAY + DAY)))
        .unwrap()
        .advice;
    let horizon = at(TODAY + 10 * YEAR - 30 * DAY);
    assert_eq!(advice, [Advice::HorizonAhead(horizon), Advice::Quarantined(21)]);
    assert_eq!(examine(&place.path, Depth::Full).unwrap().advice, [Advice::Quarantined(21)]);

    let reset = store.retention().reset_horizon(Some(at(0))).unwrap();
    // Of the quarter of the newest record only rollups are left.
    let floor = Some(at(TODAY + QUARTER));
    assert_eq!((reset.was, reset.records_from, reset.floor), (Some(horizon), floor, floor));
    let retention = store.retention().read().unwrap();
    assert_eq!((retention.records_from, retention.rows_from), (floor, floor));
    let retried = store.quarantine().retry().unwrap();
    assert_eq!((retried.stored, retried.kept), (20, 1));
    assert_eq!(all(&store).requests, 200);
    assert_eq!(
        store
            .report(range(TODAY + QUARTER + 7, TODAY + DAY), &Filter::default())
            .unwrap()
            .summary()
            .requests,
        19
    );
    assert!(examine(&place.path, Depth::Full).unwrap().is_sound());
    // Twice is once, and it never rises.
    let again = store.retention().reset_horizon(Some(at(TODAY + YEAR))).unwrap();
    assert_eq!((again.was, again.records_from), (floor, floor));
    // And a right clock is believed again.
    assert_eq!(RetentionPlan::new(&store, at(TODAY + 2 * DAY)).unwrap().doubt(), None);
    doctor::rebuild(&store).unwrap();
    assert_eq!(all(&store).requests, 200);
}

/// Event ids are known again as far back as records are accepted.
#[test]
fn ids_after_a_reset() {
    let (place, store) = ledger();
    store.prune_records(at(TODAY + 1)).unwrap();
    store.retention().reset_horizon(None).unwrap();
    let named = with_event(record(TODAY - DAY, 1), "e");
    assert_eq!(store.insert_batch(std::slice::from_ref(&named)).unwrap().stored, 1);
    assert_eq!(store.insert_batch(&[named]).unwrap().duplicates, 1);
    assert!(examine(&place.path, Depth::Full).unwrap().is_sound());
}

/// Also when what had to go is not all gone yet.
#[test]
fn after_a_prune_that_was_stopped() {
    let place = Place::new();
    let store = place.open();
    let batch: Vec<_> = (0..9_000).map(|n| record(TODAY + n * 1_000_000, 1)).collect();
    store.insert_batch(&batch).unwrap();
    let plan = PrunePlan::new(&store, at(TODAY + 90 * DAY), &KEEP_SUMS).unwrap();
    let stopped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        store.delete(plan, |_| panic!("stopped"))
    }));
    assert!(stopped.is_err() && records(&store).len() > 3_000);
    let reset = store.retention().reset_horizon(None).unwrap();
    assert_eq!(reset.records_from, Some(at(TODAY + 10 * QUARTER)));
    assert_eq!(store.insert_batch(&[record(TODAY + 10 * QUARTER, 1)]).unwrap().stored, 1);
    assert_eq!(requests(&store), 9_001);
    assert!(examine(&place.path, Depth::Full).unwrap().is_sound());
}

/// The ids of what it has left are known again.
#[test]
fn after_a_prune_that_was_stopped_events_are_known_once() {
    let place = Place::new();
    let store = place.open();
    let event = |n: i64| with_event(record(TODAY + n * 1_000_000, 1), &format!("e{n}"));
    let batch: Vec<_> = (0..9_000).map(event).collect();
    store.insert_batch(&batch).unwrap();
    let plan =
        PrunePlan::new(&store, at(TODAY + 9_000 * 1_000_000), &PruneOptions::default()).unwrap();
    let stopped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        store.delete(plan, |_| panic!("stopped"))
    }));
    let left = records(&store).len() as u64;
    assert!(stopped.is_err() && left > 3_000 && left < 9_000, "{left}");
    assert_eq!(store.insert_batch(&batch[8_990..]).unwrap().stored, 0);
    store.retention().reset_horizon(None).unwrap();
    let outcome = store.insert_batch(&batch).unwrap();
    assert_eq!((outcome.stored, outcome.duplicates), (9_000 - left, left));
    assert_eq!(store.quarantine().retry().unwrap().duplicates, 10);
    assert_eq!(requests(&store), 9_000);
    assert!(examine(&place.path, Depth::Full).unwrap().is_sound());
}

#[test]
fn records_far_from_now_are_named_and_can_go() {
    let (place, store) = ledger();
    let (of_1970, of_2099) = (7, TODAY + 73 * YEAR);
    let named = with_event(record(of_2099 + 5, 1), "e");
    store.insert_batch(&[record(of_1970, 1), record(of_2099, 1), named.clone()]).unwrap();
    let advice =
        examine(&place.path, ExamineOptions::new(Depth::Quick).with_now(at(TODAY))).unwrap().advice;
    let expected = [
        Advice::FarAhead { records: 2, first: at(of_2099), last: at(of_2099 + 5) },
        Advice::FarBehind { records: 1, first: at(of_1970), last: at(of_1970) },
    ];
    assert_eq!(advice, expected);
    let plan = DeleteRangePlan::new(&store, at(of_2099), at(of_2099 + 6)).unwrap();
    assert_eq!(
        (plan.records, plan.oldest, plan.newest),
        (2, Some(at(of_2099)), Some(at(of_2099 + 5)))
    );
    let mut told = Vec::new();
    let deletion = store.delete(plan, |gone| told.push(gone)).unwrap();
    assert_eq!((deletion.records, told), (2, vec![2]));
    store.delete(DeleteRangePlan::new(&store, at(0), at(8)).unwrap(), |_| {}).unwrap();
    assert_eq!((records(&store).len(), requests(&store)), (180, 180));
    assert!(examine(&place.path, Depth::Full).unwrap().is_sound());
    // Records as old are accepted as before.
    assert_eq!(store.retention().read().unwrap().records_from, None);
    assert_eq!(store.insert_batch(&[record(of_1970, 1), named]).unwrap().stored, 2);
    assert!(examine(&place.path, Depth::Full).unwrap().is_sound());
}

/// A range in the middle, where rows are and where only rollups are left.
#[test]
fn a_range_of_rows_and_sums() {
    let (place, store) = ledger();
    store.delete(RetentionPlan::new(&store, at(TODAY)).unwrap(), |_| {}).unwrap();
    let rows_from = store.retention().read().unwrap().rows_from.unwrap();
    assert_eq!(rows_from, at(TODAY - 30 * DAY));
    let (start, end) = (at(TODAY - 40 * DAY), at(TODAY - 20 * DAY + 1));
    let plan = DeleteRangePlan::new(&store, start, end).unwrap();
    assert_eq!((plan.records, plan.rollups, plan.requests), (31, 30, 30));
    let deletion = store.delete(plan, |_| {}).unwrap();
    assert_eq!((deletion.records, deletion.rollups, deletion.requests), (31, 30, 30));
    assert_eq!(requests(&store), 180 - 61);
    assert_eq!(
        store
            .report(TimeRange { start: Some(start), end: Some(end) }, &Filter::default())
            .unwrap()
            .summary()
            .requests,
        0
    );
    assert!(examine(&place.path, Depth::Full).unwrap().is_sound());
    // Rollups cannot be cut, and what remains of them is still known to have no rows.
    let cut = DeleteRangePlan::new(&store, at(TODAY - 59 * DAY + 5), end);
    assert!(matches!(cut, Err(StoreError::RowsGone { .. })), "{cut:?}");
    assert_eq!(store.retention().read().unwrap().rows_from, Some(rows_from));
}

#[test]
fn a_period_that_ends_now_is_counted_from_a_whole_quarter() {
    let (_place, store) = ledger();
    store.delete(RetentionPlan::new(&store, at(TODAY)).unwrap(), |_| {}).unwrap();
    let asked = range(TODAY - 32 * 10 * 7 * QUARTER + 11, TODAY + 3);
    let counted = Engine::countable(&store, asked, &Limits::none()).unwrap();
    assert_eq!(counted, asked, "rows are left there");
    let asked = range(TODAY - 32 * 100 * QUARTER + 11, TODAY + 3);
    assert!(matches!(store.report(asked, &Filter::default()), Err(StoreError::RowsGone { .. })));
    let counted = Engine::countable(&store, asked, &Limits::none()).unwrap();
    assert_eq!(counted, range(TODAY - 32 * 100 * QUARTER + QUARTER, TODAY + 3));
    assert_eq!(store.report(counted, &Filter::default()).unwrap().summary().requests, 100);
}

/// Checks that what deleting everything destroys is said, rollups without records too.
#[test]
fn everything_includes_sums() {
    let (_place, store) = ledger();
    store.delete(PrunePlan::new(&store, at(TODAY + QUARTER), &KEEP_SUMS).unwrap(), |_| {}).unwrap();
    let plan = DeleteAllPlan::new(&store).unwrap();
    assert_eq!((plan.records, plan.rollups, plan.requests), (0, 180, 180));
    let first = TODAY - 179 * 32 * QUARTER;
    assert_eq!(plan.summed, Some([at(first), at(TODAY + QUARTER)]));
    let deletion = store.delete(plan, |_| {}).unwrap();
    assert_eq!((deletion.records, deletion.rollups, deletion.requests), (0, 180, 180));
}
