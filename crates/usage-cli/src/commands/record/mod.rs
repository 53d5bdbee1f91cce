//! `usage record`

mod accounts;
mod files;
mod follow;
mod in_flight;
mod input;
mod layout;
mod outputs;
mod progress;
mod reading;
mod refusals;
mod rejects;
mod session;

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use usage_core::{Period, ReportQuery, report};
use usage_store::Store;

use self::input::Input;
use self::reading::{Reading, Stop};
use self::refusals::Refusals;
use self::rejects::Rejects;
use self::session::Session;
use super::form::Form;
use crate::context::Context;
use crate::error::CliError;
use crate::output;

/// Record requests from files or standard input, as JSON lines or as CSV
///
/// A line is a JSON object. It holds instance_id, route and model; tokens, or input_tokens,
/// output_tokens, cache_read_tokens, cache_write_tokens and reasoning_tokens; and may hold profile,
/// provider, fallbacks, timestamp (RFC 3339, else now) and event_id, which makes it safe to repeat. It
/// may say whom and what it was for, how it went and what it cost: project, user, tags, session_id,
/// tier, outcome, quality, stated_cost_usd and others, see docs/reference/record-line.md.
///
/// In CSV the same names are the columns, in any order, named by the first row. An empty field is
/// as good as none.
///
/// A line that cannot be taken is named on standard error and skipped; the exit code is then 3.
///
/// While the ledger cannot be written, what comes through a pipe is kept in a journal beside it, and
/// stored by the next command that writes. Files are read again from the line that an error names;
/// --follow goes on where it was, also in files that were rotated meanwhile.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Files to read; none, or -, is standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// What the input is [default: csv for files that end in .csv, else ndjson]
    #[arg(long, value_enum)]
    format: Option<Form>,

    /// Print the report afterwards, of all time and all instances
    #[arg(long, conflicts_with = "follow")]
    report: bool,

    /// Stop at the first line that is refused; what was read before it is stored,
    /// and of an event_id conflict, which only the ledger finds, some of what comes after too
    #[arg(long)]
    strict: bool,

    /// Add the lines that are refused to this file
    #[arg(long, value_name = "PATH")]
    rejects: Option<PathBuf>,

    /// Take lines with fields that no record has: these are passed over, and counted by name at the end
    #[arg(long)]
    ignore_unknown: bool,

    /// Print what became of the lines as JSON
    #[arg(long, conflicts_with = "report")]
    json: bool,

    /// Go on reading as the file grows, until interrupted
    #[arg(short, long)]
    follow: bool,
}

/// The time for which a ledger that takes nothing is tried, before the command gives up and says so; following a log,
/// once it is to end.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, CliError> {
    let inputs: Vec<_> = Input::all(&args.files, args.follow)?
        .into_iter()
        .map(|input| (args.format.unwrap_or_else(|| input.form()), input))
        .map(|(form, input)| (input, form))
        .collect();
    if args.follow && inputs.iter().any(|(_, form)| *form == Form::Csv) {
        return Err(CliError::usage("--follow reads JSON lines, not CSV")
            .hint("without --follow, CSV is read to its end"));
    }
    let (rejects, files) = (args.rejects.as_deref(), inputs.iter().map(|(input, _)| input));
    outputs::check(rejects, &context.db_path()?, files)?;
    let rejects = self::rejects(args, &inputs)?;
    let is_typed =
        |(input, _): &(Input, Form)| matches!(input, Input::Stdin) && io::stdin().is_terminal();
    if inputs.iter().any(is_typed) && !context.quiet {
        output::note(
            "note: reading records from standard input, one JSON object a line; Ctrl-D ends them",
        );
    }
    match inputs.as_slice() {
        [(input @ Input::Growing(path), _)] => follow::run(args, context, input, path, rejects),
        // Files can be read again, from the line that an error names; for the rest there is the
        // journal.
        inputs if inputs.iter().any(|(input, _)| input.comes_once()) => {
            record_once(args, context, inputs, rejects)
        }
        inputs => files::run(args, context, inputs, rejects),
    }
}

/// Records what cannot be read again.
fn record_once(
    args: &Args,
    context: &Context,
    inputs: &[(Input, Form)],
    rejects: Option<Rejects>,
) -> Result<u8, CliError> {
    let names = inputs.iter().map(|(input, _)| input.name()).collect();
    let refusals = Arc::new(Mutex::new(Refusals::new(names, rejects)));
    let session = Session::start(context, Arc::clone(&refusals), args)?;
    let mut reading = Reading::new(args, context, &refusals);
    for (index, (input, form)) in inputs.iter().enumerate() {
        let read =
            reading.read((index, input, *form), &mut |record, place| session.record(record, place));
        match read {
            Ok(()) => {}
            Err(Stop::Enough) => break,
            Err(Stop::Failed(error)) => return Err(session.abandon(error)),
        }
    }
    let code = session.finish()?;
    if args.report {
        session.print_report(context)?;
    }
    Ok(code)
}

/// Opens the file for what is refused. Refused lines of two forms in one file could not be recorded again.
fn rejects(args: &Args, inputs: &[(Input, Form)]) -> Result<Option<Rejects>, CliError> {
    let (Some(path), Some((_, form))) = (&args.rejects, inputs.first()) else {
        return Ok(None);
    };
    if inputs.iter().any(|(_, other)| other != form) {
        let message = "--rejects keeps JSON lines or CSV, not both in one file";
        return Err(CliError::usage(message).hint("record the files of either form by themselves"));
    }
    Rejects::open(path, *form).map(Some)
}

fn print_report(store: &Store, context: &Context) -> Result<(), CliError> {
    let all_time = Period::all_time(context.now().timezone());
    let report = report(store, &ReportQuery::new(all_time))?;
    let gap = if context.quiet { "" } else { "\n" };
    output::print(&format!("{gap}{}", report.to_text(&context.text_options())))
}
