//! Endings that only the accounts show.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Instant;

use usage_core::sink::{BatchOutcome, Sink};
use usage_core::{Error, LabelNames, Labels, TokenCounts};

use super::*;
use crate::FlushError;

/// Fails until it is mended, and tells of each call.
struct Fragile {
    mended: Arc<AtomicBool>,
    calls: mpsc::Sender<()>,
}

impl Sink for Fragile {
    fn store(&mut self, batch: &[Record]) -> Result<BatchOutcome, Error> {
        let _ = self.calls.send(());
        if self.mended.load(Ordering::SeqCst) {
            return Ok(BatchOutcome::stored(batch.len() as u64));
        }
        Err(Error::other("not yet"))
    }
}

/// Looks at the accounts until they are as expected.
fn until(tracker: &Tracker, condition: impl Fn(&Books) -> bool) {
    let start = Instant::now();
    while !condition(&tracker.shared.accounts.lock()) {
        assert!(start.elapsed() < Duration::from_secs(60), "the accounts stay as they are");
        thread::yield_now();
    }
}

#[test]
fn the_writer_gives_up_only_when_the_last_caller_does() {
    let (mended, (calls, called)) = (Arc::new(AtomicBool::new(false)), mpsc::channel());
    let sink = Fragile { mended: Arc::clone(&mended), calls };
    let long = Duration::from_secs(600);
    let tracker = Tracker::builder().buffer_size(1).retry_back_off(long, long).start(sink).unwrap();
    let names = LabelNames::new().with_instance("i").with_route("r").with_model("m");
    let handle = tracker.handle(Labels::new(names).unwrap());
    handle.record(TokenCounts::new()).unwrap();
    thread::scope(|scope| {
        let patient = scope.spawn(|| tracker.shutdown(long));
        until(&tracker, |books| books.state.callers.for_stop == 1);
        // One failure as usual, or none yet, and one because somebody waits.
        called.recv().unwrap();
        until(&tracker, |books| books.state.health.is_degraded() && !books.state.sink_busy);
        let hasty = tracker.shutdown(Duration::from_millis(1));
        assert!(!hasty.finished);
        assert!(hasty.unstored.is_empty());
        assert_eq!(hasty.stats.pending, 1);
        // The patient caller is still served.
        mended.store(true, Ordering::SeqCst);
        assert!(tracker.flush(long).is_ok());
        assert!(patient.join().unwrap().is_clean());
    });
    // With nobody else waiting, the same haste ends it; it has ended already.
    assert!(tracker.shutdown(Duration::ZERO).is_clean());
}

#[test]
fn a_stopped_writer_leaves_its_channel_sealed() {
    for broken in [false, true] {
        let sink = Fragile { mended: Arc::new(AtomicBool::new(!broken)), calls: mpsc::channel().0 };
        let tracker = Tracker::builder().channel_capacity(9).start(sink).unwrap();
        let names = LabelNames::new().with_instance("i").with_route("r").with_model("m");
        let handle = tracker.handle(Labels::new(names).unwrap());
        handle.record(TokenCounts::new()).unwrap();
        let deadline = Duration::from_millis(if broken { 1 } else { 60_000 });
        let mut unstored = 0;
        loop {
            let report = tracker.shutdown(deadline);
            unstored += report.unstored.len();
            // Else the deadline met the sink at work.
            if report.finished {
                break;
            }
        }
        assert_eq!(unstored, usize::from(broken));
        assert_eq!(tracker.shared.accounts.lock().state.empty_slots, 9);
    }
}

/// The threads stayed in the parent, and so did whoever had the lock of the accounts: nothing here
/// may wait, though the sink is stuck and the deadlines are long.
#[test]
fn a_forked_child_touches_nothing_and_waits_for_nothing() {
    let (mended, (calls, called)) = (Arc::new(AtomicBool::new(false)), mpsc::channel());
    let long = Duration::from_secs(600);
    let sink = Fragile { mended: Arc::clone(&mended), calls };
    let tracker = Tracker::builder().buffer_size(1).retry_back_off(long, long).start(sink).unwrap();
    let names = LabelNames::new().with_instance("i").with_route("r").with_model("m");
    tracker.handle(Labels::new(names).unwrap()).record(TokenCounts::new()).unwrap();
    called.recv().unwrap();
    until(&tracker, |books| !books.state.sink_busy);
    let child = Tracker {
        shared: Arc::clone(&tracker.shared),
        thread: Mutex::new(tracker.take_thread()),
        handles: Mutex::new(crate::handles::Handles::new()),
        drop_deadline: long,
        has_journal: tracker.has_journal,
        process: tracker.process.wrapping_add(1),
    };
    let held = tracker.shared.accounts.lock();
    assert!(!child.shutdown(long).finished);
    assert_eq!(child.flush(long), Err(FlushError::Forked));
    assert_eq!(child.flush_to_journal(long), Err(FlushError::Forked));
    drop(child);
    drop(held);
    // The parent goes on.
    assert!(tracker.shared.accounts.lock().phase().is_open());
    mended.store(true, Ordering::SeqCst);
    assert!(tracker.flush(long).is_ok());
    assert!(tracker.shutdown(long).is_clean());
}

#[test]
fn what_an_abandoned_writer_leaves_is_counted_as_dropped() {
    let (calls, called) = mpsc::channel();
    let sink = Fragile { mended: Arc::default(), calls };
    let tracker = Tracker::builder()
        .buffer_size(1)
        .drop_deadline(Duration::from_millis(1))
        .start(sink)
        .unwrap();
    let names = LabelNames::new().with_instance("i").with_route("r").with_model("m");
    tracker.handle(Labels::new(names).unwrap()).record(TokenCounts::new()).unwrap();
    called.recv().unwrap();
    let shared = Arc::clone(&tracker.shared);
    drop(tracker);
    let books =
        shared.accounts.wait_while(shared.accounts.lock(), Duration::from_secs(60), |books| {
            !books.phase().is_stopped()
        });
    let stats = shared.stats(&books);
    assert!(stats.is_balanced(), "{stats:?}");
    assert_eq!((stats.dropped, stats.pending, stats.returned), (1, 0, 0));
}
