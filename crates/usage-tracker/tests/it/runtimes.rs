//! `record_async` on tokio's two runtimes, and its cancellation.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use usage_tracker::{RejectReason, Tracker};

use crate::common::{Answer, Kept, LONG, balanced, number, record, scripted, until};

/// More tasks than the channel has room for.
async fn many_tasks() {
    let kept = Kept::default();
    let tracker = Arc::new(
        Tracker::builder().buffer_size(3).channel_capacity(4).start(kept.clone()).unwrap(),
    );
    let tasks: Vec<_> = (0..50)
        .map(|task| {
            let tracker = Arc::clone(&tracker);
            tokio::spawn(async move {
                for nth in 0..20 {
                    tracker.record_async(record(task * 20 + nth)).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let report = tokio::task::spawn_blocking(move || tracker.shutdown(LONG)).await.unwrap();
    assert!(report.is_clean());
    assert_eq!((report.stats.submitted, report.stats.stored), (1_000, 1_000));
    let mut numbers = kept.numbers();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..1_000).collect::<Vec<_>>());
}

#[tokio::test(flavor = "current_thread")]
async fn on_one_thread() {
    many_tasks().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn on_many_threads() {
    many_tasks().await;
}

#[test]
fn it_waits_for_room_is_woken_and_may_be_dropped() {
    let (sink, script) = scripted();
    let tracker = Tracker::builder().buffer_size(1).channel_capacity(1).start(sink).unwrap();
    tracker.record(record(0)).unwrap();
    assert_eq!(script.batch(), [0]);
    let mut context = Context::from_waker(Waker::noop());
    // Room: ready at once.
    assert!(pin!(tracker.record_async(record(1))).poll(&mut context).is_ready());
    // No room.
    let mut blocked = Box::pin(tracker.record_async(record(2)));
    let mut cancelled = Box::pin(tracker.record_async(record(3)));
    assert!(blocked.as_mut().poll(&mut context).is_pending());
    assert!(cancelled.as_mut().poll(&mut context).is_pending());
    drop(cancelled);
    assert_eq!(balanced(&tracker).submitted, 2);
    script.answer(Answer::Store);
    assert_eq!(script.batch(), [1]);
    assert!(blocked.as_mut().poll(&mut context).is_ready());
    assert_eq!(balanced(&tracker).submitted, 3);

    // Closing wakes those who wait.
    let mut late = Box::pin(tracker.record_async(record(4)));
    assert!(late.as_mut().poll(&mut context).is_pending());
    std::thread::scope(|scope| {
        let closing = scope.spawn(|| tracker.shutdown(LONG));
        let mut result = Poll::Pending;
        until("the tracker closes", || {
            result = late.as_mut().poll(&mut context);
            result.is_ready()
        });
        let Poll::Ready(Err(rejected)) = result else { panic!("{result:?}") };
        assert_eq!((rejected.reason(), number(rejected.record())), (RejectReason::Closed, 4));
        script.answer(Answer::Store);
        assert_eq!(script.batch(), [2]);
        script.answer(Answer::Store);
        let stats = closing.join().unwrap().stats;
        assert_eq!((stats.submitted, stats.stored, stats.returned), (4, 3, 1));
    });
}
