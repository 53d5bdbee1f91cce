//! `usage` by itself: today beside yesterday.

use usage_core::format::Format;
use usage_core::period::{WeekStart, parse_period_with};
use usage_core::{ReportQuery, report};

use super::report::note_world;
use crate::context::Context;
use crate::error::CliError;
use crate::{exit_codes, output};

/// The tables of the page: each day, and what it went to.
const TABLES: [&str; 3] = ["day", "model,day", "project,day"];

pub(crate) fn run(context: &Context) -> Result<u8, CliError> {
    let store = context.open_existing()?;
    note_world(Format::Text, &store, context)?;
    let period = parse_period_with("last-2-days", context.now(), WeekStart::default())?;
    let query = |by: &str| Ok::<_, CliError>(ReportQuery::new(period.clone()).by(by.parse()?));
    let mut page = report(&store, &query(TABLES[0])?)?;
    for by in &TABLES[1..] {
        page.tables.extend(report(&store, &query(by)?)?.tables);
    }
    output::print(&page.to_text(&context.text_options()))?;
    Ok(exit_codes::DONE)
}
