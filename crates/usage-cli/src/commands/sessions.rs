//! `usage sessions`

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use usage_core::format::Format;
use usage_core::query::{Limits, Listing, SessionList, SessionOrder};

use super::filter::FilterArgs;
use super::found::{note_unknown_names, where_data_is};
use super::json::Json;
use super::period::{self, PeriodArgs};
use super::report::{formats, note_world, top};
use crate::context::Context;
use crate::error::CliError;
use crate::{exit_codes, output};

/// List the sessions of a period: when, which project and models, requests and tokens
///
/// A session is listed in the period in which its last record lies, with the figures of the whole
/// session; where it began before the period, those of the period stand beside them. Sessions whose
/// records were pruned are listed from their sums.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = long_help())]
pub(crate) struct Args {
    #[command(flatten)]
    period: PeriodArgs,

    /// Which come first: those that ended last, those with the most tokens, or those that began last
    #[arg(long, value_name = "ORDER", value_parser = orders(), default_value = "last")]
    sort: SessionOrder,

    /// Show only the first N
    #[arg(short = 'n', long, value_name = "N", value_parser = top)]
    top: Option<usize>,

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
  usage sessions today
  usage sessions this-month --sort tokens --top 20
  usage sessions last-7-days --project website --format json";

fn long_help() -> String {
    format!("{EXAMPLES}\n\n{}", period::long_help())
}

fn orders() -> impl TypedValueParser<Value = SessionOrder> {
    let names = SessionOrder::ALL.iter().map(|order| PossibleValue::new(order.name()));
    PossibleValuesParser::new(names).try_map(|name| name.parse())
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, CliError> {
    let period = args.period.parse(context)?;
    let store = context.open_engine()?;
    let store = &*store;
    note_world(args.format, store, context)?;
    let listing = Listing { order: args.sort, top: args.top };
    let filter = args.filter.filter().clone();
    if args.format.is_for_people() {
        note_unknown_names(&filter, store, context)?;
    }
    // A ledger knows sessions.
    if let Some(list) = SessionList::ask(store, period, filter, listing, Limits::none())? {
        let options = context.text_options().wide(args.wide);
        let mut page = args.format.write_sessions(&list, &options);
        if list.sessions.is_empty() {
            page += &where_data_is(args.format, store, context)?;
        }
        output::print(&page)?;
    }
    Ok(exit_codes::DONE)
}
