//! The rollups of a range of time.

use std::ops::Range;

use rusqlite::Connection;
use rustc_hash::FxHashMap;
use usage_core::stats::Summary;
use usage_core::{TimeRange, Timestamp};

use super::cover::cover;
use super::piece::add_totals;
use super::table::each_cell;
use super::{Level, Seen, each_checked_row, quarter_of, start_of_quarter};
use crate::error::ReadError;
use crate::ledger::columns::{SELECT_COUNTS, summary};
use crate::ledger::retained;
use crate::ledger::terms::Costs;

/// The instants that a record may have.
pub(super) const ALL: Range<i64> =
    Timestamp::MIN_RECORD.as_micros()..Timestamp::END_RECORD.as_micros();

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
    pub(super) fn add(&mut self, label_set: i64, totals: &Summary) {
        self.of(label_set).merge(totals);
    }

    /// The totals of a label set, for something to be added to them.
    #[inline]
    fn of(&mut self, label_set: i64) -> &mut Summary {
        let Some(place) = usize::try_from(label_set).ok().filter(|place| *place < DENSE) else {
            return self.sparse.entry(label_set).or_default();
        };
        if place >= self.dense.len() {
            self.dense.resize(place + 1, Summary::default());
        }
        let sum = &mut self.dense[place];
        if sum.requests == 0 {
            self.used.push(place);
        }
        sum
    }

    /// The label sets that something was added to, in the order of their ids.
    pub(crate) fn label_sets(&self) -> Vec<i64> {
        let dense = self.used.iter().filter_map(|place| i64::try_from(*place).ok());
        let mut ids: Vec<i64> = dense.chain(self.sparse.keys().copied()).collect();
        ids.sort_unstable();
        ids
    }

    /// Takes out what was added up, and leaves nothing.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = (i64, Summary)> {
        let Self { dense, used, sparse } = self;
        let of_dense = used.drain(..).filter_map(|place| {
            let id = i64::try_from(place).ok()?;
            Some((id, std::mem::take(dense.get_mut(place)?)))
        });
        of_dense.chain(sparse.drain())
    }
}

/// Adds up a range of time: the coarsest rollups that fit, and rows where it cuts a quarter of an hour.
/// Runs inside the caller's read transaction, which has to check what was seen before it gives any of
/// it to anybody.
pub(crate) fn total(
    connection: &Connection,
    range: TimeRange,
    totals: &mut Totals,
    seen: &mut Seen,
) -> Result<(), ReadError> {
    let cover = cover(range, ALL);
    for (level, numbers) in &cover.rollups {
        each_cell(connection, *level, numbers, |label_set, rest| {
            add_totals(rest, totals.of(label_set))
        })?;
    }
    seen.add(&cover);
    each_row(connection, &cover.rows, seen, |label_set, found| totals.add(label_set, found))
}

/// Hands out the rows of pieces of quarters of an hour, each of which is read whole once, to check it.
pub(super) fn each_row(
    connection: &Connection,
    pieces: &[Range<i64>],
    seen: &mut Seen,
    mut found: impl FnMut(i64, &Summary),
) -> Result<(), ReadError> {
    for piece in pieces {
        let begins_whole = start_of_quarter(quarter_of(piece.start)) == piece.start;
        let edge = if begins_whole { piece.end } else { piece.start };
        let has_rows = refuse_without_rows(connection, edge, piece.start, seen)?;
        let quarter = quarter_of(piece.start);
        if has_rows && seen.add_rows(quarter) {
            each_checked_row(connection, &(quarter..quarter + 1), |ts, label_set, _, totals| {
                if piece.contains(&ts) {
                    found(label_set, totals);
                }
            })?;
            continue;
        }
        let mut statement =
            connection.prepare_cached(&format!("{} WHERE ts >= ?1 AND ts < ?2", *SELECT_COUNTS))?;
        let mut rows = statement.query([piece.start, piece.end])?;
        let mut costs = Costs::new(connection);
        while let Some(row) = rows.next()? {
            found(row.get(0)?, &summary(row, &mut costs)?);
        }
    }
    Ok(())
}

/// Where the rows are gone and only their rollups are kept, nobody can say what a part of a quarter of
/// an hour came to; unless it came to nothing as a whole. Says whether the rows are there.
fn refuse_without_rows(
    connection: &Connection,
    edge: i64,
    within: i64,
    seen: &mut Seen,
) -> Result<bool, ReadError> {
    let quarter = quarter_of(within);
    if retained::rows_from(connection)?.is_none_or(|rows_from| within >= rows_from) {
        return Ok(true);
    }
    if super::read(connection, Level::Quarter, quarter)?.is_empty() {
        seen.add_quarters(&(quarter..quarter + 1));
        return Ok(false);
    }
    let nearest = [quarter, quarter + 1].map(|at| Timestamp::from_micros(start_of_quarter(at)));
    Err(ReadError::RowsGone { edge: Timestamp::from_micros(edge), nearest })
}
