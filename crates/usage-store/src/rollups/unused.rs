//! Names that nothing uses any more.

use rusqlite::Connection;
use rustc_hash::FxHashSet;

use super::table::each_label_set;

/// Deletes the label sets that neither records nor sums use any more; says how many they were. Whoever
/// remembers ids of them finds out by the generation.
pub(super) fn remove_unused(connection: &Connection) -> rusqlite::Result<u64> {
    let mut used = FxHashSet::default();
    for sql in [
        "SELECT label_set FROM records",
        "SELECT label_set FROM rollups_folded",
        "SELECT into_set FROM rollups_folded",
    ] {
        let mut statement = connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            used.insert(row.get::<_, i64>(0)?);
        }
    }
    each_label_set(connection, |label_set| {
        used.insert(label_set);
    })?;
    let all: Vec<i64> = connection
        .prepare("SELECT id FROM label_sets")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let mut removed = 0;
    for id in all.iter().filter(|id| !used.contains(id)) {
        connection.prepare_cached("DELETE FROM label_sets WHERE id = ?1")?.execute([id])?;
        removed += 1;
    }
    if removed > 0 {
        connection.execute("UPDATE ledger SET label_generation = label_generation + 1", [])?;
    }
    Ok(removed)
}
