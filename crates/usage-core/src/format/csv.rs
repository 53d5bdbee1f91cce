//! The report as CSV. The only place that knows its columns.

use std::borrow::Cow;

use super::json::{rfc3339, stated_cost};
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
        let all = Measure::ALL.into_iter().filter(|measure| *measure != Measure::Fallbacks);
        all.filter(move |measure| measure.is_tokens() == tokens)
    };
    let of = [Measure::Fallbacks].into_iter().chain(of(true)).chain(of(false));
    let of = of.map(|measure| (measure.field(), totals[measure].to_string()));
    let first = [("requests", totals.requests), ("tokens", totals.tokens())];
    let first = first.map(|(name, number)| (name, number.to_string())).into_iter();
    first.chain(of).chain([("stated_cost_usd", stated_cost(totals).unwrap_or_default())])
}
