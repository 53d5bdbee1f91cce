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
    /// `ledger/event-key`: the key of the hashes of event ids is missing.
    EventKey,
    /// `ledger/sums-unreadable`: sums cannot be read.
    SumsUnreadable,
    /// `ledger/sums-newer`: a newer version of the program has written sums.
    SumsNewer,
    /// `ledger/sums-disagree`: sums do not agree with the records.
    SumsDisagree,
    /// `ledger/sums-torn`: some sums are missing, or do not belong together.
    SumsTorn,
}

impl DamageCode {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::File,
        Self::Table,
        Self::SchemaVersion,
        Self::Id,
        Self::Policy,
        Self::Record,
        Self::RecordsChanged,
        Self::Names,
        Self::EventKey,
        Self::SumsUnreadable,
        Self::SumsNewer,
        Self::SumsDisagree,
        Self::SumsTorn,
    ];

    /// Returns the code, such as `ledger/sums-torn`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::File => "ledger/file",
            Self::Table => "ledger/table",
            Self::SchemaVersion => "ledger/schema-version",
            Self::Id => "ledger/id",
            Self::Policy => "ledger/policy",
            Self::Record => "ledger/record",
            Self::RecordsChanged => "ledger/records-changed",
            Self::Names => "ledger/names",
            Self::EventKey => "ledger/event-key",
            Self::SumsUnreadable => "ledger/sums-unreadable",
            Self::SumsNewer => "ledger/sums-newer",
            Self::SumsDisagree => "ledger/sums-disagree",
            Self::SumsTorn => "ledger/sums-torn",
        }
    }

    /// Returns what may help.
    #[must_use]
    pub const fn hint(self) -> Hint {
        match self {
            Self::SumsUnreadable | Self::SumsDisagree | Self::SumsTorn => Hint::RebuildSums,
            Self::SumsNewer => Hint::UpdateProgram,
            Self::RecordsChanged => Hint::CheckRecords,
            _ => Hint::RestoreLedger,
        }
    }
}

impl fmt::Display for DamageCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An entry of the ledger that is not what was stored. As an error of SQLite's it counts as damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WrongEntry {
    /// The names of the label set with that id.
    #[error("the names {0} are not those that were stored")]
    Names(i64),
    /// An entry of a dictionary, and which.
    #[error("entry {id} of {table} is not what was stored")]
    Entry { table: &'static str, id: i64 },
    /// The key for the hashes of event ids.
    #[error("it has no event_id_key of 16 bytes")]
    EventKey,
}

impl WrongEntry {
    pub(crate) const fn code(self) -> DamageCode {
        match self {
            Self::Names(_) | Self::Entry { .. } => DamageCode::Names,
            Self::EventKey => DamageCode::EventKey,
        }
    }
}

impl From<WrongEntry> for rusqlite::Error {
    fn from(wrong: WrongEntry) -> Self {
        Self::FromSqlConversionFailure(0, Type::Blob, Box::new(wrong))
    }
}

/// Damage to what a write has to read. As an error of SQLite's it counts as damage.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{1}")]
pub(crate) struct Damaged(pub(crate) DamageCode, pub(crate) String);

impl From<Damaged> for rusqlite::Error {
    fn from(damaged: Damaged) -> Self {
        Self::FromSqlConversionFailure(0, Type::Blob, Box::new(damaged))
    }
}

/// Returns what an error of SQLite's says of damage that this crate has found.
pub(crate) fn of(error: &rusqlite::Error) -> Option<(DamageCode, String)> {
    let rusqlite::Error::FromSqlConversionFailure(_, _, error) = error else { return None };
    let sums = error.downcast_ref::<super::Wrong>().map(|wrong| (wrong.code(), wrong.to_string()));
    let read = || error.downcast_ref::<Damaged>().map(|Damaged(code, what)| (*code, what.clone()));
    let entry =
        || error.downcast_ref::<WrongEntry>().map(|wrong| (wrong.code(), wrong.to_string()));
    sums.or_else(entry).or_else(read)
}
