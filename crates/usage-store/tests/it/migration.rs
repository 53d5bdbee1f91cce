//! Ledgers of earlier versions: of 2, which knew no journals, and of 3, which had no rollups.

use std::fs;

use chrono_tz::Tz;
use rusqlite::Connection;
use rusqlite::types::Value;
use usage_core::period::Unit;
use usage_core::stats::Aggregates;
use usage_core::{Filter, Label, TimeRange};
use usage_store::doctor::{Advice, Depth, examine};
use usage_store::{SCHEMA_VERSION, Store, StoreError, WriteError, doctor};

use super::support::{
    Place, orphan, record, records, requests, scan, segments, series_by, series_of_all,
};

/// Makes a ledger one of version 3.
pub(crate) const WITHOUT_V4: &str = include_str!("to-version-3.sql");

/// Ledgers that earlier versions of this program wrote themselves; see the page beside the files.
const OLD: [(i32, &[u8]); 2] = [
    (2, include_bytes!("../fixtures/version-2.db")),
    (3, include_bytes!("../fixtures/version-3.db")),
];

fn old(ledger: &[u8]) -> Place {
    let place = Place::new();
    fs::write(&place.path, ledger).unwrap();
    place
}

fn sources(connection: &Connection) -> Vec<Vec<Value>> {
    let mut sources = Vec::new();
    let mut add = |sql: &str, kind: &str, in_cursor: usize| {
        let Ok(mut statement) = connection.prepare(sql) else { return };
        let width = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let name: String = row.get(0).unwrap();
            let numbers = |range: std::ops::Range<usize>| -> Vec<u8> {
                range.flat_map(|at| row.get::<_, i64>(at).unwrap().to_be_bytes()).collect()
            };
            let (cursor, counts) = (numbers(1..1 + in_cursor), numbers(1 + in_cursor..width));
            let name = format!("{kind}{name}");
            sources.push(vec![Value::Text(name), Value::Blob(cursor), Value::Blob(counts)]);
        }
    };
    add(
        "SELECT source, last_id, last_row, imported, already_there, refused, 0 FROM imports ORDER BY 1",
        "ccrouter:",
        2,
    );
    add("SELECT lower(hex(segment)), generation, sequence FROM journals ORDER BY 1", "journal:", 2);
    if let Ok(mut statement) =
        connection.prepare("SELECT name, cursor, counts FROM sources ORDER BY 1")
    {
        let row = |row: &rusqlite::Row<'_>| (0..3).map(|at| row.get(at)).collect();
        sources.extend(statement.query_map([], row).unwrap().map(Result::unwrap));
    }
    sources
}

/// Every value of some tables that version 2 had, and how far its sources are stored, as today's version
/// puts it.
fn rows(place: &Place) -> Vec<Vec<Value>> {
    let connection = place.connection();
    let of = |sql: &str| -> Vec<Vec<Value>> {
        let mut statement = connection.prepare(sql).unwrap();
        let width = statement.column_count();
        let rows = statement.query_map([], |row| (0..width).map(|at| row.get(at)).collect());
        rows.unwrap().collect::<Result<_, _>>().unwrap()
    };
    [
        "ts, id, label_set, input, output, cache_read, cache_write, unclassified, reasoning,
         fallbacks, event_id FROM records ORDER BY ts, id",
        "id, instance_id, profile, provider, route, model FROM label_sets ORDER BY id",
        "only_row, ledger_id, next_record_id, label_generation FROM ledger",
    ]
    .map(|from| of(&format!("SELECT {from}")))
    .into_iter()
    .chain([sources(&connection)])
    .collect::<Vec<_>>()
    .concat()
}

#[test]
fn what_earlier_versions_wrote_is_kept_and_summed_up() {
    for (version, ledger) in OLD {
        let place = old(ledger);
        let before = rows(&place);
        let diagnosis = examine(&place.path, Depth::Full).unwrap();
        assert!(diagnosis.is_sound(), "{diagnosis:#?}");
        assert_eq!(diagnosis.advice, [Advice::OlderVersion(version)]);
        assert!(fs::read(&place.path).unwrap() == ledger, "looking at it changes nothing");

        let store = place.open();
        assert_eq!(rows(&place), before);
        let diagnosis = examine(&place.path, Depth::Full).unwrap();
        assert!(diagnosis.is_sound() && diagnosis.advice.is_empty(), "{diagnosis:#?}");
        assert_eq!(diagnosis.file.schema_version, SCHEMA_VERSION);
        assert_eq!(doctor::rebuild(&store).unwrap().changed, 0);

        let (all, filter) = (TimeRange::ALL, Filter::default());
        let expected = scan(&store, all, &filter);
        assert_eq!(expected.summary().requests, 448);
        assert_eq!(store.report(all, &filter).unwrap(), expected);
        let models = Filter::new().keeping(Label::Model, "claude-opus-4-5");
        let report = store.report(all, &models).unwrap();
        assert_eq!(report, scan(&store, all, &models));
        assert!(report.summary().requests >= 20);
        for zone in [Tz::UTC, Tz::Asia__Kathmandu] {
            let series = series_by(&store, all, &filter, Unit::Day, zone).unwrap();
            let mut sum = Aggregates::default();
            series.buckets().iter().for_each(|day| sum.merge(day.usage().clone()));
            assert_eq!(sum, expected);
            for day in series.buckets().iter().filter(|day| !day.usage().is_empty()) {
                assert_eq!(*day.usage(), scan(&store, day.range(), &filter));
            }
            let of_all = series_of_all(&store, all, Unit::Day, zone).unwrap();
            let summaries = |series: &usage_core::stats::Series| -> Vec<_> {
                series.buckets().iter().map(|day| day.usage().summary()).collect()
            };
            assert_eq!(summaries(&of_all), summaries(&series));
        }
        // It goes on as a ledger of this version.
        store.insert_batch(&[record(1, 1)]).unwrap();
        store.prune_records(super::support::at(2)).unwrap();
        assert!(examine(&place.path, Depth::Full).unwrap().is_sound());
    }
}

/// A record that no report could count is not left out of the rollups in silence, and the ledger
/// stays what it is until somebody has seen to it.
#[test]
fn damaged_records_are_named_before_they_are_summed_up() {
    for sql in ["UPDATE records SET input = -1", "UPDATE records SET ts = -1 WHERE id = 1"] {
        let place = old(OLD[1].1);
        place.connection().execute_batch(sql).unwrap();
        let error = Store::open(&place.path).unwrap_err();
        assert!(error.is_damage() && error.to_string().contains("a record has a "), "{error}");
        let diagnosis = examine(&place.path, Depth::Usual).unwrap();
        assert_eq!(diagnosis.file.schema_version, 3);
        let wrong: Vec<_> = diagnosis.checks.iter().filter(|check| !check.is_passed()).collect();
        assert!(wrong.len() == 1 && wrong[0].name == "records", "{wrong:#?}");
    }
}

/// By the index on their text until then, by their hash from then on.
#[test]
fn event_ids_are_known_still() {
    let places = OLD.map(|(_, ledger)| old(ledger)).into_iter().chain([Place::new()]);
    for (at, place) in places.enumerate() {
        if at == OLD.len() {
            place.connection().execute_batch(VERSION_2).unwrap();
        }
        let store = place.open();
        let mut with_ids = records(&store);
        with_ids.retain(|record| record.event_id().is_some());
        assert!(!with_ids.is_empty());
        let again = store.insert_batch(&with_ids).unwrap();
        assert_eq!((again.stored, again.duplicates), (0, with_ids.len() as u64));
        assert_eq!(doctor::rebuild(&store).unwrap().event_ids, 0);
    }
}

/// A program that still has the ledger open as it was, with a transaction of its own under way
/// when the migration wants to begin: what it wrote is summed up, and its next write is refused.
#[test]
fn what_an_old_program_writes_until_then_is_summed_up() {
    let place = old(OLD[1].1);
    let mut writer = place.connection();
    let transaction = writer.transaction().unwrap();
    transaction
        .execute_batch(
            "INSERT INTO records SELECT ts, 449, label_set, 0, 0, 0, 0, 5, 0, 0, NULL
             FROM records WHERE id = 1;
             UPDATE ledger SET next_record_id = 450",
        )
        .unwrap();
    let store = std::thread::scope(|scope| {
        let opening = scope.spawn(|| place.open());
        transaction.commit().unwrap();
        opening.join().unwrap()
    });
    assert_eq!(requests(&store), 449);
    assert!(examine(&place.path, Depth::Full).unwrap().is_sound());
    // What this program says in the place of the old one.
    place.connection().pragma_update(None, "user_version", SCHEMA_VERSION + 1).unwrap();
    let error = usage_store::insert_record(&writer, &record(1, 1)).unwrap_err();
    assert!(matches!(error, WriteError::VersionChanged { .. }), "{error:?}");
}

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
    let import = store.source("ccrouter:/origin.db").unwrap().unwrap();
    assert_eq!(import.cursor, [2_i64.to_be_bytes(), 77_i64.to_be_bytes()].concat());
    let counts = import.counts;
    assert_eq!((counts.stored, counts.duplicates, counts.refused), (2, 0, 0));
    assert_eq!(number("SELECT sum(tokens) FROM usage_records"), 27, "the view is today's");
    for table in ["journal_folders", "set_aside"] {
        assert_eq!(number(&format!("SELECT count(*) FROM {table}")), 0);
    }
    store.insert_batch(&[record(1, 1)]).unwrap();
    assert_eq!(number("SELECT max(id) FROM records"), 3);
}

/// A segment that version 4 has stored in part, and an import that went so far: each goes on from there, to
/// the record.
#[test]
fn what_version_4_had_stored_of_its_sources_is_not_stored_again() {
    let place = Place::new();
    let mut store = place.open();
    let batch: Vec<_> = (0..10).map(|n| record(n, 1)).collect();
    let folder = orphan(&mut store, &batch);
    let file = segments(&folder).pop().unwrap();
    let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
    store.insert_batch(&batch[..4]).unwrap();
    drop(store);
    let connection = place.connection();
    connection
        .execute_batch(&format!(
            "{WITHOUT_V4} INSERT INTO journals VALUES (x'{name}', 1, 4);
             INSERT INTO imports VALUES ('/b', -9223372036854775808, -1, 1, 2, 3);
             PRAGMA user_version = 3"
        ))
        .unwrap();
    assert_eq!(examine(&place.path, Depth::Quick).unwrap().backlog.of_stopped(), 6);
    drop(connection);
    let store = place.open();
    assert_eq!(store.journals().recover().unwrap().stored, 6);
    assert_eq!(requests(&store), 10);
    let import = store.source("ccrouter:/b").unwrap().unwrap();
    assert_eq!(import.cursor, [i64::MIN.to_be_bytes(), (-1_i64).to_be_bytes()].concat());
    let counts = import.counts;
    assert_eq!((counts.stored, counts.duplicates, counts.refused), (1, 2, 3));
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
