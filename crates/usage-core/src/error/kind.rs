//! The kinds of failure, by what can be done about them.

use std::fmt;
use std::io;

/// Tells failures apart by what a caller can do about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Something that was given or asked is wrong, and stays so: it must be changed. An example is a range with more
    /// units of time than can be listed.
    Invalid,
    /// Nothing is there: another one can be named, or one can be made.
    NotFound,
    /// The file that is there cannot be worked with as it is: another program's file, another version, a file with
    /// several names. Somebody has to decide what becomes of it.
    Unusable,
    /// The answer asked for cannot be answered from what is kept: only rollups are left there, and they do not tell it apart.
    /// Another question can be answered.
    NotKept,
    /// Somebody else has it locked, or all connections are in use: soon over.
    Busy,
    /// No space left: over when somebody makes room.
    Full,
    /// Reading or writing failed, or it cannot be reached: may be over later.
    Io,
    /// It cannot be written, or not even read, as it or its folder does not allow for it.
    ReadOnly,
    /// Its content is damaged: only a repair helps.
    Corrupt,
    /// It is no longer what was opened: shut down, replaced, deleted, or migrated by a newer program. Only
    /// opening it again helps.
    Replaced,
    /// The answer was not ready when its deadline came: more time, or a smaller question, may help.
    DeadlineExceeded,
    /// The caller has called it off.
    Cancelled,
    /// Anything else.
    Other,
}

impl ErrorKind {
    /// Returns the kind of a failure of the operating system's.
    #[must_use]
    pub fn of_io(error: &io::Error) -> Self {
        use io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
        match error.kind() {
            StorageFull | QuotaExceeded => Self::Full,
            PermissionDenied | ReadOnlyFilesystem => Self::ReadOnly,
            _ => Self::Io,
        }
    }

    /// Returns whether the same call may succeed later without anybody opening again what has failed.
    #[must_use]
    pub const fn is_transient(self) -> bool {
        !matches!(self, Self::Replaced)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invalid => "invalid",
            Self::NotFound => "not found",
            Self::Unusable => "not usable",
            Self::NotKept => "what was asked for is not kept",
            Self::Busy => "busy",
            Self::Full => "full",
            Self::Io => "input or output",
            Self::ReadOnly => "read-only",
            Self::Corrupt => "damaged",
            Self::Replaced => "replaced",
            Self::DeadlineExceeded => "the answer was not ready in time",
            Self::Cancelled => "the question was called off",
            Self::Other => "other",
        })
    }
}
