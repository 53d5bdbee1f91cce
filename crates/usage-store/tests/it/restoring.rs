//! Copies that are put in the place of a ledger, and taken back.

use std::fs;
use std::path::Path;

use usage_store::doctor::{Depth, examine};
use usage_store::restore::{restore, undo};
use usage_store::{Store, StoreError};

use super::support::{Place, open_patient, record, requests};

/// A ledger of ten records with a copy, and five more since.
fn fifteen() -> (Place, std::path::PathBuf) {
    let place = Place::with_records(10);
    let copy = place.folder().join("copy.db");
    let store = place.open();
    store.backup(&copy).unwrap();
    let later: Vec<_> = (10..15).map(|micros| record(micros, 1)).collect();
    store.insert_batch(&later).unwrap();
    drop(store);
    (place, copy)
}

fn count(path: &Path) -> u64 {
    requests(&Store::open_existing(path).unwrap())
}

#[test]
fn a_copy_comes_back_and_goes_again() {
    let (place, copy) = fifteen();
    let before = fs::read(&place.path).unwrap();
    let restored = restore(&place.path, &copy).unwrap();
    assert_eq!(restored.kept, place.folder().join("usage.db.replaced-1"));
    assert_eq!((restored.later, restored.is_same_ledger), (Some(5), Some(true)));
    assert_eq!(count(&place.path), 10);
    assert!(examine(&place.path, Depth::Full).unwrap().is_sound());
    assert_eq!(place.listing(), ["copy.db", "usage.db", "usage.db.replaced-1"]);
    // What was recorded meanwhile is kept by the undoing.
    place.open().insert_batch(&[record(99, 1)]).unwrap();
    undo(&place.path).unwrap();
    assert!(fs::read(&place.path).unwrap() == before, "to the byte");
    assert_eq!(count(&place.path), 15);
    undo(&place.path).unwrap();
    assert_eq!(count(&place.path), 11);
    assert_eq!(place.listing(), ["copy.db", "usage.db", "usage.db.replaced-1"]);
    // Each restoration keeps what it replaces by itself.
    restore(&place.path, &copy).unwrap();
    assert_eq!(count(&place.path), 10);
    undo(&place.path).unwrap();
    assert_eq!(count(&place.path), 11);
}

/// A copy that goes a way of its own hands out other ids under the same numbers.
#[test]
fn a_copy_that_is_restored_begins_an_epoch() {
    let (place, copy) = fifteen();
    let epoch = |path: &Path| -> Vec<u8> {
        let connection = rusqlite::Connection::open(path).unwrap();
        connection.query_row("SELECT epoch FROM ledger", [], |row| row.get(0)).unwrap()
    };
    let was = epoch(&place.path);
    restore(&place.path, &copy).unwrap();
    assert_ne!(epoch(&place.path), was);
    undo(&place.path).unwrap();
    assert_eq!(epoch(&place.path), was);
}

/// A killed program has left its last transactions in the log alone.
#[test]
fn the_log_of_what_is_replaced_is_kept_and_hides_nothing() {
    let (place, copy) = fifteen();
    let killed = Place::new();
    let store = place.open();
    store.insert_batch(&[record(50, 1)]).unwrap();
    for name in ["usage.db", "usage.db-wal"] {
        fs::copy(place.folder().join(name), killed.folder().join(name)).unwrap();
    }
    let logged = fs::read(killed.folder().join("usage.db-wal")).unwrap();
    assert!(logged.len() > 32);
    restore(&killed.path, &copy).unwrap();
    assert_eq!(count(&killed.path), 10);
    undo(&killed.path).unwrap();
    assert!(fs::read(killed.folder().join("usage.db-wal")).unwrap() == logged);
    assert_eq!(count(&killed.path), 16);
    drop(store);
}

#[test]
fn where_there_is_no_ledger_or_a_wreck() {
    let (place, copy) = fifteen();
    let other = Place::new();
    let restored = restore(&other.path, &copy).unwrap();
    assert_eq!((count(&other.path), restored.later), (10, None));
    assert!(matches!(undo(&other.path), Err(StoreError::NothingReplaced { .. })));
    // Without a header, with a torn page, and what is no ledger at all.
    let whole = fs::read(&place.path).unwrap();
    for wreck in [vec![7; 5_000], [&whole[..8_192], &vec![0xa5; whole.len() - 8_192][..]].concat()]
    {
        fs::write(&place.path, &wreck).unwrap();
        restore(&place.path, &copy).unwrap();
        assert_eq!(count(&place.path), 10);
        undo(&place.path).unwrap();
        assert!(fs::read(&place.path).unwrap() == wreck);
    }
}

#[test]
fn what_cannot_be_restored_changes_nothing() {
    let (place, copy) = fifteen();
    let before = fs::read(&place.path).unwrap();
    let names = place.listing();
    let damaged = place.folder().join("damaged.db");
    let mut bytes = fs::read(&copy).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 4_096].fill(0xa5);
    fs::write(&damaged, bytes).unwrap();
    assert!(restore(&place.path, &damaged).unwrap_err().is_damage());
    fs::remove_file(&damaged).unwrap();
    assert!(matches!(restore(&place.path, &place.path), Err(StoreError::ItsOwnCopy { .. })));
    let missing = restore(&place.path, place.folder().join("none.db"));
    assert!(matches!(missing, Err(StoreError::NotFound { .. })));
    assert!(matches!(undo(&place.path), Err(StoreError::NothingReplaced { .. })));
    let store = place.open();
    match restore(&place.path, &copy) {
        Err(StoreError::InUse { .. }) => {}
        other => panic!("{other:?}"),
    }
    drop(store);
    assert_eq!(place.listing(), names);
    assert!(fs::read(&place.path).unwrap() == before);
}

/// Whoever finds a folder that is ready carries it out, whoever finds one that is not removes it; wherever it stopped.
#[test]
fn a_killed_restoration_is_done_or_undone() {
    for ready in [false, true] {
        for stop in 0..4 {
            let (place, copy) = fifteen();
            let at = |name: &str| place.folder().join(name);
            let folder = at("usage.db.restoring");
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join("lock"), "").unwrap();
            fs::copy(&copy, folder.join("new.db")).unwrap();
            fs::hard_link(&place.path, folder.join("old.db")).unwrap();
            if ready {
                fs::write(folder.join("ready"), "1").unwrap();
                if stop > 0 {
                    fs::rename(folder.join("new.db"), &place.path).unwrap();
                }
                if stop > 1 {
                    fs::rename(&folder, at("usage.db.replaced-1")).unwrap();
                }
                if stop > 2 {
                    fs::remove_file(at("usage.db.replaced-1/ready")).unwrap();
                }
            }
            let store = open_patient(&place.path);
            assert_eq!(requests(&store), if ready { 10 } else { 15 }, "{ready} {stop}");
            store.insert_batch(&[record(77, 1)]).unwrap();
            drop(store);
            assert!(!folder.exists());
            if ready {
                undo(&place.path).unwrap();
                assert_eq!(count(&place.path), 15);
            }
        }
    }
}

/// The write-ahead log that an original has left where its copy lies now.
#[test]
fn a_log_of_another_file_is_noticed_and_left() {
    let place = Place::with_records(10);
    let copy = place.folder().join("copy.db");
    let store = place.open();
    store.backup(&copy).unwrap();
    store.insert_batch(&[record(50, 1)]).unwrap();
    // And one of a ledger that was begun anew, all of which is in its log.
    let fresh = Place::new();
    let of_fresh = fresh.open();
    of_fresh.insert_batch(&[]).unwrap();
    let log = |path: &Path| path.with_file_name("usage.db-wal");
    let short = place.folder().join("short");
    fs::copy(log(&place.path), &short).unwrap();
    // One whose pages do not even make a database together with those of the copy.
    store.insert_batch(&(60..5_000).map(|micros| record(micros, 1)).collect::<Vec<_>>()).unwrap();
    for from in [short, log(&place.path), log(&fresh.path)] {
        let other = Place::new();
        fs::copy(&copy, &other.path).unwrap();
        fs::copy(&from, log(&other.path)).unwrap();
        let before = fs::read(&other.path).unwrap();
        for error in [
            Store::open_existing(&other.path).unwrap_err(),
            Store::open(&other.path).unwrap_err(),
            examine(&other.path, Depth::Quick).unwrap_err(),
            restore(place.folder().join("new.db"), &other.path).unwrap_err(),
        ] {
            let told = error.to_string();
            assert!(
                told.contains("write-ahead log of another file") && error.is_damage(),
                "{told}"
            );
        }
        assert!(fs::read(&other.path).unwrap() == before);
        fs::remove_file(log(&other.path)).unwrap();
        assert_eq!(count(&other.path), 10);
    }
    drop((store, of_fresh));
}
