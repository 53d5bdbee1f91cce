//! The fates of records for which there is no room.

use std::time::Duration;

use usage_core::TokenCounts;
use usage_tracker::{HandleError, Overflow, RejectReason, Tracker};

use crate::common::{Answer, LONG, Script, balanced, labels, record, scripted};

/// A tracker whose sink is busy with a first record, and whose channel is full with two more.
fn full(overflow: Overflow) -> (Tracker, Script) {
    let (sink, script) = scripted();
    let tracker = Tracker::builder()
        .buffer_size(1)
        .channel_capacity(2)
        .overflow(overflow)
        .start(sink)
        .unwrap();
    tracker.record(record(0)).unwrap();
    assert_eq!(script.batch(), [0]);
    for number in 1..=2 {
        tracker.record(record(number)).unwrap();
    }
    (tracker, script)
}

fn finish(tracker: &Tracker, script: &Script) -> Vec<Vec<u64>> {
    script.answer(Answer::Store);
    let batch = script.batch();
    script.answer(Answer::Store);
    assert!(tracker.shutdown(LONG).finished);
    vec![batch]
}

#[test]
fn by_default_the_record_comes_back_at_once() {
    let (tracker, script) = full(Overflow::default());
    let rejected = tracker.record(record(3)).unwrap_err();
    assert_eq!((rejected.reason(), rejected.into_record()), (RejectReason::Full, record(3)));
    assert_eq!(balanced(&tracker).returned, 1);
    assert_eq!(finish(&tracker, &script), [[1, 2]]);
}

#[test]
fn dropping_says_ok_and_counts() {
    let (tracker, script) = full(Overflow::Drop);
    let handle = tracker.handle(labels());
    tracker.record(record(3)).unwrap();
    handle.record(TokenCounts::new()).unwrap();
    let stats = balanced(&tracker);
    assert_eq!((stats.submitted, stats.dropped, stats.refused, stats.pending), (5, 2, 0, 3));
    assert_eq!(finish(&tracker, &script), [[1, 2]]);
    // Nobody is there any more to drop it for want of room.
    assert_eq!(tracker.record(record(4)).unwrap_err().reason(), RejectReason::Closed);
    let Err(HandleError::Rejected(rejected)) = handle.record(TokenCounts::new()) else {
        panic!("a tracker that is shut down takes nothing");
    };
    assert_eq!(rejected.reason(), RejectReason::Closed);
    let stats = balanced(&tracker);
    assert_eq!((stats.dropped, stats.returned), (2, 2));
}

#[test]
fn waiting_ends_with_room_or_with_the_deadline() {
    let (tracker, script) = full(Overflow::Wait(Duration::from_millis(1)));
    let rejected = tracker.record(record(3)).unwrap_err();
    assert_eq!(rejected.reason(), RejectReason::Full);
    assert_eq!(balanced(&tracker).returned, 1);
    assert_eq!(finish(&tracker, &script), [[1, 2]]);

    let (tracker, script) = full(Overflow::Wait(LONG));
    std::thread::scope(|scope| {
        let blocked = scope.spawn(|| tracker.record(record(3)));
        // Without a test to answer, the sink stores everything.
        drop(script);
        assert!(blocked.join().unwrap().is_ok());
    });
    assert_eq!(tracker.shutdown(LONG).stats.stored, 4);
}
