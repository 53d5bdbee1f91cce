//! The report by whatever was asked for, as text for people.

use std::fmt::Write as _;

use chrono::{DateTime, Datelike as _};
use chrono_tz::Tz;

use super::bar::{self, bar};
use super::page::{BOLD, CYAN, DIM, GAP, INDENT, MIN_NAME_WIDTH, Page};
use super::when::when;
use super::width::{display_width, shorten_middle};
use super::{GroupedReport, TextOptions};
use crate::stats::{Bucket, Dimension, Group, Groups, Key, Summary};
use crate::text::{format_count, format_tokens, printable};

const NUMBERS: [&str; 3] = ["Requests", "Tokens", "Fallbacks"];

pub(super) fn report(report: &GroupedReport<'_>, options: &TextOptions) -> String {
    let groups = report.groups;
    let (period, summary) = (report.period.name(), groups.summary());
    let mut page = Page::new(options.color, period, report.filter, summary);
    if summary.requests > 0 {
        Table::new(groups, options).write(&mut page);
        page.left_out(groups.left_out(), true);
    }
    page.out
}

/// A line of the table.
#[derive(Default)]
struct Row {
    /// What it says instead of all the rest, of a stretch without buckets.
    gap: Option<String>,
    /// One for each dimension.
    cells: Vec<String>,
    numbers: [String; 3],
    tokens: u64,
}

impl Row {
    fn new(cells: Vec<String>, totals: &Summary) -> Self {
        let numbers = [
            format_count(totals.requests),
            format_tokens(totals.tokens()),
            format_count(totals.fallbacks()),
        ];
        Self { gap: None, cells, numbers, tokens: totals.tokens() }
    }

    /// Stands for the units between two buckets.
    fn gap(from: &Bucket, to: &Bucket, dimension: Dimension) -> Option<Self> {
        let (end, start) = from.end().zip(to.start()).filter(|(end, start)| end != start)?;
        let units = units_between(end, start, dimension);
        let gap = format!("… {} empty {}s", format_count(units), dimension.name());
        Some(Self { gap: Some(gap), ..Self::default() })
    }
}

struct Table<'a> {
    dimensions: &'a [Dimension],
    rows: Vec<Row>,
    /// The widths of the columns.
    cells: Vec<usize>,
    numbers: [usize; 3],
    /// The columns that are left for bars, if any.
    bars: Option<usize>,
}

impl<'a> Table<'a> {
    fn new(groups: &Groups<'a>, options: &TextOptions) -> Self {
        let dimensions = groups.by().dimensions();
        let mut table = Self {
            dimensions,
            rows: rows(groups),
            cells: dimensions.iter().map(|dimension| dimension.name().len()).collect(),
            numbers: NUMBERS.map(str::len),
            bars: None,
        };
        for row in &table.rows {
            for (width, cell) in table.cells.iter_mut().zip(&row.cells) {
                *width = display_width(cell).max(*width);
            }
            for (width, number) in table.numbers.iter_mut().zip(&row.numbers) {
                *width = number.len().max(*width);
            }
        }
        if let Some(width) = options.width.filter(|_| !options.wide) {
            table.narrow(width);
        }
        if dimensions.first().is_some_and(|first| first.is_time()) {
            let width = options.width.unwrap_or(bar::USUAL_PAGE);
            let room = width.saturating_sub(INDENT + table.width() + GAP);
            table.bars = (room >= bar::MIN_WIDTH).then_some(room.min(bar::MAX_WIDTH));
        }
        table
    }

    /// The columns of a line without its indentation.
    fn width(&self) -> usize {
        self.cells_width() + self.numbers.iter().map(|width| GAP + width).sum::<usize>()
    }

    fn cells_width(&self) -> usize {
        self.cells.iter().sum::<usize>() + GAP * (self.cells.len() - 1)
    }

    /// Makes the widest of the names narrower until all fits, or none may be narrower. Never a
    /// time, never a number.
    fn narrow(&mut self, width: usize) {
        while INDENT + self.width() > width {
            let names = self.cells.iter_mut().zip(self.dimensions);
            let names = names.filter(|(_, dimension)| !dimension.is_time());
            // Of equals the last.
            let widest = names.map(|(width, _)| width).max();
            match widest.filter(|widest| **widest > MIN_NAME_WIDTH) {
                Some(widest) => *widest -= 1,
                None => return,
            }
        }
    }

    fn write(&self, page: &mut Page) {
        let titles: Vec<String> = self.dimensions.iter().map(|d| capitalized(d.name())).collect();
        page.line("");
        page.styled(BOLD, &format!("By {}:", titles.join(", ")));
        let header = self.line(titles.iter().map(String::as_str), &NUMBERS);
        page.line(&header);
        page.styled(DIM, &format!("{:INDENT$}{}", "", "─".repeat(self.width())));
        let most = self.rows.iter().map(|row| row.tokens).max().unwrap_or(0);
        let mut above: &[String] = &[];
        for row in &self.rows {
            if let Some(gap) = &row.gap {
                page.styled(DIM, &format!("{:INDENT$}{gap}", ""));
                continue;
            }
            let said = said_above(self.dimensions, above, &row.cells);
            let cells = row.cells.iter().enumerate();
            let cells = cells.map(|(at, cell)| if at < said { "" } else { cell.as_str() });
            let mut line = self.line(cells, &row.numbers);
            if let Some(room) = self.bars.filter(|_| row.tokens > 0) {
                let bar = page.in_style(CYAN, &bar(row.tokens, most, room));
                // Writing to a string cannot fail.
                let _ = write!(line, "{:GAP$}{bar}", "");
            }
            page.line(&line);
            above = &row.cells;
        }
    }

    fn line<'b, N: AsRef<str>>(
        &self,
        cells: impl Iterator<Item = &'b str>,
        numbers: &[N],
    ) -> String {
        let mut line = String::new();
        let mut gap = INDENT;
        for (cell, width) in cells.zip(&self.cells) {
            let cell = shorten_middle(cell, *width);
            // Padded by hand: the formatter counts characters, a terminal counts columns.
            let padding = width.saturating_sub(display_width(&cell));
            let _ = write!(line, "{:gap$}{cell}{:padding$}", "", "");
            gap = GAP;
        }
        for (number, width) in numbers.iter().zip(self.numbers) {
            let _ = write!(line, "{:GAP$}{:>width$}", "", number.as_ref());
        }
        line
    }
}

/// The groups, and a line for each stretch of time without any where time comes first: so that
/// gaps are seen.
fn rows(groups: &Groups<'_>) -> Vec<Row> {
    let dimensions = groups.by().dimensions();
    let row = |group: &Group<'_>| {
        let cells = dimensions.iter().zip(&group.keys).map(|(dimension, key)| match key {
            Key::Name("") => "(none)".to_owned(),
            Key::Name(name) => printable(name).into_owned(),
            Key::Time(bucket) => when(bucket, *dimension),
        });
        Row::new(cells.collect(), &group.totals)
    };
    if !dimensions.first().is_some_and(|first| first.is_time()) {
        return groups.groups().iter().map(row).collect();
    }
    let mut left = groups.groups().iter().peekable();
    let mut rows = Vec::new();
    // Where a limit has left out buckets, gaps are nothing special.
    let tells_gaps = dimensions.len() > 1 || groups.left_out().is_none();
    let buckets = groups.series().buckets();
    for (index, bucket) in buckets.iter().enumerate() {
        if let Some(before) = index.checked_sub(1).and_then(|before| buckets.get(before))
            && tells_gaps
        {
            rows.extend(Row::gap(before, bucket, dimensions[0]));
        }
        let is_in = |group: &&Group<'_>| starts_in(group, bucket);
        let before = rows.len();
        while let Some(group) = left.next_if(is_in) {
            rows.push(row(group));
        }
        // By time alone every bucket has a group, unless a limit left it out.
        if rows.len() == before && dimensions.len() > 1 {
            let cells = dimensions.iter().map(|dimension| match dimension.is_time() {
                true => when(bucket, *dimension),
                false => "-".to_owned(),
            });
            rows.push(Row::new(cells.collect(), &Summary::default()));
        }
    }
    rows
}

/// How many units lie between two instants at which such begin.
fn units_between(from: DateTime<Tz>, to: DateTime<Tz>, dimension: Dimension) -> u64 {
    let days = (to.date_naive() - from.date_naive()).num_days();
    let months = |at: DateTime<Tz>| i64::from(at.year()) * 12 + i64::from(at.month0());
    let units = match dimension.name() {
        "hour" => (to - from).num_hours(),
        "week" => days / 7,
        "month" => months(to) - months(from),
        _ => days,
    };
    units.unsigned_abs()
}

fn starts_in(group: &Group<'_>, bucket: &Bucket) -> bool {
    matches!(group.keys.first(), Some(Key::Time(of)) if of.start() == bucket.start())
}

/// How many cells, from the first on, need not be said again: those up to the time or before it
/// that are as in the row above. Without time rows are not sorted by their names.
fn said_above(dimensions: &[Dimension], above: &[String], cells: &[String]) -> usize {
    let Some(time) = dimensions.iter().position(|dimension| dimension.is_time()) else {
        return 0;
    };
    let sorted = (time + 1).min(dimensions.len() - 1);
    above.iter().zip(cells).take(sorted).take_while(|(above, cell)| above == cell).count()
}

fn capitalized(name: &str) -> String {
    let mut characters = name.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}
