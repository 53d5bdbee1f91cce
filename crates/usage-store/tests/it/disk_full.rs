//! No room: nothing of a batch is stored, and the same batch is stored once there is room.

use std::fs;
use std::path::Path;
use std::process::Command;

use usage_core::Record;
use usage_store::{Fault, Store, StoreError};

use super::child;
use super::support::{Place, record, records, requests, with_event};

const BATCH: i64 = 500;

fn batch(number: i64) -> Vec<Record> {
    (0..BATCH)
        .map(|n| with_event(record(number * BATCH + n, 1), &format!("{number}-{n}")))
        .collect()
}

/// Inserts batches until one fails; which one, and how.
fn fill(store: &Store) -> (i64, StoreError) {
    for number in 0..1_000 {
        if let Err(error) = store.insert_batch(&batch(number)) {
            return (number, error);
        }
    }
    panic!("there is no limit");
}

/// The binary, started by a shell that first does something.
fn after(shell: &str, role: &str, place: &Place, mut command: Command) -> std::process::Output {
    command.args(["sh", "-c", &format!("{shell} && exec \"$@\"")]).arg("sh");
    command.arg(std::env::current_exe().unwrap()).args(child::ARGUMENTS);
    child::role(command, role, place.folder()).output().unwrap()
}

#[test]
fn a_file_that_may_not_grow() {
    let place = Place::new();
    // A signal would come first otherwise. The unit is 512 bytes.
    let output = after("trap '' XFSZ && ulimit -f 2000", "file-limit", &place, Command::new("env"));
    child::check(&output);
    let store = place.open();
    let kept: i64 = fs::read_to_string(place.folder().join("kept")).unwrap().parse().unwrap();
    assert_eq!(requests(&store), (kept * BATCH) as u64);
    assert_eq!(store.insert_batch(&batch(kept)).unwrap().stored, BATCH as u64);
}

pub(crate) fn under_a_file_size_limit(place: &Path) {
    let store = Store::open(place.join("usage.db")).unwrap();
    let (kept, error) = fill(&store);
    assert_eq!(error.fault(), Some(Fault::Io), "{error:?}");
    assert!(kept > 0);
    assert_eq!(requests(&store), (kept * BATCH) as u64);
    fs::write(place.join("kept"), kept.to_string()).unwrap();
}

#[test]
fn a_disk_that_is_full() {
    let place = Place::new();
    let mut unshare = Command::new("unshare");
    unshare.arg("-Urm");
    if !Command::new("unshare").args(["-Urm", "true"]).status().is_ok_and(|status| status.success())
    {
        child::skip("cannot mount a small disk: `unshare -Urm` is not allowed here");
        return;
    }
    let mount = format!("mount -t tmpfs -o size=3m none '{}'", place.folder().display());
    child::check(&after(&mount, "small-disk", &place, unshare));
}

pub(crate) fn on_a_small_disk(place: &Path) {
    let ballast = place.join("ballast");
    fs::write(&ballast, vec![0; 1 << 20]).unwrap();
    let store = Store::open(place.join("usage.db")).unwrap();
    let (kept, error) = fill(&store);
    assert_eq!(error.fault(), Some(Fault::Full), "{error:?}");
    assert!(kept > 0);
    assert_eq!(requests(&store), (kept * BATCH) as u64);
    // Once more, still full, still nothing.
    assert!(store.insert_batch(&batch(kept)).is_err());
    fs::remove_file(ballast).unwrap();
    assert_eq!(store.insert_batch(&batch(kept)).unwrap().stored, BATCH as u64);
    assert_eq!(store.insert_batch(&batch(kept - 1)).unwrap().duplicates, BATCH as u64);
    assert_eq!(records(&store).len() as i64, (kept + 1) * BATCH);
}
