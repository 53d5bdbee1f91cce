//! A journaled tracker in async runtimes, and where a thread is unwinding.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use driver::{Audit, DEADLINE};
use usage_core::{LabelNames, Labels, Record, Timestamp, TokenCounts, Usage};
use usage_store::Store;
use usage_tracker::{RejectReason, Tracker};

use crate::fixture::Fixture;
use crate::process::eventually;

const TASKS: u64 = 40;
const EACH: u64 = 100;

fn record(number: u64) -> Record {
    let names = LabelNames::new().with_instance("i").with_route("r").with_model("m");
    let at = Timestamp::from_micros(i64::try_from(number).unwrap());
    let tokens = TokenCounts::unclassified(number);
    Record::new(Labels::new(names).unwrap(), Usage::new(tokens, at)).unwrap()
}

fn tracker(fixture: &Fixture) -> Arc<Tracker> {
    let store = Store::open(fixture.path("usage.db")).unwrap();
    // Less room than there are tasks.
    Arc::new(Tracker::builder().channel_capacity(16).start(store).unwrap())
}

fn assert_stored(fixture: &Fixture, numbers: u64) {
    let audit = Audit::of(&fixture.path("usage.db")).unwrap();
    assert_eq!(audit.numbers("i"), (0..numbers).collect::<Vec<_>>());
    assert_eq!(fixture.files(), ["usage.db"]);
}

async fn many_tasks() {
    let fixture = Fixture::new();
    let tracker = tracker(&fixture);
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let tracker = Arc::clone(&tracker);
            tokio::spawn(async move {
                for number in task * EACH..(task + 1) * EACH {
                    tracker.record_async(record(number)).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let report = tokio::task::spawn_blocking(move || tracker.shutdown(DEADLINE)).await.unwrap();
    assert!(report.is_clean(), "{report:?}");
    assert_eq!((report.stats.stored, report.stats.journaled), (TASKS * EACH, TASKS * EACH));
    assert_stored(&fixture, TASKS * EACH);
}

#[tokio::test(flavor = "current_thread")]
async fn on_one_thread() {
    many_tasks().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn on_many_threads() {
    many_tasks().await;
}

/// Records when it is dropped, as a gateway does that counts a request which failed.
struct Counted<'a>(&'a Tracker, u64);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        let _ = self.0.record_blocking(record(self.1), DEADLINE);
    }
}

#[test]
fn while_threads_unwind() {
    let fixture = Fixture::new();
    let tracker = tracker(&fixture);
    for number in 0..50 {
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let _counted = Counted(&tracker, number);
            // Without the hook's lines on standard error.
            std::panic::resume_unwind(Box::new("on purpose"));
        }));
        assert!(panicked.is_err());
    }
    let report = tracker.shutdown(DEADLINE);
    assert!(report.is_clean(), "{report:?}");
    // After it, one more unwinding thread is told in vain, and nothing hangs.
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _counted = Counted(&tracker, 50);
        std::panic::resume_unwind(Box::new("on purpose"));
    }));
    assert!(panicked.is_err());
    assert_eq!((tracker.stats().stored, tracker.stats().returned), (50, 1));
    drop(tracker);
    assert_stored(&fixture, 50);
}

/// The tracker's owner itself panics, and its tracker is dropped on the way.
#[test]
fn dropped_by_a_panic() {
    let fixture = Fixture::new();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let tracker = tracker(&fixture);
        for number in 0..300 {
            tracker.record_blocking(record(number), DEADLINE).unwrap();
        }
        std::panic::resume_unwind(Box::new("on purpose"));
    }));
    assert!(panicked.is_err());
    driver::recover(&fixture.path("usage.db")).unwrap();
    assert_stored(&fixture, 300);
}

#[test]
fn during_and_after_a_shutdown() {
    let fixture = Fixture::new();
    let tracker = tracker(&fixture);
    let taken = thread::scope(|scope| {
        let recording = scope.spawn(|| {
            // In order, so that those taken are the first ones.
            (0..).take_while(|n| tracker.record_blocking(record(*n), DEADLINE).is_ok()).count()
        });
        eventually("something is journaled", || tracker.stats().journaled > 0);
        assert!(tracker.shutdown(DEADLINE).is_clean());
        recording.join().unwrap() as u64
    });
    assert_eq!(tracker.record(record(0)).unwrap_err().reason(), RejectReason::Closed);
    let report = tracker.shutdown(DEADLINE);
    assert!(report.is_clean(), "{report:?}");
    assert_eq!((report.stats.stored, report.stats.returned), (taken, 2));
    drop(tracker);
    assert_stored(&fixture, taken);
}
