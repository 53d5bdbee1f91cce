//! A journal that is taken away, emptied or replaced while a tracker has it open: nobody hears that
//! something is safe which is not.

use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use usage_core::ErrorKind;
use usage_tracker::{FlushError, Tracker};

use crate::common::{LONG, balanced, record, until};
use crate::journal::Memory;

fn with_backlog(sink: &Memory, records: std::ops::Range<u64>) -> Tracker {
    sink.fail_with(ErrorKind::Full);
    let tracker = Tracker::builder().start(sink.clone()).unwrap();
    records.for_each(|number| tracker.record(record(number)).unwrap());
    tracker.flush_to_journal(LONG).unwrap();
    tracker
}

fn stored_by_the_next(sink: &Memory) -> Vec<u64> {
    sink.fail_with(None);
    let tracker = Tracker::builder().start(sink.clone()).unwrap();
    tracker.flush(LONG).unwrap();
    assert!(tracker.shutdown(LONG).is_clean());
    sink.stored()
}

#[test]
fn a_journal_that_was_deleted_is_written_anew_before_anything_is_called_safe() {
    for from_inside in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("j");
        let sink = Memory::in_folder(place.clone());
        let tracker = with_backlog(&sink, 0..100);
        if from_inside {
            fs::read_dir(&place)
                .unwrap()
                .for_each(|at| fs::remove_file(at.unwrap().path()).unwrap());
        } else {
            fs::remove_dir_all(&place).unwrap();
        }
        tracker.flush_to_journal(LONG).unwrap();
        let stats = balanced(&tracker);
        assert_eq!(stats.in_journal, 100);
        assert!(stats.last_error.is_some());
        tracker.record(record(100)).unwrap();
        tracker.flush_to_journal(LONG).unwrap();
        // From here on as if killed, but for the lock.
        let report = tracker.shutdown(Duration::ZERO);
        assert!(report.is_safe(), "{report:?}");
        drop(tracker);
        assert_eq!(stored_by_the_next(&sink), (0..=100).collect::<Vec<_>>());
    }
}

/// While nobody records and nobody asks, too.
#[test]
fn it_is_looked_after_while_something_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("j");
    let sink = Memory::in_folder(place.clone());
    let tracker = with_backlog(&sink, 0..10);
    fs::rename(&place, folder.path().join("elsewhere")).unwrap();
    until("the journal is written anew", || place.exists());
    assert!(tracker.shutdown(Duration::ZERO).is_safe());
}

#[test]
fn what_was_in_an_emptied_journal_is_not_called_safe() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("j");
    let sink = Memory::in_folder(place.clone());
    let tracker = with_backlog(&sink, 0..10);
    empty(&place);
    let error = tracker.flush_to_journal(Duration::from_millis(50)).unwrap_err();
    assert!(matches!(error, FlushError::TimedOut { .. }), "{error}");
    until("nothing is said to be in it", || balanced(&tracker).in_journal == 0);
    let stats = balanced(&tracker);
    assert!(stats.degraded && stats.pending > 0, "{stats:?}");
    tracker.record(record(10)).unwrap();
    let mut report = tracker.shutdown(Duration::ZERO);
    until("the tracker has stopped", || {
        report = tracker.shutdown(Duration::ZERO);
        report.finished
    });
    assert!(!report.is_safe(), "{report:?}");
    assert_eq!(report.stats.in_journal, 1, "what came after it");
    drop(tracker);
    assert_eq!(*stored_by_the_next(&sink).last().unwrap(), 10);
}

fn empty(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        File::options().write(true).open(entry.unwrap().path()).unwrap().set_len(0).unwrap();
    }
}

/// Once the ledger takes records again it is said what is lost, and all is well.
#[test]
fn what_an_emptied_journal_held_is_counted_as_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("j");
    let sink = Memory::in_folder(place.clone());
    let tracker = with_backlog(&sink, 0..10);
    empty(&place);
    tracker.flush_to_journal(Duration::from_millis(50)).unwrap_err();
    sink.fail_with(None);
    tracker.flush(LONG).unwrap();
    tracker.flush_to_journal(LONG).unwrap();
    let stats = balanced(&tracker);
    assert_eq!((stats.stored + stats.dropped, stats.degraded), (10, false), "{stats:?}");
    assert!(stats.dropped > 0, "{stats:?}");
    assert!(tracker.shutdown(LONG).is_safe());
}
