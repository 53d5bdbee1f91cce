//! Recovery: what stopped programs have left in journals is stored, and what is deleted stays deleted.

use std::fs;
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::sync::Barrier;

use rusqlite::TransactionBehavior;
use usage_core::Record;
use usage_core::sink::{JournalSink, Sink};
use usage_store::doctor::{Advice, Depth, examine};
use usage_store::{SqliteErrorKind, Store, StoreError, StoreOptions};

use super::support::{Place, at, journal, orphan, record, records, requests, segments};

fn batch(range: std::ops::Range<i64>) -> Vec<Record> {
    range.map(|micros| record(micros, 1)).collect()
}

#[test]
fn without_journals_nothing_happens() {
    let place = Place::with_records(3);
    assert_eq!(place.open().journals().recover().unwrap(), Default::default());
    assert_eq!(place.listing(), ["usage.db"]);
}

#[test]
fn what_was_left_is_stored_once() {
    let place = Place::with_records(3);
    let mut store = place.open();
    let folder = orphan(&mut store, &batch(10..30));
    drop(journal(&store, &folder, &batch(30..35)));
    let recovered = store.journals().recover().unwrap();
    assert_eq!((recovered.stored, recovered.segments, recovered.lost), (25, 2, 0));
    assert_eq!(requests(&store), 28);
    assert!(!folder.exists());
    assert_eq!(store.journals().recover().unwrap(), Default::default());
    // Positions go with their segments.
    let positions: i64 =
        place.connection().query_row("SELECT count(*) FROM sources", [], |row| row.get(0)).unwrap();
    assert_eq!(positions, 0);
}

#[test]
fn every_folder_is_looked_into() {
    let place = Place::new();
    let folders = ["one", "two"].map(|name| place.folder().join(name));
    for (folder, range) in folders.iter().zip([0..5, 5..9]) {
        let mut options = StoreOptions::default();
        options.journal_folder = Some(folder.clone());
        let mut store = options.open(&place.path).unwrap();
        assert_eq!(orphan(&mut store, &batch(range)), *folder);
    }
    let mut store = place.open();
    let beside = orphan(&mut store, &batch(9..10));
    let [one, two] = folders;
    assert_eq!(store.journal().unwrap().journal_folders().unwrap(), [beside, one, two]);
    assert_eq!(store.journals().backlog().unwrap().of_stopped(), 10);
    assert_eq!(store.journals().recover().unwrap().stored, 10);
    assert_eq!(place.listing(), ["usage.db", "usage.db-shm", "usage.db-wal"]);
}

/// A copy has the same id and remembers the same folders. What waits there is the original's, also
/// while the disk of that is away.
#[test]
fn a_copy_takes_nothing_from_the_original() {
    let place = Place::new();
    let folder = place.folder().join("elsewhere");
    let mut options = StoreOptions::default();
    options.journal_folder = Some(folder.clone());
    let mut store = options.open(&place.path).unwrap();
    orphan(&mut store, &batch(0..5));
    drop(store);
    let copy = place.folder().join("copy.db");
    fs::copy(&place.path, &copy).unwrap();
    let stored = |path| Store::open(path).unwrap().journals().recover().unwrap().stored;
    assert_eq!((stored(&copy), segments(&folder).len()), (0, 1));
    let (moved, disk) = (place.folder().join("moved.db"), place.folder().join("disk"));
    fs::create_dir(&disk).unwrap();
    fs::rename(&place.path, disk.join("usage.db")).unwrap();
    assert_eq!((stored(&copy), segments(&folder).len()), (0, 1));
    // A person is asked which it is.
    let advice = examine(&copy, Depth::Quick).unwrap().advice;
    let ledger = place.folder().canonicalize().unwrap().join("usage.db");
    assert_eq!(advice, [Advice::JournalElsewhere { folder: folder.clone(), ledger }]);
    // Moved, it is the ledger itself.
    fs::rename(disk.join("usage.db"), &moved).unwrap();
    assert_eq!(stored(&moved), 5);
}

#[test]
fn nothing_that_is_deleted_comes_back() {
    let place = Place::with_records(3);
    let mut store = place.open();
    orphan(&mut store, &batch(0..20));
    assert_eq!(store.prune_records(at(10)).unwrap(), 13);
    assert_eq!(store.journals().recover().unwrap().stored, 0);
    assert_eq!(requests(&store), 10);

    // Ten of these are older than what was deleted: recorded again, they are refused.
    orphan(&mut store, &batch(0..20));
    assert_eq!(store.delete_all_records().unwrap(), 20);
    assert_eq!(store.journals().recover().unwrap().stored, 0);
    assert_eq!(requests(&store), 0);
}

/// A running process stores its own, before or after.
#[test]
fn a_running_owner_is_left_alone() {
    let place = Place::new();
    let mut store = place.open();
    let folder = store.journal_folder().unwrap();
    let (journal, mut tail) = journal(&store, &folder, &batch(0..20));
    let recovered = store.journals().recover().unwrap();
    assert_eq!((recovered.stored, recovered.live), (0, 1));
    assert_eq!(store.delete_all_records().unwrap(), 0);
    assert_eq!(tail.load(1_000).unwrap(), 20);
    tail.store(&mut store).unwrap();
    assert_eq!(requests(&store), 20);
    // What it has stored and what was deleted then stays deleted, also when it is killed.
    assert_eq!(store.delete_all_records().unwrap(), 20);
    drop((journal, tail));
    assert_eq!(store.journals().recover().unwrap().stored, 0);
    assert_eq!(requests(&store), 0);
}

#[test]
fn all_at_once_store_each_record_once() {
    let place = Place::new();
    let mut store = place.open();
    let mut expected = Vec::new();
    for start in 0..6 {
        let batch = batch(start * 3_000..(start + 1) * 3_000);
        orphan(&mut store, &batch);
        expected.extend(batch);
    }
    let barrier = Barrier::new(4);
    let stored: u64 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let store = place.open();
                    barrier.wait();
                    store.journals().recover().unwrap().stored
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(stored, expected.len() as u64);
    let mut found = records(&store);
    found.reverse();
    assert!(found == expected);
    assert!(!store.journal_folder().unwrap().exists());
}

/// Checks that nothing is deleted around what could not be stored.
#[test]
fn a_deletion_waits_for_what_cannot_be_stored() {
    let place = Place::with_records(3);
    let mut store = place.open_hasty();
    let folder = orphan(&mut store, &batch(10..20));
    let mut other = place.connection();
    let lock = other.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    let error = store.delete_all_records().unwrap_err();
    assert_eq!(error.sqlite_kind(), Some(SqliteErrorKind::Busy), "{error:?}");
    drop(lock);

    // A folder where the segment lies: it cannot be opened, by whomever.
    let [segment] = segments(&folder).try_into().unwrap();
    let away = place.folder().join("away");
    fs::rename(&segment, &away).unwrap();
    fs::create_dir(&segment).unwrap();
    for error in [store.delete_all_records().unwrap_err(), store.prune_records(at(9)).unwrap_err()]
    {
        assert!(matches!(error, StoreError::Journal { .. }), "{error:?}");
        let start = format!("cannot store what waits in the journal {}: cannot ", folder.display());
        let text = usage_core::error::chain(&error);
        assert!(text.starts_with(&start), "{text}");
    }
    assert_eq!(requests(&store), 3);
    fs::remove_dir(&segment).unwrap();
    fs::rename(&away, &segment).unwrap();
    assert_eq!(store.delete_all_records().unwrap(), 13);
}

/// They are none of this ledger's business, or nobody's.
#[test]
fn other_files_stop_no_deletion() {
    let place = Place::with_records(3);
    let mut store = place.open();
    let folder = orphan(&mut store, &batch(10..20));
    let other = Place::with_records(1);
    drop(journal(&other.open(), &folder, &batch(0..5)));
    fs::write(folder.join("notes.txt"), "mine").unwrap();
    fs::write(folder.join(format!("{:032x}.segment", 1)), vec![0xFF; 8_192]).unwrap();
    let recovered = store.journals().recover().unwrap();
    assert_eq!(recovered.stored, 10);
    assert_eq!((recovered.foreign.len(), recovered.unreadable.len()), (1, 1));
    assert_eq!(store.delete_all_records().unwrap(), 13);
    assert!(recovered.foreign[0].exists() && recovered.unreadable[0].exists());
    assert!(folder.join("notes.txt").exists());
}

/// It costs what it hit; its bytes are kept in the ledger.
#[test]
fn damage_is_passed_over_and_quarantined() {
    let place = Place::new();
    let mut store = place.open();
    let folder = store.journal_folder().unwrap();
    let (mut journal, tail) = journal(&store, &folder, &batch(0..10));
    journal.append(&batch(10..20)).unwrap();
    journal.publish();
    drop((journal, tail));
    // In the payload of the first frame.
    let [segment] = segments(&folder).try_into().unwrap();
    let file = fs::File::options().write(true).open(&segment).unwrap();
    file.write_all_at(&[0xA5; 8], 128 + 28 + 4).unwrap();
    drop(file);
    let waiting = store.journals().backlog().unwrap();
    assert_eq!((waiting.of_stopped(), waiting.segments[0].damage.len()), (10, 1));
    let recovered = store.journals().recover().unwrap();
    assert_eq!((recovered.stored, recovered.lost, recovered.damaged), (10, 10, 1));
    assert_eq!(recovered.unknown, 0);
    let kept: (i64, i64) = place
        .connection()
        .query_row("SELECT count(*), sum(records) FROM set_aside", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert_eq!(kept, (1, 10));
    assert!(!folder.exists());
}

/// Behind what cannot be read at the end there may be anything: nobody knows how much is lost.
#[test]
fn a_loss_of_unknown_number() {
    let place = Place::new();
    let mut store = place.open();
    let folder = orphan(&mut store, &batch(0..10));
    let [segment] = segments(&folder).try_into().unwrap();
    let file = fs::File::options().write(true).open(&segment).unwrap();
    file.write_all_at(&[0xA5; 64], 128).unwrap();
    drop(file);
    let recovered = store.journals().recover().unwrap();
    let found = (recovered.stored, recovered.lost, recovered.damaged, recovered.unknown);
    assert_eq!(found, (0, 0, 1, 1));
}

/// A segment is given up only when its records are in the file that others will find.
#[test]
fn a_ledger_that_was_replaced_gets_nothing() {
    let place = Place::with_records(3);
    let mut store = place.open();
    let copy = place.folder().join("copy");
    place.connection().execute("VACUUM INTO ?1", [copy.to_str()]).unwrap();
    let folder = orphan(&mut store, &batch(10..20));
    fs::rename(&copy, &place.path).unwrap();
    let error = store.journals().recover().unwrap_err();
    assert!(matches!(error, StoreError::Replaced { .. }), "{error:?}");
    assert_eq!(segments(&folder).len(), 1);
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    drop(store);
    let store = place.open();
    assert_eq!(store.journals().recover().unwrap().stored, 10);
    assert_eq!(requests(&store), 13);
}
