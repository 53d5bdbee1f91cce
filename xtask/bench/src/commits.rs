//! A ledger that notes when it commits.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use usage_core::sink::{
    BatchOutcome, JournalSink, LedgerId, Position, Replay, ReplayOutcome, SegmentId, Sink,
};
use usage_core::{Error, Record};
use usage_store::Store;

/// A ledger that notes when it commits.
#[derive(Debug)]
pub(crate) struct Noting {
    pub(crate) store: Store,
    pub(crate) commits: Arc<Mutex<Vec<Instant>>>,
}

impl Noting {
    fn note<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        if result.is_ok() {
            self.commits.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
        }
        result
    }
}

impl Sink for Noting {
    fn store(&mut self, batch: &[Record]) -> Result<BatchOutcome, Error> {
        let stored = Sink::store(&mut self.store, batch);
        self.note(stored)
    }

    fn journal(&mut self) -> Option<&mut dyn JournalSink> {
        Some(self)
    }
}

impl JournalSink for Noting {
    fn ledger_id(&mut self) -> Result<LedgerId, Error> {
        self.store.ledger_id()
    }

    fn journal_folder(&mut self) -> Result<PathBuf, Error> {
        self.store.journal_folder()
    }

    fn position(&mut self, segment: SegmentId) -> Result<Option<Position>, Error> {
        self.store.position(segment)
    }

    fn replay(&mut self, replay: &Replay<'_>) -> Result<ReplayOutcome, Error> {
        let replayed = self.store.replay(replay);
        self.note(replayed)
    }

    fn make_durable(&mut self) -> Result<(), Error> {
        self.store.make_durable()
    }

    fn forget(&mut self, segment: SegmentId) -> Result<(), Error> {
        self.store.forget(segment)
    }
}
