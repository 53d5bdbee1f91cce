//! Deleting what is old, with its sums or without.

use std::cell::Cell;
use std::ops::Range;

use usage_core::Timestamp;

use super::doubt::doubt;
use super::extent;
use super::progress::Progress;
use super::slices::Pace;
use super::space::VacuumOutcome;
use super::steps::{FirstStep, Kept, begin, check_cut, cut, delete_rows, delete_sums, kept_in};
use crate::error::{Doubt, ReadError};
use crate::rollups::{
    forget_frozen, forget_old, forget_unused_sessions, quarter_of, start_of_quarter,
};
use crate::write::event_ids;
use crate::{Result, Store, StoreError};

const DOING: &str = "delete records from";

/// How many records are deleted in the first transaction, and at most in one.
const ROWS: Pace = Pace::new(500, 20_000);
/// How many quarters of an hour.
const QUARTERS: Pace = Pace::new(16, 4_000);
/// How many event ids are looked at.
const EVENT_IDS: Pace = Pace::new(2_000, 200_000);

/// How many days of sessions are looked at, or sessions forgotten.
const SESSIONS: Pace = Pace::new(500, 50_000);

/// What a prune would delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PrunePlan {
    /// Everything older than this goes; this very instant stays.
    pub before: Timestamp,
    /// The records go, and what they add up to stays, so that reports are what they were.
    pub keep_sums: bool,
    /// What sessions come to stays, whatever becomes of the other sums: a [retention](Store::plan_retention) keeps them for
    /// an age of their own. They stay where sums do.
    pub keep_sessions: bool,
    /// How many records go.
    pub records: u64,
    /// The oldest of them.
    pub oldest: Option<Timestamp>,
    /// The newest of them.
    pub newest: Option<Timestamp>,
    /// How many quarters of an hour go of which only sums were left.
    pub sums: u64,
    /// How many requests these sums count.
    pub requests: u64,
    /// What was said to be now, if anything was.
    pub now: Option<Timestamp>,
    /// Why it is not carried out unless somebody [insists](Self::insist).
    pub doubt: Option<Doubt>,
    /// It is carried out whatever the doubt.
    pub insisted: bool,
}

impl PrunePlan {
    /// The same plan, to be carried out whatever the [doubt](Self::doubt).
    #[must_use]
    pub const fn insist(self) -> Self {
        Self { insisted: true, ..self }
    }

    /// An error where there is a doubt and nobody insists.
    pub(super) fn check(&self) -> Result<()> {
        match self.doubt.filter(|_| !self.insisted) {
            Some(doubt) => Err(StoreError::Doubtful { doubt }),
            None => Ok(()),
        }
    }

    /// Whether nothing would go.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.records == 0 && self.sums == 0
    }
}

/// What a deletion has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deletion {
    /// How many records went: those of the plan, and those that were stored since it was made
    /// and that it covers.
    pub records: u64,
    /// How many quarters of an hour went of which only sums were left.
    pub sums: u64,
    /// How many requests these sums counted.
    pub requests: u64,
    /// The space that was given back.
    pub space: VacuumOutcome,
}

/// How records are pruned. The default deletes their sums too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PruneOptions {
    /// What the records add up to stays: reports are what they were, if they begin and end on a quarter of
    /// an hour. The instant is moved back to one.
    pub keep_sums: bool,
    /// The now that the instant was reckoned from, as from an age: one that lies far from what the
    /// ledger knows of raises a [`Doubt`] too, and the ledger remembers it when the plan is carried out.
    pub now: Option<Timestamp>,
}

impl PruneOptions {
    /// Returns the default.
    #[must_use]
    pub const fn new() -> Self {
        Self { keep_sums: false, now: None }
    }

    /// Sets whether what the records add up to stays.
    #[must_use]
    pub const fn with_keep_sums(self, keep_sums: bool) -> Self {
        Self { keep_sums, ..self }
    }

    /// Sets the now that the instant was reckoned from.
    #[must_use]
    pub const fn with_now(self, now: Timestamp) -> Self {
        Self { now: Some(now), ..self }
    }
}

impl Store {
    /// Returns what pruning would delete: a plan for [`delete`](Self::delete).
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let store = usage_store::Store::open(folder.path().join("usage.db"))?;
    /// use usage_core::Timestamp;
    /// use usage_store::PruneOptions;
    ///
    /// let before = Timestamp::from_micros(1_777_787_761_000_000);
    /// let plan = store.plan_prune(before, &PruneOptions::default())?;
    /// if plan.records > 0 {
    ///     assert!(store.delete(plan, |_gone| {})?.records >= plan.records);
    /// }
    ///
    /// let plan = store.plan_prune(before, &PruneOptions::default().with_keep_sums(true))?;
    /// assert_eq!(plan.before, Timestamp::from_micros(1_777_787_100_000_000));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the ledger cannot be read, and [`StoreError::RowsGone`] when the instant cuts a quarter
    /// of an hour of which only sums are left.
    pub fn plan_prune(&self, before: Timestamp, options: &PruneOptions) -> Result<PrunePlan> {
        let PruneOptions { keep_sums, now } = *options;
        let before = if keep_sums { whole_quarter(before) } else { before };
        self.read("read the ledger", |connection| {
            if !keep_sums && let Some(nearest) = cut(connection, before)? {
                return Err(ReadError::RowsGone { edge: before, nearest });
            }
            let (records, oldest, newest) =
                extent(connection, "WHERE ts < ?1", [before.as_micros()])?;
            let kept = if keep_sums {
                Kept::default()
            } else {
                kept_in(connection, &(i64::MIN..before.as_micros()))?
            };
            let doubt = doubt(connection, before, now)?;
            let (sums, requests, insisted) = (kept.quarters, kept.requests, false);
            Ok(PrunePlan {
                before,
                keep_sums,
                keep_sessions: keep_sums,
                records,
                oldest,
                newest,
                sums,
                requests,
                now,
                doubt,
                insisted,
            })
        })
    }

    /// Deletes what is older, and adds it to the progress.
    pub(super) fn delete_older(
        &self,
        plan: &PrunePlan,
        progress: &mut Progress,
        on_progress: &mut dyn FnMut(u64),
    ) -> Result<()> {
        // A plan may be made by hand.
        let before = if plan.keep_sums { whole_quarter(plan.before) } else { plan.before };
        let plan = PrunePlan { before, ..*plan };
        let range = i64::MIN..before.as_micros();
        // Others can write meanwhile.
        self.read(DOING, |connection| check_cut(connection, &range))?;
        let begun = self.write(DOING, |writer| {
            writer.ledger.write(|transaction, _| begin(transaction, &plan))
        })?;
        match begun {
            FirstStep::Done => {}
            FirstStep::Cut(nearest) => return Err(StoreError::RowsGone { edge: before, nearest }),
            FirstStep::Doubtful(doubt) => return Err(StoreError::Doubtful { doubt }),
        }
        self.delete_in(&range, (plan.keep_sums, plan.keep_sessions), progress, on_progress)
    }

    /// Deletes the records of a range, and the sums that were kept without rows, those of sessions too, unless these
    /// stay.
    pub(super) fn delete_in(
        &self,
        range: &Range<i64>,
        (keep_sums, keep_sessions): (bool, bool),
        progress: &mut Progress,
        on_progress: &mut dyn FnMut(u64),
    ) -> Result<()> {
        let counted = |progress: &Progress| progress.records + progress.requests;
        let (before, counted_before) = (progress.records, counted(progress));
        let rows = |connection: &_, most| delete_rows(connection, range, most);
        self.in_slices(DOING, ROWS, rows, &mut |these| {
            progress.records = before + these;
            on_progress(progress.records);
        })?;
        if !keep_sessions {
            self.forget_sessions(range)?;
        }
        if keep_sums {
            return Ok(());
        }
        let (of_slice, before) = (Cell::new(0), progress.sums);
        let sums = |connection: &_, most| {
            let (quarters, requests) = delete_sums(connection, range, most)?;
            of_slice.set(requests);
            Ok(quarters)
        };
        self.in_slices(DOING, QUARTERS, sums, &mut |these| {
            progress.sums = before + these;
            progress.requests += of_slice.get();
        })?;
        // Ids of a range are known until they are swept away, also those that an earlier deletion of it
        // has left, which was stopped before this. Those of what is old are not known any more.
        let is_due = if range.start == i64::MIN {
            let ids = counted(progress) - counted_before;
            ids > 0
                && self.write(DOING, |writer| {
                    writer.ledger.write(|transaction, _| event_ids::is_due(transaction, ids))
                })?
        } else {
            true
        };
        if is_due { self.sweep_event_ids(DOING, range) } else { Ok(()) }
    }

    /// Takes out of sessions what has no rows in a range, and forgets those that nothing is left of.
    fn forget_sessions(&self, range: &Range<i64>) -> Result<()> {
        let from = Cell::new(Some((i64::MIN, i64::MIN)));
        let frozen = |connection: &_, most: i64| {
            let Some(key) = from.get() else { return Ok(0) };
            from.set(forget_frozen(connection, range, key, most)?);
            Ok(most.unsigned_abs())
        };
        self.in_slices(DOING, SESSIONS, frozen, &mut |_| {})?;
        self.in_slices(DOING, SESSIONS, forget_unused_sessions, &mut |_| {}).map(drop)
    }

    /// Deletes what is left of event ids that are not known any more, and of those of a range whose
    /// records are gone.
    pub(super) fn sweep_event_ids(&self, doing: &'static str, range: &Range<i64>) -> Result<()> {
        let (from, kept) = (Cell::new(Some(i64::MIN)), Cell::new(0));
        let sweep = |connection: &_, most: i64| {
            let Some(hash) = from.get() else { return Ok(0) };
            let (next, deleted) = event_ids::sweep(connection, range, hash, most)?;
            let left = kept.get() + most.unsigned_abs().saturating_sub(deleted);
            if next.is_none() {
                event_ids::swept(connection, left)?;
            }
            from.set(next);
            kept.set(left);
            Ok(most.unsigned_abs())
        };
        self.in_slices(doing, EVENT_IDS, sweep, &mut |_| {}).map(drop)
    }

    /// Forgets the sessions that ended before an instant, once their rows are gone.
    pub(super) fn forget_old_sessions(&self, before: Timestamp) -> Result<()> {
        let old = |connection: &_, most| forget_old(connection, before.as_micros(), most);
        self.in_slices(DOING, SESSIONS, old, &mut |_| {}).map(drop)
    }

    /// Deletes the records older than `before` and their sums, gives the space back, and returns
    /// how many records they were. Works in short transactions, so that other processes can write
    /// meanwhile.
    ///
    /// # Errors
    /// As [`plan_prune`](Self::plan_prune) and [`delete`](Self::delete).
    pub fn prune_records(&self, before: Timestamp) -> Result<u64> {
        let plan = self.plan_prune(before, &PruneOptions::default())?;
        Ok(self.delete(plan, |_| {})?.records)
    }
}

/// The last whole quarter of an hour up to an instant.
pub(super) fn whole_quarter(at: Timestamp) -> Timestamp {
    Timestamp::from_micros(start_of_quarter(quarter_of(at.as_micros())))
}
