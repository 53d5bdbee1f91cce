//! Printing: what was asked for on standard output, everything else on standard error.

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

use serde::Serialize;
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;
use usage_core::format::{escape_hidden, printable};
use usage_store::VacuumOutcome;

use crate::error::CliError;
use crate::exit_codes;
use crate::global::GlobalArgs;
use crate::messages;

/// Prints to standard output. A reader that has closed the pipe early has seen enough: that is
/// no error.
pub(crate) fn print(text: &str) -> Result<(), CliError> {
    let mut stdout = io::stdout().lock();
    written(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()))
}

/// Prints one line of JSON, in which nothing is hidden. What the commands tell always serialises.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), CliError> {
    let json = escape_hidden(serde_json::to_string(value).unwrap_or_default());
    print(&format!("{json}\n"))
}

/// Returns the outcome of writing to standard output, for those who do it by themselves.
pub(crate) fn written(result: io::Result<()>) -> Result<(), CliError> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(cannot_print(&error)),
        _ => Ok(()),
    }
}

fn cannot_print(error: &io::Error) -> CliError {
    CliError::failed(format!("cannot write to standard output: {error}"))
}

/// Prints one message to standard error.
pub(crate) fn note(line: &str) {
    messages::print(line);
}

/// Says so where somebody has kept the file from shrinking.
pub(crate) fn note_held_back(space: &VacuumOutcome) {
    if space.is_held_back {
        note(
            "note: another process is using the ledger, so its file could not shrink by all there \
             is; `usage vacuum` does that later",
        );
    }
}

/// Tells a person why a command failed.
pub(crate) fn error(error: &CliError) -> ExitCode {
    lines(error).iter().for_each(|line| note(line));
    ExitCode::from(error.code())
}

/// Tells of an error on standard output, where what goes to standard error would do harm.
pub(crate) fn error_elsewhere(error: &CliError) -> CliError {
    let lines: String = lines(error).iter().map(|line| format!("{}\n", printable(line))).collect();
    let _ = print(&lines);
    CliError::told()
}

fn lines(error: &CliError) -> Vec<String> {
    if error.message.is_empty() {
        return Vec::new();
    }
    let hint = error.hint.as_ref().map(|hint| format!("hint: {hint}"));
    std::iter::once(format!("error: {}", error.message)).chain(hint).collect()
}

/// Prints help, or the version, on standard output.
pub(crate) fn help(help: &clap::Error) -> ExitCode {
    match help.print() {
        Err(failure) if failure.kind() != io::ErrorKind::BrokenPipe => {
            error(&cannot_print(&failure))
        }
        _ => ExitCode::from(exit_codes::DONE),
    }
}

/// Sends the libraries' events to standard error: errors, as lines like those of the commands, or with
/// `--verbose` all of them, with their levels. What a command could not do it says itself, in its own
/// words.
pub(crate) fn start_diagnostics(args: &GlobalArgs) {
    let subscriber = tracing_subscriber::fmt().with_writer(io::stderr).with_ansi(false);
    if args.verbose {
        subscriber.with_max_level(LevelFilter::DEBUG).with_target(false).without_time().init();
    } else {
        subscriber.with_max_level(LevelFilter::ERROR).event_format(Warning).init();
    }
}

/// An event as a warning among the other lines.
struct Warning;

impl<S, N> FormatEvent<S, N> for Warning
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        _: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = "warning: ".to_owned();
        context.format_fields(Writer::new(&mut line), event)?;
        messages::print(&line);
        Ok(())
    }
}
