//! `usage budget check`

use usage_core::budget::{Budget, BudgetState};

use super::{Format, counted, exec, no_budget, print};
use crate::commands::json::Json;
use crate::context::Context;
use crate::error::CliError;
use crate::exit_codes;

/// Show budgets and exit with 5 if more than the limit of one is spent
///
/// --exec runs a command once for each budget that is past its limit, and once again in its next period. That it was
/// run is noted in the ledger, so that it does not matter who asks next, and from where; for that it has to be writable.
/// If the command fails, the note is taken back, and the next check runs it again.
#[derive(Debug, clap::Args)]
#[command(after_help = VARIABLES)]
pub(super) struct Args {
    /// Only these [default: all]
    #[arg(value_name = "NAME")]
    budget: Vec<String>,

    /// Run this by the shell, once for each crossing of a limit
    #[arg(long, value_name = "COMMAND")]
    exec: Option<String>,

    /// How to print them
    #[arg(long, value_enum, default_value_t, default_value_if("json", "true", "json"))]
    format: Format,

    #[command(flatten)]
    _json: Json,
}

const VARIABLES: &str = "\
The command finds in its environment:
  USAGE_BUDGET         the name of the budget
  USAGE_BUDGET_SPENT   what is spent, in US dollars or tokens
  USAGE_BUDGET_LIMIT   how much may be
  USAGE_BUDGET_UNIT    usd or tokens
  USAGE_BUDGET_START   when its period began
  USAGE_BUDGET_END     when the next one begins
  USAGE_DB             the ledger

Examples:
  usage budget check
  usage budget check all search --json
  usage budget check --exec 'mail -s \"past $USAGE_BUDGET\" me@example.com </dev/null'";

pub(super) fn run(args: &Args, context: &Context) -> Result<u8, CliError> {
    let store = context.open_existing()?;
    let all = store.budgets().list()?;
    if let Some(name) = args.budget.iter().find(|name| all.iter().all(|of| of.name() != *name)) {
        return Err(no_budget(name, &all));
    }
    let is_asked =
        |of: &Budget| args.budget.is_empty() || args.budget.iter().any(|it| it == of.name());
    let asked = all.into_iter().filter(is_asked).collect();
    let counted = counted(&store, asked, args.format, context)?;
    if !context.quiet {
        print(&counted, args.format, context)?;
    }
    let states: Vec<&BudgetState> =
        counted.iter().filter_map(|of| of.state.as_ref().ok()).collect();
    if let Some(command) = &args.exec {
        exec::run(command, &states, &store, context)?;
    }
    Ok(match () {
        () if states.iter().any(|state| state.is_past()) => exit_codes::PAST_BUDGET,
        () if states.len() < counted.len() => exit_codes::FAILED,
        () => exit_codes::DONE,
    })
}
