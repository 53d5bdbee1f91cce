//! The progress of a deletion, so that it can be reported even when a later step fails.

use super::space::VacuumOutcome;
use crate::StoreError;

/// The result of a deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deletion {
    /// The number of records that went: those of the plan, and those that were stored since it was
    /// made and that it covers.
    pub records: u64,
    /// The number of quarters of an hour that went of which only rollups were left.
    pub rollups: u64,
    /// The number of requests that these rollups counted.
    pub requests: u64,
    /// The space that was given back.
    pub space: VacuumOutcome,
}

/// The deletions so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    pub(super) records: u64,
    pub(super) rollups: u64,
    pub(super) requests: u64,
}

impl Progress {
    /// All of it is done.
    pub(super) const fn finished(self, space: VacuumOutcome) -> Deletion {
        let Self { records, rollups, requests } = self;
        Deletion { records, rollups, requests, space }
    }

    /// A step has failed: the error says what was done before, if anything was.
    pub(super) fn failed(self, error: StoreError) -> StoreError {
        let Self { records, rollups, requests } = self;
        if records == 0 && rollups == 0 {
            return error;
        }
        StoreError::Unfinished { records, rollups, requests, source: Box::new(error) }
    }
}
