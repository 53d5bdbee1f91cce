//! Event ids against a model: equal ones, conflicts, several instances, with deletions in between.

use std::collections::BTreeMap;

use proptest::prelude::*;
use usage_core::sink::{BatchOutcome, Refusal, RefusalReason};
use usage_core::{Label, Record, Timestamp};
use usage_store::doctor::{Depth, examine};
use usage_store::{Inserted, PrunePlan, Store, doctor, insert_record};

use super::support::{KEEP_SUMS, Place, at, record_of, records, with_event};

/// A quarter of an hour.
const QUARTER: i64 = 15 * 60 * 1_000_000;
const QUARTERS: i64 = 6;

fn any_record() -> impl Strategy<Value = Record> {
    let event_id = proptest::option::weighted(0.9, 0..8_u8);
    (0..3_u8, event_id, 0..QUARTERS * 2, 0..2_u64).prop_map(|(instance, id, half, tokens)| {
        let instance = format!("i{instance}");
        let record = record_of([&instance, "p", "v", "r", "m"], half * QUARTER / 2, tokens);
        match id {
            Some(id) => with_event(record, &format!("e{id}")),
            None => record,
        }
    })
}

#[derive(Clone, Debug)]
enum Step {
    Batch(Vec<Record>),
    One(Record),
    Prune(Timestamp),
    PruneKeepingSums(Timestamp),
    DeleteAll,
    Rebuild,
    Reopen,
}

fn any_step() -> impl Strategy<Value = Step> {
    let quarter = || (0..=QUARTERS).prop_map(|number| at(number * QUARTER));
    prop_oneof![
        8 => proptest::collection::vec(any_record(), 0..24).prop_map(Step::Batch),
        3 => any_record().prop_map(Step::One),
        1 => quarter().prop_map(Step::Prune),
        2 => quarter().prop_map(Step::PruneKeepingSums),
        1 => Just(Step::DeleteAll),
        1 => Just(Step::Rebuild),
        1 => Just(Step::Reopen),
    ]
}

/// What an event id stands for.
enum Known {
    Record(Record),
    /// A record of that time, of which only what it counts is left.
    Deleted(Timestamp),
}

#[derive(Default)]
struct Model {
    known: BTreeMap<(String, String), Known>,
    /// What is older was deleted, and is not taken again.
    horizon: Option<Timestamp>,
    /// Whether there is a record, or was.
    has_history: bool,
}

impl Model {
    fn insert(&mut self, record: &Record) -> Inserted {
        let instance = record.labels().names().get(Label::Instance).to_owned();
        let key = record.event_id().map(|id| (instance, id.as_str().to_owned()));
        let known = key.as_ref().and_then(|key| self.known.get(key));
        match known {
            Some(Known::Deleted(_)) => Inserted::Refused(RefusalReason::EventIdDeleted),
            _ if self.horizon.is_some_and(|horizon| record.timestamp() < horizon) => {
                Inserted::Refused(RefusalReason::BeforeHorizon)
            }
            Some(Known::Record(stored)) if stored == record => Inserted::Duplicate,
            Some(Known::Record(_)) => Inserted::Refused(RefusalReason::EventIdConflict),
            None => {
                self.has_history = true;
                self.known.extend(key.map(|key| (key, Known::Record(record.clone()))));
                Inserted::Stored
            }
        }
    }

    fn batch(&mut self, batch: &[Record]) -> BatchOutcome {
        let mut outcome = BatchOutcome::default();
        for (index, record) in batch.iter().enumerate() {
            match self.insert(record) {
                Inserted::Stored => outcome.stored += 1,
                Inserted::Duplicate => outcome.duplicates += 1,
                Inserted::Refused(reason) => outcome.refused.push(Refusal::new(index, reason)),
                other => panic!("{other:?}"),
            }
        }
        outcome
    }

    fn prune(&mut self, before: Timestamp, keep_sums: bool) {
        // Where nothing ever was, nothing can come again.
        if !self.has_history {
            return;
        }
        self.horizon = self.horizon.max(Some(before));
        self.known.retain(|_, known| {
            let time = match known {
                Known::Record(record) => record.timestamp(),
                Known::Deleted(time) => *time,
            };
            if time < before && keep_sums {
                *known = Known::Deleted(time);
            }
            time >= before || keep_sums
        });
    }

    fn records(&self) -> Vec<&Record> {
        let records = self.known.values().filter_map(|known| match known {
            Known::Record(record) => Some(record),
            Known::Deleted(_) => None,
        });
        records.collect()
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
            store.prune_records(*before).unwrap();
            model.prune(*before, false);
        }
        Step::PruneKeepingSums(before) => {
            let plan = PrunePlan::new(store, *before, &KEEP_SUMS).unwrap();
            store.delete(plan, |_| {}).unwrap();
            model.prune(*before, true);
        }
        Step::DeleteAll => {
            store.delete_all_records().unwrap();
            *model = Model::default();
        }
        Step::Rebuild => assert_eq!(doctor::rebuild(store).unwrap().event_ids, 0),
        Step::Reopen => *store = place.open(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_ledger_knows_what_a_map_would_know(
        steps in proptest::collection::vec(any_step(), 1..16),
    ) {
        let place = Place::new();
        let mut store = place.open();
        let mut model = Model::default();
        for step in &steps {
            apply(step, &place, &mut store, &mut model);
        }
        let mut found: Vec<_> =
            records(&store).into_iter().filter(|record| record.event_id().is_some()).collect();
        let key = |record: &Record| {
            let instance = record.labels().names().get(Label::Instance).to_owned();
            (instance, record.event_id().map(|id| id.as_str().to_owned()))
        };
        found.sort_by_key(key);
        prop_assert_eq!(found.iter().collect::<Vec<_>>(), model.records());
        let entries: i64 = place
            .connection()
            .query_row("SELECT count(*) FROM event_ids", [], |row| row.get(0))
            .unwrap();
        prop_assert_eq!(entries, model.known.len() as i64);
        drop(store);
        let diagnosis = examine(&place.path, Depth::Full).unwrap();
        prop_assert!(diagnosis.is_sound(), "{:#?}", diagnosis);
    }
}
