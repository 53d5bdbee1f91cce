//! `usage budget`

mod amount;
mod check;
mod exec;
mod set;

use clap::{Subcommand, ValueEnum};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use usage_core::Error;
use usage_core::budget::{Budget, BudgetState, state};
use usage_core::error::chain;
use usage_core::format::{format_budgets, printable};
use usage_core::query::Limits;
use usage_store::Store;

use super::json::Json;
use super::report::note_world;
use crate::context::Context;
use crate::error::CliError;
use crate::{amounts, exit_codes, output};

/// Show budgets and how they stand, set or remove them, or check them
///
/// A budget is an amount of money by list price, or of tokens, for each day, week, month or billing cycle, of all
/// requests or of those that a filter keeps. It lies in the ledger, so that all who use it have the same ones. A hard
/// one is what a gateway refuses by; a soft one is told of. `docs/reference/budgets.md` says more.
#[derive(Debug, clap::Args)]
#[command(visible_alias = "budgets", args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Option<Action>,

    #[command(flatten)]
    list: ListArgs,
}

#[derive(Debug, Subcommand)]
enum Action {
    Set(Box<set::Args>),
    /// List the budgets and how they stand
    #[command(visible_alias = "ls")]
    List(ListArgs),
    /// Remove a budget; records stay as they are
    #[command(visible_alias = "rm")]
    Remove {
        /// Its name
        #[arg(value_name = "NAME")]
        budget: String,
    },
    Check(check::Args),
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    /// How to print them
    #[arg(long, value_enum, default_value_t, default_value_if("json", "true", "json"))]
    format: Format,

    #[command(flatten)]
    _json: Json,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    #[default]
    Text,
    Json,
}

const EXAMPLES: &str = "\
Examples:
  usage budget
  usage budget set all --usd 200 --per month
  usage budget set search --usd 20 --per day --project search --hard
  usage budget set haiku --tokens 50M --per week --model claude-haiku-4-5
  usage budget check || echo \"past a budget\"
  usage budget check --exec 'notify-send \"past the budget $USAGE_BUDGET\"'
  usage budget remove haiku";

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, CliError> {
    match &args.action {
        None => list(args.list.format, context),
        Some(Action::List(args)) => list(args.format, context),
        Some(Action::Set(args)) => set::run(args, context),
        Some(Action::Remove { budget }) => remove(budget, context),
        Some(Action::Check(args)) => check::run(args, context),
    }
}

fn list(format: Format, context: &Context) -> Result<u8, CliError> {
    let store = context.open_existing()?;
    let counted = counted(&store, store.budgets().list()?, format, context)?;
    print(&counted, format, context)?;
    Ok(if counted.iter().all(|of| of.state.is_ok()) {
        exit_codes::DONE
    } else {
        exit_codes::FAILED
    })
}

fn remove(name: &str, context: &Context) -> Result<u8, CliError> {
    let store = context.open_existing()?;
    if !store.budgets().remove(name)? {
        return Err(no_budget(name, &store.budgets().list()?));
    }
    if !context.quiet {
        output::print(&format!("Removed the budget {}\n", printable(name)))?;
    }
    Ok(exit_codes::DONE)
}

/// A name was given that no budget has.
fn no_budget(name: &str, budgets: &[Budget]) -> CliError {
    let names: Vec<_> = budgets.iter().map(Budget::name).collect();
    let hint = match names.as_slice() {
        [] => NONE.to_owned(),
        names => format!("budgets are {}", printable(&names.join(", "))),
    };
    CliError::usage(format!("there is no budget {name:?}")).hint(hint)
}

const NONE: &str = "no budget is set: `usage budget set all --usd 200 --per month` sets one";

/// A budget with how it stands, or why that cannot be told.
struct Counted {
    budget: Budget,
    state: Result<BudgetState, Error>,
}

/// Asks how budgets stand. One that cannot be counted, such as by a tag whose records are gone, is told of, and the
/// others are counted.
fn counted(
    store: &Store,
    budgets: Vec<Budget>,
    format: Format,
    context: &Context,
) -> Result<Vec<Counted>, CliError> {
    let report_format = match format {
        Format::Text => usage_core::format::Format::Text,
        Format::Json => usage_core::format::Format::Json,
    };
    note_world(report_format, store, context)?;
    let now = context.now_timestamp();
    let count = |budget: Budget| {
        let state = state(store, &budget, now, &Limits::none());
        if let Err(error) = &state {
            let name = budget.name();
            output::note(&format!(
                "error: the budget {name:?} cannot be counted: {}",
                chain(error)
            ));
        }
        Counted { budget, state }
    };
    Ok(budgets.into_iter().map(count).collect())
}

fn print(counted: &[Counted], format: Format, context: &Context) -> Result<(), CliError> {
    let text = match format {
        Format::Json => {
            let now = amounts::instant(context.now_timestamp(), context.zone());
            return output::print_json(&JsonBudgets { now, budgets: counted });
        }
        Format::Text if counted.is_empty() => {
            format!("{}{}\n", NONE[..1].to_uppercase(), &NONE[1..])
        }
        Format::Text => {
            let states = counted.iter().filter_map(|of| of.state.as_ref().ok()).cloned();
            format_budgets(&states.collect::<Vec<_>>(), &context.text_options())
        }
    };
    // The first line of a table stands apart from what is above it.
    output::print(text.trim_start_matches('\n'))
}

struct JsonBudgets<'a> {
    now: String,
    budgets: &'a [Counted],
}

impl Serialize for JsonBudgets<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("schema", &1)?;
        map.serialize_entry("now", &self.now)?;
        map.serialize_entry("price_basis", "list")?;
        map.serialize_entry("budgets", self.budgets)?;
        map.end()
    }
}

impl Serialize for Counted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let error = match &self.state {
            Ok(state) => return state.serialize(serializer),
            Err(error) => chain(error),
        };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", self.budget.name())?;
        map.serialize_entry("error", &error)?;
        map.end()
    }
}
