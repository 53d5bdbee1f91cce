#![doc = include_str!("../README.md")]

mod amounts;
mod args;
mod commands;
mod complaints;
mod context;
mod error;
pub mod exit_codes;
mod global;
mod hints;
mod interrupts;
mod messages;
mod output;
mod outputs;
mod progress;
mod settings;
mod typed;
mod zone;

use std::ffi::OsString;
use std::process::ExitCode;

use crate::args::Cli;

/// Runs the command line and returns what the process should exit with, see [`exit_codes`].
///
/// Reads the environment, the clock and the files that the arguments name; prints to both standard streams.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match typed::read(args) {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    if cli.global.verbose || cli.command.as_ref().is_none_or(commands::Command::may_warn) {
        output::start_diagnostics(&cli.global);
    }
    let ran = outputs::check_ledger(&cli.global).and_then(|()| match &cli.command {
        Some(command) => command.run(&cli.global),
        None => commands::run_without(&cli.global),
    });
    ran.map_or_else(|error| output::error(&error), ExitCode::from)
}

/// The Rust examples of the pages at the root of the repository, compiled with the doctests.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../../README.md")]
    struct Readme;
    #[doc = include_str!("../../../docs/guide.md")]
    struct Guide;
    #[doc = include_str!("../../../docs/embedding.md")]
    struct Embedding;
}

/// The whole command line, for completions, man pages and tests.
#[must_use]
pub fn command() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
}
