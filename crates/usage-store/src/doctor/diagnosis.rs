//! The result of an examination.

use std::path::PathBuf;

use super::advice::Advice;
use super::check::Check;
use super::content::Content;
use super::file::FileFacts;
use super::quarantine::QuarantineContents;
use crate::journal::backlog::JournalBacklog;

/// The result of examining a ledger, all of it at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnosis {
    /// The ledger, as an absolute path.
    pub path: PathBuf,
    /// About the file.
    pub file: FileFacts,
    /// About what is in it. `None` when not all of it could be read.
    pub content: Option<Content>,
    /// The checks, in the order in which they were made, with what is wrong.
    pub checks: Vec<Check>,
    /// The things that are not wrong, but could be better.
    pub advice: Vec<Advice>,
    /// The records that wait in journals. That is no fault of the ledger.
    pub backlog: JournalBacklog,
    /// The things that could not become a record and are kept. That is no fault of the ledger either.
    pub quarantine: QuarantineContents,
}

impl Diagnosis {
    /// Returns whether everything was checked and nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.checks.iter().all(Check::is_passed)
    }

    /// Returns the number of things that are wrong.
    #[must_use]
    pub fn wrong(&self) -> u64 {
        self.checks.iter().map(Check::wrong).sum()
    }
}
