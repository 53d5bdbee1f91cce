//! A ledger whose every operation fails now and then, by a seed.

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use driver::{Audit, DEADLINE};
use usage_core::sink::{
    BatchOutcome, JournalSink, LedgerId, Position, Replay, ReplayOutcome, SegmentId, Sink,
};
use usage_core::{Error, ErrorKind, LabelNames, Labels, Record, Timestamp, TokenCounts, Usage};
use usage_store::Store;
use usage_tracker::{JournalOptions, Tracker};

use crate::fixture::Fixture;

/// The real ledger behind one that fails.
struct Failing {
    store: Store,
    random: fastrand::Rng,
}

impl Failing {
    /// One call in three fails.
    fn maybe(&mut self) -> Result<(), Error> {
        self.one_in(3)
    }

    fn one_in(&mut self, many: u32) -> Result<(), Error> {
        use ErrorKind::{Busy, Corrupt, Full, Io, Other, ReadOnly};
        if self.random.u32(0..many) > 0 {
            return Ok(());
        }
        let kinds = [Busy, Corrupt, Full, Io, Other, ReadOnly];
        Err(Error::new(kinds[self.random.usize(0..kinds.len())], "told to fail"))
    }
}

impl Sink for Failing {
    fn store(&mut self, batch: &[Record]) -> Result<BatchOutcome, Error> {
        self.maybe()?;
        self.store.store(batch)
    }

    fn journal(&mut self) -> Option<&mut dyn JournalSink> {
        Some(self)
    }
}

impl JournalSink for Failing {
    fn ledger_id(&mut self) -> Result<LedgerId, Error> {
        self.maybe()?;
        self.store.ledger_id()
    }

    fn journal_folder(&mut self) -> Result<PathBuf, Error> {
        self.maybe()?;
        self.store.journal_folder()
    }

    /// Less often: all segments are looked up in one go before any is given up, and there are
    /// dozens of them here.
    fn position(&mut self, segment: SegmentId) -> Result<Option<Position>, Error> {
        self.one_in(100)?;
        self.store.position(segment)
    }

    /// Fails before it has done anything, or after it has done it all.
    fn replay(&mut self, replay: &Replay<'_>) -> Result<ReplayOutcome, Error> {
        self.maybe()?;
        let outcome = self.store.replay(replay)?;
        self.maybe()?;
        Ok(outcome)
    }

    fn make_durable(&mut self) -> Result<(), Error> {
        self.maybe()?;
        self.store.make_durable()
    }

    fn forget(&mut self, segment: SegmentId) -> Result<(), Error> {
        self.maybe()?;
        self.store.forget(segment)?;
        self.maybe()
    }
}

const THREADS: u64 = 4;
const EACH: u64 = 5_000;

#[test]
fn every_record_is_stored_once() {
    for seed in 0..4 {
        let fixture = Fixture::new();
        let ledger = fixture.path("usage.db");
        let store = Store::open(&ledger).unwrap();
        let sink = Failing { store, random: fastrand::Rng::with_seed(seed) };
        let mut options = JournalOptions::default();
        // The smallest pieces, so that some are used again.
        (options.segment_bytes, options.frame_bytes) = (1, 4_096);
        let tracker = Tracker::builder()
            .buffer_size(500)
            .max_batch(2_000)
            .journal(options)
            .retry_back_off(Duration::from_millis(1), Duration::from_millis(2))
            .start(sink)
            .unwrap();
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let tracker = &tracker;
                scope.spawn(move || record(tracker, thread));
            }
        });
        tracker.flush(DEADLINE).unwrap();
        let stats = tracker.stats();
        assert!(stats.is_balanced(), "seed {seed}: {stats:?}");
        assert_eq!((stats.stored, stats.dropped), (THREADS * EACH, 0), "seed {seed}: {stats:?}");
        assert!(stats.retries > 0, "seed {seed}");
        let report = tracker.shutdown(DEADLINE);
        assert!(report.is_clean(), "seed {seed}: {report:?}");
        drop(tracker);
        // What it could not tidy up in the end is tidied up by the next one, which stores nothing.
        assert_eq!(driver::recover(&ledger).unwrap().recovered.stored, 0, "seed {seed}");
        let numbers: Vec<u64> = (0..THREADS * EACH).collect();
        assert!(Audit::of(&ledger).unwrap().numbers("i") == numbers, "seed {seed}");
        assert_eq!(fixture.files(), ["usage.db"], "seed {seed}");
    }
}

fn record(tracker: &Tracker, thread: u64) {
    let names = LabelNames::new().with_instance("i").with_route("r").with_model("m");
    let labels = Labels::new(names).unwrap();
    for number in thread * EACH..(thread + 1) * EACH {
        let tokens = TokenCounts::unclassified(number);
        let at = Timestamp::from_micros(i64::try_from(number).unwrap());
        let record = Record::new(labels.clone(), Usage::new(tokens, at)).unwrap();
        tracker.record_blocking(record, DEADLINE).unwrap();
    }
}
