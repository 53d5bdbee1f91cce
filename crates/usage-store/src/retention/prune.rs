//! Deleting what is old, with its rollups or without.

use std::cell::Cell;
use std::ops::Range;

use rusqlite::Connection;
use usage_core::Timestamp;

use super::doubt::doubt;
use super::extent::extent;
use super::progress::Progress;
use super::slices::Pace;
use super::steps::{Kept, check_cut, cut, delete_rollups, delete_rows, kept_in};
use crate::error::{Doubt, ReadError};
use crate::ledger::retained;
use crate::rollups::{
    forget_frozen, forget_old, forget_unused_sessions, quarter_of, start_of_quarter,
};
use crate::write::event_ids;
use crate::{Result, Store, StoreError};

const DOING: &str = "delete records from";

/// The number of records deleted in the first transaction, and at most in one.
const ROWS: Pace = Pace::new(500, 20_000);
/// The number of quarters of an hour.
const QUARTERS: Pace = Pace::new(16, 4_000);
/// The number of event ids that are looked at.
const EVENT_IDS: Pace = Pace::new(2_000, 200_000);

/// The number of days of sessions that are looked at, or of sessions forgotten.
const SESSIONS: Pace = Pace::new(500, 50_000);

/// The plan of a prune, with what it would delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PrunePlan {
    /// Everything older than this goes; this very instant stays.
    pub before: Timestamp,
    /// The records go, and what they add up to stays, so that reports are what they were.
    pub keep_rollups: bool,
    /// The rollups of sessions stay, whatever becomes of the other rollups: a [retention](crate::RetentionPlan) keeps them
    /// for an age of their own. They stay where rollups do.
    pub keep_sessions: bool,
    /// The number of records that go.
    pub records: u64,
    /// The oldest of them.
    pub oldest: Option<Timestamp>,
    /// The newest of them.
    pub newest: Option<Timestamp>,
    /// The number of quarters of an hour that go of which only rollups were left.
    pub rollups: u64,
    /// The number of requests that these rollups count.
    pub requests: u64,
    /// The instant that was said to be now, if anything was.
    pub now: Option<Timestamp>,
    /// The reason why it is not carried out unless somebody [insists](Self::insist).
    pub doubt: Option<Doubt>,
    /// It is carried out whatever the doubt.
    pub insisted: bool,
}

impl PrunePlan {
    /// Returns what pruning would delete: a plan for [`Store::delete`].
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let store = usage_store::Store::open(folder.path().join("usage.db"))?;
    /// use usage_core::Timestamp;
    /// use usage_store::{PruneOptions, PrunePlan};
    ///
    /// let before = Timestamp::from_micros(1_777_787_761_000_000);
    /// let plan = PrunePlan::new(&store, before, &PruneOptions::default())?;
    /// if plan.records > 0 {
    ///     assert!(store.delete(plan, |_gone| {})?.records >= plan.records);
    /// }
    ///
    /// let plan = PrunePlan::new(&store, before, &PruneOptions::default().with_keep_rollups(true))?;
    /// assert_eq!(plan.before, Timestamp::from_micros(1_777_787_100_000_000));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the ledger cannot be read, and [`StoreError::RowsGone`] when the instant cuts a quarter
    /// of an hour of which only rollups are left.
    pub fn new(store: &Store, before: Timestamp, options: &PruneOptions) -> Result<Self> {
        let PruneOptions { keep_rollups, now } = *options;
        let before = if keep_rollups { whole_quarter(before) } else { before };
        store.read("read the ledger", |connection| {
            if !keep_rollups && let Some(nearest) = cut(connection, before)? {
                return Err(ReadError::RowsGone { edge: before, nearest });
            }
            let (records, oldest, newest) =
                extent(connection, "WHERE ts < ?1", [before.as_micros()])?;
            let kept = if keep_rollups {
                Kept::default()
            } else {
                kept_in(connection, &(i64::MIN..before.as_micros()))?
            };
            let doubt = doubt(connection, before, now)?;
            let (rollups, requests, insisted) = (kept.quarters, kept.requests, false);
            Ok(Self {
                before,
                keep_rollups,
                keep_sessions: keep_rollups,
                records,
                oldest,
                newest,
                rollups,
                requests,
                now,
                doubt,
                insisted,
            })
        })
    }

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

    /// Returns whether nothing would go.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.records == 0 && self.rollups == 0
    }
}

/// The options for pruning records. The default deletes their rollups too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PruneOptions {
    /// The rollups of the records stay: reports are what they were, if they begin and end on a quarter of an hour. The
    /// instant is moved back to one.
    pub keep_rollups: bool,
    /// The now that the instant was reckoned from, as from an age: one that lies far from what the
    /// ledger knows of raises a [`Doubt`] too, and the ledger remembers it when the plan is carried out.
    pub now: Option<Timestamp>,
}

impl PruneOptions {
    /// Returns the default.
    #[must_use]
    pub const fn new() -> Self {
        Self { keep_rollups: false, now: None }
    }

    /// Sets whether what the records add up to stays.
    #[must_use]
    pub const fn with_keep_rollups(self, keep_rollups: bool) -> Self {
        Self { keep_rollups, ..self }
    }

    /// Sets the now that the instant was reckoned from.
    #[must_use]
    pub const fn with_now(self, now: Timestamp) -> Self {
        Self { now: Some(now), ..self }
    }
}

impl Store {
    /// Deletes what is older, and adds it to the progress.
    pub(super) fn delete_older(
        &self,
        plan: &PrunePlan,
        progress: &mut Progress,
        on_progress: &mut dyn FnMut(u64),
    ) -> Result<()> {
        // A plan may be made by hand.
        let before = if plan.keep_rollups { whole_quarter(plan.before) } else { plan.before };
        let plan = PrunePlan { before, ..*plan };
        let range = i64::MIN..before.as_micros();
        // Others can write meanwhile.
        self.read(DOING, |connection| check_cut(connection, &range))?;
        self.write::<_, StoreError>(DOING, |writer| {
            writer.ledger.write(|transaction, _| begin(transaction, &plan))
        })?;
        self.delete_in(&range, (plan.keep_rollups, plan.keep_sessions), progress, on_progress)
    }

    /// Deletes the records of a range, and the rollups that were kept without rows, those of sessions too, unless these
    /// stay.
    pub(super) fn delete_in(
        &self,
        range: &Range<i64>,
        (keep_rollups, keep_sessions): (bool, bool),
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
        if keep_rollups {
            return Ok(());
        }
        let (of_slice, before) = (Cell::new(0), progress.rollups);
        let rollups = |connection: &_, most| -> rusqlite::Result<u64> {
            let (quarters, requests) = delete_rollups(connection, range, most)?;
            of_slice.set(requests);
            Ok(quarters)
        };
        self.in_slices(DOING, QUARTERS, rollups, &mut |these| {
            progress.rollups = before + these;
            progress.requests += of_slice.get();
        })?;
        // Ids of a range are known until they are swept away, also those that an earlier deletion of it
        // has left, which was stopped before this. Those of what is old are not known any more.
        let is_due = if range.start == i64::MIN {
            let ids = counted(progress) - counted_before;
            ids > 0
                && self.write::<_, StoreError>(DOING, |writer| {
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
        let frozen = |connection: &_, most: i64| -> rusqlite::Result<u64> {
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
        let sweep = |connection: &_, most: i64| -> rusqlite::Result<u64> {
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
}

/// The last whole quarter of an hour up to an instant.
pub(super) fn whole_quarter(at: Timestamp) -> Timestamp {
    Timestamp::from_micros(start_of_quarter(quarter_of(at.as_micros())))
}

/// Prepares a deletion before anything is deleted: whoever deletes a record sees to it that it
/// cannot come back, and rows that go without their rollups are marked as gone while they are still
/// there. From then on nobody needs them.
///
/// Breaks off when the instant cannot be meant, or cuts kept rollups in two. A ledger that never held
/// anything goes on to accept everything: nothing can come again.
fn begin(connection: &Connection, plan: &PrunePlan) -> Result<(), ReadError> {
    let before = plan.before;
    if !plan.keep_rollups
        && let Some(nearest) = cut(connection, before)?
    {
        return Err(ReadError::RowsGone { edge: before, nearest });
    }
    if !plan.insisted
        && let Some(doubt) = doubt(connection, before, plan.now)?
    {
        return Err(ReadError::Doubtful(doubt));
    }
    if let Some(now) = plan.now {
        retained::note_now(connection, now.as_micros(), plan.insisted)?;
    }
    let has_history = retained::has_history(connection)?;
    if has_history {
        retained::refuse_before(connection, before.as_micros())?;
    }
    if plan.keep_rollups || plan.keep_sessions {
        retained::freeze_sessions(connection, before.as_micros())?;
    }
    if plan.keep_rollups {
        // The event ids stay too.
        retained::keep_rows_from(connection, before.as_micros())?;
    } else if has_history {
        event_ids::forget_before(connection, before.as_micros())?;
    }
    Ok(())
}
