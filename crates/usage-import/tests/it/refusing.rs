//! Files that cannot be imported from: refused at once, untouched.

use std::fs;
use std::path::Path;

use usage_import::ImportError;
use usage_import::Origin as _;
use usage_import::ccrouter::Ccrouter;
use usage_store::Store;

use super::support::{LAX, NEWER, Place, import};

/// Returns the words of its refusal, with `ORIGIN` in place of the path. Nothing changes on disk,
/// and the check says the same.
fn refused(place: &Place) -> String {
    let before = place.files();
    let error = import(&place.store(), &place.path).unwrap_err();
    assert_eq!(Ccrouter::check(&place.path).unwrap_err().to_string(), error.to_string());
    assert!(place.files() == before, "{error}");
    said(&error, &place.path)
}

fn said(error: &ImportError, path: &Path) -> String {
    let text = usage_core::error::chain(error);
    assert!(!text.contains('\n') && !text.ends_with('.'), "{text:?}");
    text.replace(path.canonicalize().as_deref().unwrap_or(path).to_str().unwrap(), "ORIGIN")
}

fn with_bytes(bytes: &[u8]) -> Place {
    let place = Place::new(NEWER);
    fs::write(&place.path, bytes).unwrap();
    place
}

#[test]
fn nothing_there() {
    let place = Place::new(NEWER);
    fs::remove_file(&place.path).unwrap();
    assert_eq!(refused(&place), "there is no ccrouter database at ORIGIN");
    std::os::unix::fs::symlink("nowhere", &place.path).unwrap();
    let error = import(&place.store(), &place.path).unwrap_err();
    assert!(matches!(error, ImportError::NotFound { .. }), "{error:?}");
}

#[test]
fn no_database() {
    assert_eq!(refused(&with_bytes(b"")), "ORIGIN is not a ccrouter database: it is empty");
    for bytes in [b"x".as_slice(), b"SQLite format 3", &b"no database ".repeat(1_000)] {
        let expected = "ORIGIN is not a ccrouter database: it is no SQLite database";
        assert_eq!(refused(&with_bytes(bytes)), expected);
    }
    let place = Place::new(NEWER);
    fs::remove_file(&place.path).unwrap();
    fs::create_dir(&place.path).unwrap();
    let error = import(&place.store(), &place.path).unwrap_err();
    let expected = "ORIGIN is not a ccrouter database: it is no file";
    assert_eq!(said(&error, &place.path), expected);
}

#[test]
fn another_database() {
    for (table, what) in [
        ("CREATE TABLE t (x)", "it has no table usage_records"),
        ("CREATE VIEW usage_records AS SELECT 1 AS id", "its usage_records is no ordinary table"),
        (
            "CREATE VIRTUAL TABLE usage_records USING fts5(id)",
            "its usage_records is no ordinary table",
        ),
        (
            "CREATE TABLE usage_records (id INTEGER PRIMARY KEY, tokens)",
            "its table usage_records has no column instance_id",
        ),
        (
            "CREATE TABLE usage_records (id INTEGER PRIMARY KEY, instance_id, provider, route, \
             model, tokens, fallbacks, timestamp)",
            "its table usage_records has no column profile",
        ),
        (
            &LAX.replace("tokens", "tokens AS (length(hex(zeroblob(100000000))))"),
            "its table usage_records has no column tokens",
        ),
        (
            &LAX.replace("id INTEGER PRIMARY KEY", "id TEXT PRIMARY KEY"),
            "its table usage_records has no column id that is an integer primary key",
        ),
        (
            &LAX.replace("id INTEGER PRIMARY KEY", "id INTEGER"),
            "its table usage_records has no column id that is an integer primary key",
        ),
    ] {
        let expected = format!("ORIGIN is not a ccrouter database: {what}");
        assert_eq!(refused(&Place::new(table)), expected, "{table}");
    }
}

#[test]
fn names_in_any_case_are_the_same_names() {
    let place = Place::new(&NEWER.replace("usage_records", "Usage_Records").to_uppercase());
    place.add([1]);
    assert_eq!(place.import().counts, [1, 0, 0, 0]);
}

#[test]
fn a_ledger() {
    let place = Place::new(NEWER);
    let store = place.store();
    for link in ["", "soft", "hard"] {
        let path = match link {
            "" => place.ledger(),
            "soft" => place.beside("soft.db"),
            _ => place.beside("hard.db"),
        };
        match link {
            "soft" => std::os::unix::fs::symlink(place.ledger(), &path).unwrap(),
            "hard" => fs::hard_link(place.ledger(), &path).unwrap(),
            _ => {}
        }
        let expected = "ORIGIN is not a ccrouter database: it is this very ledger";
        assert_eq!(said(&import(&store, &path).unwrap_err(), &path), expected);
    }
    // Another one, immutable and open.
    let other = Place::new(NEWER);
    let other_store = other.store();
    let expected = "ORIGIN is not a ccrouter database: it is a usage ledger";
    assert_eq!(said(&import(&store, &other.ledger()).unwrap_err(), &other.ledger()), expected);
    drop(other_store);
    assert_eq!(said(&import(&store, &other.ledger()).unwrap_err(), &other.ledger()), expected);
    assert!(Store::open_existing(other.ledger()).is_ok());
}

#[test]
fn a_damaged_database() {
    let place = Place::with_rows(500);
    let mut bytes = fs::read(&place.path).unwrap();
    let middle = bytes.len() / 2;
    bytes[4_096..middle].fill(0x55);
    fs::write(&place.path, bytes).unwrap();
    let before = place.files();
    let error = import(&place.store(), &place.path).unwrap_err();
    assert_eq!(
        said(&error, &place.path),
        "cannot read the ccrouter database ORIGIN: it is damaged (database disk image is malformed)"
    );
    assert!(place.files() == before);
}

/// The transaction is whole or absent, and so is the watermark.
#[test]
fn a_ledger_that_cannot_be_written() {
    let place = Place::with_rows(100);
    let mut options = usage_store::StoreOptions::default();
    options.busy_timeout = std::time::Duration::from_millis(20);
    let store = options.open(place.ledger()).unwrap();
    let lock = rusqlite::Connection::open(place.ledger()).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = import(&store, &place.path).unwrap_err();
    assert!(matches!(error, ImportError::Ledger(_)), "{error:?}");
    assert!(error.to_string().starts_with("cannot write to the ledger "), "{error}");
    lock.execute_batch("ROLLBACK").unwrap();
    assert_eq!(import(&store, &place.path).unwrap().counts, [100, 0, 0, 0]);
}
