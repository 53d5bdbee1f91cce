//! The options, the events and the summary of an import.

use std::time::Duration;

use crate::error::ImportError;
use crate::importer::{Place, Refusal};

/// The options of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportOptions {
    /// Look at every item again, not only at those that are new since the last import. Records
    /// that were deleted from the ledger come back if the source still has them. Default: no.
    pub rescan: bool,
    /// Go on looking for what is new, so often, until `on_event` says
    /// [`Break`](std::ops::ControlFlow::Break). Default: no.
    pub watch: Option<Duration>,
    /// For how long a ledger that takes nothing for now is tried again before that is an error; watching,
    /// from when it is to stop. Default: not at all.
    pub patience: Duration,
}

/// An event during an import.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ImportEvent<'a> {
    /// An item was refused. It is counted as looked at, and not named again by later imports.
    Refused {
        /// The place where it stands.
        place: Place,
        /// The reason.
        why: &'a Refusal,
    },
    /// The source had something that nobody can read any more: what, in words.
    Gap(&'a str),
    /// Some items more have been dealt with, and that is committed.
    Progress {
        /// The counts until now.
        summary: ImportSummary,
        /// The greatest number of items still to be looked at.
        left_at_most: u64,
    },
    /// There is nothing to do for now, while the source is watched.
    Idle,
    /// The source could not be read for now, while it is watched. Told once for each kind of trouble in a row.
    Trouble(&'a ImportError),
}

/// The summary of an import. Each item that it looked at is in exactly one of the four counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportSummary {
    /// The number of items that became records of the ledger.
    pub imported: u64,
    /// The number of items that told more of what was in the ledger already.
    pub amended: u64,
    /// The number of items that were in the ledger already, though the source's last import had not
    /// come so far: through a copy of it, for example.
    pub already_there: u64,
    /// The number of items that could not be read, or were refused by the ledger.
    pub refused: u64,
    /// The number of items that earlier imports dealt with, so that this one did not look at them.
    pub from_earlier_imports: u64,
    /// Says whether it was stopped before its end.
    pub is_stopped: bool,
}

impl ImportSummary {
    /// Returns how many items were looked at.
    #[must_use]
    pub const fn items(&self) -> u64 {
        self.imported + self.amended + self.already_there + self.refused
    }
}
