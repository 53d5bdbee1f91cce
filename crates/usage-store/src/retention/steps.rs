//! The transactions that a prune is made of. Whatever stops it between two of them, the sums are
//! what they have to be: those of the rows from `rows_from` on, and before that those that were
//! kept.

use rusqlite::{Connection, OptionalExtension, params};
use usage_core::Timestamp;

use crate::error::ReadError;
use crate::event_ids;
use crate::report::{COUNTS, summary};
use crate::retained;
use crate::sums::{self, Change, Level, quarter_of, start_of_quarter};

/// The two nearest instants that do not cut a quarter of an hour.
pub(super) type Nearest = [Timestamp; 2];

/// What comes before anything is deleted: whoever deletes a record sees to it that it cannot come
/// back, and rows that go without their sums are marked as gone while they are still there. From
/// then on nobody needs them.
///
/// Breaks off with the nearest instants when `before` cuts kept sums in two.
pub(super) fn begin(
    connection: &Connection,
    before: Timestamp,
    keep_sums: bool,
) -> rusqlite::Result<Option<Nearest>> {
    if !keep_sums && let Some(nearest) = cut(connection, before)? {
        return Ok(Some(nearest));
    }
    retained::refuse_before(connection, before.as_micros())?;
    if keep_sums {
        // The event ids stay too.
        retained::keep_rows_from(connection, before.as_micros())?;
    } else {
        event_ids::forget_before(connection, before.as_micros())?;
    }
    Ok(None)
}

/// Whether an instant cuts a quarter of an hour whose rows are gone and whose sums are not: nobody
/// can say any more what the part before it comes to.
pub(super) fn cut(connection: &Connection, at: Timestamp) -> rusqlite::Result<Option<Nearest>> {
    let micros = at.as_micros();
    let quarter = quarter_of(micros);
    if start_of_quarter(quarter) == micros
        || retained::rows_from(connection)?.is_none_or(|rows_from| micros >= rows_from)
        || sums::read(connection, Level::Quarter, quarter)?.is_empty()
    {
        return Ok(None);
    }
    Ok(Some([quarter, quarter + 1].map(|at| Timestamp::from_micros(start_of_quarter(at)))))
}

/// Deletes up to that many of the oldest records before an instant, and takes them out of the sums
/// unless these are kept without them; says how many they were.
pub(super) fn delete_rows(
    connection: &Connection,
    before: Timestamp,
    most: i64,
) -> rusqlite::Result<u64> {
    let before = before.as_micros();
    // The first record that stays for the next slice. Records lie in this order on disk.
    let next: Option<(i64, i64)> = connection
        .prepare_cached(
            "SELECT ts, id FROM records WHERE ts < ?1 ORDER BY ts, id LIMIT 1 OFFSET ?2",
        )?
        .query_row([before, most], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (ts, id) = next.unwrap_or((before, i64::MIN));
    count_out(connection, (ts, id))?;
    let deleted = connection
        .prepare_cached("DELETE FROM records WHERE (ts, id) < (?1, ?2)")?
        .execute(params![ts, id])?;
    Ok(deleted as u64)
}

/// Takes the records before that one out of the sums, but for those whose sums stay.
fn count_out(connection: &Connection, (ts, id): (i64, i64)) -> rusqlite::Result<()> {
    let rows_from = retained::rows_from(connection)?.unwrap_or(i64::MIN);
    if rows_from > ts {
        return Ok(());
    }
    let mut change = Change::default();
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COUNTS}, ts, id FROM records WHERE ts >= ?3 AND (ts, id) < (?1, ?2)"
    ))?;
    let mut rows = statement.query([ts, id, rows_from])?;
    while let Some(row) = rows.next()? {
        let counts = summary(row).map_err(ReadError::into_sqlite)?;
        change.record(row.get(8)?, row.get(9)?, row.get(0)?, &counts);
    }
    change.count_out(connection)
}

/// Deletes up to that many of the oldest sums that were kept without rows and lie before an
/// instant, at every level; says how many they were. When there are none, and nothing else is left
/// of what has no rows, the ledger forgets that there was anything.
pub(super) fn delete_sums(
    connection: &Connection,
    before: Timestamp,
    most: i64,
) -> rusqlite::Result<u64> {
    let Some(rows_from) = retained::rows_from(connection)? else { return Ok(0) };
    let end = quarter_of(before.as_micros().min(rows_from));
    let numbers: Vec<i64> = connection
        .prepare_cached(
            "SELECT number FROM rollups_quarter WHERE number < ?1 ORDER BY number LIMIT ?2",
        )?
        .query_map([end, most], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    if numbers.is_empty() {
        retained::forget_rows_from(connection, quarter_of(rows_from))?;
        return Ok(0);
    }
    let mut change = Change::default();
    for &number in &numbers {
        for (label_set, totals) in sums::read(connection, Level::Quarter, number)?.iter() {
            change.quarter(number, label_set, totals);
        }
    }
    change.count_out(connection)?;
    Ok(numbers.len() as u64)
}

/// How many quarters of an hour before an instant have sums and no rows.
pub(super) fn kept_before(connection: &Connection, before: Timestamp) -> rusqlite::Result<u64> {
    let Some(rows_from) = retained::rows_from(connection)? else { return Ok(0) };
    let end = quarter_of(before.as_micros().min(rows_from));
    connection
        .prepare_cached("SELECT count(*) FROM rollups_quarter WHERE number < ?1")?
        .query_row([end], |row| row.get::<_, i64>(0).map(i64::unsigned_abs))
}
