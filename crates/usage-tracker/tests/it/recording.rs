//! Ways to hand a record over.

use std::time::Duration;

use usage_core::{EventId, LabelNames, RecordError, Timestamp, TokenCounts, Usage};
use usage_tracker::{HandleError, RejectReason, Tracker};

use crate::common::{Answer, Kept, LONG, labels, manual_clock, number, record, scripted};

#[test]
fn what_is_shared_between_threads_may_be() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Tracker>();
    shared::<usage_tracker::Handle>();
    shared::<usage_tracker::ShutdownReport>();
}

#[test]
fn a_handle_is_found_by_its_names() {
    let tracker = Tracker::builder().start(Kept::default()).unwrap();
    let names = LabelNames::new().with_instance("i").with_route("r");
    let of = |model: &str| tracker.handle_for(names.with_model(model));
    let first = of("m").unwrap();
    assert!(first.labels().is_same_allocation(of("m").unwrap().labels()));
    assert_eq!(of("n").unwrap().labels().names(), names.with_model("n"));
    assert!(matches!(of(""), Err(RecordError::Empty { .. })));
    // Names without end are forgotten, not kept; whoever has a handle keeps it.
    for number in 0..10_000 {
        of(&format!("m{number}")).unwrap();
    }
    assert!(!first.labels().is_same_allocation(of("m").unwrap().labels()));
    first.record(TokenCounts::new()).unwrap();
    of("m").unwrap().record(TokenCounts::new()).unwrap();
    let report = tracker.shutdown(LONG);
    assert!(report.is_clean());
    assert_eq!(report.stats.stored, 2);
}

#[test]
fn a_handle_stamps_with_the_trackers_clock() {
    let (seen_in, seen) = std::sync::mpsc::channel();
    struct Stamps(std::sync::mpsc::Sender<usage_core::Record>);
    impl usage_core::sink::Sink for Stamps {
        fn store(
            &mut self,
            batch: &[usage_core::Record],
        ) -> Result<usage_core::sink::BatchOutcome, usage_core::Error> {
            for record in batch {
                let _ = self.0.send(record.clone());
            }
            Ok(crate::common::outcome(batch))
        }
    }
    let clock = manual_clock();
    let tracker = Tracker::builder().clock(clock.clone()).start(Stamps(seen_in)).unwrap();
    let handle = tracker.handle(labels());
    let tokens = TokenCounts::unclassified(7);
    handle.record_usage(Usage::new(tokens, handle.now()).with_fallbacks(2)).unwrap();
    clock.advance(Duration::from_micros(5));
    handle.clone().record(tokens).unwrap();
    let then = Timestamp::from_micros(99);
    handle.record_usage(Usage::new(tokens, then)).unwrap();
    let id = EventId::new("req-1").unwrap();
    handle.record_event(id.clone(), Usage::new(tokens, then)).unwrap();
    assert!(tracker.shutdown(LONG).is_clean());

    let seen: Vec<_> = seen.try_iter().collect();
    let stamps: Vec<_> = seen.iter().map(|record| record.timestamp().as_micros()).collect();
    assert_eq!(stamps, [1_777_787_761_000_000, 1_777_787_761_000_005, 99, 99]);
    assert_eq!(seen[0].fallbacks(), 2);
    assert_eq!(seen[0].tokens(), tokens);
    assert_eq!(seen[0].labels(), handle.labels());
    assert_eq!(seen[3].event_id(), Some(&id));
}

#[test]
fn a_handle_refuses_what_makes_no_record_and_counts_nothing() {
    let clock = manual_clock();
    let tracker = Tracker::builder().clock(clock.clone()).start(Kept::default()).unwrap();
    let handle = tracker.handle(labels());
    clock.shift_wall(-1_777_787_761_000_001);
    let error = handle.record(TokenCounts::new()).unwrap_err();
    let before_1970 = Timestamp::from_micros(-1);
    assert_eq!(error, HandleError::Invalid(RecordError::OutOfRange { timestamp: before_1970 }));
    assert_eq!(tracker.stats().submitted, 0);
}

#[test]
fn a_handle_outlives_its_tracker_and_gives_records_back() {
    let kept = Kept::default();
    let tracker = Tracker::builder().start(kept.clone()).unwrap();
    let handle = tracker.handle(labels());
    handle.record(TokenCounts::unclassified(1)).unwrap();
    drop(tracker);
    assert_eq!(kept.numbers(), [1]);
    let error = handle.record(TokenCounts::unclassified(2)).unwrap_err();
    let HandleError::Rejected(rejected) = error else { panic!("{error:?}") };
    assert_eq!(rejected.reason(), RejectReason::Closed);
    assert_eq!(number(rejected.record()), 2);
    assert_eq!(rejected.to_string(), "the usage tracker is shut down");
}

#[test]
fn record_blocking_waits_for_room_and_gives_up_at_its_deadline() {
    let (sink, script) = scripted();
    let tracker = Tracker::builder()
        .buffer_size(1)
        .max_batch(1)
        .channel_capacity(1)
        .clock(manual_clock())
        .start(sink)
        .unwrap();
    tracker.record(record(0)).unwrap();
    assert_eq!(script.batch(), [0]);
    // With room it does not wait.
    tracker.record_blocking(record(1), Duration::ZERO).unwrap();
    let rejected = tracker.record_blocking(record(2), Duration::from_millis(5)).unwrap_err();
    assert_eq!(rejected.reason(), RejectReason::Full);
    std::thread::scope(|scope| {
        let blocked =
            scope.spawn(|| tracker.record_blocking(rejected.into_record(), Duration::MAX));
        script.answer(Answer::Store);
        assert_eq!(script.batch(), [1]);
        blocked.join().unwrap().unwrap();
    });
    script.answer(Answer::Store);
    assert_eq!(script.batch(), [2]);
    script.answer(Answer::Store);
    let stats = tracker.shutdown(LONG).stats;
    assert_eq!((stats.submitted, stats.stored, stats.returned), (4, 3, 1));
}

#[test]
fn a_shutdown_releases_those_who_wait_for_room() {
    let (sink, script) = scripted();
    let tracker = Tracker::builder().buffer_size(1).channel_capacity(1).start(sink).unwrap();
    tracker.record(record(0)).unwrap();
    script.batch();
    tracker.record(record(1)).unwrap();
    std::thread::scope(|scope| {
        let blocked = scope.spawn(|| tracker.record_blocking(record(2), LONG));
        let closing = scope.spawn(|| tracker.shutdown(LONG));
        let rejected = blocked.join().unwrap().unwrap_err();
        assert_eq!(rejected.reason(), RejectReason::Closed);
        script.answer(Answer::Store);
        script.batch();
        script.answer(Answer::Store);
        assert_eq!(closing.join().unwrap().stats.stored, 2);
    });
}
