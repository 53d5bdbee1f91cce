//! The kind of an error of the ledger, the advice on it, and the damage that it is.

use usage_core::{ErrorKind, Hint};

use super::{DamageCode, SqliteErrorKind, StoreError};

impl StoreError {
    /// Returns what kind of failure it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Unfinished { source, .. } => source.kind(),
            Self::Sqlite { source, .. } => source.kind().into(),
            Self::NotFound { .. } | Self::NothingReplaced { .. } => ErrorKind::NotFound,
            Self::NotALedger { .. }
            | Self::NewerVersion { .. }
            | Self::OlderVersion { .. }
            | Self::Linked { .. }
            | Self::Exists { .. }
            | Self::ItsOwnCopy { .. }
            | Self::NotALaterOne { .. }
            | Self::UnreadableBooks { .. }
            | Self::OldSqlite { .. } => ErrorKind::Unusable,
            Self::NoSpace { .. } => ErrorKind::Full,
            Self::Find { source, .. }
            | Self::Create { source, .. }
            | Self::Restore { source, .. }
            | Self::Sync { source, .. } => ErrorKind::of_io(source),
            Self::Journal { .. } => ErrorKind::Io,
            Self::ReadersBusy { .. } | Self::InUse { .. } => ErrorKind::Busy,
            Self::Stopped { .. } => ErrorKind::Cancelled,
            Self::Damaged { .. } => ErrorKind::Corrupt,
            Self::VersionChanged { .. } | Self::Replaced { .. } => ErrorKind::Replaced,
            Self::NamesFolded { .. } | Self::TagsGone { .. } => ErrorKind::NotKept,
            Self::RowsGone { .. }
            | Self::Doubtful { .. }
            | Self::NotAnAge
            | Self::NotABook { .. }
            | Self::WithoutPricing { .. }
            | Self::WrongTagKeys { .. }
            | Self::RollupsBeforeRows { .. }
            | Self::SessionsBeforeRows { .. }
            | Self::OthersHome { .. }
            | Self::NothingKept => ErrorKind::Invalid,
            #[cfg(feature = "zones")]
            Self::UnreadableBudget { .. } => ErrorKind::Unusable,
            #[cfg(feature = "zones")]
            Self::TooManyBuckets(_) => ErrorKind::Invalid,
            Self::NoDataFolder { .. } => ErrorKind::Other,
        }
    }

    /// Returns what may help, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        Some(match self {
            Self::Unfinished { source, .. } => return source.hint(),
            Self::Sqlite { source, .. } => return source.hint(),
            Self::Find { source, .. }
            | Self::Create { source, .. }
            | Self::Restore { source, .. }
            | Self::Sync { source, .. } => return Hint::of_io(source),
            Self::NotFound { .. } => Hint::CreateLedger,
            Self::NotALedger { .. } => Hint::NameAnotherLedger,
            Self::NewerVersion { .. } => Hint::UpdateProgram,
            Self::UnreadableBooks { .. } => Hint::CheckRecords,
            Self::OlderVersion { .. } => Hint::Migrate,
            Self::NoSpace { .. } => Hint::FreeSpaceOrSkipCopy,
            Self::Linked { .. } => Hint::RemoveHardLinks,
            Self::Exists { .. } => Hint::NameNewFile,
            Self::InUse { .. } => Hint::StopOthers,
            Self::NoDataFolder { .. } => Hint::NameLedger,
            Self::ReadersBusy { .. } => Hint::AwaitOther,
            Self::Damaged { code, .. } => code.hint(),
            Self::RowsGone { .. } => Hint::MoveRangeEnds,
            Self::NamesFolded { .. } => Hint::AskForTotals,
            Self::TagsGone { .. } => Hint::AskWithoutTag,
            #[cfg(feature = "zones")]
            Self::UnreadableBudget { .. } => Hint::UpdateProgram,
            #[cfg(feature = "zones")]
            Self::TooManyBuckets(_) => Hint::UseLongerUnit,
            Self::Doubtful { .. } => Hint::CheckClock,
            Self::Replaced { .. } => Hint::Reopen,
            Self::ItsOwnCopy { .. }
            | Self::NotALaterOne { .. }
            | Self::NothingReplaced { .. }
            | Self::OthersHome { .. }
            | Self::Journal { .. }
            | Self::OldSqlite { .. }
            | Self::NotAnAge
            | Self::NotABook { .. }
            | Self::WithoutPricing { .. }
            | Self::WrongTagKeys { .. }
            | Self::RollupsBeforeRows { .. }
            | Self::SessionsBeforeRows { .. }
            | Self::NothingKept
            | Self::Stopped { .. }
            | Self::VersionChanged { .. } => return None,
        })
    }

    /// Returns the kind of SQLite failure behind it, if that is what it was.
    #[must_use]
    pub fn sqlite_kind(&self) -> Option<SqliteErrorKind> {
        match self {
            Self::Unfinished { source, .. } => source.sqlite_kind(),
            Self::Sqlite { source, .. } => Some(source.kind()),
            _ => None,
        }
    }

    /// Returns whether [`SqliteErrorKind::is_unopenable`] is behind it.
    pub(crate) fn is_unopenable(&self) -> bool {
        self.sqlite_kind().is_some_and(SqliteErrorKind::is_unopenable)
    }

    /// Returns which damage it is, if the ledger's content is damaged, so that only a repair or a backup helps.
    #[must_use]
    pub fn damage(&self) -> Option<DamageCode> {
        match self {
            Self::Unfinished { source, .. } => source.damage(),
            Self::Damaged { code, .. } => Some(*code),
            // What is no database from the start is another error.
            Self::Sqlite { source, .. } => source.kind().is_damage().then_some(DamageCode::File),
            _ => None,
        }
    }

    /// Returns whether the ledger's content is damaged.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        self.damage().is_some()
    }
}

/// The error stays at hand for those who know this crate: see [`usage_core::Error::into_inner`].
impl From<StoreError> for usage_core::Error {
    fn from(error: StoreError) -> Self {
        let (kind, hint) = (error.kind(), error.hint());
        Self::new(kind, error).with_hint(hint)
    }
}
