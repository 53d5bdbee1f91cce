//! `usage delete`

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use usage_core::format::printable;
use usage_store::{DeleteAllPlan, Store};

use super::prune::done;
use crate::context::Context;
use crate::error::{CliError, ErrorKind};
use crate::{amounts, exit_codes, output};

/// Delete every record of the ledger
///
/// Asks first on a terminal; elsewhere, such as in a script, --yes has to say that it is meant.
/// The ledger itself stays, empty. To delete old records only, see `usage prune`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Every record; there is no deleting without it
    #[arg(long, required = true)]
    all: bool,

    /// Do not ask
    #[arg(short, long)]
    yes: bool,
}

const EXAMPLES: &str = "\
Examples:
  usage delete --all
  usage delete --all --yes --db test.db";

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, CliError> {
    // Who sees no question cannot answer it.
    let can_ask = io::stdin().is_terminal() && io::stderr().is_terminal();
    if !args.yes && !can_ask {
        return Err(ErrorKind::NotConfirmed
            .error("there is no terminal to ask whether every record shall be deleted"));
    }
    let store = context.open_existing()?;
    // So that the question is about all that will go.
    context.recover(&store)?;
    let plan = store.plan_delete_all()?;
    let question = question(&store, &plan, context);
    if args.yes {
        if !context.quiet {
            output::print(&format!("{question}\n"))?;
        }
    } else if !is_confirmed(&question)? {
        return Err(ErrorKind::NothingDeleted.error("nothing was deleted"));
    }
    let deletion = store.delete_all()?;
    if !context.quiet {
        amounts::note_held_back(&deletion.space);
        output::print(&done(deletion.records, 0, deletion.space.bytes_given_back()))?;
    }
    Ok(exit_codes::DONE)
}

/// What would go, for people.
fn question(store: &Store, plan: &DeleteAllPlan, context: &Context) -> String {
    let at = |timestamp| amounts::instant(timestamp, context.zone());
    let extent = match (plan.oldest, plan.newest) {
        (Some(oldest), Some(newest)) => format!(", from {} to {}", at(oldest), at(newest)),
        _ => String::new(),
    };
    let ledger = store.path().display().to_string();
    format!("All of {}: {}{extent}", printable(&ledger), amounts::records(plan.records))
}

/// Asks until the end of the line. Anything but `yes` is a no.
fn is_confirmed(question: &str) -> Result<bool, CliError> {
    let asked =
        |error: io::Error| ErrorKind::CannotRead.error(format!("cannot read the answer: {error}"));
    let mut stderr = io::stderr().lock();
    write!(stderr, "{question}\nType yes to delete them: ").map_err(asked)?;
    stderr.flush().map_err(asked)?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(asked)?;
    Ok(answer.trim() == "yes")
}
