//! Things that cannot become a record of the ledger, kept with the reason.

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
            damage.reason.to_string(),
            damage.records.map(number),
            segment.as_bytes(),
            number(from.generation),
            number(damage.offset),
            number(damage.length),
        ])
        .map(drop)
}

/// A record in quarantine.
pub(crate) struct Kept {
    pub(crate) id: i64,
    /// Its line.
    pub(crate) content: Vec<u8>,
}

/// The first so many records in quarantine, of those with an id above `after`, in order.
pub(crate) fn records_after(
    connection: &Connection,
    after: i64,
    most: u32,
) -> rusqlite::Result<Vec<Kept>> {
    connection
        .prepare_cached(
            "SELECT id, content FROM set_aside WHERE kind = 'record' AND id > ?1 \
             ORDER BY id LIMIT ?2",
        )?
        .query_map(params![after, most], |row| Ok(Kept { id: row.get(0)?, content: row.get(1)? }))?
        .collect()
}

/// Returns the number of records that are quarantined.
pub(crate) fn count(connection: &Connection) -> rusqlite::Result<u64> {
    connection
        .prepare_cached("SELECT count(*) FROM set_aside WHERE kind = 'record'")?
        .query_row([], |row| row.get::<_, i64>(0).map(i64::unsigned_abs))
}

/// Gives one another reason: it is quarantined no more. By a deletion, so that it is counted out there.
pub(crate) fn give_reason(connection: &Connection, id: i64, reason: &str) -> rusqlite::Result<()> {
    let content: Vec<u8> = connection
        .prepare_cached("SELECT content FROM set_aside WHERE id = ?1")?
        .query_row([id], |row| row.get(0))?;
    forget(connection, id)?;
    connection
        .prepare_cached(
            "INSERT INTO set_aside (id, kind, content, reason, records) \
             VALUES (?1, 'record', ?2, ?3, 1)",
        )?
        .execute(params![id, content, reason])
        .map(drop)
}

/// Forgets one.
pub(crate) fn forget(connection: &Connection, id: i64) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM set_aside WHERE id = ?1")?.execute([id]).map(drop)
}

/// Forgets all records, and how many found no room; says how many there were.
pub(crate) fn forget_records(connection: &Connection) -> rusqlite::Result<u64> {
    connection.execute("UPDATE retention SET quarantine_overflow = 0", [])?;
    let forgotten = connection.execute("DELETE FROM set_aside WHERE kind = 'record'", [])?;
    Ok(forgotten as u64)
}

/// Forgets all of it.
pub(crate) fn clear(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM set_aside", []).map(drop)
}
