//! Deleting, and giving the space back.

use std::fs;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use usage_core::{Filter, TimeRange, Timestamp};
use usage_store::{DeleteAllPlan, PruneOptions, PrunePlan, StoreOptions};

use super::support::{Place, at, record, records, requests};

fn size(place: &Place) -> u64 {
    fs::metadata(&place.path).unwrap().len()
}

#[test]
fn the_very_instant_stays_and_the_plan_is_what_happens() {
    let place = Place::with_records(10);
    let store = place.open();
    let plan = PrunePlan::new(&store, at(4), &PruneOptions::default()).unwrap();
    assert_eq!((plan.before, plan.keep_rollups, plan.records), (at(4), false, 4));
    assert_eq!((plan.oldest, plan.newest), (Some(at(0)), Some(at(3))));
    assert_eq!((plan.rollups, plan.requests, plan.insisted), (0, 0, false));
    assert_eq!((plan.now, plan.doubt), (None, None));
    assert_eq!(requests(&store), 10, "a plan changes nothing");
    assert_eq!(store.prune_records(plan.before).unwrap(), plan.records);
    assert_eq!(records(&store).last().unwrap().timestamp(), at(4));
    let mut nothing = plan;
    (nothing.records, nothing.oldest, nothing.newest) = (0, None, None);
    assert_eq!(PrunePlan::new(&store, at(4), &PruneOptions::default()).unwrap(), nothing);
    assert_eq!(store.prune_records(at(4)).unwrap(), 0);
    assert_eq!(store.prune_records(Timestamp::from_micros(i64::MIN)).unwrap(), 0);
    let everything =
        PrunePlan::new(&store, Timestamp::from_micros(i64::MAX), &PruneOptions::default())
            .unwrap()
            .insist();
    assert_eq!(store.delete(everything, |_| {}).unwrap().records, 6);
}

/// Equal instants on both sides of where one slice ends and the next begins.
#[test]
fn more_than_a_slice_of_equal_instants() {
    for (old, new) in [(4_999, 3), (5_000, 3), (5_001, 3), (12_345, 6_000)] {
        let place = Place::new();
        let store = place.open();
        store.insert_batch(&vec![record(7, 1); old]).unwrap();
        store.insert_batch(&vec![record(8, 1); new]).unwrap();
        assert_eq!(store.prune_records(at(8)).unwrap(), old as u64);
        assert_eq!(requests(&store), new as u64);
    }
}

#[test]
fn the_file_gets_smaller() {
    let place = Place::with_records(60_000);
    let store = place.open();
    let before = size(&place);
    assert_eq!(store.prune_records(at(50_000)).unwrap(), 50_000);
    let after = size(&place);
    assert!(after < before / 3, "{before} to {after} bytes");
    assert_eq!(store.delete_all_records().unwrap(), 10_000);
    // The tables and indexes alone, a page or two each.
    assert!(size(&place) < 150_000, "{} bytes", size(&place));
    assert_eq!(store.delete_all_records().unwrap(), 0);
    assert_eq!(requests(&store), 0);
}

#[test]
fn ids_go_on_after_everything_was_deleted() {
    let place = Place::with_records(3);
    let store = place.open();
    store.delete_all_records().unwrap();
    store.insert_batch(&[record(1, 1)]).unwrap();
    assert_eq!(super::support::stored(&store)[0].id, 4);
}

#[test]
fn vacuum_says_how_much() {
    let place = Place::with_records(60_000);
    // Deleted past the store, which gives the space back by itself.
    place.connection().execute("DELETE FROM records WHERE ts < 50000", []).unwrap();
    let store = place.open();
    let before = size(&place);
    let outcome = store.vacuum().unwrap();
    assert!(outcome.bytes_before >= before);
    assert_eq!(outcome.bytes_after, size(&place));
    assert!(outcome.bytes_after < outcome.bytes_before / 3, "{outcome:?}");
    let again = store.vacuum().unwrap();
    assert_eq!(again.bytes_before, again.bytes_after);
    let left = "SELECT count(*) FROM records";
    let left: i64 = place.connection().query_row(left, [], |row| row.get(0)).unwrap();
    assert_eq!(left, 10_000);
}

/// A reader in the middle of a report keeps the file from shrinking, and nothing more. It is not
/// waited for either, or this would never end.
#[test]
fn an_open_reader_is_no_obstacle() {
    let place = Place::with_records(60_000);
    let mut options = StoreOptions::default();
    options.busy_timeout = Duration::MAX;
    let store = options.open(&place.path).unwrap();
    let mut reader = place.connection();
    let snapshot = reader.transaction().unwrap();
    let count = || -> i64 {
        snapshot.query_row("SELECT count(*) FROM records", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(count(), 60_000);
    let before = size(&place);
    assert_eq!(store.prune_records(at(50_000)).unwrap(), 50_000);
    // What is reported is what the disk says, not what the ledger needs.
    let outcome = store.vacuum().unwrap();
    assert!(outcome.bytes_after >= before, "{outcome:?}");
    assert_eq!((count(), requests(&store)), (60_000, 10_000));
    drop(snapshot);
    let outcome = store.vacuum().unwrap();
    assert!(outcome.bytes_after < before / 3, "{outcome:?}");
}

/// Others write while a long prune goes on, through stores of their own and through this one.
#[test]
fn others_write_between_the_slices() {
    let place = Place::with_records(200_000);
    let (store, other) = (place.open(), place.open());
    let (done, is_done) = mpsc::channel();
    let written = thread::scope(|scope| {
        let (store, other) = (&store, &other);
        scope.spawn(move || {
            assert_eq!(store.prune_records(at(200_000)).unwrap(), 200_000);
            done.send(()).unwrap();
        });
        let mut written = 0;
        while is_done.try_recv().is_err() {
            for writer in [store, other] {
                writer.insert_batch(&[record(300_000, 1)]).unwrap();
                written += 1;
            }
        }
        written
    });
    assert!(written > 10, "only {written} batches got their turn");
    let filter = Filter::default();
    assert_eq!(store.report(TimeRange::ALL, &filter).unwrap().summary().requests, written);
}

/// The plan is what happens, and is told as it goes on.
#[test]
fn a_prune_tells_how_far_it_is() {
    let place = Place::with_records(12_345);
    let store = place.open();
    let plan = PrunePlan::new(&store, at(12_000), &PruneOptions::default()).unwrap();
    let mut told = Vec::new();
    let deletion = store.delete(plan, |gone| told.push(gone)).unwrap();
    assert_eq!((plan.records, deletion.records), (12_000, 12_000));
    assert!(told.len() > 1 && told.is_sorted() && told.last() == Some(&12_000), "{told:?}");
    assert!(deletion.space.bytes_given_back() > 0 && !deletion.space.is_held_back);
    assert_eq!(deletion.space.bytes_after, size(&place));
    let plan = DeleteAllPlan::new(&store).unwrap();
    let expected = (345, Some(at(12_000)), Some(at(12_344)));
    assert_eq!((plan.records, plan.oldest, plan.newest), expected);
    assert_eq!(store.delete_all_records().unwrap(), 345);
    assert_eq!(DeleteAllPlan::new(&store).unwrap().records, 0);
}

#[test]
fn a_reader_holds_the_file_back() {
    let place = Place::with_records(60_000);
    let store = place.open();
    let mut reader = place.connection();
    let snapshot = reader.transaction().unwrap();
    snapshot.query_row("SELECT count(*) FROM records", [], |_| Ok(())).unwrap();
    let plan = PrunePlan::new(&store, at(50_000), &PruneOptions::default()).unwrap();
    let deletion = store.delete(plan, |_| {}).unwrap();
    assert!(deletion.space.is_held_back && deletion.records == 50_000, "{deletion:?}");
    drop(snapshot);
    let outcome = store.vacuum().unwrap();
    assert!(!outcome.is_held_back && outcome.bytes_given_back() > 0, "{outcome:?}");
}
