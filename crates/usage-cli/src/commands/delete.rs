//! `usage delete`

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use chrono::DateTime;
use usage_core::format::{format_count, printable};
use usage_core::period::parse_period;
use usage_core::{TimeRange, Timestamp};
use usage_store::{DeleteAllPlan, DeleteRangePlan, Store};

use super::prune::{NOTHING_DELETED, delete, summed};
use crate::context::Context;
use crate::error::CliError;
use crate::{amounts, exit_codes, output};

/// Delete every record, those of a range of time, or what is quarantined
///
/// Asks first on a terminal; elsewhere, such as in a script, --yes has to say that it is meant.
/// The ledger itself stays. To delete old records only, see `usage prune`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Every record and every sum
    #[arg(long, required_unless_present_any = ["from", "quarantine"])]
    #[arg(conflicts_with_all = ["from", "to", "quarantine"])]
    all: bool,

    /// The records and sums from this day or instant on, such as those of a wrong clock
    ///
    /// A date (YYYY-MM-DD, in your time zone) or an RFC 3339 instant. Unlike after `usage prune`,
    /// records as old are accepted from then on as before.
    #[arg(long, value_name = "DATE|INSTANT", requires = "to", conflicts_with = "quarantine")]
    from: Option<String>,

    /// Up to this day, which goes too, or this instant, which does not
    #[arg(long, value_name = "DATE|INSTANT", requires = "from")]
    to: Option<String>,

    /// The records that were refused and kept: `usage doctor` lists them
    #[arg(long)]
    quarantine: bool,

    /// Only show what would go
    #[arg(long)]
    dry_run: bool,

    /// Do not ask
    #[arg(short, long)]
    yes: bool,
}

const EXAMPLES: &str = "\
Examples:
  usage delete --all
  usage delete --all --yes --db test.db
  usage delete --from 2099-01-01 --to 2099-12-31 --dry-run";

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, CliError> {
    let range = match (&args.from, &args.to) {
        (Some(from), Some(to)) => {
            if [from, to].iter().any(|text| DateTime::parse_from_rfc3339(text).is_err()) {
                context.check_zone()?;
            }
            Some(TimeRange::from(&parse_period(&format!("{from}..{to}"), context.now())?))
        }
        _ => None,
    };
    // Who sees no question cannot answer it.
    let can_ask = io::stdin().is_terminal() && io::stderr().is_terminal();
    if !args.yes && !args.dry_run && !can_ask {
        let what = if args.all { "every record" } else { "these records" };
        return Err(CliError::usage(format!(
            "there is no terminal to ask whether {what} shall be deleted"
        ))
        .hint("--yes says that it is meant"));
    }
    let store = context.open_existing()?;
    if !args.dry_run {
        // So that the question is about all that will go.
        context.recover(&store)?;
    }
    match range {
        Some(TimeRange { start: Some(start), end: Some(end) }) => {
            let plan = DeleteRangePlan::new(&store, start, end)?;
            if confirmed(args, context, &store, &of_range(&plan, context))? {
                delete(context, &store, plan.records, plan)?;
            }
        }
        // A range that is open at an end is not everything.
        Some(_) => {
            return Err(CliError::usage("--from and --to both need an instant"));
        }
        None if args.quarantine => {
            let records = amounts::records(DeleteAllPlan::new(&store)?.quarantined);
            let question = format!("All that was refused and kept: {records}");
            if confirmed(args, context, &store, &question)? {
                let forgotten = store.quarantine().forget()?;
                if !context.quiet {
                    output::print(&format!("Deleted: {}\n", format_count(forgotten)))?;
                }
            }
        }
        None => {
            let plan = DeleteAllPlan::new(&store)?;
            if confirmed(args, context, &store, &of_all(&store, &plan, context))? {
                delete(context, &store, plan.records, plan)?;
            }
        }
    }
    Ok(exit_codes::DONE)
}

/// Shows what would go, and asks whether it shall, where somebody is to be asked.
fn confirmed(
    args: &Args,
    context: &Context,
    store: &Store,
    question: &str,
) -> Result<bool, CliError> {
    if args.dry_run {
        context.note_waiting(store, "plan");
        output::print(&format!("{question}\n{NOTHING_DELETED}"))?;
        return Ok(false);
    }
    if args.yes {
        if !context.quiet {
            output::print(&format!("{question}\n"))?;
        }
        return Ok(true);
    }
    if ask(question, "delete them")? {
        return Ok(true);
    }
    Err(CliError::failed("nothing was deleted"))
}

/// Returns the records and sums that would go, for people.
fn of_all(store: &Store, plan: &DeleteAllPlan, context: &Context) -> String {
    let ledger = store.path().display().to_string();
    let extent = between(context, plan.oldest.zip(plan.newest));
    let mut text =
        format!("All of {}: {}{extent}", printable(&ledger), amounts::records(plan.records));
    if plan.rollups > 0 {
        let extent = between(context, plan.summed.map(|[start, end]| (start, end)));
        text += &format!(", and sums of {}{extent}", amounts::requests(plan.requests));
    }
    if plan.quarantined > 0 {
        text += &format!(", and {} set aside", amounts::records(plan.quarantined));
    }
    text
}

fn of_range(plan: &DeleteRangePlan, context: &Context) -> String {
    let range = between(context, Some((plan.start, plan.end)));
    let records = amounts::records(plan.records);
    let mut text = format!("All{}: {records}", range.trim_start_matches(','));
    for (name, timestamp) in [("oldest", plan.oldest), ("newest", plan.newest)] {
        if let Some(timestamp) = timestamp {
            text += &format!("\n  {name}  {}", amounts::instant(timestamp, context.zone()));
        }
    }
    let summed = summed(plan.rollups, plan.requests);
    if summed.is_empty() { text } else { format!("{text}\n{}", summed.trim_end()) }
}

/// `, from … to …`, where there is anything.
fn between(context: &Context, ends: Option<(Timestamp, Timestamp)>) -> String {
    let at = |timestamp| amounts::instant(timestamp, context.zone());
    ends.map_or(String::new(), |(from, to)| format!(", from {} to {}", at(from), at(to)))
}

/// Asks until the end of the line. Anything but `yes` is a no.
pub(super) fn ask(question: &str, what: &str) -> Result<bool, CliError> {
    let asked = |error: io::Error| CliError::failed(format!("cannot read the answer: {error}"));
    let mut stderr = io::stderr().lock();
    write!(stderr, "{question}\nType yes to {what}: ").map_err(asked)?;
    stderr.flush().map_err(asked)?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(asked)?;
    Ok(answer.trim() == "yes")
}
