//! Shutting down, dropping, and what is left over.

use std::sync::{Arc, Barrier, Mutex, OnceLock};
use std::time::Duration;

use usage_core::sink::{BatchOutcome, Sink};
use usage_core::{Error, Record};
use usage_tracker::{FlushError, RejectReason, ShutdownReport, Tracker};

use crate::common::{
    Answer, Kept, LONG, labels, manual_clock, numbers, outcome, record, scripted, until,
};

#[test]
fn it_writes_what_is_left_without_waiting_for_a_full_batch() {
    let kept = Kept::default();
    let tracker = Tracker::builder().clock(manual_clock()).start(kept.clone()).unwrap();
    for number in 0..7 {
        tracker.record(record(number)).unwrap();
    }
    let report = tracker.shutdown(LONG);
    assert!(report.is_clean());
    assert_eq!((report.stats.stored, report.stats.pending), (7, 0));
    assert_eq!(kept.numbers(), (0..7).collect::<Vec<_>>());
    let rejected = tracker.record(record(9)).unwrap_err();
    assert_eq!(rejected.reason(), RejectReason::Closed);
    // Again, and again.
    for _ in 0..2 {
        let again = tracker.shutdown(Duration::ZERO);
        assert!(again.is_clean());
        assert_eq!((again.stats.stored, again.stats.returned), (7, 1));
    }
    tracker.flush(Duration::ZERO).unwrap();
}

#[test]
fn what_a_broken_sink_left_goes_to_the_first_caller_in_order() {
    struct Broken;
    impl Sink for Broken {
        fn store(&mut self, _: &[Record]) -> Result<BatchOutcome, Error> {
            Err(Error::other("disk full"))
        }
    }
    let tracker = Tracker::builder().buffer_size(3).max_batch(4).start(Broken).unwrap();
    for number in 0..10 {
        tracker.record(record(number)).unwrap();
    }
    until("it has been tried", || tracker.stats().degraded);
    let mut report = tracker.shutdown(Duration::from_millis(30));
    until("the writer has stopped", || {
        if !report.finished {
            // The deadline met the writer at work, before or after it had handed them back.
            let unstored = std::mem::take(&mut report.unstored);
            report = tracker.shutdown(Duration::from_millis(1));
            report.unstored.splice(0..0, unstored);
        }
        report.finished
    });
    assert!(!report.is_clean());
    assert_eq!(numbers(&report.unstored), (0..10).collect::<Vec<_>>());
    assert!(report.stats.is_balanced(), "{:?}", report.stats);
    assert_eq!((report.stats.returned, report.stats.pending), (10, 0));
    assert_eq!(report.stats.last_error.as_deref(), Some("disk full"));
    let again = tracker.shutdown(LONG);
    assert!(again.is_clean());
    assert_eq!(again.stats, report.stats);
    assert_eq!(tracker.flush(LONG), Ok(()));
}

#[test]
fn a_deadline_of_zero_hands_everything_back_at_once() {
    let tracker = Tracker::builder().clock(manual_clock()).start(Kept::default()).unwrap();
    let report = tracker.shutdown(Duration::ZERO);
    assert_eq!((report.unstored.len(), report.stats.pending), (0, 0));
    assert!(tracker.shutdown(LONG).is_clean());

    let (sink, script) = scripted();
    let tracker = Tracker::builder().clock(manual_clock()).start(sink).unwrap();
    tracker.record(record(1)).unwrap();
    let report = tracker.shutdown(Duration::ZERO);
    // The writer may have begun with it between closing and the deadline.
    if !report.unstored.is_empty() {
        assert_eq!(numbers(&report.unstored), [1]);
        assert!(tracker.shutdown(LONG).is_clean());
        assert!(script.closed());
    } else {
        assert_eq!(report.stats.pending, 1);
        assert_eq!(script.batch(), [1]);
        script.answer(Answer::Store);
    }
}

#[test]
fn a_sink_that_is_busy_past_the_deadline_can_be_waited_for_again() {
    let (sink, script) = scripted();
    let tracker = Tracker::builder().buffer_size(2).max_batch(2).start(sink).unwrap();
    for number in 0..3 {
        tracker.record(record(number)).unwrap();
    }
    assert_eq!(script.batch(), [0, 1]);
    let report = tracker.shutdown(Duration::from_millis(1));
    assert!(!report.finished && !report.is_clean());
    assert!(report.unstored.is_empty());
    assert!(report.stats.is_balanced());
    assert_eq!(report.stats.pending, 3);
    // Nobody waits, and the writer goes on.
    script.answer(Answer::Store);
    assert_eq!(script.batch(), [2]);
    script.answer(Answer::Store);
    let report = tracker.shutdown(LONG);
    assert!(report.is_clean());
    assert_eq!(report.stats.stored, 3);
}

#[test]
fn several_callers_share_one_ending() {
    let kept = Kept::default();
    let tracker = Tracker::builder().start(kept.clone()).unwrap();
    for number in 0..100 {
        tracker.record(record(number)).unwrap();
    }
    let barrier = Barrier::new(8);
    let reports: Vec<ShutdownReport> = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    tracker.shutdown(LONG)
                })
            })
            .collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).collect()
    });
    assert!(reports.iter().all(|report| report.is_clean() && report.stats.stored == 100));
    assert_eq!(kept.numbers().len(), 100);
}

#[test]
fn the_sink_may_shut_its_own_tracker_down() {
    struct Suicidal {
        tracker: Arc<OnceLock<Arc<Tracker>>>,
        report: Arc<Mutex<Option<ShutdownReport>>>,
    }
    impl Sink for Suicidal {
        fn store(&mut self, batch: &[Record]) -> Result<BatchOutcome, Error> {
            let tracker = self.tracker.get().expect("set before the first record");
            assert_eq!(tracker.flush(LONG), Err(FlushError::OnWriterThread));
            *self.report.lock().unwrap() = Some(tracker.shutdown(LONG));
            Ok(outcome(batch))
        }
    }
    let (cell, report) = (Arc::new(OnceLock::new()), Arc::new(Mutex::new(None)));
    let sink = Suicidal { tracker: Arc::clone(&cell), report: Arc::clone(&report) };
    let tracker = Arc::new(Tracker::builder().buffer_size(1).start(sink).unwrap());
    cell.set(Arc::clone(&tracker)).unwrap();
    tracker.record(record(1)).unwrap();
    until("it has shut its tracker down", || tracker.record(record(2)).is_err());
    let last = tracker.shutdown(LONG);
    assert!(last.is_clean());
    let inside = report.lock().unwrap().take().unwrap();
    assert!(!inside.finished);
    assert!(inside.stats.is_balanced());
}

#[test]
fn the_sink_is_closed_before_shutdown_comes_back() {
    struct Guarded {
        _alive: Arc<()>,
    }
    impl Sink for Guarded {
        fn store(&mut self, batch: &[Record]) -> Result<BatchOutcome, Error> {
            Ok(outcome(batch))
        }
    }
    let alive = Arc::new(());
    let tracker = Tracker::builder().start(Guarded { _alive: Arc::clone(&alive) }).unwrap();
    let handle = tracker.handle(labels());
    assert!(tracker.shutdown(LONG).is_clean());
    assert_eq!(Arc::strong_count(&alive), 1);
    drop((tracker, handle));
}

#[test]
fn dropping_stores_what_is_left() {
    let kept = Kept::default();
    let tracker = Tracker::new(kept.clone(), 0, Duration::ZERO).unwrap();
    for number in 0..10 {
        tracker.record(record(number)).unwrap();
    }
    drop(tracker);
    assert_eq!(kept.numbers(), (0..10).collect::<Vec<_>>());
}

#[test]
fn dropping_gives_up_on_a_stuck_sink() {
    let (sink, script) = scripted();
    let tracker = Tracker::builder()
        .buffer_size(1)
        .drop_deadline(Duration::from_millis(1))
        .start(sink)
        .unwrap();
    tracker.record(record(1)).unwrap();
    script.batch();
    drop(tracker);
    // The writer is let go, fails, and does not try again: its end of the channel closes.
    script.answer(Answer::Fail("too late"));
    assert!(script.closed());
}

#[test]
fn a_panicking_clock_stops_the_tracker_but_loses_nothing() {
    struct Broken(std::sync::atomic::AtomicBool);
    impl usage_tracker::Clock for Broken {
        fn now(&self) -> usage_core::Timestamp {
            usage_core::Timestamp::MIN_RECORD
        }
        fn monotonic(&self) -> Duration {
            assert!(!self.0.load(std::sync::atomic::Ordering::SeqCst), "no more time");
            Duration::ZERO
        }
    }
    let clock = Arc::new(Broken(std::sync::atomic::AtomicBool::new(false)));
    let tracker = Tracker::builder().clock(clock.clone()).start(Kept::default()).unwrap();
    tracker.record(record(5)).unwrap();
    clock.0.store(true, std::sync::atomic::Ordering::SeqCst);
    let report = tracker.shutdown(LONG);
    assert!(report.finished);
    assert_eq!(numbers(&report.unstored), [5]);
    assert!(report.stats.is_balanced());
    assert_eq!(report.stats.last_error.as_deref(), Some("the usage writer panicked: no more time"));
}
