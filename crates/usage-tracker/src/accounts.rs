//! What became of the records, and where the writer stands: one lock over both, so that a snapshot
//! is of one moment.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use usage_core::Record;
use usage_core::sink::BatchOutcome;

use crate::stats::Stats;

/// The numbers. The writer changes them, and moves records between the channel and its batch, only
/// while it holds the lock; it never holds it while the sink works.
///
/// Always: `received == stored + duplicates + refused + dropped + handed_back + held +
/// unstored.len()`.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// Taken out of the channel.
    pub(crate) received: u64,
    stored: u64,
    duplicates: u64,
    refused: u64,
    dropped: u64,
    handed_back: u64,
    retries: u64,
    /// The length of the writer's batch.
    pub(crate) held: usize,
    /// How many of the channel's slots are empty ones.
    pub(crate) empty_slots: usize,
    pub(crate) degraded: bool,
    pub(crate) last_error: Option<String>,
    /// Somebody waits until this many of the received records are settled.
    pub(crate) flush_target: u64,
    /// The sink or a callback is at work, and nobody can say for how long.
    pub(crate) busy: bool,
    /// How many callers wait for the writer to stop.
    pub(crate) waiting: usize,
    /// The writer shall not call the sink again.
    pub(crate) give_up: bool,
    /// Nobody will come for what is not stored.
    pub(crate) abandoned: bool,
    /// The writer has stopped; nothing changes any more but `unstored`.
    pub(crate) finished: bool,
    /// What the writer could not store, until somebody takes it.
    pub(crate) unstored: Vec<Record>,
}

impl Ledger {
    /// How many of the received records have come to their end.
    pub(crate) const fn settled(&self) -> u64 {
        self.stored + self.duplicates + self.refused + self.dropped + self.handed_back
    }

    /// The writer is about to give its batch to the sink.
    pub(crate) const fn begin(&mut self, is_retry: bool) {
        self.busy = true;
        if is_retry {
            self.retries += 1;
        }
    }

    /// The sink has taken the whole batch. Answers how many of its records the outcome does not
    /// account for, or accounts for twice; a sink that keeps its contract leaves none.
    ///
    /// Records the outcome leaves out count as dropped: writing them again could store them twice.
    pub(crate) fn settle(&mut self, outcome: &BatchOutcome) -> u64 {
        let batch = self.held as u64;
        let refused = (outcome.refused.len() as u64).min(batch);
        let duplicates = outcome.duplicates.min(batch - refused);
        let stored = outcome.stored.min(batch - refused - duplicates);
        self.refused += refused;
        self.duplicates += duplicates;
        self.stored += stored;
        self.dropped += batch - refused - duplicates - stored;
        self.held = 0;
        self.busy = false;
        self.degraded = false;
        let spoken_of = (outcome.refused.len() as u64)
            .saturating_add(outcome.duplicates)
            .saturating_add(outcome.stored);
        spoken_of.abs_diff(batch)
    }

    /// The sink has taken nothing of the batch.
    pub(crate) fn fail(&mut self, error: String) {
        self.busy = false;
        self.degraded = true;
        self.last_error = Some(error);
    }

    /// Gives what is not stored to a caller.
    pub(crate) fn hand_back(&mut self) -> Vec<Record> {
        let unstored = std::mem::take(&mut self.unstored);
        self.handed_back += unstored.len() as u64;
        unstored
    }

    /// Drops what is not stored. Answers how many.
    pub(crate) fn drop_unstored(&mut self) -> usize {
        let dropped = std::mem::take(&mut self.unstored).len();
        self.dropped += dropped as u64;
        dropped
    }

    /// The accounts, with `queued` records in the channel and `returned` given back at its door.
    pub(crate) fn stats(&self, queued: usize, returned: u64) -> Stats {
        let queued = queued as u64;
        let submitted = self.received + queued + returned;
        // Handed back were records that had been received.
        let returned = returned + self.handed_back;
        Stats {
            submitted,
            stored: self.stored,
            duplicates: self.duplicates,
            refused: self.refused + returned,
            returned,
            dropped: self.dropped,
            pending: queued + self.held as u64 + self.unstored.len() as u64,
            retries: self.retries,
            degraded: self.degraded,
            last_error: self.last_error.clone(),
        }
    }
}

/// The ledger under its lock, on cache lines that no recording thread reads.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Accounts {
    ledger: Mutex<Ledger>,
    /// Told when a batch is settled and when the writer has stopped.
    changed: Condvar,
}

impl Accounts {
    /// A panic while it was locked cannot have left the ledger half changed in a way that matters
    /// more than going on.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn changed(&self) {
        self.changed.notify_all();
    }

    /// Waits while `condition` holds, at most for `time`.
    pub(crate) fn wait_while<'a>(
        &self,
        ledger: MutexGuard<'a, Ledger>,
        time: Duration,
        mut condition: impl FnMut(&Ledger) -> bool,
    ) -> MutexGuard<'a, Ledger> {
        self.changed
            .wait_timeout_while(ledger, time, |ledger| condition(ledger))
            .unwrap_or_else(PoisonError::into_inner)
            .0
    }
}
