//! Failures of SQLite, by what calls for different answers.

use std::error::Error;
use std::fmt;
use std::path::Path;

use rusqlite::ErrorCode;
use usage_core::{ErrorKind, Hint};

use super::DamageCode;
use super::system::{self, Cause};

/// Tells failures of SQLite apart, as far as they call for different answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SqliteErrorKind {
    /// Another connection holds a lock: try again later.
    Busy,
    /// The disk, or the size allowed to the database, is full.
    Full,
    /// Reading or writing the file failed.
    Io,
    /// The file or its folder cannot be written.
    ReadOnly,
    /// The file or one of its companions cannot be opened.
    CannotOpen,
    /// The database is damaged.
    Corrupt,
    /// The file is no SQLite database.
    NotADatabase,
    /// Anything else.
    Other,
}

impl SqliteErrorKind {
    /// Returns the kind of an error of SQLite's.
    #[must_use]
    pub fn of(error: &rusqlite::Error) -> Self {
        use rusqlite::Error::{
            FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType,
            QueryReturnedNoRows, Utf8Error,
        };
        match error {
            // The tables are strict, and this program writes text as UTF-8: only damage puts anything
            // else into a column.
            FromSqlConversionFailure(..)
            | IntegralValueOutOfRange(..)
            | InvalidColumnType(..)
            | Utf8Error(..) => return Self::Corrupt,
            // Who looks for a row that need not be there says so.
            QueryReturnedNoRows => return Self::Corrupt,
            _ => {}
        }
        if lacks_a_table(error) {
            return Self::Corrupt;
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::SystemIoFailure) => Self::Io,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::ReadOnly,
            Some(ErrorCode::CannotOpen) => Self::CannotOpen,
            Some(ErrorCode::DatabaseCorrupt) => Self::Corrupt,
            Some(ErrorCode::NotADatabase) => Self::NotADatabase,
            _ => Self::Other,
        }
    }

    /// Returns whether SQLite could not open the file for writing, or what belongs beside it: an immutable one can be read
    /// all the same.
    pub(crate) const fn is_unopenable(self) -> bool {
        matches!(self, Self::ReadOnly | Self::CannotOpen)
    }

    pub(crate) const fn is_damage(self) -> bool {
        matches!(self, Self::Corrupt | Self::NotADatabase)
    }
}

/// Returns whether a statement asks for a table or a column that every ledger has, and that is not there.
fn lacks_a_table(error: &rusqlite::Error) -> bool {
    let text = match error {
        rusqlite::Error::SqlInputError { msg, .. } => msg,
        rusqlite::Error::SqliteFailure(_, Some(text)) => text,
        _ => return false,
    };
    // What a trigger of somebody's own asks for is named with its schema.
    let table = text.strip_prefix("no such table: ");
    table.is_some_and(|table| !table.contains('.')) || text.starts_with("no such column")
}

impl From<SqliteErrorKind> for ErrorKind {
    fn from(kind: SqliteErrorKind) -> Self {
        match kind {
            SqliteErrorKind::Busy => Self::Busy,
            SqliteErrorKind::Full => Self::Full,
            SqliteErrorKind::Io | SqliteErrorKind::CannotOpen => Self::Io,
            SqliteErrorKind::ReadOnly => Self::ReadOnly,
            SqliteErrorKind::Corrupt | SqliteErrorKind::NotADatabase => Self::Corrupt,
            SqliteErrorKind::Other => Self::Other,
        }
    }
}

/// An error of SQLite's, in words that say what it means for a ledger, and the system's own words where there are some.
/// It has no further cause: the words hold all that is known.
#[derive(Debug)]
pub struct SqliteError {
    kind: SqliteErrorKind,
    inner: rusqlite::Error,
    cause: Option<Box<Cause>>,
}

impl SqliteError {
    /// Wraps an error about the database at a path, and asks the system why.
    pub(crate) fn at(path: &Path, inner: rusqlite::Error) -> Self {
        let kind = SqliteErrorKind::of(&inner);
        let cause = system::cause(path, kind, extended(&inner)).map(Box::new);
        Self { kind, inner, cause }
    }

    /// Returns which kind of failure it is.
    #[must_use]
    pub const fn kind(&self) -> SqliteErrorKind {
        self.kind
    }

    /// Returns SQLite's own error.
    #[must_use]
    pub const fn as_inner(&self) -> &rusqlite::Error {
        &self.inner
    }

    /// Returns what may help, where there is something.
    pub(crate) fn hint(&self) -> Option<Hint> {
        self.cause.as_deref().and_then(Cause::hint).or_else(|| match self.kind {
            SqliteErrorKind::Busy => Some(Hint::AwaitOther),
            SqliteErrorKind::Full => Some(Hint::FreeSpace),
            SqliteErrorKind::Io if system::is_of_shared_memory(extended(&self.inner)) => {
                Some(Hint::UseLocalFileSystem)
            }
            kind if kind.is_damage() => Some(DamageCode::File.hint()),
            _ => None,
        })
    }
}

/// Of a database whose path is not known here.
impl From<rusqlite::Error> for SqliteError {
    fn from(inner: rusqlite::Error) -> Self {
        Self { kind: SqliteErrorKind::of(&inner), inner, cause: None }
    }
}

fn extended(error: &rusqlite::Error) -> i32 {
    error.sqlite_error().map_or(0, |error| error.extended_code)
}

impl fmt::Display for SqliteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = extended(&self.inner);
        match (self.kind, &self.cause) {
            (SqliteErrorKind::Busy | SqliteErrorKind::CannotOpen, Some(cause)) => {
                fmt::Display::fmt(cause, f)
            }
            (SqliteErrorKind::ReadOnly, Some(cause)) => write!(f, "it is read-only: {cause}"),
            (SqliteErrorKind::Busy, None) => f.write_str("it is locked by another process"),
            (SqliteErrorKind::Full, _) => f.write_str("the disk is full"),
            (SqliteErrorKind::ReadOnly, None) => f.write_str("it, or its folder, is read-only"),
            (SqliteErrorKind::Corrupt, _) => write!(f, "it is damaged ({})", self.inner),
            (SqliteErrorKind::CannotOpen, None) => write!(
                f,
                "it, or a file that belongs beside it, cannot be opened, and the system sees no \
                 reason (code {code})"
            ),
            (SqliteErrorKind::Io, cause) => {
                write!(f, "{} (code {code})", system::doing(code))?;
                cause.as_ref().map_or(Ok(()), |cause| write!(f, ": {cause}"))
            }
            (SqliteErrorKind::NotADatabase | SqliteErrorKind::Other, _) => {
                fmt::Display::fmt(&self.inner, f)
            }
        }
    }
}

impl Error for SqliteError {}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    #[test]
    fn extended_codes_have_the_kind_of_their_family() {
        for (code, kind, general) in [
            (ffi::SQLITE_BUSY_SNAPSHOT, SqliteErrorKind::Busy, ErrorKind::Busy),
            (ffi::SQLITE_LOCKED, SqliteErrorKind::Busy, ErrorKind::Busy),
            (ffi::SQLITE_FULL, SqliteErrorKind::Full, ErrorKind::Full),
            (ffi::SQLITE_IOERR_FSYNC, SqliteErrorKind::Io, ErrorKind::Io),
            (ffi::SQLITE_READONLY_DIRECTORY, SqliteErrorKind::ReadOnly, ErrorKind::ReadOnly),
            (ffi::SQLITE_PERM, SqliteErrorKind::ReadOnly, ErrorKind::ReadOnly),
            (ffi::SQLITE_CANTOPEN_SYMLINK, SqliteErrorKind::CannotOpen, ErrorKind::Io),
            (ffi::SQLITE_CORRUPT_INDEX, SqliteErrorKind::Corrupt, ErrorKind::Corrupt),
            (ffi::SQLITE_NOTADB, SqliteErrorKind::NotADatabase, ErrorKind::Corrupt),
            (ffi::SQLITE_ERROR, SqliteErrorKind::Other, ErrorKind::Other),
        ] {
            let error =
                SqliteError::from(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
            assert_eq!((error.kind(), error.kind().into()), (kind, general), "{error:?}");
            assert!(error.source().is_none() && !error.to_string().contains('\n'));
        }
    }
}
