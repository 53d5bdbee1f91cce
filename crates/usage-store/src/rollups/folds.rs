//! The label sets that quarters of an hour have to come to, when rollups are derived from records.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;
use rustc_hash::FxHashMap;
use usage_core::stats::Summary;

use super::fold::{Folding, folded_by_month, limit, month_of_quarter, others};
use super::root::Folded;
use super::table::{numbers, read};
use super::{Level, RollupError};

/// Finds out what quarters of an hour have to come to under the label sets that they are counted under,
/// one quarter after the other in the order of time.
pub(crate) struct Folds<'c> {
    connection: &'c Connection,
    /// Those that were folded before, by month.
    folded: BTreeMap<i64, Folded>,
    /// Others are folded where a month has more than this.
    limit: Option<i64>,
    /// Quarters of an hour before this one stay as they are.
    first: i64,
    current: Option<Folding<'c>>,
}

impl<'c> Folds<'c> {
    /// As it was decided.
    pub(crate) fn known(connection: &'c Connection) -> rusqlite::Result<Self> {
        let folded = folded_by_month(connection)?;
        Ok(Self { connection, folded, limit: None, first: i64::MIN, current: None })
    }

    /// As it was decided, and where a month has too many label sets nevertheless, decided now. Quarters
    /// of an hour begin with `first`.
    pub(super) fn deciding(connection: &'c Connection, first: i64) -> rusqlite::Result<Self> {
        let limit = Some(limit(connection)?);
        Ok(Self { limit, first, ..Self::known(connection)? })
    }

    /// Puts the totals of a quarter of an hour under the label sets that they are counted under.
    pub(super) fn fold(
        &mut self,
        quarter: i64,
        totals: &mut FxHashMap<i64, Summary>,
    ) -> rusqlite::Result<()> {
        if totals.is_empty() || (self.folded.is_empty() && self.limit.is_none()) {
            return Ok(());
        }
        let month = month_of_quarter(quarter);
        if self.current.as_ref().is_none_or(|current| current.month != month) {
            self.current = Some(self.begin(month)?);
        }
        let Some(folding) = &mut self.current else { return Ok(()) };
        // In their order, so that the same is decided each time.
        let label_sets: BTreeSet<i64> = totals.keys().copied().collect();
        for label_set in label_sets {
            folding.decide(label_set)?;
            let into = folding.under(label_set);
            if into != label_set
                && let Some(moved) = totals.remove(&label_set)
            {
                totals.entry(into).or_default().merge(&moved);
            }
        }
        Ok(())
    }

    fn begin(&self, month: i64) -> rusqlite::Result<Folding<'c>> {
        let (mut present, mut there) = (Vec::new(), 0);
        let first = Level::Quarter.around(Level::Month.start_of(month));
        if self.limit.is_some() && first < self.first {
            present = self.kept(first)?;
            // Those that stand for others have room of their own.
            let others = others(self.connection, month)?;
            there = present.iter().filter(|label_set| !others.contains(label_set)).count() as u64;
        }
        let has_folded = self.folded.contains_key(&month);
        Ok(Folding::new(self.connection, month, has_folded, present, there, self.limit))
    }

    /// The label sets of the quarters of an hour that stay as they are, from one on, in order.
    fn kept(&self, from: i64) -> rusqlite::Result<Vec<i64>> {
        let mut present = BTreeSet::new();
        let kept = numbers(self.connection, Level::Quarter, from)?;
        for number in kept.into_iter().take_while(|number| *number < self.first) {
            match read(self.connection, Level::Quarter, number) {
                Ok(rollup) => present.extend(rollup.iter().map(|(label_set, _)| label_set)),
                // What they were nobody can say.
                Err(error) if RollupError::is_unreadable(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(present.into_iter().collect())
    }
}
