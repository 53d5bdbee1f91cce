//! The reasons why work inside a ledger stopped, before it is known which ledger that was.

use std::path::Path;

use usage_core::Timestamp;
#[cfg(feature = "zones")]
use usage_core::stats::TooManyBuckets;

use super::damage::Damaged;
use super::{DamageCode, Doubt, SCHEMA_VERSION, SqliteErrorKind, StoreError};

/// The reason why a write transaction was rolled back. Nothing of it was stored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// SQLite failed.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// Since this program opened the ledger, another one has migrated it.
    #[error(
        "the ledger was migrated to schema version {found} by another program, this one knows \
         version {SCHEMA_VERSION}"
    )]
    VersionChanged {
        /// The version it has now.
        found: i32,
    },
    /// Since this program opened the ledger, the file was overwritten with another ledger.
    #[error("the ledger's file now holds another ledger")]
    Replaced,
}

/// The reason why work inside the ledger stopped, before it is known which ledger that was.
#[derive(Debug)]
pub(crate) enum ReadError {
    Sqlite(rusqlite::Error),
    VersionChanged(i32),
    /// The file was overwritten with another ledger.
    Replaced,
    /// The finding, and its place.
    Damaged(DamageCode, String),
    /// The edge of a range that would need rows, and the nearest that need none.
    RowsGone {
        edge: Timestamp,
        nearest: [Timestamp; 2],
    },
    /// The number of folded label sets among those that were asked for, and the instant from which
    /// on there are records.
    NamesFolded {
        names: usize,
        before: Timestamp,
    },
    /// The deletion that was asked for can hardly be meant.
    Doubtful(Doubt),
    /// A tag that rollups do not tell apart, and from when on there are records or rollups that do.
    TagsGone {
        key: String,
        before: Timestamp,
    },
    #[cfg(feature = "zones")]
    TooManyBuckets(TooManyBuckets),
}

impl ReadError {
    /// Returns whether what was read is damaged.
    pub(crate) fn is_damage(&self) -> bool {
        match self {
            Self::Sqlite(error) => SqliteErrorKind::of(error).is_damage(),
            Self::Damaged(..) => true,
            _ => false,
        }
    }

    /// As an error of SQLite's, for what reads a record while it writes: one that is damaged stays so.
    pub(crate) fn into_sqlite(self) -> rusqlite::Error {
        match self {
            Self::Sqlite(error) => error,
            Self::Damaged(code, what) => Damaged(code, what).into(),
            other => Damaged(DamageCode::Record, format!("{other:?}")).into(),
        }
    }

    /// Returns what SQLite says of a query that was stopped, for work between queries.
    pub(crate) fn stopped() -> Self {
        let interrupted = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_INTERRUPT);
        Self::Sqlite(rusqlite::Error::SqliteFailure(interrupted, None))
    }

    pub(crate) fn unreadable_policy() -> Self {
        Self::Damaged(DamageCode::Policy, "how long records are kept cannot be read".to_owned())
    }

    pub(crate) fn unknown_label_set(id: i64) -> Self {
        Self::Damaged(DamageCode::Names, format!("records refer to unknown names ({id})"))
    }
}

impl From<Damaged> for ReadError {
    fn from(Damaged(code, what): Damaged) -> Self {
        Self::Damaged(code, what)
    }
}

#[cfg(feature = "zones")]
impl From<TooManyBuckets> for ReadError {
    fn from(error: TooManyBuckets) -> Self {
        Self::TooManyBuckets(error)
    }
}

impl From<rusqlite::Error> for ReadError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<WriteError> for ReadError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Sqlite(error) => Self::Sqlite(error),
            WriteError::VersionChanged { found } => Self::VersionChanged(found),
            WriteError::Replaced => Self::Replaced,
        }
    }
}

/// The reason why work in a write transaction ends without a commit: it failed inside the ledger, or breaks off with an
/// error of its own.
#[derive(Debug)]
pub(crate) enum WorkError<E> {
    Inner(ReadError),
    Own(E),
}

impl<E: From<StoreError>> WorkError<E> {
    /// Adds to a failure what was being done to which ledger.
    pub(crate) fn at(self, doing: &'static str, path: &Path) -> E {
        match self {
            Self::Inner(error) => StoreError::read(doing, path, error).into(),
            Self::Own(error) => error,
        }
    }
}

impl<E> From<ReadError> for WorkError<E> {
    fn from(error: ReadError) -> Self {
        Self::Inner(error)
    }
}

impl<E> From<WriteError> for WorkError<E> {
    fn from(error: WriteError) -> Self {
        Self::Inner(error.into())
    }
}

impl<E> From<rusqlite::Error> for WorkError<E> {
    fn from(error: rusqlite::Error) -> Self {
        Self::Inner(error.into())
    }
}
