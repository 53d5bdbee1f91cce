//! A failure as a person is told of it: what, perhaps what to do, and the exit code.

use std::fmt::Display;

use usage_core::period::PeriodError;
use usage_store::{Fault, StoreError};

use crate::exit_codes;

/// Why a command did not succeed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CliError {
    /// One line.
    pub(crate) message: String,
    /// What could be done about it.
    pub(crate) hint: Option<String>,
    pub(crate) code: u8,
}

impl CliError {
    pub(crate) fn failed(message: impl Display) -> Self {
        Self { message: message.to_string(), hint: None, code: exit_codes::FAILED }
    }

    pub(crate) fn usage(message: impl Display) -> Self {
        Self { code: exit_codes::USAGE, ..Self::failed(message) }
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

impl From<PeriodError> for CliError {
    fn from(error: PeriodError) -> Self {
        Self::usage(&error).hint(error.hint())
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        let code = if error.is_damage() { exit_codes::DAMAGED } else { exit_codes::FAILED };
        let hint = match &error {
            StoreError::NotFound { .. } => {
                Some("`usage record FILE` makes one; --db or USAGE_DB names another")
            }
            StoreError::NewerVersion { .. } => Some("update this program"),
            StoreError::NotALedger { .. } => Some("--db or USAGE_DB names another file"),
            StoreError::NoDataFolder { .. } => Some("--db or USAGE_DB names a ledger"),
            _ if error.is_damage() => Some(
                "keep a copy of the file and restore a backup, \
                 or try `sqlite3 LEDGER .recover` on the copy",
            ),
            _ => match error.fault() {
                Some(Fault::Full) => Some("free some space and run the same command again"),
                Some(Fault::Busy) => Some("try again when the other process is done"),
                _ => None,
            },
        };
        Self { message: error.to_string(), hint: hint.map(str::to_owned), code }
    }
}
