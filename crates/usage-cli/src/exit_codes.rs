//! The exit codes of the process. `docs/reference/exit-codes.md` is this table for people.

use usage_core::ErrorKind;

/// Done.
pub const DONE: u8 = 0;
/// Failed: the reason is on standard error, one line, with a hint where there is one.
pub const FAILED: u8 = 1;
/// The command line, the time zone or the period is wrong. Nothing was done.
pub const USAGE: u8 = 2;
/// Done, but some input lines were refused: each is named on standard error.
pub const INPUT_REFUSED: u8 = 3;
/// The ledger is damaged, or the doctor has found something wrong with it.
pub const DAMAGED: u8 = 4;
/// Done, and more than a budget has is spent: see `usage budget check`.
pub const PAST_BUDGET: u8 = 5;
/// Done, and the ledger needs a look: see `usage status`.
pub const ATTENTION: u8 = 6;

/// The classes of failures: who calls a command tells them apart by its exit code. A command that was done but
/// for some lines has not failed, see [`INPUT_REFUSED`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExitClass {
    /// [`FAILED`]
    Failed,
    /// [`USAGE`]
    Usage,
    /// [`DAMAGED`]
    Damaged,
}

impl ExitClass {
    /// Returns what the process exits with.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Failed => FAILED,
            Self::Usage => USAGE,
            Self::Damaged => DAMAGED,
        }
    }
}

impl From<ErrorKind> for ExitClass {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Invalid => Self::Usage,
            ErrorKind::Corrupt => Self::Damaged,
            _ => Self::Failed,
        }
    }
}
