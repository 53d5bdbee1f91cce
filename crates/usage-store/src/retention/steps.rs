//! The transactions that a prune is made of. Whatever stops it between two of them, the rollups are
//! what they have to be: those of the rows from `rows_from` on, and before that those that were
//! kept.

use std::ops::Range;

use rusqlite::{Connection, OptionalExtension, params};
use usage_core::{TimeRange, Timestamp};

use crate::error::ReadError;
use crate::ledger::columns::{SELECT_COUNTS, TS, hash, session, summary};
use crate::ledger::retained;
use crate::ledger::terms::Costs;
use crate::rollups::{self, Delta, Level, Seen, quarter_of, start_of_quarter, totals_of_all};
use crate::write::event_ids::{self, Place};
use crate::write::tellings;

/// The two nearest instants that do not cut a quarter of an hour.
pub(crate) type Nearest = [Timestamp; 2];

/// Returns whether an instant cuts a quarter of an hour whose rows are gone and whose rollups are not:
/// nobody can say any more what the part before it comes to.
pub(crate) fn cut(connection: &Connection, at: Timestamp) -> rusqlite::Result<Option<Nearest>> {
    let micros = at.as_micros();
    let quarter = quarter_of(micros);
    if start_of_quarter(quarter) == micros
        || retained::rows_from(connection)?.is_none_or(|rows_from| micros >= rows_from)
        || rollups::read(connection, Level::Quarter, quarter)?.is_empty()
    {
        return Ok(None);
    }
    Ok(Some([quarter, quarter + 1].map(|at| Timestamp::from_micros(start_of_quarter(at)))))
}

/// Deletes up to that many of the oldest records of a range, and takes them out of the rollups unless
/// these are kept without them; says how many they were.
pub(super) fn delete_rows(
    connection: &Connection,
    range: &Range<i64>,
    most: i64,
) -> Result<u64, ReadError> {
    let (from, before) = (range.start, range.end);
    // The first record that stays for the next slice. Records lie in this order on disk.
    let next: Option<(i64, i64)> = connection
        .prepare_cached(
            "SELECT ts, id FROM records WHERE ts >= ?1 AND ts < ?2 ORDER BY ts, id \
             LIMIT 1 OFFSET ?3",
        )?
        .query_row([from, before, most], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (ts, id) = next.unwrap_or((before, i64::MIN));
    let delta = going(connection, from, (ts, id))?;
    // What goes from the oldest record on is refused from then on, and its ids with it.
    if from != i64::MIN {
        event_ids::forget_records(connection, from, (ts, id))?;
    }
    tellings::forget_rows(connection, from, Place { ts, id })?;
    let deleted = connection
        .prepare_cached("DELETE FROM records WHERE ts >= ?3 AND (ts, id) < (?1, ?2)")?
        .execute(params![ts, id, from])?;
    let Some((delta, first)) = delta else { return Ok(deleted as u64) };
    delta.deleting().count_out(connection)?;
    rollups::nothing_left(connection, &(first..quarter_of(ts).max(first)))?;
    Ok(deleted as u64)
}

/// Returns the rollups of the records from an instant on and before that one, but for those whose rollups stay; and the first
/// quarter of an hour that goes whole.
fn going(
    connection: &Connection,
    from: i64,
    (ts, id): (i64, i64),
) -> Result<Option<(Delta, i64)>, ReadError> {
    let rows_from = retained::rows_from(connection)?.unwrap_or(i64::MIN).max(from);
    if rows_from > ts {
        return Ok(None);
    }
    let sessions_from = retained::sessions_from(connection)?.unwrap_or(i64::MIN);
    let mut delta = Delta::default();
    let mut statement = connection
        .prepare_cached(&format!("{} WHERE ts >= ?3 AND (ts, id) < (?1, ?2)", *SELECT_COUNTS))?;
    let mut rows = statement.query([ts, id, rows_from])?;
    let mut costs = Costs::new(connection);
    while let Some(row) = rows.next()? {
        let counts = summary(row, &mut costs)?;
        let at = row.get(TS)?;
        let session = session(row)?.filter(|_| at >= sessions_from);
        delta.record(at, (row.get(0)?, session), hash(row)?, &counts);
    }
    Ok(Some((delta, quarter_of(rows_from) + i64::from(is_cut(rows_from)))))
}

/// Checks the records of the quarters of an hour that a range cuts: what stays of their rollups would be
/// wrong without a sign of it, where a record to be deleted is damaged.
pub(super) fn check_cut(connection: &Connection, range: &Range<i64>) -> Result<(), ReadError> {
    let rows_from = retained::rows_from(connection)?.unwrap_or(i64::MIN);
    for edge in [range.start, range.end] {
        if is_cut(edge) && edge >= rows_from {
            let quarter = quarter_of(edge);
            rollups::each_checked_row(connection, &(quarter..quarter + 1), |_, _, _, _| {})?;
        }
    }
    Ok(())
}

/// Returns whether an instant lies within a quarter of an hour.
const fn is_cut(at: i64) -> bool {
    at != i64::MIN && start_of_quarter(quarter_of(at)) != at
}

/// Deletes up to that many of the oldest rollups that were kept without rows and lie in a range, at every
/// level; says how many they were, and of how many requests. When there are none, and nothing else is
/// left of what has no rows, the ledger forgets that there was anything.
pub(super) fn delete_rollups(
    connection: &Connection,
    range: &Range<i64>,
    most: i64,
) -> rusqlite::Result<(u64, u64)> {
    let Some(rows_from) = retained::rows_from(connection)? else { return Ok((0, 0)) };
    let kept = quarters(range, rows_from);
    let numbers: Vec<i64> = connection
        .prepare_cached(
            "SELECT number FROM rollups_quarter WHERE number >= ?1 AND number < ?2 \
             ORDER BY number LIMIT ?3",
        )?
        .query_map([kept.start, kept.end, most], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    if numbers.is_empty() {
        retained::forget_rows_from(connection, quarter_of(rows_from))?;
        return Ok((0, 0));
    }
    let (mut delta, mut requests) = (Delta::default(), 0);
    for &number in &numbers {
        for (label_set, totals) in rollups::read(connection, Level::Quarter, number)?.iter() {
            delta.quarter(number, label_set, totals);
            requests += totals.requests;
        }
    }
    delta.deleting().count_out(connection)?;
    Ok((numbers.len() as u64, requests))
}

/// The whole quarters of an hour of a range that end where the rows begin.
fn quarters(range: &Range<i64>, rows_from: i64) -> Range<i64> {
    let first = match range.start {
        i64::MIN => i64::MIN,
        start if start_of_quarter(quarter_of(start)) == start => quarter_of(start),
        start => quarter_of(start) + 1,
    };
    first..quarter_of(range.end.min(rows_from)).max(first)
}

/// Rollups that have no rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    /// The number of quarters of an hour.
    pub(crate) quarters: u64,
    /// The number of requests that they count.
    pub(crate) requests: u64,
    /// The time when the first of these quarters begins, and the last one ends.
    pub(crate) extent: Option<[Timestamp; 2]>,
}

/// The rollups without rows of a range.
pub(crate) fn kept_in(connection: &Connection, range: &Range<i64>) -> Result<Kept, ReadError> {
    let Some(rows_from) = retained::rows_from(connection)? else { return Ok(Kept::default()) };
    let kept = quarters(range, rows_from);
    let (quarters, extent) = connection
        .prepare_cached(
            "SELECT count(*), min(number), max(number) FROM rollups_quarter \
             WHERE number >= ?1 AND number < ?2",
        )?
        .query_row([kept.start, kept.end], |row| {
            let ends = row.get::<_, Option<i64>>(1)?.zip(row.get::<_, Option<i64>>(2)?);
            Ok((row.get::<_, i64>(0)?.unsigned_abs(), ends))
        })?;
    let at = |quarter| Timestamp::from_micros(start_of_quarter(quarter));
    let extent = extent.map(|(first, last)| [at(first), at(last + 1)]);
    let Some([start, end]) = extent else { return Ok(Kept::default()) };
    let within = TimeRange { start: Some(start), end: Some(end) };
    let mut seen = Seen::default();
    let totals = totals_of_all(connection, std::iter::once(within), &mut seen)?;
    seen.check(connection)?;
    let requests = totals.iter().map(|totals| totals.requests).sum();
    Ok(Kept { quarters, requests, extent: Some([start, end]) })
}

/// The last quarter of an hour that has rollups and no rows.
pub(super) fn newest_kept(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    let Some(rows_from) = retained::rows_from(connection)? else { return Ok(None) };
    connection
        .prepare_cached("SELECT max(number) FROM rollups_quarter WHERE number < ?1")?
        .query_row([quarter_of(rows_from)], |row| row.get(0))
}
