//! The rollups of schema version 4 as those of version 5, in the transaction of the migration: one stretch
//! of time after the other, also those whose records are gone.
//!
//! Nothing is added up again: reports are what they were to the last number, whatever has become of the
//! records since. Only what was missing or could not be read, and follows from finer rollups, is derived from
//! these; what cannot be read and does not follow stays as it is, and the doctor names it.

use rusqlite::Connection;
use usage_core::Measure;
use usage_core::stats::Summary;

use super::all::{self, OfAll};
use super::level::OF_ALL;
use super::piece::{Place, Seals};
use super::rebuild::{FinerChecksums, reseal};
use super::seals::root_of;
use super::table::Pieces;
use super::{Level, Rollup, RollupError, from_finer, quarter_of, read, stretch};
use crate::error::ReadError;
use crate::ledger::columns::hash_of_row;
use crate::ledger::retained;
use crate::ledger::varint::pull_count;

/// The tables of version 4.
const OLD: [(Level, &str); 4] = [
    (Level::Quarter, "sums_by_quarter"),
    (Level::All, "sums_of_all"),
    (Level::Day, "sums_by_day"),
    (Level::Month, "sums_by_month"),
];

/// Writes what is in the tables of version 4 into those of version 5, which are empty.
pub(crate) fn transcode(connection: &Connection) -> Result<(), ReadError> {
    let mut buffer = Vec::new();
    for (level, table) in OLD {
        let sql = format!("SELECT number, cells FROM {table} ORDER BY number");
        let mut statement = connection.prepare(&sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let number = row.get(0)?;
            let bytes = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
            match decode([level as i64, number], bytes) {
                Ok(rollup) => write(connection, (level, number), &rollup, &mut buffer)?,
                // It follows from those by name.
                Err(_) if level == Level::All => {}
                Err(_) => {
                    Pieces::of(connection, level)?.write(Place::first_of(level, number), bytes)?;
                }
            }
        }
        if Level::MADE.contains(&level) {
            fill_up(connection, level, &mut buffer)?;
        }
    }
    hash_rows(connection, &mut buffer)?;
    for level in [Level::Day, Level::Month] {
        seal(connection, level, &mut buffer)?;
    }
    Ok(root_of(connection)?.write(connection)?)
}

/// The rollups of a ledger of version 4 that cannot be read.
pub(crate) fn unreadable_of_version_4(
    connection: &Connection,
) -> rusqlite::Result<Vec<(Level, i64)>> {
    let mut found = Vec::new();
    for (level, table) in OLD {
        let mut statement = connection.prepare(&format!("SELECT number, cells FROM {table}"))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let number = row.get(0)?;
            if decode([level as i64, number], row.get_ref(1)?.as_blob()?).is_err() {
                found.push((level, number));
            }
        }
    }
    Ok(found)
}

fn write(
    connection: &Connection,
    (level, number): (Level, i64),
    rollup: &Rollup,
    buffer: &mut Vec<u8>,
) -> rusqlite::Result<()> {
    if level == Level::All {
        let mut of_all = OfAll::default();
        rollup.iter().for_each(|(_, totals)| of_all.totals.merge(totals));
        return all::write(connection, number, &of_all, buffer).map(drop);
    }
    stretch::write(connection, (level, number), rollup, Seals::default(), buffer).map(drop)
}

/// Derives the rollups of a level that are missing, or cannot be read, from the finer ones.
fn fill_up(connection: &Connection, level: Level, buffer: &mut Vec<u8>) -> Result<(), ReadError> {
    from_finer(connection, level, i64::MIN, |number, rollup| {
        let Ok(rollup) = rollup else { return Ok(()) };
        match read(connection, level, number) {
            Ok(found) if !found.is_empty() => Ok(()),
            Err(error) if !RollupError::is_unreadable(&error) => Err(error.into()),
            _ => Ok(write(connection, (level, number), &rollup, buffer)?),
        }
    })
}

/// Adds to the series of all names what tells whether the records are the ones that are there now.
fn hash_rows(connection: &Connection, buffer: &mut Vec<u8>) -> rusqlite::Result<()> {
    let from = retained::rows_from(connection)?.unwrap_or(i64::MIN);
    let mut statement =
        connection.prepare("SELECT ts, id, label_set FROM records WHERE ts >= ?1 ORDER BY ts")?;
    let mut rows = statement.query([from])?;
    let mut open: Option<(i64, u32)> = None;
    let mut close = |(number, rows): (i64, u32)| {
        let (of_all, _) = all::read(connection, number)?;
        all::write(connection, number, &OfAll { rows, ..of_all }, buffer).map(drop)
    };
    while let Some(row) = rows.next()? {
        let ts = row.get(0)?;
        let (quarter, hash) =
            (quarter_of(ts), hash_of_row(ts, row.get(1)?, row.get(2)?, None, None));
        open = match open {
            Some((number, sum)) if number == quarter => Some((number, sum.wrapping_add(hash))),
            before => {
                before.map_or(Ok(()), &mut close)?;
                Some((quarter, hash))
            }
        };
    }
    open.map_or(Ok(()), close)
}

fn seal(connection: &Connection, level: Level, buffer: &mut Vec<u8>) -> rusqlite::Result<()> {
    let checksums = FinerChecksums::read(connection, level)?;
    for number in super::numbers(connection, level, i64::MIN)? {
        match reseal(connection, (level, number), checksums.of(number), buffer) {
            Err(error) if RollupError::is_unreadable(&error) => {}
            result => result?,
        }
    }
    Ok(())
}

const CHECKSUM: usize = 4;

/// The numbers, in the order of version 4.
const ORDER: [Measure; 7] = [
    Measure::Fallbacks,
    Measure::Input,
    Measure::Output,
    Measure::CacheRead,
    Measure::CacheWrite,
    Measure::Unclassified,
    Measure::Reasoning,
];

/// The totals of a stretch, as version 4 wrote them.
fn decode(place: [i64; 2], bytes: &[u8]) -> Result<Rollup, RollupError> {
    let (sum, mut rest) = bytes.split_first_chunk::<CHECKSUM>().ok_or(RollupError::Unreadable)?;
    let mut hasher = crc32fast::Hasher::new();
    place.into_iter().for_each(|part| hasher.update(&part.to_le_bytes()));
    hasher.update(rest);
    if hasher.finalize() != u32::from_le_bytes(*sum) {
        return Err(RollupError::Unreadable);
    }
    let (mut rollup, mut label_set) = (Rollup::default(), 0_i64);
    while !rest.is_empty() {
        let step = i64::try_from(pull_count(&mut rest)?).map_err(|_| RollupError::Unreadable)?;
        label_set = label_set.checked_add(step).ok_or(RollupError::Unreadable)?;
        if place[0] == Level::All as i64 && label_set != OF_ALL {
            return Err(RollupError::Unreadable);
        }
        let (&mask, behind) = rest.split_first().ok_or(RollupError::Unreadable)?;
        rest = behind;
        let requests = if mask & 0x80 == 0 { pull_count(&mut rest)? } else { 1 };
        let mut totals = Summary::new(requests, [0; Measure::COUNT]);
        for (bit, measure) in ORDER.into_iter().enumerate() {
            if mask & (1 << bit) != 0 {
                totals[measure] = pull_count(&mut rest)?;
            }
        }
        rollup.push((label_set, totals))?;
    }
    Ok(rollup)
}
