//! Failures of SQLite, by what calls for different answers.

use std::error::Error;
use std::fmt;

use rusqlite::ErrorCode;
use usage_core::ErrorKind;

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

/// An error of SQLite's, in words that say what it means for a ledger. It has no further cause: the words hold
/// all that SQLite says, where that tells more.
#[derive(Debug)]
pub struct SqliteError {
    kind: SqliteErrorKind,
    inner: rusqlite::Error,
}

impl SqliteError {
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
}

impl From<rusqlite::Error> for SqliteError {
    fn from(inner: rusqlite::Error) -> Self {
        Self { kind: SqliteErrorKind::of(&inner), inner }
    }
}

impl fmt::Display for SqliteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            SqliteErrorKind::Busy => f.write_str("it is locked by another process"),
            SqliteErrorKind::Full => f.write_str("the disk is full"),
            SqliteErrorKind::ReadOnly => f.write_str("it, or its folder, is read-only"),
            SqliteErrorKind::Corrupt => write!(f, "it is damaged ({})", self.inner),
            SqliteErrorKind::CannotOpen => {
                f.write_str("it, or a file that belongs beside it, cannot be opened")
            }
            SqliteErrorKind::Io | SqliteErrorKind::NotADatabase | SqliteErrorKind::Other => {
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
