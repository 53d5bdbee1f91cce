//! How long records and their sums are to be kept, stated in the ledger and carried out when asked.

use usage_core::Timestamp;

use super::age::Age;
use crate::error::{DamageCode, ReadError, StoreError};
use crate::ledger::retained;
use crate::{Result, Store};

/// How long a ledger keeps what it holds. The default is forever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    rows: Option<Age>,
    sums: Option<Age>,
}

fn shown(age: Option<Age>) -> String {
    age.map_or_else(|| "forever".to_owned(), |age| age.to_string())
}

impl Policy {
    /// Records for `rows`, and what they add up to for `sums`; `None` is forever.
    ///
    /// ```
    /// use usage_store::Policy;
    ///
    /// let policy = Policy::new(Some("30d".parse()?), None)?;
    /// assert_eq!(policy.sums(), None);
    /// assert!(Policy::new(None, Some("30d".parse()?)).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When sums were kept for a shorter time than records, or records for no time at all.
    pub fn new(rows: Option<Age>, sums: Option<Age>) -> Result<Self> {
        if [rows, sums].into_iter().flatten().any(Age::is_zero) {
            return Err(StoreError::NothingKept);
        }
        match (rows, sums) {
            (rows, Some(sums)) if rows.is_none_or(|rows| sums < rows) => {
                Err(StoreError::SumsBeforeRows { rows: shown(rows), sums: sums.to_string() })
            }
            _ => Ok(Self { rows, sums }),
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
}

/// What a ledger keeps, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retained {
    /// How long records and sums are to be kept.
    pub policy: Policy,
    /// Older records were deleted, and are not taken any more.
    pub records_from: Option<Timestamp>,
    /// Of what is older, only sums by quarter of an hour are left.
    pub rows_from: Option<Timestamp>,
}

impl Store {
    /// Returns how long the ledger keeps what it holds: to be read, stated, and carried out.
    #[must_use]
    pub const fn retention(&self) -> Retention<'_> {
        Retention { store: self }
    }
}

/// How long a ledger keeps what it holds.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let store = usage_store::Store::open(folder.path().join("usage.db"))?;
/// # let now = usage_core::Timestamp::from_micros(1_777_787_761_000_000);
/// use usage_store::{Policy, RetentionPlan};
///
/// store.retention().set(&Policy::new(Some("30d".parse()?), Some("104w".parse()?))?)?;
/// let plan = RetentionPlan::new(&store, now)?;
/// println!("{} records go, their sums stay for two years", plan.records());
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
            let [rows, sums] = retained::ages(connection)?
                .map(|text| text.map(|text| text.parse::<Age>()).transpose());
            let policy = rows.and_then(|rows| Ok((rows, sums?))).ok();
            let policy = policy.and_then(|(rows, sums)| Policy::new(rows, sums).ok());
            let policy = policy.ok_or_else(|| {
                let what = "how long records are kept cannot be read".to_owned();
                ReadError::Damaged(DamageCode::Policy, what)
            })?;
            let at = |micros: Option<i64>| micros.map(Timestamp::from_micros);
            Ok(Retained {
                policy,
                records_from: at(retained::records_from(connection)?),
                rows_from: at(retained::rows_from(connection)?),
            })
        })
    }

    /// States how long records and sums are to be kept. Deletes nothing: that is for
    /// [`Store::delete`], with a [`RetentionPlan`](crate::RetentionPlan).
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn set(&self, policy: &Policy) -> Result<()> {
        let ages = [policy.rows, policy.sums].map(|age| age.map(|age| age.to_string()));
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
