//! `insert_record`: on a connection, and inside the caller's transaction.

use rusqlite::{Connection, TransactionBehavior};
use usage_store::{Inserted, WriteError, insert_record};

use super::support::{Place, at, record, record_of, records, stored};

#[test]
fn on_a_bare_connection_it_is_committed_at_once() {
    let place = Place::new();
    let store = place.open();
    let connection = place.connection();
    assert_eq!(insert_record(&connection, &record(1, 1)).unwrap(), Inserted::Stored);
    assert!(connection.is_autocommit());
    assert_eq!(records(&store), [record(1, 1)]);
    // Ids go on where the store's left off, and the other way round.
    store.insert_batch(&[record(2, 1)]).unwrap();
    insert_record(&connection, &record(3, 1)).unwrap();
    assert_eq!(stored(&store).iter().map(|stored| stored.id).collect::<Vec<_>>(), [3, 2, 1]);
}

#[test]
fn it_belongs_to_the_callers_transaction() {
    let place = Place::new();
    let store = place.open();
    let mut connection = place.connection();
    for (behavior, commit) in [
        (TransactionBehavior::Deferred, false),
        (TransactionBehavior::Immediate, false),
        (TransactionBehavior::Deferred, true),
        (TransactionBehavior::Immediate, true),
    ] {
        let transaction = connection.transaction_with_behavior(behavior).unwrap();
        insert_record(&transaction, &record(1, 1)).unwrap();
        insert_record(&transaction, &record_of(["x", "", "", "y", "z"], 2, 2)).unwrap();
        assert!(records(&store).is_empty());
        if commit {
            transaction.commit().unwrap();
            assert_eq!(records(&store).len(), 2);
            store.delete_all_records().unwrap();
        } else {
            transaction.rollback().unwrap();
            assert!(records(&store).is_empty());
        }
    }
}

/// Makes the insert of one timestamp fail half way, after its names and before its id.
fn sabotage(connection: &Connection) {
    connection
        .execute_batch(
            "CREATE TEMP TRIGGER sabotage BEFORE INSERT ON main.records WHEN NEW.ts = 13
             BEGIN SELECT RAISE(FAIL, 'unlucky'); END",
        )
        .unwrap();
}

#[test]
fn a_failing_record_leaves_the_callers_other_work() {
    let place = Place::new();
    let store = place.open();
    let mut connection = place.connection();
    sabotage(&connection);
    let transaction = connection.transaction().unwrap();
    insert_record(&transaction, &record(1, 1)).unwrap();
    let error = insert_record(&transaction, &record_of(["new", "", "", "r", "m"], 13, 1));
    assert!(matches!(error, Err(WriteError::Sqlite(_))), "{error:?}");
    assert!(!transaction.is_autocommit());
    insert_record(&transaction, &record(2, 1)).unwrap();
    transaction.commit().unwrap();

    assert_eq!(records(&store), [record(2, 1), record(1, 1)]);
    let names: i64 = place
        .connection()
        .query_row("SELECT count(*) FROM label_sets", [], |row| row.get(0))
        .unwrap();
    assert_eq!(names, 1, "the failed record's names are gone with it");
}

#[test]
fn a_failing_record_leaves_no_transaction_behind() {
    let place = Place::new();
    let store = place.open();
    let connection = place.connection();
    sabotage(&connection);
    assert!(insert_record(&connection, &record(13, 1)).is_err());
    assert!(connection.is_autocommit());
    store.insert_batch(&[record(13, 1)]).unwrap();
    insert_record(&connection, &record(14, 1)).unwrap();
    assert_eq!(store.prune_records(at(20)).unwrap(), 2);
}

#[test]
fn a_database_that_is_no_ledger_is_not_written() {
    let connection = Connection::open_in_memory().unwrap();
    let error = insert_record(&connection, &record(1, 1)).unwrap_err();
    assert!(matches!(error, WriteError::VersionChanged { found: 0, .. }), "{error:?}");
    assert!(connection.is_autocommit());
}
