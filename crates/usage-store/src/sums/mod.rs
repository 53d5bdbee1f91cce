//! Sums over stretches of time, kept in the transactions that change the rows: what makes a report
//! over ten million records as fast as one over ten thousand.
//!
//! Quarters of an hour are the base; a day's sums are those of its quarters, a month's those of its
//! days, all in UTC. A report takes the coarsest that fit, see [`split`], and looks at rows only
//! within the quarters that it cuts.

mod cells;
mod change;
mod rebuild;
mod split;
mod total;

use std::fmt;

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, params};

use cells::Cells;
pub(crate) use change::Change;
pub(crate) use rebuild::rebuild;
pub(crate) use split::{Level, quarter_of, start_of_quarter};
pub(crate) use total::{Totals, total, total_of_all};

impl Level {
    /// The table of this level's sums: a number, and the totals of its stretch of time.
    pub(crate) const fn table(self) -> &'static str {
        match self {
            Self::Quarter => "sums_by_quarter",
            Self::Day => "sums_by_day",
            Self::Month => "sums_by_month",
        }
    }

    /// What goes into the checksum of a stretch's totals.
    const fn place(self, number: i64) -> [i64; 2] {
        [self as i64, number]
    }
}

/// Stands for all label sets together, in the sums of all.
const OF_ALL: i64 = 1;
/// The sums of all in a checksum, where others have their level.
const ALL: i64 = 0;

/// Changes what all names together come to in a quarter of an hour.
fn change_of_all(
    connection: &Connection,
    quarter: i64,
    buffer: &mut Vec<u8>,
    change: impl FnOnce(&mut Cells) -> Result<(), Wrong>,
) -> rusqlite::Result<()> {
    let place = [ALL, quarter];
    let found = connection
        .prepare_cached("SELECT cells FROM sums_of_all WHERE number = ?1")?
        .query_row([quarter], |row| {
            Cells::decode(place, row.get_ref(0)?.as_blob()?).map_err(|_| Wrong::Unreadable.into())
        })
        .optional()?;
    let mut cells = found.unwrap_or_default();
    change(&mut cells)?;
    if cells.is_empty() {
        connection
            .prepare_cached("DELETE FROM sums_of_all WHERE number = ?1")?
            .execute([quarter])?;
        return Ok(());
    }
    cells.encode(place, buffer);
    connection
        .prepare_cached("INSERT OR REPLACE INTO sums_of_all (number, cells) VALUES (?1, ?2)")?
        .execute(params![quarter, *buffer])?;
    Ok(())
}

/// The totals of one stretch of time; none where there are no records.
fn read(connection: &Connection, level: Level, number: i64) -> rusqlite::Result<Cells> {
    let sql = match level {
        Level::Quarter => "SELECT cells FROM sums_by_quarter WHERE number = ?1",
        Level::Day => "SELECT cells FROM sums_by_day WHERE number = ?1",
        Level::Month => "SELECT cells FROM sums_by_month WHERE number = ?1",
    };
    let found = connection
        .prepare_cached(sql)?
        .query_row([number], |row| {
            Cells::decode(level.place(number), row.get_ref(0)?.as_blob()?)
                .map_err(|_| Wrong::Unreadable.into())
        })
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// Writes the totals of one stretch of time in place of those that there are.
fn write(
    connection: &Connection,
    level: Level,
    number: i64,
    cells: &Cells,
    buffer: &mut Vec<u8>,
) -> rusqlite::Result<()> {
    if cells.is_empty() {
        let sql = match level {
            Level::Quarter => "DELETE FROM sums_by_quarter WHERE number = ?1",
            Level::Day => "DELETE FROM sums_by_day WHERE number = ?1",
            Level::Month => "DELETE FROM sums_by_month WHERE number = ?1",
        };
        connection.prepare_cached(sql)?.execute([number])?;
        return Ok(());
    }
    cells.encode(level.place(number), buffer);
    let sql = match level {
        Level::Quarter => "INSERT OR REPLACE INTO sums_by_quarter (number, cells) VALUES (?1, ?2)",
        Level::Day => "INSERT OR REPLACE INTO sums_by_day (number, cells) VALUES (?1, ?2)",
        Level::Month => "INSERT OR REPLACE INTO sums_by_month (number, cells) VALUES (?1, ?2)",
    };
    connection.prepare_cached(sql)?.execute(params![number, *buffer])?;
    Ok(())
}

/// Deletes all sums.
pub(crate) fn clear(connection: &Connection) -> rusqlite::Result<()> {
    for level in Level::ALL {
        connection.execute(&format!("DELETE FROM {}", level.table()), [])?;
    }
    connection.execute("DELETE FROM sums_of_all", [])?;
    Ok(())
}

/// What is wrong with sums. As an error of SQLite's it counts as damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    Unreadable,
    /// Records were to be counted out that were never counted in.
    Missing,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreadable => "sums that cannot be read; `usage doctor --rebuild` remakes them",
            Self::Missing => {
                "sums that do not agree with the records; `usage doctor --rebuild` remakes them"
            }
        })
    }
}

impl std::error::Error for Wrong {}

impl From<Wrong> for rusqlite::Error {
    fn from(wrong: Wrong) -> Self {
        Self::FromSqlConversionFailure(0, Type::Blob, Box::new(wrong))
    }
}
