//! What a range of time comes to.

use std::ops::Range;

use rusqlite::Connection;
use rustc_hash::FxHashMap;
use usage_core::stats::Summary;
use usage_core::{TimeRange, Timestamp};

use super::cells::each;
use super::split::{split, split_to_quarters};
use super::{Level, Wrong, quarter_of, start_of_quarter};
use crate::error::ReadError;
use crate::report::{COUNTS, summary};
use crate::retained;

/// Totals by the id of their label set. Ids are small and dense, as a rule, so most are found by
/// their place.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    dense: Vec<Summary>,
    /// The places in use.
    used: Vec<usize>,
    sparse: FxHashMap<i64, Summary>,
}

/// Half a megabyte of totals.
const DENSE: usize = 8_192;

impl Totals {
    #[inline]
    fn add(&mut self, label_set: i64, totals: &Summary) {
        let Some(place) = usize::try_from(label_set).ok().filter(|place| *place < DENSE) else {
            self.sparse.entry(label_set).or_default().merge(totals);
            return;
        };
        if place >= self.dense.len() {
            self.dense.resize(place + 1, Summary::default());
        }
        let sum = &mut self.dense[place];
        if sum.requests == 0 {
            self.used.push(place);
        }
        sum.merge(totals);
    }

    /// What was added up, and nothing is left.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = (i64, Summary)> {
        let Self { dense, used, sparse } = self;
        let of_dense = used.drain(..).filter_map(|place| {
            let id = i64::try_from(place).ok()?;
            Some((id, std::mem::take(dense.get_mut(place)?)))
        });
        of_dense.chain(sparse.drain())
    }
}

/// Adds up a range of time: the coarsest sums that fit, and rows where it cuts a quarter of an hour.
/// Runs inside the caller's read transaction.
pub(crate) fn total(
    connection: &Connection,
    range: TimeRange,
    totals: &mut Totals,
) -> Result<(), ReadError> {
    let all = Timestamp::MIN_RECORD.as_micros()..Timestamp::END_RECORD.as_micros();
    let split = split(range, all);
    for (level, numbers) in &split.sums {
        add_cells(connection, *level, numbers, totals)?;
    }
    add_rows(connection, &split.rows, totals)
}

/// As [`total`], of all names together: from the small series of these, however many names there
/// are.
pub(crate) fn total_of_all(
    connection: &Connection,
    range: TimeRange,
) -> Result<Summary, ReadError> {
    let all = Timestamp::MIN_RECORD.as_micros()..Timestamp::END_RECORD.as_micros();
    let split = split_to_quarters(range, all);
    let mut totals = Totals::default();
    for (_, numbers) in &split.sums {
        add_cells(connection, Level::All, numbers, &mut totals)?;
    }
    add_rows(connection, &split.rows, &mut totals)?;
    let mut sum = Summary::default();
    for (_, totals) in totals.drain() {
        sum.merge(&totals);
    }
    Ok(sum)
}

fn add_cells(
    connection: &Connection,
    level: Level,
    numbers: &Range<i64>,
    totals: &mut Totals,
) -> Result<(), ReadError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT number, cells FROM {} WHERE number >= ?1 AND number < ?2",
        level.table()
    ))?;
    let mut rows = statement.query([numbers.start, numbers.end])?;
    while let Some(row) = rows.next()? {
        let bytes = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
        each(level.place(row.get(0)?), bytes, |label_set, found| totals.add(label_set, found))
            .map_err(|_| rusqlite::Error::from(Wrong::Unreadable))?;
    }
    Ok(())
}

fn add_rows(
    connection: &Connection,
    pieces: &[Range<i64>],
    totals: &mut Totals,
) -> Result<(), ReadError> {
    for piece in pieces {
        let begins_whole = start_of_quarter(quarter_of(piece.start)) == piece.start;
        let edge = if begins_whole { piece.end } else { piece.start };
        refuse_without_rows(connection, edge, piece.start)?;
        let mut statement = connection
            .prepare_cached(&format!("SELECT {COUNTS} FROM records WHERE ts >= ?1 AND ts < ?2"))?;
        let mut rows = statement.query([piece.start, piece.end])?;
        while let Some(row) = rows.next()? {
            totals.add(row.get(0)?, &summary(row)?);
        }
    }
    Ok(())
}

/// Where the rows are gone and only their sums are kept, nobody can say what a part of a quarter of
/// an hour came to; unless it came to nothing as a whole.
fn refuse_without_rows(connection: &Connection, edge: i64, within: i64) -> Result<(), ReadError> {
    let quarter = quarter_of(within);
    if retained::rows_from(connection)?.is_none_or(|rows_from| within >= rows_from)
        || super::read(connection, Level::Quarter, quarter)?.is_empty()
    {
        return Ok(());
    }
    let nearest = [quarter, quarter + 1].map(|at| Timestamp::from_micros(start_of_quarter(at)));
    Err(ReadError::RowsGone { edge: Timestamp::from_micros(edge), nearest })
}
