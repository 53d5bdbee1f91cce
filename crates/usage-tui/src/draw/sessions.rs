//! The table of sessions.

use ratatui::layout::Rect;
use usage_core::format::{Column as Number, printable};
use usage_core::query::{Session, SessionOrder};
use usage_core::stats::Summary;
use usage_core::{Measure, Timestamp};

use super::pen::{Pen, below};
use super::sheet::{Column, Sheet};
use super::table::{looks, window};
use crate::app::{App, Hits};
use crate::ask::{Usage, ago};

/// Room for names, where they need it, before a column goes.
const NAME: u16 = 14;

/// Says what stands in a cell.
type Cell<'a> = &'a dyn Fn(&Session) -> String;

pub(super) fn draw(
    pen: &mut Pen<'_>,
    area: Rect,
    app: &App,
    of: &Usage,
    all: &[Session],
    hits: &mut Hits,
) {
    let room = area.height.saturating_sub(1);
    let first = window(app, room, app.shown.len());
    let shown: Vec<&Session> =
        app.shown.iter().skip(first).take(room.into()).filter_map(|at| all.get(*at)).collect();
    (hits.first, hits.rows) = (first, Rect { height: room, ..below(area, 1) });
    let options = pen.options(area.width);
    let zone = of.period.zone();
    let now = (app.options.now)();
    let at = |at: Timestamp| at.to_utc().map(|at| at.with_timezone(&zone));
    let text = |header: &str, sorted: bool, cell: Cell<'_>| Column {
        header: header.to_owned(),
        cells: shown.iter().map(|of| cell(of)).collect(),
        is_number: false,
        sort: None,
        is_sorted_by: sorted,
    };
    let number = |number: Number, sorted: bool| {
        let cell = |totals: &Summary| number.cell(totals, &of.summary, None, &options);
        Column {
            header: number.header().to_owned(),
            cells: shown.iter().map(|of| cell(&of.totals)).collect(),
            is_number: true,
            sort: None,
            is_sorted_by: sorted,
        }
    };
    let names_of_rows: Vec<Vec<String>> =
        shown.iter().map(|of| vec![of.instance.clone(), of.id.clone()]).collect();
    let order = app.order;
    let sheet = |names: usize, requests: bool| {
        let last = |of: &Session| at(of.time.1).map_or_else(String::new, |at| ago(at, now));
        let began = |of: &Session| {
            at(of.time.0).map_or_else(String::new, |at| at.format("%m-%d %H:%M").to_string())
        };
        let project = |of: &Session| named(&of.projects);
        let models = |of: &Session| named(&of.models);
        let instance = |of: &Session| printable(&of.instance).into_owned();
        let id = |of: &Session| printable(&of.id).into_owned();
        let mut columns = vec![text("Last", order == SessionOrder::Last, &last)];
        let ranked: [(&str, Cell<'_>); 5] = [
            ("Project", &project),
            ("Models", &models),
            ("Began", &began),
            ("Instance", &instance),
            ("Session", &id),
        ];
        for (header, cell) in ranked.into_iter().take(names) {
            columns.push(text(header, header == "Began" && order == SessionOrder::Start, cell));
        }
        columns.extend(requests.then(|| number(Number::Requests, false)));
        columns.push(number(Number::Tokens, order == SessionOrder::Tokens));
        columns.extend((of.summary[Measure::Priced] > 0).then(|| number(Number::Cost, false)));
        Sheet {
            columns,
            looks: looks(app, names_of_rows.iter().map(Vec::as_slice), false),
            shares: Vec::new(),
            has_sum: false,
            is_reversed: app.is_reversed,
        }
    };
    let choices = [(5, true), (4, true), (3, true), (2, true), (2, false), (1, false), (0, false)];
    let fitting = choices
        .into_iter()
        .find(|(names, requests)| sheet(*names, *requests).least(NAME) <= area.width);
    let (names, requests) = fitting.unwrap_or((0, false));
    sheet(names, requests).draw(pen, area);
}

fn named(names: &[String]) -> String {
    if names.is_empty() { "-".to_owned() } else { printable(&names.join(", ")).into_owned() }
}
