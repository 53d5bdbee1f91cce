//! When records were priced anew, and what it came to.

use serde::Serialize;
use usage_core::format::{format_count, printable};
use usage_store::Repricing;

use super::json::JsonSum;
use super::text::sum;
use crate::commands::prices::Format;
use crate::context::Context;
use crate::error::CliError;
use crate::{amounts, exit_codes, output};

pub(super) fn run(format: Format, context: &Context) -> Result<u8, CliError> {
    let store = context.open_existing()?;
    let all = store.prices().repricings()?;
    match format {
        Format::Text => output::print(&shown(&all, context))?,
        Format::Json => output::print_json(&JsonLog {
            schema: 1,
            repricings: all.iter().map(|of| json(of, context)).collect(),
        })?,
    }
    Ok(exit_codes::DONE)
}

fn shown(all: &[Repricing], context: &Context) -> String {
    if all.is_empty() {
        return "No record was priced anew\n".to_owned();
    }
    let at = |at| amounts::instant(at, context.zone());
    let mut text = String::new();
    for of in all {
        if !text.is_empty() {
            text.push('\n');
        }
        text += &format!("{} by {}\n", at(of.at), printable(&of.by));
        let from = of.range.start.map_or_else(|| "the first".to_owned(), at);
        let until = of.range.end.map_or_else(|| "the last".to_owned(), at);
        text += &format!("  records: {}, from {from} to {until}\n", printable(&of.what));
        for book in of.books.split("; ") {
            text += &format!("  by: {}\n", printable(&without_checksum(book)));
        }
        let outcome = &of.outcome;
        let (changed, looked) = (format_count(outcome.changed), amounts::records(outcome.records));
        text += &format!("  changed: {changed} of {looked}\n");
        text += &format!("  before: {}\n  after: {}\n", sum(outcome.before), sum(outcome.after));
    }
    text
}

/// A book in words, for people: the checksum of its source is for programs.
fn without_checksum(book: &str) -> String {
    let words = book.split(' ').filter(|word| !word.starts_with("sha256:"));
    words.collect::<Vec<_>>().join(" ").trim_end().to_owned()
}

#[derive(Serialize)]
struct JsonLog {
    schema: u32,
    repricings: Vec<JsonRepricing>,
}

#[derive(Serialize)]
struct JsonRepricing {
    at: String,
    by: String,
    from: Option<String>,
    until: Option<String>,
    what: String,
    books: Vec<String>,
    records: u64,
    changed: u64,
    before: JsonSum,
    after: JsonSum,
}

fn json(of: &Repricing, context: &Context) -> JsonRepricing {
    let at = |at| amounts::instant(at, context.zone());
    JsonRepricing {
        at: at(of.at),
        by: of.by.clone(),
        from: of.range.start.map(at),
        until: of.range.end.map(at),
        what: of.what.clone(),
        books: of.books.split("; ").map(str::to_owned).collect(),
        records: of.outcome.records,
        changed: of.outcome.changed,
        before: of.outcome.before.into(),
        after: of.outcome.after.into(),
    }
}
