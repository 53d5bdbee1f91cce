//! The same event id again: once stored, twice seen.

use usage_core::sink::{BatchOutcome, Refusal, RefusalReason};
use usage_core::{Record, TokenCounts, Usage};
use usage_store::doctor::{Depth, examine};
use usage_store::{DeleteRangePlan, Inserted, PrunePlan, insert_record};

use super::support::{
    KEEP_SUMS, Place, at, labels, record, record_of, records, with_event, without_conflicts,
};

const NAMES: [&str; 5] = ["i", "p", "v", "r", "m"];

fn outcome(stored: u64, duplicates: u64, refused: &[usize]) -> BatchOutcome {
    let reason = RefusalReason::EventIdConflict;
    let refused = refused.iter().map(|&index| Refusal::new(index, reason)).collect();
    BatchOutcome::stored(stored).with_duplicates(duplicates).with_refused(refused)
}

fn by_kind(counts: [u64; 5], fallbacks: u32, micros: i64) -> Record {
    let [input, output, read, write, reasoning] = counts;
    let tokens = TokenCounts::new()
        .with_input(input)
        .with_output(output)
        .with_cache_read(read)
        .with_cache_write(write)
        .with_reasoning(reasoning);
    Record::new(labels(NAMES), Usage::new(tokens, at(micros)).with_fallbacks(fallbacks.into()))
        .unwrap()
}

/// A record, and others that differ from it in one field each.
fn alike() -> (Record, Vec<Record>) {
    let counts = [10, 20, 30, 40, 5];
    let mut others = vec![
        by_kind(counts, 3, 1_000),
        by_kind(counts, 2, 1_001),
        Record::new(
            labels(NAMES),
            Usage::new(TokenCounts::unclassified(100), at(1_000)).with_fallbacks(2),
        )
        .unwrap(),
    ];
    for kind in 0..counts.len() {
        let mut counts = counts;
        counts[kind] += 1;
        others.push(by_kind(counts, 2, 1_000));
    }
    for name in 1..NAMES.len() {
        let mut names = NAMES;
        names[name] = "other";
        let tokens = others[0].tokens();
        others.push(
            Record::new(labels(names), Usage::new(tokens, at(1_000)).with_fallbacks(2)).unwrap(),
        );
    }
    (by_kind(counts, 2, 1_000), others)
}

/// Two reported tellings of one revision contradict each other in a number, and complete each other in the rest.
#[test]
fn the_same_content_is_a_duplicate_and_other_counts_are_refused() {
    let place = Place::new();
    let store = place.open();
    let (one, others) = alike();
    let one = with_event(one, "e");
    assert_eq!(store.insert_batch(std::slice::from_ref(&one)).unwrap(), outcome(1, 0, &[]));
    assert_eq!(store.insert_batch(std::slice::from_ref(&one)).unwrap(), outcome(0, 1, &[]));
    assert_eq!(others.len(), 12);
    for other in others {
        let other = with_event(other, "e");
        if one.counts().numbers() == other.counts().numbers() {
            continue;
        }
        if other.tokens().unclassified == one.tokens().total() {
            // A bare total says no less.
            let told = store.insert_batch(std::slice::from_ref(&other)).unwrap();
            assert_eq!(told, outcome(0, 1, &[]));
            continue;
        }
        let refused = store.insert_batch(std::slice::from_ref(&other)).unwrap();
        assert_eq!(without_conflicts(refused.clone()), outcome(0, 0, &[0]), "{other:?}");
        let conflict = refused.refused[0].conflict.unwrap();
        assert_eq!(conflict.known, one.counts().get(conflict.measure));
        assert_eq!(conflict.told, other.counts().get(conflict.measure));
        assert_ne!(conflict.known, conflict.told);
        let refused = insert_record(&place.connection(), &other).unwrap();
        assert_eq!(refused, Inserted::Refused(RefusalReason::EventIdConflict));
    }
    assert_eq!(insert_record(&place.connection(), &one).unwrap(), Inserted::Duplicate);
    assert_eq!(records(&store), [one]);
}

#[test]
fn another_instance_may_use_the_same_id() {
    let place = Place::new();
    let store = place.open();
    let of = |instance| with_event(record_of([instance, "p", "v", "r", "m"], 1, 1), "e");
    assert_eq!(store.insert_batch(&[of("a"), of("b")]).unwrap(), outcome(2, 0, &[]));
    assert_eq!(store.insert_batch(&[of("b"), of("c"), of("a")]).unwrap(), outcome(1, 2, &[]));
}

#[test]
fn records_without_an_id_are_never_duplicates() {
    let place = Place::new();
    let store = place.open();
    assert_eq!(store.insert_batch(&[record(1, 1), record(1, 1)]).unwrap(), outcome(2, 0, &[]));
    assert_eq!(store.insert_batch(&[]).unwrap(), outcome(0, 0, &[]));
}

#[test]
fn inside_one_batch() {
    let place = Place::new();
    let store = place.open();
    let e = |micros| with_event(record(micros, 1), "e");
    let f = with_event(record(1, 1), "f");
    let two = |micros| with_event(record(micros, 2), "e");
    let batch = [record(1, 1), e(1), e(1), two(2), f.clone(), e(1), f, two(3)];
    let found = store.insert_batch(&batch).unwrap();
    assert_eq!(without_conflicts(found), outcome(3, 3, &[3, 7]));
    // The upper bound of the ids given is exact, whatever was left out.
    let ids: Vec<_> = super::support::stored(&store).iter().map(|stored| stored.id).collect();
    assert_eq!(ids, [3, 2, 1]);
}

/// An id goes with its record, and may come again, with other content too.
#[test]
fn after_its_record_was_deleted() {
    let place = Place::new();
    let store = place.open();
    let e = |micros| with_event(record(micros, 1), "e");
    store.insert_batch(&[e(1)]).unwrap();
    assert_eq!(store.prune_records(at(2)).unwrap(), 1);
    assert_eq!(store.insert_batch(&[e(5), e(6)]).unwrap(), outcome(1, 1, &[]), "the earlier time");
    store.delete_all_records().unwrap();
    assert_eq!(store.insert_batch(&[e(7)]).unwrap(), outcome(1, 0, &[]));
}

/// Where what it counted for stays, its id does too, for as long.
#[test]
fn after_its_record_was_deleted_and_its_sums_were_kept() {
    const QUARTER: i64 = 15 * 60 * 1_000_000;
    let place = Place::new();
    let store = place.open();
    let of =
        |instance, micros| with_event(record_of([instance, "p", "v", "r", "m"], micros, 1), "e");
    store.insert_batch(&[of("a", 1), with_event(record(QUARTER, 1), "f")]).unwrap();
    let keeping = |before| {
        let plan = PrunePlan::new(&store, at(before), &KEEP_SUMS).unwrap();
        store.delete(plan, |_| {}).unwrap().records
    };
    assert_eq!(keeping(QUARTER), 1);
    let again = [of("a", 1), of("a", 3 * QUARTER), of("b", 1), of("b", 3 * QUARTER)];
    let refused = |outcome: BatchOutcome| -> Vec<_> {
        outcome.refused.into_iter().map(|refusal| (refusal.index, refusal.reason)).collect()
    };
    use RefusalReason::{BeforeHorizon, EventIdDeleted};
    let outcome = store.insert_batch(&again).unwrap();
    assert_eq!(outcome.stored, 1, "another instance's is another one");
    assert_eq!(refused(outcome), [(0, EventIdDeleted), (1, EventIdDeleted), (2, BeforeHorizon)]);
    let inserted = insert_record(&place.connection(), &of("a", 2 * QUARTER)).unwrap();
    assert_eq!(inserted, Inserted::Refused(EventIdDeleted));

    // The rollups of that quarter go, the next one's stay.
    assert_eq!(keeping(2 * QUARTER), 1);
    store.prune_records(at(QUARTER)).unwrap();
    let again = [of("a", 4 * QUARTER), with_event(record(4 * QUARTER, 1), "f")];
    assert_eq!(refused(store.insert_batch(&again).unwrap()), [(1, EventIdDeleted)]);
    store.delete_all_records().unwrap();
    assert_eq!(store.insert_batch(&again).unwrap().stored, 2);
}

#[test]
fn after_its_transaction_was_rolled_back() {
    let place = Place::new();
    let store = place.open();
    let e = with_event(record(1, 1), "e");
    let mut connection = place.connection();
    let transaction = connection.transaction().unwrap();
    assert_eq!(insert_record(&transaction, &e).unwrap(), Inserted::Stored);
    assert_eq!(insert_record(&transaction, &e).unwrap(), Inserted::Duplicate);
    transaction.rollback().unwrap();
    assert_eq!(store.insert_batch(&[with_event(record(2, 2), "e")]).unwrap(), outcome(1, 0, &[]));
}

/// A range that is deleted may be recorded again, and so may what a horizon that is taken back lets in.
#[test]
fn after_its_range_was_deleted_or_the_horizon_taken_back() {
    const QUARTER: i64 = 15 * 60 * 1_000_000;
    let place = Place::new();
    let store = place.open();
    let batch: Vec<_> =
        (1..=6).map(|n| with_event(record(n * QUARTER, 1), &format!("e{n}"))).collect();
    store.insert_batch(&batch).unwrap();
    let sound = || {
        let diagnosis = examine(&place.path, Depth::Full).unwrap();
        assert!(diagnosis.is_sound(), "{diagnosis:#?}");
    };

    let plan = DeleteRangePlan::new(&store, at(3 * QUARTER), at(5 * QUARTER)).unwrap();
    assert_eq!(store.delete(plan, |_| {}).unwrap().records, 2);
    sound();
    assert_eq!(store.insert_batch(&batch).unwrap(), outcome(2, 4, &[]));

    store.prune_records(at(3 * QUARTER)).unwrap();
    assert_eq!(store.insert_batch(&batch[..2]).unwrap().stored, 0);
    store.retention().reset_horizon(None).unwrap();
    sound();
    assert_eq!(store.quarantine().retry().unwrap().stored, 2);
    // They are known again from then on.
    assert_eq!(store.insert_batch(&batch).unwrap(), outcome(0, 6, &[]));
    sound();
}

/// A prune that raises no horizon, as nothing was ever there, leaves event ids known.
#[test]
fn after_an_empty_ledger_was_pruned() {
    let place = Place::new();
    let store = place.open();
    store.prune_records(at(100)).unwrap();
    let old = with_event(record(1, 1), "e");
    assert_eq!(store.insert_batch(&[old.clone(), old]).unwrap(), outcome(1, 1, &[]));
}

/// Entries of no use wait until they are many; nobody takes them for known ids meanwhile.
#[test]
fn a_deletion_does_not_go_through_a_large_table_for_a_few() {
    const QUARTER: i64 = 900_000_000;
    let place = Place::new();
    let store = place.open();
    let batch: Vec<_> =
        (0..60).map(|n| with_event(record(n * QUARTER, 1), &format!("e{n}"))).collect();
    store.insert_batch(&batch).unwrap();
    let number =
        |sql: &str| -> i64 { place.connection().query_row(sql, [], |row| row.get(0)).unwrap() };
    let entries = "SELECT count(*) FROM event_ids";
    let useless = "SELECT value + 0 FROM settings WHERE name = 'event_ids_useless'";
    // There are few: at once.
    assert_eq!(store.prune_records(at(10 * QUARTER)).unwrap(), 10);
    assert_eq!((number(entries), number(useless)), (50, 0));
    // As if there were many.
    let many = "UPDATE settings SET value = '100001' WHERE name = 'event_ids_kept'";
    place.connection().execute_batch(many).unwrap();
    assert_eq!(store.prune_records(at(20 * QUARTER)).unwrap(), 10);
    assert_eq!((number(entries), number(useless)), (50, 10));
    assert!(examine(&place.path, Depth::Full).unwrap().is_sound());
    // Rollups without records have ids as well.
    store.delete(PrunePlan::new(&store, at(30 * QUARTER), &KEEP_SUMS).unwrap(), |_| {}).unwrap();
    assert_eq!((number(entries), number(useless)), (50, 10));
    assert_eq!(store.prune_records(at(30 * QUARTER)).unwrap(), 0);
    assert_eq!((number(entries), number(useless)), (50, 20));
    let again = store.insert_batch(&batch[..20]).unwrap();
    assert!(again.refused.iter().all(|of| of.reason == RefusalReason::BeforeHorizon));
    // Taking the horizon back needs them gone.
    store.retention().reset_horizon(None).unwrap();
    assert_eq!((number(entries), number(useless)), (30, 0));
    assert_eq!(store.insert_batch(&batch[..20]).unwrap().stored, 20);
    assert!(examine(&place.path, Depth::Full).unwrap().is_sound());
    // Many of no use: one in eight.
    let many = "UPDATE settings SET value = '100001' WHERE name = 'event_ids_kept';
                UPDATE settings SET value = '12499' WHERE name = 'event_ids_useless'";
    place.connection().execute_batch(many).unwrap();
    assert_eq!(store.prune_records(at(QUARTER)).unwrap(), 1);
    assert_eq!((number(entries), number(useless)), (49, 0));
}

/// Checks that what a deletion cannot do without is named as what it is.
#[test]
fn a_deletion_without_the_key_of_event_ids_says_so() {
    let place = Place::new();
    let store = place.open();
    store.insert_batch(&[with_event(record(1, 1), "a"), record(2, 1)]).unwrap();
    place.connection().execute("UPDATE ledger SET event_id_key = NULL", []).unwrap();
    let plan = DeleteRangePlan::new(&store, at(0), at(3)).unwrap();
    let error = store.delete(plan, |_| {}).unwrap_err();
    assert!(error.is_damage() && !error.to_string().contains("sums"), "{error}");
    assert_eq!(records(&store).len(), 2);
}
