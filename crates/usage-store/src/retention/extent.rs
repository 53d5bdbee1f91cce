//! The number of records, and the time from the first to the last.

use rusqlite::{Connection, Params};
use usage_core::Timestamp;

/// Returns the number of records, the oldest and the newest.
pub(super) fn extent(
    connection: &Connection,
    condition: &str,
    parameters: impl Params,
) -> rusqlite::Result<(u64, Option<Timestamp>, Option<Timestamp>)> {
    let sql = format!("SELECT count(*), min(ts), max(ts) FROM records {condition}");
    connection.query_row(&sql, parameters, |row| {
        let (records, at) =
            (row.get::<_, i64>(0)?, |micros: Option<i64>| micros.map(Timestamp::from_micros));
        Ok((records.unsigned_abs(), at(row.get(1)?), at(row.get(2)?)))
    })
}
