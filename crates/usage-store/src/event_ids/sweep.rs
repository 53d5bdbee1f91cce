//! Forgetting event ids.

use rusqlite::{Connection, OptionalExtension, params};

/// Ids of records older than `instant` are not known from now on; never goes back. Their entries stay
/// until they are [swept](sweep) away.
pub(crate) fn forget_before(connection: &Connection, instant: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE retention SET ids_from = max(coalesce(ids_from, ?1), ?1)")?
        .execute([instant])
        .map(drop)
}

/// Deletes the entries that are not known any more among the next so many in the order of the
/// hashes. Returns the hash to go on from, `None` at the end.
///
/// In this order each page of the table is read and written once, however many entries go.
pub(crate) fn sweep(
    connection: &Connection,
    from: i64,
    most: i64,
) -> rusqlite::Result<Option<i64>> {
    let next: Option<i64> = connection
        .prepare_cached(
            "SELECT hash FROM event_ids WHERE hash > ?1 ORDER BY hash LIMIT 1 OFFSET ?2",
        )?
        .query_row([from, most], |row| row.get(0))
        .optional()?;
    connection
        .prepare_cached(
            "DELETE FROM event_ids WHERE hash BETWEEN ?1 AND ?2 \
             AND ts < (SELECT ids_from FROM retention)",
        )?
        .execute(params![from, next.map_or(i64::MAX, |next| next - 1)])?;
    Ok(next)
}

/// Forgets all of them.
pub(crate) fn clear(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM event_ids", [])?;
    connection.execute("UPDATE retention SET ids_from = NULL", []).map(drop)
}
