//! Records are stored in the order in which they were recorded, past a journal that fails too.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use usage_core::{ErrorKind, Timestamp};
use usage_tracker::{Clock, FlushError, JournalOptions, ManualClock, Tracker};

use crate::common::{Answer, LONG, balanced, manual_clock, record, scripted, until};
use crate::journal::Memory;

/// Records without end, and returns what was taken, once `is_over`.
fn record_until(tracker: &Tracker, is_over: &AtomicBool) -> Vec<u64> {
    let mut taken = Vec::new();
    while !is_over.load(Ordering::SeqCst) {
        let number = taken.len() as u64;
        if tracker.record(record(number)).is_ok() {
            taken.push(number);
        } else {
            thread::yield_now();
        }
    }
    taken
}

/// Records that are stored past the full journal do not stand in for those that lie in it.
#[test]
fn a_flush_waits_for_what_lies_in_a_full_journal() {
    let folder = tempfile::tempdir().unwrap();
    let sink = Memory::in_folder(folder.path().join("j"));
    sink.no_replays(true);
    let mut options = JournalOptions::default();
    (options.segment_bytes, options.max_bytes) = (1, 1);
    let tracker = Tracker::builder()
        .buffer_size(1)
        .retry_back_off(Duration::from_millis(1), Duration::from_millis(2))
        .journal(options)
        .channel_capacity(1_000)
        .start(sink.clone())
        .unwrap();
    let is_over = AtomicBool::new(false);
    let taken = thread::scope(|scope| {
        let recording = scope.spawn(|| record_until(&tracker, &is_over));
        until("something is in the journal", || balanced(&tracker).in_journal > 0);
        // Time enough for many more than the journal holds to be stored past it.
        let flushed = tracker.flush(Duration::from_secs(2));
        let stored = sink.stored();
        sink.no_replays(false);
        let flushed_at_last = tracker.flush(LONG);
        is_over.store(true, Ordering::SeqCst);
        assert!(matches!(flushed, Err(FlushError::TimedOut { .. })), "{flushed:?}");
        assert_eq!(stored, [0; 0], "what came later was stored first");
        flushed_at_last.unwrap();
        recording.join().unwrap()
    });
    let report = tracker.shutdown(LONG);
    assert!(report.is_clean(), "{report:?}");
    assert!(report.stats.journaled > 0, "{report:?}");
    assert_eq!(sink.stored(), taken);
}

/// Counts how often somebody looks at it.
struct Counting(Arc<ManualClock>, AtomicU64);

impl Clock for Counting {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
    fn monotonic(&self) -> Duration {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.monotonic()
    }
}

/// A journal that could not be made is not tried again by a tracker that ends, and not waited for either.
#[test]
fn a_shutdown_that_waits_for_a_failing_sink_without_a_journal_sleeps() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("j");
    fs::write(&place, "in the way").unwrap();
    let sink = Memory::in_folder(place);
    sink.fail_with(ErrorKind::Busy);
    let clock = Arc::new(Counting(manual_clock(), AtomicU64::new(0)));
    let long = Duration::from_secs(600);
    let builder = Tracker::builder().buffer_size(1).retry_back_off(long, long);
    let tracker = builder.clock(Arc::clone(&clock) as Arc<dyn Clock>).start(sink).unwrap();
    tracker.record(record(1)).unwrap();
    until("the sink fails", || balanced(&tracker).sink_error.is_some());
    let start = Instant::now();
    thread::scope(|scope| {
        let closing = scope.spawn(|| tracker.shutdown(Duration::from_millis(300)));
        until("it is closed", || tracker.record(record(2)).is_err());
        // By now the journal would be due.
        clock.0.advance(Duration::from_secs(100));
        drop(closing.join().unwrap());
    });
    // A given clock is looked at every five milliseconds.
    let looks = u128::from(clock.1.load(Ordering::SeqCst));
    let most = 1_000 + 8 * start.elapsed().as_millis();
    assert!(looks < most, "{looks} looks in {:?}", start.elapsed());
}

/// A flush that waits for the same records as one before it is not put off until the back-off is over.
#[test]
fn each_flush_tries_at_once() {
    let (sink, script) = scripted();
    let long = Duration::from_secs(600);
    let tracker = Tracker::builder().buffer_size(1).retry_back_off(long, long).start(sink).unwrap();
    tracker.record(record(7)).unwrap();
    assert_eq!(script.batch(), [7]);
    script.answer(Answer::Fail("no"));
    until("the failure is known", || balanced(&tracker).degraded);
    for _ in 0..3 {
        let _ = tracker.flush(Duration::ZERO);
        assert_eq!(script.batch(), [7]);
        script.answer(Answer::Fail("still not"));
    }
    let _ = tracker.flush(Duration::ZERO);
    assert_eq!(script.batch(), [7]);
    script.answer(Answer::Store);
    assert!(tracker.shutdown(LONG).is_clean());
}
