//! What an examination comes to.

use std::path::PathBuf;

use super::advice::Advice;
use super::check::Check;
use super::content::Content;
use super::file::FileFacts;
use super::set_aside::SetAside;
use crate::journal::backlog::JournalBacklog;

/// What was found out about a ledger, all of it at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnosis {
    /// The ledger, as an absolute path.
    pub path: PathBuf,
    /// About the file.
    pub file: FileFacts,
    /// About what is in it. `None` when not all of it could be read.
    pub content: Option<Content>,
    /// What was checked, in this order, and what is wrong.
    pub checks: Vec<Check>,
    /// What is not wrong, but could be better.
    pub advice: Vec<Advice>,
    /// What waits in journals. That is no fault of the ledger.
    pub backlog: JournalBacklog,
    /// What could not become a record and is kept. That is no fault of the ledger either.
    pub set_aside: SetAside,
}

impl Diagnosis {
    /// Whether everything was checked and nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.checks.iter().all(Check::is_passed)
    }

    /// How many things are wrong.
    #[must_use]
    pub fn wrong(&self) -> u64 {
        self.checks.iter().map(Check::wrong).sum()
    }
}
