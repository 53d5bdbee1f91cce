//! Forgetting event ids.

use std::ops::Range;

use rusqlite::{Connection, OptionalExtension, params};

use super::due;

use super::rows::entries;
use crate::error::ReadError;

/// Ids of records older than `instant` are not known from now on; never goes back. Their entries stay
/// until they are [swept](sweep) away.
pub(crate) fn forget_before(connection: &Connection, instant: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE retention SET ids_from = max(coalesce(ids_from, ?1), ?1)")?
        .execute([instant])
        .map(drop)
}

/// Forgets the ids of the records from an instant on and before a place in their order, which are about
/// to be deleted and may come again.
pub(crate) fn forget_records(
    connection: &Connection,
    from: i64,
    before: (i64, i64),
) -> Result<(), ReadError> {
    let mut delete =
        connection.prepare_cached("DELETE FROM event_ids WHERE hash = ?1 AND record = ?2")?;
    entries(connection, from, before, |entry| {
        delete.execute([entry.hash, entry.record])?;
        Ok(())
    })
}

/// Ids of records from `instant` on are known again, or all where there is none. What was not known is
/// to be [swept](sweep) away before.
pub(crate) fn know_from(connection: &Connection, instant: Option<i64>) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE retention SET ids_from = min(ids_from, ?1)")?
        .execute([instant])
        .map(drop)
}

/// Deletes entries among the next so many in the order of the hashes, if their records are gone: those
/// that are not known any more, and those of a range. Returns the hash to go on from, `None` at the end,
/// and how many were deleted.
///
/// A deletion that was stopped has left records, which may be known again one day.
///
/// In this order each page of the table is read and written once, however many entries go.
pub(crate) fn sweep(
    connection: &Connection,
    range: &Range<i64>,
    from: i64,
    most: i64,
) -> rusqlite::Result<(Option<i64>, u64)> {
    let next: Option<i64> = connection
        .prepare_cached(
            "SELECT hash FROM event_ids WHERE hash > ?1 ORDER BY hash LIMIT 1 OFFSET ?2",
        )?
        .query_row([from, most], |row| row.get(0))
        .optional()?;
    let deleted = connection
        .prepare_cached(
            "DELETE FROM event_ids WHERE hash BETWEEN ?1 AND ?2 \
             AND (ts < (SELECT ids_from FROM retention) OR (ts >= ?3 AND ts < ?4)) \
             AND NOT EXISTS \
                 (SELECT 1 FROM records AS r WHERE r.ts = event_ids.ts AND r.id = record)",
        )?
        .execute(params![from, next.map_or(i64::MAX, |next| next - 1), range.start, range.end])?;
    Ok((next, deleted as u64))
}

/// Forgets all of them.
pub(crate) fn clear(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM event_ids", [])?;
    due::forget(connection)?;
    connection.execute("UPDATE retention SET ids_from = NULL", []).map(drop)
}
