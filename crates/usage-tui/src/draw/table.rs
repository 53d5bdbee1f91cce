//! The table of a period: what it went to.

use ratatui::layout::Rect;
use usage_core::format::{Column as Number, column_choices, format_count};
use usage_core::stats::{Sort, Summary};

use super::pen::{Pen, below, line, right};
use super::sheet::{Column, Look, Sheet};
use crate::app::rows::joined;
use crate::app::{App, Hits};
use crate::ask::{Row, Usage};
use crate::theme::Role;

/// Room for names, where they need it, before numbers go: a third of the line, within these.
const NAME: [u16; 2] = [12, 26];

pub(super) fn draw(
    pen: &mut Pen<'_>,
    area: Rect,
    app: &App,
    of: &Usage,
    rows: &[Row],
    hits: &mut Hits,
) {
    let count = app.shown.len();
    // A sum below the rows, where it takes little from them.
    let has_sum = area.height >= 6 && count > 1;
    let room = area.height.saturating_sub(1 + u16::from(has_sum));
    let first = window(app, room, count);
    let shown: Vec<&Row> =
        app.shown.iter().skip(first).take(room.into()).filter_map(|at| rows.get(*at)).collect();
    (hits.first, hits.rows) = (first, Rect { height: room, ..below(area, 1) });
    let mut sum = Summary::default();
    app.shown.iter().filter_map(|at| rows.get(*at)).for_each(|row| sum.merge(&row.totals));
    let options = pen.options(area.width);
    let sheet = |numbers: &[Number]| {
        let mut names: Vec<String> = shown.iter().map(|row| joined(&row.names)).collect();
        names.extend(has_sum.then(|| sum_name(app, rows.len())));
        let name = Column {
            header: app.by.title().to_owned(),
            cells: names,
            is_number: false,
            sort: Some(Sort::Name),
            is_sorted_by: app.sort == Sort::Name,
        };
        let numbers = numbers.iter().map(|number| {
            let cell =
                |totals: &Summary| number.cell(totals, &of.summary, Some(app.sort), &options);
            let mut cells: Vec<String> = shown.iter().map(|row| cell(&row.totals)).collect();
            cells.extend(has_sum.then(|| cell(&sum)));
            let sort = sort_of(*number);
            let header = number.header().to_owned();
            Column { header, cells, is_number: true, sort, is_sorted_by: sort == Some(app.sort) }
        });
        Sheet {
            columns: [name].into_iter().chain(numbers).collect(),
            looks: looks(app, shown.iter().map(|row| row.names.as_slice()), has_sum),
            shares: shown.iter().map(|row| share(&row.totals, &of.summary, app.sort)).collect(),
            has_sum,
            is_reversed: app.is_reversed,
        }
    };
    let choices = column_choices(&of.summary, false, &options);
    let fits = |numbers: &Vec<Number>| {
        sheet(numbers).least((area.width / 3).clamp(NAME[0], NAME[1])) <= area.width
    };
    let numbers = choices.iter().find(|of| fits(of)).or(choices.last());
    hits.headers = sheet(numbers.map_or(&[], Vec::as_slice)).draw(pen, area);
    if count == 0 {
        pen.put(right(line(area, 1), 1), "no row has these letters", Role::Dim);
    }
}

/// The place of the first row on the screen, so that the chosen one is on it.
pub(super) fn window(app: &App, room: u16, count: usize) -> usize {
    let room = usize::from(room).max(1);
    let first = app.first.min(count.saturating_sub(room));
    match app.chosen_place() {
        Some(chosen) => first.clamp(chosen.saturating_sub(room - 1), chosen),
        None => first,
    }
}

fn sum_name(app: &App, all: usize) -> String {
    match app.search.is_empty() {
        true => format!("all {}", format_count(all as u64)),
        false => format!("{} found", format_count(app.shown.len() as u64)),
    }
}

pub(super) fn looks<'a>(
    app: &App,
    names: impl Iterator<Item = &'a [String]>,
    has_sum: bool,
) -> Vec<Look> {
    let look = |names: &[String]| Look {
        is_chosen: app.chosen.as_deref() == Some(names),
        is_new: app.flash.has(names),
    };
    names.map(look).chain(has_sum.then(Look::default)).collect()
}

const fn sort_of(number: Number) -> Option<Sort> {
    match number {
        Number::Requests => Some(Sort::Requests),
        Number::Tokens => Some(Sort::Tokens),
        Number::Cost => Some(Sort::Cost),
        _ => None,
    }
}

/// The part of all, in thousandths, by what the table is sorted by.
fn share(of: &Summary, all: &Summary, sort: Sort) -> u64 {
    let (part, whole) = match sort {
        Sort::Cost => (of.cost.picos(), all.cost.picos()),
        Sort::Requests => (of.requests.into(), all.requests.into()),
        _ => (of.tokens().into(), all.tokens().into()),
    };
    // Divided first: a sum of money may be close to what fits.
    u64::try_from(part / (whole / 1_000).max(1)).unwrap_or(1_000).min(1_000)
}
