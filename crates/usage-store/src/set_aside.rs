//! What cannot become a record of the ledger, kept with the reason.

use rusqlite::{Connection, params};
use usage_core::Record;
use usage_core::record::line;
use usage_core::sink::{Damage, Position, SegmentId};

/// Keeps a record that the database refuses, as its line.
pub(crate) fn record(
    connection: &Connection,
    record: &Record,
    reason: &str,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO set_aside (kind, content, reason, records) VALUES ('record', ?1, ?2, 1)",
        )?
        .execute(params![line::write(record).into_bytes(), reason])
        .map(drop)
}

/// Keeps the bytes of a piece of a journal that could not be read.
pub(crate) fn damage(
    connection: &Connection,
    segment: SegmentId,
    from: Position,
    damage: &Damage,
) -> rusqlite::Result<()> {
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    connection
        .prepare_cached(
            "INSERT INTO set_aside \
             (kind, content, reason, records, segment, generation, place, bytes) \
             VALUES ('journal', ?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            damage.bytes,
            damage.reason,
            damage.records.map(number),
            segment.as_bytes(),
            number(from.generation),
            number(damage.offset),
            number(damage.length),
        ])
        .map(drop)
}

/// Forgets all of it.
pub(crate) fn clear(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM set_aside", []).map(drop)
}
