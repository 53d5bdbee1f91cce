//! Random histories of what sources tell of the same events, against a model that goes by the list.
//!
//! For many histories, in memory: `PROPTEST_CASES=200000 TMPDIR=/dev/shm cargo nextest run --release --profile long
//! -p usage-store tellings::`.

use std::cell::RefCell;

use proptest::prelude::*;
use proptest::sample::Index;
use rusqlite::Connection;
use usage_conformance::Events;
use usage_core::record::line;
use usage_core::sink::BatchOutcome;
use usage_core::stats::Aggregates;
use usage_core::{
    Context, EventId, Filter, LabelNames, Labels, Money, Outcome, Quality, Record, TimeRange,
    TokenCounts, Usage,
};
use usage_store::doctor::{self, Depth, examine};
use usage_store::{AcrossInstances, PrunePlan, Store, insert_record};

use super::support::{KEEP_SUMS, Place, at, orphan, records, without_conflicts};

const QUARTER: i64 = 15 * 60 * 1_000_000;
/// Quarters of an hour in which the records lie, a few hours apart, so that they are of several days.
const QUARTERS: i64 = 4;
const APART: i64 = 40;

fn instant(at: i64) -> i64 {
    at / 2 * APART * QUARTER + at % 2 * QUARTER / 2
}

fn id(number: u8) -> EventId {
    EventId::new(format!("msg_{number}")).unwrap()
}

prop_compose! {
    /// Few values, so that many things are equal.
    fn any_telling()(
        (instance, own, alias) in (0..5_u8, prop::option::weighted(0.9, 0..4_u8), prop::option::weighted(0.3, 0..5_u8)),
        source in 0..4_usize,
        numbers in (0..2_u64, 0..3_u64, 0..2_u64, 0..2_u64),
        (quality, outcome) in (0..4_usize, 0..3_usize),
        (project, user, session, tag) in (0..3_usize, 0..2_usize, 0..3_usize, 0..2_usize),
        (time, is_time_stated) in (0..QUARTERS * 2, prop::bool::weighted(0.7)),
        (cost, is_bare) in (prop::option::weighted(0.2, 0..2_u128), prop::bool::weighted(0.15)),
    ) -> Record {
        let (input, output, reasoning, long) = numbers;
        let tokens = TokenCounts::new()
            .with_input(input)
            .with_output(output)
            .with_cache_write(1)
            .with_reasoning(reasoning.min(output))
            .with_cache_write_long(long);
        let tokens = if is_bare { TokenCounts::unclassified(tokens.total()) } else { tokens };
        let mut usage = Usage::new(tokens, at(instant(time)));
        usage.quality = [Quality::Reported, Quality::Reported, Quality::Partial, Quality::Estimated][quality];
        usage.revision = [0, 10, 20, 30][source];
        usage.outcome = Outcome::ALL[outcome];
        usage.is_time_stated = is_time_stated;
        usage.stated_cost = cost.map(Money::from_picos);
        let some = |text: &'static str, is_there: bool| if is_there { text } else { "" };
        let names = LabelNames::new()
            .with_instance(if instance == 0 { "other" } else { "claude-code" })
            .with_route("r")
            .with_model("m")
            .with_project(["", "ledger", "web"][project])
            .with_user(some("u", user > 0));
        let tags = (tag > 0).then_some(("team", "x"));
        let context = Context::new(["", "s1", "s2"][session], tags).unwrap();
        let record = Record::new(Labels::new(names).unwrap(), usage).unwrap().with_context(context);
        match (own, alias) {
            (None, _) => record,
            (Some(own), None) => record.with_event_id(id(own)),
            (Some(own), Some(alias)) => record.with_event_id(id(own)).with_alias_id(id(alias)),
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Batch(Vec<Record>),
    One(Record),
    /// The tellings of before, once more.
    Again(Vec<Index>),
    /// From the journal of a process that was killed.
    Replay(Vec<Record>),
    /// In a transaction that a crash ends.
    Crash(Vec<Record>),
    Prune(i64),
    PruneKeepingSums(i64),
    Reopen,
    Rebuild,
}

fn any_step() -> impl Strategy<Value = Step> {
    let quarter =
        || (0..=QUARTERS).prop_map(|number| number / 2 * APART * QUARTER + number % 2 * QUARTER);
    let some = |most| prop::collection::vec(any_telling(), 0..most);
    prop_oneof![
        10 => some(12).prop_map(Step::Batch),
        6 => any_telling().prop_map(Step::One),
        3 => prop::collection::vec(any::<Index>(), 1..10).prop_map(Step::Again),
        1 => some(6).prop_map(Step::Replay),
        1 => some(6).prop_map(Step::Crash),
        1 => quarter().prop_map(Step::Prune),
        1 => quarter().prop_map(Step::PruneKeepingSums),
        1 => Just(Step::Reopen),
        1 => Just(Step::Rebuild),
    ]
}

/// A ledger that goes through one history after the other, and a connection past the store: making either anew takes
/// longer than most histories.
struct Ledger {
    place: Place,
    store: Store,
    connection: Connection,
    /// The number of histories that it has gone through.
    histories: u32,
}

thread_local! {
    static LEDGER: RefCell<Option<Ledger>> = const { RefCell::new(None) };
}

/// An empty ledger.
fn with_ledger<T>(act: impl FnOnce(&mut Ledger) -> T) -> T {
    let mut ledger = LEDGER.take().unwrap_or_else(|| {
        let place = Place::new();
        let store = place.open();
        let connection = place.connection();
        connection.set_prepared_statement_cache_capacity(128);
        Ledger { place, store, connection, histories: 0 }
    });
    ledger.store.delete_all_records().unwrap();
    ledger.histories += 1;
    let done = act(&mut ledger);
    // After a failure it is left, and the next history has another one.
    LEDGER.set(Some(ledger));
    done
}

#[derive(Default)]
struct Model {
    events: Events,
    told: Vec<Record>,
    /// The deleted records that are counted still.
    summed: Vec<Record>,
}

impl Model {
    fn tell(&mut self, batch: &[Record]) -> BatchOutcome {
        self.told.extend(batch.iter().cloned());
        without_conflicts(self.events.tell_all(batch))
    }
}

fn apply(step: &Step, ledger: &mut Ledger, model: &mut Model) {
    let Ledger { place, store, connection, .. } = ledger;
    let tell = |store: &Store, batch: &[Record], model: &mut Model| {
        let found = without_conflicts(store.insert_batch(batch).unwrap());
        assert_eq!(found, model.tell(batch));
    };
    match step {
        Step::Batch(batch) => tell(store, batch, model),
        Step::Again(again) => {
            let told = &model.told;
            let again = again.iter().filter(|_| !told.is_empty());
            let again: Vec<_> = again.map(|at| told[at.index(told.len())].clone()).collect();
            tell(store, &again, model);
        }
        Step::One(record) => {
            let batch = std::slice::from_ref(record);
            let inserted = insert_record(connection, record).unwrap();
            assert_eq!(inserted, super::support::inserted_of(&model.tell(batch)));
        }
        Step::Replay(batch) => {
            orphan(store, batch);
            let recovered = store.journals().recover().unwrap();
            let expected = model.tell(batch);
            let found = [recovered.stored, recovered.amended, recovered.duplicates];
            assert_eq!(found, [expected.stored, expected.amended, expected.duplicates]);
            assert_eq!(recovered.refused, expected.refused.len() as u64);
        }
        Step::Crash(batch) => {
            let transaction = connection.transaction().unwrap();
            for record in batch {
                insert_record(&transaction, record).unwrap();
            }
            drop(transaction);
        }
        Step::Prune(before) => {
            store.prune_records(at(*before)).unwrap();
            model.events.prune(at(*before), false);
            model.summed.retain(|record| record.timestamp() >= at(*before));
        }
        Step::PruneKeepingSums(before) => {
            let plan = PrunePlan::new(store, at(*before), &KEEP_SUMS).unwrap();
            store.delete(plan, |_| {}).unwrap();
            model.summed.extend(model.events.prune(at(*before), true));
        }
        Step::Reopen => *store = place.open(),
        Step::Rebuild => {
            let rebuilt = doctor::rebuild(store).unwrap();
            assert_eq!((rebuilt.changed, rebuilt.session_rollups, rebuilt.event_ids), (0, 0, 0));
        }
    }
}

/// In an order of their own.
fn sorted<'r>(records: impl IntoIterator<Item = &'r Record>) -> Vec<String> {
    let mut lines: Vec<_> = records.into_iter().map(line::write).collect();
    lines.sort_unstable();
    lines
}

fn report(store: &Store) -> Aggregates {
    store.report(TimeRange::ALL, &Filter::default()).unwrap()
}

fn check(ledger: &Ledger, model: &Model) {
    let Ledger { place, store, connection, histories } = ledger;
    let found = records(store);
    assert_eq!(sorted(&found), sorted(model.events.records()));
    let all = model.events.records().chain(&model.summed);
    assert_eq!(report(store), all.collect::<Aggregates>());
    let entries: i64 = connection
        .prepare_cached("SELECT count(*) FROM event_ids")
        .and_then(|mut count| count.query_row([], |row| row.get(0)))
        .unwrap();
    assert_eq!(entries, model.events.known_ids() as i64);
    // Rollups at all levels, of sessions too, ids and tellings are what they would be made again as.
    let rebuilt = doctor::rebuild(store).unwrap();
    assert_eq!((rebuilt.changed, rebuilt.session_rollups, rebuilt.event_ids), (0, 0, 0));
    // The doctor looks at more, on a new connection, and takes longer than a usual history.
    if histories % EXAMINED == 0 {
        let diagnosis = examine(&place.path, Depth::Full).unwrap();
        assert!(diagnosis.is_sound(), "{diagnosis:#?}");
    }
}

/// One in so many histories is examined by the doctor.
const EXAMINED: u32 = 8;

proptest! {
    #[test]
    fn a_ledger_keeps_what_all_tellings_come_to(
        steps in prop::collection::vec(any_step(), 1..12),
        is_first_alone in prop::bool::weighted(0.2),
    ) {
        with_ledger(|ledger| {
            let across = if is_first_alone { AcrossInstances::First } else { AcrossInstances::Keep };
            ledger.store.set_across_instances(across).unwrap();
            let mut model = Model::default();
            model.events.first_alone = is_first_alone;
            for step in &steps {
                apply(step, ledger, &mut model);
            }
            check(ledger, &model);
        });
    }

    /// Checks that what does not contradict itself comes to the same rows in any order, in batches of any size, told
    /// once or more often.
    #[test]
    fn neither_order_nor_batches_nor_repetition_matter(
        tellings in prop::collection::vec(any_telling(), 1..10),
        order in prop::collection::vec(any::<(u32, u8)>(), 24),
        sizes in prop::collection::vec(1..9_usize, 24),
    ) {
        // Without those that contradict: which of them is refused, the order decides.
        let mut events = Events::default();
        let told: Vec<_> = tellings
            .into_iter()
            .filter(|record| record.event_id().is_some() && record.labels().names().get(usage_core::Label::Instance) != "other")
            .filter(|record| record.counts().quality() != Quality::Reported)
            .collect();
        prop_assert_eq!(events.tell_all(&told).refused, []);
        let mut again: Vec<_> = told.iter().cycle().take(told.len() * 2).zip(&order).collect();
        again.truncate(told.len() + order[0].1 as usize % (told.len() + 1));
        again.sort_by_key(|(_, key)| **key);
        let again: Vec<Record> = again.into_iter().map(|(record, _)| record.clone()).collect();
        with_ledger(|ledger| {
            ledger.store.set_across_instances(AcrossInstances::Keep).unwrap();
            let mut rest = &again[..];
            for size in sizes {
                let (batch, others) = rest.split_at(size.min(rest.len()));
                ledger.store.insert_batch(batch).unwrap();
                rest = others;
            }
            assert_eq!(rest, &[]);
            let model = Model { events, ..Model::default() };
            check(ledger, &model);
        });
    }
}
