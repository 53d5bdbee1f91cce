//! Rows of whole quarters of an hour, compared with what was stored there: how many they are, what they
//! come to, and the sum of the hashes of their times, ids, names and whatever else no total tells. A damaged row, one that is missing
//! and one that a damaged page hides are noticed, before anybody counts with the others.

use std::ops::Range;

use rusqlite::{Connection, Rows};
use usage_core::Timestamp;
use usage_core::stats::Summary;

use super::all::{self, OfAll};
use super::{quarter_of, start_of_quarter};
use crate::error::{DamageCode, ReadError, shown};
use crate::ledger::columns::{SELECT_COUNTS, TS, hash, summary, tag_set};
use crate::ledger::terms::Costs;

/// Hands out the time, the label set, the tags and the counts of each row of some quarters of an hour, in the
/// order of time. Of all of these there have to be rows, not rollups alone. What was handed out may be
/// given to nobody when this fails.
pub(crate) fn each_checked_row(
    connection: &Connection,
    quarters: &Range<i64>,
    mut found: impl FnMut(i64, i64, Option<i64>, &Summary),
) -> Result<(), ReadError> {
    let mut expected = connection.prepare_cached(
        "SELECT number, cells FROM rollups_all WHERE number >= ?1 AND number < ?2 ORDER BY number",
    )?;
    let mut expected = Expected::new(expected.query([quarters.start, quarters.end])?)?;
    let mut statement = connection
        .prepare_cached(&format!("{} WHERE ts >= ?1 AND ts < ?2 ORDER BY ts", *SELECT_COUNTS))?;
    let mut rows = statement.query([quarters.start, quarters.end].map(start_of_quarter))?;
    let (mut number, mut sum) = (quarters.start, OfAll::default());
    let mut costs = Costs::new(connection);
    while let Some(row) = rows.next()? {
        let (ts, label_set) = (row.get(TS)?, row.get(0)?);
        if quarter_of(ts) != number {
            expected.compare(number, &std::mem::take(&mut sum))?;
            number = quarter_of(ts);
        }
        let counts = summary(row, &mut costs)?;
        sum.rows = sum.rows.wrapping_add(hash(row)?);
        sum.totals.merge(&counts);
        found(ts, label_set, tag_set(row)?, &counts);
    }
    expected.compare(number, &sum)?;
    expected.end()
}

/// The contents of quarters of an hour when they were stored, in their order; none that has no rows.
struct Expected<'s> {
    rows: Rows<'s>,
    next: Option<(i64, OfAll)>,
}

impl<'s> Expected<'s> {
    fn new(rows: Rows<'s>) -> Result<Self, ReadError> {
        let mut expected = Self { rows, next: None };
        expected.step()?;
        Ok(expected)
    }

    fn step(&mut self) -> rusqlite::Result<()> {
        self.next = match self.rows.next()? {
            Some(row) => Some((row.get(0)?, all::decode(row.get_ref(1)?.as_blob()?)?)),
            None => None,
        };
        Ok(())
    }

    /// Compares the next quarter of an hour that has rows.
    fn compare(&mut self, number: i64, found: &OfAll) -> Result<(), ReadError> {
        match self.next {
            // Only the very first can have none.
            _ if found.totals.requests == 0 => Ok(()),
            Some((next, of_all)) if next == number && of_all == *found => Ok(self.step()?),
            Some((next, _)) => Err(differ(number.min(next))),
            None => Err(differ(number)),
        }
    }

    fn end(&self) -> Result<(), ReadError> {
        self.next.map_or(Ok(()), |(number, _)| Err(differ(number)))
    }
}

fn differ(quarter: i64) -> ReadError {
    let start = shown(Timestamp::from_micros(start_of_quarter(quarter)));
    let what = format!(
        "the records of the quarter of an hour from {start} are not those that were stored"
    );
    ReadError::Damaged(DamageCode::RecordsChanged, what)
}
