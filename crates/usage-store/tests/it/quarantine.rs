//! Records that the database itself refuses: quarantined, so that all the others are stored.

use usage_core::error::chain;
use usage_core::record::line;
use usage_core::sink::{
    JournalSink, Position, Refusal, RefusalReason, Replay, ReplayOutcome, SegmentId,
};
use usage_core::{Label, Record};
use usage_store::{Inserted, SqliteErrorKind, Store, insert_record};

use super::support::{Place, record, record_of, records, requests, with_event};

/// Returns the contents of the quarantine: the lines with their reasons, in order.
fn quarantined(place: &Place) -> Vec<(String, String)> {
    let connection = place.connection();
    let mut statement = connection
        .prepare("SELECT CAST(content AS TEXT), reason FROM set_aside WHERE kind = 'record'")
        .unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

fn refusals(indexes: &[usize]) -> Vec<Refusal> {
    let refusal = |&index| Refusal::new(index, RefusalReason::ByDatabase);
    indexes.iter().map(refusal).collect()
}

fn named(model: &str, micros: i64) -> Record {
    record_of(["i", "p", "v", "r", model], micros, 1)
}

const NO_SUCH_MODEL: &str = "CREATE TRIGGER strict BEFORE INSERT ON label_sets WHEN NEW.model = 'x'
    BEGIN SELECT RAISE(ABORT, 'no such model'); END";

#[test]
fn one_of_five_thousand() {
    let place = Place::new();
    let mut store = place.open();
    place.connection().execute_batch(NO_SUCH_MODEL).unwrap();
    let mut batch: Vec<_> = (0..5_000).map(|micros| named("m", micros)).collect();
    batch[1_234] = with_event(named("x", 1_234), "e");
    let outcome = store.insert_batch(&batch).unwrap();
    assert_eq!((outcome.stored, outcome.duplicates), (4_999, 0));
    assert_eq!(outcome.refused, refusals(&[1_234]));
    let expected = (line::write(&batch[1_234]), "no such model".to_owned());
    assert_eq!(quarantined(&place), std::slice::from_ref(&expected));
    assert_eq!(requests(&store), 4_999);

    // The same through a journal: in one transaction with the position, so once.
    let segment = SegmentId::from_bytes([1; 16]);
    let (from, to) = (
        Position { generation: 1, sequence: 0 },
        Position { generation: 1, sequence: batch.len() as u64 },
    );
    let replay = Replay { segment, from, to, records: &batch, damage: &[] };
    let ReplayOutcome::Stored(outcome) = JournalSink::replay(&mut store, &replay).unwrap() else {
        panic!("it stands at the start");
    };
    assert_eq!((outcome.stored, outcome.refused), (4_999, refusals(&[1_234])));
    assert_eq!(JournalSink::replay(&mut store, &replay).unwrap(), ReplayOutcome::Moved(to));
    assert_eq!(quarantined(&place), [expected.clone(), expected]);
    assert_eq!(requests(&store), 2 * 4_999);
}

/// Names that came with a refused record alone are neither stored nor remembered.
#[test]
fn its_names_are_forgotten() {
    let place = Place::new();
    let store = place.open();
    place
        .connection()
        .execute_batch(
            "CREATE TRIGGER strict AFTER INSERT ON records WHEN NEW.ts < 100
             BEGIN SELECT RAISE(ABORT, 'too old'); END",
        )
        .unwrap();
    let batch = [named("new", 1), named("b", 200), named("new", 201), named("late", 2)];
    let outcome = store.insert_batch(&batch).unwrap();
    assert_eq!((outcome.stored, outcome.refused), (2, refusals(&[0, 3])));
    // Another gets the id that the refused names would have had.
    place.open().insert_batch(&[named("other", 300)]).unwrap();
    store.insert_batch(&[named("late", 400), named("new", 401)]).unwrap();
    let models: Vec<_> = records(&store)
        .iter()
        .map(|record| record.labels().names().get(Label::Model).to_owned())
        .collect();
    assert_eq!(models, ["new", "late", "other", "new", "b"]);
    let ids: Vec<i64> = place
        .connection()
        .prepare("SELECT id FROM records ORDER BY ts")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(ids, [1, 2, 3, 4, 5]);
}

/// Every way in which SQLite lets a trigger or a constraint say no.
#[test]
fn every_kind_of_refusal() {
    let when = "BEFORE INSERT ON records WHEN NEW.ts IN (1, 3) BEGIN";
    for (ddl, reason) in [
        (format!("CREATE TRIGGER t {when} SELECT RAISE(ABORT, 'abort'); END"), "abort"),
        (format!("CREATE TRIGGER t {when} SELECT RAISE(FAIL, 'fail'); END"), "fail"),
        (format!("CREATE TRIGGER t {when} SELECT RAISE(ROLLBACK, 'back'); END"), "back"),
        (format!("CREATE TRIGGER t {when} SELECT RAISE(IGNORE); END"), "a trigger left it out"),
        (format!("CREATE TRIGGER t {when} SELECT json('{{'); END"), "malformed JSON"),
        (
            format!("CREATE TRIGGER t {when} SELECT zeroblob(2000000000); END"),
            "string or blob too big",
        ),
        (
            format!(
                "CREATE TABLE mine (n INTEGER) STRICT;
                 CREATE TRIGGER t {when} INSERT INTO mine VALUES ('text'); END"
            ),
            "cannot store TEXT value in INTEGER column mine.n",
        ),
        (
            format!(
                "CREATE TABLE mine (n INTEGER PRIMARY KEY);
                 CREATE TRIGGER t {when} INSERT INTO mine VALUES ('text'); END"
            ),
            "datatype mismatch",
        ),
        (
            "CREATE UNIQUE INDEX mine ON records (ts & 1) WHERE ts & 1".to_owned(),
            "UNIQUE constraint failed: index 'mine'",
        ),
    ] {
        let place = Place::new();
        let store = place.open();
        store.insert_batch(&[record(101, 1)]).unwrap();
        place.connection().execute_batch(&ddl).unwrap();
        let batch: Vec<_> = (0..5).map(|micros| record(micros, 1)).collect();
        let outcome = store.insert_batch(&batch).unwrap();
        assert_eq!((outcome.stored, outcome.refused), (3, refusals(&[1, 3])), "{ddl}");
        let reasons: Vec<_> = quarantined(&place).into_iter().map(|(_, reason)| reason).collect();
        assert_eq!(reasons, [reason; 2], "{ddl}");
        assert_eq!(requests(&store), 4, "{ddl}");
    }
}

/// Checks that what has nothing to do with the records fails as a whole.
#[test]
fn a_trigger_that_cannot_work() {
    let place = Place::new();
    let store = place.open();
    let connection = place.connection();
    connection
        .execute_batch(
            "CREATE TRIGGER broken BEFORE INSERT ON records BEGIN DELETE FROM missing; END",
        )
        .unwrap();
    let error = store.insert_batch(&[record(1, 1), record(2, 1)]).unwrap_err();
    assert_eq!(error.sqlite_kind(), Some(SqliteErrorKind::Other));
    assert!(chain(&error).contains("no such table: main.missing"), "{error}");
    connection
        .execute_batch(
            "DROP TRIGGER broken;
             CREATE TRIGGER broken BEFORE INSERT ON label_sets BEGIN DELETE FROM missing; END",
        )
        .unwrap();
    assert!(store.insert_batch(&[record(1, 1), record(2, 1)]).is_err());
    assert!(quarantined(&place).is_empty() && requests(&store) == 0);
    connection.execute_batch("DROP TRIGGER broken").unwrap();
    assert_eq!(store.insert_batch(&[record(1, 1), record(2, 1)]).unwrap().stored, 2);
}

/// Who inserts a record by itself is told.
#[test]
fn a_single_record_is_an_error() {
    let place = Place::new();
    drop(place.open());
    let connection = place.connection();
    connection.execute_batch(NO_SUCH_MODEL).unwrap();
    let error = insert_record(&connection, &named("x", 1)).unwrap_err();
    assert_eq!(error.to_string(), "no such model");
    assert_eq!(insert_record(&connection, &named("m", 1)).unwrap(), Inserted::Stored);
    assert!(quarantined(&place).is_empty());
    let _: Store = place.open();
}
