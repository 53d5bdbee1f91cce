//! The ledger's part of a journal: positions, and records stored exactly once.

use std::time::Duration;

use rusqlite::TransactionBehavior;
use usage_core::sink::{
    Damage, DamageReason, JournalSink, Position, Replay, ReplayOutcome, SegmentId, Sink,
};
use usage_core::{ErrorKind, Record};
use usage_store::{Store, StoreOptions};

use super::support::{Place, record, records, requests, with_event};

const SEGMENT: SegmentId = SegmentId::from_bytes([7; 16]);

fn at(generation: u64, sequence: u64) -> Position {
    Position { generation, sequence }
}

/// Replays records from a position on; `Ok` with how many were stored, or where the ledger stands.
fn replay(store: &mut Store, from: Position, records: &[Record]) -> Result<u64, Position> {
    let to = at(from.generation, from.sequence + records.len() as u64);
    let replay = Replay { segment: SEGMENT, from, to, records, damage: &[] };
    match JournalSink::replay(store, &replay).unwrap() {
        ReplayOutcome::Stored(outcome) => {
            assert_eq!(outcome.total(), records.len() as u64);
            Ok(outcome.stored)
        }
        ReplayOutcome::Moved(position) => Err(position),
    }
}

fn batch(count: i64) -> Vec<Record> {
    (0..count).map(|micros| record(micros, 1)).collect()
}

#[test]
fn what_is_replayed_twice_is_stored_once() {
    let place = Place::new();
    let (mut store, mut other) = (place.open(), place.open());
    assert_eq!(store.position(SEGMENT).unwrap(), None);
    assert_eq!(replay(&mut store, at(1, 0), &batch(5)), Ok(5));
    // Again by itself, whose commit seemed to fail, and by somebody else.
    assert_eq!(replay(&mut store, at(1, 0), &batch(5)), Err(at(1, 5)));
    assert_eq!(replay(&mut other, at(1, 0), &batch(5)), Err(at(1, 5)));
    assert_eq!(replay(&mut other, at(1, 5), &batch(2)), Ok(2));
    assert_eq!(replay(&mut store, at(1, 5), &batch(9)), Err(at(1, 7)));
    assert_eq!((requests(&store), store.position(SEGMENT).unwrap()), (7, Some(at(1, 7))));
    // Too far ahead is no better.
    assert_eq!(replay(&mut store, at(1, 9), &batch(1)), Err(at(1, 7)));
    assert_eq!(requests(&store), 7);
}

#[test]
fn generations() {
    let place = Place::new();
    let mut store = place.open();
    // Unknown so far: whatever the generation, it begins at its start.
    assert_eq!(replay(&mut store, at(3, 1), &batch(1)), Err(at(3, 0)));
    assert_eq!(replay(&mut store, at(3, 0), &batch(4)), Ok(4));
    // Of an older one all is stored.
    assert_eq!(replay(&mut store, at(2, 0), &batch(1)), Err(at(3, 4)));
    assert_eq!(replay(&mut store, at(2, 4), &batch(1)), Err(at(3, 4)));
    // Of a newer one nothing is.
    assert_eq!(replay(&mut store, at(5, 4), &batch(1)), Err(at(5, 0)));
    assert_eq!(replay(&mut store, at(5, 0), &batch(2)), Ok(2));
    assert_eq!((requests(&store), store.position(SEGMENT).unwrap()), (6, Some(at(5, 2))));
}

#[test]
fn positions_survive_and_are_each_segments_own() {
    let place = Place::new();
    replay(&mut place.open(), at(1, 0), &batch(3)).unwrap();
    let mut store = place.open();
    assert_eq!(store.position(SEGMENT).unwrap(), Some(at(1, 3)));
    assert_eq!(store.position(SegmentId::from_bytes([8; 16])).unwrap(), None);
    // Deleting everything brings nothing back.
    store.delete_all_records().unwrap();
    assert_eq!(replay(&mut store, at(1, 0), &batch(3)), Err(at(1, 3)));
    assert_eq!(requests(&store), 0);
    store.forget(SEGMENT).unwrap();
    assert_eq!(place.open().position(SEGMENT).unwrap(), None);
    // What is forgotten already can be forgotten again.
    store.forget(SEGMENT).unwrap();
}

/// The records and the position are one: with either of them, the other would be wrong.
#[test]
fn a_replay_that_fails_leaves_nothing() {
    let place = Place::new();
    let mut store = place.open();
    let connection = place.connection();
    connection
        .execute_batch(
            "CREATE TRIGGER sabotage BEFORE UPDATE OF next_record_id ON ledger
             BEGIN SELECT RAISE(ABORT, 'no'); END",
        )
        .unwrap();
    let (records, damage) = (batch(3), [damaged(b"bytes")]);
    let replay = Replay {
        segment: SEGMENT,
        from: at(1, 0),
        to: at(1, 3),
        records: &records,
        damage: &damage,
    };
    let error = JournalSink::replay(&mut store, &replay).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Other);
    let quarantined = "SELECT count(*) FROM set_aside";
    let count = || connection.query_row(quarantined, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!((requests(&store), store.position(SEGMENT).unwrap(), count()), (0, None, 0));
    connection.execute_batch("DROP TRIGGER sabotage").unwrap();
    JournalSink::replay(&mut store, &replay).unwrap();
    assert_eq!(
        (requests(&store), store.position(SEGMENT).unwrap(), count()),
        (3, Some(at(1, 3)), 1)
    );
    assert!(matches!(
        JournalSink::replay(&mut store, &replay).unwrap(),
        ReplayOutcome::Moved(position) if position == at(1, 3)
    ));
    assert_eq!(count(), 1);
}

fn damaged(bytes: &[u8]) -> Damage {
    Damage {
        offset: 128,
        length: bytes.len() as u64,
        records: Some(4),
        reason: DamageReason::Checksum,
        bytes: bytes.to_vec(),
    }
}

/// With the position moved past it, and with all that is known of it.
#[test]
fn damage_is_quarantined() {
    let place = Place::new();
    let mut store = place.open();
    let damage = [damaged(b"\xF7USG"), Damage { records: None, ..damaged(b"") }];
    let replay =
        Replay { segment: SEGMENT, from: at(2, 0), to: at(2, 4), records: &[], damage: &damage };
    JournalSink::replay(&mut store, &replay).unwrap();
    assert_eq!(store.position(SEGMENT).unwrap(), Some(at(2, 4)));
    let row = "SELECT kind, content, reason, records, segment, generation, place, bytes
               FROM set_aside ORDER BY id LIMIT 1";
    place
        .connection()
        .query_row(row, [], |row| {
            assert_eq!(row.get::<_, String>(0)?, "journal");
            assert_eq!(row.get::<_, Vec<u8>>(1)?, b"\xF7USG");
            assert_eq!(row.get::<_, String>(2)?, DamageReason::Checksum.to_string());
            assert_eq!(row.get::<_, Option<i64>>(3)?, Some(4));
            assert_eq!(row.get::<_, [u8; 16]>(4)?, *SEGMENT.as_bytes());
            let numbers: [i64; 3] = [row.get(5)?, row.get(6)?, row.get(7)?];
            assert_eq!(numbers, [2, 128, 4]);
            Ok(())
        })
        .unwrap();
    store.delete_all_records().unwrap();
    let left: i64 = place
        .connection()
        .query_row("SELECT count(*) FROM set_aside", [], |row| row.get(0))
        .unwrap();
    assert_eq!(left, 0);
}

/// Event ids and names mean in a replay what they mean in a batch.
#[test]
fn a_replay_counts_as_a_batch_does() {
    let place = Place::new();
    let mut store = place.open();
    store.insert_batch(&[with_event(record(1, 1), "e")]).unwrap();
    let records = [with_event(record(1, 1), "e"), with_event(record(2, 9), "e"), record(3, 1)];
    let replay =
        Replay { segment: SEGMENT, from: at(1, 0), to: at(1, 3), records: &records, damage: &[] };
    let ReplayOutcome::Stored(outcome) = JournalSink::replay(&mut store, &replay).unwrap() else {
        panic!("it stands at the start");
    };
    let refused: Vec<_> = outcome.refused.iter().map(|refusal| refusal.index).collect();
    assert_eq!((outcome.stored, outcome.duplicates, refused.as_slice()), (1, 1, [1].as_slice()));
    assert_eq!(requests(&store), 2);
}

#[test]
fn many_stores_replay_the_same_segment_at_once() {
    let place = Place::new();
    drop(place.open());
    let all = batch(400);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let (mut store, mut stands) = (place.open(), at(1, 0));
                while stands.sequence < all.len() as u64 {
                    let next = &all[usize::try_from(stands.sequence).unwrap()..];
                    let next = &next[..next.len().min(7)];
                    stands = match replay(&mut store, stands, next) {
                        Ok(stored) => at(1, stands.sequence + stored),
                        Err(moved) => moved,
                    };
                }
            });
        }
    });
    let mut stored = records(&place.open());
    stored.reverse();
    assert!(stored == all, "{} records", stored.len());
}

/// The same folder whatever path leads to the ledger.
#[test]
fn the_folder_lies_beside_the_ledgers_file() {
    let place = Place::new();
    let expected = place.folder().canonicalize().unwrap().join("usage.db.journal");
    assert_eq!(place.open().journal().unwrap().journal_folder().unwrap(), expected);
    let link = place.folder().join("link");
    std::os::unix::fs::symlink(&place.path, &link).unwrap();
    assert_eq!(Store::open(&link).unwrap().journal_folder().unwrap(), expected);
    assert!(!expected.exists(), "whoever keeps a journal makes it");
}

#[test]
fn another_folder_is_remembered() {
    let place = Place::new();
    let folder = place.folder().join("elsewhere \u{fffd}");
    for _ in 0..2 {
        let mut options = StoreOptions::default();
        options.journal_folder = Some(folder.clone());
        let mut store = options.open(&place.path).unwrap();
        assert_eq!(store.journal_folder().unwrap(), folder);
    }
    let connection = place.connection();
    let paths: Vec<Vec<u8>> = connection
        .prepare("SELECT path FROM journal_folders")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(paths, [folder.as_os_str().as_encoded_bytes()]);
}

#[test]
fn failures_have_their_kinds() {
    let place = Place::new();
    drop(place.open());
    let mut options = StoreOptions::default();
    options.busy_timeout = Duration::from_millis(10);
    let mut store = options.open(&place.path).unwrap();
    let mut kind = || store.store(&[record(1, 1)]).unwrap_err().kind();
    let mut other = place.connection();
    let lock = other.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    assert_eq!(kind(), ErrorKind::Busy);
    drop(lock);
    other.pragma_update(None, "user_version", 99).unwrap();
    assert_eq!(kind(), ErrorKind::Replaced);
}
