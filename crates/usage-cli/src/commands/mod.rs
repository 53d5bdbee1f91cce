//! The commands, one a file: its arguments, and one function that runs it.

mod completions;
mod period;
mod record;
mod report;

use clap::Subcommand;

use crate::args::GlobalArgs;
use crate::context::Context;
use crate::error::CliError;

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Record(record::Args),
    Report(report::Args),
    Period(period::Args),
    Completions(completions::Args),
}

impl Command {
    /// Runs the command; says what the process exits with.
    pub(crate) fn run(&self, global: &GlobalArgs) -> Result<u8, CliError> {
        let context = || Context::new(global);
        match self {
            Self::Record(args) => record::run(args, &context()?),
            Self::Report(args) => report::run(args, &context()?),
            Self::Period(args) => period::run(args, &context()?),
            // Needs to know nothing of the world.
            Self::Completions(args) => completions::run(args),
        }
    }
}
