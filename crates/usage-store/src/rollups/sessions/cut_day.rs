//! The day that holds both what frozen sessions came to and rows: it cannot be derived again from the rows alone.

use rusqlite::Connection;

use super::super::delta::Way;
use super::{SessionDelta, first_of_rows, start_of_day};
use crate::error::ReadError;
use crate::ledger::columns::{SELECT_COUNTS, TS, session, summary};
use crate::ledger::retained;
use crate::ledger::terms::Costs;

/// Counts the rows of that day out, has them changed, and counts them in again.
pub(crate) fn recount_cut_day<T>(
    connection: &Connection,
    change: impl FnOnce() -> Result<T, ReadError>,
) -> Result<T, ReadError> {
    let before = rows(connection)?;
    let changed = change()?;
    let after = rows(connection)?;
    before.apply(connection, Way::Out)?;
    after.apply(connection, Way::In)?;
    Ok(changed)
}

fn rows(connection: &Connection) -> Result<SessionDelta, ReadError> {
    let mut delta = SessionDelta::default();
    let Some(from) = retained::sessions_from(connection)? else { return Ok(delta) };
    let end = start_of_day(first_of_rows(connection)?);
    let sql = format!("{} WHERE ts >= ?1 AND ts < ?2 AND session IS NOT NULL", *SELECT_COUNTS);
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([from, end])?;
    let mut costs = Costs::new(connection);
    while let Some(row) = rows.next()? {
        if let Some(session) = session(row)? {
            delta.record(row.get(TS)?, session, row.get(0)?, &summary(row, &mut costs)?);
        }
    }
    Ok(delta)
}
