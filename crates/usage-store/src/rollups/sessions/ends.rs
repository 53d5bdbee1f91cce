//! The places where sessions begin and end, after something of them has gone.

use std::collections::BTreeMap;

use rusqlite::Connection;
use rustc_hash::FxHashMap;

use super::table::SessionTotals;
use super::{DAY, day_of, start_of_day};
use crate::ledger::retained;

/// Sets the times of the first and the last record of these sessions, which lie within those that were known. Looks at
/// the rows of the first and of the last day that something is left of, up to where each session has been found.
///
/// Of a day whose rows are gone nobody knows it exactly any more where a part of the session has gone since: the day's
/// own ends are taken then, as far as they lie within what was known.
pub(super) fn settle(connection: &Connection, sessions: &[i64]) -> rusqlite::Result<()> {
    let from = retained::sessions_from(connection)?.unwrap_or(i64::MIN);
    let mut totals = FxHashMap::default();
    // By day: for each session from where on, or up to where, to look.
    let (mut firsts, mut lasts) = <(BTreeMap<i64, Wanted>, BTreeMap<i64, Wanted>)>::default();
    for &session in sessions {
        let Some(mut of) = SessionTotals::read(connection, session)? else { continue };
        let days = days(connection, session)?;
        let Some(((first, last), (first_day, last_day))) = of.ends.zip(days) else {
            of.ends = None;
            of.write(connection, session)?;
            continue;
        };
        let first = first.max(start_of_day(first_day));
        let last = last.min(start_of_day(last_day) + DAY - 1);
        if first >= from {
            firsts.entry(first_day).or_default().insert(session, first);
        }
        if last >= from {
            lasts.entry(last_day).or_default().insert(session, last);
        }
        of.ends = Some((first, last));
        totals.insert(session, of);
    }
    for (day, wanted) in firsts {
        let start = wanted.values().copied().min().unwrap_or_default();
        let range = (start, start_of_day(day) + DAY - 1);
        find(connection, FORWARD, range, wanted, |session, ts| {
            set(&mut totals, session, |(_, last)| (ts, last));
        })?;
    }
    for (day, wanted) in lasts {
        let end = wanted.values().copied().max().unwrap_or_default();
        let range = (start_of_day(day).max(from), end);
        let left = find(connection, BACKWARD, range, wanted, |session, ts| {
            set(&mut totals, session, |(first, _)| (first, ts));
        })?;
        // What is left of them lies before the rows.
        for session in left.into_keys() {
            set(&mut totals, session, |(first, last)| (first, last.min(from.saturating_sub(1))));
        }
    }
    for (session, of) in totals {
        of.write(connection, session)?;
    }
    Ok(())
}

type Wanted = FxHashMap<i64, i64>;

const FORWARD: &str = "SELECT ts, session FROM records WHERE ts >= ?1 AND ts <= ?2 ORDER BY ts, id";
const BACKWARD: &str =
    "SELECT ts, session FROM records WHERE ts >= ?1 AND ts <= ?2 ORDER BY ts DESC, id DESC";

fn set(
    totals: &mut FxHashMap<i64, SessionTotals>,
    session: i64,
    with: impl Fn((i64, i64)) -> (i64, i64),
) {
    if let Some(of) = totals.get_mut(&session) {
        of.ends = of.ends.map(with);
    }
}

/// Gives the first row of each session in an order; returns those that have none.
fn find(
    connection: &Connection,
    sql: &str,
    range: (i64, i64),
    mut wanted: Wanted,
    mut found: impl FnMut(i64, i64),
) -> rusqlite::Result<Wanted> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([range.0, range.1])?;
    while !wanted.is_empty() {
        let Some(row) = rows.next()? else { break };
        let Some(session) = row.get::<_, Option<i64>>(1)? else { continue };
        if wanted.remove(&session).is_some() {
            found(session, row.get(0)?);
        }
    }
    Ok(wanted)
}

/// The first and the last day of a session.
fn days(connection: &Connection, session: i64) -> rusqlite::Result<Option<(i64, i64)>> {
    connection
        .prepare_cached("SELECT min(day), max(day) FROM session_sums WHERE session = ?1")?
        .query_row([session], |row| Ok(row.get::<_, Option<i64>>(0)?.zip(row.get(1)?)))
}

/// The ends that a session can have by its days, as near as may be to those that are known.
pub(super) fn within_days(known: Option<(i64, i64)>, days: (i64, i64)) -> (i64, i64) {
    let (start, end) = (start_of_day(days.0), start_of_day(days.1) + DAY - 1);
    let first = known.map(|(first, _)| first).filter(|first| day_of(*first) == days.0);
    let last = known.map(|(_, last)| last).filter(|last| day_of(*last) == days.1);
    (first.unwrap_or(start), last.unwrap_or(end))
}
