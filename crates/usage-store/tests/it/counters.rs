//! Counters never fall, whoever deletes what, and miss nothing that comes between two looks.

use usage_core::Measure;
use usage_core::query::Limits;
use usage_core::stats::Summary;
use usage_store::{DeleteRangePlan, PruneOptions, PrunePlan, Store};

use super::support::{KEEP_SUMS, Place, at, record, requests};

/// All that was ever counted.
fn counted(store: &Store) -> Summary {
    let counters = store.counters(&Limits::none()).unwrap();
    counters.iter().fold(Summary::default(), |mut sum, of| {
        sum.merge(&of.totals);
        sum
    })
}

#[test]
fn what_comes_and_goes_between_two_looks_is_counted() {
    let place = Place::new();
    let store = place.open();
    // Before somebody counts, what is deleted is kept nowhere.
    store.insert_batch(&[record(0, 3)]).unwrap();
    store.delete_all_records().unwrap();
    store.insert_batch(&[record(0, 5)]).unwrap();
    store.keep_counters().unwrap();
    let quarter = 15 * 60 * 1_000_000;
    let (mut expected, mut tokens) = (1, 5);
    let mut insert = |of: &[i64]| {
        store
            .insert_batch(&of.iter().map(|micros| record(*micros, 7)).collect::<Vec<_>>())
            .unwrap();
        expected += of.len() as u64;
        tokens += 7 * of.len() as u64;
        (expected, tokens)
    };
    let is = |(requests, tokens): (u64, u64)| {
        let counted = counted(&store);
        assert_eq!((counted.requests, counted[Measure::Unclassified]), (requests, tokens));
    };
    let prune = |before: i64, options: &PruneOptions| {
        let plan = PrunePlan::new(&store, at(before), options).unwrap().insist();
        store.delete(plan, |_| {}).unwrap()
    };
    is(insert(&[1, quarter, 2 * quarter, 3 * quarter, 4 * quarter, 5 * quarter]));
    // One that stays within a quarter of an hour, and as many come as go.
    prune(1, &PruneOptions::default());
    is(insert(&[5 * quarter + 1]));
    // Rows whose sums stay are still counted there, and go with these.
    prune(2 * quarter, &KEEP_SUMS);
    is(insert(&[]));
    prune(3 * quarter, &PruneOptions::default());
    is(insert(&[6 * quarter]));
    let plan = DeleteRangePlan::new(&store, at(4 * quarter), at(5 * quarter)).unwrap();
    assert_eq!(store.delete(plan, |_| {}).unwrap().records, 1);
    is(insert(&[7 * quarter]));
    store.delete_all_records().unwrap();
    assert_eq!(requests(&store), 0);
    is(insert(&[8 * quarter]));
    // Others that prune keep it too, and so does the next process that counts.
    assert_eq!(place.open().prune_records(at(9 * quarter)).unwrap(), 1);
    is(insert(&[9 * quarter, 9 * quarter]));
}
