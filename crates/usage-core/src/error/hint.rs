//! Advice as data: whoever shows an error to a person has the words, and the commands.

use std::io;

/// Says what may help against a failure. A program words it with what its users can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Hint {
    /// Make a ledger, or name another one: none is there.
    CreateLedger,
    /// Name a ledger: where the default one lies is unknown.
    NameLedger,
    /// Name another file: this one is no ledger.
    NameAnotherLedger,
    /// Name another file: this one exists, and is not replaced.
    NameNewFile,
    /// Name the source to import from: it is not here.
    NameSource,
    /// Use a newer version of the program.
    UpdateProgram,
    /// Migrate the ledger, which an earlier version has made.
    Migrate,
    /// Make room on the disk, then try again.
    FreeSpace,
    /// Make room on the disk, or migrate without a copy.
    FreeSpaceOrSkipCopy,
    /// Remove the file's other names (hard links).
    RemoveHardLinks,
    /// Try again when another process is done.
    AwaitOther,
    /// Stop the programs that have the ledger open, then try again.
    StopOthers,
    /// Move the write-ahead log away, which belongs to another file.
    MoveLogAway,
    /// Try again at once.
    Retry,
    /// Open it again, or start again: another file is there now.
    Reopen,
    /// Check the clock and the instant, or insist.
    CheckClock,
    /// Begin and end the range where rollups begin and end.
    MoveRangeEnds,
    /// Ask for a later period, or without the names.
    AskForTotals,
    /// Ask for a later period, or without this tag: rollups do not tell it apart.
    AskWithoutTag,
    /// Group by a longer unit of time, or ask for a shorter period.
    UseLongerUnit,
    /// Write the period in one of the accepted forms.
    UsePeriodForm,
    /// Say on which day of the month billing cycles begin.
    SetCycleDay,
    /// Restore the ledger from a backup, or recover what can be read of it.
    RestoreLedger,
    /// Make the rollups again from the records.
    RebuildRollups,
    /// Check all records, to learn which are damaged.
    CheckRecords,
    /// Recover what can be read of a damaged source into another database.
    RecoverSource,
    /// Look whose the files are: this program may not open or write one of them.
    CheckPermissions,
    /// Put it on a local file system: this one lacks what several programs need at once.
    UseLocalFileSystem,
    /// Close files, or let more be open: there may be no further one.
    AllowMoreFiles,
    /// Name a shorter path: further names are made of it.
    ShortenPath,
    /// Copy it, with what lies beside it, to where it can be written.
    CopyElsewhere,
}

impl Hint {
    /// All of them.
    pub const ALL: [Self; 31] = [
        Self::CreateLedger,
        Self::NameLedger,
        Self::NameAnotherLedger,
        Self::NameNewFile,
        Self::NameSource,
        Self::UpdateProgram,
        Self::Migrate,
        Self::FreeSpace,
        Self::FreeSpaceOrSkipCopy,
        Self::RemoveHardLinks,
        Self::AwaitOther,
        Self::StopOthers,
        Self::MoveLogAway,
        Self::Retry,
        Self::Reopen,
        Self::CheckClock,
        Self::MoveRangeEnds,
        Self::AskForTotals,
        Self::AskWithoutTag,
        Self::UseLongerUnit,
        Self::UsePeriodForm,
        Self::SetCycleDay,
        Self::RestoreLedger,
        Self::RebuildRollups,
        Self::CheckRecords,
        Self::RecoverSource,
        Self::CheckPermissions,
        Self::UseLocalFileSystem,
        Self::AllowMoreFiles,
        Self::ShortenPath,
        Self::CopyElsewhere,
    ];

    /// Returns what may help against a failure of the operating system's, where there is something.
    #[must_use]
    pub fn of_io(error: &io::Error) -> Option<Self> {
        use io::ErrorKind::{
            InvalidFilename, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull,
        };
        /// ENFILE and EMFILE, the same on all that is called Unix.
        const TOO_MANY_FILES: [Option<i32>; 2] = [Some(23), Some(24)];
        Some(match error.kind() {
            PermissionDenied => Self::CheckPermissions,
            ReadOnlyFilesystem => Self::CopyElsewhere,
            InvalidFilename => Self::ShortenPath,
            StorageFull | QuotaExceeded => Self::FreeSpace,
            _ if cfg!(unix) && TOO_MANY_FILES.contains(&error.raw_os_error()) => {
                Self::AllowMoreFiles
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn what_the_system_refuses_has_a_hint() {
        // As Linux numbers them: EACCES, EROFS, ENOSPC, ENFILE, EMFILE, ENAMETOOLONG is 36 there and 63 elsewhere.
        for (code, hint) in [
            (13, Hint::CheckPermissions),
            (30, Hint::CopyElsewhere),
            (28, Hint::FreeSpace),
            (23, Hint::AllowMoreFiles),
            (24, Hint::AllowMoreFiles),
        ] {
            assert_eq!(Hint::of_io(&io::Error::from_raw_os_error(code)), Some(hint), "{code}");
        }
        assert_eq!(Hint::of_io(&io::ErrorKind::InvalidFilename.into()), Some(Hint::ShortenPath));
        assert_eq!(Hint::of_io(&io::ErrorKind::NotFound.into()), None);
    }
}
