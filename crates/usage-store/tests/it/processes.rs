//! Many processes and threads on one ledger.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Barrier;
use std::thread;

use usage_core::{Filter, Label, TimeRange};

use super::child;
use super::support::{Place, open_patient, record_of, records, requests};

/// So many open one ledger at the same moment.
const OPENERS: usize = 20;

#[test]
fn twenty_processes_open_a_fresh_ledger() {
    for _ in 0..5 {
        let place = Place::new();
        let roles: Vec<_> = (0..OPENERS).map(|which| format!("open {which}")).collect();
        child::all_at_once(&roles, place.folder());
        holds_one_record_of_each(&place);
    }
}

#[test]
fn twenty_threads_open_a_fresh_ledger() {
    for _ in 0..5 {
        let place = Place::new();
        let barrier = Barrier::new(OPENERS);
        thread::scope(|scope| {
            for which in 0..OPENERS {
                let (place, barrier) = (&place, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    insert_one(&place.path, &which.to_string());
                });
            }
        });
        holds_one_record_of_each(&place);
    }
}

fn holds_one_record_of_each(place: &Place) {
    let store = place.open();
    let instances: HashSet<_> = records(&store)
        .iter()
        .map(|record| record.labels().names().get(Label::Instance).to_owned())
        .collect();
    assert_eq!((instances.len(), requests(&store)), (OPENERS, OPENERS as u64));
    let auto_vacuum: i32 =
        place.connection().pragma_query_value(None, "auto_vacuum", |row| row.get(0)).unwrap();
    assert_eq!(auto_vacuum, 2);
}

pub(crate) fn open_and_insert(place: &Path, which: &str) {
    child::wait_for_the_others(place);
    insert_one(&place.join("usage.db"), which);
}

fn insert_one(path: &Path, which: &str) {
    let store = open_patient(path);
    let outcome = store.insert_batch(&[record_of([which, "", "", "r", "m"], 1, 1)]).unwrap();
    assert_eq!(outcome.stored, 1);
}

const WRITERS: usize = 4;
const BATCHES: usize = 40;
const BATCH: usize = 50;

#[test]
fn four_processes_write_while_two_read() {
    let place = Place::new();
    drop(place.open());
    let writers = (0..WRITERS).map(|which| format!("write {which}"));
    let readers = (0..2).map(|which| format!("read {which}"));
    child::all_at_once(&writers.chain(readers).collect::<Vec<_>>(), place.folder());

    let store = place.open();
    let all = records(&store);
    assert_eq!(all.len(), WRITERS * BATCHES * BATCH);
    // Each is there once: no two have the same names and the same number of tokens.
    let different: HashSet<_> = all.iter().collect();
    assert_eq!(different.len(), all.len());
}

/// Every batch brings a name of its own, so that readers meet new names all the time.
pub(crate) fn write_batches(place: &Path, which: &str) {
    let store = open_patient(&place.join("usage.db"));
    child::wait_for_the_others(place);
    for batch in 0..BATCHES {
        let route = format!("route {batch}");
        let names = [which, "", "", &route, "m"];
        let records: Vec<_> =
            (0..BATCH).map(|n| record_of(names, batch as i64, n as u64)).collect();
        assert_eq!(store.insert_batch(&records).unwrap().stored, BATCH as u64);
    }
}

/// No report sees a part of a batch.
pub(crate) fn read_reports(place: &Path, _: &str) {
    let store = open_patient(&place.join("usage.db"));
    child::wait_for_the_others(place);
    let mut last = 0;
    while last < (WRITERS * BATCHES * BATCH) as u64 {
        let report = store.report(TimeRange::ALL, &Filter::default()).unwrap();
        for (labels, totals) in report.groups() {
            let whole = (BATCH as u64, (0..BATCH as u64).sum());
            assert_eq!((totals.requests, totals.tokens()), whole, "{labels:?}");
        }
        let now = report.summary().requests;
        assert!(now >= last, "{now} after {last}");
        last = now;
    }
}
