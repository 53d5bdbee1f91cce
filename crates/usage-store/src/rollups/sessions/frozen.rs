//! Sessions whose rows are gone: taking out of them, or forgetting them.

use std::ops::Range;

use rusqlite::{Connection, OptionalExtension, params};

use super::table::SessionTotals;
use super::{DAY, day_of, ends, first_of_rows, table};
use crate::ledger::retained;

/// Takes the whole days of a range whose rows are gone out of the sessions, looking at up to so many entries from a
/// session and day on; returns from which to go on, if there are more. A day that the range cuts stays: nobody knows
/// any more which part of it went.
pub(crate) fn forget_frozen(
    connection: &Connection,
    range: &Range<i64>,
    from: (i64, i64),
    most: i64,
) -> rusqlite::Result<Option<(i64, i64)>> {
    if retained::sessions_from(connection)?.is_none() {
        return Ok(None);
    }
    // Of a day that rows begin in, these have been taken out: what is left of it has none.
    let end = day_of(range.end).min(first_of_rows(connection)?);
    let first = match range.start {
        i64::MIN => i64::MIN,
        start => day_of(start) + i64::from(start.rem_euclid(DAY) != 0),
    };
    if first >= end {
        return Ok(None);
    }
    let next: Option<(i64, i64)> = connection
        .prepare_cached(
            "SELECT session, day FROM session_sums WHERE (session, day) >= (?1, ?2) \
             ORDER BY session, day LIMIT 1 OFFSET ?3",
        )?
        .query_row([from.0, from.1, most], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let before = next.unwrap_or((i64::MAX, i64::MAX));
    let keys: Vec<(i64, i64)> = connection
        .prepare_cached(
            "SELECT session, day FROM session_sums WHERE (session, day) >= (?1, ?2) \
             AND (session, day) < (?3, ?4) AND day >= ?5 AND day < ?6 ORDER BY session, day",
        )?
        .query_map(params![from.0, from.1, before.0, before.1, first, end], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?
        .collect::<Result<_, _>>()?;
    let (mut moved, mut buffer) = (Vec::new(), Vec::new());
    for of_session in keys.chunk_by(|(one, _), (other, _)| one == other) {
        let Some(&(session, _)) = of_session.first() else { continue };
        let mut sum = SessionTotals::read(connection, session)?.unwrap_or_default();
        for &key in of_session {
            for (_, totals) in table::read(connection, key)?.iter() {
                sum.add(totals, -1);
            }
            table::write(connection, key, &Default::default(), &mut buffer)?;
        }
        sum.write(connection, session)?;
        moved.push(session);
    }
    ends::settle(connection, &moved)?;
    if next.is_none() {
        retained::forget_sessions_from(connection, first_of_rows(connection)?)?;
    }
    Ok(next)
}

/// Forgets up to so many sessions whose last record was before an instant and whose rows are gone; says how many they
/// were.
pub(crate) fn forget_old(connection: &Connection, before: i64, most: i64) -> rusqlite::Result<u64> {
    let before = before.min(retained::sessions_from(connection)?.unwrap_or(i64::MIN));
    let sql = "SELECT id FROM sessions WHERE last < ?1 ORDER BY last LIMIT ?2";
    let old: Vec<i64> = connection
        .prepare_cached(sql)?
        .query_map([before, most], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut rollups = connection.prepare_cached("DELETE FROM session_sums WHERE session = ?1")?;
    for session in &old {
        rollups.execute([session])?;
    }
    forget(connection, &old)
}

/// Forgets up to so many sessions that nothing is left of; says how many they were.
pub(crate) fn forget_unused_sessions(connection: &Connection, most: i64) -> rusqlite::Result<u64> {
    let unused: Vec<i64> = connection
        .prepare_cached("SELECT id FROM sessions WHERE last IS NULL LIMIT ?1")?
        .query_map([most], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    forget(connection, &unused)
}

/// Other processes remember ids of sessions: the generation tells them to forget these.
fn forget(connection: &Connection, sessions: &[i64]) -> rusqlite::Result<u64> {
    if sessions.is_empty() {
        return Ok(0);
    }
    let mut delete = connection.prepare_cached("DELETE FROM sessions WHERE id = ?1")?;
    for session in sessions {
        delete.execute([session])?;
    }
    connection.execute("UPDATE ledger SET label_generation = label_generation + 1", [])?;
    Ok(sessions.len() as u64)
}
