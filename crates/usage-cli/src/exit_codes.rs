//! What the process exits with. `docs/reference/exit-codes.md` is this table for people.

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
