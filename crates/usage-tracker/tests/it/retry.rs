//! Sinks that fail, panic, or answer nonsense.

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use usage_core::sink::{BatchOutcome, Refusal, RefusalReason, Sink};
use usage_core::{Error, Record};
use usage_tracker::{FlushError, RejectReason, Tracker};

use crate::common::{Answer, Kept, LONG, balanced, manual_clock, number, record, scripted, until};

#[test]
fn a_failed_batch_is_kept_and_retried_until_it_is_stored() {
    let (sink, script) = scripted();
    let tracker = Tracker::builder()
        .buffer_size(2)
        .retry_back_off(Duration::from_millis(1), Duration::from_millis(2))
        .start(sink)
        .unwrap();
    tracker.record(record(1)).unwrap();
    tracker.record(record(2)).unwrap();
    for answer in [Answer::Fail("locked"), Answer::Panic, Answer::Fail("full"), Answer::Store] {
        assert_eq!(script.batch(), [1, 2]);
        tracker.record(record(3)).unwrap();
        script.answer(answer);
    }
    assert_eq!(script.batch(), [3, 3, 3, 3]);
    let stats = balanced(&tracker);
    assert_eq!((stats.submitted, stats.stored, stats.pending), (6, 2, 4));
    assert_eq!((stats.retries, stats.degraded), (3, false));
    assert_eq!(stats.last_error.as_deref(), Some("full"));
    script.answer(Answer::Store);
}

#[test]
fn a_panic_is_a_failure_with_its_message() {
    let (sink, script) = scripted();
    let tracker = Tracker::builder()
        .buffer_size(1)
        .retry_back_off(Duration::from_millis(1), Duration::from_millis(1))
        .start(sink)
        .unwrap();
    tracker.record(record(1)).unwrap();
    script.batch();
    script.answer(Answer::Panic);
    script.batch();
    let stats = balanced(&tracker);
    assert!(stats.degraded);
    assert_eq!(stats.last_error.as_deref(), Some("the sink panicked: scripted"));
    script.answer(Answer::Store);
    assert_eq!(tracker.shutdown(LONG).stats.stored, 1);
}

#[test]
fn the_back_off_follows_the_given_clock() {
    let (sink, script) = scripted();
    let clock = manual_clock();
    let tracker = Tracker::builder()
        .buffer_size(1)
        .retry_back_off(Duration::from_secs(10), Duration::from_secs(15))
        .clock(clock.clone())
        .start(sink)
        .unwrap();
    tracker.record(record(1)).unwrap();
    script.batch();
    script.answer(Answer::Fail("no"));
    until("the failure is known", || balanced(&tracker).degraded);
    // Chance shortens a wait by half at most.
    clock.advance(Duration::from_millis(4_999));
    assert!(script.try_batch().is_none());
    clock.advance(Duration::from_millis(5_001));
    assert_eq!(script.batch(), [1]);
    // A flush does not wait for the back-off.
    script.answer(Answer::Fail("again"));
    std::thread::scope(|scope| {
        let flushing = scope.spawn(|| tracker.flush(LONG));
        assert_eq!(script.batch(), [1]);
        script.answer(Answer::Store);
        flushing.join().unwrap().unwrap();
    });
}

#[test]
fn while_it_fails_the_channel_fills_and_no_more_is_taken() {
    let (sink, script) = scripted();
    let tracker = Tracker::builder()
        .buffer_size(2)
        .max_batch(3)
        .channel_capacity(5)
        .clock(manual_clock())
        .start(sink)
        .unwrap();
    tracker.record(record(0)).unwrap();
    tracker.record(record(1)).unwrap();
    assert_eq!(script.batch(), [0, 1]);
    script.answer(Answer::Fail("full"));
    until("the failure is known", || balanced(&tracker).degraded);
    for number in 2..7 {
        tracker.record(record(number)).unwrap();
    }
    let rejected = tracker.record(record(7)).unwrap_err();
    assert_eq!(rejected.reason(), RejectReason::Full);
    assert_eq!(number(&rejected.into_record()), 7);
    let stats = balanced(&tracker);
    assert_eq!((stats.submitted, stats.pending, stats.returned), (8, 7, 1));
    assert!(matches!(tracker.flush(Duration::ZERO), Err(FlushError::TimedOut { remaining: 7 })));
    // The flush made it try again at once.
    assert_eq!(script.batch(), [0, 1]);
    script.answer(Answer::Store);
    assert_eq!(script.batch(), [2, 3, 4]);
    script.answer(Answer::Store);
    assert_eq!(script.batch(), [5, 6]);
    script.answer(Answer::Store);
    tracker.flush(LONG).unwrap();
}

/// A sink's warning is seen until it says something else; a panic in saying it is a failure of
/// its batch, which is stored all the same, and once.
#[test]
fn what_is_wrong_with_a_sink_that_stores_is_told() {
    struct Warning(Kept, Arc<Mutex<Option<&'static str>>>);
    impl Sink for Warning {
        fn store(&mut self, batch: &[Record]) -> Result<BatchOutcome, Error> {
            self.0.store(batch)
        }
        fn warning(&mut self) -> Option<String> {
            let warning = *self.1.lock().unwrap();
            assert_ne!(warning.unwrap_or_default(), "panic");
            warning.map(str::to_owned)
        }
    }
    let (kept, warning) = (Kept::default(), Arc::new(Mutex::new(None)));
    let tracker = Tracker::builder()
        .buffer_size(1)
        .retry_back_off(Duration::from_millis(1), Duration::from_millis(1))
        .start(Warning(kept.clone(), Arc::clone(&warning)))
        .unwrap();
    for (number, says) in [(0, None), (1, Some("the log grows")), (2, None)] {
        *warning.lock().unwrap() = says;
        tracker.record(record(number)).unwrap();
        tracker.flush(LONG).unwrap();
        until("the warning is reported", || balanced(&tracker).sink_warning.as_deref() == says);
        assert!(!balanced(&tracker).degraded);
    }
    *warning.lock().unwrap() = Some("panic");
    tracker.record(record(3)).unwrap();
    until("it fails", || balanced(&tracker).degraded);
    *warning.lock().unwrap() = None;
    let report = tracker.shutdown(LONG);
    assert!(report.is_clean(), "{report:?}");
    assert_eq!(kept.numbers(), [0, 1, 2, 3]);
}

/// Records that a sink has kept though it refused them are a part of the refused ones; those it could not keep are
/// not.
#[test]
fn quarantined_records_are_counted_apart() {
    let (sink, script) = scripted();
    let tracker = Tracker::builder().buffer_size(4).start(sink).unwrap();
    (0..4).for_each(|number| tracker.record(record(number)).unwrap());
    assert_eq!(script.batch().len(), 4);
    let reasons = [
        RefusalReason::BeforeHorizon,
        RefusalReason::ByDatabase,
        RefusalReason::QuarantineFull,
        RefusalReason::EventIdConflict,
    ];
    let refusal = |(index, reason)| Refusal::new(index, reason);
    let refused = reasons.into_iter().enumerate().map(refusal).collect();
    script.answer(Answer::Outcome(BatchOutcome::default().with_refused(refused)));
    let stats = tracker.shutdown(LONG).stats;
    assert!(stats.is_balanced(), "{stats:?}");
    assert_eq!((stats.submitted, stats.refused, stats.quarantined), (4, 4, 2));
}

#[test]
fn refused_and_duplicate_records_are_counted_and_told() {
    let (sink, script) = scripted();
    let (told_refused, refused) = mpsc::channel();
    let tracker = Tracker::builder()
        .buffer_size(4)
        .on_refused(move |record, refusal| {
            told_refused.send((number(record), refusal.reason)).unwrap();
            panic!("a callback's panic stops nothing");
        })
        .start(sink)
        .unwrap();
    for number in 0..4 {
        tracker.record(record(number)).unwrap();
    }
    script.batch();
    let refusal = |index| Refusal::new(index, RefusalReason::EventIdConflict);
    let refused_two = vec![refusal(1), refusal(3)];
    script.answer(Answer::Outcome(
        BatchOutcome::stored(1).with_duplicates(1).with_refused(refused_two),
    ));
    tracker.flush(LONG).unwrap();
    let conflict = RefusalReason::EventIdConflict;
    assert_eq!(refused.try_iter().collect::<Vec<_>>(), [(1, conflict), (3, conflict)]);
    let stats = balanced(&tracker);
    assert_eq!((stats.stored, stats.duplicates, stats.refused, stats.returned), (1, 1, 2, 0));
    assert_eq!((stats.pending, stats.last_error), (0, None));
}

#[test]
fn an_outcome_that_does_not_add_up_keeps_the_accounts_exact_and_is_reported() {
    let short = BatchOutcome::stored(1).with_duplicates(1);
    let refusal = Refusal::new(77, RefusalReason::EventIdConflict);
    let long = BatchOutcome::stored(u64::MAX / 2).with_duplicates(2).with_refused(vec![refusal]);
    for (outcome, expected) in [(short, (1, 1, 0, 2)), (long, (1, 2, 1, 0))] {
        let (sink, script) = scripted();
        let tracker = Tracker::builder().buffer_size(4).on_refused(|_, _| ()).start(sink).unwrap();
        for number in 0..4 {
            tracker.record(record(number)).unwrap();
        }
        script.batch();
        script.answer(Answer::Outcome(outcome));
        let report = tracker.shutdown(LONG);
        let stats = report.stats;
        assert!(stats.is_balanced(), "{stats:?}");
        assert_eq!((stats.stored, stats.duplicates, stats.refused, stats.dropped), expected);
        assert!(stats.last_error.unwrap().contains("for a batch of 4"));
        assert!(report.finished);
    }
}
