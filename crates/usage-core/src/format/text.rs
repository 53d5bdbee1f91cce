//! The report as text for people.

use std::borrow::Borrow;
use std::fmt::Write as _;

use super::Report;
use super::page::{BOLD, DIM, GAP, INDENT, MIN_NAME_WIDTH, Page};
use super::width::{display_width, shorten_middle};
use crate::stats::{Aggregates, LeftOut, Summary, keep_top_of};
use crate::text::{format_count, format_tokens, printable};
use crate::{Filter, Record};

/// How the text is laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TextOptions {
    /// The columns there are: names are shortened in the middle to fit, numbers never. `None`
    /// shortens nothing.
    pub width: Option<usize>,
    /// Whether no name is shortened, though lines may then be longer than `width`.
    pub wide: bool,
    /// Whether headings are marked by ANSI styles.
    pub color: bool,
}

/// The report as text, from aggregates; an empty `instance` stands for all of them.
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
    let filter = if instance.is_empty() { Filter::default() } else { Filter::instance(instance) };
    render(period, &filter, usage, None, options)
}

/// The report as text, straight from records; an empty `instance` stands for all of them.
#[must_use]
pub fn format_records<R: Borrow<Record>>(
    instance: &str,
    period: &str,
    records: impl IntoIterator<Item = R>,
    options: &TextOptions,
) -> String {
    format_usage(instance, period, &records.into_iter().collect(), options)
}

pub(super) fn report(report: &Report<'_>, options: &TextOptions) -> String {
    render(report.period.name(), report.filter, report.usage, report.top, options)
}

fn render(
    period: &str,
    filter: &Filter,
    usage: &Aggregates,
    top: Option<usize>,
    options: &TextOptions,
) -> String {
    let summary = usage.summary();
    let mut page = Page::new(options.color, period, filter, &summary);
    if summary.requests == 0 {
        return page.out;
    }
    let (mut by_route, mut by_model) = (usage.by_route(), usage.by_model());
    let routes = Table {
        title: "By Route:",
        header: &["Route", "Requests", "Tokens", "Fallbacks"],
        left_out: keep_top_of(&mut by_route, top, |route| &route.totals),
        rows: by_route
            .iter()
            .map(|r| Row::new(&r.profile, &r.display_name(), &r.totals, true))
            .collect(),
    };
    let models = Table {
        title: "By Model:",
        header: &["Model", "Requests", "Tokens"],
        left_out: keep_top_of(&mut by_model, top, |model| &model.totals),
        rows: by_model
            .iter()
            .map(|m| Row::new(&m.profile, &m.display_name(), &m.totals, false))
            .collect(),
    };

    // Both tables share their columns, so that the page reads as one.
    let width = options.width.filter(|_| !options.wide);
    let columns = Columns::fitting(&[&routes, &models], width);
    routes.write(&mut page, &columns);
    models.write(&mut page, &columns);
    page.out
}

struct Row {
    profile: String,
    name: String,
    numbers: Vec<String>,
}

impl Row {
    fn new(profile: &str, name: &str, totals: &Summary, with_fallbacks: bool) -> Self {
        let mut numbers = vec![format_count(totals.requests), format_tokens(totals.tokens())];
        if with_fallbacks {
            numbers.push(format_count(totals.fallbacks()));
        }
        Self {
            profile: printable(profile).into_owned(),
            name: printable(name).into_owned(),
            numbers,
        }
    }
}

struct Table {
    title: &'static str,
    header: &'static [&'static str],
    rows: Vec<Row>,
    left_out: Option<LeftOut>,
}

/// The widths of the name column and of the number columns.
struct Columns {
    name: usize,
    numbers: Vec<usize>,
}

impl Columns {
    fn fitting(tables: &[&Table], width: Option<usize>) -> Self {
        let mut columns = Self { name: MIN_NAME_WIDTH, numbers: Vec::new() };
        for table in tables {
            let header = table.header.iter().skip(1).map(|title| title.len());
            columns.widen_numbers(header);
            for row in &table.rows {
                columns.name = columns.name.max(display_width(&row.name));
                columns.widen_numbers(row.numbers.iter().map(String::len));
            }
        }
        if let Some(width) = width {
            let room = width.saturating_sub(INDENT + columns.numbers_width(columns.numbers.len()));
            columns.name = columns.name.min(room.max(MIN_NAME_WIDTH));
        }
        columns
    }

    fn widen_numbers(&mut self, widths: impl Iterator<Item = usize>) {
        for (index, width) in widths.enumerate() {
            match self.numbers.get_mut(index) {
                Some(column) => *column = width.max(*column),
                None => self.numbers.push(width),
            }
        }
    }

    /// The columns that the first `count` numbers take, gaps included.
    fn numbers_width(&self, count: usize) -> usize {
        self.numbers.iter().take(count).map(|width| GAP + width).sum()
    }
}

impl Table {
    fn write(&self, page: &mut Page, columns: &Columns) {
        let numbers = self.header.len() - 1;
        page.line("");
        page.styled(BOLD, self.title);
        page.line(&row_text(self.header[0], &self.header[1..], columns));
        let rule = columns.name + columns.numbers_width(numbers);
        page.styled(DIM, &format!("{:INDENT$}{}", "", "─".repeat(rule)));
        let mut profile = None;
        for row in &self.rows {
            if profile != Some(&row.profile) {
                profile = Some(&row.profile);
                let room = INDENT + rule - "[]".len();
                page.styled(BOLD, &format!("[{}]", shorten_middle(&row.profile, room)));
            }
            page.line(&row_text(&row.name, &row.numbers, columns));
        }
        page.left_out(self.left_out, numbers > 2);
    }
}

fn row_text<S: AsRef<str>>(name: &str, numbers: &[S], columns: &Columns) -> String {
    let name = shorten_middle(name, columns.name);
    // Padded by hand: the formatter counts characters, a terminal counts columns.
    let padding = columns.name.saturating_sub(display_width(&name));
    let mut line = format!("{:INDENT$}{name}{:padding$}", "", "");
    for (number, width) in numbers.iter().zip(&columns.numbers) {
        // Writing to a string cannot fail.
        let _ = write!(line, "{:GAP$}{:>width$}", "", number.as_ref());
    }
    line
}
