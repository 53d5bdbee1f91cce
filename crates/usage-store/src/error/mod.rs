//! What can go wrong with a ledger, in this crate's own words.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;
use usage_core::Timestamp;
#[cfg(feature = "zones")]
use usage_core::stats::TooManyBuckets;

mod doubt;
mod inside;
mod version;
mod wrong;

pub use doubt::Doubt;
pub use inside::WriteError;
pub(crate) use inside::{ReadError, WorkError};
pub use version::SCHEMA_VERSION;
pub(crate) use wrong::Wrong;

/// The result of this crate's functions.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// What went wrong with a ledger. Each message says what was being done, to which file, and why
/// it failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// No ledger at that path, and none was to be made. An empty file is none either: another
    /// process may be about to fill it.
    #[error("there is no ledger at {}", path.display())]
    NotFound {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The file is something else.
    #[error("{} is not a usage ledger: it is {what}", path.display())]
    NotALedger {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        what: &'static str,
    },
    /// The ledger was written by a newer version of this program. It was not touched.
    #[error(
        "the ledger {} has schema version {found}, this program knows up to {SCHEMA_VERSION}",
        path.display()
    )]
    NewerVersion {
        /// The ledger.
        path: PathBuf,
        /// Its version.
        found: i32,
    },
    /// The ledger was written by an earlier version of this program, and was not to be migrated by
    /// the way: see [`Migrate`](crate::Migrate). It was not touched.
    #[error(
        "the ledger {} has schema version {found}, it must be migrated to version {SCHEMA_VERSION} \
         first",
        path.display()
    )]
    OlderVersion {
        /// The ledger.
        path: PathBuf,
        /// Its version.
        found: i32,
    },
    /// The disk has less space than a migration may need. The ledger was not touched.
    #[error(
        "to migrate the ledger {} takes up to {needed} bytes, its disk has {free}",
        path.display()
    )]
    NoSpace {
        /// The ledger.
        path: PathBuf,
        /// How many bytes it may take.
        needed: u64,
        /// How many there are.
        free: u64,
    },
    /// The file has several names (hard links). SQLite finds what was written last by the file's
    /// name, so that programs which come by different names lose each other's records.
    #[error("the ledger {} has {links} names (hard links), it may have one", path.display())]
    Linked {
        /// The ledger.
        path: PathBuf,
        /// How many names it has.
        links: u64,
    },
    /// Whether there is a ledger could not be found out.
    #[error("cannot look for a ledger at {}: {source}", path.display())]
    Find {
        /// Where it was looked for.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// There is something at the path already, and nothing is ever replaced.
    #[error("there is a file at {} already", path.display())]
    Exists {
        /// Where it is.
        path: PathBuf,
    },
    /// The folder or the file could not be made.
    #[error("cannot create {}: {source}", path.display())]
    Create {
        /// The folder or file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The per-user data folder of this platform is unknown.
    #[error("the per-user data folder is unknown: {reason}")]
    NoDataFolder {
        /// What the platform said.
        reason: String,
    },
    /// The linked SQLite has a known bug that corrupts databases in WAL mode.
    #[error(
        "SQLite {}.{}.{} is linked, at least 3.51.3 is needed: older ones can corrupt a ledger",
        version / 1_000_000, version / 1_000 % 1_000, version % 1_000
    )]
    OldSqlite {
        /// Its version as SQLite numbers it: 3051003 is 3.51.3.
        version: i32,
    },
    /// SQLite failed.
    #[error("cannot {doing} {}: {}", path.display(), fault.explained(source))]
    Sqlite {
        /// What was being done, as in "open the ledger".
        doing: &'static str,
        /// The ledger.
        path: PathBuf,
        /// What kind of failure it was.
        fault: Fault,
        /// SQLite's own error.
        source: rusqlite::Error,
    },
    /// No reading connection became free in time.
    #[error("cannot read the ledger {}: all reading connections stayed busy", path.display())]
    ReadersBusy {
        /// The ledger.
        path: PathBuf,
    },
    /// The query was stopped, as nobody waits for its answer any more.
    #[error("reading the ledger {} was stopped", path.display())]
    Stopped {
        /// The ledger.
        path: PathBuf,
    },
    /// What is stored is not what a ledger can hold.
    #[error("the ledger {} is damaged: {what}", path.display())]
    Damaged {
        /// The ledger.
        path: PathBuf,
        /// What was found, and where.
        what: String,
    },
    /// Another program has migrated the ledger since this one opened it. It is neither read nor
    /// written any more.
    #[error(
        "the ledger {} was migrated to schema version {found} by another program, this one knows \
         version {SCHEMA_VERSION}",
        path.display()
    )]
    VersionChanged {
        /// The ledger.
        path: PathBuf,
        /// The version it has now.
        found: i32,
    },
    /// The range begins or ends where the records were deleted and only sums by quarter of an hour
    /// were kept, within such a quarter.
    #[error(
        "the records around {} were deleted, and their sums are kept by quarter of an hour: a range \
         can begin or end at {} or {}",
        shown(*edge), shown(nearest[0]), shown(nearest[1])
    )]
    RowsGone {
        /// The instant at which the range begins or ends.
        edge: Timestamp,
        /// The nearest instants before and after it that a range can begin or end at.
        nearest: [Timestamp; 2],
    },
    /// A filter names what sums hold under `(other)`, as there were too many names in a month, and the
    /// records that could tell are deleted.
    #[error(
        "what was asked for is counted under (other) in part (combinations of names: {names}), and the \
         records before {} that could tell it apart were deleted",
        shown(*before)
    )]
    NamesFolded {
        /// How many label sets it is in the first such month.
        names: usize,
        /// Records are there from this instant on.
        before: Timestamp,
    },
    /// A question about a tag that sums do not tell apart, of a time of which only sums are left.
    #[error(
        "the records before {} were deleted, and their sums are not told apart by {key}",
        shown(*before)
    )]
    TagsGone {
        /// The tag, as in `tag:team`.
        key: String,
        /// From this instant on it can be told.
        before: Timestamp,
    },
    /// A key of tags that is to be declared is none, or there are too many of them.
    #[error("that cannot be declared: {source}")]
    WrongTagKeys {
        /// What is wrong.
        source: usage_core::RecordError,
    },
    /// The range, or the time from the oldest to the newest record, is too long for the unit.
    #[cfg(feature = "zones")]
    #[error(transparent)]
    TooManyBuckets(TooManyBuckets),
    /// A deletion whose instant can hardly be meant, and on which nobody insists. Nothing was done.
    #[error("that can hardly be meant: {doubt}")]
    Doubtful {
        /// Why.
        doubt: Doubt,
    },
    /// A deletion has failed after something was deleted, which stays deleted.
    #[error("{source}")]
    Unfinished {
        /// How many records went.
        records: u64,
        /// How many quarters of an hour went of which only sums were left.
        sums: u64,
        /// How many requests these sums counted.
        requests: u64,
        /// Why it has failed.
        source: Box<Self>,
    },
    /// The file at the ledger's path is no longer the one that was opened. Nothing is written to
    /// the one that was, as nobody would find it there.
    #[error(
        "the ledger {} {what} while it was open: nothing more is stored until it is opened again",
        path.display()
    )]
    Replaced {
        /// The ledger.
        path: PathBuf,
        /// What happened to it, as in "was deleted or moved away".
        what: &'static str,
    },
    /// What was stored could not be brought to the disk itself.
    #[error("cannot sync {}: {source}", path.display())]
    Sync {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The files of a journal could not be read, locked or removed, or what is in them could not be
    /// stored.
    #[error("cannot {doing} the journal {}: {reason}", folder.display())]
    Journal {
        /// What was being done, as in "look into".
        doing: &'static str,
        /// The folder of the journal.
        folder: PathBuf,
        /// Why not.
        reason: String,
    },
}

pub(crate) fn shown(instant: Timestamp) -> String {
    let micros = instant.as_micros();
    instant.to_utc().map_or_else(
        || format!("{micros} us"),
        |at| at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
    )
}

/// The kinds of SQLite failure that call for different answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
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

impl Fault {
    /// The kind of an SQLite error.
    #[must_use]
    pub fn of(error: &rusqlite::Error) -> Self {
        use rusqlite::Error::{
            FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, Utf8Error,
        };
        match error {
            // The tables are strict, and this program writes text as UTF-8: only damage puts anything
            // else into a column.
            FromSqlConversionFailure(..)
            | IntegralValueOutOfRange(..)
            | InvalidColumnType(..)
            | Utf8Error(..) => return Self::Corrupt,
            _ => {}
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

    /// Whether SQLite could not open the file for writing, or what belongs beside it: one at rest can be read
    /// all the same.
    pub(crate) const fn is_unopenable(self) -> bool {
        matches!(self, Self::ReadOnly | Self::CannotOpen)
    }

    pub(crate) fn explained(self, source: &rusqlite::Error) -> String {
        match self {
            Self::Busy => "it is locked by another process".to_owned(),
            Self::Full => "the disk is full".to_owned(),
            Self::ReadOnly => "it, or its folder, is read-only".to_owned(),
            Self::Corrupt => format!("it is damaged ({source})"),
            Self::CannotOpen => "it, or a file that belongs beside it, cannot be opened".to_owned(),
            Self::Io | Self::NotADatabase | Self::Other => source.to_string(),
        }
    }
}

/// Whether a query was ended by the one who has asked.
fn is_stopped(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted)
}

impl StoreError {
    /// Adds to a failure inside a ledger what was being done to which ledger.
    pub(crate) fn read(doing: &'static str, path: &Path, error: ReadError) -> Self {
        let of = || path.to_owned();
        match error {
            ReadError::Sqlite(source) if is_stopped(&source) => Self::Stopped { path: of() },
            ReadError::Sqlite(source) => Self::sqlite(doing, path, source),
            ReadError::VersionChanged(found) => Self::VersionChanged { path: of(), found },
            ReadError::Replaced => {
                Self::Replaced { path: of(), what: "was overwritten with another one" }
            }
            ReadError::Damaged(what) => Self::Damaged { path: of(), what },
            ReadError::RowsGone { edge, nearest } => Self::RowsGone { edge, nearest },
            ReadError::NamesFolded { names, before } => Self::NamesFolded { names, before },
            ReadError::Doubtful(doubt) => Self::Doubtful { doubt },
            ReadError::TagsGone { key, before } => Self::TagsGone { key, before },
            #[cfg(feature = "zones")]
            ReadError::TooManyBuckets(error) => Self::TooManyBuckets(error),
        }
    }

    /// Wraps an SQLite error with what was being done to which ledger.
    pub(crate) fn sqlite(doing: &'static str, path: &Path, source: rusqlite::Error) -> Self {
        if let Some(wrong) = Wrong::of(&source) {
            return Self::Damaged { path: path.to_owned(), what: wrong.to_string() };
        }
        Self::Sqlite { doing, path: path.to_owned(), fault: Fault::of(&source), source }
    }

    /// The kind of SQLite failure behind it, if that is what it was.
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        match self {
            Self::Unfinished { source, .. } => source.fault(),
            Self::Sqlite { fault, .. } => Some(*fault),
            _ => None,
        }
    }

    /// Whether [`Fault::is_unopenable`] is behind it.
    pub(crate) fn is_unopenable(&self) -> bool {
        self.fault().is_some_and(Fault::is_unopenable)
    }

    /// Whether the ledger's content is damaged, so that only a repair or a backup helps.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Unfinished { source, .. } => source.is_damage(),
            Self::Damaged { .. } => true,
            // What is no database from the start is another error.
            Self::Sqlite { fault, .. } => matches!(fault, Fault::Corrupt | Fault::NotADatabase),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    #[test]
    fn extended_codes_have_the_kind_of_their_family() {
        for (code, fault, damage) in [
            (ffi::SQLITE_BUSY_SNAPSHOT, Fault::Busy, false),
            (ffi::SQLITE_LOCKED, Fault::Busy, false),
            (ffi::SQLITE_FULL, Fault::Full, false),
            (ffi::SQLITE_IOERR_FSYNC, Fault::Io, false),
            (ffi::SQLITE_READONLY_DIRECTORY, Fault::ReadOnly, false),
            (ffi::SQLITE_PERM, Fault::ReadOnly, false),
            (ffi::SQLITE_CANTOPEN_SYMLINK, Fault::CannotOpen, false),
            (ffi::SQLITE_CORRUPT_INDEX, Fault::Corrupt, true),
            (ffi::SQLITE_NOTADB, Fault::NotADatabase, true),
            (ffi::SQLITE_ERROR, Fault::Other, false),
        ] {
            let source = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            let error = StoreError::sqlite("read the ledger", Path::new("/x"), source);
            assert_eq!((error.fault(), error.is_damage()), (Some(fault), damage), "{error:?}");
            let text = error.to_string();
            assert!(text.starts_with("cannot read the ledger /x: ") && !text.contains('\n'));
        }
    }
}
