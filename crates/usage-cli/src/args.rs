//! The command line: global options and commands. Each command's own arguments are in its file.

use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::commands::{Command, Frequent};
use crate::global::GlobalArgs;
use crate::messages;

/// Records what an LLM router handled, and shows where the tokens went
#[derive(Debug, Parser)]
#[command(name = "usage", version, max_term_width = 100, disable_help_subcommand = true)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Cli<C: Subcommand = Command> {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Option<C>,
}

impl<C: Subcommand> Cli<C> {
    fn parsed(arguments: &[OsString]) -> Result<(ArgMatches, Self), clap::Error> {
        let matches = Self::command().try_get_matches_from(arguments)?;
        let cli =
            Self::from_arg_matches(&matches).map_err(|error| error.format(&mut Self::command()))?;
        Ok((matches, cli))
    }
}

impl Cli {
    /// Reads a frequent command by its own arguments; nothing where it is another, or anything is wrong: help, and what
    /// is said of a mistake, may be about any command.
    fn frequent(arguments: &[OsString]) -> Option<(ArgMatches, Self)> {
        let is_one = |word: &OsString| word.to_str().is_some_and(Frequent::has_subcommand);
        if !arguments.iter().any(is_one) {
            return None;
        }
        let (matches, cli) = Cli::<Frequent>::parsed(arguments).ok()?;
        Some((matches, Self { global: cli.global, command: cli.command.map(Into::into) }))
    }

    /// The command line, and what the environment adds to it.
    ///
    /// What is deleted must not depend on a variable that was set for something else: commands
    /// that delete take another now only from the option.
    pub(crate) fn read(arguments: &[OsString]) -> Result<Self, clap::Error> {
        let (matches, mut cli) = match Self::frequent(arguments) {
            Some(found) => found,
            None => Self::parsed(arguments)?,
        };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frequent_command_is_read_as_among_all_of_them() {
        for line in [
            "usage report",
            "usage --db a.db report this-month --by day,model -n 3 --instance i --json",
            "usage report --timezone Asia/Tokyo last 7 days",
            "usage record a.nd b.csv --report -q --db x",
            "usage statusline",
            // The name of one as a value.
            "usage --db report status",
            "usage --db report report",
        ] {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let (_, all) = Cli::<Command>::parsed(&words).unwrap();
            let read = Cli::read(&words).unwrap();
            assert_eq!(format!("{:?}", all.command), format!("{:?}", read.command), "{line}");
            assert_eq!(all.global.db, read.global.db, "{line}");
            assert_eq!(Cli::frequent(&words).is_some(), !line.ends_with("status"), "{line}");
        }
    }

    #[test]
    fn mistakes_are_told_of_the_whole_command_line() {
        for line in ["usage report --no-such", "usage report --help", "usage repord report"] {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            assert!(Cli::frequent(&words).is_none(), "{line}");
            let [one, other] = [Cli::<Command>::parsed(&words).map(|of| of.1), Cli::read(&words)]
                .map(|read| read.unwrap_err().to_string());
            assert_eq!(one, other);
        }
    }
}
