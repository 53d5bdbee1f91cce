//! How long records and their sums are to be kept, stated in the ledger and carried out when asked.

use usage_core::Timestamp;

use super::age::Age;
use super::prune::{PruneOptions, PrunePlan, whole_quarter};
use crate::error::{Doubt, ReadError};
use crate::ledger::retained;
use crate::{Result, Store};

/// How long a ledger keeps what it holds. The default is forever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    rows: Option<Age>,
    sums: Option<Age>,
    sessions: SessionsKept,
}

/// How long what sessions come to is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SessionsKept {
    /// As long as the other sums: what goes with these goes out of sessions too.
    #[default]
    WithSums,
    /// For good, whatever becomes of the other sums.
    Forever,
    /// For so long from the last record of a session on, whatever becomes of the other sums.
    For(Age),
}

/// Why something is no policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// Sums would go before the records that they are made of.
    #[error(
        "sums cannot be kept for a shorter time ({sums}) than the records they are made of ({})",
        shown(*.rows)
    )]
    SumsBeforeRows {
        /// How long records were to be kept; `None` is forever.
        rows: Option<Age>,
        /// How long sums were to be kept.
        sums: Age,
    },
    /// Sessions would go before the records that they are made of.
    #[error(
        "sessions cannot be kept for a shorter time ({sessions}) than their records ({})",
        shown(*.rows)
    )]
    SessionsBeforeRows {
        /// How long records were to be kept; `None` is forever.
        rows: Option<Age>,
        /// How long sessions were to be kept.
        sessions: Age,
    },
    /// That would delete everything.
    #[error("nothing would be kept")]
    Nothing,
}

fn shown(age: Option<Age>) -> String {
    age.map_or_else(|| "forever".to_owned(), |age| age.to_string())
}

impl Policy {
    /// Records for `rows`, and what they add up to for `sums`; `None` is forever.
    ///
    /// ```
    /// use usage_store::{Policy, PolicyError};
    ///
    /// let policy = Policy::new(Some("30d".parse()?), None)?;
    /// assert_eq!(policy.sums(), None);
    /// assert!(Policy::new(None, Some("30d".parse()?)).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When sums were kept for a shorter time than records, or records for no time at all.
    pub fn new(rows: Option<Age>, sums: Option<Age>) -> Result<Self, PolicyError> {
        if [rows, sums].into_iter().flatten().any(Age::is_zero) {
            return Err(PolicyError::Nothing);
        }
        match (rows, sums) {
            (rows, Some(sums)) if rows.is_none_or(|rows| sums < rows) => {
                Err(PolicyError::SumsBeforeRows { rows, sums })
            }
            _ => Ok(Self { rows, sums, sessions: SessionsKept::default() }),
        }
    }

    /// Sets how long sessions are kept: as long as sums, where nothing is said.
    ///
    /// # Errors
    /// When they were kept for a shorter time than records.
    pub fn with_sessions(self, sessions: SessionsKept) -> Result<Self, PolicyError> {
        match sessions {
            SessionsKept::For(age) if age.is_zero() => Err(PolicyError::Nothing),
            SessionsKept::For(age) if self.rows.is_none_or(|rows| age < rows) => {
                Err(PolicyError::SessionsBeforeRows { rows: self.rows, sessions: age })
            }
            _ => Ok(Self { sessions, ..self }),
        }
    }

    /// How long records are kept; `None` is forever.
    #[must_use]
    pub const fn rows(&self) -> Option<Age> {
        self.rows
    }

    /// How long what they add up to is kept; `None` is forever.
    #[must_use]
    pub const fn sums(&self) -> Option<Age> {
        self.sums
    }

    /// How long sessions are kept.
    #[must_use]
    pub const fn sessions(&self) -> SessionsKept {
        self.sessions
    }

    /// Whether sessions outlive other sums.
    fn keeps_sessions_longer(&self) -> bool {
        match (self.sessions, self.sums) {
            (SessionsKept::WithSums, _) => false,
            (SessionsKept::Forever, _) => true,
            (SessionsKept::For(sessions), sums) => sums.is_some_and(|sums| sessions > sums),
        }
    }
}

/// What a ledger keeps, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retention {
    /// How long records and sums are to be kept.
    pub policy: Policy,
    /// Older records were deleted, and are not taken any more.
    pub records_from: Option<Timestamp>,
    /// Of what is older, only sums by quarter of an hour are left.
    pub rows_from: Option<Timestamp>,
}

/// What carrying out a ledger's policy would delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetentionPlan {
    /// The policy that it is about.
    pub policy: Policy,
    /// What is too old altogether: records and sums go.
    pub all: Option<PrunePlan>,
    /// What is too old for records: these go, and their sums stay. The records of `all` are counted
    /// there only.
    pub rows: Option<PrunePlan>,
    /// The sessions that are too old.
    pub sessions: Option<SessionsPlan>,
}

/// Which sessions a retention would forget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionsPlan {
    /// Those go whose last record was before this, if no record of them is left.
    pub before: Timestamp,
    /// How many they are.
    pub sessions: u64,
}

impl RetentionPlan {
    /// How many records would go.
    #[must_use]
    pub fn records(&self) -> u64 {
        [self.all, self.rows].into_iter().flatten().map(|plan| plan.records).sum()
    }

    /// How many quarters of an hour would go of which only sums are left.
    #[must_use]
    pub fn sums(&self) -> u64 {
        self.all.map_or(0, |plan| plan.sums)
    }

    /// Why it is not carried out unless somebody [insists](Self::insist).
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

/// In the place of an age.
const FOREVER: &str = "forever";

impl Store {
    /// What the ledger keeps, and since when.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn retention(&self) -> Result<Retention> {
        self.read("read the ledger", |connection| {
            let [rows, sums, sessions] = retained::ages(connection)?;
            let [rows, sums] =
                [rows, sums].map(|text| text.map(|text| text.parse::<Age>()).transpose());
            let sessions = match sessions.as_deref() {
                None => Ok(SessionsKept::WithSums),
                Some(FOREVER) => Ok(SessionsKept::Forever),
                Some(text) => text.parse().map(SessionsKept::For),
            };
            let policy = rows.and_then(|rows| Ok((rows, sums?, sessions?))).ok();
            let policy = policy.and_then(|(rows, sums, sessions)| {
                Policy::new(rows, sums).ok()?.with_sessions(sessions).ok()
            });
            let policy = policy.ok_or_else(|| {
                ReadError::Damaged("how long records are kept cannot be read".to_owned())
            })?;
            let at = |micros: Option<i64>| micros.map(Timestamp::from_micros);
            Ok(Retention {
                policy,
                records_from: at(retained::records_from(connection)?),
                rows_from: at(retained::rows_from(connection)?),
            })
        })
    }

    /// States how long records and sums are to be kept. Deletes nothing: that is for
    /// [`delete`](Self::delete), with a [plan](Self::plan_retention).
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let store = usage_store::Store::open(folder.path().join("usage.db"))?;
    /// # let now = usage_core::Timestamp::from_micros(1_777_787_761_000_000);
    /// use usage_store::Policy;
    ///
    /// store.set_retention(&Policy::new(Some("30d".parse()?), Some("104w".parse()?))?)?;
    /// let plan = store.plan_retention(now)?;
    /// println!("{} records go, their sums stay for two years", plan.records());
    /// store.delete(plan, |_gone| {})?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn set_retention(&self, policy: &Policy) -> Result<()> {
        let [rows, sums] = [policy.rows, policy.sums].map(|age| age.map(|age| age.to_string()));
        let sessions = match policy.sessions {
            SessionsKept::WithSums => None,
            SessionsKept::Forever => Some(FOREVER.to_owned()),
            SessionsKept::For(age) => Some(age.to_string()),
        };
        let ages = [rows, sums, sessions];
        self.write("state what is kept in", |writer| {
            writer.ledger.write(|transaction, _| retained::set_ages(transaction, ages))
        })
    }

    /// Returns what is older at `now` than the policy says: a plan for [`delete`](Self::delete). What is
    /// too old altogether goes with its sums, and then the records go whose sums stay. Its instants
    /// are on whole quarters of an hour. Where `now` cannot be right, it says so by its [doubt](RetentionPlan::doubt).
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn plan_retention(&self, now: Timestamp) -> Result<RetentionPlan> {
        let policy = self.retention()?.policy;
        let before = |age: Option<Age>| age.and_then(|age| age.before(now)).map(whole_quarter);
        let options = PruneOptions::default().with_now(now);
        let all = before(policy.sums).map(|at| self.plan_prune(at, &options)).transpose()?;
        let keep_sessions = policy.keeps_sessions_longer();
        let all = all.map(|all| PrunePlan { keep_sessions, ..all });
        // Where both are as old, no sums are left to be kept.
        let rows = before(policy.rows)
            .filter(|before| all.is_none_or(|all| all.before < *before))
            .map(|before| self.plan_prune(before, &options.with_keep_sums(true)))
            .transpose()?;
        let rows = match (all, rows) {
            (Some(all), Some(rows)) => Some(self.without(rows, &all)?),
            (_, rows) => rows,
        };
        let sessions = match policy.sessions {
            SessionsKept::For(age) => age.before(now),
            SessionsKept::WithSums | SessionsKept::Forever => None,
        };
        let sessions = sessions.map(|before| self.plan_sessions(before)).transpose()?;
        Ok(RetentionPlan { policy, all, rows, sessions })
    }

    fn plan_sessions(&self, before: Timestamp) -> Result<SessionsPlan> {
        self.read("read the ledger", |connection| {
            let sql = "SELECT count(*) FROM sessions WHERE last < ?1";
            let sessions: i64 =
                connection.query_row(sql, [before.as_micros()], |row| row.get(0))?;
            Ok(SessionsPlan { before, sessions: sessions.unsigned_abs() })
        })
    }

    /// The plan without the records that another one deletes before.
    fn without(&self, plan: PrunePlan, other: &PrunePlan) -> Result<PrunePlan> {
        self.read("read the ledger", |connection| {
            let (records, oldest, newest) = super::extent(
                connection,
                "WHERE ts >= ?1 AND ts < ?2",
                [other.before.as_micros(), plan.before.as_micros()],
            )?;
            Ok(PrunePlan { records, oldest, newest, ..plan })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn age(text: &str) -> Age {
        text.parse().unwrap()
    }

    #[test]
    fn sessions_outlive_their_records() {
        let policy = Policy::new(Some(age("30d")), Some(age("60d"))).unwrap();
        let of = |policy: &Policy, text: &str| policy.with_sessions(SessionsKept::For(age(text)));
        for text in ["30d", "45d", "99d"] {
            let kept = of(&policy, text).unwrap();
            assert_eq!(kept.sessions(), SessionsKept::For(age(text)));
            assert_eq!(kept.keeps_sessions_longer(), text == "99d", "{text}");
        }
        let shorter = "sessions cannot be kept for a shorter time (29d) than their records (30d)";
        assert_eq!(of(&policy, "29d").map_err(|error| error.to_string()), Err(shorter.to_owned()));
        assert!(of(&Policy::default(), "99w").is_err());
        assert!(policy.with_sessions(SessionsKept::Forever).unwrap().keeps_sessions_longer());
    }

    #[test]
    fn sums_outlive_what_they_are_made_of() {
        let policy = |rows: Option<&str>, sums: Option<&str>| {
            Policy::new(rows.map(age), sums.map(age)).map(drop).map_err(|error| error.to_string())
        };
        for (rows, sums) in [
            (None, None),
            (Some("30d"), None),
            (Some("30d"), Some("720h")),
            (Some("30d"), Some("31d")),
        ] {
            assert_eq!(policy(rows, sums), Ok(()));
        }
        let shorter = |sums: &str, rows: &str| {
            Err(format!(
                "sums cannot be kept for a shorter time ({sums}) than the records they are made \
                 of ({rows})"
            ))
        };
        assert_eq!(policy(Some("30d"), Some("29d")), shorter("29d", "30d"));
        assert_eq!(policy(None, Some("99w")), shorter("99w", "forever"));
        assert_eq!(policy(Some("0d"), None), Err("nothing would be kept".to_owned()));
    }
}
