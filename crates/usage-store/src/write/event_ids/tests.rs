//! Hashes that are those of several ids.

use std::collections::BTreeMap;

use proptest::prelude::*;
use usage_core::sink::{BatchOutcome, Refusal, RefusalReason};
use usage_core::{EventId, Label, LabelNames, Labels, Record, Timestamp, TokenCounts, Usage};

use super::hash::shorten;
use crate::doctor::{Depth, examine, rebuild};
use crate::{Inserted, Store, insert_record};

fn any_record() -> impl Strategy<Value = Record> {
    (0..3_u8, 0..6_u8, 0..4_i64, 0..2_u64).prop_map(|(instance, id, micros, tokens)| {
        let instance = format!("i{instance}");
        let names = LabelNames::new().with_instance(&instance).with_route("r").with_model("m");
        let tokens = TokenCounts::unclassified(tokens);
        let record = Record::new(
            Labels::new(names).unwrap(),
            Usage::new(tokens, Timestamp::from_micros(micros)),
        );
        record.unwrap().with_event_id(EventId::new(format!("e{id}")).unwrap())
    })
}

#[derive(Clone, Debug)]
enum Step {
    Batch(Vec<Record>),
    One(Record),
    Prune(i64),
    DeleteAll,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => proptest::collection::vec(any_record(), 0..24).prop_map(Step::Batch),
        4 => any_record().prop_map(Step::One),
        1 => (0..5_i64).prop_map(Step::Prune),
        1 => Just(Step::DeleteAll),
    ]
}

/// The records by instance and event id; and what is older than what is taken.
type Model = (BTreeMap<(String, String), Record>, i64);

fn insert((known, from): &mut Model, record: &Record) -> Inserted {
    let event_id = record.event_id().unwrap().as_str().to_owned();
    let key = (record.labels().names().get(Label::Instance).to_owned(), event_id);
    match known.get(&key) {
        _ if record.timestamp().as_micros() < *from => {
            Inserted::Refused(RefusalReason::BeforeHorizon)
        }
        Some(stored) if stored == record => Inserted::Duplicate,
        Some(_) => Inserted::Refused(RefusalReason::EventIdConflict),
        None => {
            known.insert(key, record.clone());
            Inserted::Stored
        }
    }
}

fn insert_batch(model: &mut Model, batch: &[Record]) -> BatchOutcome {
    let mut outcome = BatchOutcome::default();
    for (index, record) in batch.iter().enumerate() {
        match insert(model, record) {
            Inserted::Stored => outcome.stored += 1,
            Inserted::Duplicate => outcome.duplicates += 1,
            Inserted::Refused(reason) => outcome.refused.push(Refusal::new(index, reason)),
        }
    }
    outcome
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// What the hash cannot tell apart, the text does.
    #[test]
    fn ids_that_share_a_hash_stay_apart(
        bits in 0..3_u32,
        steps in proptest::collection::vec(any_step(), 1..12),
    ) {
        shorten((1 << bits) - 1);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("usage.db");
        let store = Store::open(&path).unwrap();
        let mut model = Model::default();
        model.1 = i64::MIN;
        for step in steps {
            match step {
                Step::Batch(batch) => prop_assert_eq!(
                    store.insert_batch(&batch).unwrap(), insert_batch(&mut model, &batch)
                ),
                Step::One(record) => {
                    let connection = rusqlite::Connection::open(&path).unwrap();
                    let inserted = insert_record(&connection, &record).unwrap();
                    prop_assert_eq!(inserted, insert(&mut model, &record));
                }
                Step::Prune(before) => {
                    store.prune_records(Timestamp::from_micros(before)).unwrap();
                    // Where nothing ever was, nothing can come again.
                    if model.1 > i64::MIN || !model.0.is_empty() {
                        model.1 = model.1.max(before);
                    }
                    model.0.retain(|_, record| record.timestamp().as_micros() >= before);
                }
                Step::DeleteAll => {
                    store.delete_all_records().unwrap();
                    model = (BTreeMap::new(), i64::MIN);
                }
            }
        }
        let diagnosis = examine(&path, Depth::Full).unwrap();
        prop_assert!(diagnosis.is_sound(), "{:#?}", diagnosis);
        prop_assert_eq!(rebuild(&store).unwrap().event_ids, 0);
        shorten(u64::MAX);
    }
}
