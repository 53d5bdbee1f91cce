//! What can go wrong, and what was found damaged.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use usage_core::sink::{Damage, SinkError, SinkErrorKind};

/// Why a journal could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The operating system refused.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// What was being done, as a verb.
        doing: &'static str,
        /// To which file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The journal takes as much of the disk as it may.
    #[error("the journal {} takes {bytes} bytes, at most {max_bytes} are allowed", folder.display())]
    Full {
        /// The journal's folder.
        folder: PathBuf,
        /// What its segments take now, in bytes.
        bytes: u64,
        /// [`Options::max_bytes`](crate::Options::max_bytes).
        max_bytes: u64,
    },
}

impl JournalError {
    pub(crate) fn io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { doing, path: path.to_owned(), source }
    }

    /// Whether there is no space: on the disk, or in what the journal may take of it. Over when
    /// somebody makes room or the ledger takes records again.
    #[must_use]
    pub fn is_full(&self) -> bool {
        use io::ErrorKind::{QuotaExceeded, StorageFull};
        match self {
            Self::Io { source, .. } => matches!(source.kind(), StorageFull | QuotaExceeded),
            Self::Full { .. } => true,
        }
    }

    /// For functions that give space back: what they fail with is the sink's or this.
    pub(crate) fn into_sink_error(self) -> SinkError {
        let kind = if self.is_full() { SinkErrorKind::Full } else { SinkErrorKind::Io };
        SinkError::of(kind, self)
    }
}

/// Why what was appended could not be made safe from a power loss.
#[derive(Debug, thiserror::Error)]
#[error("not all that was appended is safe from a power loss")]
#[non_exhaustive]
pub struct SyncError {
    /// How many of the records that were appended since the last
    /// [`publish`](crate::JournalWriter::publish) are safe and stay: the first ones.
    pub kept: usize,
    /// What failed.
    pub source: JournalError,
}

/// Why a folder could not be replayed to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The folder could not be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The ledger could not be read or written.
    #[error(transparent)]
    Sink(#[from] SinkError),
}

/// A damaged piece of a journal, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The segment's file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub damage: Damage,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Damage { offset, length, records, reason, .. } = &self.damage;
        write!(f, "{}: {length} bytes at {offset}: {reason}", self.path.display())?;
        match records {
            Some(1) => f.write_str(" (1 record)"),
            Some(records) => write!(f, " ({records} records)"),
            None => Ok(()),
        }
    }
}
