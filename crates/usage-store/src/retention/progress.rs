//! How far a deletion has come, so that it can be told even when a later step fails.

use super::prune::Deletion;
use super::space::VacuumOutcome;
use crate::StoreError;

/// What was deleted so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    pub(super) records: u64,
    pub(super) sums: u64,
    pub(super) requests: u64,
}

impl Progress {
    /// All of it is done.
    pub(super) const fn finished(self, space: VacuumOutcome) -> Deletion {
        let Self { records, sums, requests } = self;
        Deletion { records, sums, requests, space }
    }

    /// A step has failed: the error says what was done before, if anything was.
    pub(super) fn failed(self, error: StoreError) -> StoreError {
        let Self { records, sums, requests } = self;
        if records == 0 && sums == 0 {
            return error;
        }
        StoreError::Unfinished { records, sums, requests, source: Box::new(error) }
    }
}
