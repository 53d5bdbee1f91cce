//! What may come next on a command line.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono_tz::TZ_VARIANTS;
use clap::{Arg, Command};
use usage_core::period::accepted_forms;
use usage_core::query::Limits;
use usage_core::stats::Dimension;
use usage_core::{Engine as _, Label};
use usage_prices::ShippedPrices;
use usage_store::{Store, StoreOptions};

use crate::settings::Key;

/// So many names of a ledger are offered.
const MOST: usize = 10_000;
/// Periods whose forms stand for others, and what they are.
const EXAMPLES: [&str; 5] = ["24h", "7d", "last-7-days", "last-30-days", "last-12-months"];

/// Something that may come next, and in a few words what it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) value: String,
    pub(super) about: String,
}

fn plain(value: impl Into<String>) -> Candidate {
    Candidate { value: value.into(), about: String::new() }
}

/// Returns what may come at the end of the line. None where files may, or nothing is known.
pub(super) fn of(whole: &Command, line: &str, ledger: Option<&Path>) -> Vec<Candidate> {
    let mut words: Vec<&str> = line.split_whitespace().collect();
    let last = if line.ends_with(char::is_whitespace) { "" } else { words.pop().unwrap_or("") };
    let typed = Typed::read(whole, words.get(1..).unwrap_or_default(), ledger);
    let found = typed.next(last);
    found.into_iter().filter(|found| found.value.starts_with(last)).collect()
}

/// The words before the one that is being typed.
struct Typed<'a> {
    /// The command that they name.
    command: &'a Command,
    /// The option whose value comes next.
    option: Option<&'a Arg>,
    /// The other words behind the command.
    values: Vec<&'a str>,
    ledger: Option<PathBuf>,
}

impl<'a> Typed<'a> {
    fn read(whole: &'a Command, words: &[&'a str], ledger: Option<&Path>) -> Self {
        let ledger = ledger.map(Path::to_owned);
        let mut typed = Self { command: whole, option: None, values: Vec::new(), ledger };
        for word in words {
            if let Some(option) = typed.option.take() {
                typed.set(option, word);
            } else if let Some(name) = word.strip_prefix('-') {
                let (name, value) =
                    name.split_once('=').map_or((name, None), |(n, v)| (n, Some(v)));
                let option = typed.named(name).filter(|option| option.get_action().takes_values());
                match (option, value) {
                    (Some(option), Some(value)) => typed.set(option, value),
                    (option, _) => typed.option = option,
                }
            } else if let Some(command) =
                typed.command.find_subcommand(word).filter(|_| typed.values.is_empty())
            {
                typed.command = command;
            } else {
                typed.values.push(word);
            }
        }
        typed
    }

    fn set(&mut self, option: &Arg, value: &str) {
        if option.get_id() == "db" {
            self.ledger = Some(PathBuf::from(value));
        }
    }

    /// The option of a name, without the first dash.
    fn named(&self, name: &str) -> Option<&'a Arg> {
        let is_named = |option: &&Arg| match name.strip_prefix('-') {
            Some(long) => option.get_long() == Some(long),
            None => option.get_short().is_some_and(|short| name.ends_with(short)),
        };
        self.command.get_arguments().find(is_named)
    }

    fn next(&self, last: &str) -> Vec<Candidate> {
        if let Some(option) = self.option {
            return self.values_of(option, last);
        }
        if let Some((name, value)) = last.strip_prefix('-').and_then(|name| name.split_once('=')) {
            let values = self.named(name).map_or_else(Vec::new, |of| self.values_of(of, value));
            let whole = |of: Candidate| Candidate { value: format!("-{name}={}", of.value), ..of };
            return values.into_iter().map(whole).collect();
        }
        if last.starts_with('-') {
            return self.options();
        }
        let commands = self.command.get_subcommands().filter(|of| !of.is_hide_set());
        let commands = commands.filter(|_| self.values.is_empty()).map(|of| Candidate {
            value: of.get_name().to_owned(),
            about: first_line(of.get_about()),
        });
        let mut found: Vec<_> = commands.collect();
        let positional = || self.command.get_positionals();
        let many = |of: &&Arg| of.get_num_args().is_some_and(|count| count.max_values() > 1);
        let at = positional().nth(self.values.len()).or_else(|| positional().find(many));
        found.extend(at.into_iter().flat_map(|of| self.values_of(of, last)));
        found
    }

    fn options(&self) -> Vec<Candidate> {
        let options = self.command.get_arguments().filter(|option| !option.is_hide_set());
        let long = |option: &Arg| {
            Some(Candidate {
                value: format!("--{}", option.get_long()?),
                about: first_line(option.get_help()),
            })
        };
        options.filter_map(long).collect()
    }

    /// Returns what an argument may be.
    fn values_of(&self, argument: &Arg, last: &str) -> Vec<Candidate> {
        let id = argument.get_id().as_str();
        if let Some(label) = Label::ALL.into_iter().find(|label| label.name() == id) {
            return self.names(label);
        }
        match id {
            "period" | "since" | "until" | "missing" => self.periods(),
            "timezone" => zones(),
            "model" => self.names(Label::Model),
            // Several, apart by commas: the last one is completed.
            "by" => {
                let before =
                    last.rsplit_once(',').map_or(String::new(), |(of, _)| format!("{of},"));
                let all = Dimension::ALL.iter().chain(&Dimension::LISTS);
                all.map(|of| plain(format!("{before}{}", of.name()))).collect()
            }
            "budget" => self.budgets(),
            "name" if self.is_config() => Key::ALL
                .into_iter()
                .map(|key| Candidate { value: key.name().into(), about: key.about().into() })
                .collect(),
            "value" if self.is_config() => match self.values.first().map(|name| Key::named(name)) {
                Some(Ok(Key::Timezone)) => zones(),
                Some(Ok(key)) => key.words().iter().map(|word| plain(*word)).collect(),
                _ => Vec::new(),
            },
            _ => {
                let values = argument.get_possible_values().into_iter();
                let values = values.filter(|value| !value.is_hide_set());
                let value = |of: clap::builder::PossibleValue| Candidate {
                    value: of.get_name().to_owned(),
                    about: first_line(of.get_help()),
                };
                values.map(value).collect()
            }
        }
    }

    /// Returns whether the command is one that changes a setting.
    fn is_config(&self) -> bool {
        ["set", "unset"].contains(&self.command.get_name())
    }

    fn store(&self) -> Option<Store> {
        let options = StoreOptions::default().with_pricing(Arc::new(ShippedPrices));
        options.open_existing(self.ledger.as_deref()?).ok()
    }

    fn names(&self, label: Label) -> Vec<Candidate> {
        let names = self.store().and_then(|store| store.names(label, MOST, &Limits::none()).ok());
        // What a terminal would act on is not put on a command line.
        let is_typed = |name: &String| usage_core::format::printable(name) == *name;
        names.unwrap_or_default().into_iter().filter(is_typed).map(plain).collect()
    }

    fn budgets(&self) -> Vec<Candidate> {
        let budgets = self.store().and_then(|store| store.budgets().list().ok());
        let names = budgets.unwrap_or_default().into_iter().map(|of| of.name().to_owned());
        let is_typed = |name: &String| usage_core::format::printable(name) == *name;
        names.filter(is_typed).map(plain).collect()
    }

    /// Keywords, examples, and the last month that the ledger has something of.
    fn periods(&self) -> Vec<Candidate> {
        let forms = accepted_forms();
        let is_word = |form: &&str| {
            !form.contains(|c: char| c.is_ascii_uppercase())
                && !form.contains("..")
                && *form != "nov"
        };
        let words = forms.split(", ").filter(is_word).chain(EXAMPLES).map(plain);
        let newest = self.store().and_then(|store| store.bounds(&Limits::none()).ok()?.newest);
        let month = newest.and_then(usage_core::Timestamp::to_utc);
        words.chain(month.map(|month| plain(month.format("%Y-%m").to_string()))).collect()
    }
}

fn zones() -> Vec<Candidate> {
    TZ_VARIANTS.iter().map(|zone| plain(zone.name())).collect()
}

fn first_line(text: Option<&clap::builder::StyledStr>) -> String {
    text.map(ToString::to_string).unwrap_or_default().lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(line: &str) -> Vec<String> {
        of(&crate::commands::completions::whole(), line, None)
            .into_iter()
            .map(|of| of.value)
            .collect()
    }

    #[test]
    fn what_may_come_next_depends_on_what_is_there() {
        assert_eq!(values("usage repo"), ["report"]);
        assert!(values("usage ").contains(&"import".to_owned()));
        assert!(!values("usage ").contains(&"complete".to_owned()));
        assert_eq!(values("usage report this-m"), ["this-month"]);
        assert_eq!(values("usage report last-7-"), ["last-7-days"]);
        assert_eq!(values("usage report --timezone Europe/Berl"), ["Europe/Berlin"]);
        assert_eq!(values("usage report --timezone=Europe/Berl"), ["--timezone=Europe/Berlin"]);
        assert_eq!(values("usage --timezone UTC report --form"), ["--format"]);
        assert_eq!(values("usage report --format j"), ["json"]);
        assert_eq!(values("usage report --by day,mod"), ["day,model"]);
        assert_eq!(values("usage report --since yes"), ["yesterday"]);
        assert_eq!(values("usage config set t"), ["timezone"]);
        assert_eq!(values("usage config set color n"), ["never"]);
        assert_eq!(values("usage completions f"), ["fish"]);
        // Files, which the shell knows.
        assert_eq!(values("usage record req"), [""; 0]);
        assert_eq!(values("usage --db x"), [""; 0]);
    }
}
