//! A count of how often names were forgotten: no sum changes with them, and who has copies of names has to take them anew.

use rusqlite::{Connection, OptionalExtension};

const NAME: &str = "names_forgotten";

/// Returns the count.
pub(crate) fn count(connection: &Connection) -> rusqlite::Result<u32> {
    let mut statement =
        connection.prepare_cached("SELECT CAST(value AS INTEGER) FROM settings WHERE name = ?1")?;
    Ok(statement.query_row([NAME], |row| row.get(0)).optional()?.unwrap_or_default())
}

/// Counts one more, in the transaction at hand.
pub(crate) fn add(connection: &Connection) -> rusqlite::Result<()> {
    let next = count(connection)?.wrapping_add(1).to_string();
    connection
        .execute("INSERT OR REPLACE INTO settings (name, value) VALUES (?1, ?2)", [NAME, &next])
        .map(drop)
}
