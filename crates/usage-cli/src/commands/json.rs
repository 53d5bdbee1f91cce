//! `--json`, which is short for `--format json`.

use clap::{Arg, ArgAction, ArgMatches, Command, Error};

/// Adds `--json` to a command whose option `--format` takes its value from it: `default_value_if("json", "true", "json")`.
#[derive(Debug)]
pub(super) struct Json;

impl clap::Args for Json {
    fn augment_args(command: Command) -> Command {
        let option = Arg::new("json").long("json").action(ArgAction::SetTrue);
        command.arg(option.help("The same as --format json").conflicts_with("format"))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for Json {
    fn from_arg_matches(_: &ArgMatches) -> Result<Self, Error> {
        Ok(Self)
    }

    fn update_from_arg_matches(&mut self, _: &ArgMatches) -> Result<(), Error> {
        Ok(())
    }
}
