//! Totals by whatever was asked for, in the order in which they are shown.

use std::cmp::Reverse;
use std::collections::HashSet;

use super::groups::{Cell, Groups};
use super::{Bucket, Grouping, Series, Sort, Span, Summary};

/// The groups of a report and their totals, sorted to be shown. Owned: it outlives what it was made of.
///
/// Time ascends. What a [`Grouping`] sorts by name is in the order of these names. Of the rest, what
/// stands before the unit of time, or all where there is none, is sorted by its tokens over the whole
/// series, most first, then by its names; what stands behind it likewise by its tokens within each
/// bucket. Grouped by time alone there is a row for each bucket, with or without records; else only for
/// groups that have any.
///
/// ```
/// # use usage_core::{LabelNames, Labels, Record, Timestamp, TokenCounts, Usage};
/// use usage_core::stats::{Aggregates, Key, Series, Table};
///
/// # let labels = Labels::new(LabelNames::new().with_instance("i").with_route("r").with_model("m"))?;
/// # let usage = Usage::new(TokenCounts::unclassified(500), Timestamp::from_micros(0));
/// # let record = Record::new(labels, usage)?;
/// let usage: Aggregates = [&record, &record].into_iter().collect();
/// let table = Table::new("profile,model".parse()?, &Series::whole(usage), None);
/// let [row] = table.rows() else { panic!("one row") };
/// assert_eq!(row.keys, [Key::Name("default".into()), Key::Name("m".into())]);
/// assert_eq!(row.totals.tokens(), 1_000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    by: Grouping,
    spans: Vec<Span>,
    summary: Summary,
    rows: Vec<Row>,
    left_out: Option<LeftOut>,
}

/// A group and its totals.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Row {
    /// The keys of the group: one for each dimension, in their order.
    pub keys: Vec<Key>,
    /// Its totals.
    pub totals: Summary,
}

impl Row {
    /// Makes a group of a table that is [listed](Table::listed).
    #[must_use]
    pub const fn new(keys: Vec<Key>, totals: Summary) -> Self {
        Self { keys, totals }
    }
}

/// The key that a group has in common in one dimension.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Key {
    /// A name, as reports show it.
    Name(String),
    /// A stretch of time; `None` for all time.
    Time(Option<Span>),
}

/// The groups that were left out by a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeftOut {
    /// The number of groups.
    pub count: usize,
    /// Their sum.
    pub totals: Summary,
}

impl Table {
    /// Groups a series, which should have been made with the grouping's unit of time, if any.
    ///
    /// With `top` only that many are kept, those with the most tokens over the whole series (of
    /// equals the first by name, or by time): groups of names, each then with all of its buckets;
    /// buckets where the grouping is by time alone.
    #[must_use]
    pub fn new(by: Grouping, series: &Series, top: Option<usize>) -> Self {
        // Not of the groups: what has no names is in none of them.
        let mut summary = Summary::default();
        for bucket in series.buckets() {
            summary.merge(&bucket.usage().summary());
        }
        Self::of(by, series, top, summary)
    }

    /// As [`new`](Self::new), with the totals of everything, which several tables of one series have in common.
    pub(crate) fn of(by: Grouping, series: &Series, top: Option<usize>, summary: Summary) -> Self {
        let mut groups = Groups::of(&by, series);
        let left_out = top.map(|top| groups.keep_top(top));
        let rows = groups.cells.iter().map(|Cell { bucket, group, totals }| {
            let span = series.buckets().get(*bucket).and_then(Bucket::span);
            let keys = by.dimensions().iter().zip(&groups.names[*group]);
            let keys = keys.map(|(dimension, name)| match dimension.is_time() {
                true => Key::Time(span),
                false => Key::Name((*name).to_owned()),
            });
            Row { keys: keys.collect(), totals: *totals }
        });
        let rows = rows.collect();
        let spans = series.buckets().iter().filter_map(Bucket::span).collect();
        Self { by, spans, summary, rows, left_out }
    }

    /// Makes a table of groups that are at hand, each with a key for each dimension. Of more than `top` those with
    /// the most tokens stay, in their order.
    #[must_use]
    pub fn listed(by: Grouping, mut rows: Vec<Row>, top: Option<usize>) -> Self {
        let mut summary = Summary::default();
        rows.iter().for_each(|row| summary.merge(&row.totals));
        if by.sort().is_some_and(|sort| sort != Sort::Name) {
            rows.sort_by_cached_key(|row| Reverse(by.rank(&row.totals)));
        }
        let left_out = top.map(|top| {
            let mut ranks: Vec<usize> = (0..rows.len()).collect();
            ranks.sort_by_key(|at| Reverse(by.rank(&rows[*at].totals)));
            let gone = HashSet::<usize>::from_iter(ranks.into_iter().skip(top));
            let mut left_out = LeftOut { count: gone.len(), ..LeftOut::default() };
            gone.iter().for_each(|at| left_out.totals.merge(&rows[*at].totals));
            let mut at = 0..;
            rows.retain(|_| at.next().is_some_and(|at| !gone.contains(&at)));
            left_out
        });
        Self { by, spans: Vec::new(), summary, rows, left_out }
    }

    /// Returns what it is grouped by.
    #[must_use]
    pub const fn by(&self) -> &Grouping {
        &self.by
    }

    /// The stretches of time that were looked at, with records or without, in their order. None where
    /// the grouping has no unit of time.
    #[must_use]
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// The totals of everything, what was left out and what has [no names](super::Aggregates::add_unnamed)
    /// included.
    #[must_use]
    pub const fn summary(&self) -> &Summary {
        &self.summary
    }

    /// The groups, in the order in which they are shown.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    pub(super) fn into_rows(self) -> impl Iterator<Item = Row> {
        self.rows.into_iter()
    }

    /// Returns what a limit left out; `None` where there was no limit.
    #[must_use]
    pub const fn left_out(&self) -> Option<&LeftOut> {
        self.left_out.as_ref()
    }
}
