//! Deleting what is old, with its sums or without.

use std::cell::Cell;

use usage_core::Timestamp;

use super::extent;
use super::slices::Pace;
use super::space::{VacuumOutcome, bytes_on_disk};
use super::steps::{begin, cut, delete_rows, delete_sums, kept_before};
use crate::error::ReadError;
use crate::event_ids;
use crate::sums::{quarter_of, start_of_quarter};
use crate::{Result, Store, StoreError};

/// How many records are deleted in the first transaction, and at most in one.
const ROWS: Pace = Pace::new(500, 20_000);
/// How many quarters of an hour.
const QUARTERS: Pace = Pace::new(16, 4_000);
/// How many event ids are looked at.
const EVENT_IDS: Pace = Pace::new(2_000, 200_000);

/// What a prune would delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrunePlan {
    /// Everything older than this goes; this very instant stays.
    pub before: Timestamp,
    /// The records go, and what they add up to stays, so that reports are what they were.
    pub keep_sums: bool,
    /// How many records go.
    pub records: u64,
    /// The oldest of them.
    pub oldest: Option<Timestamp>,
    /// The newest of them.
    pub newest: Option<Timestamp>,
    /// How many quarters of an hour go of which only sums were left.
    pub sums: u64,
}

impl PrunePlan {
    /// Whether nothing would go.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.records == 0 && self.sums == 0
    }
}

/// What a deletion has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// How many records went: those of the plan, and those that were stored since it was made
    /// and that it covers.
    pub records: u64,
    /// How many quarters of an hour went of which only sums were left.
    pub sums: u64,
    /// The space that was given back.
    pub space: VacuumOutcome,
}

impl Store {
    /// What a prune would delete: the plan that [`prune`](Self::prune) carries out. The sums of
    /// what goes, go too.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let store = usage_store::Store::open(folder.path().join("usage.db"))?;
    /// use usage_core::Timestamp;
    ///
    /// let plan = store.plan_prune(Timestamp::from_micros(1_777_787_761_000_000))?;
    /// if plan.records > 0 {
    ///     assert!(store.prune(&plan)?.records >= plan.records);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the ledger cannot be read, and [`StoreError::RowsGone`] when the instant cuts a quarter
    /// of an hour of which only sums are left.
    pub fn plan_prune(&self, before: Timestamp) -> Result<PrunePlan> {
        self.plan_of(before, false)
    }

    /// As [`plan_prune`](Self::plan_prune), but what the records add up to stays: reports are what
    /// they were, if they begin and end on a quarter of an hour. The instant is moved back to one.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let store = usage_store::Store::open(folder.path().join("usage.db"))?;
    /// use usage_core::Timestamp;
    ///
    /// let plan = store.plan_prune_keeping_sums(Timestamp::from_micros(1_777_787_761_000_000))?;
    /// assert_eq!(plan.before, Timestamp::from_micros(1_777_787_100_000_000));
    /// store.prune(&plan)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn plan_prune_keeping_sums(&self, before: Timestamp) -> Result<PrunePlan> {
        self.plan_of(whole_quarter(before), true)
    }

    fn plan_of(&self, before: Timestamp, keep_sums: bool) -> Result<PrunePlan> {
        self.read("read the ledger", |connection| {
            if !keep_sums && let Some(nearest) = cut(connection, before)? {
                return Err(ReadError::RowsGone { edge: before, nearest });
            }
            let (records, oldest, newest) =
                extent(connection, "WHERE ts < ?1", [before.as_micros()])?;
            let sums = if keep_sums { 0 } else { kept_before(connection, before)? };
            Ok(PrunePlan { before, keep_sums, records, oldest, newest, sums })
        })
    }

    /// Carries out a plan: deletes the records older than its instant, and their sums unless these
    /// stay, and gives the space back. Works in short transactions, so that other processes can
    /// write meanwhile; stopped between two of them, the ledger is right, and the rest can be
    /// deleted later.
    ///
    /// From then on the ledger takes no records older than that instant any more: one that comes
    /// again would be counted twice. See [`RefusalReason::BeforeHorizon`].
    ///
    /// What waits in journals is [stored before](Self::recover_journals): the plan may grow by
    /// that. What a running process has taken but not stored yet is refused by then, if it is
    /// older.
    ///
    /// # Errors
    /// When the ledger cannot be written, or what waits in a journal cannot be stored. What was
    /// deleted until then stays deleted; [`prune_with`](Self::prune_with) tells how much that is.
    /// Also as [`plan_prune`](Self::plan_prune).
    ///
    /// [`RefusalReason::BeforeHorizon`]: usage_core::sink::RefusalReason::BeforeHorizon
    pub fn prune(&self, plan: &PrunePlan) -> Result<Deletion> {
        self.prune_with(plan, |_| {})
    }

    /// As [`prune`](Self::prune), and tells after each transaction how many records are gone.
    ///
    /// # Errors
    /// As [`prune`](Self::prune).
    pub fn prune_with(&self, plan: &PrunePlan, mut gone: impl FnMut(u64)) -> Result<Deletion> {
        // First, as it was recorded before it was decided to delete it.
        self.recover_all_journals()?;
        let bytes_before = bytes_on_disk(self.path());
        let (records, sums) = self.delete_older(plan, &mut gone)?;
        Ok(Deletion { records, sums, space: self.give_back(bytes_before)? })
    }

    /// How many records and how many quarters of an hour were deleted.
    pub(super) fn delete_older(
        &self,
        plan: &PrunePlan,
        gone: &mut dyn FnMut(u64),
    ) -> Result<(u64, u64)> {
        const DOING: &str = "delete records from";
        let keep_sums = plan.keep_sums;
        // A plan may be made by hand.
        let before = if keep_sums { whole_quarter(plan.before) } else { plan.before };
        let cut = self.write(DOING, |writer| {
            writer.ledger.write(|transaction, _| begin(transaction, before, keep_sums))
        })?;
        if let Some(nearest) = cut {
            return Err(StoreError::RowsGone { edge: before, nearest });
        }
        let rows = |connection: &_, most| delete_rows(connection, before, most);
        let records = self.in_slices(DOING, ROWS, rows, gone)?;
        if keep_sums {
            return Ok((records, 0));
        }
        let sums = |connection: &_, most| delete_sums(connection, before, most);
        let sums = self.in_slices(DOING, QUARTERS, sums, &mut |_| {})?;
        if records + sums > 0 {
            self.sweep_event_ids(DOING)?;
        }
        Ok((records, sums))
    }

    /// Deletes what is left of event ids that are not known any more.
    fn sweep_event_ids(&self, doing: &'static str) -> Result<()> {
        let from = Cell::new(Some(i64::MIN));
        let sweep = |connection: &_, most: i64| {
            let Some(hash) = from.get() else { return Ok(0) };
            from.set(event_ids::sweep(connection, hash, most)?);
            Ok(most.unsigned_abs())
        };
        self.in_slices(doing, EVENT_IDS, sweep, &mut |_| {}).map(drop)
    }

    /// Deletes the records older than `before` and their sums, gives the space back, and returns
    /// how many records they were. Works in short transactions, so that other processes can write
    /// meanwhile.
    ///
    /// # Errors
    /// As [`prune`](Self::prune).
    pub fn prune_records(&self, before: Timestamp) -> Result<u64> {
        Ok(self.prune(&self.plan_prune(before)?)?.records)
    }
}

/// The last whole quarter of an hour up to an instant.
pub(super) fn whole_quarter(at: Timestamp) -> Timestamp {
    Timestamp::from_micros(start_of_quarter(quarter_of(at.as_micros())))
}
