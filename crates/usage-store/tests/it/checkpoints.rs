//! Checkpoints that fail: the log can be written, and the ledger's file cannot grow.

use std::fs;
use std::path::Path;
use std::process::Command;

use usage_core::Record;
use usage_core::sink::Sink as _;
use usage_store::Store;
use usage_store::doctor::{Advice, Depth, examine};

use super::child;
use super::support::{Place, record, requests};

const BATCH: i64 = 500;

/// Without event ids, each of which would be on a page of its own in the log.
fn batch(number: i64) -> Vec<Record> {
    (0..BATCH).map(|n| record(number * BATCH + n, 1)).collect()
}

/// The program that writes knows it, and so does the doctor, who blames nobody for reading.
#[test]
fn one_that_fails_is_told_until_one_succeeds() {
    let place = Place::new();
    drop(place.open());
    // As large as many records would make it, and sooner there.
    let filler =
        "INSERT INTO set_aside (kind, content, reason) VALUES ('journal', zeroblob(8300000), '')";
    place.connection().execute_batch(filler).unwrap();
    assert!(place.path.metadata().unwrap().len() > 8_300_000);
    let next = place.folder().join("next");
    fs::write(&next, "0").unwrap();
    // A signal would come first otherwise. No file may have more than 9,216,000 bytes, and a log of a
    // thousand pages has less.
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ && ulimit -f 18000 && exec \"$@\"", "sh"]);
    shell.arg(std::env::current_exe().unwrap()).args(child::ARGUMENTS);
    child::check(&child::role(shell, "no-growth", place.folder()).output().unwrap());

    let number: i64 = fs::read_to_string(next).unwrap().parse().unwrap();
    let store = place.open();
    assert_eq!(requests(&store), (number * BATCH) as u64);
    // This program does not know of it before its own first one, so the setting is looked at.
    let advice = || examine(&place.path, Depth::Quick).unwrap().advice;
    let connection = place.connection();
    let setting = "SELECT count(*) FROM settings WHERE name = 'failing_checkpoint'";
    let fails = || connection.query_row(setting, [], |row| row.get::<_, i64>(0)).unwrap() > 0;
    assert!(fails() && !advice().is_empty());
    let mut numbers = number..number + 1_000;
    while fails() {
        let number = numbers.next().expect("no checkpoint has succeeded");
        store.insert_batch(&batch(number)).unwrap();
    }
    assert_eq!((advice(), store.clone().warning()), (Vec::new(), None));
}

/// In a child of it.
pub(crate) fn without_growth(place: &Path) {
    let store = Store::open(place.join("usage.db")).unwrap();
    let mut number: i64 = fs::read_to_string(place.join("next")).unwrap().parse().unwrap();
    assert_eq!(store.clone().warning(), None);
    while store.clone().warning().is_none() {
        store.insert_batch(&batch(number)).unwrap();
        number += 1;
    }
    store.insert_batch(&batch(number)).unwrap();
    let warning = store.clone().warning().unwrap();
    let advice = examine(store.path(), Depth::Quick).unwrap().advice;
    let [Advice::FailingCheckpoint(why)] = &advice[..] else { panic!("{advice:?}") };
    assert!(warning.ends_with(why), "{warning}");
    assert_eq!(requests(&store), ((number + 1) * BATCH) as u64);
    fs::write(place.join("next"), (number + 1).to_string()).unwrap();
}
