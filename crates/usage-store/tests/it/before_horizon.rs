//! Records that are older than the ledger takes: kept, tried again, and stored once.

use usage_core::Record;
use usage_core::sink::RefusalReason;
use usage_store::doctor::{Advice, Depth, examine};
use usage_store::{MAX_QUARANTINED, PrunePlan, Quarantined, Store};

use super::support::{
    KEEP_SUMS, Place, at, orphan, record, record_of, records, requests, with_event,
};

const QUARTER: i64 = 15 * 60 * 1_000_000;
/// Everything older is refused.
const HORIZON: i64 = 100 * QUARTER;

/// A ledger of one record, that takes none from before [`HORIZON`]; without rollups of such.
fn with_horizon() -> (Place, Store) {
    let place = Place::new();
    let store = place.open();
    store.insert_batch(&[record(HORIZON, 1)]).unwrap();
    store.prune_records(at(HORIZON)).unwrap();
    (place, store)
}

fn late(count: i64) -> Vec<Record> {
    (0..count).map(|n| record_of(["i", "p", "v", "r", "late"], HORIZON - 1 - n, 1)).collect()
}

fn quarantined(store: &Store) -> u64 {
    store.quarantine().size().unwrap().records
}

#[test]
fn what_is_refused_is_kept_and_taken_in_later() {
    let (place, store) = with_horizon();
    let late = late(1_234);
    let outcome = store.insert_batch(&late).unwrap();
    assert_eq!((outcome.stored, outcome.refused.len()), (0, 1_234));
    let is_kept = |refusal: &usage_core::sink::Refusal| {
        refusal.reason == RefusalReason::BeforeHorizon && refusal.reason.is_quarantined()
    };
    assert!(outcome.refused.iter().all(is_kept));
    assert_eq!((requests(&store), quarantined(&store)), (1, 1_234));
    let diagnosis = examine(&place.path, Depth::Full).unwrap();
    assert!(diagnosis.is_sound(), "{diagnosis:#?}");
    assert_eq!(diagnosis.quarantine.quarantined, 1_234);
    assert!(diagnosis.advice.contains(&Advice::Quarantined(1_234)), "{:?}", diagnosis.advice);

    // As long as nothing has changed they stay.
    let retried = store.quarantine().retry().unwrap();
    assert_eq!((retried.stored, retried.duplicates, retried.kept), (0, 0, 1_234));
    assert_eq!(store.retention().reset_horizon(None).unwrap().records_from, None);
    let retried = store.quarantine().retry().unwrap();
    assert_eq!((retried.stored, retried.duplicates, retried.kept), (1_234, 0, 0));
    assert_eq!((requests(&store), quarantined(&store)), (1_235, 0));
    assert_eq!(store.quarantine().size().unwrap(), Quarantined::default(), "bytes too");
    assert_eq!(records(&store)[1..], late);
    assert_eq!(store.quarantine().retry().unwrap().stored, 0, "each once");
    assert!(examine(&place.path, Depth::Full).unwrap().is_sound());
}

/// Only those that are old enough; the others stay.
#[test]
fn some_stay() {
    let (_place, store) = with_horizon();
    store.insert_batch(&late(20)).unwrap();
    let reset = store.retention().reset_horizon(Some(at(HORIZON - 10))).unwrap();
    assert_eq!((reset.was, reset.records_from), (Some(at(HORIZON)), Some(at(HORIZON - 10))));
    let retried = store.quarantine().retry().unwrap();
    assert_eq!((retried.stored, retried.kept), (10, 10));
    assert_eq!(quarantined(&store), 10);
    assert_eq!(store.quarantine().forget().unwrap(), 10);
    assert_eq!(store.quarantine().size().unwrap(), Quarantined::default());
}

/// One that comes every night is kept once; what the ledger has by then is not stored again.
#[test]
fn an_event_id_is_kept_once() {
    let (place, store) = with_horizon();
    let again: Vec<_> =
        (1..=3).map(|tokens| with_event(record(HORIZON - 1, tokens), "e")).collect();
    for _ in 0..3 {
        assert_eq!(store.insert_batch(&again).unwrap().refused.len(), 3);
    }
    // The same id with other content is another record, which only the ledger can judge.
    assert_eq!(quarantined(&store), 3);
    store.retention().reset_horizon(None).unwrap();
    store.insert_batch(&again[..1]).unwrap();
    // What the ledger will never take is quarantined no more, and says why.
    for duplicates in [1, 0] {
        let retried = store.quarantine().retry().unwrap();
        assert_eq!((retried.stored, retried.duplicates), (0, duplicates));
        assert_eq!((retried.kept, retried.conflicts), (2, 2));
        assert_eq!(store.quarantine().size().unwrap(), Quarantined::default(), "bytes too");
    }
    let quarantine = examine(&place.path, Depth::Full).unwrap().quarantine;
    let reasons: Vec<_> =
        quarantine.reasons.iter().map(|reason| (reason.reason.as_str(), reason.count)).collect();
    let conflict = "the event_id is known for this instance_id, with different counts";
    assert_eq!(reasons, [(conflict, 2)]);
}

/// An id that is known to be deleted is counted still, however old the record.
#[test]
fn a_deleted_event_id_is_quarantined_no_more() {
    let place = Place::new();
    let store = place.open();
    let of_event = with_event(record(HORIZON - 1, 1), "e");
    store.insert_batch(&[of_event.clone(), record(3 * HORIZON, 1)]).unwrap();
    let sql = "INSERT INTO set_aside (kind, content, reason, records)
               VALUES ('record', CAST(?1 AS BLOB), 'before horizon', 1)";
    let line = usage_core::record::line::write(&of_event);
    place.connection().execute(sql, [line]).unwrap();
    store.delete(PrunePlan::new(&store, at(HORIZON), &KEEP_SUMS).unwrap(), |_| {}).unwrap();
    place.connection().execute("UPDATE retention SET records_from = NULL", []).unwrap();
    let retried = store.quarantine().retry().unwrap();
    assert_eq!((retried.stored, retried.kept, retried.conflicts), (0, 1, 0));
    assert_eq!(store.quarantine().size().unwrap(), Quarantined::default());
}

/// It is bounded; what finds no room is counted and told.
#[test]
fn a_full_quarantine() {
    let (place, store) = with_horizon();
    let fill = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MAX_QUARANTINED})
         INSERT INTO set_aside (kind, content, reason, records)
         SELECT 'record', x'7B7D', 'before horizon', 1 FROM n"
    );
    place.connection().execute_batch(&fill).unwrap();
    let outcome = store.insert_batch(&late(5)).unwrap();
    let reasons: Vec<_> = outcome.refused.iter().map(|refusal| refusal.reason).collect();
    assert_eq!(reasons, [RefusalReason::QuarantineFull; 5]);
    let found = store.quarantine().size().unwrap();
    assert_eq!((found.records, found.bytes, found.overflow), (MAX_QUARANTINED, 200_000, 5));
    let advice = examine(&place.path, Depth::Quick).unwrap().advice;
    assert!(advice.contains(&Advice::QuarantineOverflow(5)), "{advice:?}");
    // Deleting by hand makes room as well.
    place.connection().execute_batch("DELETE FROM set_aside WHERE id > 10").unwrap();
    store.insert_batch(&late(5)).unwrap();
    assert_eq!(quarantined(&store), 15);
}

/// Checks what another process has left in its journal, too.
#[test]
fn what_comes_through_a_journal() {
    let place = Place::new();
    let mut store = place.open();
    store.insert_batch(&[record(HORIZON, 1)]).unwrap();
    store.prune_records(at(HORIZON)).unwrap();
    orphan(&mut store, &late(7));
    let recovered = store.journals().recover().unwrap();
    assert_eq!((recovered.stored, recovered.refused), (0, 7));
    assert_eq!(quarantined(&store), 7);
}

/// Checks that what a trigger refuses is tried again as well, and stays with its reason while that holds.
#[test]
fn what_the_database_refuses_is_tried_again() {
    let place = Place::new();
    let store = place.open();
    let trigger = "CREATE TRIGGER strict BEFORE INSERT ON records WHEN new.input = 0
                   BEGIN SELECT RAISE(ROLLBACK, 'no'); END";
    place.connection().execute_batch(trigger).unwrap();
    let outcome = store.insert_batch(&late(3)).unwrap();
    assert_eq!(outcome.refused.len(), 3);
    let retried = store.quarantine().retry().unwrap();
    assert_eq!((retried.stored, retried.kept), (0, 3));
    place.connection().execute_batch("DROP TRIGGER strict").unwrap();
    let retried = store.quarantine().retry().unwrap();
    assert_eq!((retried.stored, retried.kept), (3, 0));
    assert_eq!(requests(&store), 3);
}

/// Two at the same time store each record once.
#[test]
fn two_processes_at_once() {
    let (place, store) = with_horizon();
    store.insert_batch(&late(3_000)).unwrap();
    store.retention().reset_horizon(None).unwrap();
    let stores = [&store, &place.open()];
    let stored: u64 = std::thread::scope(|scope| {
        let retries =
            stores.map(|store| scope.spawn(|| store.quarantine().retry().unwrap().stored));
        retries.into_iter().map(|retry| retry.join().unwrap()).sum()
    });
    assert_eq!((stored, requests(&store)), (3_000, 3_001));
}
