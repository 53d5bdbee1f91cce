//! The policy of the ledger, and the instants since which it keeps things: the row of `retention`.

use rusqlite::{Connection, params};

/// Records older than this were deleted, and others as old are not taken any more: one that comes
/// again after it was deleted would be counted twice by its reader.
pub(crate) fn records_from(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    connection.prepare_cached("SELECT records_from FROM retention")?.query_row([], |row| row.get(0))
}

/// Rollups older than this have no rows any more. On a whole quarter of an hour.
pub(crate) fn rows_from(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    connection.prepare_cached("SELECT rows_from FROM retention")?.query_row([], |row| row.get(0))
}

/// Of sessions before this instant rows may be gone whose rollups were kept: they are frozen.
pub(crate) fn sessions_from(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT sessions_from FROM retention")?
        .query_row([], |row| row.get(0))
}

/// Sessions before `instant` do without rows from now on, if there are any that old; never goes back.
pub(crate) fn freeze_sessions(connection: &Connection, instant: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE retention SET sessions_from = max(coalesce(sessions_from, ?1), ?1) \
             WHERE EXISTS (SELECT 1 FROM records WHERE ts < ?1)",
        )?
        .execute(params![instant])?;
    Ok(())
}

/// Forgets that there are frozen sessions, unless there is something of one before a day.
pub(crate) fn forget_sessions_from(connection: &Connection, day: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE retention SET sessions_from = NULL \
             WHERE NOT EXISTS (SELECT 1 FROM session_sums WHERE day < ?1) \
             AND NOT EXISTS (SELECT 1 FROM records WHERE ts < sessions_from)",
        )?
        .execute(params![day])?;
    Ok(())
}

/// The latest now that a deleting command was given.
pub(crate) fn latest_now(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    connection.prepare_cached("SELECT latest_now FROM retention")?.query_row([], |row| row.get(0))
}

/// Remembers a now. One that somebody insists on takes the place of a later one.
pub(crate) fn note_now(connection: &Connection, now: i64, insisted: bool) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE retention SET latest_now = \
             CASE WHEN ?2 THEN ?1 ELSE max(coalesce(latest_now, ?1), ?1) END",
        )?
        .execute(params![now, insisted])
        .map(drop)
}

/// Forgets it.
pub(crate) fn forget_now(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute("UPDATE retention SET latest_now = NULL", []).map(drop)
}

/// Returns whether there are records or rollups, or were such that were deleted.
pub(crate) fn has_history(connection: &Connection) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "SELECT records_from IS NOT NULL OR EXISTS (SELECT 1 FROM records) \
             OR EXISTS (SELECT 1 FROM rollups_quarter) FROM retention",
        )?
        .query_row([], |row| row.get(0))
}

/// Sets the instants as they are given. The caller sees to it that no rollups lose their rows by it.
pub(crate) fn set_horizon(
    connection: &Connection,
    records_from: Option<i64>,
    rows_from: Option<i64>,
    sessions_from: Option<i64>,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE retention SET records_from = ?1, rows_from = ?2, sessions_from = ?3",
        )?
        .execute(params![records_from, rows_from, sessions_from])
        .map(drop)
}

/// Refuses records older than `instant` from now on; never goes back.
pub(crate) fn refuse_before(connection: &Connection, instant: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE retention SET records_from = max(coalesce(records_from, ?1), ?1)")?
        .execute(params![instant])?;
    Ok(())
}

/// Rollups older than `instant` do without rows from now on, if there are any rows that old; never goes
/// back. The caller sees to it that it is on a whole quarter of an hour.
pub(crate) fn keep_rows_from(connection: &Connection, instant: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE retention SET rows_from = max(coalesce(rows_from, ?1), ?1) \
             WHERE EXISTS (SELECT 1 FROM records WHERE ts < ?1)",
        )?
        .execute(params![instant])?;
    Ok(())
}

/// Forgets from when on there are rows, unless older rollups, or rows that are about to go, are still
/// there. `quarter` is where the rows begin.
pub(crate) fn forget_rows_from(connection: &Connection, quarter: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE retention SET rows_from = NULL \
             WHERE NOT EXISTS (SELECT 1 FROM rollups_quarter WHERE number < ?1) \
             AND NOT EXISTS (SELECT 1 FROM records WHERE ts < rows_from)",
        )?
        .execute(params![quarter])?;
    Ok(())
}

/// As in a ledger that nothing was ever deleted from; what is to be kept stays as it was stated.
pub(crate) fn clear(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute(
        "UPDATE retention SET records_from = NULL, rows_from = NULL, sessions_from = NULL, \
         latest_now = NULL, quarantine_overflow = 0",
        [],
    )?;
    Ok(())
}

/// Returns the times for which rows, rollups and sessions are to be kept, as text.
pub(crate) fn ages(connection: &Connection) -> rusqlite::Result<[Option<String>; 3]> {
    connection
        .prepare_cached("SELECT rows_age, sums_age, sessions_age FROM retention")?
        .query_row([], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?]))
}

pub(crate) fn set_ages(connection: &Connection, ages: [Option<String>; 3]) -> rusqlite::Result<()> {
    let [rows, rollups, sessions] = ages;
    connection
        .prepare_cached("UPDATE retention SET rows_age = ?1, sums_age = ?2, sessions_age = ?3")?
        .execute(params![rows, rollups, sessions])?;
    Ok(())
}
