//! Deleting the records of a range of time, such as those that a wrong clock has stamped.

use std::ops::Range;

use usage_core::Timestamp;

use super::extent;
use super::progress::Progress;
use super::prune::Deletion;
use super::space::bytes_on_disk;
use super::steps::{check_cut, cut, kept_in};
use crate::error::ReadError;
use crate::{Result, Store};

/// What deleting the records of a range would delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteRangePlan {
    /// The first instant that goes.
    pub start: Timestamp,
    /// The first instant after it that stays.
    pub end: Timestamp,
    /// How many records go.
    pub records: u64,
    /// The oldest of them.
    pub oldest: Option<Timestamp>,
    /// The newest of them.
    pub newest: Option<Timestamp>,
    /// How many quarters of an hour go of which only sums are left.
    pub sums: u64,
    /// How many requests these sums count.
    pub requests: u64,
}

impl DeleteRangePlan {
    const fn range(&self) -> Range<i64> {
        self.start.as_micros()..self.end.as_micros()
    }
}

impl Store {
    /// What deleting the records from `start` up to, not including, `end` would delete.
    ///
    /// # Errors
    /// When the ledger cannot be read, and [`StoreError::RowsGone`](crate::StoreError::RowsGone) when either cuts a quarter of an
    /// hour of which only sums are left.
    pub fn plan_delete_range(&self, start: Timestamp, end: Timestamp) -> Result<DeleteRangePlan> {
        self.read("read the ledger", |connection| {
            for edge in [start, end] {
                if let Some(nearest) = cut(connection, edge)? {
                    return Err(ReadError::RowsGone { edge, nearest });
                }
            }
            let [from, before] = [start, end].map(Timestamp::as_micros);
            let (records, oldest, newest) =
                extent(connection, "WHERE ts >= ?1 AND ts < ?2", [from, before])?;
            let kept = kept_in(connection, &(from..before))?;
            let (sums, requests) = (kept.quarters, kept.requests);
            Ok(DeleteRangePlan { start, end, records, oldest, newest, sums, requests })
        })
    }

    /// Deletes what a plan says, with its sums, and gives the space back; tells after each transaction
    /// how many records are gone. Works in short transactions, so that other processes can write
    /// meanwhile.
    ///
    /// Unlike after a [prune](Self::prune), records as old are accepted from then on as before: whoever
    /// records one of them again has it stored again.
    ///
    /// # Errors
    /// When the ledger cannot be written, or what waits in a journal cannot be stored; what was deleted
    /// until then is told by [`StoreError::Unfinished`](crate::StoreError::Unfinished). Also as
    /// [`plan_delete_range`](Self::plan_delete_range).
    pub fn delete_range(
        &self,
        plan: &DeleteRangePlan,
        mut gone: impl FnMut(u64),
    ) -> Result<Deletion> {
        // First, as it was recorded before it was decided to delete it.
        self.recover_all_journals()?;
        // What has no rows may have changed since, and a plan may be made by hand.
        self.plan_delete_range(plan.start, plan.end)?;
        self.read("read the ledger", |connection| check_cut(connection, &plan.range()))?;
        let bytes_before = bytes_on_disk(self.path());
        let mut progress = Progress::default();
        self.delete_in(&plan.range(), false, &mut progress, &mut gone)
            .and_then(|()| self.give_back(bytes_before))
            .map(|space| progress.finished(space))
            .map_err(|error| progress.failed(error))
    }
}
