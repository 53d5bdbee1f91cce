//! The reasons why an import fails as a whole.

use std::io;
use std::path::PathBuf;

use usage_core::{ErrorKind, Hint};
use usage_store::{SqliteErrorKind, StoreError};

/// Says what stopped an import. What was imported until then stays, and is not imported again. Why the operating
/// system or SQLite refused is the [`source`](std::error::Error::source), whose text is not in the message.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// Nothing is at that path.
    #[error("there is no {kind} at {}", path.display())]
    NotFound {
        /// The thing that was looked for, as in "ccrouter database".
        kind: &'static str,
        /// The place where it was looked for.
        path: PathBuf,
    },
    /// The thing that is there is something else.
    #[error("{} is not a {kind}: {what}", path.display())]
    NotAnOrigin {
        /// The kind that it should be.
        kind: &'static str,
        /// The file.
        path: PathBuf,
        /// The fact that speaks against it, as in "it is empty".
        what: String,
    },
    /// The file, or its copy, could not be reached.
    #[error("cannot {doing} {}", path.display())]
    Io {
        /// The action that failed, as in "look at".
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// SQLite could not read it: its message says why.
    #[error(transparent)]
    Unreadable(StoreError),
    /// Every time that it was read, another program was just opening or closing it.
    #[error("{} was opened or closed by another program each time it was read", path.display())]
    Unsettled {
        /// The file.
        path: PathBuf,
    },
    /// The importer gives up: to read the source again would be of no use.
    #[error(transparent)]
    Other(Box<dyn std::error::Error + Send + Sync>),
    /// The ledger, not what is imported, is the trouble.
    #[error(transparent)]
    Ledger(#[from] StoreError),
}

impl ImportError {
    /// Returns what kind of failure it is, of the source or of the ledger.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound { .. } => ErrorKind::NotFound,
            Self::NotAnOrigin { .. } => ErrorKind::Unusable,
            Self::Io { source, .. } => ErrorKind::of_io(source),
            Self::Unsettled { .. } => ErrorKind::Busy,
            Self::Unreadable(error) | Self::Ledger(error) => error.kind(),
            Self::Other(_) => ErrorKind::Other,
        }
    }

    /// Returns what may help, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::NotFound { .. } | Self::NotAnOrigin { .. } => Some(Hint::NameSource),
            Self::Io { .. } | Self::Other(_) => None,
            Self::Unsettled { .. } => Some(Hint::Retry),
            Self::Unreadable(error) => match error.sqlite_kind() {
                Some(SqliteErrorKind::Busy) => Some(Hint::AwaitOther),
                Some(SqliteErrorKind::Corrupt) => Some(Hint::RecoverSource),
                _ => None,
            },
            Self::Ledger(error) => error.hint(),
        }
    }

    /// Returns whether it is about the source, and may be over when that is looked at again.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        !matches!(self, Self::Ledger(_) | Self::Other(_))
    }
}
