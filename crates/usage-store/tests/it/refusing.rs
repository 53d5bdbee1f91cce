//! Files that are no ledger, or not one for this version: refused at once, untouched.

use std::fs;

use rusqlite::Connection;
use usage_store::{SCHEMA_VERSION, SqliteErrorKind, Store, StoreError};

use super::support::{Place, requests};

/// Both ways to open refuse it alike, and leave the file's bytes and the folder as they were.
fn refused(place: &Place) -> StoreError {
    let listing = place.listing();
    let error = unchanged(place);
    assert_eq!(place.listing(), listing);
    error
}

/// Both ways to open refuse it alike, and leave the file's bytes as they were.
fn unchanged(place: &Place) -> StoreError {
    let before = fs::read(&place.path).unwrap();
    let error = Store::open(&place.path).unwrap_err();
    let other = Store::open_existing(&place.path).unwrap_err();
    assert_eq!(error.to_string(), other.to_string());
    assert!(fs::read(&place.path).unwrap() == before);
    error
}

fn what(error: &StoreError) -> &'static str {
    match error {
        StoreError::NotALedger { what, .. } => what,
        _ => panic!("{error:?}"),
    }
}

#[test]
fn a_folder() {
    let place = Place::new();
    fs::create_dir(&place.path).unwrap();
    assert_eq!(what(&Store::open(&place.path).unwrap_err()), "a folder");
    assert_eq!(what(&Store::open_existing(&place.path).unwrap_err()), "a folder");
    assert_eq!(place.listing(), ["usage.db"]);
}

#[test]
fn a_text_file() {
    let place = Place::new();
    for text in ["x", "instance_id,tokens\n", &"no ledger ".repeat(1_000)] {
        fs::write(&place.path, text).unwrap();
        let error = refused(&place);
        assert_eq!(what(&error), "no SQLite database");
        assert!(!error.is_damage());
    }
}

fn foreign(sql: &str) -> Place {
    let place = Place::new();
    place.connection().execute_batch(sql).unwrap();
    place
}

#[test]
fn another_programs_database() {
    let origin = "CREATE TABLE usage_records (id INTEGER PRIMARY KEY AUTOINCREMENT, \
        instance_id TEXT, tokens INTEGER, timestamp DATETIME); \
        INSERT INTO usage_records (tokens) VALUES (1);";
    for sql in [
        origin,
        &format!("PRAGMA journal_mode=WAL; {origin}"),
        "PRAGMA application_id=1; CREATE TABLE t (x)",
        "PRAGMA application_id=1",
        "PRAGMA user_version=1",
        "CREATE VIEW v AS SELECT 1",
    ] {
        let place = foreign(sql);
        assert_eq!(what(&refused(&place)), "another program's SQLite database", "{sql}");
    }
}

/// Its write-ahead log holds all it has; nothing of it is moved into the file.
#[test]
fn another_programs_database_that_is_open() {
    let place = Place::new();
    let other = place.connection();
    other
        .execute_batch(
            "PRAGMA journal_mode=WAL; CREATE TABLE t (x); INSERT INTO t VALUES (1); \
             PRAGMA wal_autocheckpoint=0;",
        )
        .unwrap();
    let sizes = || {
        ["", "-wal"]
            .map(|end| fs::metadata(format!("{}{end}", place.path.display())).unwrap().len())
    };
    let (before, listing) = (sizes(), place.listing());
    let error = Store::open(&place.path).unwrap_err();
    assert_eq!(what(&error), "another program's SQLite database");
    assert_eq!((sizes(), place.listing()), (before, listing));
    other.execute_batch("INSERT INTO t VALUES (2)").unwrap();
}

/// Checks that nothing is opened, as what is found beside it would be played back into it.
#[test]
fn another_programs_database_after_a_crash() {
    let place = foreign("CREATE TABLE t (x); INSERT INTO t VALUES (1)");
    let source = place.folder().join("source.db");
    fs::copy(&place.path, &source).unwrap();
    let other = Connection::open(&source).unwrap();
    other
        .execute_batch("PRAGMA cache_size=1; BEGIN; UPDATE t SET x = 2; CREATE TABLE u (y)")
        .unwrap();
    other.execute_batch("INSERT INTO u SELECT randomblob(9000) FROM t, t, t").unwrap();
    fs::copy(&source, &place.path).unwrap();
    fs::copy(source.with_extension("db-journal"), place.path.with_extension("db-journal")).unwrap();
    drop(other);
    fs::remove_file(&source).unwrap();
    assert_eq!(what(&refused(&place)), "another program's SQLite database");
}

/// A crash has left a write-ahead log that nobody else will move into the file.
#[test]
fn what_is_refused_keeps_its_write_ahead_log() {
    let newer = format!("PRAGMA user_version={}", SCHEMA_VERSION + 1);
    for (source, sql) in [
        (Place::new(), "PRAGMA journal_mode=WAL; CREATE TABLE t (x)"),
        (Place::with_records(3), newer.as_str()),
    ] {
        let open = source.connection();
        open.execute_batch(sql).unwrap();
        let crashed = Place::new();
        // Reading it drops the locks of `open`, which nobody needs any more.
        for end in ["", "-wal"] {
            let [from, to] = [&source, &crashed].map(|p| format!("{}{end}", p.path.display()));
            fs::copy(from, to).unwrap();
        }
        drop(open);
        let log = || fs::read(crashed.path.with_extension("db-wal")).unwrap();
        let before = log();
        assert!(!before.is_empty());
        assert!(!unchanged(&crashed).is_damage());
        assert!(log() == before, "{sql}");
    }
}

#[test]
fn a_ledger_cut_short_is_damaged() {
    for keep in [50, 99, 101, 512, 4_096, 20_000, u64::MAX] {
        let place = Place::with_records(2_000);
        let file = fs::OpenOptions::new().write(true).open(&place.path).unwrap();
        let whole = file.metadata().unwrap().len();
        file.set_len(keep.min(whole / 2)).unwrap();
        drop(file);
        let error = unchanged(&place);
        assert!(error.is_damage(), "{keep}: {error:?}");
        assert_eq!(error.sqlite_kind(), Some(SqliteErrorKind::Corrupt));
    }
}

#[test]
fn a_ledger_of_a_newer_version() {
    for journal in ["WAL", "DELETE"] {
        let place = Place::with_records(3);
        place
            .connection()
            .execute_batch(&format!(
                "PRAGMA journal_mode={journal}; PRAGMA user_version={}; ALTER TABLE records \
                 RENAME TO records_2;",
                SCHEMA_VERSION + 1
            ))
            .unwrap();
        match refused(&place) {
            StoreError::NewerVersion { found, .. } => assert_eq!(found, SCHEMA_VERSION + 1),
            error => panic!("{error:?}"),
        }
    }
}

/// While the newer program has it open.
#[test]
fn a_ledger_of_a_newer_version_that_is_open() {
    let place = Place::with_records(3);
    let newer = place.connection();
    let version = SCHEMA_VERSION + 1;
    newer.pragma_update(None, "user_version", version).unwrap();
    let error = Store::open(&place.path).unwrap_err();
    assert!(
        matches!(error, StoreError::NewerVersion { found, .. } if found == version),
        "{error:?}"
    );
    newer.pragma_update(None, "user_version", SCHEMA_VERSION).unwrap();
    assert_eq!(requests(&place.open()), 3);
}

#[test]
fn a_version_that_never_was_is_damage() {
    for version in [0, -1] {
        let place = Place::with_records(3);
        place.connection().pragma_update(None, "user_version", version).unwrap();
        let error = unchanged(&place);
        assert!(matches!(&error, StoreError::Damaged { .. }), "{error:?}");
        assert!(error.is_damage());
    }
}
