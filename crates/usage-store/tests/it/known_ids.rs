//! Event ids against a model: equal ones, conflicts, several instances, with deletions in between.

use proptest::prelude::*;
use usage_conformance::Events;
use usage_core::{EventId, Quality, Record, Timestamp};
use usage_store::doctor::{Depth, examine};
use usage_store::{PrunePlan, Store, doctor, insert_record};

use super::support::{
    KEEP_SUMS, Place, at, inserted_of, record_of, records, with_event, without_conflicts,
};

/// A quarter of an hour.
const QUARTER: i64 = 15 * 60 * 1_000_000;
const QUARTERS: i64 = 6;

fn any_record() -> impl Strategy<Value = Record> {
    let event_id = proptest::option::weighted(0.9, 0..8_u8);
    let alias = proptest::option::weighted(0.2, 0..8_u8);
    let sure = (0..Quality::ALL.len(), 0..2_u32);
    (0..3_u8, event_id, alias, 0..QUARTERS * 2, 0..2_u64, sure).prop_map(
        |(instance, id, alias, half, tokens, sure)| {
            let instance = format!("i{instance}");
            let record = record_of([&instance, "p", "v", "r", "m"], half * QUARTER / 2, tokens);
            let mut usage = record.counts().usage();
            (usage.quality, usage.revision) = (Quality::ALL[sure.0], sure.1);
            let record = record.with_counts(usage.try_into().unwrap());
            let record = match id {
                Some(id) => with_event(record, &format!("e{id}")),
                None => record,
            };
            match alias {
                Some(alias) => record.with_alias_id(EventId::new(format!("e{alias}")).unwrap()),
                None => record,
            }
        },
    )
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

/// Does a step to both, which must answer alike.
fn apply(step: &Step, place: &Place, store: &mut Store, model: &mut Events) {
    match step {
        Step::Batch(batch) => assert_eq!(
            without_conflicts(store.insert_batch(batch).unwrap()),
            without_conflicts(model.tell_all(batch))
        ),
        Step::One(record) => {
            let inserted = insert_record(&place.connection(), record).unwrap();
            assert_eq!(inserted, inserted_of(&model.tell_all(std::slice::from_ref(record))));
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
            model.clear();
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
        let mut model = Events::default();
        for step in &steps {
            apply(step, &place, &mut store, &mut model);
        }
        let (mut found, mut expected) = (records(&store), model.records().cloned().collect::<Vec<_>>());
        for records in [&mut found, &mut expected] {
            records.sort_by_key(usage_core::record::line::write);
        }
        prop_assert_eq!(found, expected);
        let entries: i64 = place
            .connection()
            .query_row("SELECT count(*) FROM event_ids", [], |row| row.get(0))
            .unwrap();
        prop_assert_eq!(entries, model.known_ids() as i64);
        drop(store);
        let diagnosis = examine(&place.path, Depth::Full).unwrap();
        prop_assert!(diagnosis.is_sound(), "{:#?}", diagnosis);
    }
}
