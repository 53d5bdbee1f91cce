//! The command line: global options and commands. Each command's own arguments are in its file.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::parser::ValueSource;
use clap::{
    Args, ColorChoice, CommandFactory as _, FromArgMatches as _, Parser, ValueEnum, ValueHint,
};

use crate::commands::Command;

/// Records what an LLM router handled, and shows where the tokens went
#[derive(Debug, Parser)]
#[command(name = "usage", version, max_term_width = 100, disable_help_subcommand = true)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// The command line, and what the environment adds to it.
    ///
    /// What is deleted must not depend on a variable that was set for something else: commands
    /// that delete take another now only from the option.
    pub(crate) fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let matches = Self::command().try_get_matches_from(arguments)?;
        let mut cli =
            Self::from_arg_matches(&matches).map_err(|error| error.format(&mut Self::command()))?;
        if cli.command.is_destructive()
            && matches.value_source("now") == Some(ValueSource::EnvVariable)
        {
            cli.global.now = None;
        }
        // An empty variable is as none; an empty option is a script's own variable that was never
        // set, and must not lead to another ledger.
        let is_empty = cli.global.db.as_ref().is_some_and(|path| path.as_os_str().is_empty());
        if is_empty && matches.value_source("db") == Some(ValueSource::CommandLine) {
            let why = "the value of '--db <PATH>' is empty";
            return Err(Self::command().error(clap::error::ErrorKind::InvalidValue, why));
        }
        Ok(cli)
    }
}

const AFTER_HELP: &str = "\
Examples:
  usage record requests.ndjson --report
  usage report this-month
  usage report last-7-days --provider anthropic --format json

Exit codes: 0 done, 1 failed, 2 wrong command line or period, 3 done but some
input lines were refused, 4 the ledger is damaged.";

#[derive(Args, Debug)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArgs {
    /// The ledger [default: usage/usage.db in the per-user data folder]
    // Not the parser of paths, which refuses an empty one: that is as none.
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        value_hint = ValueHint::FilePath,
        value_parser = OsStringValueParser::new().map(PathBuf::from),
        env = "USAGE_DB",
        hide_env_values = true
    )]
    pub(crate) db: Option<PathBuf>,

    /// Time zone of periods and reports, an IANA name [default: TZ, else the system's]
    #[arg(
        long,
        global = true,
        value_name = "ZONE",
        env = "USAGE_TIMEZONE",
        hide_env_values = true
    )]
    pub(crate) timezone: Option<String>,

    /// Take this instant for now, which makes output reproducible
    ///
    /// Commands that delete take it from this option only, not from the variable.
    #[arg(long, global = true, value_name = "RFC3339", env = "USAGE_NOW", hide_env_values = true)]
    #[arg(hide_short_help = true, allow_hyphen_values = true)]
    pub(crate) now: Option<String>,

    /// When to use colour; NO_COLOR is respected
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,

    /// Print only what was asked for, and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,

    /// Print diagnostics on standard error
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
}

/// The day that weeks begin on.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum WeekStartArg {
    Monday,
    Sunday,
}
