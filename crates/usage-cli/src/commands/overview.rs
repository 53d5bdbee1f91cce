//! `usage` by itself: today beside yesterday.

use std::path::PathBuf;

use usage_core::budget::state;
use usage_core::format::{Format, format_budgets, printable};
use usage_core::period::{WeekStart, parse_period_with};
use usage_core::query::Limits;
use usage_core::stats::{Key, Row, Table};
use usage_core::{Measure, ReportQuery, report};
use usage_store::Store;

use super::found::where_data_is;
use super::import::found;
use super::report::{NO_PRICES, note_world};
use crate::context::Context;
use crate::error::CliError;
use crate::{exit_codes, output};

/// The tables of the page: each day, and what it went to.
const TABLES: [&str; 3] = ["day", "model,day", "project,day"];

pub(crate) fn run(context: &Context) -> Result<u8, CliError> {
    // Whoever names a ledger means that one.
    if !context.is_named() && matches!(context.db_path()?.try_exists(), Ok(false)) {
        output::print(&welcome(&found()))?;
        return Ok(exit_codes::DONE);
    }
    let store = context.open_existing()?;
    note_world(Format::Text, &store, context)?;
    let period = parse_period_with("last-2-days", context.now(), WeekStart::default())?;
    let query = |by: &str| Ok::<_, CliError>(ReportQuery::new(period.clone()).by(by.parse()?));
    let mut page = report(&store, &query(TABLES[0])?)?;
    for by in &TABLES[1..] {
        let tables = report(&store, &query(by)?)?.tables;
        // Where nothing says which project it was for, a table of projects says nothing.
        page.tables.extend(tables.into_iter().filter(has_names));
    }
    let mut text = page.to_text(&context.text_options().with_kinds(true));
    if page.summary.requests == 0 {
        text += &where_data_is(Format::Text, &store, context)?;
    } else if page.summary[Measure::Priced] == 0 {
        text += NO_PRICES;
    }
    text += &budgets(&store, context);
    output::print(&text)?;
    Ok(exit_codes::DONE)
}

/// Returns how budgets stand. What cannot be counted, or read, `usage budget` tells of: it keeps nobody from the page.
fn budgets(store: &Store, context: &Context) -> String {
    let now = context.now_timestamp();
    let all = store.budgets().list().unwrap_or_default();
    let states = all.iter().filter_map(|budget| state(store, budget, now, &Limits::none()).ok());
    format_budgets(&states.collect::<Vec<_>>(), &context.text_options())
}

/// Returns whether a row has a name.
fn has_names(table: &Table) -> bool {
    let is_named =
        |row: &Row| !matches!(row.keys.first(), Some(Key::Name(name)) if name.is_empty());
    table.rows().iter().any(is_named)
}

/// Says how to begin.
fn welcome(found: &[(&str, Vec<PathBuf>)]) -> String {
    if found.is_empty() {
        return "There is no ledger yet, and no coding agent's logs were found on this machine.\n\n  \
                usage record FILE    records what a gateway has logged, one JSON object a line\n  \
                usage --help         lists all that there is\n"
            .to_owned();
    }
    let mut text =
        "There is no ledger yet. These agents' logs were found on this machine:\n\n".to_owned();
    let widest = found.iter().map(|(title, _)| title.len()).max().unwrap_or(0);
    for (title, places) in found {
        let places: Vec<_> = places.iter().map(|place| place.display().to_string()).collect();
        text += &format!("  {title:widest$}  {}\n", printable(&places.join(", ")));
    }
    text += "\nOne command reads them all, and only reads them:\n\n  usage import agents\n";
    text
}
