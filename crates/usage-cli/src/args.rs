//! The command line: global options and commands. Each command's own arguments are in its file.

use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{CommandFactory as _, FromArgMatches as _, Parser};

use crate::commands::Command;
use crate::global::GlobalArgs;
use crate::messages;

/// Records what an LLM router handled, and shows where the tokens went
#[derive(Debug, Parser)]
#[command(name = "usage", version, max_term_width = 100, disable_help_subcommand = true)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
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
        if cli.command.as_ref().is_some_and(Command::is_destructive)
            && matches.value_source("now") == Some(ValueSource::EnvVariable)
        {
            cli.global.now = None;
        }
        messages::choose_color(&cli.global);
        cli.global.is_timezone_an_option =
            matches.value_source("timezone") == Some(ValueSource::CommandLine);
        cli.global.is_now_an_option = matches.value_source("now") == Some(ValueSource::CommandLine);
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
Without a command it shows today beside yesterday.

Examples:
  usage record requests.ndjson --report
  usage report this-month
  usage report last-7-days --provider anthropic --format json

Exit codes: 0 done, 1 failed, 2 wrong command line or period, 3 done but some
input lines were refused, 4 the ledger is damaged, 5 past a budget, 6 it needs a
look (`usage status`).";
