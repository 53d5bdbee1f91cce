//! The origin is only read: every file in its folder is the same afterwards, whoever has it open.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use usage_import::ImportError;
use usage_store::{SqliteErrorKind, StoreOptions};

use super::other_process::{OtherProcess, ROWS};
use super::support::{NEWER, Place, import, requests, until};

/// Imports, and says how many rows; the folder is the same before and after.
fn imported(place: &Place) -> u64 {
    let before = place.files();
    let outcome = place.import();
    let after = place.files();
    let names = |files: &std::collections::BTreeMap<String, Vec<u8>>| {
        files.iter().map(|(name, bytes)| format!("{name}: {}", bytes.len())).collect::<Vec<_>>()
    };
    assert_eq!(names(&before), names(&after));
    for (name, bytes) in before {
        assert!(after[&name] == bytes, "{name} has changed");
    }
    outcome.counts[0]
}

fn listing(place: &Place) -> Vec<String> {
    place.files().into_keys().collect()
}

#[test]
fn of_an_immutable_one() {
    let place = Place::with_rows(3_000);
    assert_eq!(listing(&place), ["origin.db"]);
    assert_eq!(imported(&place), 3_000);
    place.add(3_001..=3_005);
    assert_eq!(imported(&place), 5);
}

#[test]
fn of_one_in_a_folder_that_cannot_be_written() {
    let place = Place::with_rows(10);
    let folder = place.path.parent().unwrap().to_owned();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o500)).unwrap();
    assert_eq!(imported(&place), 10);
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn of_one_that_is_open() {
    let place = Place::new(NEWER);
    let other = OtherProcess::start("has it open", &place.path);
    assert_eq!(listing(&place), ["origin.db", "origin.db-shm", "origin.db-wal"]);
    assert_eq!(imported(&place), 50);
    other.end();
    assert_eq!(listing(&place), ["origin.db"]);
}

#[test]
fn of_one_whose_owner_was_killed() {
    let place = Place::new(NEWER);
    OtherProcess::start("has it open", &place.path).kill();
    assert_eq!(listing(&place), ["origin.db", "origin.db-shm", "origin.db-wal"]);
    assert_eq!(imported(&place), 50);
    // As a copy of the two files would be, or after a restart of some machines.
    fs::remove_file(place.beside("origin.db-shm")).unwrap();
    place.store().delete_all_records().unwrap();
    fs::remove_file(place.ledger()).unwrap();
    assert_eq!(imported(&place), 50);
    // The owner comes back and misses nothing.
    place.add([51]);
    assert_eq!(listing(&place), ["origin.db"]);
    assert_eq!(imported(&place), 1);
}

#[test]
fn of_one_that_was_killed_in_a_transaction() {
    let place = Place::with_rows(1_000);
    OtherProcess::start("is in a transaction", &place.path).kill();
    assert_eq!(listing(&place), ["origin.db", "origin.db-journal"]);
    // Not one row of the transaction, which has reached the file already.
    assert_eq!(imported(&place), 1_000);
}

#[test]
fn of_one_that_is_not_in_wal_mode() {
    let place = Place::with_rows(20);
    place.execute("PRAGMA journal_mode = DELETE");
    assert_eq!(imported(&place), 20);
}

/// Every row arrives over repeated imports, and the writer, which gives up at any lock, sees
/// none.
#[test]
fn of_one_that_is_being_written() {
    let place = Place::new(NEWER);
    let store = place.store();
    let mut other = OtherProcess::start("writes", &place.path);
    // There is more than this to come.
    assert_eq!(import(&store, &place.path).unwrap().counts, [1, 0, 0, 0]);
    other.go_on();
    until("all rows are imported", || {
        assert!(other.is_running(), "it met an error");
        let outcome = import(&store, &place.path).unwrap();
        assert_eq!(outcome.counts[1..3], [0, 0]);
        requests(&store) == ROWS as u64
    });
    other.end();
    assert_eq!(import(&store, &place.path).unwrap().counts, [0, 0, 0, ROWS as u64]);
    assert_eq!(listing(&place), ["origin.db"]);
}

#[test]
fn one_that_is_locked_is_refused() {
    for role in ["has it alone", "has it locked"] {
        let place = Place::with_rows(10);
        let mut options = StoreOptions::default();
        options.busy_timeout = Duration::from_millis(20);
        let store = options.open(place.ledger()).unwrap();
        let other = OtherProcess::start(role, &place.path);
        let names = || -> Vec<_> {
            let entries = fs::read_dir(place.path.parent().unwrap()).unwrap();
            let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names
        };
        let before = names();
        match import(&store, &place.path).unwrap_err() {
            ImportError::Unreadable(error) => {
                assert_eq!(error.sqlite_kind(), Some(SqliteErrorKind::Busy));
                let expected = ": it is locked by another process";
                assert!(usage_core::error::chain(&error).ends_with(expected), "{role}: {error:?}");
            }
            error => panic!("{role}: {error:?}"),
        }
        assert_eq!(names(), before, "{role}");
        other.end();
        assert!(import(&store, &place.path).unwrap().counts[0] >= 10, "{role}");
    }
}
