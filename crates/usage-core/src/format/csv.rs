//! The report as CSV. The only place that knows its columns.

use std::borrow::Cow;

use super::json::{at, cost, rfc3339, stated_cost};
use crate::query::{BlockList, SessionList};
use crate::stats::{Key, Summary, Table};
use crate::text::printable;
use crate::{Measure, Report};

pub(super) fn report(report: &Report) -> String {
    // Two lists have two headers, which no program takes.
    match report.lists_as_one() {
        Some(table) => written(&table),
        None => report.tables.iter().map(written).collect::<Vec<_>>().join("\n"),
    }
}

fn written(table: &Table) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory cannot fail.
    let header = table.by().dimensions().iter().map(|dimension| printable(dimension.name()));
    let nothing = Summary::default();
    let header = header.chain(numbers(&nothing).map(|(name, _)| name.into()));
    let _ = writer.write_record(header.map(Cow::into_owned));
    for row in table.rows() {
        let keys = row.keys.iter().map(cell);
        let numbers = numbers(&row.totals).map(|(_, number)| number);
        let _ = writer.write_record(keys.chain(numbers));
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

/// Names of several models or projects stand in one cell, with a semicolon between them.
pub(super) fn sessions(list: &SessionList) -> String {
    let zone = list.period.zone();
    let header = ["instance", "session_id", "start", "end", "projects", "models", "frozen"];
    let rows = list.sessions.iter().map(|of| {
        let names = |names: &[String]| printable(&names.join(";")).into_owned();
        let keys = [
            printable(&of.instance).into_owned(),
            printable(&of.id).into_owned(),
            at(of.time.0, zone).unwrap_or_default(),
            at(of.time.1, zone).unwrap_or_default(),
            names(&of.projects),
            names(&of.models),
            of.is_frozen.to_string(),
        ];
        let in_period = of.in_range.map(|totals| totals.tokens().to_string()).unwrap_or_default();
        (keys, &of.totals, in_period)
    });
    listed(header, Some("tokens_in_period"), rows)
}

pub(super) fn blocks(list: &BlockList) -> String {
    let zone = list.period.zone();
    let rows = list.blocks.iter().map(|of| {
        let keys = [
            printable(&of.instance).into_owned(),
            at(of.start, zone).unwrap_or_default(),
            at(of.end(), zone).unwrap_or_default(),
        ];
        (keys, &of.totals, String::new())
    });
    listed(["instance", "start", "end"], None, rows)
}

/// A header, and rows of what comes before the numbers, the numbers, and what may come behind them.
fn listed<'a, const N: usize>(
    header: [&str; N],
    behind: Option<&str>,
    rows: impl Iterator<Item = ([String; N], &'a Summary, String)>,
) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let nothing = Summary::default();
    let header = header.into_iter().chain(numbers(&nothing).map(|(name, _)| name)).chain(behind);
    // Writing to memory cannot fail.
    let _ = writer.write_record(header);
    for (keys, totals, last) in rows {
        let numbers = numbers(totals).map(|(_, number)| number);
        let _ = writer.write_record(keys.into_iter().chain(numbers).chain(behind.map(|_| last)));
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

fn cell(key: &Key) -> String {
    match key {
        Key::Name(name) => printable(name).into_owned(),
        Key::Time(span) => span.map(|span| rfc3339(span.start)).unwrap_or_default(),
    }
}

/// The columns of numbers: their names, and what stands in each. Fallbacks come before the kinds of tokens, as
/// they always have; any other measure behind them, and money last.
fn numbers(totals: &Summary) -> impl Iterator<Item = (&'static str, String)> {
    let of = |tokens: bool| {
        let elsewhere = [Measure::Fallbacks, Measure::Priced];
        let all = Measure::ALL.into_iter().filter(move |measure| !elsewhere.contains(measure));
        all.filter(move |measure| measure.is_tokens() == tokens)
    };
    let of = [Measure::Fallbacks].into_iter().chain(of(true)).chain(of(false));
    let of = of.map(|measure| (measure.field(), totals[measure].to_string()));
    let first = [("requests", totals.requests), ("tokens", totals.tokens())];
    let first = first.map(|(name, number)| (name, number.to_string())).into_iter();
    let money = [
        ("stated_cost_usd", stated_cost(totals).unwrap_or_default()),
        (Measure::Priced.field(), totals[Measure::Priced].to_string()),
        ("cost_usd", cost(totals).unwrap_or_default()),
    ];
    first.chain(of).chain(money)
}
