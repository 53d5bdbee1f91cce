//! Events come from the tracker's threads, and whoever gets them may do anything.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, mpsc};
use std::thread;
use std::time::Duration;

use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use usage_core::ErrorKind;
use usage_tracker::Tracker;

use crate::common::{LONG, record, until};
use crate::journal::Memory;

/// Asks for the accounts at each event, as one may that exports them.
struct Asking {
    tracker: Arc<OnceLock<Arc<Tracker>>>,
    asked: Arc<AtomicU64>,
}

impl Subscriber for Asking {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("usage_tracker")
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {
        if let Some(tracker) = self.tracker.get() {
            assert!(tracker.stats().is_balanced());
            self.asked.fetch_add(1, Ordering::SeqCst);
        }
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// When the sink fails, and when it stores again.
#[test]
fn who_gets_an_event_may_ask_for_the_accounts() {
    let (tracker, asked) = (Arc::<OnceLock<Arc<Tracker>>>::default(), Arc::<AtomicU64>::default());
    let asking = Asking { tracker: Arc::clone(&tracker), asked: Arc::clone(&asked) };
    // For all threads: there is one such test in the program.
    tracing::subscriber::set_global_default(asking).unwrap();
    let (done, is_done) = mpsc::channel();
    // On a thread of its own: what may not be waited for here is a lock.
    thread::spawn(move || {
        let folder = tempfile::tempdir().unwrap();
        let sink = Memory::in_folder(folder.path().join("j"));
        let running = Tracker::builder()
            .buffer_size(1)
            .retry_back_off(Duration::from_millis(1), Duration::from_millis(2))
            .start(sink.clone())
            .unwrap();
        let running = tracker.get_or_init(|| Arc::new(running));
        sink.fail_with(ErrorKind::Busy);
        running.record(record(1)).unwrap();
        until("a failure is announced", || asked.load(Ordering::SeqCst) >= 1);
        sink.fail_with(None);
        running.flush(LONG).unwrap();
        until("recovery is announced", || asked.load(Ordering::SeqCst) >= 2);
        done.send(running.shutdown(LONG).is_clean()).unwrap();
    });
    assert_eq!(is_done.recv_timeout(LONG), Ok(true));
}
