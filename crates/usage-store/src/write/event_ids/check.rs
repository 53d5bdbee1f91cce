//! The check that the entries and the records agree, both ways.

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use usage_core::Record;

use super::find::Place;
use super::rows::{END, Entry, alias, bytes, checked_from, entries, hasher};
use crate::error::ReadError;
use crate::write::tellings;

/// The place where entries and records disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stray {
    /// A record's event id is not known.
    Unknown(Entry),
    /// No record has the event id of an entry.
    NoRecord(Entry),
}

/// Looks for disagreements and gives each of them. What has no records any more cannot be looked at.
pub(crate) fn strays(
    connection: &Connection,
    mut give: impl FnMut(Stray),
) -> Result<(), ReadError> {
    let from = checked_from(connection)?;
    let mut known = connection
        .prepare("SELECT 1 FROM event_ids WHERE hash = ?1 AND record = ?2 AND ts = ?3")?;
    entries(connection, from, END, |entry| {
        if !known.exists([entry.hash, entry.record, entry.ts])? {
            give(Stray::Unknown(entry));
        }
        Ok(())
    })?;
    let hasher = hasher(connection)?;
    let mut statement = connection.prepare(
        "SELECT e.hash, e.record, e.ts, r.event_id, l.instance_id, r.label_set, r.more \
         FROM event_ids AS e LEFT JOIN records AS r ON r.ts = e.ts AND r.id = e.record \
         LEFT JOIN label_sets AS l ON l.id = r.label_set WHERE e.ts >= ?1",
    )?;
    let mut rows = statement.query([from])?;
    while let Some(row) = rows.next()? {
        let entry = Entry { hash: row.get(0)?, record: row.get(1)?, ts: row.get(2)? };
        let (event_id, instance) = (row.get_ref(3)?, row.get_ref(4)?);
        let has_names = instance != ValueRef::Null;
        let is_nameless = row.get_ref(5)? != ValueRef::Null && !has_names;
        let is_hash = |id: &[u8]| hasher.hash(bytes(instance), id) == entry.hash;
        let is_told = || {
            let told = tellings::read(connection, Place { ts: entry.ts, id: entry.record })?;
            Ok::<_, rusqlite::Error>(
                told.told.iter().flat_map(Record::ids).any(|id| is_hash(id.as_str().as_bytes())),
            )
        };
        let is_right = event_id != ValueRef::Null
            && has_names
            && (is_hash(bytes(event_id))
                || alias(row.get_ref(6)?).is_some_and(|alias| is_hash(alias.as_bytes()))
                || is_told()?);
        if !is_right && !is_nameless {
            give(Stray::NoRecord(entry));
        }
    }
    Ok(())
}

/// Returns whether there are as many entries as there have to be, with the same content as far as a
/// sum of hashes can tell. Both sides are read once, in their own order.
pub(crate) fn agree(connection: &Connection) -> Result<bool, ReadError> {
    let (from, hasher) = (checked_from(connection)?, hasher(connection)?);
    let mix = |entry: Entry| {
        let place = [entry.record.to_le_bytes(), entry.ts.to_le_bytes()].concat();
        hasher.hash(&entry.hash.to_le_bytes(), &place)
    };
    let (mut expected, mut found) = (0_i64, 0_i64);
    let mut more = 0_i64;
    entries(connection, from, END, |entry| {
        expected = expected.wrapping_add(mix(entry));
        more += 1;
        Ok(())
    })?;
    let mut statement =
        connection.prepare("SELECT hash, record, ts FROM event_ids WHERE ts >= ?1")?;
    let mut rows = statement.query([from])?;
    while let Some(row) = rows.next()? {
        let entry = Entry { hash: row.get(0)?, record: row.get(1)?, ts: row.get(2)? };
        found = found.wrapping_add(mix(entry));
        more -= 1;
    }
    Ok(expected == found && more == 0)
}
