//! The rollups as they have to be, derived from the rows or from finer rollups: to rebuild them, and to
//! compare them with what there is.

use rusqlite::Connection;
use rustc_hash::FxHashMap;
use usage_core::Timestamp;
use usage_core::stats::Summary;

use super::folds::Folds;
use super::level::OF_ALL;
use super::{Level, Rollup, RollupError, numbers, quarter_of, read};
use crate::error::{DamageCode, ReadError};
use crate::ledger::columns::{SELECT_COUNTS, TS, hash, summary};
use crate::ledger::terms::Costs;

/// The rollups that a stretch of time has to come to, or why that cannot be said.
type Derived = Result<Rollup, ReadError>;

/// Derives the rollups of each quarter of an hour that has rows, from an instant on that begins one.
/// `found` gets them in order, and the sum of the hashes of its rows.
pub(crate) fn from_rows(
    connection: &Connection,
    from: i64,
    folds: Folds<'_>,
    mut found: impl FnMut(i64, Derived, u32) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let mut statement =
        connection.prepare(&format!("{} WHERE ts >= ?1 ORDER BY ts", *SELECT_COUNTS))?;
    let mut rows = statement.query([from])?;
    let mut open = Open { folds: Some(folds), ..Open::default() };
    let mut costs = Costs::new(connection);
    while let Some(row) = rows.next()? {
        let ts = row.get(TS)?;
        open.turn_to(quarter_of(ts), &mut found)?;
        open.rows = open.rows.wrapping_add(hash(row)?);
        match summary(row, &mut costs) {
            // Reports would never see it.
            _ if !Timestamp::from_micros(ts).is_recordable() => {
                let what = "a record has a time out of range".to_owned();
                open.spoil(ReadError::Damaged(DamageCode::Record, what));
            }
            Ok(totals) => open.add(row.get(0)?, &totals),
            Err(error @ ReadError::Damaged(..)) => open.spoil(error),
            Err(error) => return Err(error),
        }
    }
    open.close(&mut found)
}

/// Derives the rollups of each stretch of a level from the finer one, from a number on. `found` gets
/// them in order.
pub(crate) fn from_finer(
    connection: &Connection,
    level: Level,
    from: i64,
    mut found: impl FnMut(i64, Derived) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let finer = level.finer();
    let first = finer.around(level.start_of(from));
    let mut open = Open::default();
    let mut found = |number, derived, _| found(number, derived);
    for of_finer in numbers(connection, finer, first)? {
        open.turn_to(level.of_finer(of_finer), &mut found)?;
        match read(connection, finer, of_finer) {
            Ok(rollup) => {
                for (label_set, totals) in rollup.iter() {
                    open.add(if level == Level::All { OF_ALL } else { label_set }, totals);
                }
            }
            Err(error) if RollupError::is_unreadable(&error) => open.spoil(error.into()),
            Err(error) => return Err(error.into()),
        }
    }
    open.close(&mut found)
}

/// The stretch of time that is being added up.
#[derive(Default)]
struct Open<'c> {
    number: i64,
    totals: FxHashMap<i64, Summary>,
    rows: u32,
    /// Of records: under which label sets they are counted.
    folds: Option<Folds<'c>>,
    spoilt: Option<ReadError>,
}

impl Open<'_> {
    fn add(&mut self, label_set: i64, totals: &Summary) {
        self.totals.entry(label_set).or_default().merge(totals);
    }

    fn spoil(&mut self, error: ReadError) {
        self.spoilt.get_or_insert(error);
    }

    fn turn_to(
        &mut self,
        number: i64,
        found: &mut impl FnMut(i64, Derived, u32) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        if self.number != number {
            self.close(found)?;
            self.number = number;
        }
        Ok(())
    }

    fn close(
        &mut self,
        found: &mut impl FnMut(i64, Derived, u32) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        if let Some(folds) = &mut self.folds {
            folds.fold(self.number, &mut self.totals)?;
        }
        let rollup: Rollup = self.totals.drain().collect();
        let rows = std::mem::take(&mut self.rows);
        match self.spoilt.take() {
            Some(error) => found(self.number, Err(error), rows),
            None if rollup.is_empty() => Ok(()),
            None => found(self.number, Ok(rollup), rows),
        }
    }
}
