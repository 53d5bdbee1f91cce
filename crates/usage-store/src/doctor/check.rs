//! The checks that were made, and their findings.

use std::fmt;
use std::path::PathBuf;

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};
use usage_core::Timestamp;

use super::advice::Remedy;
use crate::error::ReadError;

/// One kind of thing that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Check {
    /// A short name that does not change: `database`, `tables`, `counters`, `names`, `prices`,
    /// `records`, `record-ids`, `event-ids`, `imports`, `rollups`, `sessions`, `journals`.
    pub name: &'static str,
    /// Says whether it was done. What cannot be read because of something worse is not.
    pub is_done: bool,
    /// The things that are wrong; the first [`MAX_FINDINGS`] of them.
    pub findings: Vec<Finding>,
    /// The number of further findings.
    pub more: u64,
}

/// The number of findings of a check that are kept. More of a kind are counted.
pub const MAX_FINDINGS: usize = 20;

impl Check {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, is_done: true, findings: Vec::new(), more: 0 }
    }

    pub(super) fn skipped(name: &'static str) -> Self {
        Self { is_done: false, ..Self::new(name) }
    }

    /// Returns what it came to.
    #[must_use]
    pub const fn result(&self) -> CheckResult {
        match (self.is_done, self.findings.is_empty()) {
            (false, _) => CheckResult::NotDone,
            (true, true) => CheckResult::Ok,
            (true, false) => CheckResult::Wrong,
        }
    }

    /// Returns whether it was done and found nothing wrong.
    #[must_use]
    pub const fn is_passed(&self) -> bool {
        self.is_done && self.findings.is_empty()
    }

    /// Returns the number of things that are wrong.
    #[must_use]
    pub fn wrong(&self) -> u64 {
        self.findings.len() as u64 + self.more
    }

    pub(super) fn add(&mut self, place: Place, what: impl Into<String>, remedy: Remedy) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(Finding { place, what: what.into(), remedy });
        } else {
            self.more += 1;
        }
    }
}

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum CheckResult {
    /// It was done and found nothing wrong.
    Ok,
    /// It found something wrong.
    Wrong,
    /// It was not done, because of something worse.
    #[serde(rename = "not done")]
    NotDone,
}

/// One thing that is wrong. It serialises without the remedy, which each program tells in words of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The place.
    #[serde(flatten)]
    pub place: Place,
    /// The fault in words. May hold text from the ledger.
    pub what: String,
    /// The remedy for it.
    #[serde(skip)]
    pub remedy: Remedy,
}

/// The place where something is wrong. Displays in a few words, and serialises as these (`place`) and the id of the record
/// that it is about, if it is about one (`record_id`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// In the database as such.
    Database,
    /// In the row about the whole ledger.
    Ledger,
    /// In a table, index or view.
    Table(String),
    /// In a combination of names.
    LabelSet(i64),
    /// In a record.
    Record {
        /// Its id.
        id: i64,
        /// Its time.
        timestamp: Timestamp,
    },
    /// In what is remembered of an import.
    Import(String),
    /// In the rollups of a stretch of time.
    Rollups(String),
    /// In what a session comes to, by its id in the ledger.
    Session(i64),
    /// In a file of a journal.
    Journal(PathBuf),
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let record_id = match self {
            Self::Record { id, .. } => Some(id),
            _ => None,
        };
        let mut fields = serializer.serialize_struct("Place", 2)?;
        fields.serialize_field("place", &self.to_string())?;
        fields.serialize_field("record_id", &record_id)?;
        fields.end()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database => f.write_str("database"),
            Self::Ledger => f.write_str("table ledger"),
            Self::Table(name) => f.write_str(name),
            Self::LabelSet(id) => write!(f, "names {id}"),
            Self::Record { id, timestamp } => write!(f, "record {id} of {timestamp}"),
            Self::Import(source) => write!(f, "import of {source}"),
            Self::Rollups(stretch) => write!(f, "sums of {stretch}"),
            Self::Session(id) => write!(f, "sums of session {id}"),
            Self::Journal(path) => write!(f, "journal {}", path.display()),
        }
    }
}

/// Returns the words of damage about itself.
pub(super) fn message(error: &ReadError) -> String {
    match error {
        ReadError::Sqlite(error) => error.to_string(),
        ReadError::Damaged(_, what) => what.clone(),
        // No damage.
        other => format!("{other:?}"),
    }
}
