//! Making the entries from the records.

use rusqlite::Connection;

use super::check::{agree, strays};
use super::find::INSERT;
use super::rows::{END, Entry, checked_from, entries};
use crate::error::ReadError;
use crate::write::join::damaged_tellings;
use crate::write::tellings;

/// The number of entries that are put in order at a time: 24 MB of them. In a table of any size
/// each page is then written once for many.
const AT_A_TIME: usize = 1 << 20;

/// Adds the entries of all records from an instant on, of which none is there yet.
pub(crate) fn fill(connection: &Connection, from: i64) -> Result<(), ReadError> {
    let mut pending = Vec::new();
    entries(connection, from, END, |entry| {
        pending.push(entry);
        if pending.len() == AT_A_TIME {
            put(connection, &mut pending)?;
        }
        Ok(())
    })?;
    put(connection, &mut pending)?;
    Ok(())
}

fn put(connection: &Connection, pending: &mut Vec<Entry>) -> rusqlite::Result<()> {
    pending.sort_unstable();
    let mut insert = connection.prepare_cached(INSERT)?;
    for Entry { hash, record, ts } in pending.drain(..) {
        insert.execute([hash, record, ts])?;
    }
    Ok(())
}

/// Makes the entries again where they and the records disagree, and forgets what was told of records where that is
/// wrong: they say what it came to. Returns in how many places something was.
///
/// The ids of records that were deleted are kept.
pub(crate) fn rebuild(connection: &Connection) -> Result<u64, ReadError> {
    let mut of_no_use = Vec::new();
    damaged_tellings(connection, |place, _| of_no_use.push(place))?;
    if of_no_use.is_empty() && agree(connection)? {
        return Ok(0);
    }
    let (mut faults, from) = (of_no_use.len() as u64, checked_from(connection)?);
    strays(connection, |_| faults += 1)?;
    for place in of_no_use {
        tellings::forget(connection, place)?;
    }
    connection.execute("DELETE FROM event_ids WHERE ts >= ?1", [from])?;
    fill(connection, from)?;
    Ok(faults)
}
