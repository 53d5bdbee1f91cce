//! The groups of a series, in the order in which a table shows them.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{Grouping, LeftOut, Series, Sort, Summary};

/// The names of a group, in the order of the dimensions; nothing where that is a unit of time. Told apart one by
/// one: joined text would merge `a/b` + `c` with `a` + `b/c`.
type Names<'a> = Vec<&'a str>;

/// Stands where there is no name. An empty text with an address of its own: names are compared by the C library,
/// which on some processors takes a hundred times as long to compare nothing at an address that is none.
const BLANK: &str = "blank".split_at(0).0;

/// The groups of a series.
pub(super) struct Groups<'a> {
    by: &'a Grouping,
    /// The names of each group, in their order.
    pub(super) names: Vec<Names<'a>>,
    /// In the order in which they are shown.
    pub(super) cells: Vec<Cell>,
}

/// A group within a bucket.
pub(super) struct Cell {
    /// The place of the bucket in the series.
    pub(super) bucket: usize,
    /// The place of the group's names: groups compare as their names do.
    pub(super) group: usize,
    pub(super) totals: Summary,
}

impl<'a> Groups<'a> {
    pub(super) fn of(by: &'a Grouping, series: &'a Series) -> Self {
        let mut groups =
            if by.is_time_alone() { Self::by_time(by, series) } else { Self::by_names(by, series) };
        groups.sort();
        groups
    }

    /// With each bucket, with or without records.
    fn by_time(by: &'a Grouping, series: &'a Series) -> Self {
        let cell = |(bucket, of): (usize, &super::Bucket)| Cell {
            bucket,
            group: 0,
            totals: of.usage().summary(),
        };
        let cells = series.buckets().iter().enumerate().map(cell).collect();
        Self { by, names: vec![vec![BLANK; by.dimensions().len()]], cells }
    }

    fn by_names(by: &'a Grouping, series: &'a Series) -> Self {
        let mut numbers = BTreeMap::<Names<'_>, usize>::new();
        // A label set is the same value in all buckets, as a rule: what group it is of is found out once. Within a
        // bucket it comes once anyhow.
        let mut known = BTreeMap::<usize, usize>::new();
        let is_whole = series.buckets().len() == 1;
        // Where the last cell of each group is.
        let mut last = Vec::new();
        // Cells are large, and moved each time that there is no room.
        let room = series.buckets().first().map_or(0, |of| of.usage().len().min(1_000));
        let mut cells: Vec<Cell> = Vec::with_capacity(room);
        for (bucket, of) in series.buckets().iter().enumerate() {
            for (labels, totals) in of.usage().groups() {
                let mut number = || {
                    let dimensions = by.dimensions().iter();
                    let names = dimensions.map(|dimension| dimension.of(labels).unwrap_or(BLANK));
                    let next = numbers.len();
                    *numbers.entry(names.collect()).or_insert(next)
                };
                let group = match is_whole {
                    true => number(),
                    false => *known.entry(labels.address()).or_insert_with(number),
                };
                last.resize(numbers.len(), usize::MAX);
                match cells.get_mut(last[group]).filter(|cell| cell.bucket == bucket) {
                    Some(cell) => cell.totals.merge(totals),
                    None => {
                        last[group] = cells.len();
                        cells.push(Cell { bucket, group, totals: *totals });
                    }
                }
            }
        }
        let mut places = vec![0; numbers.len()];
        for (place, group) in numbers.values().enumerate() {
            places[*group] = place;
        }
        for cell in &mut cells {
            cell.group = places[cell.group];
        }
        Self { by, names: numbers.into_keys().collect(), cells }
    }

    fn sort(&mut self) {
        let by = self.by;
        if by.is_out_of_time() {
            self.cells.sort_by_cached_key(|cell| (Reverse(by.rank(&cell.totals)), cell.bucket));
            return;
        }
        let named = self.ranks(by.sorted_by_name());
        if by.time().is_none() {
            self.cells.sort_by_cached_key(|cell| {
                (named[cell.group], Reverse(by.rank(&cell.totals)), cell.group)
            });
            return;
        }
        // What stands before the time is sorted as a whole.
        let outers = self.ranks(by.names_before_time());
        let mut sums = vec![0_u128; self.names.len()];
        for cell in &self.cells {
            let of_outer = &mut sums[outers[cell.group]];
            *of_outer = of_outer.saturating_add(by.rank(&cell.totals));
        }
        let by_name = by.sort() == Some(Sort::Name);
        self.cells.sort_by_cached_key(|Cell { bucket, group, totals }| {
            let outer = outers[*group];
            let place = (named[*group], Reverse(sums[outer]), outer);
            let rank = if by_name { 0 } else { by.rank(totals) };
            (place, *bucket, Reverse(rank), *group)
        });
    }

    /// The place that each group has by its first names alone: equal for those that have them in common.
    fn ranks(&self, count: usize) -> Vec<usize> {
        let mut rank = 0;
        let mut before: Option<&Names<'_>> = None;
        let ranks = self.names.iter().map(|names| {
            rank += usize::from(before.is_some_and(|before| before[..count] != names[..count]));
            before = Some(names);
            rank
        });
        ranks.collect()
    }

    /// Keeps the first by tokens, of equals the first in their order; returns what it did not keep. Counted are
    /// buckets by time alone, else groups over all buckets.
    pub(super) fn keep_top(&mut self, top: usize) -> LeftOut {
        let is_time_alone = self.by.is_time_alone();
        let item = |cell: &Cell| if is_time_alone { cell.bucket } else { cell.group };
        let count = if is_time_alone { self.cells.len() } else { self.names.len() };
        let mut totals = vec![Summary::default(); count];
        for cell in &self.cells {
            totals[item(cell)].merge(&cell.totals);
        }
        let mut items: Vec<usize> = (0..count).collect();
        items.sort_by_key(|item| Reverse(self.by.rank(&totals[*item])));
        let rest = items.split_off(top.min(count));
        let mut left_out = LeftOut { count: rest.len(), ..LeftOut::default() };
        let mut is_kept = vec![true; count];
        for item in rest {
            left_out.totals.merge(&totals[item]);
            is_kept[item] = false;
        }
        self.cells.retain(|cell| is_kept[item(cell)]);
        left_out
    }
}
