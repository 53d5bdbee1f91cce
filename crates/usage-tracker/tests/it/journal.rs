//! The tracker with a journal in front of its sink.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use usage_core::sink::{
    BatchOutcome, JournalSink, LedgerId, Position, Replay, ReplayOutcome, SegmentId, Sink,
};
use usage_core::{Error, ErrorKind, Record};
use usage_tracker::{Builder, JournalOptions, RejectReason, Tracker};

use crate::common::{LONG, balanced, manual_clock, numbers, record, until};

/// A ledger in memory that outlives its trackers, as a file outlives processes.
#[derive(Clone)]
pub(crate) struct Memory {
    state: Arc<Mutex<State>>,
    folder: PathBuf,
}

#[derive(Default)]
pub(crate) struct State {
    stored: Vec<Record>,
    positions: Vec<(SegmentId, Position)>,
    failure: Option<ErrorKind>,
    /// Stores, and says that it failed, as a commit whose answer got lost.
    lies: bool,
    /// So many times it cannot be made durable.
    undurable: u32,
    /// Nothing is taken from a journal.
    no_replays: bool,
}

impl Memory {
    pub(crate) fn in_folder(folder: PathBuf) -> Self {
        Self { state: Arc::default(), folder }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn stored(&self) -> Vec<u64> {
        numbers(&self.lock().stored)
    }

    pub(crate) fn records(&self) -> Vec<Record> {
        self.lock().stored.clone()
    }

    pub(crate) fn no_replays(&self, no_replays: bool) {
        self.lock().no_replays = no_replays;
    }

    pub(crate) fn undurable(&self, times: u32) {
        self.lock().undurable = times;
    }

    pub(crate) fn fail_with(&self, failure: impl Into<Option<ErrorKind>>) {
        self.lock().failure = failure.into();
    }

    fn check(&self) -> Result<MutexGuard<'_, State>, Error> {
        let state = self.lock();
        match state.failure {
            Some(kind) => Err(Error::new(kind, "scripted to fail")),
            None => Ok(state),
        }
    }
}

impl Sink for Memory {
    fn store(&mut self, batch: &[Record]) -> Result<BatchOutcome, Error> {
        self.check()?.stored.extend_from_slice(batch);
        Ok(BatchOutcome::stored(batch.len() as u64))
    }

    fn journal(&mut self) -> Option<&mut dyn JournalSink> {
        Some(self)
    }
}

impl JournalSink for Memory {
    fn ledger_id(&mut self) -> Result<LedgerId, Error> {
        Ok(LedgerId::from_bytes([7; 16]))
    }

    fn journal_folder(&mut self) -> Result<PathBuf, Error> {
        Ok(self.folder.clone())
    }

    fn position(&mut self, segment: SegmentId) -> Result<Option<Position>, Error> {
        let state = self.lock();
        Ok(state.positions.iter().find(|(id, _)| *id == segment).map(|(_, position)| *position))
    }

    fn replay(&mut self, replay: &Replay<'_>) -> Result<ReplayOutcome, Error> {
        let found = self.position(replay.segment)?;
        let mut state = self.check()?;
        if state.no_replays {
            return Err(Error::new(ErrorKind::Busy, "scripted to take nothing from a journal"));
        }
        let stands = found.filter(|found| found.generation >= replay.from.generation);
        let stands = stands.unwrap_or(Position { sequence: 0, ..replay.from });
        if stands != replay.from {
            return Ok(ReplayOutcome::Moved(stands));
        }
        state.stored.extend_from_slice(replay.records);
        state.positions.retain(|(id, _)| *id != replay.segment);
        state.positions.push((replay.segment, replay.to));
        if std::mem::take(&mut state.lies) {
            return Err(Error::new(ErrorKind::Io, "the answer got lost"));
        }
        let stored = replay.records.len() as u64;
        Ok(ReplayOutcome::Stored(BatchOutcome::stored(stored)))
    }

    fn make_durable(&mut self) -> Result<(), Error> {
        let mut state = self.check()?;
        if state.undurable > 0 {
            state.undurable -= 1;
            return Err(Error::new(ErrorKind::Io, "cannot sync"));
        }
        Ok(())
    }

    fn forget(&mut self, segment: SegmentId) -> Result<(), Error> {
        self.check()?.positions.retain(|(id, _)| *id != segment);
        Ok(())
    }
}

fn hasty() -> Builder {
    Tracker::builder()
        .buffer_size(1)
        .retry_back_off(Duration::from_millis(1), Duration::from_millis(2))
}

fn in_order(count: u64) -> Vec<u64> {
    (0..count).collect()
}

#[test]
fn records_reach_the_sink_through_the_journal_and_nothing_is_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let sink = Memory::in_folder(folder.path().join("j"));
    let tracker = hasty().start(sink.clone()).unwrap();
    for number in 0..1_000 {
        tracker.record(record(number)).unwrap();
    }
    tracker.flush_to_journal(LONG).unwrap();
    let stats = balanced(&tracker);
    assert_eq!(stats.journaled, 1_000);
    assert!(stats.journal_bytes > 0 && folder.path().join("j").exists());
    tracker.flush(LONG).unwrap();
    assert_eq!(sink.stored(), in_order(1_000));
    let report = tracker.shutdown(LONG);
    assert!(report.is_clean() && report.is_safe(), "{report:?}");
    assert_eq!((report.stats.stored, report.stats.in_journal), (1_000, 0));
    assert!(!folder.path().join("j").exists());
    assert!(sink.lock().positions.is_empty());
}

#[test]
fn what_cannot_be_stored_stays_in_the_journal_and_the_next_tracker_stores_it() {
    let folder = tempfile::tempdir().unwrap();
    let sink = Memory::in_folder(folder.path().join("j"));
    sink.fail_with(ErrorKind::Full);
    let tracker = hasty().start(sink.clone()).unwrap();
    for number in 0..5_000 {
        tracker.record(record(number)).unwrap();
    }
    tracker.flush_to_journal(LONG).unwrap();
    // The journal's thread is done; the other one has failed at least once or is about to.
    let mut report = tracker.shutdown(Duration::from_millis(20));
    until("the writer has stopped", || {
        if !report.finished {
            report = tracker.shutdown(Duration::from_millis(20));
        }
        report.finished
    });
    assert!(report.is_safe() && !report.is_clean(), "{report:?}");
    assert_eq!((report.stats.in_journal, report.stats.pending), (5_000, 5_000));
    assert!(report.unstored.is_empty() && report.stats.is_balanced());
    assert!(sink.stored().is_empty());

    sink.fail_with(None);
    let tracker = hasty().start(sink.clone()).unwrap();
    tracker.record(record(5_000)).unwrap();
    tracker.flush(LONG).unwrap();
    let stats = balanced(&tracker);
    assert_eq!((stats.submitted, stats.stored, stats.recovered.stored), (1, 1, 5_000));
    assert!(tracker.shutdown(LONG).is_clean());
    assert_eq!(sink.stored(), in_order(5_001));
    assert!(!folder.path().join("j").exists());
}

#[test]
fn a_commit_whose_answer_got_lost_is_not_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let sink = Memory::in_folder(folder.path().join("j"));
    let tracker = hasty().start(sink.clone()).unwrap();
    sink.lock().lies = true;
    tracker.record(record(0)).unwrap();
    tracker.flush(LONG).unwrap();
    tracker.record(record(1)).unwrap();
    let report = tracker.shutdown(LONG);
    assert_eq!((report.stats.stored, report.stats.dropped, report.stats.retries), (2, 0, 1));
    assert_eq!(sink.stored(), [0, 1]);
}

#[test]
fn without_a_journal_it_works_degraded_until_one_can_be_made() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("j");
    fs::write(&place, "in the way").unwrap();
    let sink = Memory::in_folder(place.clone());
    let clock = manual_clock();
    let tracker = hasty().clock(clock.clone()).start(sink.clone()).unwrap();
    assert!(balanced(&tracker).degraded);
    tracker.record(record(0)).unwrap();
    tracker.flush(LONG).unwrap();
    let stats = balanced(&tracker);
    assert_eq!((stats.stored, stats.journaled, stats.degraded), (1, 0, true));

    fs::remove_file(&place).unwrap();
    clock.advance(Duration::from_secs(1));
    let mut number = 0;
    until("there is a journal", || {
        number += 1;
        tracker.record(record(number)).unwrap();
        tracker.flush_to_journal(LONG).unwrap();
        balanced(&tracker).journaled > 0
    });
    assert!(!balanced(&tracker).degraded);
    assert!(tracker.shutdown(LONG).is_clean());
    let mut stored = sink.stored();
    stored.sort_unstable();
    assert_eq!(stored, in_order(number + 1));
}

#[test]
fn a_full_journal_fills_the_channel_and_then_records_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let sink = Memory::in_folder(folder.path().join("j"));
    let mut options = JournalOptions::default();
    (options.segment_bytes, options.max_bytes) = (1, 1);
    let tracker = hasty().journal(options).channel_capacity(1_000).start(sink.clone()).unwrap();
    // It cannot store anything, and has not failed: what is degraded is the journal.
    let held_up = sink.lock();
    let mut taken = Vec::new();
    let mut since_full = 0;
    until("a record comes back from a full journal", || {
        let is_full = balanced(&tracker).degraded;
        for _ in 0..100 {
            let number = taken.len() as u64;
            match tracker.record(record(number)) {
                Ok(()) => {
                    taken.push(number);
                    since_full += u64::from(is_full);
                }
                Err(rejected) => {
                    assert_eq!(rejected.reason(), RejectReason::Full);
                    // The channel may be full for a moment while the journal takes them.
                    return is_full;
                }
            }
        }
        false
    });
    let stats = balanced(&tracker);
    assert!(stats.in_journal > 10_000, "{stats:?}");
    assert_eq!((stats.in_journal, stats.sink_error), (stats.journaled, None));
    // What memory takes: the channel, and a chunk before the journal, past it, and in the sink.
    assert!(since_full <= 1_000 + 3 * 4_096, "{since_full}");
    // Stored, and with room in the journal again: nothing is wrong, though nobody records.
    drop(held_up);
    tracker.flush(LONG).unwrap();
    until("nothing is wrong", || !balanced(&tracker).degraded);
    let report = tracker.shutdown(LONG);
    assert!(report.is_clean(), "{report:?}");
    assert_eq!(report.stats.stored, taken.len() as u64);
    let mut stored = sink.stored();
    stored.sort_unstable();
    assert_eq!(stored, taken);
}

#[test]
fn what_is_stored_counts_once_though_the_journal_cannot_be_tidied() {
    let folder = tempfile::tempdir().unwrap();
    let sink = Memory::in_folder(folder.path().join("j"));
    sink.lock().undurable = 5;
    let mut options = JournalOptions::default();
    options.segment_bytes = 1;
    let tracker = hasty().journal(options).start(sink.clone()).unwrap();
    // More than a segment holds, so that one is to be given up.
    let mut number = 0;
    until("it has failed five times to tidy up", || {
        if tracker.record(record(number)).is_ok() {
            number += 1;
        }
        balanced(&tracker);
        sink.lock().undurable == 0
    });
    let report = tracker.shutdown(LONG);
    assert!(report.is_clean() && report.stats.is_balanced(), "{report:?}");
    assert_eq!((report.stats.stored, report.stats.dropped), (number, 0));
    assert!(report.stats.retries >= 5);
    assert_eq!(sink.stored(), in_order(number));
}

#[test]
fn a_replaced_ledger_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let sink = Memory::in_folder(folder.path().join("j"));
    let tracker = hasty().start(sink.clone()).unwrap();
    sink.fail_with(ErrorKind::Replaced);
    tracker.record(record(0)).unwrap();
    // Much sooner than that.
    let report = tracker.shutdown(Duration::MAX);
    assert!(report.finished && report.is_safe(), "{report:?}");
    assert_eq!((report.stats.in_journal, report.unstored.len()), (1, 0));
    assert!(folder.path().join("j").exists());
}

#[test]
fn nothing_is_lost_or_doubled_while_threads_record_the_sink_flickers_and_it_is_shut_down() {
    for round in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let sink = Memory::in_folder(folder.path().join("j"));
        let tracker = Tracker::builder()
            .buffer_size(100)
            .channel_capacity(512)
            .retry_back_off(Duration::from_millis(1), Duration::from_millis(2))
            .start(sink.clone())
            .unwrap();
        let mut taken = thread::scope(|scope| {
            let threads: Vec<_> = (0..8_u64)
                .map(|thread| {
                    let tracker = &tracker;
                    scope.spawn(move || {
                        let numbers = (0..4_000).map(|n| thread * 10_000 + n);
                        numbers.filter(|n| tracker.record(record(*n)).is_ok()).collect::<Vec<_>>()
                    })
                })
                .collect();
            for _ in 0..10 {
                sink.fail_with(ErrorKind::Busy);
                balanced(&tracker);
                thread::yield_now();
                sink.fail_with(None);
                balanced(&tracker);
            }
            if round % 2 == 0 {
                let _ = tracker.shutdown(Duration::ZERO);
            }
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        taken.sort_unstable();
        let report = tracker.shutdown(LONG);
        assert!(report.finished && report.is_safe() && report.stats.is_balanced(), "{report:?}");
        drop(tracker);
        // What an early shutdown left in the journal.
        assert!(Tracker::builder().start(sink.clone()).unwrap().shutdown(LONG).is_clean());
        let mut stored = sink.stored();
        stored.sort_unstable();
        assert_eq!(stored, taken);
        assert!(!folder.path().join("j").exists());
    }
}

#[test]
fn the_sink_may_ask_for_a_flush_or_the_end_and_is_told_that_it_cannot_wait() {
    struct Asking(Memory, Arc<Mutex<Option<Arc<Tracker>>>>, Arc<Mutex<Vec<String>>>);
    impl Sink for Asking {
        fn store(&mut self, batch: &[Record]) -> Result<BatchOutcome, Error> {
            self.0.store(batch)
        }
        fn journal(&mut self) -> Option<&mut dyn JournalSink> {
            if let Some(tracker) = self.1.lock().unwrap().take() {
                let mut answers = self.2.lock().unwrap();
                answers.push(format!("{:?}", tracker.flush(LONG)));
                answers.push(format!("{:?}", tracker.flush_to_journal(LONG)));
                answers.push(format!("{:?}", tracker.shutdown(LONG).finished));
            }
            self.0.journal()
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let (tracker, answers) = (Arc::default(), Arc::default());
    let sink = Asking(
        Memory::in_folder(folder.path().join("j")),
        Arc::clone(&tracker),
        Arc::clone(&answers),
    );
    let running = Arc::new(hasty().start(sink).unwrap());
    *tracker.lock().unwrap() = Some(Arc::clone(&running));
    running.record(record(0)).unwrap();
    // From outside it waits for the end that the sink asked for.
    let report = loop {
        let report = running.shutdown(LONG);
        if report.finished {
            break report;
        }
    };
    assert!(report.is_clean(), "{report:?}");
    assert_eq!(*answers.lock().unwrap(), ["Err(OnWriterThread)", "Err(OnWriterThread)", "false"]);
}
