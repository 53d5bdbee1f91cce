//! The words of a gateway on itself: one line of JSON.

use serde::{Deserialize, Serialize};
use usage_tracker::Stats;

/// The accounts of a tracker at one moment, field by field as in [`Stats`].
#[expect(missing_docs, reason = "they are described there")]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    pub submitted: u64,
    pub stored: u64,
    pub duplicates: u64,
    pub refused: u64,
    pub returned: u64,
    pub dropped: u64,
    pub pending: u64,
    pub in_journal: u64,
    pub journaled: u64,
    pub journal_bytes: u64,
    pub retries: u64,
    pub recovered: Recovered,
    pub degraded: bool,
    pub last_error: Option<String>,
}

/// The records that were found in the journals of earlier runs.
#[expect(missing_docs, reason = "they are described in the tracker")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovered {
    pub stored: u64,
    pub duplicates: u64,
    pub refused: u64,
    pub lost: u64,
}

impl Snapshot {
    /// The identity, written down a second time: a mistake in the tracker's own check would hide
    /// itself.
    #[must_use]
    pub const fn is_balanced(&self) -> bool {
        let Self { submitted, stored, duplicates, refused, dropped, pending, .. } = *self;
        submitted == stored + duplicates + refused + dropped + pending
            && self.returned <= refused
            && self.in_journal <= pending
            && self.in_journal <= self.journaled
            && self.journaled <= submitted
    }

    /// Returns whether it can come after that one: what has come to its end never comes back.
    #[must_use]
    pub const fn is_after(&self, before: &Self) -> bool {
        self.submitted >= before.submitted
            && self.stored >= before.stored
            && self.refused >= before.refused
            && self.dropped >= before.dropped
            && self.journaled >= before.journaled
            && self.recovered.stored >= before.recovered.stored
    }
}

impl From<Stats> for Snapshot {
    fn from(stats: Stats) -> Self {
        let recovered = stats.recovered;
        Self {
            submitted: stats.submitted,
            stored: stats.stored,
            duplicates: stats.duplicates,
            refused: stats.refused,
            returned: stats.returned,
            dropped: stats.dropped,
            pending: stats.pending,
            in_journal: stats.in_journal,
            journaled: stats.journaled,
            journal_bytes: stats.journal_bytes,
            retries: stats.retries,
            recovered: Recovered {
                stored: recovered.stored,
                duplicates: recovered.duplicates,
                refused: recovered.refused,
                lost: recovered.lost,
            },
            degraded: stats.degraded,
            last_error: stats.last_error,
        }
    }
}

/// The end of a gateway.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Report {
    /// The accounts after it.
    pub stats: Snapshot,
    /// The numbers that shutdown handed back.
    pub unstored: Vec<u64>,
    /// The numbers that came back when they were recorded, as ranges with their last one.
    pub returned: Vec<(u64, u64)>,
    /// Says whether the tracker's threads have stopped.
    pub finished: bool,
    /// Says whether nothing depends on the process any more.
    pub is_safe: bool,
    /// Says whether nothing is left in the journal either.
    pub is_clean: bool,
}

impl Report {
    /// The numbers that the tracker took, of all from 0 to `end`: those that did not come back.
    #[must_use]
    pub fn taken(&self, end: u64) -> Vec<u64> {
        let came_back = |number: &u64| {
            self.unstored.contains(number)
                || self.returned.iter().any(|(first, last)| (first..=last).contains(&number))
        };
        (0..end).filter(|number| !came_back(number)).collect()
    }
}
