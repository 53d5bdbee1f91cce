//! The report as text for people.

use std::borrow::Borrow;

use chrono::{DateTime, Datelike as _};
use chrono_tz::Tz;

use super::grid::{Columns, Grid, Line, NameColumn};
use super::money::cost_cell;
use super::page::{MIN_NAME_WIDTH, Page};
use super::when::when;
use crate::stats::{Aggregates, Dimension, Grouping, Key, Row, Summary, Table, joined};
use crate::text::{format_count, format_tokens, printable};
use crate::{Filter, Measure, Period, Record, Report};

/// The layout of the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TextOptions {
    /// The columns there are: names are shortened in the middle to fit, numbers never. `None`
    /// shortens nothing.
    pub width: Option<usize>,
    /// True if no name is shortened, though lines may then be longer than `width`.
    pub wide: bool,
    /// True if headings are marked by ANSI styles.
    pub color: bool,
    /// True if there is a column for each kind of tokens in place of fallbacks, where the page is wide enough.
    pub kinds: bool,
    /// True if `>=` stands for `≥`, which the reader's locale has not.
    pub ascii: bool,
}

impl TextOptions {
    /// With so many columns at most.
    #[must_use]
    pub const fn with_width(self, columns: usize) -> Self {
        Self { width: Some(columns), ..self }
    }

    /// With names as long as they are, or not.
    #[must_use]
    pub const fn wide(self, wide: bool) -> Self {
        Self { wide, ..self }
    }

    /// With ANSI styles, or without.
    #[must_use]
    pub const fn colored(self, color: bool) -> Self {
        Self { color, ..self }
    }

    /// With a column for each kind of tokens, or not.
    #[must_use]
    pub const fn with_kinds(self, kinds: bool) -> Self {
        Self { kinds, ..self }
    }

    /// With `>=` for `≥`, or not.
    #[must_use]
    pub const fn in_ascii(self, ascii: bool) -> Self {
        Self { ascii, ..self }
    }
}

/// Prints the report as text, from aggregates; an empty `instance` stands for all of them. A thin layer over
/// [`Report`], which also tells other filters and groupings.
///
/// ```
/// use usage_core::format::{TextOptions, format_usage};
/// use usage_core::stats::Aggregates;
///
/// let text = format_usage("router-1", "today", &Aggregates::default(), &TextOptions::default());
/// assert!(text.starts_with("Usage Summary (today, instance router-1)\nRequests: 0  |  "));
/// ```
#[must_use]
pub fn format_usage(
    instance: &str,
    period: &str,
    usage: &Aggregates,
    options: &TextOptions,
) -> String {
    let filter = if instance.is_empty() { Filter::new() } else { Filter::instance(instance) };
    Report::of(Period::only_named(period), filter, usage.clone(), None).to_text(options)
}

/// Prints the report as text, straight from records, as [`format_usage`] does from aggregates.
#[must_use]
pub fn format_records<R: Borrow<Record>>(
    instance: &str,
    period: &str,
    records: impl IntoIterator<Item = R>,
    options: &TextOptions,
) -> String {
    format_usage(instance, period, &records.into_iter().collect(), options)
}

pub(super) fn report(report: &Report, options: &TextOptions) -> String {
    let of = ("Usage Summary", "requests");
    let mut page = Page::new(of, options, report.period.name(), &report.filter, &report.summary);
    if report.summary.requests > 0 {
        // One column less where nothing has a price.
        let costs = report.summary[Measure::Priced] > 0;
        let laid_out = |requests, kinds| {
            let shown = Shown { requests, kinds, costs, options: *options };
            let grids: Vec<Grid> = report.tables.iter().map(|table| grid(table, shown)).collect();
            let columns = Columns::fitting(&grids, options);
            (grids, columns)
        };
        // Of what does not fit, requests are the first to go, and then all kinds.
        let (mut grids, mut columns) = laid_out(true, options.kinds);
        for (requests, kinds) in [(false, true), (true, false)] {
            if options.kinds && !columns.fit(options) {
                (grids, columns) = laid_out(requests, kinds);
            }
        }
        for (table, grid) in report.tables.iter().zip(&grids) {
            grid.write(&mut page, &columns);
            page.left_out(table.left_out(), table.by().shows(Measure::Fallbacks), options);
        }
    }
    page.footer(&report.summary, options);
    page.out
}

/// Which columns of numbers there are.
#[derive(Clone, Copy)]
struct Shown {
    requests: bool,
    kinds: bool,
    costs: bool,
    options: TextOptions,
}

/// A column of numbers, with what stands in it.
type Number = (&'static str, fn(&Summary, &TextOptions) -> String);

fn numbers(by: &Grouping, shown: Shown) -> impl Iterator<Item = Number> {
    const KINDS: [Number; 4] = [
        ("Input", |totals, _| format_tokens(totals[Measure::Input])),
        ("Output", |totals, _| format_tokens(totals[Measure::Output])),
        ("Cache write", |totals, _| format_tokens(totals[Measure::CacheWrite])),
        ("Cache read", |totals, _| format_tokens(totals[Measure::CacheRead])),
    ];
    let requests: Number = ("Requests", |totals, _| format_count(totals.requests));
    let tokens: Number = ("Tokens", |totals, _| format_tokens(totals.tokens()));
    let fallbacks: Number = ("Fallbacks", |totals, _| format_count(totals.fallbacks()));
    let has_fallbacks = by.shows(Measure::Fallbacks) && !shown.kinds;
    let kinds = KINDS.into_iter().filter(move |_| shown.kinds);
    let requests = shown.requests.then_some(requests);
    let numbers = requests.into_iter().chain(kinds).chain([tokens]);
    let numbers = numbers.chain(has_fallbacks.then_some(fallbacks));
    numbers
        .chain(shown.costs.then_some(("Cost", cost_cell as fn(&Summary, &TextOptions) -> String)))
}

fn grid(table: &Table, shown: Shown) -> Grid {
    let by = table.by();
    let numbers = numbers(by, shown).map(|(header, _)| header).collect();
    if by.is_list() {
        let header = capitalized(by.last().name());
        let title = format!("By {header}:");
        let names = vec![NameColumn { header, least: MIN_NAME_WIDTH, shortens: true }];
        return Grid { title, names, numbers, has_bars: false, lines: list(table, shown) };
    }
    let column = |dimension: &Dimension| NameColumn {
        header: header(dimension),
        least: 0,
        shortens: !dimension.is_time() && *dimension != Dimension::Block,
    };
    let names: Vec<_> = by.dimensions().iter().map(column).collect();
    let headers: Vec<_> = names.iter().map(|column| column.header.as_str()).collect();
    let title = format!("By {}:", headers.join(", "));
    let is_over_time = by.dimensions().first().is_some_and(|first| first.is_time());
    let has_spans = is_over_time && !table.spans().is_empty();
    let mut lines = if has_spans { over_time(table, shown) } else { rows(table, shown) };
    leave_out_repeated(by, &mut lines);
    Grid { title, names, numbers, has_bars: is_over_time, lines }
}

fn cells(by: &Grouping, names: Vec<String>, totals: &Summary, shown: Shown) -> Line {
    let numbers = numbers(by, shown).map(|(_, text)| text(totals, &shown.options)).collect();
    Line::Cells { names, numbers, weight: totals.tokens() }
}

/// The groups under headings of their first name, the other names joined.
fn list(table: &Table, shown: Shown) -> Vec<Line> {
    let (mut lines, mut heading) = (Vec::new(), None);
    for row in table.rows() {
        let names: Vec<&String> = row.keys.iter().filter_map(name_of).collect();
        if let Some((first, rest)) = names.split_first() {
            if heading != Some(*first) {
                heading = Some(*first);
                lines.push(Line::Heading(printable(first).into_owned()));
            }
            let name = joined(rest.iter().copied());
            lines.push(cells(table.by(), vec![printable(&name).into_owned()], &row.totals, shown));
        }
    }
    lines
}

const fn name_of(key: &Key) -> Option<&String> {
    match key {
        Key::Name(name) => Some(name),
        Key::Time(_) => None,
    }
}

fn rows(table: &Table, shown: Shown) -> Vec<Line> {
    table.rows().iter().map(|row| row_line(table.by(), row, shown)).collect()
}

fn row_line(by: &Grouping, row: &Row, shown: Shown) -> Line {
    let names = by.dimensions().iter().zip(&row.keys).map(|(dimension, key)| match key {
        Key::Name(name) if name.is_empty() => "(none)".to_owned(),
        Key::Name(name) => printable(name).into_owned(),
        Key::Time(span) => span.as_ref().map_or_else(all_time, |span| when(span, *dimension)),
    });
    cells(by, names.collect(), &row.totals, shown)
}

fn all_time() -> String {
    "all time".to_owned()
}

/// The groups where time comes first, with a line for each stretch of time without any: so that gaps are seen.
fn over_time(table: &Table, shown: Shown) -> Vec<Line> {
    let (by, spans) = (table.by(), table.spans());
    let Some(&time) = by.dimensions().first() else { return Vec::new() };
    let is_time_alone = by.is_time_alone();
    // Where a limit has left out buckets, gaps are nothing special.
    let tells_gaps = !is_time_alone || table.left_out().is_none();
    let mut left = table.rows().iter().peekable();
    let mut lines = Vec::new();
    for (index, span) in spans.iter().enumerate() {
        if let Some(before) = index.checked_sub(1).and_then(|before| spans.get(before))
            && tells_gaps
            && before.end != span.start
        {
            let units = units_between(before.end, span.start, time);
            lines.push(Line::Remark(format!("… {} empty {time}s", format_count(units))));
        }
        let before = lines.len();
        let is_in =
            |row: &&Row| matches!(row.keys.first(), Some(Key::Time(Some(of))) if of == span);
        while let Some(row) = left.next_if(is_in) {
            lines.push(row_line(by, row, shown));
        }
        // By time alone every bucket has a group, unless a limit left it out.
        if lines.len() == before && !is_time_alone {
            let names = by.dimensions().iter().map(|dimension| match dimension.is_time() {
                true => when(span, *dimension),
                false => "-".to_owned(),
            });
            lines.push(cells(by, names.collect(), &Summary::default(), shown));
        }
    }
    lines
}

/// Returns how many units lie between two instants at which such begin.
fn units_between(from: DateTime<Tz>, to: DateTime<Tz>, time: Dimension) -> u64 {
    let days = (to.date_naive() - from.date_naive()).num_days();
    let months = |at: DateTime<Tz>| i64::from(at.year()) * 12 + i64::from(at.month0());
    let units = match time {
        Dimension::Hour => (to - from).num_hours(),
        Dimension::Week => days / 7,
        Dimension::Month => months(to) - months(from),
        _ => days,
    };
    units.unsigned_abs()
}

/// Blanks the cells, from the first on, that need not be said again: those up to the time or before it that are as
/// in the row above. Without time rows are not sorted by their names.
fn leave_out_repeated(by: &Grouping, lines: &mut [Line]) {
    let Some(time) = by.dimensions().iter().position(|dimension| dimension.is_time()) else {
        return;
    };
    let sorted = (time + 1).min(by.dimensions().len() - 1);
    let mut above: Vec<String> = Vec::new();
    for line in lines {
        if let Line::Cells { names, .. } = line {
            let full = names.clone();
            let same = above.iter().zip(&full).take(sorted).take_while(|(above, of)| above == of);
            let same = same.count();
            names.iter_mut().take(same).for_each(String::clear);
            above = full;
        }
    }
}

/// A dimension above its column. The key of a tag stays as it is: `team` and `Team` are two.
fn header(dimension: &Dimension) -> String {
    let name = printable(dimension.name());
    if let Dimension::Tag(_) = dimension { name.into_owned() } else { capitalized(&name) }
}

fn capitalized(name: &str) -> String {
    let mut characters = name.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}
