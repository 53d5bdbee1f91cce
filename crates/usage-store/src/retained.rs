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

/// Sums older than `instant` do without rows from now on, if there are any rows that old; never goes
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

/// Forgets from when on there are rows, unless older sums, or rows that are about to go, are still
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
    connection.execute("UPDATE retention SET records_from = NULL, rows_from = NULL", [])?;
    Ok(())
}

/// How long rows and sums are to be kept, as text.
pub(crate) fn ages(connection: &Connection) -> rusqlite::Result<[Option<String>; 2]> {
    connection
        .prepare_cached("SELECT rows_age, sums_age FROM retention")?
        .query_row([], |row| Ok([row.get(0)?, row.get(1)?]))
}

pub(crate) fn set_ages(connection: &Connection, ages: [Option<String>; 2]) -> rusqlite::Result<()> {
    let [rows, sums] = ages;
    connection
        .prepare_cached("UPDATE retention SET rows_age = ?1, sums_age = ?2")?
        .execute(params![rows, sums])?;
    Ok(())
}
