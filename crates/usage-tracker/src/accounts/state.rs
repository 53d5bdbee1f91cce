//! The state of the threads and their callers, and what they hand to each other.

use usage_core::Record;
use usage_journal::JournalWriter;

use super::phase::Phase;
use crate::health::Health;

/// The state of the threads and their callers.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// Changed by [`Books::advance`](super::Books::advance) alone.
    pub(super) phase: Phase,
    pub(crate) health: Health,
    pub(crate) callers: Callers,
    pub(crate) handover: Handover,
    /// The sink or a callback is at work, and nobody can say for how long.
    pub(crate) sink_busy: bool,
    /// The channel is sealed and empty, and what was in it is in the journal or in `unstored`.
    pub(crate) drained: bool,
    /// The tracker was dropped: nobody will come for what is not stored.
    pub(crate) owner_gone: bool,
    /// The number of empty slots in the channel.
    pub(crate) empty_slots: usize,
    /// The records that could neither be stored nor journaled, until somebody takes them.
    pub(crate) unstored: Vec<Record>,
}

/// The things that callers wait for.
#[derive(Debug, Default)]
pub(crate) struct Callers {
    /// The number of received records that must be acknowledged for the callers of a flush to go on.
    pub(crate) flush_target: u64,
    /// The number of times that somebody has begun to wait: at each of them a failed batch is tried at
    /// once.
    pub(crate) arrivals: u64,
    /// The number of callers that wait for records to be in the journal.
    pub(crate) for_journal: usize,
    /// The number of callers that wait for the tracker to stop.
    pub(crate) for_stop: usize,
    /// The number of times that somebody has asked whether the journal is still there, and the last of
    /// them that has an answer.
    pub(crate) checks_asked: u64,
    pub(crate) checks_done: u64,
}

/// All that the appender and the committer hand to each other.
#[derive(Debug, Default)]
pub(crate) struct Handover {
    /// The records that the journal could not take, for the committer. Nothing is put here while something is in
    /// the journal: records are stored in order.
    pub(crate) records: Vec<Record>,
    /// The appender waits until it may put something there.
    pub(crate) blocked: bool,
    /// A journal that was made late, for the appender.
    pub(crate) new_journal: Option<Box<JournalWriter>>,
    /// The journal fails for being as large as it may be, which storing cures.
    pub(crate) journal_is_full: bool,
    /// The committer sleeps until so many records wait for it.
    pub(crate) wake_at: u64,
}
