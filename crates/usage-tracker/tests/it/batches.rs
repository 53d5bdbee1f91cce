//! When a batch reaches the sink.

use std::time::Duration;

use usage_tracker::{Clock, Tracker};

use crate::common::{Answer, LONG, balanced, manual_clock, record, scripted, until};

#[test]
fn a_full_batch_is_written_without_any_time_passing() {
    let (sink, script) = scripted();
    let tracker = Tracker::builder().buffer_size(3).clock(manual_clock()).start(sink).unwrap();
    for number in 0..3 {
        tracker.record(record(number)).unwrap();
    }
    let mut seen = script.batch();
    script.answer(Answer::Store);
    // The writer may have looked after one or two of them; it still waits for three.
    assert_eq!(seen.len(), 3);
    seen.sort_unstable();
    assert_eq!(seen, [0, 1, 2]);
}

#[test]
fn a_batch_below_the_threshold_waits_for_the_time_out_by_the_given_clock() {
    let (sink, script) = scripted();
    let clock = manual_clock();
    let tracker = Tracker::builder()
        .buffer_size(3)
        .flush_timeout(Duration::from_secs(1))
        .clock(clock.clone())
        .start(sink)
        .unwrap();
    tracker.record(record(1)).unwrap();
    tracker.record(record(2)).unwrap();
    // When they were taken cannot be seen from outside, so time passes until the batch comes. It
    // must not come before one whole time-out is over.
    let mut batch = None;
    until("the batch comes", || {
        batch = script.try_batch();
        if batch.is_none() {
            clock.advance(Duration::from_millis(1));
        }
        batch.is_some()
    });
    assert!(clock.monotonic() >= Duration::from_secs(1));
    assert_eq!(batch.unwrap(), [1, 2]);
    script.answer(Answer::Store);
    assert!(tracker.shutdown(LONG).is_clean());
}

#[test]
fn after_a_slow_write_the_queue_makes_a_large_batch_but_none_above_the_ceiling() {
    let (sink, script) = scripted();
    let tracker =
        Tracker::builder().buffer_size(2).max_batch(10).clock(manual_clock()).start(sink).unwrap();
    for number in 0..2 {
        tracker.record(record(number)).unwrap();
    }
    assert_eq!(script.batch(), [0, 1]);
    for number in 2..17 {
        tracker.record(record(number)).unwrap();
    }
    assert_eq!(balanced(&tracker).pending, 17);
    script.answer(Answer::Store);
    assert_eq!(script.batch(), (2..12).collect::<Vec<_>>());
    script.answer(Answer::Store);
    assert_eq!(script.batch(), (12..17).collect::<Vec<_>>());
    script.answer(Answer::Store);
    let report = tracker.shutdown(LONG);
    assert_eq!(report.stats.stored, 17);
}

#[test]
fn an_idle_writer_wakes_up_for_the_next_record() {
    // Rounds with longer and longer pauses, so that the writer is met napping, parked, and
    // between the two.
    let (sink, script) = scripted();
    let tracker = Tracker::builder().buffer_size(1).clock(manual_clock()).start(sink).unwrap();
    for number in 0..12 {
        std::thread::park_timeout(Duration::from_millis(number * 13));
        tracker.record(record(number)).unwrap();
        assert_eq!(script.batch(), [number]);
        script.answer(Answer::Store);
    }
}

#[test]
fn flush_writes_what_was_accepted_before_it() {
    let (sink, script) = scripted();
    let tracker = Tracker::builder().buffer_size(100).clock(manual_clock()).start(sink).unwrap();
    tracker.flush(LONG).unwrap();
    for number in 0..5 {
        tracker.record(record(number)).unwrap();
    }
    std::thread::scope(|scope| {
        let flushing = scope.spawn(|| tracker.flush(LONG));
        assert_eq!(script.batch(), [0, 1, 2, 3, 4]);
        assert!(!flushing.is_finished());
        script.answer(Answer::Store);
        flushing.join().unwrap().unwrap();
    });
    assert_eq!(balanced(&tracker).stored, 5);
    // Afterwards it collects again.
    tracker.record(record(9)).unwrap();
    assert!(script.try_batch().is_none());
    drop(script);
}
