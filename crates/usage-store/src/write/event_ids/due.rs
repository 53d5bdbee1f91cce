//! The decision whether it is worth going through all entries for those that are of no use any more.
//!
//! A sweep reads the whole table, however few records were deleted. Entries that are not known any more
//! do no harm but take their space, so they may wait until they are many.

use rusqlite::{Connection, OptionalExtension, params};

/// A table of so few entries is gone through in no time.
const FEW: u64 = 100_000;

/// One entry in so many may be of no use.
const SHARE: u64 = 8;

/// The names of the settings: about how many entries the last sweep has left, and up to how many of them
/// have become useless since.
const KEPT: &str = "event_ids_kept";
const USELESS: &str = "event_ids_useless";

/// Notes that up to so many more entries are of no use; says whether a sweep is due.
pub(crate) fn is_due(connection: &Connection, more: u64) -> rusqlite::Result<bool> {
    let (kept, useless) = (number(connection, KEPT)?, number(connection, USELESS)?);
    let useless = useless.saturating_add(more);
    set(connection, USELESS, useless)?;
    Ok(kept <= FEW || useless >= kept / SHARE)
}

/// Notes that a sweep has gone through all entries, and about how many it has left.
pub(crate) fn swept(connection: &Connection, kept: u64) -> rusqlite::Result<()> {
    set(connection, KEPT, kept)?;
    set(connection, USELESS, 0)
}

/// Forgets both: there are no entries.
pub(super) fn forget(connection: &Connection) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM settings WHERE name IN (?1, ?2)")?
        .execute([KEPT, USELESS])
        .map(drop)
}

/// Returns a noted number; one that nobody has noted, or that nobody can read, is 0.
fn number(connection: &Connection, name: &str) -> rusqlite::Result<u64> {
    let text: Option<String> = connection
        .prepare_cached("SELECT value FROM settings WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?;
    Ok(text.and_then(|text| text.parse().ok()).unwrap_or(0))
}

fn set(connection: &Connection, name: &str, number: u64) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO settings (name, value) VALUES (?1, ?2)")?
        .execute(params![name, number.to_string()])
        .map(drop)
}
