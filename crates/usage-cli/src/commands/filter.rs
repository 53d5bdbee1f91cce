//! The options that say which records a command is about: one for each name of a record, and one for tags.

use clap::{Arg, ArgAction, ArgMatches, Command, Error};
use usage_core::{Filter, Label, TagKey};

/// Which records a command is about.
#[derive(Debug, Default)]
pub(crate) struct FilterArgs(Filter);

impl FilterArgs {
    pub(super) const fn filter(&self) -> &Filter {
        &self.0
    }
}

const HEADING: &str = "Filters, each of which may be given several times";

fn option(label: Label) -> Arg {
    let (value, help) = match label {
        Label::Instance => ("ID", "Only this router instance".to_owned()),
        Label::Profile => {
            ("NAME", "Only this profile; `default` stands for the empty one too".to_owned())
        }
        Label::Tier => {
            ("TIER", "Only this tier: standard, batch, flex, priority, fast or another".to_owned())
        }
        other => ("NAME", format!("Only this {other}")),
    };
    let option = Arg::new(label.name()).long(label.name()).value_name(value).help(help);
    option.action(ArgAction::Append).help_heading(HEADING)
}

/// A tag and the value that it is to have.
#[derive(Clone, Debug)]
struct Tag {
    key: TagKey,
    value: String,
}

fn tag(text: &str) -> Result<Tag, String> {
    let (key, value) = text.split_once('=').ok_or("not KEY=VALUE, as in team=search")?;
    let key = TagKey::new(key).map_err(|error| error.to_string())?;
    Ok(Tag { key, value: value.to_owned() })
}

const TAG: &str = "tag";

fn tag_option() -> Arg {
    let option = Arg::new(TAG).long(TAG).value_name("KEY=VALUE").value_parser(tag);
    let help = "Only with this tag; `KEY=` stands for those without it";
    option.help(help).action(ArgAction::Append).help_heading(HEADING)
}

impl clap::Args for FilterArgs {
    fn augment_args(command: Command) -> Command {
        command.args(Label::ALL.map(option)).arg(tag_option())
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for FilterArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut filter = Filter::new();
        for label in Label::ALL {
            for name in matches.get_many::<String>(label.name()).into_iter().flatten() {
                filter = filter.keeping(label, name);
            }
        }
        for Tag { key, value } in matches.get_many::<Tag>(TAG).into_iter().flatten() {
            filter = filter.keeping_tag(*key, value);
        }
        Ok(Self(filter))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = <Self as clap::FromArgMatches>::from_arg_matches(matches)?;
        Ok(())
    }
}
