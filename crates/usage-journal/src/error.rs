//! The errors of a journal, and the damage that was found.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use usage_core::sink::Damage;
use usage_core::{Error, ErrorKind, Hint};

/// Says why a journal could not be written or read. What the operating system said is the
/// [`source`](std::error::Error::source), whose text is not in the message.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The operating system refused.
    #[error("cannot {doing} {}", path.display())]
    Io {
        /// The action that failed, as a verb.
        doing: &'static str,
        /// To which file or folder.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The journal takes as much of the disk as it may.
    #[error("the journal {} takes {bytes} bytes, at most {max_bytes} are allowed", folder.display())]
    Full {
        /// The journal's folder.
        folder: PathBuf,
        /// The number of bytes that its segments take now.
        bytes: u64,
        /// [`Options::max_bytes`](crate::Options::max_bytes).
        max_bytes: u64,
    },
}

impl JournalError {
    pub(crate) fn io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { doing, path: path.to_owned(), source }
    }

    /// Returns what kind of failure it is. Of kind [`Full`](ErrorKind::Full) it is where there is no space: on
    /// the disk, or in what the journal may take of it; over when somebody makes room, or the ledger takes
    /// records again.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Io { source, .. } => ErrorKind::of_io(source),
            Self::Full { .. } => ErrorKind::Full,
        }
    }

    /// Returns what may help, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::Io { source, .. } => Hint::of_io(source),
            Self::Full { .. } => Some(Hint::FreeSpace),
        }
    }

    /// Returns whether there is no space.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.kind() == ErrorKind::Full
    }
}

/// For functions that give space back: what they fail with is the sink's or this.
impl From<JournalError> for Error {
    fn from(error: JournalError) -> Self {
        let (kind, hint) = (error.kind(), error.hint());
        Self::new(kind, error).with_hint(hint)
    }
}

/// The reason why what was appended could not be made safe from a power loss.
#[derive(Debug, thiserror::Error)]
#[error("not all that was appended is safe from a power loss")]
#[non_exhaustive]
pub struct SyncError {
    /// The number of the records appended since the last [`publish`](crate::JournalWriter::publish)
    /// that are safe and stay: the first ones.
    pub kept: usize,
    /// The error behind it.
    pub source: JournalError,
}

/// A damaged piece of a journal, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The segment's file.
    pub path: PathBuf,
    /// The fault found in it.
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

#[cfg(test)]
mod tests {
    use usage_core::error::chain;

    use super::*;

    #[test]
    fn an_error_has_a_kind_a_hint_and_its_cause_apart() {
        for (of_io, kind, hint) in [
            (io::ErrorKind::StorageFull, ErrorKind::Full, Some(Hint::FreeSpace)),
            (io::ErrorKind::PermissionDenied, ErrorKind::ReadOnly, Some(Hint::CheckPermissions)),
            (io::ErrorKind::BrokenPipe, ErrorKind::Io, None),
        ] {
            let error = Error::from(JournalError::io("sync", Path::new("/j"), of_io.into()));
            assert_eq!((error.kind(), error.hint()), (kind, hint));
            assert_eq!(error.to_string(), "cannot sync /j");
            assert_eq!(chain(&error), format!("cannot sync /j: {}", io::Error::from(of_io)));
        }
        let full = JournalError::Full { folder: "/j".into(), bytes: 2, max_bytes: 1 };
        assert!(full.is_full());
    }
}
