//! The times for which records and their rollups are to be kept, stated in the ledger and carried out when asked.

use usage_core::Timestamp;

use super::age::Age;
use crate::error::{ReadError, StoreError};
use crate::ledger::retained;
use crate::{Result, Store};

/// The times for which a ledger keeps what it holds. The default is forever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    rows: Option<Age>,
    rollups: Option<Age>,
    sessions: SessionsKept,
}

/// The time for which the rollups of sessions are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SessionsKept {
    /// As long as the other rollups: what goes with these goes out of sessions too.
    #[default]
    WithRollups,
    /// For good, whatever becomes of the other rollups.
    Forever,
    /// For so long from the last record of a session on, whatever becomes of the other rollups.
    For(Age),
}

fn shown(age: Option<Age>) -> String {
    age.map_or_else(|| "forever".to_owned(), |age| age.to_string())
}

impl Policy {
    /// Records for `rows`, and what they add up to for `rollups`; `None` is forever.
    ///
    /// ```
    /// use usage_store::Policy;
    ///
    /// let policy = Policy::new(Some("30d".parse()?), None)?;
    /// assert_eq!(policy.rollups(), None);
    /// assert!(Policy::new(None, Some("30d".parse()?)).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When rollups were kept for a shorter time than records, or records for no time at all.
    pub fn new(rows: Option<Age>, rollups: Option<Age>) -> Result<Self> {
        if [rows, rollups].into_iter().flatten().any(Age::is_zero) {
            return Err(StoreError::NothingKept);
        }
        match (rows, rollups) {
            (rows, Some(rollups)) if rows.is_none_or(|rows| rollups < rows) => {
                Err(StoreError::RollupsBeforeRows {
                    rows: shown(rows),
                    rollups: rollups.to_string(),
                })
            }
            _ => Ok(Self { rows, rollups, sessions: SessionsKept::default() }),
        }
    }

    /// Sets how long sessions are kept: as long as rollups, where nothing is said.
    ///
    /// # Errors
    /// When they were kept for a shorter time than records.
    pub fn with_sessions(self, sessions: SessionsKept) -> Result<Self> {
        match sessions {
            SessionsKept::For(age) if age.is_zero() => Err(StoreError::NothingKept),
            SessionsKept::For(age) if self.rows.is_none_or(|rows| age < rows) => {
                let (rows, sessions) = (shown(self.rows), age.to_string());
                Err(StoreError::SessionsBeforeRows { rows, sessions })
            }
            _ => Ok(Self { sessions, ..self }),
        }
    }

    /// Returns the time for which records are kept; `None` is forever.
    #[must_use]
    pub const fn rows(&self) -> Option<Age> {
        self.rows
    }

    /// Returns the time for which their rollups are kept; `None` is forever.
    #[must_use]
    pub const fn rollups(&self) -> Option<Age> {
        self.rollups
    }

    /// Returns the time for which sessions are kept.
    #[must_use]
    pub const fn sessions(&self) -> SessionsKept {
        self.sessions
    }

    /// Returns whether sessions outlive other rollups.
    pub(super) fn keeps_sessions_longer(&self) -> bool {
        match (self.sessions, self.rollups) {
            (SessionsKept::WithRollups, _) => false,
            (SessionsKept::Forever, _) => true,
            (SessionsKept::For(sessions), rollups) => {
                rollups.is_some_and(|rollups| sessions > rollups)
            }
        }
    }
}

/// The policy of a ledger, and the instants since which it keeps things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retained {
    /// The times for which records, rollups and sessions are to be kept.
    pub policy: Policy,
    /// Older records were deleted, and are not taken any more.
    pub records_from: Option<Timestamp>,
    /// Of what is older, only rollups by quarter of an hour are left.
    pub rows_from: Option<Timestamp>,
}

/// Reads a policy as the ledger states it; `None` where that is none.
pub(crate) fn policy_of([rows, rollups, sessions]: [Option<String>; 3]) -> Option<Policy> {
    let age = |text: Option<String>| text.map(|text| text.parse::<Age>()).transpose().ok();
    let sessions = match sessions.as_deref() {
        None => SessionsKept::WithRollups,
        Some(FOREVER) => SessionsKept::Forever,
        Some(text) => SessionsKept::For(text.parse().ok()?),
    };
    Policy::new(age(rows)?, age(rollups)?).ok()?.with_sessions(sessions).ok()
}

/// In the place of an age.
const FOREVER: &str = "forever";

impl Store {
    /// Returns how long the ledger keeps what it holds: to be read, stated, and carried out.
    #[must_use]
    pub const fn retention(&self) -> Retention<'_> {
        Retention { store: self }
    }
}

/// The times for which a ledger keeps what it holds.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let store = usage_store::Store::open(folder.path().join("usage.db"))?;
/// # let now = usage_core::Timestamp::from_micros(1_777_787_761_000_000);
/// use usage_store::{Policy, RetentionPlan};
///
/// store.retention().set(&Policy::new(Some("30d".parse()?), Some("104w".parse()?))?)?;
/// let plan = RetentionPlan::new(&store, now)?;
/// println!("{} records go, their rollups stay for two years", plan.records());
/// store.delete(plan, |_gone| {})?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Retention<'a> {
    pub(super) store: &'a Store,
}

impl Retention<'_> {
    /// Returns what the ledger keeps, and since when.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn read(&self) -> Result<Retained> {
        self.store.read("read the ledger", |connection| {
            let policy = policy_of(retained::ages(connection)?);
            let policy = policy.ok_or_else(ReadError::unreadable_policy)?;
            let at = |micros: Option<i64>| micros.map(Timestamp::from_micros);
            Ok(Retained {
                policy,
                records_from: at(retained::records_from(connection)?),
                rows_from: at(retained::rows_from(connection)?),
            })
        })
    }

    /// States how long records, rollups and sessions are to be kept. Deletes nothing: that is for
    /// [`Store::delete`], with a [`RetentionPlan`](crate::RetentionPlan).
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn set(&self, policy: &Policy) -> Result<()> {
        let [rows, rollups] =
            [policy.rows, policy.rollups].map(|age| age.map(|age| age.to_string()));
        let sessions = match policy.sessions {
            SessionsKept::WithRollups => None,
            SessionsKept::Forever => Some(FOREVER.to_owned()),
            SessionsKept::For(age) => Some(age.to_string()),
        };
        let ages = [rows, rollups, sessions];
        self.store.write("state what is kept in", |writer| {
            writer.ledger.write(|transaction, _| retained::set_ages(transaction, ages))
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
        assert_eq!(of(&policy, "29d").unwrap_err().to_string(), shorter);
        assert!(of(&Policy::default(), "99w").is_err());
        assert!(policy.with_sessions(SessionsKept::Forever).unwrap().keeps_sessions_longer());
    }

    #[test]
    fn rollups_outlive_what_they_are_derived_from() {
        let policy = |rows: Option<&str>, rollups: Option<&str>| {
            Policy::new(rows.map(age), rollups.map(age))
                .map(drop)
                .map_err(|error| error.to_string())
        };
        for (rows, rollups) in [
            (None, None),
            (Some("30d"), None),
            (Some("30d"), Some("720h")),
            (Some("30d"), Some("31d")),
        ] {
            assert_eq!(policy(rows, rollups), Ok(()));
        }
        let shorter = |rollups: &str, rows: &str| {
            Err(format!(
                "sums cannot be kept for a shorter time ({rollups}) than the records they are made \
                 of ({rows})"
            ))
        };
        assert_eq!(policy(Some("30d"), Some("29d")), shorter("29d", "30d"));
        assert_eq!(policy(None, Some("99w")), shorter("99w", "forever"));
        assert_eq!(policy(Some("0d"), None), Err("nothing would be kept".to_owned()));
    }
}
