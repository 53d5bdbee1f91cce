//! Any sequence of operations leaves what a list of records would hold.

use std::collections::HashSet;

use proptest::prelude::*;
use usage_core::sink::{BatchOutcome, RefusalReason};
use usage_core::stats::Aggregates;
use usage_core::{Filter, Label, Record, TimeRange, Timestamp};
use usage_store::{Inserted, PruneOptions, PrunePlan, Store, insert_record};

use super::support::{NEWEST, Place, any_filter, any_range, any_record, at, stored};

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

#[derive(Default)]
struct Model {
    /// In the order of storing.
    records: Vec<Record>,
    /// What is older was deleted, and is not taken again.
    horizon: Option<Timestamp>,
}

impl Model {
    fn insert(&mut self, record: &Record) -> Inserted {
        if self.horizon.is_some_and(|horizon| record.timestamp() < horizon) {
            return Inserted::Refused(RefusalReason::BeforeHorizon);
        }
        let instance = |record: &Record| record.labels().names().get(Label::Instance).to_owned();
        let known = self.records.iter().find(|known| {
            record.event_id().is_some()
                && known.event_id() == record.event_id()
                && instance(known) == instance(record)
        });
        match known {
            None => {
                self.records.push(record.clone());
                Inserted::Stored
            }
            Some(known) if known == record => Inserted::Duplicate,
            Some(_) => Inserted::Refused(RefusalReason::EventIdConflict),
        }
    }

    fn batch(&mut self, batch: &[Record]) -> BatchOutcome {
        let mut outcome = BatchOutcome::default();
        for (index, record) in batch.iter().enumerate() {
            match self.insert(record) {
                Inserted::Stored => outcome.stored += 1,
                Inserted::Duplicate => outcome.duplicates += 1,
                Inserted::Refused(reason) => {
                    outcome.refused.push(usage_core::sink::Refusal::new(index, reason));
                }
                other => panic!("{other:?}"),
            }
        }
        outcome
    }

    /// Keeps what a condition holds of; how many went.
    fn retain(&mut self, keep: impl Fn(&Record) -> bool) -> u64 {
        let before = self.records.len();
        self.records.retain(keep);
        (before - self.records.len()) as u64
    }

    fn newest_first(&self, range: TimeRange, filter: &Filter) -> Vec<Record> {
        let mut kept: Vec<_> = self
            .records
            .iter()
            .filter(|record| range.contains(record.timestamp()))
            .filter(|record| filter.matches(&record.labels().names()))
            .cloned()
            .collect();
        kept.reverse();
        kept.sort_by_key(|record| std::cmp::Reverse(record.timestamp()));
        kept
    }
}

/// Does a step to both, which must answer alike.
fn apply(step: &Step, place: &Place, store: &mut Store, model: &mut Model) {
    match step {
        Step::Batch(batch) => assert_eq!(store.insert_batch(batch).unwrap(), model.batch(batch)),
        Step::One(record) => {
            let inserted = insert_record(&place.connection(), record).unwrap();
            assert_eq!(inserted, model.insert(record));
        }
        Step::Prune(before) => {
            // Where there never was anything, nothing can come again.
            let has_history = !model.records.is_empty() || model.horizon.is_some();
            let planned = PrunePlan::new(store, *before, &PruneOptions::default()).unwrap().records;
            let pruned = store.prune_records(*before).unwrap();
            assert_eq!(pruned, model.retain(|record| record.timestamp() >= *before));
            assert_eq!(planned, pruned);
            model.horizon = model.horizon.max(Some(*before)).filter(|_| has_history);
        }
        Step::DeleteAll => {
            assert_eq!(store.delete_all_records().unwrap(), model.retain(|_| false));
            model.horizon = None;
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
        let mut ids = HashSet::new();
        for step in &steps {
            apply(step, &place, &mut store, &mut model);
            let all = stored(&store);
            let records: Vec<_> = all.iter().map(|stored| stored.record.clone()).collect();
            prop_assert_eq!(records, model.newest_first(TimeRange::ALL, &Filter::default()));
            ids.extend(all.iter().map(|stored| stored.id));
        }
        let kept: Vec<_> =
            store.records_by_period(range, &filter).map(|stored| stored.unwrap().record).collect();
        prop_assert_eq!(&kept, &model.newest_first(range, &filter));
        prop_assert_eq!(store.report(range, &filter).unwrap(), kept.iter().collect::<Aggregates>());
        // Had an id been used twice there would be a gap at the end.
        prop_assert_eq!(ids.len() as i64, ids.iter().copied().max().unwrap_or(0));
    }
}
