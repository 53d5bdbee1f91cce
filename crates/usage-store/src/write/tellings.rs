//! The tellings of the events that were told more than once, apart: their rows are what these come to.
//!
//! An event that was told once has nothing here: its row is its telling.

use rusqlite::{Connection, params};
use usage_core::record::{Tellings, line};
use usage_core::{EventId, LabelInterner, Record, Timestamp};

use crate::write::event_ids::Place;

/// Hardly ever more names than these in the tellings of one event.
const NAMES: usize = 64;

/// The tellings of a row that are kept.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// Those that can be read.
    pub(crate) told: Vec<Record>,
    /// The number of those that cannot.
    pub(crate) unreadable: u64,
}

/// Reads the tellings of a row, none where it was told once.
pub(crate) fn read(connection: &Connection, of: Place) -> rusqlite::Result<Kept> {
    let mut statement = connection.prepare_cached(
        "SELECT content FROM tellings WHERE ts = ?1 AND record = ?2 ORDER BY number",
    )?;
    let mut rows = statement.query([of.ts, of.id])?;
    let (mut kept, mut interner) = (Kept::default(), LabelInterner::new(NAMES));
    while let Some(row) = rows.next()? {
        let content = row.get_ref(0)?.as_bytes().unwrap_or_default();
        match line::parse(content, Timestamp::MIN_RECORD, &mut interner) {
            Ok(telling) => kept.told.push(telling),
            Err(_) => kept.unreadable += 1,
        }
    }
    Ok(kept)
}

/// Returns whether a row was told in several ways.
pub(crate) fn has_several(connection: &Connection, of: Place) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM tellings WHERE ts = ?1 AND record = ?2")?
        .exists([of.ts, of.id])
}

/// Returns whether one of a row's tellings has an id.
pub(crate) fn have_id(connection: &Connection, of: Place, id: &EventId) -> rusqlite::Result<bool> {
    let kept = read(connection, of)?;
    Ok(kept.told.iter().any(|told| told.ids().any(|of| of == id)))
}

/// Puts these in place of a row's tellings; none where they are the row itself.
pub(crate) fn write(
    connection: &Connection,
    of: Place,
    told: &Tellings,
    row: &Record,
) -> rusqlite::Result<()> {
    forget(connection, of)?;
    if told.kept().all(|told| told == row) {
        return Ok(());
    }
    let mut insert = connection.prepare_cached(
        "INSERT INTO tellings (ts, record, number, content) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for (number, told) in (0_i64..).zip(told.kept()) {
        insert.execute(params![of.ts, of.id, number, line::write(told)])?;
    }
    Ok(())
}

/// Forgets the tellings of a row.
pub(crate) fn forget(connection: &Connection, of: Place) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM tellings WHERE ts = ?1 AND record = ?2")?
        .execute([of.ts, of.id])
        .map(drop)
}

/// Forgets the tellings and the trails of the rows from an instant on and before a place in their order.
pub(crate) fn forget_rows(
    connection: &Connection,
    from: i64,
    before: Place,
) -> rusqlite::Result<()> {
    for sql in [
        "DELETE FROM tellings WHERE ts >= ?1 AND (ts, record) < (?2, ?3)",
        "DELETE FROM amendments WHERE ts >= ?1 AND (ts, id) < (?2, ?3)",
    ] {
        connection.prepare_cached(sql)?.execute([from, before.ts, before.id])?;
    }
    Ok(())
}
