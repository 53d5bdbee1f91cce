//! Printing: what was asked for on standard output, everything else on standard error.

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use tracing::level_filters::LevelFilter;
use usage_core::format::printable;

use crate::args::GlobalArgs;
use crate::error::CliError;
use crate::exit_codes;

/// Prints to standard output. A reader that has closed the pipe early has seen enough: that is
/// no error.
pub(crate) fn print(text: &str) -> Result<(), CliError> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(cannot_print(&error)),
        _ => Ok(()),
    }
}

fn cannot_print(error: &std::io::Error) -> CliError {
    CliError::failed(format!("cannot write to standard output: {error}"))
}

/// Prints one line to standard error. Where that is closed, nobody is left to be told.
pub(crate) fn note(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{}", printable(line));
}

/// Tells a person why a command failed.
pub(crate) fn error(error: &CliError) -> ExitCode {
    note(&format!("error: {}", error.message));
    if let Some(hint) = &error.hint {
        note(&format!("hint: {hint}"));
    }
    ExitCode::from(error.code)
}

/// What clap prints: help and version on standard output, complaints on standard error.
pub(crate) fn usage_error(error: &clap::Error) -> ExitCode {
    let printed = if error.use_stderr() { complaint(error) } else { error.print() };
    match printed {
        Err(failure) if !error.use_stderr() && failure.kind() != ErrorKind::BrokenPipe => {
            self::error(&cannot_print(&failure))
        }
        _ => ExitCode::from(if error.use_stderr() { exit_codes::USAGE } else { exit_codes::DONE }),
    }
}

/// Complaints quote the command line, whose content may come from elsewhere.
fn complaint(error: &clap::Error) -> std::io::Result<()> {
    let text = error.to_string();
    if text.lines().all(|line| printable(line) == line) {
        return error.print();
    }
    text.lines().for_each(note);
    Ok(())
}

/// Sends the libraries' events to standard error: warnings, or with `--verbose` all of them.
pub(crate) fn start_diagnostics(args: &GlobalArgs) {
    let level = match (args.quiet, args.verbose) {
        (true, _) => LevelFilter::ERROR,
        (_, true) => LevelFilter::DEBUG,
        _ => LevelFilter::WARN,
    };
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_target(false)
        .without_time()
        .init();
}
