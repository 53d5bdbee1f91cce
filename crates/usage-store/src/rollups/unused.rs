//! Names, sessions and tags that nothing uses any more.

use rusqlite::Connection;
use rustc_hash::FxHashSet;

use super::sessions as of_sessions;
use super::table::each_label_set;
use crate::error::ReadError;
use crate::ledger::contexts::{SESSIONS, TAG_SETS};
use crate::ledger::more::{More, MoreError};

/// The number of each that were removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Removed {
    pub(super) label_sets: u64,
    pub(super) sessions: u64,
    pub(super) tag_sets: u64,
}

/// Deletes the label sets that neither records nor rollups use any more, and the sessions and tags that no
/// record has. Whoever remembers ids of them finds out by the generation.
pub(super) fn remove_unused(connection: &Connection) -> rusqlite::Result<Removed> {
    let (mut used, mut sessions, mut tag_sets) =
        <(FxHashSet<i64>, FxHashSet<i64>, FxHashSet<i64>)>::default();
    let mut all_known = true;
    let mut statement = connection.prepare("SELECT label_set, session, more FROM records")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        used.insert(row.get(0)?);
        sessions.extend(row.get::<_, Option<i64>>(1)?);
        let more = row.get_ref(2)?.as_blob_or_null()?;
        match more.map_or(Ok(More::NONE), More::decode) {
            Ok(more) => tag_sets.extend(more.tag_set),
            // Which tags it has only a newer program can say.
            Err(MoreError::Newer) => all_known = false,
            Err(error) => return Err(error.into()),
        }
    }
    for sql in ["SELECT label_set FROM rollups_folded", "SELECT into_set FROM rollups_folded"] {
        let mut statement = connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            used.insert(row.get::<_, i64>(0)?);
        }
    }
    each_label_set(connection, |label_set| {
        used.insert(label_set);
    })?;
    let all_read = of_sessions::each_label_set(connection, |label_set| {
        used.insert(label_set);
    })
    .map_err(ReadError::into_sqlite)?;
    if !all_read {
        return Ok(Removed::default());
    }
    sessions.extend(with_rollups(connection)?);
    let removed = Removed {
        label_sets: remove_others(connection, "label_sets", &used)?,
        sessions: remove_others(connection, SESSIONS, &sessions)?,
        tag_sets: if all_known { remove_others(connection, TAG_SETS, &tag_sets)? } else { 0 },
    };
    if removed != Removed::default() {
        connection.execute("UPDATE ledger SET label_generation = label_generation + 1", [])?;
    }
    Ok(removed)
}

/// The sessions that have rollups: their records may be gone.
fn with_rollups(connection: &Connection) -> rusqlite::Result<Vec<i64>> {
    let mut statement = connection.prepare("SELECT DISTINCT session FROM session_sums")?;
    statement.query_map([], |row| row.get(0))?.collect()
}

fn remove_others(
    connection: &Connection,
    table: &str,
    used: &FxHashSet<i64>,
) -> rusqlite::Result<u64> {
    let all: Vec<i64> = connection
        .prepare(&format!("SELECT id FROM {table}"))?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut delete = connection.prepare(&format!("DELETE FROM {table} WHERE id = ?1"))?;
    let mut removed = 0;
    for id in all.iter().filter(|id| !used.contains(id)) {
        delete.execute([id])?;
        removed += 1;
    }
    Ok(removed)
}
