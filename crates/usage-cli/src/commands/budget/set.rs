//! `usage budget set`

use clap::{ArgGroup, ValueEnum};
use usage_core::Money;
use usage_core::budget::{Amount, Budget, Per};
use usage_core::format::printable;
use usage_core::period::{CycleDay, parse_period_with};

use super::amount::{dollars, tokens};
use crate::commands::filter::FilterArgs;
use crate::commands::found::note_unknown_names;
use crate::context::Context;
use crate::error::CliError;
use crate::{exit_codes, output};

/// Set a budget, in place of one of the same name
///
/// It keeps the time zone, the day that weeks begin on and the day that billing cycles begin on with which it is set:
/// all who ask count the same days then.
#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("limit").args(["usd", "tokens"]).required(true))]
pub(super) struct Args {
    /// Its name
    #[arg(value_name = "NAME")]
    budget: String,

    /// So many US dollars by list price, such as 200 or 12.50
    #[arg(long, value_name = "AMOUNT", visible_aliases = ["cost", "dollars"], value_parser = dollars)]
    #[arg(allow_negative_numbers = true)]
    usd: Option<Money>,

    /// So many tokens of all kinds, such as 200000, 200k, 1.5M or 2B
    #[arg(long, value_name = "NUMBER", value_parser = tokens, allow_negative_numbers = true)]
    tokens: Option<u64>,

    /// The time that it is for; each begins anew
    #[arg(long, value_enum, default_value_t, visible_aliases = ["every", "each"])]
    per: PerArg,

    /// The day of the month that a billing cycle begins on, 1 to 31 [default: the setting cycle-day]
    #[arg(long, value_name = "DAY", value_parser = cycle_day)]
    cycle_day: Option<CycleDay>,

    /// Make it one that a gateway refuses by, where that asks the library; else it is only told of
    #[arg(long)]
    hard: bool,

    // Last: its heading would be that of whatever follows.
    #[command(flatten)]
    filter: FilterArgs,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum PerArg {
    #[value(aliases = ["daily", "today"])]
    Day,
    #[value(aliases = ["weekly"])]
    Week,
    #[default]
    #[value(aliases = ["monthly"])]
    Month,
    #[value(aliases = ["billing-cycle", "billing"])]
    Cycle,
}

fn cycle_day(text: &str) -> Result<CycleDay, &'static str> {
    text.parse().ok().and_then(CycleDay::new).ok_or("not a day of the month, from 1 to 31")
}

pub(super) fn run(args: &Args, context: &Context) -> Result<u8, CliError> {
    let limit = match (args.usd, args.tokens) {
        (Some(money), _) => Amount::Cost(money),
        (None, tokens) => Amount::Tokens(tokens.unwrap_or_default()),
    };
    let budget = Budget::new(&args.budget, limit, per(args, context)?).map_err(CliError::usage)?;
    let budget = budget.of(args.filter.filter().clone()).in_zone(context.zone());
    let budget = if args.hard { budget.hard() } else { budget };
    let store = context.open_or_create()?;
    note_unknown_names(budget.filter(), &store, context)?;
    let before = store.budgets().set(&budget)?;
    if !context.quiet {
        let before = before.map_or_else(String::new, |before| format!(" (was {})", words(&before)));
        let name = printable(budget.name());
        output::print(&format!("Budget {name}: {}{before}\n", words(&budget)))?;
    }
    Ok(exit_codes::DONE)
}

fn per(args: &Args, context: &Context) -> Result<Per, CliError> {
    let options = context.period_options(None)?;
    if args.cycle_day.is_some() && args.per != PerArg::Cycle {
        return Err(CliError::usage("--cycle-day goes with --per cycle"));
    }
    Ok(match args.per {
        PerArg::Day => Per::Day,
        PerArg::Week => Per::Week(options.week_start),
        PerArg::Month => Per::Month,
        PerArg::Cycle => match args.cycle_day.or(options.cycle_day) {
            Some(day) => Per::Cycle(day),
            None => {
                // Says what is missing, as every command does.
                parse_period_with("this-cycle", context.now(), options)?;
                Per::Month
            }
        },
    })
}

/// Sums a budget up in a few words.
fn words(budget: &Budget) -> String {
    let kind = if budget.is_hard() { "hard" } else { "soft" };
    format!(
        "{} a {}, {kind}, by the days of {}",
        budget.limit(),
        budget.per().name(),
        budget.zone()
    )
}
