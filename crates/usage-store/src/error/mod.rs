//! The errors of a ledger, in this crate's own words.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;
use usage_core::Timestamp;
#[cfg(feature = "zones")]
use usage_core::stats::TooManyBuckets;

mod damage;
mod doubt;
mod inside;
mod kind;
mod rollup;
mod sqlite;
mod system;
mod version;

pub use damage::DamageCode;
pub(crate) use damage::{Damaged, of as damage_of};
pub use doubt::Doubt;
pub use inside::WriteError;
pub(crate) use inside::{ReadError, WorkError};
pub(crate) use rollup::RollupError;
pub use sqlite::{SqliteError, SqliteErrorKind};
pub use version::SCHEMA_VERSION;

/// The result of this crate's functions.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// An error of a ledger. Each message says what was being done, and to which file; why it failed is the
/// [`source`](Error::source), whose text is not in the message: [`chain`](usage_core::error::chain) tells both.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// No ledger at that path, and none was to be made. An empty file is none either: another
    /// process may be about to fill it.
    #[error("there is no ledger at {}", path.display())]
    NotFound {
        /// The place where it was looked for.
        path: PathBuf,
    },
    /// The path begins with another user's home folder, as in `~anna/usage.db`.
    #[error("{} begins with another user's home folder, which only shells know", path.display())]
    OthersHome {
        /// The path.
        path: PathBuf,
    },
    /// The file is something else.
    #[error("{} is not a usage ledger: it is {what}", path.display())]
    NotALedger {
        /// The file.
        path: PathBuf,
        /// The thing that it is instead.
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
        /// The number of bytes it may take.
        needed: u64,
        /// The number of bytes that are free.
        free: u64,
    },
    /// The file has several names (hard links). SQLite finds what was written last by the file's
    /// name, so that programs which come by different names lose each other's records.
    #[error("the ledger {} has {links} names (hard links), it may have one", path.display())]
    Linked {
        /// The ledger.
        path: PathBuf,
        /// The number of names it has.
        links: u64,
    },
    /// It could not be found out whether there is a ledger.
    #[error("cannot look for a ledger at {}", path.display())]
    Find {
        /// The place where it was looked for.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// There is something at the path already, and nothing is ever replaced.
    #[error("there is a file at {} already", path.display())]
    Exists {
        /// The place where it is.
        path: PathBuf,
    },
    /// Somebody has the ledger open, which another file is about to replace.
    #[error("the ledger {} is in use by {by}", path.display())]
    InUse {
        /// The ledger.
        path: PathBuf,
        /// Who has it open, such as `usage (process 4711)`, as far as that is known.
        by: String,
    },
    /// The copy that was to be restored is the ledger itself.
    #[error("{} is the ledger itself, and no copy of it", path.display())]
    ItsOwnCopy {
        /// The file.
        path: PathBuf,
    },
    /// What was stored after a copy was taken was to be kept, and the copy is not of the ledger that is there.
    #[error("{} is no copy of the ledger {}", copy.display(), path.display())]
    NotALaterOne {
        /// The ledger.
        path: PathBuf,
        /// The copy.
        copy: PathBuf,
    },
    /// Nothing is kept that could be brought back.
    #[error("nothing is kept beside {} that a restoration has replaced", path.display())]
    NothingReplaced {
        /// The ledger.
        path: PathBuf,
    },
    /// A copy could not be put in the ledger's place. Whatever was done of it, the next program that opens the ledger
    /// undoes it or carries it out.
    #[error("cannot put a copy in the place of {}", path.display())]
    Restore {
        /// The ledger.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The folder or the file could not be made.
    #[error("cannot create {}", path.display())]
    Create {
        /// The folder or file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The per-user data folder of this platform is unknown.
    #[error("the per-user data folder is unknown: {reason}")]
    NoDataFolder {
        /// The platform's own message.
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
    #[error("cannot {doing} {}", path.display())]
    Sqlite {
        /// The action that failed, as in "open the ledger".
        doing: &'static str,
        /// The ledger.
        path: PathBuf,
        /// The reason.
        source: SqliteError,
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
    /// The stored data are not what a ledger can hold.
    #[error("the ledger {} is damaged: {what} ({code})", path.display())]
    Damaged {
        /// The ledger.
        path: PathBuf,
        /// Which kind of damage it is.
        code: DamageCode,
        /// The finding, and its place.
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
    /// The range begins or ends where the records were deleted and only rollups by quarter of an hour
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
    /// A filter names what rollups hold under `(other)`, as there were too many names in a month, and the
    /// records that could tell are deleted.
    #[error(
        "what was asked for is counted under (other) in part (combinations of names: {names}), and the \
         records before {} that could tell it apart were deleted",
        shown(*before)
    )]
    NamesFolded {
        /// The number of label sets in the first such month.
        names: usize,
        /// Records are there from this instant on.
        before: Timestamp,
    },
    /// A question about a tag that rollups do not tell apart, of a time of which only rollups are left.
    #[error(
        "the records before {} were deleted, and their sums are not told apart by {key}",
        shown(*before)
    )]
    TagsGone {
        /// The tag, as in `tag:team`.
        key: String,
        /// From this instant on it can be answered.
        before: Timestamp,
    },
    /// A key of tags that is to be declared is none, or there are too many of them.
    #[error("that cannot be declared: {source}")]
    WrongTagKeys {
        /// The fault.
        source: usage_core::RecordError,
    },
    /// A text that was to be put in as a book of prices is none.
    #[error("that is no book of prices")]
    NotABook {
        /// The line, and the fault there.
        source: usage_core::pricing::BookError,
    },
    /// The ledger was opened without [pricing](crate::StoreOptions::pricing), which this needs.
    #[error("the ledger {} was opened without list prices", path.display())]
    WithoutPricing {
        /// The ledger.
        path: PathBuf,
    },
    /// The ledger's books of prices cannot be used: one is damaged, or of a form that only a newer program knows.
    /// Nothing was priced.
    #[error("the books of prices in the ledger {} cannot be read", path.display())]
    UnreadableBooks {
        /// The ledger.
        path: PathBuf,
    },
    /// A budget in the ledger says what this program cannot read, such as what only a newer one knows.
    #[cfg(feature = "zones")]
    #[error("the budget {name:?} in the ledger {} cannot be used", path.display())]
    UnreadableBudget {
        /// The ledger.
        path: PathBuf,
        /// Its name.
        name: String,
        /// The reason.
        source: usage_core::budget::BudgetError,
    },
    /// The range, or the time from the oldest to the newest record, is too long for the unit.
    #[cfg(feature = "zones")]
    #[error(transparent)]
    TooManyBuckets(TooManyBuckets),
    /// A deletion whose instant can hardly be meant, and on which nobody insists. Nothing was done.
    #[error("that can hardly be meant: {doubt}")]
    Doubtful {
        /// The reason.
        doubt: Doubt,
    },
    /// A text is no age.
    #[error("an age is a whole number and one of m, h, d and w, such as 30d")]
    NotAnAge,
    /// With such a policy rollups would go before the records that they are made of.
    #[error(
        "sums cannot be kept for a shorter time ({rollups}) than the records they are made of ({rows})"
    )]
    RollupsBeforeRows {
        /// The time for which records were to be kept: an age, or "forever".
        rows: String,
        /// The time for which rollups were to be kept.
        rollups: String,
    },
    /// With such a policy sessions would go before the records that they are made of.
    #[error("sessions cannot be kept for a shorter time ({sessions}) than their records ({rows})")]
    SessionsBeforeRows {
        /// The time for which records were to be kept: an age, or "forever".
        rows: String,
        /// The time for which sessions were to be kept.
        sessions: String,
    },
    /// Such a policy would delete everything.
    #[error("nothing would be kept")]
    NothingKept,
    /// A deletion has failed after something was deleted, which stays deleted.
    #[error("a part of what was to be deleted is deleted")]
    Unfinished {
        /// The number of records that went.
        records: u64,
        /// The number of quarters of an hour that went of which only rollups were left.
        rollups: u64,
        /// The number of requests that these rollups counted.
        requests: u64,
        /// The reason why it has failed.
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
        /// The thing that happened to it, as in "was deleted or moved away".
        what: &'static str,
    },
    /// The stored records could not be brought to the disk itself.
    #[error("cannot sync {}", path.display())]
    Sync {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The files of a journal could not be read, locked or removed, or what is in them could not be
    /// stored.
    #[error("cannot {doing} the journal {}", folder.display())]
    Journal {
        /// The action that failed, as in "look into".
        doing: &'static str,
        /// The folder of the journal.
        folder: PathBuf,
        /// The reason.
        source: Box<dyn Error + Send + Sync>,
    },
}

pub(crate) fn shown(instant: Timestamp) -> String {
    let micros = instant.as_micros();
    instant.to_utc().map_or_else(
        || format!("{micros} us"),
        |at| at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
    )
}

/// Returns whether a query was ended by the one who has asked.
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
            ReadError::Damaged(code, what) => Self::Damaged { path: of(), code, what },
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
        match damage::of(&source) {
            Some((code, what)) => Self::Damaged { path: path.to_owned(), code, what },
            None => {
                Self::Sqlite { doing, path: path.to_owned(), source: SqliteError::at(path, source) }
            }
        }
    }
}

#[cfg(test)]
mod tests;
