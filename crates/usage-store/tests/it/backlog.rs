//! Records that wait in journals, looked at without changing them.

use std::fs;

use usage_core::sink::JournalSink;
use usage_store::{JournalBacklog, SegmentState, Store};

use super::support::{Place, journal, orphan, record, requests, segments};

#[test]
fn nothing_waits() {
    let place = Place::with_records(3);
    let store = Store::open_existing(&place.path).unwrap();
    assert_eq!(store.journals().backlog().unwrap(), JournalBacklog::default());
}

#[test]
fn of_whom_and_how_much() {
    let place = Place::new();
    let mut store = place.open();
    let batch: Vec<_> = (0..30).map(|micros| record(micros, 1)).collect();
    let folder = orphan(&mut store, &batch[..20]);
    let (_journal, mut tail) = journal(&store, &folder, &batch[..7]);
    let other = Place::with_records(1);
    drop(journal(&other.open(), &folder, &batch));
    let unreadable = folder.join(format!("{:032x}.segment", 1));
    fs::write(&unreadable, vec![0xFF; 8_192]).unwrap();
    let given_up = folder.join(format!("{:032x}.damaged", 2));
    fs::write(&given_up, "?").unwrap();

    let before = segments(&folder);
    let waiting = store.journals().backlog().unwrap();
    assert_eq!((waiting.of_stopped(), waiting.of_running()), (20, 7));
    let count = |state| waiting.of(state).count();
    assert_eq!(
        [SegmentState::Abandoned, SegmentState::Live, SegmentState::Foreign].map(count),
        [1, 1, 1]
    );
    let mut damaged: Vec<_> =
        waiting.of(SegmentState::Unreadable).map(|segment| &segment.path).collect();
    damaged.sort();
    assert_eq!(damaged, [&unreadable, &given_up]);
    let on_disk = before.iter().map(|path| path.metadata().unwrap().len()).sum::<u64>();
    assert!(on_disk > 8_192 + 1 && waiting.bytes() == on_disk, "{on_disk}");
    assert_eq!((segments(&folder), requests(&store)), (before, 0), "only looked at");

    // What is stored waits no longer.
    tail.load(1_000).unwrap();
    tail.store(&mut store).unwrap();
    assert_eq!(store.journals().backlog().unwrap().of_running(), 0);
    store.journals().recover().unwrap();
    assert_eq!(store.journals().backlog().unwrap().of_stopped(), 0);
}

/// By whoever may only read the ledger, whichever path leads to it.
#[test]
fn through_a_link() {
    let place = Place::with_records(3);
    let folder = orphan(&mut place.open(), &[record(9, 1)]);
    let link = place.folder().join("link");
    std::os::unix::fs::symlink(&place.path, &link).unwrap();
    let mut linked = Store::open_existing(&link).unwrap();
    assert_eq!(linked.journal_folder().unwrap(), folder);
    assert_eq!(linked.journals().backlog().unwrap().of_stopped(), 1);
}
