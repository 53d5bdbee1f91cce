//! Totals by whatever was asked for, in the order in which they are shown.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use super::{Bucket, Grouping, Series, Summary};

/// The groups of a report and their totals, sorted to be shown.
///
/// Time ascends. What stands before the unit of time, or all where there is none, is sorted by
/// its tokens over the whole series, most first, then by its names; what stands behind it
/// likewise by its tokens within each bucket. Grouped by time alone there is a group for each
/// bucket, with or without records; else only groups that have any.
///
/// ```
/// # use usage_core::{LabelNames, Labels, Record, Timestamp, TokenCounts, Usage};
/// use usage_core::stats::{Aggregates, Groups, Key, Series};
///
/// # let labels = Labels::new(LabelNames::new().with_instance("i").with_route("r").with_model("m"))?;
/// # let record = Record::new(labels, Usage::new(TokenCounts::unclassified(500), Timestamp::from_micros(0)).with_fallbacks(1))?;
/// let usage: Aggregates = [&record, &record].into_iter().collect();
/// let (by, series) = ("profile,model".parse()?, Series::whole(usage));
/// let groups = Groups::new(&by, &series, None);
/// let [group] = groups.groups() else { panic!("one group") };
/// assert_eq!(group.keys, [Key::Name("default"), Key::Name("m")]);
/// assert_eq!(group.totals.tokens(), 1_000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Groups<'a> {
    by: &'a Grouping,
    series: &'a Series,
    summary: Summary,
    groups: Vec<Group<'a>>,
    left_out: Option<LeftOut>,
}

/// A group and its totals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group<'a> {
    /// What it is a group of: one for each dimension, in their order.
    pub keys: Vec<Key<'a>>,
    /// Its totals.
    pub totals: Summary,
}

/// What a group has in common in one dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key<'a> {
    /// A name.
    Name(&'a str),
    /// A stretch of time.
    Time(&'a Bucket),
}

/// What was left out by a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// How many groups.
    pub count: usize,
    /// What they add up to.
    pub totals: Summary,
}

/// The names of a group, in the order of the dimensions; nothing where that is a unit of time.
type Names<'a> = [&'a str; 6];

impl<'a> Groups<'a> {
    /// Groups a series, which should have been made with the grouping's unit of time, if any.
    ///
    /// With `top` only that many are kept, those with the most tokens over the whole series (of
    /// equals the first by name, or by time): groups of names, each then with all of its buckets;
    /// buckets where the grouping is by time alone.
    #[must_use]
    pub fn new(by: &'a Grouping, series: &'a Series, top: Option<usize>) -> Self {
        let mut cells = if by.is_time_alone() { by_time(series) } else { by_names(by, series) };
        let mut summary = Summary::default();
        for (_, totals) in &cells {
            summary.merge(totals);
        }
        sort(&mut cells, by);
        let left_out = top.map(|top| keep_top(&mut cells, top, by));
        let groups = cells.into_iter().map(|(cell, totals)| {
            let keys = by.dimensions().iter().zip(cell.names).map(|(dimension, name)| {
                let bucket = series.buckets().get(cell.bucket).filter(|_| dimension.is_time());
                bucket.map_or(Key::Name(name), Key::Time)
            });
            Group { keys: keys.collect(), totals }
        });
        Self { by, series, summary, groups: groups.collect(), left_out }
    }

    /// What it is grouped by.
    #[must_use]
    pub const fn by(&self) -> &'a Grouping {
        self.by
    }

    /// What was grouped.
    #[must_use]
    pub const fn series(&self) -> &'a Series {
        self.series
    }

    /// The totals of everything, what was left out included.
    #[must_use]
    pub const fn summary(&self) -> &Summary {
        &self.summary
    }

    /// The groups, in the order in which they are shown.
    #[must_use]
    pub fn groups(&self) -> &[Group<'a>] {
        &self.groups
    }

    /// What a limit left out; `None` where there was no limit.
    #[must_use]
    pub const fn left_out(&self) -> Option<LeftOut> {
        self.left_out
    }
}

/// A group before it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Cell<'a> {
    bucket: usize,
    names: Names<'a>,
}

type Cells<'a> = Vec<(Cell<'a>, Summary)>;

fn by_time(series: &Series) -> Cells<'_> {
    let cell = |(bucket, of): (usize, &Bucket)| {
        (Cell { bucket, names: Names::default() }, of.usage().summary())
    };
    series.buckets().iter().enumerate().map(cell).collect()
}

fn by_names<'a>(by: &Grouping, series: &'a Series) -> Cells<'a> {
    let mut cells = Vec::new();
    let mut groups = HashMap::<Names<'_>, Summary>::new();
    for (bucket, of) in series.buckets().iter().enumerate() {
        for (labels, totals) in of.usage().groups() {
            let all = labels.names();
            let mut names = Names::default();
            for (name, dimension) in names.iter_mut().zip(by.dimensions()) {
                *name = dimension.of(&all);
            }
            groups.entry(names).or_default().merge(totals);
        }
        cells.extend(groups.drain().map(|(names, totals)| (Cell { bucket, names }, totals)));
    }
    cells
}

/// Keeps the first by tokens; says what it did not keep.
fn keep_top<'a>(cells: &mut Cells<'a>, top: usize, by: &Grouping) -> LeftOut {
    // What is counted: buckets by time alone, else names over all buckets.
    let item = |cell: &Cell<'a>| Cell {
        bucket: if by.is_time_alone() { cell.bucket } else { 0 },
        names: cell.names,
    };
    let mut items = HashMap::<Cell<'_>, Summary>::new();
    for (cell, totals) in cells.iter() {
        items.entry(item(cell)).or_default().merge(totals);
    }
    let mut items: Vec<_> = items.into_iter().collect();
    items.sort_by_key(|(cell, totals)| (Reverse(totals.tokens()), cell.bucket, cell.names));
    let rest = items.split_off(top.min(items.len()));
    let kept: HashSet<_> = items.into_iter().map(|(cell, _)| cell).collect();
    cells.retain(|(cell, _)| kept.contains(&item(cell)));
    let mut left_out = LeftOut { count: rest.len(), ..LeftOut::default() };
    for (_, totals) in rest {
        left_out.totals.merge(&totals);
    }
    left_out
}

fn sort<'a>(cells: &mut Cells<'a>, by: &Grouping) {
    let time = by.dimensions().iter().position(|dimension| dimension.is_time());
    let before = time.unwrap_or(by.dimensions().len());
    let outer = |cell: &Cell<'a>| {
        let mut names = cell.names;
        names.iter_mut().skip(before).for_each(|name| *name = "");
        names
    };
    let mut tokens = HashMap::<Names<'_>, u64>::new();
    for (cell, totals) in cells.iter() {
        let of_outer = tokens.entry(outer(cell)).or_default();
        *of_outer = of_outer.saturating_add(totals.tokens());
    }
    let mut outers: Vec<_> = tokens.into_iter().collect();
    outers.sort_by_key(|(names, tokens)| (Reverse(*tokens), *names));
    let ranks: HashMap<_, _> =
        outers.into_iter().enumerate().map(|(rank, (names, _))| (names, rank)).collect();
    // The second sort is stable: among equals the order of the names stays.
    cells.sort_unstable_by_key(|(cell, _)| cell.names);
    cells.sort_by_cached_key(|(cell, totals)| {
        (ranks.get(&outer(cell)).copied(), cell.bucket, Reverse(totals.tokens()))
    });
}

/// Keeps the `top` items with the most tokens, of equals the first, in the order they are in;
/// says what it did not keep.
pub(crate) fn keep_top_of<T>(
    items: &mut Vec<T>,
    top: Option<usize>,
    totals: impl Fn(&T) -> &Summary,
) -> Option<LeftOut> {
    let top = top?;
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by_key(|&index| Reverse(totals(&items[index]).tokens()));
    let kept: HashSet<usize> = order.into_iter().take(top).collect();
    let mut left_out = LeftOut::default();
    let mut index = 0;
    items.retain(|item| {
        let keep = kept.contains(&index);
        index += 1;
        if !keep {
            left_out.count += 1;
            left_out.totals.merge(totals(item));
        }
        keep
    });
    Some(left_out)
}
