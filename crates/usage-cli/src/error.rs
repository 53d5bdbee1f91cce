//! A failure as a person is told of it: what, perhaps what to do, and the exit code.
//!
//! Every failure is of one of the kinds below. `docs/reference/errors.md` has a line for each, with
//! its message and its hint; a story brings each about, and `cargo xtask tidy` sees to it that
//! none is missing.

use std::fmt::Display;

use usage_core::period::PeriodError;
use usage_core::query::{EngineError, EngineErrorKind};
use usage_core::stats::GroupingError;
use usage_import::ImportError;
use usage_store::{Fault, StoreError};

use crate::amounts;
use crate::exit_codes::{DAMAGED, FAILED, USAGE};

/// Why a command did not succeed, of which kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    // The command line and what it says.
    CommandLine,
    BadNow,
    BadTimeZone,
    BadPeriod,
    BadGrouping,
    PeriodTooLong,
    FollowOneFile,
    FollowCsv,
    MixedRejects,
    RejectsInUse,
    BadBefore,
    BeforeInFuture,
    Doubtful,
    RowsGone,
    NamesFolded,
    TagsGone,
    BadAge,
    BadPolicy,
    NotConfirmed,
    // The ledger.
    NoLedger,
    NotALedger,
    NewerLedger,
    OlderLedger,
    NoSpace,
    LinkedLedger,
    MigratedMeanwhile,
    LedgerReplaced,
    NoDataFolder,
    OldSqlite,
    LedgerNotFindable,
    CannotCreate,
    FileExists,
    LedgerLocked,
    DiskFull,
    ReadOnly,
    CannotOpen,
    ReadWriteFailed,
    SqliteFailed,
    JournalFailed,
    // What goes in and out.
    CannotRead,
    BadHeader,
    CannotWrite,
    CannotPrint,
    NotStored,
    InJournal,
    Interrupted,
    NothingDeleted,
    SystemRefused,
    // What is imported.
    NoHome,
    NoOrigin,
    NotAnOrigin,
    OriginNotReadable,
    OriginUnsettled,
    // Damage.
    LedgerDamaged,
    LedgerUnsound,
}

/// For what is damaged: nothing that this program could do by itself.
const RECOVER: &str = "keep a copy of the file and restore a backup, \
                       or try `sqlite3 LEDGER .recover` on the copy";

impl ErrorKind {
    /// The exit code, and the hint where it is always the same.
    const fn entry(self) -> (u8, Option<&'static str>) {
        match self {
            Self::CommandLine | Self::BadPeriod | Self::BadGrouping | Self::FollowOneFile => {
                (USAGE, None)
            }
            Self::PeriodTooLong => {
                (USAGE, Some("group by a longer unit, such as month, or name a shorter period"))
            }
            Self::BadNow => (USAGE, Some("such as 2026-05-03T13:56:01+08:00")),
            Self::BadTimeZone => {
                (USAGE, Some("--timezone takes an IANA name, such as Europe/Berlin or UTC"))
            }
            Self::FollowCsv => (USAGE, Some("without --follow, CSV is read to its end")),
            Self::RejectsInUse => (USAGE, Some("name a file of its own for what is refused")),
            Self::MixedRejects => (USAGE, Some("record the files of either form by themselves")),
            Self::BadBefore => (
                USAGE,
                Some(
                    "an age such as 30d, 24h, 90m or 8w, a day such as 2026-05-03, or an instant \
                     such as 2026-05-03T13:56:01+08:00",
                ),
            ),
            Self::BeforeInFuture => {
                (USAGE, Some("`usage delete --all` deletes everything, if that is what you want"))
            }
            Self::Doubtful => (
                USAGE,
                Some("check the clock and the instant; --force carries it out all the same"),
            ),
            Self::RowsGone => (
                USAGE,
                Some("name one of these, or a zone whose days begin on a quarter of an hour"),
            ),
            Self::NamesFolded => (
                FAILED,
                Some("ask for a later period, or without these names: totals are complete"),
            ),
            Self::TagsGone => (
                FAILED,
                Some(
                    "ask for a later period, or without this tag; `usage tags` says from when on reports know a key",
                ),
            ),
            Self::BadAge => (USAGE, Some("an age such as 30d, 24h, 90m or 8w, or forever")),
            Self::BadPolicy => (USAGE, Some("--rows and --sums state both at once")),
            Self::FileExists => (FAILED, Some("name another one: no file is ever replaced")),
            Self::NotConfirmed => (USAGE, Some("--yes says that it is meant")),
            Self::NoLedger => {
                (FAILED, Some("`usage record FILE` makes one; --db or USAGE_DB names another"))
            }
            Self::NotALedger => (FAILED, Some("--db or USAGE_DB names another file")),
            Self::NewerLedger => (FAILED, Some("update this program")),
            Self::OlderLedger => (
                FAILED,
                Some("`usage migrate LEDGER` does so, after a copy; --dry-run says what it takes"),
            ),
            Self::NoSpace => {
                (FAILED, Some("free some space, or `usage migrate --in-place` makes no copy"))
            }
            Self::LinkedLedger => (
                FAILED,
                Some(
                    "remove the others, which `find FOLDER -samefile LEDGER` lists; a symbolic link does no harm",
                ),
            ),
            Self::NoDataFolder => (FAILED, Some("--db or USAGE_DB names a ledger")),
            Self::LedgerLocked => (FAILED, Some("try again when the other process is done")),
            Self::LedgerReplaced => {
                (FAILED, Some("the same command works on the file that is there now"))
            }
            Self::DiskFull => (FAILED, Some("free some space and run the same command again")),
            Self::NotStored => (
                FAILED,
                Some("what came before is stored; lines with an event_id are safe to record again"),
            ),
            Self::InJournal => (
                FAILED,
                Some(
                    "the next command that writes to the ledger stores them; do not record them \
                     again",
                ),
            ),
            Self::NoHome => (FAILED, Some("name the database to import from")),
            Self::OriginUnsettled => (FAILED, Some("try again")),
            Self::MigratedMeanwhile
            | Self::OldSqlite
            | Self::LedgerNotFindable
            | Self::CannotCreate
            | Self::ReadOnly
            | Self::CannotOpen
            | Self::ReadWriteFailed
            | Self::SqliteFailed
            | Self::JournalFailed
            | Self::CannotRead
            | Self::BadHeader
            | Self::CannotWrite
            | Self::CannotPrint
            | Self::Interrupted
            | Self::NothingDeleted
            | Self::SystemRefused
            | Self::NoOrigin
            | Self::NotAnOrigin
            | Self::OriginNotReadable => (FAILED, None),
            Self::LedgerDamaged => (DAMAGED, Some(RECOVER)),
            Self::LedgerUnsound => {
                (DAMAGED, Some("keep a copy of the file before anything is done about it"))
            }
        }
    }

    /// What the process exits with.
    pub(crate) const fn code(self) -> u8 {
        self.entry().0
    }

    /// An error of this kind, with its hint.
    pub(crate) fn error(self, message: impl Display) -> CliError {
        let hint = self.entry().1.map(str::to_owned);
        CliError { kind: self, message: message.to_string(), hint }
    }
}

/// Why a command did not succeed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CliError {
    kind: ErrorKind,
    /// One line.
    pub(crate) message: String,
    /// What could be done about it.
    pub(crate) hint: Option<String>,
}

impl CliError {
    /// With another hint than its kind has.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Of which kind it is.
    #[cfg(test)]
    pub(crate) const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What the process exits with.
    pub(crate) const fn code(&self) -> u8 {
        self.kind.code()
    }
}

impl From<PeriodError> for CliError {
    fn from(error: PeriodError) -> Self {
        ErrorKind::BadPeriod.error(&error).hint(error.hint())
    }
}

impl From<GroupingError> for CliError {
    fn from(error: GroupingError) -> Self {
        ErrorKind::BadGrouping.error(error)
    }
}

/// What an engine says: a ledger more than others, which are told by their kind.
impl From<EngineError> for CliError {
    fn from(error: EngineError) -> Self {
        let kind = match error.kind() {
            EngineErrorKind::Busy => ErrorKind::LedgerLocked,
            EngineErrorKind::Io => ErrorKind::ReadWriteFailed,
            EngineErrorKind::Corrupt => ErrorKind::LedgerDamaged,
            EngineErrorKind::Replaced => ErrorKind::LedgerReplaced,
            EngineErrorKind::DeadlineExceeded | EngineErrorKind::Cancelled => {
                ErrorKind::Interrupted
            }
            EngineErrorKind::TooManyBuckets => ErrorKind::PeriodTooLong,
            EngineErrorKind::NotKept => ErrorKind::NamesFolded,
            _ => ErrorKind::SqliteFailed,
        };
        match error.into_source().downcast::<StoreError>() {
            Ok(error) => (*error).into(),
            Err(error) => kind.error(error),
        }
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        let kind = kind_of(&error);
        match &error {
            // As every command tells amounts.
            StoreError::NoSpace { path, needed, free } => kind.error(format!(
                "to migrate the ledger {} takes up to {}, its disk has {}",
                path.display(),
                amounts::bytes(*needed),
                amounts::bytes(*free),
            )),
            _ => kind.error(&error),
        }
    }
}

fn kind_of(error: &StoreError) -> ErrorKind {
    match error {
        _ if error.is_damage() => ErrorKind::LedgerDamaged,
        StoreError::NotFound { .. } => ErrorKind::NoLedger,
        StoreError::NotALedger { .. } => ErrorKind::NotALedger,
        StoreError::NewerVersion { .. } => ErrorKind::NewerLedger,
        StoreError::OlderVersion { .. } => ErrorKind::OlderLedger,
        StoreError::NoSpace { .. } => ErrorKind::NoSpace,
        StoreError::Linked { .. } => ErrorKind::LinkedLedger,
        StoreError::VersionChanged { .. } => ErrorKind::MigratedMeanwhile,
        StoreError::Replaced { .. } => ErrorKind::LedgerReplaced,
        StoreError::Journal { .. } => ErrorKind::JournalFailed,
        StoreError::Sync { .. } => ErrorKind::ReadWriteFailed,
        StoreError::Find { .. } => ErrorKind::LedgerNotFindable,
        StoreError::Create { .. } => ErrorKind::CannotCreate,
        StoreError::Exists { .. } => ErrorKind::FileExists,
        StoreError::RowsGone { .. } => ErrorKind::RowsGone,
        StoreError::NamesFolded { .. } => ErrorKind::NamesFolded,
        StoreError::TagsGone { .. } => ErrorKind::TagsGone,
        StoreError::WrongTagKeys { .. } => ErrorKind::CommandLine,
        StoreError::Doubtful { .. } => ErrorKind::Doubtful,
        StoreError::Unfinished { source, .. } => kind_of(source),
        StoreError::NoDataFolder { .. } => ErrorKind::NoDataFolder,
        StoreError::OldSqlite { .. } => ErrorKind::OldSqlite,
        StoreError::ReadersBusy { .. } => ErrorKind::LedgerLocked,
        _ => match error.fault() {
            Some(Fault::Busy) => ErrorKind::LedgerLocked,
            Some(Fault::Full) => ErrorKind::DiskFull,
            Some(Fault::Io) => ErrorKind::ReadWriteFailed,
            Some(Fault::ReadOnly) => ErrorKind::ReadOnly,
            Some(Fault::CannotOpen) => ErrorKind::CannotOpen,
            _ => ErrorKind::SqliteFailed,
        },
    }
}

impl From<ImportError> for CliError {
    fn from(error: ImportError) -> Self {
        let kind = match &error {
            ImportError::Ledger(of_ledger) => kind_of(of_ledger),
            ImportError::NotFound { .. } => ErrorKind::NoOrigin,
            ImportError::NotAnOrigin { .. } => ErrorKind::NotAnOrigin,
            ImportError::Unsettled { .. } => ErrorKind::OriginUnsettled,
            _ => ErrorKind::OriginNotReadable,
        };
        let hint = match &error {
            ImportError::Unreadable(cause) => match cause.fault() {
                Some(Fault::Busy) => Some("try again when the other process is done"),
                Some(Fault::Corrupt) => Some("try `sqlite3 DATABASE .recover` on a copy"),
                _ => None,
            },
            _ => None,
        };
        let error = kind.error(error);
        match hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of another engine than a ledger there is only its kind; a ledger says more.
    #[test]
    fn what_an_engine_says_keeps_its_kind() {
        for (of_engine, kind, code) in [
            (EngineErrorKind::Busy, ErrorKind::LedgerLocked, FAILED),
            (EngineErrorKind::Io, ErrorKind::ReadWriteFailed, FAILED),
            (EngineErrorKind::Corrupt, ErrorKind::LedgerDamaged, DAMAGED),
            (EngineErrorKind::Replaced, ErrorKind::LedgerReplaced, FAILED),
            (EngineErrorKind::TooManyBuckets, ErrorKind::PeriodTooLong, USAGE),
            (EngineErrorKind::NotKept, ErrorKind::NamesFolded, FAILED),
            (EngineErrorKind::Cancelled, ErrorKind::Interrupted, FAILED),
            (EngineErrorKind::Other, ErrorKind::SqliteFailed, FAILED),
        ] {
            let error = CliError::from(EngineError::of(of_engine, "a server says so"));
            let hint = kind.entry().1.map(str::to_owned);
            assert_eq!((error.kind, error.code(), &error.hint), (kind, code, &hint), "{of_engine}");
            assert_eq!(error.message, "a server says so");
        }
        let busy = StoreError::ReadersBusy { path: "/x".into() };
        let (kind, message) = (EngineErrorKind::Busy, busy.to_string());
        let error = CliError::from(EngineError::of(kind, busy));
        assert_eq!((error.kind, error.message), (ErrorKind::LedgerLocked, message));
    }

    /// Those that no story can bring about: the command brings its own SQLite, and uses one
    /// reading connection at a time.
    #[test]
    fn kinds_that_no_story_can_bring_about() {
        let error = CliError::from(StoreError::OldSqlite { version: 3_051_002 });
        assert_eq!((error.kind, error.code(), &error.hint), (ErrorKind::OldSqlite, FAILED, &None));
        assert!(error.message.starts_with("SQLite 3.51.2 is linked, "), "{}", error.message);
        let error = CliError::from(StoreError::ReadersBusy { path: "/x".into() });
        assert_eq!((error.kind, error.code()), (ErrorKind::LedgerLocked, FAILED));
        let error = StoreError::Sync { path: "/x-wal".into(), source: std::io::Error::other("no") };
        assert_eq!(CliError::from(error).kind, ErrorKind::ReadWriteFailed);
        let what = "was deleted or moved away";
        let error = CliError::from(StoreError::Replaced { path: "/x".into(), what });
        assert_eq!((error.kind, error.code()), (ErrorKind::LedgerReplaced, FAILED));
        assert_eq!(
            error.message,
            "the ledger /x was deleted or moved away while it was open: nothing more is stored \
             until it is opened again"
        );
        let error = ErrorKind::SystemRefused.error("cannot catch interrupts: no");
        assert_eq!((error.code(), error.hint), (FAILED, None));
        let error = CliError::from(ImportError::Unsettled { path: "/x".into() });
        assert_eq!(
            (error.kind, error.hint.as_deref()),
            (ErrorKind::OriginUnsettled, Some("try again"))
        );
    }
}
