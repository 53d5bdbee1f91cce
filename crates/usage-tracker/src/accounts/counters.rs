//! The numbers: how many records, of which fate, and where the others are.

use usage_core::sink::BatchOutcome;

use crate::notify::quarantined;
use crate::stats::{Recovered, Stats};

/// The fates of the records that were taken out of the channel, and the places of those that are on
/// their way. The lengths of two lists in [`State`](super::State) belong to them.
///
/// Always: `received == acknowledged() + held + in_memory + handover.records.len() + in_journal +
/// unstored.len()`.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Taken out of the channel.
    pub(crate) received: u64,
    pub(super) stored: u64,
    amended: u64,
    duplicates: u64,
    refused: u64,
    quarantined: u64,
    pub(super) dropped: u64,
    pub(super) handed_back: u64,
    /// The number of times that a batch was tried again.
    pub(crate) retries: u64,
    /// Held by the appender, which drains the channel into the journal.
    pub(crate) held: usize,
    /// In the committer's queue in memory.
    pub(crate) in_memory: usize,
    /// In the journal, and not acknowledged yet.
    pub(crate) in_journal: u64,
    /// The part of `in_journal` whose file was emptied, or is gone and cannot be written anew: this
    /// process may yet store it, no other can.
    pub(crate) at_risk: u64,
    /// Stored past the journal, and not known to be safe from a power loss though that was asked for.
    pub(crate) undurable: u64,
    /// Ever written to the journal.
    pub(crate) journaled: u64,
    /// The size of the journal on the disk, in bytes.
    pub(crate) journal_bytes: u64,
    /// The records found in journals that others left.
    pub(crate) recovered: Recovered,
}

impl Counters {
    /// Returns how many of the received records have come to their end.
    pub(crate) const fn acknowledged(&self) -> u64 {
        let answered = self.stored + self.amended + self.duplicates;
        answered + self.refused + self.dropped + self.handed_back
    }

    /// Returns how many of the received records survive the process, or the power loss.
    pub(crate) const fn secured(&self) -> u64 {
        (self.acknowledged() + self.in_journal).saturating_sub(self.at_risk + self.undurable)
    }

    /// Returns how many of them do so whatever has become of the journal's files.
    pub(crate) const fn ended_safely(&self) -> u64 {
        self.acknowledged().saturating_sub(self.undurable)
    }

    /// Counts a batch that the sink has taken whole. Returns how many of its records the outcome does
    /// not account for, or accounts for twice; a sink that keeps its contract leaves none.
    ///
    /// Records that the outcome leaves out count as dropped: writing them again could store them twice.
    pub(super) fn acknowledge(&mut self, batch: u64, outcome: &BatchOutcome) -> u64 {
        let refused = (outcome.refused.len() as u64).min(batch);
        let duplicates = outcome.duplicates.min(batch - refused);
        let amended = outcome.amended.min(batch - refused - duplicates);
        let stored = outcome.stored.min(batch - refused - duplicates - amended);
        self.refused += refused;
        self.quarantined += (quarantined(outcome) as u64).min(refused);
        self.duplicates += duplicates;
        self.amended += amended;
        self.stored += stored;
        self.dropped += batch - refused - duplicates - amended - stored;
        let spoken_of = (outcome.refused.len() as u64)
            .saturating_add(outcome.duplicates)
            .saturating_add(outcome.amended)
            .saturating_add(outcome.stored);
        spoken_of.abs_diff(batch)
    }

    /// Returns a snapshot of the numbers, with `queued` records in the channel and `listed` in lists, and
    /// of those that never got into the channel `returned` given back and `dropped` dropped.
    pub(super) fn stats(&self, queued: u64, listed: u64, returned: u64, dropped: u64) -> Stats {
        let submitted = self.received + queued + returned + dropped;
        // Handed back were records that had been received.
        let returned = returned + self.handed_back;
        let in_memory = (self.held + self.in_memory) as u64;
        Stats {
            submitted,
            stored: self.stored,
            amended: self.amended,
            duplicates: self.duplicates,
            refused: self.refused + returned,
            returned,
            quarantined: self.quarantined,
            dropped: self.dropped + dropped,
            pending: queued + in_memory + listed + self.in_journal,
            in_journal: self.in_journal.saturating_sub(self.at_risk),
            undurable: self.undurable,
            journaled: self.journaled,
            journal_bytes: self.journal_bytes,
            recovered: self.recovered,
            retries: self.retries,
            ..Stats::default()
        }
    }
}
