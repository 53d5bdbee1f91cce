//! Names stay with their records, whatever happens to the ids of other names.

use usage_core::{Label, Record};
use usage_store::insert_record;

use super::support::{Place, record_of, records};

fn named(name: &str) -> Record {
    record_of([name, name, name, name, name], 1, 1)
}

fn names(records: &[Record]) -> Vec<&str> {
    records.iter().map(|record| record.labels().names().get(Label::Instance)).collect()
}

#[test]
fn ids_known_to_one_store_are_deleted_through_another() {
    let place = Place::new();
    let (one, other) = (place.open(), place.open());
    one.insert_batch(&[named("a"), named("b")]).unwrap();
    other.insert_batch(&[named("b")]).unwrap();
    assert_eq!(other.delete_all_records().unwrap(), 3);
    // Other names first, which would get the old ids if any were used again.
    other.insert_batch(&[named("x"), named("y")]).unwrap();
    one.insert_batch(&[named("b"), named("a")]).unwrap();
    assert_eq!(names(&records(&one)), ["a", "b", "y", "x"]);
    let lowest: i64 = place
        .connection()
        .query_row("SELECT min(id) FROM label_sets", [], |row| row.get(0))
        .unwrap();
    assert_eq!(lowest, 3, "no id is used again");
}

#[test]
fn the_store_that_deletes_forgets_them_too() {
    let place = Place::new();
    let store = place.open();
    store.insert_batch(&[named("a")]).unwrap();
    store.delete_all_records().unwrap();
    store.insert_batch(&[named("x"), named("a")]).unwrap();
    assert_eq!(names(&records(&store)), ["a", "x"]);
}

/// The id of a set whose transaction was rolled back goes to another set.
#[test]
fn ids_of_a_rolled_back_transaction() {
    let place = Place::new();
    let store = place.open();
    let mut connection = place.connection();
    let transaction = connection.transaction().unwrap();
    insert_record(&transaction, &named("gone")).unwrap();
    transaction.rollback().unwrap();
    store.insert_batch(&[named("a")]).unwrap();
    insert_record(&connection, &named("gone")).unwrap();
    store.insert_batch(&[named("gone"), named("a")]).unwrap();
    assert_eq!(names(&records(&store)), ["a", "gone", "gone", "a"]);
}

/// Checks that what a failed batch had given ids to is not remembered.
#[test]
fn ids_of_a_batch_that_failed() {
    let place = Place::new();
    let (store, other) = (place.open(), place.open());
    let connection = place.connection();
    connection
        .execute_batch(
            "CREATE TRIGGER sabotage BEFORE UPDATE OF next_record_id ON ledger
             BEGIN SELECT RAISE(FAIL, 'unlucky'); END",
        )
        .unwrap();
    assert!(store.insert_batch(&[named("a"), named("b"), named("c")]).is_err());
    assert!(records(&other).is_empty(), "nothing of the batch is stored");
    connection.execute_batch("DROP TRIGGER sabotage").unwrap();
    other.insert_batch(&[named("x"), named("y")]).unwrap();
    store.insert_batch(&[named("b"), named("a")]).unwrap();
    assert_eq!(names(&records(&store)), ["a", "b", "y", "x"]);
}

/// Joined they would be one.
#[test]
fn names_are_kept_apart() {
    let place = Place::new();
    let store = place.open();
    let batch = [
        record_of(["i", "a/b", "c", "r", "m"], 1, 1),
        record_of(["i", "a", "b/c", "r", "m"], 1, 1),
        record_of(["i", "", "", "r", "m"], 1, 1),
        record_of(["i", "default", "", "r", "m"], 1, 1),
        record_of(["i\u{1b}[2J'\"", "a", "b/c", "r", &"模".repeat(85)], 1, 1),
    ];
    store.insert_batch(&batch).unwrap();
    let mut read = records(&store);
    read.reverse();
    assert_eq!(read, batch);
}
