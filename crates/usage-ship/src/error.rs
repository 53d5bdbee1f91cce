//! What can go wrong between a ledger and an engine.

use usage_core::{Error, ErrorKind};
use usage_store::StoreError;

/// Says why something could not be shipped, or read there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShipError {
    /// The engine could not be reached, or broke off: worth another try.
    #[error("{engine} cannot be reached: {why}")]
    Away {
        /// The engine's name.
        engine: &'static str,
        /// What it or the network said.
        why: String,
    },
    /// The engine has refused a statement.
    #[error("{engine} has refused: {why}")]
    Refused {
        /// The engine's name.
        engine: &'static str,
        /// What it said.
        why: String,
    },
    /// The engine has not what was sent to it, or not all that it says it has: worth another try.
    #[error("the engine has {found} rows of {table} where there are to be {expected}")]
    Count {
        /// The table.
        table: &'static str,
        /// The number of rows there.
        found: u64,
        /// The number that there are to be.
        expected: u64,
    },
    /// Something there is not what this program writes.
    #[error("what the engine holds cannot be read: {0}")]
    Unreadable(String),
    /// The engine has none of the tables.
    #[error("nothing was ever shipped there: no table usage_ledger")]
    NoTables,
    /// The engine has newer versions of the ledger's epoch than the ledger itself ever gave.
    #[error(
        "the engine has got more of this ledger than the ledger knows of: it was restored from a copy, or is one of two \
         clones; `--new-epoch` ships it anew in place of what is there"
    )]
    OlderCopy,
    /// Somebody has retired the ledger's epoch there.
    #[error(
        "the engine counts another copy of this ledger in place of it; `--new-epoch` ships this one anew, beside the other"
    )]
    Retired,
    /// Another program ships the same ledger to the same place.
    #[error("another program is shipping this ledger there")]
    Taken,
    /// The ledger has no complete answer.
    #[error("the ledger cannot answer: {0}")]
    Ledger(String),
    /// The ledger could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ShipError {
    /// Returns whether the same may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            // Refused: full disks, shards that are away, memory that others use up. All of it may pass.
            Self::Away { .. } | Self::Count { .. } | Self::Taken | Self::Refused { .. } => true,
            Self::Store(error) => error.kind().is_transient(),
            Self::Ledger(_)
            | Self::Unreadable(_)
            | Self::NoTables
            | Self::OlderCopy
            | Self::Retired => false,
        }
    }
}

impl From<ShipError> for Error {
    fn from(error: ShipError) -> Self {
        let kind = match &error {
            ShipError::Store(_) => {
                let ShipError::Store(error) = error else { return Self::other("a ledger") };
                return error.into();
            }
            ShipError::NoTables => ErrorKind::NotFound,
            ShipError::Unreadable(_) => ErrorKind::Unusable,
            _ => ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}
