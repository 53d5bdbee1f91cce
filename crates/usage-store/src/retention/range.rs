//! Deleting the records of a range of time, such as those that a wrong clock has stamped.

use std::ops::Range;

use usage_core::Timestamp;

use super::extent::extent;
use super::progress::Progress;
use super::steps::{check_cut, cut, kept_in};
use crate::error::ReadError;
use crate::{Result, Store};

/// The plan of deleting the records of a range, with what it would delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteRangePlan {
    /// The first instant that goes.
    pub start: Timestamp,
    /// The first instant after it that stays.
    pub end: Timestamp,
    /// The number of records that go.
    pub records: u64,
    /// The oldest of them.
    pub oldest: Option<Timestamp>,
    /// The newest of them.
    pub newest: Option<Timestamp>,
    /// The number of quarters of an hour that go of which only rollups are left.
    pub rollups: u64,
    /// The number of requests that these rollups count.
    pub requests: u64,
}

impl DeleteRangePlan {
    /// Returns what deleting the records from `start` up to, not including, `end` would delete: a plan for
    /// [`Store::delete`].
    ///
    /// # Errors
    /// When the ledger cannot be read, and [`StoreError::RowsGone`](crate::StoreError::RowsGone) when either cuts a quarter of an
    /// hour of which only rollups are left.
    pub fn new(store: &Store, start: Timestamp, end: Timestamp) -> Result<Self> {
        store.read("read the ledger", |connection| {
            for edge in [start, end] {
                if let Some(nearest) = cut(connection, edge)? {
                    return Err(ReadError::RowsGone { edge, nearest });
                }
            }
            let [from, before] = [start, end].map(Timestamp::as_micros);
            let (records, oldest, newest) =
                extent(connection, "WHERE ts >= ?1 AND ts < ?2", [from, before])?;
            let kept = kept_in(connection, &(from..before))?;
            let (rollups, requests) = (kept.quarters, kept.requests);
            Ok(Self { start, end, records, oldest, newest, rollups, requests })
        })
    }

    const fn range(&self) -> Range<i64> {
        self.start.as_micros()..self.end.as_micros()
    }
}

impl Store {
    /// Deletes what a plan says, with its rollups, and adds it to the progress.
    pub(super) fn delete_range(
        &self,
        plan: &DeleteRangePlan,
        progress: &mut Progress,
        on_progress: &mut dyn FnMut(u64),
    ) -> Result<()> {
        // What has no rows may have changed since, and a plan may be made by hand.
        DeleteRangePlan::new(self, plan.start, plan.end)?;
        self.read("read the ledger", |connection| check_cut(connection, &plan.range()))?;
        self.delete_in(&plan.range(), (false, false), progress, on_progress)
    }
}
