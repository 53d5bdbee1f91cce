//! Totals by whatever was asked for, in the order in which they are shown.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use super::{Bucket, Grouping, Series, Span, Summary};

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

/// The names of a group, in the order of the dimensions; nothing where that is a unit of time.
type Names<'a> = [&'a str; Grouping::MAX];

/// Stands where there is no name. An empty text with an address of its own: names are compared by the C library,
/// which on some processors takes a hundred times as long to compare nothing at an address that is none.
const BLANK: &str = "blank".split_at(0).0;

impl Table {
    /// Groups a series, which should have been made with the grouping's unit of time, if any.
    ///
    /// With `top` only that many are kept, those with the most tokens over the whole series (of
    /// equals the first by name, or by time): groups of names, each then with all of its buckets;
    /// buckets where the grouping is by time alone.
    #[must_use]
    pub fn new(by: Grouping, series: &Series, top: Option<usize>) -> Self {
        let mut cells = if by.is_time_alone() { by_time(series) } else { by_names(&by, series) };
        // Not of the groups: what has no names is in none of them.
        let mut summary = Summary::default();
        for bucket in series.buckets() {
            summary.merge(&bucket.usage().summary());
        }
        sort(&mut cells, &by);
        let left_out = top.map(|top| keep_top(&mut cells, top, &by));
        let row = |(cell, totals): (Cell<'_>, Summary)| {
            let span = series.buckets().get(cell.bucket).and_then(Bucket::span);
            let keys = by.dimensions().iter().zip(cell.names);
            let keys = keys.map(|(dimension, name)| match dimension.is_time() {
                true => Key::Time(span),
                false => Key::Name(name.to_owned()),
            });
            Row { keys: keys.collect(), totals }
        };
        let rows = cells.into_iter().map(row).collect();
        let spans = series.buckets().iter().filter_map(Bucket::span).collect();
        Self { by, spans, summary, rows, left_out }
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

/// A group before it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Cell<'a> {
    bucket: usize,
    names: Names<'a>,
}

type Cells<'a> = Vec<(Cell<'a>, Summary)>;

fn by_time(series: &Series) -> Cells<'_> {
    let cell = |(bucket, of): (usize, &Bucket)| {
        (Cell { bucket, names: [BLANK; Grouping::MAX] }, of.usage().summary())
    };
    series.buckets().iter().enumerate().map(cell).collect()
}

/// Grouped by the names themselves: joined text would merge `a/b` + `c` with `a` + `b/c`.
fn by_names<'a>(by: &Grouping, series: &'a Series) -> Cells<'a> {
    let mut cells = Vec::new();
    let mut groups = HashMap::<Names<'_>, Summary>::new();
    for (bucket, of) in series.buckets().iter().enumerate() {
        for (labels, totals) in of.usage().groups() {
            let all = labels.names();
            let mut names = [BLANK; Grouping::MAX];
            for (name, dimension) in names.iter_mut().zip(by.dimensions()) {
                *name = dimension.of(&all).unwrap_or(BLANK);
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
    let (by_name, before) = (by.sorted_by_name(), by.names_before_time());
    // The names from one place on are blanked, so that those that stay are what is compared.
    let only = |names: &Names<'a>, places: usize| {
        let mut names = *names;
        names.iter_mut().skip(places).for_each(|name| *name = BLANK);
        names
    };
    if by.time().is_none() {
        cells.sort_by_cached_key(|(cell, totals)| {
            (only(&cell.names, by_name), Reverse(totals.tokens()), cell.names)
        });
        return;
    }
    let mut tokens = HashMap::<Names<'_>, u64>::new();
    for (cell, totals) in cells.iter() {
        let of_outer = tokens.entry(only(&cell.names, before)).or_default();
        *of_outer = of_outer.saturating_add(totals.tokens());
    }
    let mut outers: Vec<_> = tokens.into_iter().collect();
    outers.sort_by_key(|(names, tokens)| (only(names, by_name), Reverse(*tokens), *names));
    let ranks: HashMap<_, _> =
        outers.into_iter().enumerate().map(|(rank, (names, _))| (names, rank)).collect();
    // The second sort is stable: among equals the order of the names stays.
    cells.sort_unstable_by_key(|(cell, _)| cell.names);
    cells.sort_by_cached_key(|(cell, totals)| {
        (ranks.get(&only(&cell.names, before)).copied(), cell.bucket, Reverse(totals.tokens()))
    });
}
