//! Hashes that are those of several ids.

use proptest::prelude::*;
use usage_conformance::Events;
use usage_core::sink::BatchOutcome;
use usage_core::{EventId, LabelNames, Labels, Quality, Record, Timestamp, TokenCounts, Usage};

use super::hash::shorten;
use crate::doctor::{Depth, examine, rebuild};
use crate::{Inserted, Store, insert_record};

fn any_record() -> impl Strategy<Value = Record> {
    let alias = proptest::option::weighted(0.3, 0..6_u8);
    let quality = 0..Quality::ALL.len();
    (0..3_u8, 0..6_u8, alias, 0..4_i64, 0..2_u64, quality).prop_map(
        |(instance, own, alias, micros, tokens, quality)| {
            let instance = format!("i{instance}");
            let names = LabelNames::new().with_instance(&instance).with_route("r").with_model("m");
            let tokens = TokenCounts::unclassified(tokens);
            let record = Record::new(
                Labels::new(names).unwrap(),
                Usage::new(tokens, Timestamp::from_micros(micros))
                    .with_quality(Quality::ALL[quality]),
            );
            let id = |id: u8| EventId::new(format!("e{id}")).unwrap();
            let record = record.unwrap().with_event_id(id(own));
            match alias {
                Some(alias) => record.with_alias_id(id(alias)),
                None => record,
            }
        },
    )
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

fn insert(model: &mut Events, record: &Record) -> Inserted {
    inserted(&model.tell_all(std::slice::from_ref(record)))
}

fn inserted(outcome: &BatchOutcome) -> Inserted {
    match outcome.refused.first() {
        Some(refusal) => Inserted::Refused(refusal.reason),
        None if outcome.duplicates > 0 => Inserted::Duplicate,
        None if outcome.amended > 0 => Inserted::Amended,
        None => Inserted::Stored,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Checks that the text tells apart what the hash cannot.
    #[test]
    fn ids_that_share_a_hash_stay_apart(
        bits in 0..3_u32,
        steps in proptest::collection::vec(any_step(), 1..12),
    ) {
        shorten((1 << bits) - 1);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("usage.db");
        let store = Store::open(&path).unwrap();
        let mut model = Events::default();
        for step in steps {
            match step {
                Step::Batch(batch) => {
                    let (mut found, mut expected) =
                        (store.insert_batch(&batch).unwrap(), model.tell_all(&batch));
                    for refusal in found.refused.iter_mut().chain(&mut expected.refused) {
                        // Of several tellings that it contradicts any may be the first that is found.
                        refusal.conflict = None;
                    }
                    prop_assert_eq!(found, expected);
                }
                Step::One(record) => {
                    let connection = rusqlite::Connection::open(&path).unwrap();
                    let inserted = insert_record(&connection, &record).unwrap();
                    prop_assert_eq!(inserted, insert(&mut model, &record));
                }
                Step::Prune(before) => {
                    store.prune_records(Timestamp::from_micros(before)).unwrap();
                    model.prune(Timestamp::from_micros(before), false);
                }
                Step::DeleteAll => {
                    store.delete_all_records().unwrap();
                    model.clear();
                }
            }
        }
        let diagnosis = examine(&path, Depth::Full).unwrap();
        prop_assert!(diagnosis.is_sound(), "{:#?}", diagnosis);
        prop_assert_eq!(rebuild(&store).unwrap().event_ids, 0);
        shorten(u64::MAX);
    }
}
