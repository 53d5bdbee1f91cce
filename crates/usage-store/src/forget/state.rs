//! The note that a name is being forgotten: without the name, which is gone with the transaction that leaves it.

use rusqlite::Connection;

/// There while what is left of a name has not been wiped from the file.
const SETTING: &str = "forgetting";

/// Returns whether forgetting was begun and is not finished.
pub(crate) fn is_unfinished(connection: &Connection) -> rusqlite::Result<bool> {
    connection.prepare_cached("SELECT 1 FROM settings WHERE name = ?1")?.exists([SETTING])
}

pub(super) fn begin(connection: &Connection) -> rusqlite::Result<()> {
    connection
        .execute("INSERT OR REPLACE INTO settings (name, value) VALUES (?1, 'wipe')", [SETTING])
        .map(drop)
}

pub(super) fn finish(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM settings WHERE name = ?1", [SETTING]).map(drop)
}
