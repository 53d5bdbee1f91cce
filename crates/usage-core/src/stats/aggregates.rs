//! Totals by label set.

use std::borrow::Borrow;
use std::collections::HashMap;

use super::Summary;
use crate::{Labels, Record};

/// Totals by label set: what every report is made of.
///
/// Its size depends on how many different label sets there are, never on how many records.
/// Aggregating parts and merging them, in any order, gives what aggregating all at once gives.
///
/// ```
/// # use usage_core::{LabelNames, Labels, Record, Timestamp, TokenCounts, Usage};
/// use usage_core::stats::Aggregates;
///
/// # let labels = Labels::new(LabelNames::new().with_instance("i").with_route("r").with_model("m"))?;
/// # let usage = Usage::new(TokenCounts::unclassified(500), Timestamp::from_micros(0));
/// # let record = Record::new(labels, usage)?;
/// let mut morning: Aggregates = [&record].into_iter().collect();
/// let evening: Aggregates = [&record].into_iter().collect();
/// morning.merge(evening);
/// assert_eq!(morning.summary().requests, 2);
/// # Ok::<(), usage_core::RecordError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aggregates {
    groups: HashMap<Labels, Summary>,
    unnamed: Summary,
}

impl Aggregates {
    /// Counts one record in.
    pub fn add(&mut self, record: &Record) {
        match self.groups.get_mut(record.labels()) {
            Some(totals) => totals.add(record),
            None => self.groups.entry(record.labels().clone()).or_default().add(record),
        }
    }

    /// Makes room for so many more label sets.
    pub fn reserve(&mut self, label_sets: usize) {
        self.groups.reserve(label_sets);
    }

    /// Counts in what a group of records with these labels adds up to.
    pub fn add_totals(&mut self, labels: Labels, totals: &Summary) {
        self.groups.entry(labels).and_modify(|sum| sum.merge(totals)).or_insert(*totals);
    }

    /// Counts in what a group of records adds up to whose names nobody asked for. They are in the
    /// [`summary`](Self::summary) and in nothing that is rolled up by name.
    pub fn add_unnamed(&mut self, totals: &Summary) {
        self.unnamed.merge(totals);
    }

    /// Counts in all that the other one has.
    pub fn merge(&mut self, other: Self) {
        self.unnamed.merge(&other.unnamed);
        for (labels, totals) in other.groups {
            self.add_totals(labels, &totals);
        }
    }

    /// Returns whether nothing was counted in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty() && self.unnamed == Summary::default()
    }

    /// The number of label sets.
    pub(super) fn len(&self) -> usize {
        self.groups.len()
    }

    /// The label sets and their totals, in no particular order.
    pub fn groups(&self) -> impl Iterator<Item = (&Labels, &Summary)> {
        self.groups.iter()
    }

    /// The totals of everything.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let mut summary = self.unnamed;
        for totals in self.groups.values() {
            summary.merge(totals);
        }
        summary
    }
}

impl<R: Borrow<Record>> Extend<R> for Aggregates {
    fn extend<I: IntoIterator<Item = R>>(&mut self, records: I) {
        for record in records {
            self.add(record.borrow());
        }
    }
}

impl<R: Borrow<Record>> FromIterator<R> for Aggregates {
    fn from_iter<I: IntoIterator<Item = R>>(records: I) -> Self {
        let mut aggregates = Self::default();
        aggregates.extend(records);
        aggregates
    }
}
