//! `usage blocks`

use usage_core::format::Format;
use usage_core::query::{BlockList, Limits};

use super::filter::FilterArgs;
use super::found::{note_unknown_names, where_data_is};
use super::json::Json;
use super::period::{self, PeriodArgs};
use super::report::{formats, note_world};
use crate::context::Context;
use crate::error::CliError;
use crate::{exit_codes, output};

/// List the blocks of five hours of a period, and what is left of the current one
///
/// A block begins at the whole hour (UTC) of its first request and lasts five hours; the next one
/// begins with the first request after that. Each instance has its own. Of the one that is under way
/// it says how long it lasts, how many tokens a minute it took, and what it comes to at this pace.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = long_help())]
pub(crate) struct Args {
    #[command(flatten)]
    period: PeriodArgs,

    /// Shorten no names, even if lines get longer than the terminal is wide
    #[arg(long)]
    wide: bool,

    /// How to print it
    #[arg(long, value_parser = formats(), default_value = Format::default().name())]
    #[arg(default_value_if("json", "true", "json"))]
    format: Format,

    #[command(flatten)]
    _json: Json,

    // Last: its heading would be that of whatever follows.
    #[command(flatten)]
    filter: FilterArgs,
}

const EXAMPLES: &str = "\
Examples:
  usage blocks last-12-hours
  usage blocks last-7-days --instance claude-code
  usage blocks today --format json";

fn long_help() -> String {
    format!("{EXAMPLES}\n\n{}", period::long_help())
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, CliError> {
    let period = args.period.parse(context)?;
    let store = context.open_engine()?;
    let store = &*store;
    note_world(args.format, store, context)?;
    let filter = args.filter.filter().clone();
    if args.format.is_for_people() {
        note_unknown_names(&filter, store, context)?;
    }
    let list = BlockList::ask(store, period, filter, context.now_timestamp(), Limits::none())?;
    let options = context.text_options().wide(args.wide);
    let mut page = args.format.write_blocks(&list, &options);
    if list.blocks.is_empty() {
        page += &where_data_is(args.format, store, context)?;
    }
    output::print(&page)?;
    Ok(exit_codes::DONE)
}
