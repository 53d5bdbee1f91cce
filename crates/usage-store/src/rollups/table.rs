//! The tables of the rollups: the first piece of each stretch of time in a table of its level, and the
//! later ones of stretches with very many names in a table for all levels.

use std::ops::Range;

use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params};
use usage_core::stats::Summary;

use super::level::OF_ALL;
use super::piece::{Head, Place, decode_totals, stored_checksum};
use super::{Level, Rollup, RollupError, all};

impl Level {
    /// The table of this level's rollups.
    pub(crate) const fn table(self) -> &'static str {
        match self {
            Self::All => "rollups_all",
            Self::Quarter => "rollups_quarter",
            Self::Day => "rollups_day",
            Self::Month => "rollups_month",
        }
    }
}

/// A piece as it was found.
#[derive(Default)]
pub(super) struct Found {
    pub(super) head: Head,
    pub(super) rollup: Rollup,
    pub(super) checksum: u32,
}

/// Reads a piece; none where there is no such row.
pub(super) fn read_piece(connection: &Connection, place: Place) -> rusqlite::Result<Option<Found>> {
    let Place { level, number, first } = place;
    let found = |row: &Row<'_>| found(row, place);
    if first == 0 {
        connection.prepare_cached(&read_first(level))?.query_row([number], found).optional()
    } else {
        connection
            .prepare_cached(
                "SELECT cells FROM rollup_pieces WHERE level = ?1 AND number = ?2 AND first = ?3",
            )?
            .query_row([level as i64, number, first], found)
            .optional()
    }
}

fn read_first(level: Level) -> String {
    format!("SELECT cells FROM {} WHERE number = ?1", level.table())
}

fn found(row: &Row<'_>, place: Place) -> rusqlite::Result<Found> {
    let bytes = row.get_ref(0)?.as_blob()?;
    let (head, encoded) = place.decode(bytes)?;
    Ok(Found { head, rollup: Rollup::of(encoded)?, checksum: stored_checksum(bytes) })
}

/// The pieces of a level's stretches, with the statements for the first ones at hand while many of these change: to
/// take one from the cache and to put it back costs nearly as much as to carry it out.
pub(super) struct Pieces<'c> {
    pub(super) connection: &'c Connection,
    pub(super) level: Level,
    read: CachedStatement<'c>,
    write: CachedStatement<'c>,
}

impl<'c> Pieces<'c> {
    pub(super) fn of(connection: &'c Connection, level: Level) -> rusqlite::Result<Self> {
        let read = connection.prepare_cached(&read_first(level))?;
        let table = level.table();
        let write = format!("INSERT OR REPLACE INTO {table} (number, cells) VALUES (?1, ?2)");
        let write = connection.prepare_cached(&write)?;
        Ok(Self { connection, level, read, write })
    }

    /// Reads a piece; none where there is no such row.
    pub(super) fn read(&mut self, place: Place) -> rusqlite::Result<Option<Found>> {
        if place.first != 0 {
            return read_piece(self.connection, place);
        }
        self.read.query_row([place.number], |row| found(row, place)).optional()
    }

    /// Writes a piece in place of the one that there is.
    pub(super) fn write(&mut self, place: Place, bytes: &[u8]) -> rusqlite::Result<()> {
        let Place { level, number, first } = place;
        if first == 0 {
            self.write.raw_bind_parameter(1, number)?;
            self.write.raw_bind_parameter(2, bytes)?;
            self.write.raw_execute()?;
        } else {
            let sql = "INSERT OR REPLACE INTO rollup_pieces (level, number, first, cells) \
                       VALUES (?1, ?2, ?3, ?4)";
            let mut statement = self.connection.prepare_cached(sql)?;
            statement.execute(params![level as i64, number, first, bytes])?;
        }
        Ok(())
    }
}

pub(super) fn delete_piece(connection: &Connection, place: Place) -> rusqlite::Result<()> {
    let Place { level, number, first } = place;
    if first == 0 {
        let sql = format!("DELETE FROM {} WHERE number = ?1", level.table());
        connection.prepare_cached(&sql)?.execute([number])?;
    } else {
        let sql = "DELETE FROM rollup_pieces WHERE level = ?1 AND number = ?2 AND first = ?3";
        connection.prepare_cached(sql)?.execute([level as i64, number, first])?;
    }
    Ok(())
}

/// The place where the later pieces of a stretch begin, in order.
pub(super) fn later_pieces(
    connection: &Connection,
    level: Level,
    number: i64,
) -> rusqlite::Result<Vec<i64>> {
    connection
        .prepare_cached(
            "SELECT first FROM rollup_pieces WHERE level = ?1 AND number = ?2 ORDER BY first",
        )?
        .query_map([level as i64, number], |row| row.get(0))?
        .collect()
}

/// The totals of one stretch of time; none where there are no records.
pub(crate) fn read(connection: &Connection, level: Level, number: i64) -> rusqlite::Result<Rollup> {
    if level == Level::All {
        let (of_all, _) = all::read(connection, number)?;
        let is_there = of_all.totals.requests > 0;
        return Ok(is_there.then_some((OF_ALL, of_all.totals)).into_iter().collect());
    }
    let Some(found) = read_piece(connection, Place::first_of(level, number))? else {
        return Ok(Rollup::default());
    };
    let mut rollup = found.rollup;
    if found.head.has_more {
        for first in later_pieces(connection, level, number)? {
            let piece = read_piece(connection, Place { level, number, first })?;
            for (label_set, totals) in piece.unwrap_or_default().rollup.iter() {
                rollup.push((label_set, *totals))?;
            }
        }
    }
    Ok(rollup)
}

/// Hands out the first piece of each stretch of a range, in order, as it is stored.
fn each_first(
    connection: &Connection,
    level: Level,
    numbers: &Range<i64>,
    mut found: impl FnMut(i64, &[u8]) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT number, cells FROM {} WHERE number >= ?1 AND number < ?2 ORDER BY number",
        level.table()
    ))?;
    let mut rows = statement.query([numbers.start, numbers.end])?;
    while let Some(row) = rows.next()? {
        found(row.get(0)?, row.get_ref(1)?.as_blob()?)?;
    }
    Ok(())
}

/// Hands out each cell of a range of stretches, not in order: its label set, and the bytes from which its totals have
/// to be taken.
pub(super) fn each_cell(
    connection: &Connection,
    level: Level,
    numbers: &Range<i64>,
    mut take: impl FnMut(i64, &mut &[u8]) -> Result<(), RollupError>,
) -> rusqlite::Result<()> {
    each_first(connection, level, numbers, |number, bytes| {
        let (head, rollup) = Place::first_of(level, number).decode(bytes)?;
        rollup.each(&mut take)?;
        if head.has_more {
            each_later_cell(connection, level, number, &mut take)?;
        }
        Ok(())
    })
}

/// Hands out the label sets of a range of stretches, as often as there are totals of them.
pub(super) fn each_label_set_of(
    connection: &Connection,
    level: Level,
    numbers: &Range<i64>,
    mut found: impl FnMut(i64),
) -> rusqlite::Result<()> {
    let mut passed_over = Summary::default();
    each_cell(connection, level, numbers, |label_set, rest| {
        decode_totals(rest, &mut passed_over)?;
        found(label_set);
        Ok(())
    })
}

/// Hands out the label sets that there are rollups of, some of them more than once. An error where rollups
/// cannot be read: nobody can say which label sets they use.
pub(super) fn each_label_set(
    connection: &Connection,
    mut found: impl FnMut(i64),
) -> rusqlite::Result<()> {
    const EVERYTHING: Range<i64> = i64::MIN..i64::MAX;
    for level in [Level::Quarter, Level::Day, Level::Month] {
        each_label_set_of(connection, level, &EVERYTHING, &mut found)?;
    }
    Ok(())
}

fn each_later_cell(
    connection: &Connection,
    level: Level,
    number: i64,
    take: &mut impl FnMut(i64, &mut &[u8]) -> Result<(), RollupError>,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "SELECT first, cells FROM rollup_pieces WHERE level = ?1 AND number = ?2 ORDER BY first",
    )?;
    let mut rows = statement.query([level as i64, number])?;
    while let Some(row) = rows.next()? {
        let place = Place { level, number, first: row.get(0)? };
        let (_, rollup) = place.decode(row.get_ref(1)?.as_blob()?)?;
        rollup.each(&mut *take)?;
    }
    Ok(())
}

/// Hands out the checksum of each piece of a range of stretches, as it stands in the piece, with the
/// stretch's number. What is no piece has the checksum 0.
pub(super) fn each_checksum(
    connection: &Connection,
    level: Level,
    numbers: &Range<i64>,
    mut found: impl FnMut(i64, u32),
) -> rusqlite::Result<()> {
    let is_all = level == Level::All;
    each_first(connection, level, numbers, |number, bytes| {
        let checksum = if is_all { all::checksum(number, bytes) } else { stored_checksum(bytes) };
        found(number, checksum);
        Ok(())
    })?;
    if is_all {
        return Ok(());
    }
    let mut statement = connection.prepare_cached(
        "SELECT number, cells FROM rollup_pieces \
         WHERE level = ?1 AND number >= ?2 AND number < ?3",
    )?;
    let mut rows = statement.query([level as i64, numbers.start, numbers.end])?;
    while let Some(row) = rows.next()? {
        found(row.get(0)?, stored_checksum(row.get_ref(1)?.as_blob()?));
    }
    Ok(())
}

/// Reads the heads that stand before the cells of the stretches of a range; an error for those that cannot be read.
pub(super) fn each_head(
    connection: &Connection,
    level: Level,
    numbers: &Range<i64>,
    mut found: impl FnMut(i64, Result<Head, RollupError>),
) -> rusqlite::Result<()> {
    each_first(connection, level, numbers, |number, bytes| {
        let decoded = Place::first_of(level, number).decode(bytes);
        found(number, decoded.map(|(head, _)| head));
        Ok(())
    })
}

/// The stretches of a level that there are rollups of, from one on, in order.
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

/// Deletes all rollups.
pub(crate) fn clear(connection: &Connection) -> rusqlite::Result<()> {
    for level in Level::EACH {
        connection.execute(&format!("DELETE FROM {}", level.table()), [])?;
    }
    connection.execute("DELETE FROM rollup_pieces", [])?;
    connection.execute("DELETE FROM rollups_folded", [])?;
    connection.execute("UPDATE ledger SET rollups = NULL", [])?;
    Ok(())
}
