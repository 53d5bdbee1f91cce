//! Where clocks were wrong: a horizon that lies ahead, records far from now, and what was refused.

use rusqlite::Connection;
use usage_core::Timestamp;

use super::advice::Advice;
use super::quarantine::QuarantineContents;
use crate::error::ReadError;
use crate::ledger::migrations::FIRST_WITH_ROLLUPS;
use crate::ledger::retained;

/// Clocks of different machines differ by less.
const SOON: i64 = 24 * 60 * 60 * 1_000_000;

/// The year 2000: no router was running, though a clock that was never set may say so.
const LONG_AGO: i64 = 946_684_800_000_000;

/// Returns the advice on it. Nothing where it cannot be read, which the checks have found.
pub(super) fn advice(
    connection: &Connection,
    version: i32,
    quarantine: &QuarantineContents,
    now: Option<Timestamp>,
) -> Result<Vec<Advice>, ReadError> {
    match found(connection, version, quarantine, now) {
        Err(error) if error.is_damage() => Ok(Vec::new()),
        result => result,
    }
}

fn found(
    connection: &Connection,
    version: i32,
    quarantine: &QuarantineContents,
    now: Option<Timestamp>,
) -> Result<Vec<Advice>, ReadError> {
    let mut advice = Vec::new();
    if version >= FIRST_WITH_ROLLUPS
        && let Some(from) = retained::records_from(connection)?
        && now.is_some_and(|now| from > now.as_micros())
    {
        advice.push(Advice::HorizonAhead(Timestamp::from_micros(from)));
    }
    if quarantine.quarantined > 0 {
        advice.push(Advice::Quarantined(quarantine.quarantined));
    }
    if quarantine.overflow > 0 {
        advice.push(Advice::QuarantineOverflow(quarantine.overflow));
    }
    let Some(now) = now else { return Ok(advice) };
    let later = now.as_micros().saturating_add(SOON);
    if let Some((records, [first, last])) =
        between(connection, later, Timestamp::END_RECORD.as_micros())?
    {
        advice.push(Advice::FarAhead { records, first, last });
    }
    // Where there is nothing else, it is what somebody wants, a test for instance.
    if between(connection, LONG_AGO, Timestamp::END_RECORD.as_micros())?.is_some()
        && let Some((records, [first, last])) =
            between(connection, Timestamp::MIN_RECORD.as_micros(), LONG_AGO)?
    {
        advice.push(Advice::FarBehind { records, first, last });
    }
    Ok(advice)
}

/// Returns the number of records that can be such from one instant up to another, and the first and the last of them.
fn between(
    connection: &Connection,
    from: i64,
    to: i64,
) -> rusqlite::Result<Option<(u64, [Timestamp; 2])>> {
    connection.query_row(
        "SELECT count(*), min(ts), max(ts) FROM records WHERE ts >= ?1 AND ts < ?2",
        [from, to],
        |row| {
            let ends = row.get::<_, Option<i64>>(1)?.zip(row.get::<_, Option<i64>>(2)?);
            let records = row.get::<_, i64>(0)?.unsigned_abs();
            Ok(ends.map(|(first, last)| (records, [first, last].map(Timestamp::from_micros))))
        },
    )
}
