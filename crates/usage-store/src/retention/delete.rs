//! Carrying out what was planned.

use usage_core::Timestamp;

use super::everything::DeleteAllPlan;
use super::plan::RetentionPlan;
use super::progress::{Deletion, Progress};
use super::prune::{PruneOptions, PrunePlan};
use super::range::DeleteRangePlan;
use super::space::bytes_on_disk;
use crate::{Result, Store};

/// The plan that [`Store::delete`] is to carry out. Made of each of the plans, which say what that is before it is
/// done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(clippy::large_enum_variant, reason = "there is one a deletion, and it can be copied")]
pub enum DeletionPlan {
    /// The records older than an instant: see [`PrunePlan::new`].
    Prune(PrunePlan),
    /// The records in a range: see [`DeleteRangePlan::new`].
    Range(DeleteRangePlan),
    /// Everything: [`DeleteAllPlan`] says what that is.
    All,
    /// The records older than they are to be kept: see [`RetentionPlan::new`].
    Retention(RetentionPlan),
}

impl From<PrunePlan> for DeletionPlan {
    fn from(plan: PrunePlan) -> Self {
        Self::Prune(plan)
    }
}

impl From<DeleteRangePlan> for DeletionPlan {
    fn from(plan: DeleteRangePlan) -> Self {
        Self::Range(plan)
    }
}

impl From<DeleteAllPlan> for DeletionPlan {
    fn from(_: DeleteAllPlan) -> Self {
        Self::All
    }
}

impl From<RetentionPlan> for DeletionPlan {
    fn from(plan: RetentionPlan) -> Self {
        Self::Retention(plan)
    }
}

impl DeletionPlan {
    /// The prunes that it is made of, in order.
    fn prunes(&self) -> impl Iterator<Item = &PrunePlan> {
        let prunes = match self {
            Self::Prune(plan) => [Some(plan), None],
            Self::Retention(plan) => [plan.all.as_ref(), plan.rows.as_ref()],
            Self::Range(_) | Self::All => [None, None],
        };
        prunes.into_iter().flatten()
    }
}

impl Store {
    /// Carries out a plan and gives the space back; calls `on_progress` after each transaction with how many
    /// records are gone. Works in short transactions, so that other processes can write meanwhile; stopped
    /// between two of them, the ledger is right, and the rest can be deleted later. Everything goes in one.
    ///
    /// What waits in journals is [stored before](crate::Journals::recover), so that nothing that is deleted
    /// comes back: the plan may grow by that. What a running process has taken but not stored yet is
    /// stored by it later, or refused where it is too old by then.
    ///
    /// After a prune or a retention the ledger takes no records older than its instant any more: one that
    /// comes again would be counted twice. See [`RefusalReason::BeforeHorizon`]. After a range or everything
    /// was deleted, records as old are accepted as before, and who records one of them again has it
    /// stored again. With everything go all rollups, names, and the quarantine, but for what
    /// [counters](Store::keep_counters) keep; how long records are to be
    /// kept stays as it was [stated](crate::Retention::set).
    ///
    /// # Errors
    /// [`StoreError::Doubtful`](crate::StoreError::Doubtful) when there is a [`Doubt`](crate::Doubt) that an instant is meant, unless the plan
    /// [insists](PrunePlan::insist); nothing was done then. When the ledger cannot be written, or what
    /// waits in a journal cannot be stored: what was deleted until then stays deleted, and is reported by
    /// [`StoreError::Unfinished`](crate::StoreError::Unfinished) if it is anything. Also as the plan.
    ///
    /// [`RefusalReason::BeforeHorizon`]: usage_core::sink::RefusalReason::BeforeHorizon
    pub fn delete(
        &self,
        plan: impl Into<DeletionPlan>,
        mut on_progress: impl FnMut(u64),
    ) -> Result<Deletion> {
        let plan = plan.into();
        plan.prunes().try_for_each(PrunePlan::check)?;
        // First, as it was recorded before it was decided to delete it.
        self.journals().recover_all()?;
        let bytes_before = bytes_on_disk(self.path());
        let mut progress = Progress::default();
        self.carry_out(&plan, &mut progress, &mut on_progress)
            .and_then(|()| self.give_back(bytes_before))
            .map(|space| progress.finished(space))
            .map_err(|error| progress.failed(error))
    }

    /// Deletes the records older than `before` and their rollups, gives the space back, and returns
    /// how many records they were. Works in short transactions, so that other processes can write
    /// meanwhile.
    ///
    /// # Errors
    /// As [`PrunePlan::new`] and [`delete`](Self::delete).
    pub fn prune_records(&self, before: Timestamp) -> Result<u64> {
        let plan = PrunePlan::new(self, before, &PruneOptions::default())?;
        Ok(self.delete(plan, |_| {})?.records)
    }

    /// Deletes every record and every name, gives the space back, and returns how many records
    /// they were.
    ///
    /// # Errors
    /// As [`delete`](Self::delete). Nothing was deleted then, unless giving the space back is what failed:
    /// [`StoreError::Unfinished`](crate::StoreError::Unfinished) says so.
    pub fn delete_all_records(&self) -> Result<u64> {
        Ok(self.delete(DeletionPlan::All, |_| {})?.records)
    }

    fn carry_out(
        &self,
        plan: &DeletionPlan,
        progress: &mut Progress,
        on_progress: &mut dyn FnMut(u64),
    ) -> Result<()> {
        match plan {
            DeletionPlan::Range(plan) => self.delete_range(plan, progress, on_progress),
            DeletionPlan::All => self.delete_everything(progress, on_progress),
            DeletionPlan::Prune(_) | DeletionPlan::Retention(_) => {
                plan.prunes()
                    .try_for_each(|prune| self.delete_older(prune, progress, on_progress))?;
                match plan {
                    DeletionPlan::Retention(RetentionPlan { sessions: Some(old), .. }) => {
                        self.forget_old_sessions(old.before)
                    }
                    _ => Ok(()),
                }
            }
        }
    }
}
