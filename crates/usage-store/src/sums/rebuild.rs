//! Making the sums again.

use rusqlite::Connection;
use usage_core::{TimeRange, Timestamp};

use super::{Cells, Level, Wrong, from_finer, from_rows, numbers, quarter_of, read, write};
use crate::error::ReadError;
use crate::retained;

/// What making the sums again has come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rebuilt {
    /// How many records were added up.
    pub records: u64,
    /// How many quarters of an hour they are in.
    pub quarters: u64,
    /// How many quarters of an hour were kept as they are: their records were deleted.
    pub kept: u64,
    /// How many sums, of quarters, days and months, were not what they have to be and are now.
    pub changed: u64,
    /// Quarters of an hour whose records were deleted and whose sums cannot be read: nobody can say
    /// any more what they came to under which names. They are as they were, and so are the days
    /// and months that hold them.
    pub lost: Vec<TimeRange>,
}

/// Makes all sums again from the rows there are, inside the caller's transaction. Sums whose rows
/// are gone for good stay as they are, and what is made of these is made of them again.
pub(crate) fn rebuild(connection: &Connection) -> Result<Rebuilt, ReadError> {
    let from = retained::rows_from(connection)?;
    let first = from.map_or(i64::MIN, quarter_of);
    let mut rebuilt = Rebuilt::default();
    for number in numbers(connection, Level::Quarter, i64::MIN)? {
        if number >= first {
            break;
        }
        rebuilt.kept += 1;
        match read(connection, Level::Quarter, number) {
            Err(error) if Wrong::is_unreadable(&error) => rebuilt.lost.push(quarter(number)),
            result => drop(result?),
        }
    }
    let mut remade = Remade { connection, level: Level::Quarter, seen: vec![], buffer: vec![] };
    let changed = &mut rebuilt.changed;
    from_rows(connection, from.unwrap_or(i64::MIN), |number, cells| {
        let cells = cells?;
        rebuilt.records += cells.iter().map(|(_, totals)| totals.requests).sum::<u64>();
        rebuilt.quarters += 1;
        *changed += remade.put(number, &cells)?;
        Ok(())
    })?;
    *changed += remade.delete_others(first)?;
    for level in Level::MADE {
        remade.level = level;
        from_finer(connection, level, i64::MIN, |number, cells| {
            match cells {
                Ok(cells) => *changed += remade.put(number, &cells)?,
                // What holds something that is lost may know more than what it is made of.
                Err(ReadError::Sqlite(error)) if Wrong::is_unreadable(&error) => {
                    remade.seen.push(number);
                }
                Err(error) => return Err(error),
            }
            Ok(())
        })?;
        *changed += remade.delete_others(i64::MIN)?;
    }
    Ok(rebuilt)
}

fn quarter(number: i64) -> TimeRange {
    let at = |number| Some(Timestamp::from_micros(Level::Quarter.start_of(number)));
    TimeRange { start: at(number), end: at(number + 1) }
}

/// Sums of a level that are put in place.
struct Remade<'a> {
    connection: &'a Connection,
    level: Level,
    /// The numbers that belong there, in order.
    seen: Vec<i64>,
    buffer: Vec<u8>,
}

impl Remade<'_> {
    /// Writes what differs; says how many that were.
    fn put(&mut self, number: i64, cells: &Cells) -> rusqlite::Result<u64> {
        self.seen.push(number);
        match read(self.connection, self.level, number) {
            Ok(found) if found == *cells => return Ok(0),
            Err(error) if !Wrong::is_unreadable(&error) => return Err(error),
            _ => {}
        }
        write(self.connection, self.level, number, cells, &mut self.buffer)?;
        Ok(1)
    }

    /// Deletes what does not belong there, from a number on; says how many that were.
    fn delete_others(&mut self, from: i64) -> rusqlite::Result<u64> {
        let seen = std::mem::take(&mut self.seen);
        let mut deleted = 0;
        for number in numbers(self.connection, self.level, from)? {
            if seen.binary_search(&number).is_err() {
                let nothing = Cells::default();
                write(self.connection, self.level, number, &nothing, &mut self.buffer)?;
                deleted += 1;
            }
        }
        Ok(deleted)
    }
}
