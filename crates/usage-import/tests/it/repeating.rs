//! Importing again: nothing is counted twice, nothing that is new is missed.

use std::fs;
use std::ops::ControlFlow;
use std::sync::Barrier;
use std::thread;

use proptest::prelude::*;
use usage_core::Timestamp;
use usage_import::{ImportEvent, ImportOptions};

use super::support::{
    INSERT, NEWER, Place, counts, go, import, import_with, record, records, requests,
};

fn rescan() -> ImportOptions {
    let mut options = ImportOptions::default();
    options.rescan = true;
    options
}

#[test]
fn the_same_again_changes_nothing() {
    let place = Place::with_rows(4_500);
    assert_eq!(place.import().counts, [4_500, 0, 0, 0]);
    let ledger = fs::read(place.ledger()).unwrap();
    assert_eq!(place.import().counts, [0, 0, 0, 4_500]);
    assert!(fs::read(place.ledger()).unwrap() == ledger, "not a byte of it");
}

#[test]
fn new_rows_are_picked_up() {
    let place = Place::with_rows(10);
    assert_eq!(place.import().counts, [10, 0, 0, 0]);
    place.add(11..=2_500);
    assert_eq!(place.import().counts, [2_490, 0, 0, 10]);
    assert_eq!(requests(&place.store()), 2_500);
}

/// Requests of the same instant and cost are all counted, in whatever imports they come.
#[test]
fn equal_rows_are_counted_each() {
    let place = Place::with_rows(3);
    place.add([2, 2]);
    assert_eq!(place.import().counts, [5, 0, 0, 0]);
    place.add([2, 3, 3, 4]);
    assert_eq!(place.import().counts, [4, 0, 0, 5]);
    assert_eq!(requests(&place.store()), 9);
    assert_eq!(import_with(&place.store(), &place.path, &rescan()).unwrap().counts, [0, 9, 0, 0]);
}

/// More of them than a page holds.
#[test]
fn many_equal_rows_are_counted_each() {
    let place = Place::new(NEWER);
    place.add(std::iter::repeat_n(7, 4_100));
    assert_eq!(place.import().counts, [4_100, 0, 0, 0]);
    place.add(std::iter::repeat_n(7, 100));
    assert_eq!(place.import().counts, [100, 0, 0, 4_100]);
}

#[test]
fn a_copy_adds_nothing() {
    let place = Place::with_rows(2_500);
    place.add([5, 5]);
    place.import();
    for name in ["copy.db", "hard.db", "soft.db"] {
        let path = place.beside(name);
        match name {
            "copy.db" => drop(fs::copy(&place.path, &path).unwrap()),
            "hard.db" => fs::hard_link(&place.path, &path).unwrap(),
            _ => std::os::unix::fs::symlink(&place.path, &path).unwrap(),
        }
        let expected = if name == "soft.db" { [0, 0, 0, 2_502] } else { [0, 2_502, 0, 0] };
        assert_eq!(import(&place.store(), &path).unwrap().counts, expected, "{name}");
    }
    // And when both are imported in turn, while only one grows.
    place.add(2_501..=2_510);
    assert_eq!(place.import().counts, [10, 0, 0, 2_502]);
    let hard = import(&place.store(), &place.beside("hard.db")).unwrap();
    assert_eq!(hard.counts, [0, 10, 0, 2_502]);
    assert_eq!(requests(&place.store()), 2_512);
}

#[test]
fn an_origin_that_was_made_again_is_noticed() {
    let place = Place::with_rows(50);
    place.import();
    fs::remove_file(&place.path).unwrap();
    place.execute(NEWER);
    place.add(101..=120);
    // Fewer rows: the last one is missing.
    assert_eq!(place.import().counts, [20, 0, 0, 0]);
    fs::remove_file(&place.path).unwrap();
    place.execute(NEWER);
    place.add(201..=300);
    // More rows: there is another one in its place.
    assert_eq!(place.import().counts, [100, 0, 0, 0]);
    assert_eq!(place.import().counts, [0, 0, 0, 100]);
    assert_eq!(requests(&place.store()), 170);
}

#[test]
fn a_restored_backup_of_the_origin_adds_nothing() {
    let place = Place::with_rows(50);
    let backup = fs::read(&place.path).unwrap();
    place.add(51..=80);
    place.import();
    fs::write(&place.path, backup).unwrap();
    assert_eq!(place.import().counts, [0, 50, 0, 0]);
    place.add(81..=90);
    assert_eq!(place.import().counts, [10, 0, 0, 50]);
    assert_eq!(requests(&place.store()), 90);
}

#[test]
fn rows_deleted_in_the_origin_stay_in_the_ledger() {
    let place = Place::with_rows(50);
    place.import();
    place.execute("DELETE FROM usage_records WHERE id < 30");
    assert_eq!(place.import().counts, [0, 0, 0, 50]);
    place.execute("DELETE FROM usage_records WHERE id > 45");
    assert_eq!(place.import().counts, [0, 16, 0, 0]);
    place.execute("DELETE FROM usage_records");
    assert_eq!(place.import().counts, [0, 0, 0, 0]);
    place.add([60]);
    assert_eq!(place.import().counts, [1, 0, 0, 0]);
    assert_eq!(requests(&place.store()), 51);
}

#[test]
fn what_was_pruned_from_the_ledger_does_not_come_back() {
    let place = Place::with_rows(3_000);
    place.import();
    let store = place.store();
    // Two seconds and a half of the three.
    let pruned = store.prune_records(Timestamp::from_micros(1_777_787_763_500_000)).unwrap();
    assert_eq!((pruned, requests(&store)), (2_499, 501));
    place.add(3_001..=3_010);
    assert_eq!(place.import().counts, [10, 0, 0, 3_000]);
    store.delete_all_records().unwrap();
    assert_eq!(place.import().counts, [0, 0, 0, 3_010]);
    // Unless they are asked for.
    assert_eq!(import_with(&store, &place.path, &rescan()).unwrap().counts, [3_010, 0, 0, 0]);
    assert_eq!(place.import().counts, [0, 0, 0, 3_010]);
}

#[test]
fn a_rescan_names_refused_rows_again() {
    let place = Place::with_rows(5);
    place.execute("UPDATE usage_records SET tokens = -1 WHERE id = 2");
    assert_eq!(place.import().counts, [4, 0, 1, 0]);
    assert_eq!(place.import().counts, [0, 0, 0, 5]);
    place.execute("UPDATE usage_records SET tokens = 1 WHERE id = 2");
    assert_eq!(place.import().counts, [0, 0, 0, 5]);
    assert_eq!(import_with(&place.store(), &place.path, &rescan()).unwrap().counts, [1, 4, 0, 0]);
}

/// Stopped after its first page, an import goes on from there.
#[test]
fn a_stopped_import_goes_on() {
    let place = Place::with_rows(5_000);
    let store = place.store();
    let mut rows_and_left = Vec::new();
    let summary = go(&store, &place.path, &mut |event| {
        if let ImportEvent::Progress { summary, left_at_most } = event {
            rows_and_left.push((summary.items(), left_at_most));
        }
        ControlFlow::Break(())
    });
    assert!(summary.is_stopped);
    assert_eq!((summary.items(), requests(&store)), (2_000, 2_000));
    assert_eq!(rows_and_left, [(2_000, 3_000)]);
    assert_eq!(place.import().counts, [3_000, 0, 0, 2_000]);
}

/// Two at a time, in threads and through stores of their own.
#[test]
fn imports_at_once_share_the_work() {
    let place = Place::with_rows(20_000);
    drop(place.store());
    let barrier = Barrier::new(4);
    let imported: u64 = thread::scope(|scope| {
        let start = || {
            let store = place.store();
            barrier.wait();
            let summary = go(&store, &place.path, &mut |_| ControlFlow::Continue(()));
            let [imported, already_there, refused, _] = counts(&summary);
            assert_eq!((already_there, refused), (0, 0));
            imported
        };
        let all: Vec<_> = (0..4).map(|_| scope.spawn(start)).collect();
        all.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!((imported, requests(&place.store())), (20_000, 20_000));
}

/// A full rescan in pages writes in the order of the rows, and others can write in between.
#[test]
fn others_record_meanwhile() {
    let place = Place::with_rows(6_000);
    let (store, other) = (place.store(), place.store());
    let mut others = 0;
    let summary = go(&store, &place.path, &mut |_| {
        let record = record(others, 1);
        others += 1;
        assert_eq!(other.insert_batch(&[record]).unwrap().stored, 1);
        ControlFlow::Continue(())
    });
    assert_eq!((summary.imported, others), (6_000, 3));
    assert_eq!(requests(&store), 6_003);
}

#[derive(Clone, Debug)]
enum Step {
    Add(Vec<i64>),
    Import,
    ImportCopy,
    Rescan,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever is done in whatever order, the ledger holds each row as often as the origin.
    #[test]
    fn the_ledger_holds_what_the_origin_holds(steps in proptest::collection::vec(
        prop_oneof![
            3 => proptest::collection::vec(0..4_i64, 0..6).prop_map(Step::Add),
            2 => Just(Step::Import),
            1 => Just(Step::ImportCopy),
            1 => Just(Step::Rescan),
        ],
        1..10,
    )) {
        let place = Place::new(NEWER);
        let store = place.store();
        for step in steps {
            match step {
                Step::Add(numbers) => place.add(numbers),
                Step::Import => drop(import(&store, &place.path).unwrap()),
                Step::Rescan => drop(import_with(&store, &place.path, &rescan()).unwrap()),
                Step::ImportCopy => {
                    let copy = place.beside("copy.db");
                    fs::copy(&place.path, &copy).unwrap();
                    import(&store, &copy).unwrap();
                }
            }
        }
        import(&store, &place.path).unwrap();
        let mut held: Vec<_> = records(&store)
            .iter()
            .map(|record| record.tokens().total())
            .collect();
        held.sort_unstable();
        let origin = rusqlite::Connection::open(&place.path).unwrap();
        let mut rows = origin.prepare("SELECT tokens FROM usage_records ORDER BY 1").unwrap();
        let rows: Vec<u64> = rows
            .query_map([], |row| row.get::<_, i64>(0))
            .unwrap()
            .map(|tokens| tokens.unwrap().unsigned_abs())
            .collect();
        prop_assert_eq!(held, rows);
    }
}

#[test]
fn the_insert_of_these_tests_is_what_the_origin_writes() {
    let connection = rusqlite::Connection::open_in_memory().unwrap();
    connection.execute_batch(NEWER).unwrap();
    connection.execute(INSERT, [1_042]).unwrap();
    let text: String =
        connection.query_row("SELECT timestamp FROM usage_records", [], |row| row.get(0)).unwrap();
    assert_eq!(text, "2026-05-03 13:56:02.042000001 +0800 CST m=+1042.000000000");
}
