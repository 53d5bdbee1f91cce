//! The effects of `Store::open`, and what it leaves as it is.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use usage_store::{APPLICATION_ID, SCHEMA_VERSION, Store, StoreError, StoreOptions};

use super::child;
use super::support::{Place, record, records, requests};

fn mode(path: impl AsRef<Path>) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn pragma<T: rusqlite::types::FromSql>(connection: &Connection, name: &str) -> T {
    connection.pragma_query_value(None, name, |row| row.get(0)).unwrap()
}

#[test]
fn makes_a_private_folder_and_file() {
    let place = Place::new();
    let path = place.folder().join("a/b/usage.db");
    let store = Store::open(&path).unwrap();
    store.insert_batch(&[record(1, 1)]).unwrap();
    assert_eq!(mode(place.folder().join("a")), 0o700);
    assert_eq!(mode(place.folder().join("a/b")), 0o700);
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.with_extension("db-wal")), 0o600);
    assert_eq!(mode(path.with_extension("db-shm")), 0o600);
}

#[test]
fn leaves_the_mode_of_a_folder_that_is_there() {
    let place = Place::new();
    fs::set_permissions(place.folder(), fs::Permissions::from_mode(0o755)).unwrap();
    place.open();
    assert_eq!((mode(place.folder()), mode(&place.path)), (0o755, 0o600));
}

#[test]
fn sets_what_lives_in_the_file() {
    let place = Place::new();
    let store = place.open();
    let connection = place.connection();
    assert_eq!(pragma::<i32>(&connection, "application_id"), APPLICATION_ID);
    assert_eq!(pragma::<i32>(&connection, "user_version"), SCHEMA_VERSION);
    assert_eq!(pragma::<String>(&connection, "journal_mode"), "wal");
    // 2 is INCREMENTAL.
    assert_eq!(pragma::<i32>(&connection, "auto_vacuum"), 2);
    drop(store);
}

#[test]
fn a_closed_ledger_is_one_file() {
    let place = Place::new();
    let store = place.open();
    store.insert_batch(&[record(1, 1)]).unwrap();
    assert_eq!(requests(&store), 1);
    assert_eq!(place.listing(), ["usage.db", "usage.db-shm", "usage.db-wal"]);
    drop(store);
    assert_eq!(place.listing(), ["usage.db"]);
}

#[test]
fn opening_again_keeps_everything() {
    let place = Place::with_records(3);
    assert_eq!(requests(&place.open()), 3);
    let store = Store::open_existing(&place.path).unwrap();
    store.insert_batch(&[record(9, 1)]).unwrap();
    assert_eq!(records(&store).len(), 4);
    // Any number of times, and beside each other.
    let others = [place.open(), place.open(), Store::open_existing(&place.path).unwrap()];
    others[1].insert_batch(&[record(10, 1)]).unwrap();
    assert!(others.iter().all(|other| requests(other) == 5));
}

#[test]
fn open_existing_makes_nothing() {
    let place = Place::new();
    for path in [place.path.clone(), place.folder().join("no/such/folder.db")] {
        let error = Store::open_existing(&path).unwrap_err();
        assert!(matches!(&error, StoreError::NotFound { path: p } if *p == path), "{error:?}");
    }
    assert!(place.listing().is_empty());
}

/// As another process leaves it between making the file and filling it.
#[test]
fn an_empty_file_is_filled_by_open_and_no_ledger_to_open_existing() {
    let place = Place::new();
    fs::write(&place.path, "").unwrap();
    let error = Store::open_existing(&place.path).unwrap_err();
    assert!(matches!(error, StoreError::NotFound { .. }), "{error:?}");
    assert_eq!(fs::read(&place.path).unwrap(), b"");
    assert_eq!(place.listing(), ["usage.db"]);

    place.open().insert_batch(&[record(1, 1)]).unwrap();
    assert_eq!(requests(&Store::open_existing(&place.path).unwrap()), 1);
    assert_eq!(pragma::<i32>(&place.connection(), "auto_vacuum"), 2);
}

/// `VACUUM INTO` is how people back up; its copy is not in WAL mode.
#[test]
fn a_restored_backup_is_in_wal_mode_again() {
    let place = Place::with_records(3);
    let copy = place.folder().join("copy.db");
    place.connection().execute("VACUUM INTO ?1", [copy.to_str()]).unwrap();
    let mode = || pragma::<String>(&Connection::open(&copy).unwrap(), "journal_mode");
    assert_eq!(mode(), "delete");
    let store = Store::open(&copy).unwrap();
    assert_eq!((requests(&store), mode().as_str()), (3, "wal"));
}

/// SQLite takes such paths for something else.
#[test]
fn any_path_is_a_path() {
    let place = Place::new();
    for name in ["file:usage.db", ":memory:", "100%?mode=ro#x.db", "模 型.db"] {
        let path = place.folder().join(name);
        Store::open(&path).unwrap().insert_batch(&[record(1, 1)]).unwrap();
        assert_eq!(requests(&Store::open_existing(&path).unwrap()), 1, "{name}");
    }
    assert!(Store::open("").is_err());
}

/// The current folder belongs to a process, so this is one.
#[test]
fn a_relative_path_stays_what_it_was() {
    let place = Place::new();
    let mut command = child::command("relative", place.folder());
    child::check(&command.current_dir(place.folder()).output().unwrap());
    assert_eq!(place.listing(), ["usage.db"]);
}

pub(crate) fn relative_to_a_folder_that_is_left(place: &Path) {
    let store = Store::open("usage.db").unwrap();
    std::env::set_current_dir("/").unwrap();
    store.insert_batch(&[record(1, 1)]).unwrap();
    assert_eq!(requests(&store), 1);
    assert_eq!(store.path(), place.join("usage.db"));
}

#[test]
fn through_a_link_it_is_the_same_ledger() {
    let place = Place::with_records(3);
    let link = place.folder().join("link");
    std::os::unix::fs::symlink(&place.path, &link).unwrap();
    let (store, linked) = (place.open(), Store::open_existing(&link).unwrap());
    linked.insert_batch(&[record(9, 1)]).unwrap();
    assert_eq!((requests(&store), requests(&linked)), (4, 4));
    drop((store, linked));
    assert_eq!(place.listing(), ["link", "usage.db"]);
    // A link that leads nowhere is not followed to make a file there.
    fs::remove_file(&place.path).unwrap();
    assert!(Store::open(&link).is_err());
    assert_eq!(place.listing(), ["link"]);
}

#[test]
fn the_options_reach_the_connection() {
    let place = Place::new();
    let mut options = StoreOptions::default();
    assert_eq!(options.readers, 4);
    options.readers = 0;
    options.busy_timeout = Duration::MAX;
    options.synchronous = usage_store::Synchronous::Full;
    let store = options.open(&place.path).unwrap();
    store.insert_batch(&[record(1, 1)]).unwrap();
    // At least one reader.
    assert_eq!(requests(&store), 1);
    assert_eq!(store.path(), place.path);
}

/// A link that leads nowhere is said to be one: nothing was deleted.
#[test]
#[cfg(unix)]
fn a_link_to_nothing() {
    let place = Place::new();
    std::os::unix::fs::symlink(place.folder().join("gone.db"), &place.path).unwrap();
    let error = Store::open(&place.path).unwrap_err();
    let expected = format!(
        "cannot create {}: it is a link to {}, where there is nothing",
        place.path.display(),
        place.folder().join("gone.db").display()
    );
    assert_eq!(usage_core::error::chain(&error), expected);
    assert!(matches!(Store::open_existing(&place.path), Err(StoreError::NotFound { .. })));
    assert_eq!(place.listing(), ["usage.db"]);
}
