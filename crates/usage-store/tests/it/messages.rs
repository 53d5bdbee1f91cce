//! The messages that people read when something fails: one line, what was done to what, and why.

use std::fs;

use rusqlite::TransactionBehavior;
use usage_core::error::chain;
use usage_core::{Filter, Hint, TimeRange};
use usage_store::{SCHEMA_VERSION, Store, StoreError};

use super::support::{Place, range, record};

/// The message with the path, which differs from run to run, as `LEDGER`.
fn message(place: &Place, error: &StoreError) -> String {
    let text = chain(error);
    assert!(!text.contains('\n') && !text.ends_with('.'), "{text:?}");
    text.replace(place.path.to_str().unwrap(), "LEDGER")
}

fn opening(place: &Place) -> String {
    message(place, &Store::open_existing(&place.path).unwrap_err())
}

#[test]
fn of_opening() {
    let place = Place::new();
    assert_eq!(opening(&place), "there is no ledger at LEDGER");
    fs::write(&place.path, "text").unwrap();
    assert_eq!(opening(&place), "LEDGER is not a usage ledger: it is no SQLite database");
    let below = Store::open(place.path.join("usage.db")).unwrap_err();
    assert_eq!(
        message(&place, &below),
        "cannot look for a ledger at LEDGER/usage.db: Not a directory (os error 20)"
    );

    let place = Place::new();
    place.connection().execute_batch("CREATE TABLE t (x)").unwrap();
    let expected = "LEDGER is not a usage ledger: it is another program's SQLite database";
    assert_eq!(opening(&place), expected);

    let place = Place::with_records(1);
    place.connection().pragma_update(None, "user_version", 7).unwrap();
    let expected = format!(
        "the ledger LEDGER has schema version 7, this program knows up to {SCHEMA_VERSION}"
    );
    assert_eq!(opening(&place), expected);

    let place = Place::with_records(2_000);
    fs::OpenOptions::new().write(true).open(&place.path).unwrap().set_len(9_000).unwrap();
    let expected =
        "cannot open the ledger LEDGER: it is damaged (database disk image is malformed)";
    assert_eq!(opening(&place), expected);
}

#[test]
fn of_writing() {
    let place = Place::with_records(1);
    let store = place.open_hasty();
    let mut other = place.connection();
    let lock = other.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    let expected = "cannot write to the ledger LEDGER: it is locked by another process";
    let insert = || message(&place, &store.insert_batch(&[record(1, 1)]).unwrap_err());
    assert_eq!(insert(), expected);
    drop(lock);
    other.pragma_update(None, "user_version", SCHEMA_VERSION + 1).unwrap();
    let expected = format!(
        "the ledger LEDGER was migrated to schema version {} by another program, this one knows \
         version {SCHEMA_VERSION}",
        SCHEMA_VERSION + 1
    );
    assert_eq!(insert(), expected);
}

#[test]
fn of_reading() {
    let place = Place::with_records(1);
    let store = place.open();
    let report = |sql: &str| {
        place.connection().execute_batch(sql).unwrap();
        // A part of a quarter of an hour: its records are read, and not its rollups.
        message(&place, &store.report(range(0, 9), &Filter::default()).unwrap_err())
    };
    let expected = "the ledger LEDGER is damaged: a record has a count of -5 (ledger/record)";
    assert_eq!(report("UPDATE records SET input = -5"), expected);
    let expected = "the ledger LEDGER is damaged: the records of the quarter of an hour from \
                    1970-01-01T00:00:00Z are not those that were stored (ledger/records-changed)";
    assert_eq!(report("UPDATE records SET input = 5"), expected);
    let expected =
        "the ledger LEDGER is damaged: records refer to unknown names (1) (ledger/names)";
    assert_eq!(report("UPDATE records SET input = 0; DELETE FROM label_sets"), expected);

    let damaged = "UPDATE rollups_month SET cells = x'00'";
    place.connection().execute_batch(damaged).unwrap();
    let error = store.report(TimeRange::ALL, &Filter::default()).unwrap_err();
    assert!(error.is_damage());
    let expected =
        "the ledger LEDGER is damaged: sums that cannot be read (ledger/sums-unreadable)";
    assert_eq!(message(&place, &error), expected);
    assert_eq!(error.hint(), Some(Hint::RebuildRollups));
}

/// Those that no test can bring about everywhere.
#[test]
fn of_the_rest() {
    let path = || std::path::PathBuf::from("/x/usage.db");
    let denied = || std::io::ErrorKind::PermissionDenied.into();
    for (error, expected) in [
        (
            StoreError::Find { path: path(), source: denied() },
            "cannot look for a ledger at /x/usage.db: permission denied",
        ),
        (
            StoreError::Create { path: path(), source: denied() },
            "cannot create /x/usage.db: permission denied",
        ),
        (
            StoreError::NoDataFolder { reason: "no home".to_owned() },
            "the per-user data folder is unknown: no home",
        ),
        (
            StoreError::ReadersBusy { path: path() },
            "cannot read the ledger /x/usage.db: all reading connections stayed busy",
        ),
    ] {
        assert_eq!(chain(&error), expected);
        assert!(!error.is_damage() && error.sqlite_kind().is_none());
    }
}
