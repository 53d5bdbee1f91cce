//! The fates of the records, and the state of the threads: one lock over both, so that a snapshot is of
//! one moment.
//!
//! | type | what |
//! |---|---|
//! | [`Accounts`] | the lock, and those who wait for a change |
//! | [`Books`] | all that it guards: [`Counters`] and [`State`] |
//! | [`Counters`] | how many records had which fate, and how many are where |
//! | [`State`] | the [`Phase`], failures, callers that wait, and what the threads hand to each other |
//! | [`Stats`] | a snapshot of them for the owner |
//!
//! Records that came back or were dropped before they got into the channel are counted there, in atomics, so that
//! a recording thread never takes this lock; a snapshot adds them to both sides.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use usage_core::{ErrorKind, Record};
use usage_journal::StoredBatch;

use crate::health::Change;
use crate::stats::Stats;

mod counters;
mod phase;
mod state;

pub(crate) use counters::Counters;
pub(crate) use phase::{Event, Phase};
pub(crate) use state::State;

/// All that the lock guards. The tracker's threads change it, and move records between the channel, their
/// queues and the journal, only while they hold the lock; they never hold it while the sink or the disk
/// works.
#[derive(Debug, Default)]
pub(crate) struct Books {
    pub(crate) counters: Counters,
    pub(crate) state: State,
}

impl Books {
    /// Returns the phase that the tracker is in.
    pub(crate) const fn phase(&self) -> Phase {
        self.state.phase
    }

    /// Goes to the next phase, and returns it.
    pub(crate) const fn advance(&mut self, event: Event) -> Phase {
        self.state.phase = self.state.phase.after(event);
        self.state.phase
    }

    /// Returns how many records wait for the committer.
    pub(crate) const fn to_store(&self) -> u64 {
        let in_memory = self.counters.in_memory + self.state.handover.records.len();
        self.counters.in_journal + in_memory as u64
    }

    /// Counts a batch that the sink has taken whole: `batch` records now, and those of the journal that an
    /// earlier call which seemed to fail has stored, or that were lost to damage. Returns how many of its
    /// records the outcome does not account for, or accounts for twice; a sink that keeps its contract
    /// leaves none.
    pub(crate) fn acknowledge(&mut self, batch: u64, stored: &StoredBatch) -> u64 {
        self.counters.stored += stored.already;
        self.counters.dropped += stored.lost;
        let unexplained = self.counters.acknowledge(batch, &stored.outcome);
        if self.counters.acknowledged() >= self.state.callers.flush_target {
            self.advance(Event::Flushed);
        }
        unexplained
    }

    /// Notes that the sink has stored a batch, and what it says is wrong with it all the same.
    pub(crate) fn sink_works(&mut self, warning: Option<String>) {
        self.state.sink_busy = false;
        self.state.health.sink_works();
        self.state.health.sink_warns(warning);
    }

    /// Notes that the sink has failed.
    pub(crate) fn sink_failed(&mut self, kind: ErrorKind, error: String) {
        self.state.sink_busy = false;
        self.state.health.sink_failed(kind, error);
    }

    /// Gives what is not stored to a caller.
    pub(crate) fn hand_back(&mut self) -> Vec<Record> {
        let unstored = std::mem::take(&mut self.state.unstored);
        self.counters.handed_back += unstored.len() as u64;
        unstored
    }

    /// Drops what is not stored. Returns how much that is.
    pub(crate) fn drop_unstored(&mut self) -> usize {
        let dropped = std::mem::take(&mut self.state.unstored).len();
        self.counters.dropped += dropped as u64;
        dropped
    }

    /// Returns the accounts, with `queued` records in the channel, and of those that never got into it
    /// `returned` given back and `dropped` dropped.
    pub(crate) fn stats(&self, queued: usize, returned: u64, dropped: u64) -> Stats {
        let State { health, handover, unstored, .. } = &self.state;
        let listed = handover.records.len() + unstored.len();
        Stats {
            degraded: health.is_degraded(),
            sink_error: health.sink_error(),
            sink_warning: health.sink_warning().map(str::to_owned),
            last_error: health.last_error().map(str::to_owned),
            ..self.counters.stats(queued as u64, listed as u64, returned, dropped)
        }
    }
}

/// The books under their lock, on cache lines that no recording thread reads.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Accounts {
    books: Mutex<Books>,
    /// Notified when a batch is acknowledged and when the tracker has stopped.
    changed: Condvar,
}

impl Accounts {
    /// Locks the books. A panic while they were locked cannot have left them half changed in a way that
    /// matters more than going on.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes those who wait for a change.
    pub(crate) fn changed(&self) {
        self.changed.notify_all();
    }

    /// Waits while `condition` holds, at most for `time`.
    pub(crate) fn wait_while<'a>(
        &self,
        books: MutexGuard<'a, Books>,
        time: Duration,
        mut condition: impl FnMut(&Books) -> bool,
    ) -> MutexGuard<'a, Books> {
        self.changed
            .wait_timeout_while(books, time, |books| condition(books))
            .unwrap_or_else(PoisonError::into_inner)
            .0
    }
}

/// Releases the books, and emits the changes of the health that were made while they were locked. Not before:
/// a subscriber may do anything, and ask for the accounts.
pub(crate) fn release(mut books: MutexGuard<'_, Books>) {
    let changes = books.state.health.take_changes();
    drop(books);
    changes.into_iter().for_each(Change::emit);
}
