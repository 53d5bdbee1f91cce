//! Why an import fails as a whole.

use std::io;
use std::path::{Path, PathBuf};

use crate::StoreError;

/// What stopped an import. What was imported until then stays, and is not imported again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// Nothing is at that path.
    #[error("there is no ccrouter database at {}", path.display())]
    NotFound {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// What is there is something else.
    #[error("{} is not a ccrouter database: {what}", path.display())]
    NotAnOrigin {
        /// The file.
        path: PathBuf,
        /// What speaks against it, as in "it is empty".
        what: String,
    },
    /// The file, or its copy, could not be reached.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// What was being done, as in "look at".
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
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
    /// The ledger, not what is imported, is the trouble.
    #[error(transparent)]
    Ledger(#[from] StoreError),
}

impl ImportError {
    pub(super) fn not_an_origin(path: &Path, what: impl Into<String>) -> Self {
        Self::NotAnOrigin { path: path.to_owned(), what: what.into() }
    }

    pub(super) fn io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { doing, path: path.to_owned(), source }
    }

    pub(super) fn unreadable(path: &Path, source: rusqlite::Error) -> Self {
        Self::Unreadable(StoreError::sqlite("read the ccrouter database", path, source))
    }
}

/// Why a query on the origin's database gave nothing, before it is known which file that was.
#[derive(Debug)]
pub(super) enum QueryError {
    Sqlite(rusqlite::Error),
    /// It is a ledger of ours.
    Ledger,
    /// What speaks against its being the origin's.
    NotAnOrigin(String),
}

impl From<rusqlite::Error> for QueryError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}
