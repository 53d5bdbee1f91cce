//! A ledger of schema version 2, which knew no journals.

use rusqlite::Connection;
use usage_store::{SCHEMA_VERSION, Store, StoreError};

use super::support::{Place, record, records, requests};

/// As version 2 made a ledger, with two records and an import. It stays as it is.
pub(crate) const VERSION_2: &str = "
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
BEGIN;
CREATE TABLE ledger (
    only_row         INTEGER PRIMARY KEY CHECK (only_row = 1),
    ledger_id        BLOB NOT NULL,
    next_record_id   INTEGER NOT NULL,
    label_generation INTEGER NOT NULL
) STRICT;
INSERT INTO ledger VALUES (1, x'000102030405060708090a0b0c0d0e0f', 3, 1);
CREATE TABLE label_sets (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    instance_id TEXT NOT NULL,
    profile     TEXT NOT NULL,
    provider    TEXT NOT NULL,
    route       TEXT NOT NULL,
    model       TEXT NOT NULL,
    UNIQUE (instance_id, profile, provider, route, model)
) STRICT;
INSERT INTO label_sets VALUES (1, 'i', '', '', 'r', 'm');
CREATE TABLE records (
    ts           INTEGER NOT NULL,
    id           INTEGER NOT NULL,
    label_set    INTEGER NOT NULL,
    input        INTEGER NOT NULL,
    output       INTEGER NOT NULL,
    cache_read   INTEGER NOT NULL,
    cache_write  INTEGER NOT NULL,
    unclassified INTEGER NOT NULL,
    reasoning    INTEGER NOT NULL,
    fallbacks    INTEGER NOT NULL,
    event_id     TEXT,
    PRIMARY KEY (ts, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX records_by_event_id ON records (event_id) WHERE event_id IS NOT NULL;
INSERT INTO records VALUES
    (1777787761001000, 1, 1, 0, 0, 0, 0, 1, 0, 1, NULL),
    (1777787761002000, 2, 1, 5, 6, 7, 8, 0, 2, 3, 'e1');
CREATE TABLE imports (
    source        TEXT PRIMARY KEY NOT NULL,
    last_id       INTEGER NOT NULL,
    last_row      INTEGER NOT NULL,
    imported      INTEGER NOT NULL,
    already_there INTEGER NOT NULL,
    refused       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO imports VALUES ('/origin.db', 2, 77, 2, 0, 0);
CREATE VIEW usage_records AS SELECT ts AS timestamp_us FROM records;
PRAGMA application_id = 1431521100;
PRAGMA user_version = 2;
COMMIT;
";

#[test]
fn version_2_keeps_everything() {
    let place = Place::new();
    place.connection().execute_batch(VERSION_2).unwrap();
    let store = place.open();
    let kept = records(&store);
    assert_eq!(kept.iter().map(|record| record.tokens().total()).collect::<Vec<_>>(), [26, 1]);
    assert_eq!(store.id().unwrap().to_string(), "000102030405060708090a0b0c0d0e0f");

    let connection = place.connection();
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(number("PRAGMA user_version"), i64::from(SCHEMA_VERSION));
    assert_eq!(number("SELECT last_row FROM imports"), 77);
    assert_eq!(number("SELECT sum(tokens) FROM usage_records"), 27, "the view is today's");
    for table in ["journals", "journal_folders", "set_aside"] {
        assert_eq!(number(&format!("SELECT count(*) FROM {table}")), 0);
    }
    store.insert_batch(&[record(1, 1)]).unwrap();
    assert_eq!(number("SELECT max(id) FROM records"), 3);
}

/// All of it or nothing: what fails in the middle leaves a ledger of version 2.
#[test]
fn a_migration_that_fails_changes_nothing() {
    let place = Place::new();
    place.connection().execute_batch(VERSION_2).unwrap();
    place.connection().execute_batch("CREATE TABLE set_aside (mine)").unwrap();
    let error = Store::open(&place.path).unwrap_err();
    assert!(matches!(error, StoreError::Sqlite { .. }), "{error:?}");
    let connection = place.connection();
    let tables = |name: &str| -> i64 {
        let sql = "SELECT count(*) FROM sqlite_schema WHERE name = ?1";
        connection.query_row(sql, [name], |row| row.get(0)).unwrap()
    };
    assert_eq!((tables("journals"), tables("usage_records")), (0, 1));
    let version: i32 =
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, 2);
    connection.execute_batch("DROP TABLE set_aside").unwrap();
    drop(connection);
    assert_eq!(requests(&place.open()), 2);
}

/// Another program brings the ledger up to date while this one has it open, as one of version 2
/// finds out at its next write. The other way round is in `locking`.
#[test]
fn a_writer_of_version_2_is_stopped() {
    let place = Place::new();
    let old = Connection::open(&place.path).unwrap();
    old.execute_batch(VERSION_2).unwrap();
    drop(place.open());
    // What a program of version 2 looks at inside each of its transactions.
    old.execute_batch("BEGIN IMMEDIATE").unwrap();
    let found: i32 = old.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert!(found > 2);
}
