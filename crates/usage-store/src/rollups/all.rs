//! The series of all names together: a quarter of an hour's totals, and what tells whether its records
//! are the ones that were stored.
//!
//! ```text
//! rows (4)   totals, as in a cell
//! ```
//!
//! There is a row for each quarter of an hour, so it has no checksum and no version of its own: a day holds
//! the sum of the checksums of its rows, and its version is theirs.

use std::ops::Range;

use rusqlite::{CachedStatement, Connection, OptionalExtension, Statement};
use usage_core::stats::Summary;

use super::counts::less;
use super::piece::{decode_totals, encode_totals};
use super::{Level, RollupError};

/// A quarter of an hour of all names together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct OfAll {
    /// The sum of [`hash_of_row`](crate::ledger::columns::hash_of_row) over its records, also when these are gone and only rollups are left. 0
    /// where nobody knows: the rollups are older than schema version 5, and their records gone.
    pub(super) rows: u32,
    pub(super) totals: Summary,
}

/// The checksum of a row, with its place.
pub(super) fn checksum(number: i64, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&(Level::All as i64).to_le_bytes());
    hasher.update(&number.to_le_bytes());
    hasher.update(bytes);
    hasher.finalize()
}

/// Whatever is not known counts as damage: without a checksum nobody can tell.
pub(super) fn decode(bytes: &[u8]) -> Result<OfAll, RollupError> {
    let (rows, mut rest) = bytes.split_first_chunk().ok_or(RollupError::Unreadable)?;
    let mut totals = Summary::default();
    decode_totals(&mut rest, &mut totals).map_err(|_| RollupError::Unreadable)?;
    if !rest.is_empty() {
        return Err(RollupError::Unreadable);
    }
    Ok(OfAll { rows: u32::from_le_bytes(*rows), totals })
}

fn encode(of_all: &OfAll, bytes: &mut Vec<u8>) {
    bytes.clear();
    bytes.extend_from_slice(&of_all.rows.to_le_bytes());
    encode_totals(&of_all.totals, bytes);
}

const READ: &str = "SELECT cells FROM rollups_all WHERE number = ?1";

/// A quarter of an hour, and the checksum of its row; nothing and 0 where there is no row.
pub(super) fn read(connection: &Connection, number: i64) -> rusqlite::Result<(OfAll, u32)> {
    read_by(&mut *connection.prepare_cached(READ)?, number)
}

fn read_by(statement: &mut Statement<'_>, number: i64) -> rusqlite::Result<(OfAll, u32)> {
    let found = statement
        .query_row([number], |row| {
            let bytes = row.get_ref(0)?.as_blob()?;
            Ok((decode(bytes)?, checksum(number, bytes)))
        })
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// The sum of the hashes of a quarter of an hour's records; `None` where there are none.
pub(crate) fn rows_hash(connection: &Connection, number: i64) -> rusqlite::Result<Option<u32>> {
    let (of_all, _) = read(connection, number)?;
    Ok((of_all.totals.requests > 0).then_some(of_all.rows))
}

/// Fails where any of some quarters of an hour has records, all of which were counted out: what is left
/// is of records that are not what they were, or are missing.
pub(crate) fn nothing_left(connection: &Connection, quarters: &Range<i64>) -> rusqlite::Result<()> {
    let is_left: bool = connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM rollups_all WHERE number >= ?1 AND number < ?2)",
        )?
        .query_row([quarters.start, quarters.end], |row| row.get(0))?;
    if is_left { Err(RollupError::Missing.into()) } else { Ok(()) }
}

/// Writes a quarter of an hour; returns the checksum of its row.
pub(super) fn write(
    connection: &Connection,
    number: i64,
    of_all: &OfAll,
    buffer: &mut Vec<u8>,
) -> rusqlite::Result<u32> {
    Quarters::of(connection)?.write(number, of_all, buffer)
}

/// The statements for quarters of an hour, at hand while many of these change: to take one from the cache and to put
/// it back costs nearly as much as to carry it out.
pub(super) struct Quarters<'c> {
    connection: &'c Connection,
    read: CachedStatement<'c>,
    write: CachedStatement<'c>,
}

impl<'c> Quarters<'c> {
    pub(super) fn of(connection: &'c Connection) -> rusqlite::Result<Self> {
        let write = "INSERT OR REPLACE INTO rollups_all (number, cells) VALUES (?1, ?2)";
        let (read, write) = (connection.prepare_cached(READ)?, connection.prepare_cached(write)?);
        Ok(Self { connection, read, write })
    }

    fn write(
        &mut self,
        number: i64,
        of_all: &OfAll,
        buffer: &mut Vec<u8>,
    ) -> rusqlite::Result<u32> {
        if of_all.totals == Summary::default() {
            self.connection
                .prepare_cached("DELETE FROM rollups_all WHERE number = ?1")?
                .execute([number])?;
            return Ok(0);
        }
        encode(of_all, buffer);
        self.write.raw_bind_parameter(1, number)?;
        self.write.raw_bind_parameter(2, buffer.as_slice())?;
        self.write.raw_execute()?;
        Ok(checksum(number, buffer))
    }

    /// Counts records in or out; returns by how much that changes the sum of the checksums.
    pub(super) fn apply(
        &mut self,
        number: i64,
        by: &OfAll,
        is_out: bool,
        buffer: &mut Vec<u8>,
    ) -> rusqlite::Result<u32> {
        let (mut of_all, before) = read_by(&mut self.read, number)?;
        if is_out {
            of_all.totals = less(&of_all.totals, &by.totals).ok_or(RollupError::Missing)?;
            of_all.rows = of_all.rows.wrapping_sub(by.rows);
            // The records are all gone, so nothing is left of their hashes; where only rollups were left, these
            // stay to the end.
            let is_left_over =
                of_all.totals != Summary::default() || by.rows != 0 && of_all.rows != 0;
            if of_all.totals.requests == 0 && is_left_over {
                return Err(RollupError::Missing.into());
            }
        } else {
            of_all.totals.merge(&by.totals);
            of_all.rows = of_all.rows.wrapping_add(by.rows);
        }
        Ok(self.write(number, &of_all, buffer)?.wrapping_sub(before))
    }
}

#[cfg(test)]
mod tests {
    use usage_core::Measure;

    use super::super::counts::MEASURES;
    use super::*;

    #[test]
    fn bytes_come_back() {
        let totals = Summary::new(3, [0; MEASURES]).with(Measure::Fallbacks, 200);
        let of_all = OfAll { rows: 0xDEAD_BEEF, totals };
        let mut bytes = Vec::new();
        encode(&of_all, &mut bytes);
        assert_eq!(decode(&bytes), Ok(of_all));
        assert_ne!(checksum(1, &bytes), checksum(2, &bytes));
        bytes.push(0);
        assert_eq!(decode(&bytes), Err(RollupError::Unreadable));
        assert_eq!(decode(&[]), Err(RollupError::Unreadable));
    }
}
