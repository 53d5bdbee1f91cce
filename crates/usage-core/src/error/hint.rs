//! Advice as data: whoever shows an error to a person has the words, and the commands.

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
}

impl Hint {
    /// All of them.
    pub const ALL: [Self; 24] = [
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
    ];
}
