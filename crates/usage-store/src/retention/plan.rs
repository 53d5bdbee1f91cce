//! The plan of carrying out a policy, with what it would delete.

use usage_core::Timestamp;

use super::age::Age;
use super::extent::extent;
use super::policy::{Policy, SessionsKept};
use super::prune::{PruneOptions, PrunePlan, whole_quarter};
use crate::error::Doubt;
use crate::{Result, Store};

/// The plan of carrying out a ledger's policy, with what it would delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetentionPlan {
    /// The policy that it is about.
    pub policy: Policy,
    /// The part that is too old altogether: records and rollups go.
    pub all: Option<PrunePlan>,
    /// The part that is too old for records: these go, and their rollups stay. The records of `all`
    /// are counted there only.
    pub rows: Option<PrunePlan>,
    /// The sessions that are too old.
    pub sessions: Option<SessionsPlan>,
}

/// The sessions that a retention would forget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionsPlan {
    /// Those go whose last record was before this, if no record of them is left.
    pub before: Timestamp,
    /// Their number.
    pub sessions: u64,
}

impl SessionsPlan {
    fn new(store: &Store, before: Timestamp) -> Result<Self> {
        store.read("read the ledger", |connection| {
            let sql = "SELECT count(*) FROM sessions WHERE last < ?1";
            let sessions: i64 =
                connection.query_row(sql, [before.as_micros()], |row| row.get(0))?;
            Ok(Self { before, sessions: sessions.unsigned_abs() })
        })
    }
}

impl RetentionPlan {
    /// Returns what is older at `now` than the ledger's policy says: a plan for [`Store::delete`]. What is
    /// too old altogether goes with its rollups, and then the records go whose rollups stay. Its instants
    /// are on whole quarters of an hour. Where `now` cannot be right, it says so by its [doubt](Self::doubt).
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn new(store: &Store, now: Timestamp) -> Result<Self> {
        let policy = store.retention().read()?.policy;
        let before = |age: Option<Age>| age.and_then(|age| age.before(now)).map(whole_quarter);
        let options = PruneOptions::default().with_now(now);
        let all =
            before(policy.rollups()).map(|at| PrunePlan::new(store, at, &options)).transpose()?;
        let keep_sessions = policy.keeps_sessions_longer();
        let all = all.map(|all| PrunePlan { keep_sessions, ..all });
        // Where both are as old, no rollups are left to be kept.
        let rows = before(policy.rows())
            .filter(|before| all.is_none_or(|all| all.before < *before))
            .map(|before| PrunePlan::new(store, before, &options.with_keep_rollups(true)))
            .transpose()?;
        let rows = match (all, rows) {
            (Some(all), Some(rows)) => Some(without(store, rows, &all)?),
            (_, rows) => rows,
        };
        let sessions = match policy.sessions() {
            SessionsKept::For(age) => age.before(now),
            SessionsKept::WithRollups | SessionsKept::Forever => None,
        };
        let sessions = sessions.map(|before| SessionsPlan::new(store, before)).transpose()?;
        Ok(Self { policy, all, rows, sessions })
    }

    /// Returns the number of records that would go.
    #[must_use]
    pub fn records(&self) -> u64 {
        [self.all, self.rows].into_iter().flatten().map(|plan| plan.records).sum()
    }

    /// Returns the number of quarters of an hour that would go of which only rollups are left.
    #[must_use]
    pub fn rollups(&self) -> u64 {
        self.all.map_or(0, |plan| plan.rollups)
    }

    /// The reason why it is not carried out unless somebody [insists](Self::insist).
    #[must_use]
    pub fn doubt(&self) -> Option<Doubt> {
        [self.rows, self.all].into_iter().flatten().find_map(|plan| plan.doubt)
    }

    /// The same plan, to be carried out whatever the [doubt](Self::doubt).
    #[must_use]
    pub fn insist(self) -> Self {
        let insist = |plan: Option<PrunePlan>| plan.map(PrunePlan::insist);
        Self { all: insist(self.all), rows: insist(self.rows), ..self }
    }
}

/// Returns the plan without the records that another one deletes before.
fn without(store: &Store, plan: PrunePlan, other: &PrunePlan) -> Result<PrunePlan> {
    store.read("read the ledger", |connection| {
        let (records, oldest, newest) = extent(
            connection,
            "WHERE ts >= ?1 AND ts < ?2",
            [other.before.as_micros(), plan.before.as_micros()],
        )?;
        Ok(PrunePlan { records, oldest, newest, ..plan })
    })
}
