//! Damage to a ledger: codes that stay the same, and what each needs.

use std::fmt;

use rusqlite::types::Type;
use usage_core::Hint;

/// Names a kind of damage to a ledger. The codes stay the same from version to version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DamageCode {
    /// `ledger/file`: SQLite finds the file damaged.
    File,
    /// `ledger/foreign-log`: the write-ahead log beside it is of another file.
    ForeignLog,
    /// `ledger/table`: something else stands in the place of a table.
    Table,
    /// `ledger/schema-version`: there is no such version.
    SchemaVersion,
    /// `ledger/id`: the ledger has no id.
    Id,
    /// `ledger/policy`: the stated policy of retention cannot be read.
    Policy,
    /// `ledger/record`: a record has content that no record may have.
    Record,
    /// `ledger/records-changed`: records are not those that were stored.
    RecordsChanged,
    /// `ledger/names`: names are missing, or are not those that were stored.
    Names,
    /// `ledger/prices`: terms or a book of prices are missing, or are not those that were stored.
    Prices,
    /// `ledger/prices-newer`: terms say what only a newer version of the program can read.
    PricesNewer,
    /// `ledger/event-key`: the key of the hashes of event ids is missing.
    EventKey,
    /// `ledger/rollups-unreadable`: rollups cannot be read.
    RollupsUnreadable,
    /// `ledger/rollups-newer`: a newer version of the program has written rollups.
    RollupsNewer,
    /// `ledger/rollups-disagree`: rollups do not agree with the records.
    RollupsDisagree,
    /// `ledger/rollups-torn`: some rollups are missing, or do not belong together.
    RollupsTorn,
}

impl DamageCode {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::File,
        Self::ForeignLog,
        Self::Table,
        Self::SchemaVersion,
        Self::Id,
        Self::Policy,
        Self::Record,
        Self::RecordsChanged,
        Self::Names,
        Self::Prices,
        Self::PricesNewer,
        Self::EventKey,
        Self::RollupsUnreadable,
        Self::RollupsNewer,
        Self::RollupsDisagree,
        Self::RollupsTorn,
    ];

    /// Returns the code, such as `ledger/rollups-torn`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::File => "ledger/file",
            Self::ForeignLog => "ledger/foreign-log",
            Self::Table => "ledger/table",
            Self::SchemaVersion => "ledger/schema-version",
            Self::Id => "ledger/id",
            Self::Policy => "ledger/policy",
            Self::Record => "ledger/record",
            Self::RecordsChanged => "ledger/records-changed",
            Self::Names => "ledger/names",
            Self::Prices => "ledger/prices",
            Self::PricesNewer => "ledger/prices-newer",
            Self::EventKey => "ledger/event-key",
            Self::RollupsUnreadable => "ledger/sums-unreadable",
            Self::RollupsNewer => "ledger/sums-newer",
            Self::RollupsDisagree => "ledger/sums-disagree",
            Self::RollupsTorn => "ledger/sums-torn",
        }
    }

    /// Returns what may help.
    #[must_use]
    pub const fn hint(self) -> Hint {
        match self {
            Self::RollupsUnreadable | Self::RollupsDisagree | Self::RollupsTorn => {
                Hint::RebuildRollups
            }
            Self::RollupsNewer | Self::PricesNewer => Hint::UpdateProgram,
            Self::ForeignLog => Hint::MoveLogAway,
            Self::RecordsChanged | Self::Prices => Hint::CheckRecords,
            _ => Hint::RestoreLedger,
        }
    }
}

impl fmt::Display for DamageCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Damage that this crate has found, and what it is. As an error of SQLite's it counts as damage.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{1}")]
pub(crate) struct Damaged(pub(crate) DamageCode, pub(crate) String);

impl Damaged {
    /// The names of a label set are not what was stored.
    pub(crate) fn names(id: i64) -> Self {
        Self(DamageCode::Names, format!("the names {id} are not those that were stored"))
    }

    /// An entry of a dictionary is not what was stored.
    pub(crate) fn entry(table: &str, id: i64) -> Self {
        Self(DamageCode::Names, format!("entry {id} of {table} is not what was stored"))
    }

    /// The key for the hashes of event ids is missing or of another length.
    pub(crate) fn event_key() -> Self {
        Self(DamageCode::EventKey, "it has no event_id_key of 16 bytes".to_owned())
    }
}

impl From<Damaged> for rusqlite::Error {
    fn from(damaged: Damaged) -> Self {
        Self::FromSqlConversionFailure(0, Type::Blob, Box::new(damaged))
    }
}

/// Returns what an error of SQLite's says of damage that this crate has found.
pub(crate) fn of(error: &rusqlite::Error) -> Option<(DamageCode, String)> {
    let rusqlite::Error::FromSqlConversionFailure(_, _, error) = error else { return None };
    let rollup = || {
        error.downcast_ref::<super::RollupError>().map(|error| (error.code(), error.to_string()))
    };
    error.downcast_ref().map(|Damaged(code, what)| (*code, what.clone())).or_else(rollup)
}
