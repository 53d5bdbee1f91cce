//! What the ledger keeps, and since when: the row of `retention`.

use rusqlite::{Connection, params};

/// Records older than this were deleted, and others as old are not taken any more: one that comes
/// again after it was deleted would be counted twice by its reader.
pub(crate) fn records_from(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    connection.prepare_cached("SELECT records_from FROM retention")?.query_row([], |row| row.get(0))
}

/// Sums older than this have no rows any more. On a whole quarter of an hour.
pub(crate) fn rows_from(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    connection.prepare_cached("SELECT rows_from FROM retention")?.query_row([], |row| row.get(0))
}

/// Refuses records older than `instant` from now on; never goes back.
pub(crate) fn refuse_before(connection: &Connection, instant: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE retention SET records_from = max(coalesce(records_from, ?1), ?1)")?
        .execute(params![instant])?;
    Ok(())
}
