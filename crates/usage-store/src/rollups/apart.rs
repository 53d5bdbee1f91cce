//! Names that rollups hold under `(other)`, told apart again for a filter that asks for them: from the
//! records, as long as there are any.

use std::ops::Range;

use rusqlite::Connection;
use rustc_hash::{FxHashMap, FxHashSet};
use usage_core::{Filter, TimeRange, Timestamp};

use super::cover::cover;
use super::root::{Folded, folded_months};
use super::total::{ALL, Totals};
use super::{Level, RollupError, each_checked_row, quarter_of};
use crate::error::ReadError;
use crate::ledger::columns;
use crate::ledger::labels::{SET_COLUMNS, is_right, names_of, set_by_id, tags_of};
use crate::ledger::retained;

/// The label sets that a filter lets pass, and whose rollups it does not, by month.
#[derive(Debug, Default)]
pub(crate) struct Apart {
    months: Vec<(i64, FxHashSet<i64>)>,
    rows_from: Option<i64>,
}

impl Apart {
    pub(crate) fn read(
        connection: &Connection,
        range: TimeRange,
        filter: &Filter,
    ) -> Result<Self, ReadError> {
        let mut apart = Self::default();
        if filter.is_empty() {
            return Ok(apart);
        }
        let mut passes = FxHashMap::default();
        for (month, folded) in folded_months(connection)? {
            if instants(Level::Month, &(month..month + 1), range).is_empty() {
                continue;
            }
            let found = of_month(connection, (month, folded), filter, &mut passes)?;
            if !found.is_empty() {
                apart.months.push((month, found));
            }
        }
        if !apart.months.is_empty() {
            apart.rows_from = retained::rows_from(connection)?;
        }
        Ok(apart)
    }

    /// Adds what these label sets come to in a range, as far as [`total`](super::total) has read rollups.
    pub(crate) fn add(
        &self,
        connection: &Connection,
        range: TimeRange,
        totals: &mut Totals,
    ) -> Result<(), ReadError> {
        if self.months.is_empty() {
            return Ok(());
        }
        for (level, numbers) in cover(range, ALL).rollups {
            for (month, label_sets) in &self.months {
                let of_month = Level::Month.start_of(*month)..Level::Month.start_of(month + 1);
                let stretch = level.start_of(numbers.start)..level.start_of(numbers.end);
                let stretch = stretch.start.max(of_month.start)..stretch.end.min(of_month.end);
                if !stretch.is_empty() {
                    self.add_rows(connection, &stretch, label_sets, totals)?;
                }
            }
        }
        Ok(())
    }

    fn add_rows(
        &self,
        connection: &Connection,
        stretch: &Range<i64>,
        label_sets: &FxHashSet<i64>,
        totals: &mut Totals,
    ) -> Result<(), ReadError> {
        if let Some(rows_from) = self.rows_from.filter(|rows_from| stretch.start < *rows_from) {
            let names = label_sets.len();
            return Err(ReadError::NamesFolded {
                names,
                before: Timestamp::from_micros(rows_from),
            });
        }
        // Rollups are kept of whole quarters of an hour.
        let quarters = quarter_of(stretch.start)..quarter_of(stretch.end);
        each_checked_row(connection, &quarters, |_, label_set, _, found| {
            if label_sets.contains(&label_set) {
                totals.add(label_set, found);
            }
        })
    }
}

/// Returns the instants that a range and some stretches have in common.
fn instants(level: Level, numbers: &Range<i64>, range: TimeRange) -> Range<i64> {
    let start = range.start.map_or(i64::MIN, Timestamp::as_micros);
    let end = range.end.map_or(i64::MAX, Timestamp::as_micros);
    level.start_of(numbers.start).max(start)..level.start_of(numbers.end).min(end)
}

/// The label sets of a month that the filter lets pass while it does not what they are counted under.
fn of_month(
    connection: &Connection,
    (month, folded): (i64, Folded),
    filter: &Filter,
    passes: &mut FxHashMap<i64, bool>,
) -> Result<FxHashSet<i64>, ReadError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT f.label_set, {}, l.tags, l.checksum, f.into_set \
         FROM rollups_folded AS f LEFT JOIN label_sets AS l ON l.id = f.label_set WHERE f.month = ?1",
        columns::names_of_table("l.")
    ))?;
    let mut rows = statement.query([month])?;
    let (mut found, mut seen) = (FxHashSet::default(), Folded::default());
    while let Some(row) = rows.next()? {
        seen.add(month, row.get(0)?, row.get(SET_COLUMNS)?);
        if !is_right(row)? {
            return Err(ReadError::unknown_label_set(row.get(0)?));
        }
        let tags = tags_of(row)?.unwrap_or_default();
        if !filter.matches(&names_of(row)?.with_tags(tags.tags())) {
            continue;
        }
        let into = row.get(SET_COLUMNS)?;
        let into_passes = match passes.get(&into) {
            Some(passes) => *passes,
            None => {
                let set = set_by_id(connection, into)?
                    .ok_or_else(|| ReadError::unknown_label_set(into))?;
                *passes.entry(into).or_insert(filter.matches(&set.tagged.names()))
            }
        };
        if !into_passes {
            found.insert(row.get(0)?);
        }
    }
    if seen != folded {
        return Err(rusqlite::Error::from(RollupError::Torn).into());
    }
    Ok(found)
}
