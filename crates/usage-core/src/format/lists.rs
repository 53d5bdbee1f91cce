//! Lists of sessions and of blocks as text for people.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono_tz::Tz;

use super::columns::Column;
use super::grid::{Columns, Grid, Line, NameColumn};
use super::page::{GAP, INDENT, MIN_NAME_WIDTH, Page};
use super::{TextOptions, display_width, format_count, format_tokens, printable};
use crate::query::{Block, BlockList, Session, SessionList};
use crate::stats::Summary;
use crate::{Measure, Timestamp};

/// On a page that is narrower the year is left out.
const WITH_YEAR: usize = 80;

/// A column of names that is shown where there is room for it.
struct Optional {
    header: &'static str,
    cells: Vec<String>,
}

pub(super) fn sessions(list: &SessionList, options: &TextOptions) -> String {
    let of = ("Sessions", "sessions");
    let mut page = Page::new(of, options, list.period.name(), &list.filter, &list.summary());
    if list.sessions.is_empty() {
        return page.out;
    }
    let all = &list.sessions;
    let whole = list.summary();
    // Where the period begins within one.
    let is_cut = all.iter().any(|of| of.in_range != Some(of.totals));
    let has_costs = whole[Measure::Priced] > 0;
    let mut headers = vec!["Requests", "Tokens"];
    headers.extend(is_cut.then_some("In period"));
    headers.extend(has_costs.then_some("Cost"));
    let numbers_of = |totals: &Summary, in_range: Option<Summary>| {
        let cell = |column: Column, of: &Summary| column.cell(of, &whole, None, options);
        let mut numbers = vec![cell(Column::Requests, totals), cell(Column::Tokens, totals)];
        let in_range = || in_range.map_or("not known".to_owned(), |of| cell(Column::Tokens, &of));
        numbers.extend(is_cut.then(in_range));
        numbers.extend(has_costs.then(|| cell(Column::Cost, totals)));
        numbers
    };
    let numbers: Vec<_> = all.iter().map(|of| numbers_of(&of.totals, of.in_range)).collect();
    let in_range = all.iter().try_fold(Summary::default(), |mut sum, of| {
        sum.merge(&of.in_range?);
        Some(sum)
    });
    let total = (all.len() > 1).then(|| numbers_of(&whole, in_range));
    let width = width(options);
    let has_year = has_year(options);
    let zone = list.period.zone();
    let times: Vec<_> = all.iter().map(|of| times(of.time, zone, has_year)).collect();
    let mut taken = INDENT + widest(times.iter().map(|(start, _)| start), "Start");
    taken += GAP + widest(times.iter().map(|(_, end)| end), "End");
    for (at, header) in headers.iter().enumerate() {
        let cells = numbers.iter().chain(&total).filter_map(|of| of.get(at));
        taken += GAP + widest(cells, header);
    }
    let columns = optional(all).map(|column| {
        let least = widest(column.cells.iter(), column.header).min(MIN_NAME_WIDTH);
        let fits = width.is_none_or(|width| taken + GAP + least <= width);
        taken += if fits { GAP + least } else { 0 };
        (column, fits)
    });
    // The names that matter most are the last ones to go; they stand behind the others.
    let columns: Vec<_> =
        columns.into_iter().rev().filter_map(|(column, fits)| fits.then_some(column)).collect();
    let mut lines = Vec::with_capacity(all.len());
    for (at, ((start, end), numbers)) in times.into_iter().zip(numbers).enumerate() {
        let mut names = vec![start, end];
        names.extend(columns.iter().filter_map(|column| column.cells.get(at).cloned()));
        lines.push(Line::Cells { names, numbers, weight: 0 });
    }
    lines.extend(remarks(list).into_iter().map(Line::Remark));
    let mut names = vec![fixed("Start"), fixed("End")];
    names.extend(columns.iter().map(|column| shortened(column.header)));
    let title = format!("{}:", count(all.len() as u64, "session"));
    let grid =
        Grid { title, names, numbers: headers, has_bars: false, lines, left_out: None, total };
    write(&mut page, grid, options);
    page.footer(&list.summary(), options);
    page.out
}

/// The columns that are shown where there is room, those that matter most first.
fn optional(all: &[Session]) -> [Optional; 4] {
    let of = |header, cell: &dyn Fn(&Session) -> String| Optional {
        header,
        cells: all.iter().map(cell).collect(),
    };
    [
        of("Models", &|of| joined(&of.models)),
        of("Project", &|of| joined(&of.projects)),
        of("Instance", &|of| printable(&of.instance).into_owned()),
        of("Session", &|of| printable(&of.id).into_owned()),
    ]
}

/// Returns the remarks that the rows do not make by themselves.
fn remarks(list: &SessionList) -> Vec<String> {
    let mut remarks = Vec::new();
    let frozen = list.sessions.iter().filter(|of| of.is_frozen).count();
    if frozen > 0 {
        let of = format_count(frozen as u64);
        remarks.push(format!("records of {of} of them were pruned: they are told from sums"));
    }
    if let Some(top) = list.listing.top.filter(|top| *top <= list.sessions.len()) {
        remarks
            .push(format!("no more than {top}, sorted by {}; sums are theirs", list.listing.order));
    }
    remarks
}

fn width(options: &TextOptions) -> Option<usize> {
    options.width.filter(|_| !options.wide)
}

fn has_year(options: &TextOptions) -> bool {
    width(options).is_none_or(|width| width >= WITH_YEAR)
}

fn widest<'a>(cells: impl Iterator<Item = &'a String>, header: &str) -> usize {
    cells.map(|cell| display_width(cell)).chain([header.len()]).max().unwrap_or(0)
}

pub(super) fn blocks(list: &BlockList, options: &TextOptions) -> String {
    let of = ("Blocks", "blocks");
    let mut page = Page::new(of, options, list.period.name(), &list.filter, &list.summary());
    if list.blocks.is_empty() {
        return page.out;
    }
    let zone = list.period.zone();
    let instances: BTreeSet<_> = list.blocks.iter().map(|of| of.instance.as_str()).collect();
    let mut names = vec![fixed("Start"), fixed("End")];
    names.extend((instances.len() > 1).then(|| shortened("Instance")));
    // On a narrow page instances come first.
    let has_room = has_year(options) || instances.len() < 2;
    let whole = list.summary();
    let has_costs = has_room && whole[Measure::Priced] > 0;
    let numbers_of = |of: &Summary| {
        let columns = [Column::Requests, Column::Tokens].into_iter();
        let columns = columns.chain(has_costs.then_some(Column::Cost));
        columns.map(|column| column.cell(of, &whole, None, options)).collect::<Vec<_>>()
    };
    let mut lines = Vec::new();
    for of in &list.blocks {
        let (start, end) = times((of.start, of.end()), zone, has_year(options));
        let mut names = vec![start, end];
        names.extend((instances.len() > 1).then(|| printable(&of.instance).into_owned()));
        let numbers = numbers_of(&of.totals);
        lines.push(Line::Cells { names, numbers, weight: of.totals.tokens() });
        lines.extend(under_way(of, list.now, options).into_iter().map(Line::Remark));
    }
    let title = format!("{}:", count(list.blocks.len() as u64, "block of five hours"));
    let mut numbers = vec!["Requests", "Tokens"];
    numbers.extend(has_costs.then_some("Cost"));
    let total = (list.blocks.len() > 1).then(|| numbers_of(&whole));
    let grid = Grid { title, names, numbers, has_bars: true, lines, left_out: None, total };
    write(&mut page, grid, options);
    page.footer(&list.summary(), options);
    page.out
}

fn write(page: &mut Page, grid: Grid, options: &TextOptions) {
    let grids = [grid];
    let columns = Columns::fitting(&grids, options);
    grids.iter().for_each(|grid| grid.write(page, &columns));
}

/// Returns the remarks on a block that is not over: in one line where there is room.
fn under_way(block: &Block, now: Timestamp, options: &TextOptions) -> Vec<String> {
    let Some(pace) = block.pace(now) else { return Vec::new() };
    let left = format!("now: {} left", hours_and_minutes(pace.left));
    let tokens = format!(
        "{} tokens a minute, {} at its end",
        format_tokens(pace.tokens_per_minute),
        format_tokens(pace.projected_tokens),
    );
    if has_year(options) { vec![format!("{left}, {tokens}")] } else { vec![left, tokens] }
}

/// Rounded up, so that what is not over has something left.
fn hours_and_minutes(time: Duration) -> String {
    let minutes = time.as_secs().div_ceil(60).max(1);
    match minutes / 60 {
        0 => format!("{minutes} min"),
        hours => format!("{hours} h {:02} min", minutes % 60),
    }
}

fn fixed(header: &str) -> NameColumn {
    NameColumn { header: header.to_owned(), least: 0, shortens: false }
}

fn shortened(header: &str) -> NameColumn {
    NameColumn { header: header.to_owned(), least: 0, shortens: true }
}

fn joined(names: &[String]) -> String {
    match names {
        [] => "-".to_owned(),
        names => printable(&names.join(", ")).into_owned(),
    }
}

fn count(number: u64, what: &str) -> String {
    let (first, rest) = what
        .split_once(' ')
        .map_or((what, String::new()), |(first, rest)| (first, format!(" {rest}")));
    format!("{} {first}{}{rest}", format_count(number), if number == 1 { "" } else { "s" })
}

/// The time when something began, and when it ended: without the day where it is the same.
fn times((start, end): (Timestamp, Timestamp), zone: Tz, has_year: bool) -> (String, String) {
    let [start, end] = [start, end].map(|at| at.to_utc().map(|at| at.with_timezone(&zone)));
    let Some((start, end)) = start.zip(end) else { return Default::default() };
    let form = match start.date_naive() == end.date_naive() {
        true => "%H:%M",
        false => "%m-%d %H:%M",
    };
    let of_start = if has_year { "%Y-%m-%d %H:%M" } else { "%m-%d %H:%M" };
    (start.format(of_start).to_string(), end.format(form).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_never_nothing() {
        let of = |secs| hours_and_minutes(Duration::from_secs(secs));
        assert_eq!([of(1), of(60), of(61), of(3_599)], ["1 min", "1 min", "2 min", "1 h 00 min"]);
        assert_eq!(of(5 * 3_600), "5 h 00 min");
    }

    #[test]
    fn the_day_is_said_once() {
        let at = |hours: i64| Timestamp::from_micros(hours * 3_600_000_000);
        let of = |start, end, zone| times((at(start), at(end)), zone, true);
        assert_eq!(of(0, 5, Tz::UTC), ("1970-01-01 00:00".to_owned(), "05:00".to_owned()));
        assert_eq!(of(20, 25, Tz::UTC), ("1970-01-01 20:00".to_owned(), "01-02 01:00".to_owned()));
        let of_zone = of(18, 23, Tz::Asia__Kathmandu);
        assert_eq!(of_zone, ("1970-01-01 23:30".to_owned(), "01-02 04:30".to_owned()));
    }

    #[test]
    fn numbers_of_things_are_counted() {
        assert_eq!(count(1, "session"), "1 session");
        assert_eq!(count(1_234, "block of five hours"), "1,234 blocks of five hours");
    }
}
