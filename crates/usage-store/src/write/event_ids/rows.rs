//! The entries as they have to be, going by the records.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row};
use rustc_hash::FxHashMap;

use super::find::{Place, hasher_of};
use super::hash::EventHasher;
use crate::error::{Damaged, ReadError};
use crate::ledger::more::More;
use crate::ledger::retained;
use crate::write::tellings;

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    pub(crate) hash: i64,
    /// The record's id.
    pub(crate) record: i64,
    /// The record's time.
    pub(crate) ts: i64,
}

/// Returns whether a ledger has the key, without which nobody can say what an entry stands for.
pub(crate) fn has_key(connection: &Connection) -> rusqlite::Result<bool> {
    Ok(key(connection)?.is_some())
}

/// Returns the hasher of a ledger.
pub(super) fn hasher(connection: &Connection) -> Result<EventHasher, ReadError> {
    key(connection)?.ok_or_else(|| Damaged::event_key().into())
}

fn key(connection: &Connection) -> rusqlite::Result<Option<EventHasher>> {
    let of = |row: &Row<'_>| Ok(hasher_of(row.get_ref(0)?));
    let key = connection.query_row("SELECT event_id_key FROM ledger", [], of).optional()?;
    Ok(key.flatten())
}

/// From when on every entry has its record: older records may be deleted with their ids kept, or are
/// about to be deleted.
pub(super) fn checked_from(connection: &Connection) -> rusqlite::Result<i64> {
    let ids_from: Option<i64> =
        connection.query_row("SELECT ids_from FROM retention", [], |row| row.get(0))?;
    Ok(retained::rows_from(connection)?.max(ids_from).unwrap_or(i64::MIN))
}

/// Behind all records.
pub(super) const END: (i64, i64) = (i64::MAX, i64::MAX);

/// Gives the entries of each record that has an event id, one for each id that its event was told with, of those
/// from an instant on and before a place in their order, [`END`] for all.
/// One without names, which the check of the records finds, has none.
pub(super) fn entries(
    connection: &Connection,
    from: i64,
    (ts, id): (i64, i64),
    mut give: impl FnMut(Entry) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let (hasher, instances) = (hasher(connection)?, instances(connection)?);
    let mut statement = connection.prepare(
        "SELECT ts, id, label_set, event_id, more, \
                EXISTS (SELECT 1 FROM tellings AS t WHERE t.ts = r.ts AND t.record = r.id) \
         FROM records AS r WHERE event_id IS NOT NULL AND ts >= ?1 AND (ts, id) < (?2, ?3)",
    )?;
    let mut rows = statement.query([from, ts, id])?;
    let mut hashes = Vec::new();
    while let Some(row) = rows.next()? {
        let Some(instance) = instances.get(&row.get(2)?) else { continue };
        let place = Place { ts: row.get(0)?, id: row.get(1)? };
        hashes.clear();
        hashes.push(hasher.hash(instance, bytes(row.get_ref(3)?)));
        if let Some(alias) = alias(row.get_ref(4)?) {
            hashes.push(hasher.hash(instance, alias.as_bytes()));
        }
        if row.get(5)? {
            for told in tellings::read(connection, place)?.told {
                hashes.extend(told.ids().map(|id| hasher.hash(instance, id.as_str().as_bytes())));
            }
        }
        hashes.sort_unstable();
        hashes.dedup();
        for &hash in &hashes {
            give(Entry { hash, record: place.id, ts: place.ts })?;
        }
    }
    Ok(())
}

/// The alias among what else a row says; none where nobody can read that.
pub(super) fn alias(more: ValueRef<'_>) -> Option<&str> {
    More::decode(more.as_blob().ok()?).ok()?.alias
}

/// The bytes of a text; none where somebody has put something else there.
pub(super) fn bytes(value: ValueRef<'_>) -> &[u8] {
    value.as_bytes().unwrap_or_default()
}

/// The instance of each label set.
fn instances(connection: &Connection) -> rusqlite::Result<FxHashMap<i64, Vec<u8>>> {
    connection
        .prepare("SELECT id, instance_id FROM label_sets")?
        .query_map([], |row| Ok((row.get(0)?, bytes(row.get_ref(1)?).to_vec())))?
        .collect()
}
