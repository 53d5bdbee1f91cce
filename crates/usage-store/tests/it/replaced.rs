//! A ledger that is replaced, restored or deleted while it is open: nothing is written to a file
//! that nobody will find.

use std::fs;

use usage_core::sink::{JournalSink, Position, Replay, SegmentId};
use usage_core::{Error, ErrorKind};
use usage_store::{Store, StoreError, doctor};

use super::support::{Place, record, requests};

/// Returns the words with which each way to write fails.
fn refused(store: &mut Store) -> String {
    let error = store.insert_batch(&[record(50, 1)]).unwrap_err();
    assert!(matches!(error, StoreError::Replaced { .. }), "{error:?}");
    let text = error.to_string();
    let records = [record(60, 1)];
    let replay = Replay {
        segment: SegmentId::from_bytes([1; 16]),
        from: Position { generation: 1, sequence: 0 },
        to: Position { generation: 1, sequence: 1 },
        records: &records,
        damage: &[],
    };
    let same = |error: Error| {
        assert_eq!((error.kind(), error.to_string()), (ErrorKind::Replaced, text.clone()));
        let inner = error.into_inner().downcast::<StoreError>();
        assert!(matches!(inner.as_deref(), Ok(StoreError::Replaced { .. })), "{inner:?}");
    };
    same(JournalSink::replay(store, &replay).unwrap_err());
    same(store.forget(SegmentId::from_bytes([1; 16])).unwrap_err());
    assert_eq!(store.delete_all_records().unwrap_err().to_string(), text);
    assert_eq!(doctor::rebuild(store).unwrap_err().to_string(), text);
    text
}

/// As [`refused`], and nothing counts as safe.
fn noticed(store: &mut Store) -> String {
    let text = refused(store);
    let error = store.make_durable().unwrap_err();
    assert_eq!((error.kind(), error.to_string()), (ErrorKind::Replaced, text.clone()));
    text
}

#[test]
fn what_is_in_place_is_durable() {
    let place = Place::new();
    let mut store = place.open();
    store.make_durable().unwrap();
    store.insert_batch(&[record(1, 1)]).unwrap();
    store.make_durable().unwrap();
    // Everything is in the database, and the log begins anew.
    place.connection().query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    store.make_durable().unwrap();
}

#[test]
fn another_file_in_its_place() {
    let (place, other) = (Place::with_records(3), Place::with_records(2));
    let mut store = place.open();
    let mut linked = {
        let link = place.folder().join("link");
        std::os::unix::fs::symlink(&place.path, &link).unwrap();
        Store::open(link).unwrap()
    };
    fs::rename(&other.path, &place.path).unwrap();
    let text = noticed(&mut store);
    assert_eq!(
        text.replace(&place.path.display().to_string(), "LEDGER"),
        "the ledger LEDGER was replaced by another file while it was open: nothing more is stored \
         until it is opened again"
    );
    noticed(&mut linked);
}

#[test]
fn deleted() {
    let place = Place::with_records(3);
    let mut store = place.open();
    fs::remove_file(&place.path).unwrap();
    let text = noticed(&mut store);
    assert!(text.contains(" was deleted or moved away while it was open: "), "{text}");
    // Put back, it is what it was.
    let place = Place::with_records(3);
    let mut store = place.open();
    let away = place.folder().join("away");
    fs::rename(&place.path, &away).unwrap();
    noticed(&mut store);
    fs::rename(&away, &place.path).unwrap();
    store.insert_batch(&[record(9, 1)]).unwrap();
    store.make_durable().unwrap();
    assert_eq!(requests(&store), 4);
}

/// A copy has the same id, and lacks what was stored since.
#[test]
fn a_copy_that_is_restored() {
    let place = Place::with_records(3);
    let copy = place.folder().join("copy");
    let mut store = place.open();
    place.connection().execute("VACUUM INTO ?1", [copy.to_str()]).unwrap();
    store.insert_batch(&[record(9, 1)]).unwrap();
    let id = store.id().unwrap();
    assert_eq!(Store::open(&copy).unwrap().id().unwrap(), id);
    fs::rename(&copy, &place.path).unwrap();
    noticed(&mut store);
}

/// In place, through SQLite as `.restore` of its shell does it, so that it is the same file.
#[test]
fn another_ledger_in_the_same_file() {
    let place = Place::with_records(3);
    let mut store = place.open();
    let other = place.connection();
    other
        .execute_batch(
            "BEGIN; DELETE FROM records; DELETE FROM rollups_quarter; DELETE FROM rollups_day;
             DELETE FROM rollups_month; DELETE FROM rollups_all;
             UPDATE ledger SET ledger_id = randomblob(16), rollups = NULL; COMMIT",
        )
        .unwrap();
    // As the last one who closes it does; a log alone that speaks of another ledger is another file's.
    other.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    let text = refused(&mut store);
    assert!(text.contains(" was overwritten with another one while it was open: "), "{text}");
    assert_eq!(requests(&place.open()), 0, "it is as it was restored");
}

/// Without its log a ledger lacks what was committed last.
#[test]
fn its_log_is_deleted() {
    let place = Place::with_records(3);
    let mut store = place.open();
    store.insert_batch(&[record(9, 1)]).unwrap();
    fs::remove_file(place.path.with_extension("db-wal")).unwrap();
    let error = store.make_durable().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Replaced);
    assert!(error.to_string().contains(" lost its write-ahead log while it was open: "));
}
