//! Any sequence of operations leaves what a list of records would hold.

use std::cmp::Reverse;
use std::collections::HashSet;

use proptest::prelude::*;
use usage_conformance::Events;
use usage_core::record::line;
use usage_core::stats::Aggregates;
use usage_core::{Filter, Record, TimeRange, Timestamp};
use usage_store::{PruneOptions, PrunePlan, Store, insert_record};

use super::support::{
    NEWEST, Place, any_filter, any_range, any_record, at, inserted_of, stored, without_conflicts,
};

#[derive(Clone, Debug)]
enum Step {
    Batch(Vec<Record>),
    One(Record),
    Prune(Timestamp),
    DeleteAll,
    Vacuum,
    Reopen,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => proptest::collection::vec(any_record(), 0..12).prop_map(Step::Batch),
        4 => any_record().prop_map(Step::One),
        2 => (-1..=NEWEST + 1).prop_map(|micros| Step::Prune(at(micros))),
        1 => Just(Step::DeleteAll),
        1 => Just(Step::Vacuum),
        1 => Just(Step::Reopen),
    ]
}

/// What the ledger holds.
#[derive(Default)]
struct Model(Events);

impl Model {
    /// How many records are older.
    fn older(&self, than: Timestamp) -> u64 {
        self.0.records().filter(|record| record.timestamp() < than).count() as u64
    }

    fn newest_first(&self, range: TimeRange, filter: &Filter) -> Vec<Record> {
        let mut kept: Vec<_> = self
            .0
            .records()
            .filter(|record| range.contains(record.timestamp()))
            .filter(|record| filter.matches(&record.labels().names()))
            .cloned()
            .collect();
        sort(&mut kept);
        kept
    }
}

/// Newest first, and of one instant in an order of their own: a batch stores what is new before it tells more of what
/// is known.
fn sort(records: &mut [Record]) {
    records.sort_by_cached_key(|record| (Reverse(record.timestamp()), line::write(record)));
}

/// Does a step to both, which must answer alike.
fn apply(step: &Step, place: &Place, store: &mut Store, model: &mut Model) {
    match step {
        Step::Batch(batch) => {
            assert_eq!(
                without_conflicts(store.insert_batch(batch).unwrap()),
                without_conflicts(model.0.tell_all(batch))
            );
        }
        Step::One(record) => {
            let inserted = insert_record(&place.connection(), record).unwrap();
            assert_eq!(inserted, inserted_of(&model.0.tell_all(std::slice::from_ref(record))));
        }
        Step::Prune(before) => {
            let planned = PrunePlan::new(store, *before, &PruneOptions::default()).unwrap().records;
            let pruned = store.prune_records(*before).unwrap();
            assert_eq!(pruned, model.older(*before));
            assert_eq!(planned, pruned);
            model.0.prune(*before, false);
        }
        Step::DeleteAll => {
            assert_eq!(store.delete_all_records().unwrap(), model.0.records().count() as u64);
            model.0.clear();
        }
        Step::Vacuum => drop(store.vacuum().unwrap()),
        Step::Reopen => *store = place.open(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_ledger_is_a_list_of_records(
        steps in proptest::collection::vec(any_step(), 1..16),
        (range, filter) in (any_range(), any_filter()),
    ) {
        let place = Place::new();
        let mut store = place.open();
        let mut model = Model::default();
        let (mut ids, mut given) = (HashSet::new(), 0_u64);
        for step in &steps {
            let before = model.0.changes();
            apply(step, &place, &mut store, &mut model);
            given += model.0.changes().saturating_sub(before);
            let all = stored(&store);
            let mut records: Vec<_> = all.iter().map(|stored| stored.record.clone()).collect();
            prop_assert!(records.is_sorted_by_key(|record| Reverse(record.timestamp())));
            sort(&mut records);
            prop_assert_eq!(records, model.newest_first(TimeRange::ALL, &Filter::default()));
            ids.extend(all.iter().map(|stored| stored.id));
        }
        let mut kept: Vec<_> =
            store.records_by_period(range, &filter).map(|stored| stored.unwrap().record).collect();
        sort(&mut kept);
        prop_assert_eq!(&kept, &model.newest_first(range, &filter));
        prop_assert_eq!(store.report(range, &filter).unwrap(), kept.iter().collect::<Aggregates>());
        // Each row has had an id of its own, in their order.
        prop_assert_eq!(ids.iter().copied().max().unwrap_or(0), given as i64);
    }
}
