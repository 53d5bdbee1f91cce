//! The check that event ids are unique, and can be found.

use rusqlite::Connection;
use usage_core::Timestamp;

use super::advice::Remedy;
use super::check::{Check, Place};
use super::depth::Depth;
use crate::error::ReadError;
use crate::ledger::migrations::FIRST_WITH_EVENT_IDS;
use crate::write::event_ids::{self, Entry, Stray};
use crate::write::join::damaged_tellings;

/// Event ids that several records have, by their text: by an index in an older ledger, where hardly ever
/// is anything left to be looked up, and without one where the hashes cannot be trusted.
const REPEATED_TEXTS: &str = "repeated AS (
    SELECT event_id FROM records WHERE event_id IS NOT NULL GROUP BY event_id HAVING count(*) > 1
), found AS (
    SELECT r.* FROM repeated JOIN records AS r ON r.event_id = repeated.event_id
)";

/// The same by the hashes of ids, where they agree with the records. Each record once, however many ids it has.
const REPEATED_HASHES: &str = "repeated AS (
    SELECT hash FROM event_ids GROUP BY hash HAVING count(*) > 1
), found AS (
    SELECT DISTINCT r.ts, r.id, r.event_id, r.label_set
    FROM repeated JOIN event_ids AS e ON e.hash = repeated.hash
           JOIN records AS r ON r.ts = e.ts AND r.id = e.record
)";

/// Checks that an event id of an instance is on one record only and, unless it is to be quick, that what was told of
/// records comes to them, and that the ids that are known are theirs.
pub(super) fn event_ids(
    connection: &Connection,
    version: i32,
    depth: Depth,
) -> Result<Check, ReadError> {
    let mut check = Check::new("event-ids");
    if version < FIRST_WITH_EVENT_IDS {
        repeated(connection, REPEATED_TEXTS, &mut check)?;
        return Ok(check);
    }
    if !event_ids::has_key(connection)? {
        return Ok(Check::skipped("event-ids"));
    }
    if depth != Depth::Quick {
        damaged_tellings(connection, |place, what| {
            let event_ids::Place { ts, id } = place;
            let place = Place::Record { id, timestamp: Timestamp::from_micros(ts) };
            check.add(place, what, Remedy::Rebuild);
        })?;
    }
    if depth == Depth::Quick || event_ids::agree(connection)? {
        repeated(connection, REPEATED_HASHES, &mut check)?;
        return Ok(check);
    }
    repeated(connection, REPEATED_TEXTS, &mut check)?;
    event_ids::strays(connection, |stray| {
        let (Entry { record: id, ts, .. }, what) = match stray {
            Stray::Unknown(entry) => (entry, "its event id is not among those that are known"),
            Stray::NoRecord(entry) => (entry, "an event id is known for it that it does not have"),
        };
        let place = Place::Record { id, timestamp: Timestamp::from_micros(ts) };
        check.add(place, what, Remedy::Rebuild);
    })?;
    Ok(check)
}

fn repeated(connection: &Connection, found: &str, check: &mut Check) -> Result<(), ReadError> {
    let mut statement = connection.prepare(&format!(
        "WITH {found}, numbered AS (
             SELECT r.ts, r.id, r.event_id, l.instance_id,
                    row_number() OVER (
                        PARTITION BY r.event_id, l.instance_id ORDER BY r.id
                    ) AS nth,
                    first_value(r.id) OVER (
                        PARTITION BY r.event_id, l.instance_id ORDER BY r.id
                    ) AS first
             FROM found AS r JOIN label_sets AS l ON l.id = r.label_set
         )
         SELECT ts, id, event_id, instance_id, first FROM numbered WHERE nth > 1 ORDER BY ts, id"
    ))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (id, timestamp) = (row.get(1)?, Timestamp::from_micros(row.get(0)?));
        let (event_id, instance): (String, String) = (row.get(2)?, row.get(3)?);
        let first: i64 = row.get(4)?;
        let what = format!("record {first} has the event id {event_id:?} of {instance:?} too");
        check.add(Place::Record { id, timestamp }, what, Remedy::RemoveRecord { id, timestamp });
    }
    Ok(())
}
