//! The one layout of tables for people: names to the left, numbers to the right under their headers, as wide as
//! they are displayed; names shortened in the middle where the page is too narrow, numbers never.

use std::fmt::Write as _;

use super::TextOptions;
use super::bar::{self, bar};
use super::page::{BOLD, CYAN, DIM, GAP, INDENT, MIN_NAME_WIDTH, Page};
use super::width::{display_width, shorten_apart, shorten_middle};

/// A name that is longer is shortened to so many columns before columns of numbers are left out.
const READABLE: usize = 22;
/// The columns that are left of a name where there are more than three.
const MIN_OF_MANY: usize = 7;
const TOTAL: &str = "Total";

/// A table before it is known how wide its columns are.
pub(super) struct Grid {
    pub(super) title: String,
    /// The columns of names, from the left.
    pub(super) names: Vec<NameColumn>,
    /// The headers of the columns of numbers, behind the names.
    pub(super) numbers: Vec<&'static str>,
    pub(super) has_bars: bool,
    pub(super) lines: Vec<Line>,
    /// The rest that a limit has left out, in words.
    pub(super) left_out: Option<String>,
    /// The numbers of all lines together.
    pub(super) total: Option<Vec<String>>,
}

pub(super) struct NameColumn {
    pub(super) header: String,
    /// It is never narrower than that, whatever it holds.
    pub(super) least: usize,
    /// True if names in it may be shortened.
    pub(super) shortens: bool,
}

pub(super) enum Line {
    /// A cell for each column.
    Cells {
        names: Vec<String>,
        numbers: Vec<String>,
        /// The length of its bar, beside those of the other lines.
        weight: u64,
    },
    /// The name that the lines below it have in common.
    Heading(String),
    /// Something in words.
    Remark(String),
}

/// The widths of columns, which several tables may share, so that the page reads as one.
#[derive(Clone)]
pub(super) struct Columns {
    names: Vec<usize>,
    numbers: Vec<usize>,
    /// The columns that are left for bars, if any.
    bars: Option<usize>,
}

impl Columns {
    pub(super) fn fitting(grids: &[Grid], options: &TextOptions) -> Self {
        let mut columns = Self { names: Vec::new(), numbers: Vec::new(), bars: None };
        for grid in grids {
            let names =
                grid.names.iter().map(|column| column.least.max(display_width(&column.header)));
            widen(&mut columns.names, names);
            widen(&mut columns.numbers, grid.numbers.iter().map(|header| header.len()));
            if let Some(total) = &grid.total {
                widen(&mut columns.names, [TOTAL.len()].into_iter());
                widen(&mut columns.numbers, total.iter().map(|number| display_width(number)));
            }
            for line in &grid.lines {
                if let Line::Cells { names, numbers, .. } = line {
                    widen(&mut columns.names, names.iter().map(|name| display_width(name)));
                    let widths = numbers.iter().map(|number| display_width(number));
                    widen(&mut columns.numbers, widths);
                }
            }
        }
        if let Some(width) = options.width.filter(|_| !options.wide) {
            columns.narrow(width, grids);
        }
        if grids.iter().any(|grid| grid.has_bars) {
            let width = options.width.unwrap_or(bar::USUAL_PAGE);
            let room = width.saturating_sub(INDENT + columns.width(usize::MAX) + GAP);
            columns.bars = (room >= bar::MIN_WIDTH).then_some(room.min(bar::MAX_WIDTH));
        }
        columns
    }

    /// Returns whether the page is wide enough for all of them, with names that can be read, and for bars where these
    /// have to be there.
    pub(super) fn fit(&self, grids: &[Grid], needs_bars: bool, options: &TextOptions) -> bool {
        let Some(width) = options.width else { return true };
        let longest = |at: usize| {
            let cells =
                grids.iter().flat_map(|grid| &grid.lines).filter_map(move |line| match line {
                    Line::Cells { names, .. } => names.get(at).map(|name| display_width(name)),
                    Line::Heading(_) | Line::Remark(_) => None,
                });
            cells.max().unwrap_or(0)
        };
        let are_readable =
            self.names.iter().enumerate().all(|(at, width)| *width >= longest(at).min(READABLE));
        let fits = INDENT + self.width(usize::MAX) <= width;
        fits && are_readable && (!needs_bars || self.bars.is_some())
    }

    /// The columns of a line with that many numbers, without its indentation.
    fn width(&self, numbers: usize) -> usize {
        let gaps = GAP * self.names.len().saturating_sub(1);
        let numbers = self.numbers.iter().take(numbers).map(|width| GAP + width);
        self.names.iter().sum::<usize>() + gaps + numbers.sum::<usize>()
    }

    /// Makes the widest of the names narrower until all fits, or none may be narrower.
    fn narrow(&mut self, width: usize, grids: &[Grid]) {
        let shortens =
            |at: usize| grids.iter().all(|grid| grid.names.get(at).is_some_and(|c| c.shortens));
        // Of many names on one page each may be shorter.
        let least = if self.names.len() > 3 { MIN_OF_MANY } else { MIN_NAME_WIDTH };
        while INDENT + self.width(usize::MAX) > width {
            let names = self.names.iter_mut().enumerate().filter(|(at, _)| shortens(*at));
            // Of equals the last.
            match names.map(|(_, width)| width).max().filter(|widest| **widest > least) {
                Some(widest) => *widest -= 1,
                None => return,
            }
        }
    }
}

fn widen(columns: &mut Vec<usize>, widths: impl Iterator<Item = usize>) {
    for (index, width) in widths.enumerate() {
        match columns.get_mut(index) {
            Some(column) => *column = width.max(*column),
            None => columns.push(width),
        }
    }
}

/// Tables with the widths of their columns, and whether these fit. Tables of the same kinds of columns share them.
pub(super) fn laid_out(
    grids: Vec<Grid>,
    needs_bars: bool,
    options: &TextOptions,
) -> (Vec<(Grid, Columns)>, bool) {
    let shape = |grid: &Grid| grid.names.iter().map(|of| of.shortens).collect::<Vec<_>>();
    if grids.windows(2).all(|pair| shape(&pair[0]) == shape(&pair[1])) {
        let columns = Columns::fitting(&grids, options);
        let fit = columns.fit(&grids, needs_bars, options);
        return (grids.into_iter().map(|grid| (grid, columns.clone())).collect(), fit);
    }
    let mut all_fit = true;
    let apart = grids.into_iter().map(|grid| {
        let needs_bars = needs_bars && grid.has_bars;
        let columns = Columns::fitting(std::slice::from_ref(&grid), options);
        all_fit &= columns.fit(std::slice::from_ref(&grid), needs_bars, options);
        (grid, columns)
    });
    (apart.collect(), all_fit)
}

impl Grid {
    pub(super) fn write(&self, page: &mut Page, columns: &Columns) {
        let rule = columns.width(self.numbers.len());
        page.line("");
        page.styled(BOLD, &self.title);
        let headers = self.names.iter().map(|column| column.header.as_str());
        page.line(&line(headers, &self.numbers, columns));
        let draw_rule = |page: &mut Page| {
            page.styled(DIM, &format!("{:INDENT$}{}", "", "─".repeat(rule)));
        };
        draw_rule(page);
        let weights = self.lines.iter().filter_map(|line| match line {
            Line::Cells { weight, .. } => Some(*weight),
            Line::Heading(_) | Line::Remark(_) => None,
        });
        let most = weights.max().unwrap_or(0);
        let mut rows = self.shortened(columns).into_iter();
        for of in &self.lines {
            match of {
                Line::Cells { numbers, weight, .. } => {
                    let names = rows.next().unwrap_or_default();
                    let mut line = line(names.iter().map(String::as_str), numbers, columns);
                    if let Some(room) = columns.bars.filter(|_| self.has_bars && *weight > 0) {
                        let bar = page.in_style(CYAN, &bar(*weight, most, room));
                        // Writing to a string cannot fail.
                        let _ = write!(line, "{:GAP$}{bar}", "");
                    }
                    page.line(&line);
                }
                Line::Heading(text) => {
                    let text = shorten_middle(text, (INDENT + rule).saturating_sub("[]".len()));
                    page.styled(BOLD, &format!("[{text}]"));
                }
                Line::Remark(text) => page.styled(DIM, &format!("{:INDENT$}{text}", "")),
            }
        }
        if let Some(left_out) = &self.left_out {
            page.styled(DIM, &format!("{:INDENT$}{left_out}", ""));
        }
        if let Some(total) = &self.total {
            draw_rule(page);
            let names =
                self.names.iter().enumerate().map(|(at, _)| if at == 0 { TOTAL } else { "" });
            page.styled(BOLD, &line(names, total, columns));
        }
    }

    /// The names of each line, as wide as their columns are.
    fn shortened(&self, columns: &Columns) -> Vec<Vec<String>> {
        let rows = self.lines.iter().filter_map(|line| match line {
            Line::Cells { names, .. } => Some(names.clone()),
            Line::Heading(_) | Line::Remark(_) => None,
        });
        let mut rows: Vec<Vec<String>> = rows.collect();
        for (at, width) in columns.names.iter().enumerate() {
            let cells: Vec<String> =
                rows.iter().map(|names| names.get(at).cloned().unwrap_or_default()).collect();
            for (names, shortened) in rows.iter_mut().zip(shorten_apart(&cells, *width)) {
                if let Some(name) = names.get_mut(at) {
                    *name = shortened;
                }
            }
        }
        rows
    }
}

fn line<'a, N: AsRef<str>>(
    names: impl Iterator<Item = &'a str>,
    numbers: &[N],
    columns: &Columns,
) -> String {
    let mut line = String::new();
    let mut gap = INDENT;
    for (name, width) in names.zip(&columns.names) {
        let name = shorten_middle(name, *width);
        // Padded by hand: the formatter counts characters, a terminal counts columns.
        let padding = width.saturating_sub(display_width(&name));
        let _ = write!(line, "{:gap$}{name}{:padding$}", "", "");
        gap = GAP;
    }
    for (number, width) in numbers.iter().zip(&columns.numbers) {
        let _ = write!(line, "{:GAP$}{:>width$}", "", number.as_ref());
    }
    line
}
