//! Making the sums again.

use rusqlite::Connection;
use usage_core::stats::Summary;

use super::cells::Cells;
use super::{Level, OF_ALL, change_of_all, quarter_of, read, write};
use crate::error::ReadError;
use crate::report::{COUNTS, summary};
use crate::retained;

/// Makes all sums again from the rows there are, inside the caller's transaction. Sums whose rows
/// are gone for good stay as they are. Answers how many quarters of an hour have rows.
pub(crate) fn rebuild(connection: &Connection) -> rusqlite::Result<u64> {
    let rows_from = retained::rows_from(connection)?.unwrap_or(i64::MIN);
    connection
        .execute("DELETE FROM sums_by_quarter WHERE number >= ?1", [quarter_of(rows_from)])?;
    connection.execute("DELETE FROM sums_of_all WHERE number >= ?1", [quarter_of(rows_from)])?;
    let quarters = quarters(connection, rows_from)?;
    for (level, finer) in [(Level::Day, Level::Quarter), (Level::Month, Level::Day)] {
        connection.execute(&format!("DELETE FROM {}", level.table()), [])?;
        coarser(connection, level, finer)?;
    }
    Ok(quarters)
}

fn quarters(connection: &Connection, rows_from: i64) -> rusqlite::Result<u64> {
    let mut statement = connection
        .prepare(&format!("SELECT {COUNTS}, ts FROM records WHERE ts >= ?1 ORDER BY ts"))?;
    let mut rows = statement.query([rows_from])?;
    let (mut open, mut buffer, mut count) = (Open::default(), Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let quarter = quarter_of(row.get(8)?);
        if open.number != quarter {
            count += u64::from(open.close(connection, Level::Quarter, &mut buffer)?);
            open.number = quarter;
        }
        open.add(row.get(0)?, &summary(row).map_err(ReadError::into_sqlite)?);
    }
    count += u64::from(open.close(connection, Level::Quarter, &mut buffer)?);
    Ok(count)
}

fn coarser(connection: &Connection, level: Level, finer: Level) -> rusqlite::Result<()> {
    let mut statement =
        connection.prepare(&format!("SELECT number FROM {} ORDER BY number", finer.table()))?;
    let mut rows = statement.query([])?;
    let (mut open, mut buffer) = (Open::default(), Vec::new());
    while let Some(row) = rows.next()? {
        let of_finer = row.get(0)?;
        let number = level.of_finer(of_finer);
        if open.number != number {
            open.close(connection, level, &mut buffer)?;
            open.number = number;
        }
        for (label_set, totals) in read(connection, finer, of_finer)?.iter() {
            open.add(label_set, totals);
        }
    }
    open.close(connection, level, &mut buffer)?;
    Ok(())
}

/// The stretch of time that is being added up.
#[derive(Default)]
struct Open {
    number: i64,
    cells: Cells,
}

impl Open {
    fn add(&mut self, label_set: i64, totals: &Summary) {
        self.cells.add(label_set, totals);
    }

    /// Writes it, if there is anything in it; says whether there was.
    fn close(
        &mut self,
        connection: &Connection,
        level: Level,
        buffer: &mut Vec<u8>,
    ) -> rusqlite::Result<bool> {
        let cells = std::mem::take(&mut self.cells);
        if cells.is_empty() {
            return Ok(false);
        }
        write(connection, level, self.number, &cells, buffer)?;
        if level == Level::Quarter {
            change_of_all(connection, self.number, buffer, |all| {
                cells.iter().for_each(|(_, totals)| all.add(OF_ALL, totals));
                Ok(())
            })?;
        }
        Ok(true)
    }
}
