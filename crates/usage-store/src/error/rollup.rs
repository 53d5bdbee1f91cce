//! The faults of rollups.

use std::fmt;

use rusqlite::types::Type;

use super::DamageCode;

/// A fault of rollups. As an error of SQLite's it counts as damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RollupError {
    Unreadable,
    /// They hold what only a newer version of this program can read.
    Newer,
    /// Records were to be counted out that were never counted in.
    Missing,
    /// Some are missing, or are not those that belong together.
    Torn,
}

impl RollupError {
    pub(crate) const fn code(self) -> DamageCode {
        match self {
            Self::Unreadable => DamageCode::RollupsUnreadable,
            Self::Newer => DamageCode::RollupsNewer,
            Self::Missing => DamageCode::RollupsDisagree,
            Self::Torn => DamageCode::RollupsTorn,
        }
    }

    /// Returns the fault of rollups, if that is what an error says.
    pub(crate) fn of(error: &rusqlite::Error) -> Option<Self> {
        match error {
            rusqlite::Error::FromSqlConversionFailure(_, _, error) => error.downcast_ref().copied(),
            _ => None,
        }
    }

    /// Returns whether an error is that rollups cannot be read.
    pub(crate) fn is_unreadable(error: &rusqlite::Error) -> bool {
        Self::of(error) == Some(Self::Unreadable)
    }
}

impl fmt::Display for RollupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreadable => "sums that cannot be read",
            Self::Newer => "sums that a newer version of this program has written",
            Self::Missing => "sums that do not agree with the records",
            Self::Torn => "sums that do not belong together",
        })
    }
}

impl std::error::Error for RollupError {}

impl From<RollupError> for rusqlite::Error {
    fn from(error: RollupError) -> Self {
        Self::FromSqlConversionFailure(0, Type::Blob, Box::new(error))
    }
}
