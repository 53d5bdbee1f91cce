//! `usage reprice`

mod json;
mod log;
mod text;

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use usage_core::TimeRange;
use usage_store::{RepricePlan, RepriceScope, Repriced, Store, this_program};

use super::filter::FilterArgs;
use super::json::Json;
use super::period::{self, PeriodArgs};
use super::prices::Format;
use crate::context::Context;
use crate::error::CliError;
use crate::{exit_codes, output, progress};

/// Price records anew, by the prices that are there now
///
/// Records keep the price that held when they were stored, until this is run. It shows what they cost before
/// and after, by model, and asks on a terminal; elsewhere, such as in a script, --yes has to say that it is
/// meant. --missing does not ask: it changes no cost that is there. A record of March is priced by what the
/// books say of March.
///
/// All records are changed or, however it ends, none; other programs go on recording meanwhile, into their
/// journals. Who has done it, when and by which books is kept in the ledger: --log. What has no records any more,
/// only sums, keeps its cost.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = long_help())]
pub(crate) struct Args {
    #[command(flatten)]
    period: PeriodArgs,

    /// Only those that have no price
    #[arg(long)]
    missing: bool,

    /// Only show what would change
    #[arg(long)]
    dry_run: bool,

    /// Do not ask
    #[arg(short, long)]
    yes: bool,

    /// List when records were priced anew, the last time first, and what it came to
    #[arg(long, conflicts_with_all = ["period", "week_start", "missing", "dry_run", "yes"])]
    #[arg(conflicts_with_all = ["instance", "profile", "provider", "route", "model", "tier", "project"])]
    #[arg(conflicts_with_all = ["user", "tag"])]
    log: bool,

    /// How to print it
    #[arg(long, value_enum, default_value_t, default_value_if("json", "true", "json"))]
    format: Format,

    #[command(flatten)]
    _json: Json,

    #[command(flatten)]
    filter: FilterArgs,
}

const EXAMPLES: &str = "\
Examples:
  usage reprice --dry-run
  usage reprice this-month --model gpt-5
  usage reprice --missing
  usage reprice --log";

fn long_help() -> String {
    format!("{EXAMPLES}\n\n{}", period::long_help())
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, CliError> {
    if args.log {
        return log::run(args.format, context);
    }
    let period = args.period.parse(context)?;
    // Who sees no question cannot answer it.
    let can_ask = io::stdin().is_terminal() && io::stderr().is_terminal();
    let must_ask = !args.yes && !args.missing && !args.dry_run;
    if must_ask && !can_ask {
        let message = "there is no terminal to ask whether these records shall be priced anew";
        return Err(CliError::usage(message).hint("--yes says that it is meant"));
    }
    let store = context.open_existing()?;
    if args.dry_run {
        context.note_waiting(&store, "plan");
    } else {
        // So that the plan is about all that is priced.
        context.recover(&store)?;
    }
    let plan = plan(&store, args, TimeRange::from(&period), context)?;
    let is_text = args.format == Format::Text;
    if is_text && (args.dry_run || !context.quiet) {
        output::print(&text::plan(&plan, &period, context))?;
    }
    let mut done = None;
    if args.dry_run {
        if is_text {
            output::print("Nothing was changed: --dry-run\n")?;
        }
    } else if !plan.is_empty() {
        if must_ask && !text::ask(&plan)? {
            return Err(CliError::failed("nothing was priced anew"));
        }
        done = Some(carry_out(&store, &plan, context)?);
    }
    match &done {
        _ if !is_text => output::print_json(&json::plan(&plan, &period, done.as_ref(), context))?,
        Some(done) if !context.quiet => output::print(&text::done(done))?,
        _ => {}
    }
    Ok(exit_codes::DONE)
}

/// Looks at all records that are meant, and shows on a terminal that it goes on and for how long.
fn plan(
    store: &Store,
    args: &Args,
    range: TimeRange,
    context: &Context,
) -> Result<RepricePlan, CliError> {
    let bar = progress::bar("{spinner} {msg}, {elapsed}", context.quiet);
    bar.set_message("looking at what is stored");
    bar.enable_steady_tick(Duration::from_millis(100));
    let scope = if args.missing { RepriceScope::Missing } else { RepriceScope::All };
    let plan = RepricePlan::new(store, range, args.filter.filter(), scope);
    bar.finish_and_clear();
    Ok(plan?)
}

fn carry_out(store: &Store, plan: &RepricePlan, context: &Context) -> Result<Repriced, CliError> {
    let bar = progress::bar("{wide_bar} {human_pos} of {human_len} priced", context.quiet);
    bar.set_length(plan.changed);
    let now = context.now_timestamp();
    let done = store.reprice(plan, now, &this_program(), |records| bar.set_position(records));
    bar.finish_and_clear();
    Ok(done?)
}
