//! What became of the records, and where the threads stand: one lock over both, so that a snapshot
//! is of one moment.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use usage_core::Record;
use usage_core::sink::{BatchOutcome, SinkErrorKind};
use usage_journal::Journal;

use crate::health::Health;
use crate::stats::{Recovered, Stats};
use crate::telling::quarantined;

/// The numbers. The tracker's threads change them, and move records between the channel, their
/// batches and the journal, only while they hold the lock; they never hold it while the sink or
/// the disk works.
///
/// Always: `received == settled() + held + bypass.len() + direct + in_journal + unstored.len()`.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// Taken out of the channel.
    pub(crate) received: u64,
    stored: u64,
    duplicates: u64,
    refused: u64,
    quarantined: u64,
    dropped: u64,
    handed_back: u64,
    retries: u64,
    /// The length of the batch of the thread that drains the channel.
    pub(crate) held: usize,
    /// What the journal could not take, for the storing thread.
    pub(crate) bypass: Vec<Record>,
    /// How many of these the storing thread has in hand.
    pub(crate) direct: usize,
    /// In the journal, not settled yet.
    pub(crate) in_journal: u64,
    /// The part of `in_journal` whose file was emptied, or is gone and cannot be written anew: this
    /// process may yet store it, no other can.
    pub(crate) at_risk: u64,
    /// How often somebody has asked whether the journal is still there, and which of them has an
    /// answer.
    pub(crate) check_asked: u64,
    pub(crate) check_done: u64,
    /// Settled past the journal, and not known to be safe from a power loss though that was asked
    /// for.
    pub(crate) undurable: u64,
    /// Ever written to the journal.
    pub(crate) journaled: u64,
    pub(crate) journal_bytes: u64,
    /// The journal failed for being as large as it may be, which storing cures.
    pub(crate) journal_is_full: bool,
    /// What was found in journals that others left.
    pub(crate) recovered: Recovered,
    /// How many of the channel's slots are empty ones.
    pub(crate) empty_slots: usize,
    pub(crate) health: Health,
    /// Somebody waits until this many of the received records are settled.
    pub(crate) flush_target: u64,
    /// How many callers wait for records to be in the journal.
    pub(crate) watchers: usize,
    /// The storing thread sleeps until this many records wait for it.
    pub(crate) wake_at: u64,
    /// A journal that was made late, for the thread that writes to it.
    pub(crate) new_journal: Option<Box<Journal>>,
    /// The thread that writes to the journal has stopped.
    pub(crate) drained: bool,
    /// The sink or a callback is at work, and nobody can say for how long.
    pub(crate) busy: bool,
    /// How many callers wait for the tracker to stop.
    pub(crate) waiting: usize,
    /// The sink shall not be called again.
    pub(crate) give_up: bool,
    /// Nobody will come for what is not stored.
    pub(crate) abandoned: bool,
    /// The threads have stopped; nothing changes any more but `unstored`.
    pub(crate) finished: bool,
    /// What could neither be stored nor journaled, until somebody takes it.
    pub(crate) unstored: Vec<Record>,
}

impl Ledger {
    /// How many of the received records have come to their end.
    pub(crate) const fn settled(&self) -> u64 {
        self.stored + self.duplicates + self.refused + self.dropped + self.handed_back
    }

    /// How many of the received records survive the process, or the power loss.
    pub(crate) const fn secured(&self) -> u64 {
        (self.settled() + self.in_journal).saturating_sub(self.at_risk + self.undurable)
    }

    /// How many of them do so whatever has become of the journal's files.
    pub(crate) const fn ended_safely(&self) -> u64 {
        self.settled().saturating_sub(self.undurable)
    }

    /// How many records wait for the storing thread.
    pub(crate) const fn to_store(&self) -> u64 {
        self.in_journal + (self.bypass.len() + self.direct) as u64
    }

    /// A batch is about to be given to the sink.
    pub(crate) const fn begin(&mut self, is_retry: bool) {
        self.busy = true;
        if is_retry {
            self.retries += 1;
        }
    }

    /// The sink has taken a whole batch. Answers how many of its records the outcome does not
    /// account for, or accounts for twice; a sink that keeps its contract leaves none.
    ///
    /// Records the outcome leaves out count as dropped: writing them again could store them twice.
    pub(crate) fn settle(&mut self, batch: u64, outcome: &BatchOutcome) -> u64 {
        let refused = (outcome.refused.len() as u64).min(batch);
        let duplicates = outcome.duplicates.min(batch - refused);
        let stored = outcome.stored.min(batch - refused - duplicates);
        self.refused += refused;
        self.quarantined += (quarantined(outcome) as u64).min(refused);
        self.duplicates += duplicates;
        self.stored += stored;
        self.dropped += batch - refused - duplicates - stored;
        let spoken_of = (outcome.refused.len() as u64)
            .saturating_add(outcome.duplicates)
            .saturating_add(outcome.stored);
        spoken_of.abs_diff(batch)
    }

    /// Records of the journal have come to their end: stored by an earlier call that seemed to
    /// fail, or lost to damage.
    pub(crate) const fn settle_others(&mut self, already: u64, lost: u64) {
        self.stored += already;
        self.dropped += lost;
    }

    /// The sink has failed.
    pub(crate) fn fail(&mut self, kind: SinkErrorKind, error: String) {
        self.busy = false;
        self.health.sink_failed(kind, error);
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

    /// The accounts, with `queued` records in the channel, and of those that never got into it
    /// `returned` given back and `dropped` dropped.
    pub(crate) fn stats(&self, queued: usize, returned: u64, dropped: u64) -> Stats {
        let queued = queued as u64;
        let submitted = self.received + queued + returned + dropped;
        // Handed back were records that had been received.
        let returned = returned + self.handed_back;
        let in_memory = self.held + self.bypass.len() + self.direct + self.unstored.len();
        Stats {
            submitted,
            stored: self.stored,
            duplicates: self.duplicates,
            refused: self.refused + returned,
            returned,
            quarantined: self.quarantined,
            dropped: self.dropped + dropped,
            pending: queued + in_memory as u64 + self.in_journal,
            in_journal: self.in_journal.saturating_sub(self.at_risk),
            undurable: self.undurable,
            journaled: self.journaled,
            journal_bytes: self.journal_bytes,
            recovered: self.recovered,
            retries: self.retries,
            degraded: self.health.is_degraded(),
            sink_error: self.health.sink_error(),
            last_error: self.health.last_error().map(str::to_owned),
        }
    }
}

/// The ledger under its lock, on cache lines that no recording thread reads.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Accounts {
    ledger: Mutex<Ledger>,
    /// Told when a batch is settled and when the tracker has stopped.
    changed: Condvar,
    /// Told when there is something to do for the storing thread.
    work: Condvar,
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

    /// Makes the storing thread look around, if there is one.
    pub(crate) fn call(&self) {
        self.work.notify_all();
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

    /// Waits until the storing thread is called, or for no reason, at most for `time`.
    pub(crate) fn wait_for_work(&self, ledger: MutexGuard<'_, Ledger>, time: Duration) {
        drop(self.work.wait_timeout(ledger, time).unwrap_or_else(PoisonError::into_inner));
    }
}
