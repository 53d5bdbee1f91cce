//! Copies of a ledger that is in use.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rusqlite::Connection;
use usage_core::{Filter, TimeRange};
use usage_store::doctor::{Depth, examine};
use usage_store::{APPLICATION_ID, PruneOptions, PrunePlan, SCHEMA_VERSION, Store, StoreError};

use super::support::{Place, at, record, records, requests, until};

fn pragma(connection: &Connection, name: &str) -> i64 {
    connection.pragma_query_value(None, name, |row| row.get(0)).unwrap()
}

#[test]
fn a_copy_is_a_ledger_with_the_same_content() {
    let place = Place::with_records(20_000);
    let store = place.open();
    store
        .delete(PrunePlan::new(&store, at(5_000), &PruneOptions::default()).unwrap(), |_| {})
        .unwrap();
    let path = place.folder().join("copy.db");
    let backup = store.backup(&path).unwrap();
    assert_eq!((&backup.path, backup.bytes), (&path, path.metadata().unwrap().len()));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    let copy = Store::open_existing(&path).unwrap();
    let all = |store: &Store| store.report(TimeRange::ALL, &Filter::default()).unwrap();
    assert_eq!((all(&copy), records(&copy)), (all(&store), records(&store)));
    assert_eq!(copy.retention().read().unwrap(), store.retention().read().unwrap());
    // And can do all that a ledger can.
    copy.insert_batch(&[record(30_000, 1)]).unwrap();
    assert_eq!((requests(&copy), requests(&store)), (15_001, 15_000));
    let connection = Connection::open(&path).unwrap();
    assert_eq!(pragma(&connection, "application_id"), i64::from(APPLICATION_ID));
    assert_eq!(pragma(&connection, "user_version"), i64::from(SCHEMA_VERSION));
    assert_eq!(pragma(&connection, "auto_vacuum"), 2);
    let mode: String =
        connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
    drop((connection, copy));
    assert!(examine(&path, Depth::Full).unwrap().is_sound());
    drop(store);
    assert_eq!(place.listing(), ["copy.db", "usage.db"]);
}

/// A link that leads nowhere is something too.
#[test]
fn nothing_is_replaced() {
    let place = Place::with_records(3);
    let store = place.open();
    let path = place.folder().join("copy.db");
    let refused = || match store.backup(&path) {
        Err(StoreError::Exists { path }) => path,
        result => panic!("{result:?}"),
    };
    fs::write(&path, "mine").unwrap();
    assert_eq!(refused(), path);
    assert_eq!(fs::read(&path).unwrap(), b"mine");
    fs::remove_file(&path).unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere", &path).unwrap();
        assert_eq!(refused(), path);
        fs::remove_file(&path).unwrap();
    }
    fs::create_dir(&path).unwrap();
    assert_eq!(refused(), path);
    assert!(matches!(store.backup(&place.path), Err(StoreError::Exists { .. })));
    let missing = store.backup(place.folder().join("none/copy.db"));
    assert!(matches!(missing, Err(StoreError::Create { .. })), "{missing:?}");
    drop(store);
    assert_eq!(place.listing(), ["copy.db", "usage.db"], "nothing is left of it");
}

/// Each copy is the ledger at one instant: of a batch, all or nothing.
#[test]
fn others_write_meanwhile() {
    let place = Place::with_records(25_000);
    let (store, other) = (place.open(), place.open());
    let (written, is_done) = (AtomicBool::new(false), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut batch = 0;
            while !is_done.load(Ordering::Relaxed) {
                other.insert_batch(&vec![record(100_000 + batch, 1); 7]).unwrap();
                written.store(true, Ordering::Relaxed);
                batch += 1;
            }
        });
        let mut before = 25_000;
        for number in 0..5 {
            let path = place.folder().join(format!("copy-{number}.db"));
            until("another batch is there", || written.swap(false, Ordering::Relaxed));
            store.backup(&path).unwrap();
            let copied = requests(&Store::open_existing(&path).unwrap());
            assert!(copied > before && (copied - 25_000).is_multiple_of(7), "{before} {copied}");
            assert!(examine(&path, Depth::Full).unwrap().is_sound());
            before = copied;
        }
        is_done.store(true, Ordering::Relaxed);
    });
}
