//! A ledger of schema version 1, which knew no imports.

use rusqlite::Connection;
use usage_store::{APPLICATION_ID, SCHEMA_VERSION, Store};

use super::support::{Place, import, records, requests};

/// As version 1 made a ledger, with two records. It stays as it is.
const VERSION_1: &str = "
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
CREATE VIEW usage_records AS SELECT ts AS timestamp_us FROM records;
PRAGMA application_id = 1431521100;
PRAGMA user_version = 1;
COMMIT;
";

#[test]
fn keeps_its_records_and_can_import() {
    let place = Place::with_rows(3);
    Connection::open(place.ledger()).unwrap().execute_batch(VERSION_1).unwrap();
    let store = Store::open(place.ledger()).unwrap();
    let kept = records(&store);
    assert_eq!(kept.iter().map(|record| record.tokens().total()).collect::<Vec<_>>(), [26, 1]);
    assert_eq!(kept[0].event_id().unwrap().as_str(), "e1");

    let connection = Connection::open(place.ledger()).unwrap();
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(number("PRAGMA user_version"), i64::from(SCHEMA_VERSION));
    assert_eq!(number("PRAGMA application_id"), i64::from(APPLICATION_ID));
    assert_eq!(number("SELECT count(*) FROM sources"), 0);
    assert_eq!(number("SELECT sum(tokens) FROM usage_records"), 27, "the view is today's");
    assert_eq!(number("SELECT ledger_id = x'000102030405060708090a0b0c0d0e0f' FROM ledger"), 1);

    // Its first record is what the origin's first row means.
    assert_eq!(import(&store, &place.path).unwrap().counts, [2, 1, 0, 0]);
    assert_eq!(requests(&store), 4);
    assert_eq!(number("SELECT max(id) FROM records"), 4);
}
