//! The report as text for people.

use std::borrow::Borrow;

use chrono::{DateTime, Datelike as _};
use chrono_tz::Tz;

use super::columns::{Column, column_choices};
use super::grid::{self, Grid, Line, NameColumn};
use super::options::TextOptions;
use super::page::{MIN_NAME_WIDTH, Page, left_out};
use super::when::when;
use crate::stats::{Aggregates, Dimension, Grouping, Key, Row, Span, Summary, Table, joined};
use crate::text::{format_count, printable};
use crate::{Filter, Measure, Period, Record, Report, Timestamp};

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
        if let Some((period, summary)) = &report.previous {
            page.previous(period.name(), summary, options);
        }
        let has_bars = report.tables.iter().any(|table| is_over_time(table.by()));
        let needs_bars = has_bars && !options.kinds;
        let laid_out = |columns: &[Column]| {
            let shown = Shown { columns, options: *options };
            let grids: Vec<Grid> = report.tables.iter().map(|table| grid(table, shown)).collect();
            grid::laid_out(grids, needs_bars, options)
        };
        let choices = column_choices(&report.summary, has_bars, options);
        let fitting = choices.iter().map(|choice| laid_out(choice)).find(|(_, fit)| *fit);
        // Of what fits in no way the numbers that matter most stay, or with names in full those that always are there.
        let least = || {
            let has_no_kinds = |choice: &&Vec<Column>| !choice.contains(&Column::Input);
            let choice = match options.wide {
                true => choices.iter().find(has_no_kinds),
                false => choices.last(),
            };
            laid_out(choice.map(Vec::as_slice).unwrap_or_default())
        };
        for (grid, columns) in fitting.unwrap_or_else(least).0 {
            grid.write(&mut page, &columns);
        }
    }
    page.footer(&report.summary, options);
    page.out
}

/// The columns of numbers, and how they are laid out.
#[derive(Clone, Copy)]
struct Shown<'a> {
    columns: &'a [Column],
    options: TextOptions,
}

impl Shown<'_> {
    /// The columns of a table: a list of models has none that says how routes were taken.
    fn of(&self, by: &Grouping) -> impl Iterator<Item = Column> {
        let has_fallbacks = by.shows(Measure::Fallbacks);
        self.columns.iter().copied().filter(move |of| *of != Column::Fallbacks || has_fallbacks)
    }

    fn numbers(&self, table: &Table, totals: &Summary) -> Vec<String> {
        let (all, sort) = (table.summary(), table.by().sort());
        self.of(table.by()).map(|of| of.cell(totals, all, sort, &self.options)).collect()
    }
}

fn is_over_time(by: &Grouping) -> bool {
    by.dimensions().first().is_some_and(|first| first.is_time())
}

fn grid(table: &Table, shown: Shown<'_>) -> Grid {
    let by = table.by();
    let numbers = shown.of(by).map(Column::header).collect();
    let left_out = left_out(table.left_out(), by.shows(Measure::Fallbacks), &shown.options);
    // Of one line it would say nothing new.
    let total = (table.rows().len() > 1 || left_out.is_some())
        .then(|| shown.numbers(table, table.summary()));
    if by.is_list() {
        let header = capitalized(by.last().name());
        let title = format!("By {header}:");
        let names = vec![NameColumn { header, least: MIN_NAME_WIDTH, shortens: true }];
        let lines = list(table, shown);
        return Grid { title, names, numbers, has_bars: false, lines, left_out, total };
    }
    let column = |dimension: &Dimension| NameColumn {
        header: header(dimension),
        least: 0,
        shortens: !dimension.is_time() && *dimension != Dimension::Block,
    };
    let names: Vec<_> = by.dimensions().iter().map(column).collect();
    let headers: Vec<_> = names.iter().map(|column| column.header.as_str()).collect();
    let title = format!("By {}:", headers.join(", "));
    let has_bars = is_over_time(by);
    let has_spans = has_bars && !table.spans().is_empty() && !by.is_out_of_time();
    let mut lines = if has_spans { over_time(table, shown) } else { rows(table, shown) };
    leave_out_repeated(by, &mut lines);
    Grid { title, names, numbers, has_bars, lines, left_out, total }
}

fn cells(table: &Table, names: Vec<String>, totals: &Summary, shown: Shown<'_>) -> Line {
    Line::Cells { names, numbers: shown.numbers(table, totals), weight: totals.tokens() }
}

/// The groups under headings of their first name, the other names joined.
fn list(table: &Table, shown: Shown<'_>) -> Vec<Line> {
    let (mut lines, mut heading) = (Vec::new(), None);
    for row in table.rows() {
        let names: Vec<&String> = row.keys.iter().filter_map(name_of).collect();
        if let Some((first, rest)) = names.split_first() {
            if heading != Some(*first) {
                heading = Some(*first);
                lines.push(Line::Heading(printable(first).into_owned()));
            }
            let name = joined(rest.iter().copied());
            lines.push(cells(table, vec![printable(&name).into_owned()], &row.totals, shown));
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

fn rows(table: &Table, shown: Shown<'_>) -> Vec<Line> {
    table.rows().iter().map(|row| row_line(table, row, shown)).collect()
}

fn row_line(table: &Table, row: &Row, shown: Shown<'_>) -> Line {
    let names = table.by().dimensions().iter().zip(&row.keys).map(|(dimension, key)| match key {
        Key::Name(name) if name.is_empty() => "(none)".to_owned(),
        Key::Name(name) => printable(name).into_owned(),
        Key::Time(span) => span.as_ref().map_or_else(all_time, |span| when(span, *dimension)),
    });
    cells(table, names.collect(), &row.totals, shown)
}

fn all_time() -> String {
    "all time".to_owned()
}

/// The groups where time comes first, with a line for each stretch of time without any: so that gaps are seen.
fn over_time(table: &Table, shown: Shown<'_>) -> Vec<Line> {
    let (by, spans) = (table.by(), table.spans());
    let Some(&time) = by.dimensions().first() else { return Vec::new() };
    let is_time_alone = by.is_time_alone();
    // Where a limit has left out buckets, gaps are nothing special.
    let tells_gaps = !is_time_alone || table.left_out().is_none();
    let mut left = table.rows().iter().peekable();
    let mut lines = Vec::new();
    // Of what is still to come only that counts which holds something.
    let now = shown.options.now.and_then(Timestamp::to_utc);
    let is_to_come = |span: &Span| now.is_some_and(|now| span.start > now);
    let holds = |row: &&Row| row.totals.requests > 0;
    let last = table.rows().iter().filter(holds).filter_map(|row| match row.keys.first() {
        Some(Key::Time(Some(span))) => Some(span.start),
        _ => None,
    });
    let last = last.max();
    for (index, span) in spans.iter().enumerate() {
        if is_to_come(span) && last.is_none_or(|last| span.start > last) {
            break;
        }
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
            lines.push(row_line(table, row, shown));
        }
        // By time alone every bucket has a group, unless a limit left it out.
        if lines.len() == before && !is_time_alone {
            let names = by.dimensions().iter().map(|dimension| match dimension.is_time() {
                true => when(span, *dimension),
                false => "-".to_owned(),
            });
            lines.push(cells(table, names.collect(), &Summary::default(), shown));
        }
    }
    lines
}

/// Returns how many units lie between two instants at which such begin.
fn units_between(from: DateTime<Tz>, to: DateTime<Tz>, time: Dimension) -> u64 {
    let days = (to.date_naive() - from.date_naive()).num_days();
    let months = |at: DateTime<Tz>| i64::from(at.year()) * 12 + i64::from(at.month0());
    let units = match time {
        Dimension::QuarterHour => (to - from).num_minutes() / 15,
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
