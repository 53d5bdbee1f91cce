//! A snapshot tells of one moment, and of everything before it.

use usage_core::sink::BatchOutcome;
use usage_tracker::Tracker;

use crate::common::{Answer, Kept, LONG, balanced, manual_clock, record, scripted, until};

#[test]
fn a_record_that_was_taken_is_in_the_next_snapshot() {
    let tracker =
        Tracker::builder().buffer_size(7).channel_capacity(64).start(Kept::default()).unwrap();
    let (mut taken, mut back) = (0, 0);
    for number in 0..20_000 {
        match tracker.record(record(number)) {
            Ok(()) => taken += 1,
            Err(_) => back += 1,
        }
        let stats = balanced(&tracker);
        assert_eq!(stats.submitted, number + 1);
        assert_eq!((stats.stored + stats.pending, stats.returned), (taken, back));
    }
    let stats = tracker.shutdown(LONG).stats;
    assert_eq!((stats.stored, stats.returned, stats.pending), (taken, back, 0));
}

#[test]
fn what_the_writer_holds_is_pending_until_its_fate_is_known() {
    let (sink, script) = scripted();
    let tracker =
        Tracker::builder().buffer_size(2).max_batch(2).clock(manual_clock()).start(sink).unwrap();
    assert_eq!(tracker.stats(), usage_tracker::Stats::default());
    for number in 0..5 {
        tracker.record(record(number)).unwrap();
    }
    for (acknowledged, batch) in [(0, [0, 1]), (2, [2, 3])] {
        assert_eq!(script.batch(), batch);
        let stats = balanced(&tracker);
        assert_eq!(
            (stats.stored, stats.pending, stats.submitted),
            (acknowledged, 5 - acknowledged, 5)
        );
        script.answer(Answer::Store);
    }
    // The last record does not fill a batch.
    until("two batches are stored", || balanced(&tracker).stored == 4);
    assert_eq!(balanced(&tracker).pending, 1);
    std::thread::scope(|scope| {
        let closing = scope.spawn(|| tracker.shutdown(LONG));
        assert_eq!(script.batch(), [4]);
        let duplicate = BatchOutcome::default().with_duplicates(1);
        script.answer(Answer::Outcome(duplicate));
        let stats = closing.join().unwrap().stats;
        assert_eq!((stats.stored, stats.duplicates, stats.pending), (4, 1, 0));
    });
}
