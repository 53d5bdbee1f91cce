//! A tracker whose journal is on the disk, and not only with the operating system.

use std::thread;
use std::time::Duration;
use std::{fs, io};

use usage_core::ErrorKind;
use usage_tracker::{Builder, Durability, Tracker};

use crate::common::{Kept, LONG, balanced, record};
use crate::journal::Memory;

fn synced() -> Builder {
    Tracker::builder()
        .durability(Durability::Synced)
        .buffer_size(1)
        .retry_back_off(Duration::from_millis(1), Duration::from_millis(2))
}

#[test]
fn what_cannot_be_stored_is_safe_in_the_journal() {
    let folder = tempfile::tempdir().unwrap();
    let sink = Memory::in_folder(folder.path().join("j"));
    sink.fail_with(ErrorKind::Full);
    let tracker = synced().start(sink.clone()).unwrap();
    thread::scope(|scope| {
        for first in 0..8 {
            let tracker = &tracker;
            scope.spawn(move || {
                for number in 0..20 {
                    tracker.record(record(first * 100 + number)).unwrap();
                    tracker.flush_to_journal(LONG).unwrap();
                    assert!(tracker.stats().journaled > number);
                }
            });
        }
    });
    let stats = balanced(&tracker);
    assert_eq!((stats.in_journal, stats.journaled, stats.undurable), (160, 160, 0));
    sink.fail_with(None);
    let report = tracker.shutdown(LONG);
    assert!(report.is_clean() && report.is_safe(), "{report:?}");
    assert_eq!(sink.stored().len(), 160);
}

/// A sink that remembers nothing of journals cannot have one.
#[test]
fn a_sink_without_a_journal_is_refused() {
    let error = synced().start(Kept::default()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::Unsupported);
    assert!(error.to_string().contains("journal"), "{error}");
}

/// Past a journal that cannot be made the ledger itself is brought to the disk, and until that is done
/// nobody hears that a record is safe.
#[test]
fn without_a_journal_nothing_is_safe_before_the_sink_is_durable() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("j");
    fs::write(&place, "in the way").unwrap();
    let sink = Memory::in_folder(place);
    sink.undurable(u32::MAX);
    let tracker = synced().start(sink.clone()).unwrap();
    tracker.record(record(0)).unwrap();
    tracker.flush(LONG).unwrap();
    // Nor in a hurry, when nobody has looked after the journal yet.
    for deadline in [Duration::ZERO, Duration::from_millis(20)] {
        tracker.flush_to_journal(deadline).unwrap_err();
    }
    let stats = balanced(&tracker);
    assert_eq!((stats.stored, stats.undurable, stats.degraded), (1, 1, true));
    assert!(!tracker.shutdown(Duration::ZERO).is_safe());

    let tracker = synced().start(sink.clone()).unwrap();
    tracker.record(record(1)).unwrap();
    tracker.flush(LONG).unwrap();
    sink.undurable(2);
    tracker.flush_to_journal(LONG).unwrap();
    let report = tracker.shutdown(LONG);
    assert!(report.is_clean() && report.is_safe(), "{report:?}");
    assert_eq!((report.stats.stored, report.stats.undurable), (1, 0));
    assert_eq!(sink.stored(), [0, 1], "nothing is stored again");
}
