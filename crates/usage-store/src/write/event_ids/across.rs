//! One event that several instances record.

use rusqlite::{Connection, OptionalExtension};

const SETTING: &str = "across_instances";
const FIRST: &str = "first";

/// Returns whether an event that one instance has recorded is not stored for others: only if the ledger's settings say
/// so.
pub(crate) fn is_first_alone(connection: &Connection) -> rusqlite::Result<bool> {
    let value: Option<String> = connection
        .prepare_cached("SELECT value FROM settings WHERE name = ?1")?
        .query_row([SETTING], |row| row.get(0))
        .optional()?;
    Ok(value.as_deref() == Some(FIRST))
}

/// Changes it.
pub(crate) fn set_first_alone(connection: &Connection, first_alone: bool) -> rusqlite::Result<()> {
    let value = if first_alone { FIRST } else { "keep" };
    connection
        .prepare_cached("INSERT OR REPLACE INTO settings (name, value) VALUES (?1, ?2)")?
        .execute([SETTING, value])
        .map(drop)
}
