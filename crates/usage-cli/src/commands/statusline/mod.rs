//! `usage statusline`

mod figures;
mod input;
mod template;

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use usage_core::format::printable;
use usage_core::query::Limits;

use self::figures::{Figures, Question};
use self::input::Told;
use crate::context::Context;
use crate::error::CliError;
use crate::global::GlobalArgs;
use crate::{exit_codes, output};

/// Print one line for an agent's status bar, from its JSON on standard input and the ledger
///
/// Made for Claude Code: in its settings, "statusLine": {"type": "command", "command": "usage statusline"}.
/// It never fails the agent: without a ledger, or with input that cannot be read, it prints what is left to
/// say, and exits with 0. With --verbose it says on standard error what was missing.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = long_help())]
pub(crate) struct Args {
    /// The line, with names in braces and `|` between its parts
    #[arg(long, value_name = "TEMPLATE", default_value = template::DEFAULT)]
    format: String,

    /// The instance whose session, day and block are told
    #[arg(long, value_name = "ID", default_value = "claude-code")]
    instance: String,

    /// How long to wait for the input, and for the ledger, before the line is printed without them
    #[arg(long, value_name = "SECONDS", default_value_t = 1)]
    timeout: u32,

    /// Say whether every name of the format exists, and print no line
    #[arg(long)]
    check: bool,
}

const EXAMPLES: &str = "\
Examples:
  usage statusline
  usage statusline --format '{model} | {session.tokens} of {today.tokens} today | 5h {limit.5h}'";

fn long_help() -> String {
    let names: Vec<_> =
        template::NAMES.iter().map(|(name, is)| format!("  {{{name}}}  {is}\n")).collect();
    format!(
        "{EXAMPLES}\n\nNames:\n{}\nOf what is not known nothing is printed, and no part that holds nothing else.",
        names.concat()
    )
}

/// Prints the line, whatever happens.
pub(crate) fn run(args: &Args, global: &GlobalArgs) -> Result<u8, CliError> {
    let unknown = template::unknown(&args.format);
    let unknown = (!unknown.is_empty())
        .then(|| unknown.iter().map(|name| format!("{{{name}}}")).collect::<Vec<_>>().join(", "));
    if args.check {
        return match unknown {
            Some(unknown) => Err(CliError::usage(format!("there is no such name: {unknown}"))
                .hint("`usage statusline --help` lists the names")),
            None => Ok(exit_codes::DONE),
        };
    }
    // An agent waits for its line.
    let until = Instant::now() + Duration::from_secs(args.timeout.into());
    let note = |what: &str, why: &str| {
        if global.verbose {
            output::note(&format!("note: {what}: {why}"));
        }
    };
    if let Some(unknown) = &unknown {
        note("the format has names that do not exist", unknown);
    }
    let told = within(until, input::read).and_then(|told| told).unwrap_or_else(|why| {
        note("nothing was told on standard input", &why);
        Told::default()
    });
    let question = Question { instance: args.instance.clone(), session: told.session.clone() };
    let limits = Limits::none().with_deadline(until);
    // A thread of its own, as a disk may take longer than any limit that a question has.
    let asked = Context::new(global).map_err(|error| error.message).and_then(|context| {
        let now = context.now_timestamp();
        let ask = move || figures::ask(&context, &question, &limits);
        let figures = within(until, ask).and_then(|asked| asked.map_err(|error| error.message));
        figures.map(|figures| (figures, now))
    });
    let (figures, now) = match asked {
        Ok((figures, now)) => (figures, Some(now)),
        Err(why) => {
            note("the ledger was not asked", &why);
            (Figures::default(), None)
        }
    };
    let line = template::fill(&args.format, &told, &figures, now);
    let line = if line.is_empty() { "usage: nothing to tell".to_owned() } else { line };
    // Where nobody reads, nobody is to be told.
    let _ = output::print(&format!("{}\n", printable(&line)));
    Ok(exit_codes::DONE)
}

/// Waits for what a thread finds out; after that it is left to itself, and ends with the process.
fn within<T: Send + 'static>(
    until: Instant,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, String> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let started = thread::Builder::new().spawn(move || {
        // It may be too late for an answer.
        let _ = sender.send(work());
    });
    started.map_err(|error| error.to_string())?;
    let left = until.saturating_duration_since(Instant::now());
    receiver.recv_timeout(left).map_err(|_| "it took too long".to_owned())
}
