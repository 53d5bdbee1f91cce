//! The command that is run once a crossing.

use std::io;
use std::process::{Command, Stdio};

use usage_core::budget::{Amount, BudgetState};
use usage_core::format::printable;
use usage_store::Store;

use crate::context::Context;
use crate::error::CliError;
use crate::output;

/// Runs a command for each budget that has crossed its limit, unless the ledger has a note that it was run for this
/// crossing. All of them are tried; then fails if one has failed.
pub(super) fn run(
    command: &str,
    states: &[&BudgetState],
    store: &Store,
    context: &Context,
) -> Result<(), CliError> {
    let mut outcome = Ok(());
    for state in states {
        let name = state.budget.name();
        // Noted first: of several who check at a time, one runs it.
        if !store.budgets().note_crossing(state)? {
            continue;
        }
        match run_one(command, state, store) {
            Ok(()) if context.quiet => {}
            Ok(()) => output::note(&format!(
                "note: the command was run for the budget {}; the ledger has a note of it, so it is \
                 not run again for this {}",
                printable(name),
                state.budget.per().name(),
            )),
            Err(why) => {
                store.budgets().forget_crossing(name)?;
                let message = format!("the command for the budget {name:?} failed: {why}");
                let error = CliError::failed(message).hint("the next check runs it again");
                if let Err(earlier) = std::mem::replace(&mut outcome, Err(error)) {
                    output::error(&earlier);
                }
            }
        }
    }
    outcome
}

fn run_one(command: &str, state: &BudgetState, store: &Store) -> Result<(), String> {
    let plain = |amount: Amount| match amount {
        Amount::Cost(money) => money.to_string(),
        Amount::Tokens(tokens) => tokens.to_string(),
    };
    let unit = if state.budget.limit().is_cost() { "usd" } else { "tokens" };
    let [start, end] = [state.period.start(), state.period.end()]
        .map(|at| at.map(|at| at.to_rfc3339()).unwrap_or_default());
    let (shell, option) = if cfg!(windows) { ("cmd", "/C") } else { ("/bin/sh", "-c") };
    let status = Command::new(shell)
        .args([option, command])
        .env("USAGE_BUDGET", state.budget.name())
        .env("USAGE_BUDGET_SPENT", plain(state.spent()))
        .env("USAGE_BUDGET_LIMIT", plain(state.budget.limit()))
        .env("USAGE_BUDGET_UNIT", unit)
        .env("USAGE_BUDGET_START", start)
        .env("USAGE_BUDGET_END", end)
        .env("USAGE_DB", store.path())
        .stdin(Stdio::null())
        // What it prints is no part of the answer.
        .stdout(io::stderr())
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(status.to_string()),
        Err(error) => Err(error.to_string()),
    }
}
