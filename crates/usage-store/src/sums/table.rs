//! The tables of the sums: a number, and the totals of its stretch of time.

use rusqlite::{Connection, OptionalExtension, params};

use super::cells::Cells;
use super::{Level, Wrong};

impl Level {
    /// The table of this level's sums.
    pub(crate) const fn table(self) -> &'static str {
        match self {
            Self::All => "sums_of_all",
            Self::Quarter => "sums_by_quarter",
            Self::Day => "sums_by_day",
            Self::Month => "sums_by_month",
        }
    }

    /// What goes into the checksum of a stretch's totals.
    pub(super) const fn place(self, number: i64) -> [i64; 2] {
        [self as i64, number]
    }
}

/// The totals of one stretch of time; none where there are no records.
pub(crate) fn read(connection: &Connection, level: Level, number: i64) -> rusqlite::Result<Cells> {
    let found = connection
        .prepare_cached(&format!("SELECT cells FROM {} WHERE number = ?1", level.table()))?
        .query_row([number], |row| {
            Cells::decode(level.place(number), row.get_ref(0)?.as_blob()?)
                .map_err(|_| Wrong::Unreadable.into())
        })
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// Writes the totals of one stretch of time in place of those that there are.
pub(crate) fn write(
    connection: &Connection,
    level: Level,
    number: i64,
    cells: &Cells,
    buffer: &mut Vec<u8>,
) -> rusqlite::Result<()> {
    let table = level.table();
    if cells.is_empty() {
        return connection
            .prepare_cached(&format!("DELETE FROM {table} WHERE number = ?1"))?
            .execute([number])
            .map(drop);
    }
    cells.encode(level.place(number), buffer);
    connection
        .prepare_cached(&format!("INSERT OR REPLACE INTO {table} (number, cells) VALUES (?1, ?2)"))?
        .execute(params![number, *buffer])
        .map(drop)
}

/// The stretches of a level that there are sums of, from one on, in order.
pub(crate) fn numbers(
    connection: &Connection,
    level: Level,
    from: i64,
) -> rusqlite::Result<Vec<i64>> {
    connection
        .prepare_cached(&format!(
            "SELECT number FROM {} WHERE number >= ?1 ORDER BY number",
            level.table()
        ))?
        .query_map([from], |row| row.get(0))?
        .collect()
}

/// Deletes all sums.
pub(crate) fn clear(connection: &Connection) -> rusqlite::Result<()> {
    for level in Level::EACH {
        connection.execute(&format!("DELETE FROM {}", level.table()), [])?;
    }
    Ok(())
}
