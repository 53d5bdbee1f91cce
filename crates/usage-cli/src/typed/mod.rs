//! The command line as people type it: what is plain is taken, and what is not is named with what was meant.

mod complaint;
mod words;

use std::env;
use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use usage_core::period::{CycleDay, PeriodOptions, parse_period_with, suggest_period};
use usage_tracker::{Clock as _, SystemClock};

use crate::args::Cli;
use crate::output;

/// As many words of a command line are taken for something else.
const MOST: usize = 3;

/// Reads the command line; where it is wrong, says so and returns what to exit with.
pub(crate) fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, ExitCode> {
    let mut arguments: Vec<OsString> = arguments.into_iter().collect();
    for _ in 0..MOST {
        match Cli::read(&arguments) {
            Ok(cli) => return Ok(cli),
            Err(error) => match meant(&error, &arguments) {
                Some(other) => arguments = other,
                None => return Err(told(&error, &arguments)),
            },
        }
    }
    Cli::read(&arguments).map_err(|error| told(&error, &arguments))
}

fn told(error: &clap::Error, arguments: &[OsString]) -> ExitCode {
    if error.use_stderr() {
        output::error(&complaint::of(error, arguments))
    } else {
        output::help(error)
    }
}

/// Returns the command line that was plainly meant by one that is wrong: `usage help report`, `usage this month`,
/// `usage report --today`.
fn meant(error: &clap::Error, arguments: &[OsString]) -> Option<Vec<OsString>> {
    let mut arguments = arguments.to_vec();
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let word = text(error, ContextKind::InvalidSubcommand)?;
            let at = place(&arguments, word)?;
            let instead = match word {
                "help" => "--help",
                "version" => "--version",
                _ if is_period(&arguments[at..]) => {
                    arguments.insert(at, "report".into());
                    return Some(arguments);
                }
                _ => return None,
            };
            arguments.remove(at);
            // Last, as it is about the command that is named behind it.
            arguments.push(instead.into());
            Some(arguments)
        }
        ErrorKind::UnknownArgument => {
            let word = text(error, ContextKind::InvalidArg)?;
            let period = word.strip_prefix("--").filter(|word| is_one(word))?;
            let at = place(&arguments, word)?;
            arguments[at] = period.into();
            Some(arguments)
        }
        _ => None,
    }
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text),
        _ => None,
    }
}

/// Returns where a word stands that is no option's value.
fn place(arguments: &[OsString], word: &str) -> Option<usize> {
    let takes_value =
        |word: &OsStr| ["--db", "--timezone", "--now", "--color"].iter().any(|of| word == *of);
    (1..arguments.len()).find(|at| arguments[*at] == word && !takes_value(&arguments[at - 1]))
}

/// Returns whether the words begin with a period, such as `last 7 days`.
fn is_period(words: &[OsString]) -> bool {
    let words: Vec<_> = words.iter().map_while(|word| word.to_str()).take(3).collect();
    (1..=words.len()).any(|count| is_one(&words[..count].join(" ")))
}

fn is_one(text: &str) -> bool {
    !text.is_empty() && parse_period_with(text, some_day(), any_options()).is_ok()
}

/// Returns the period that a word is like, if it is like any: `q2` is that of this year.
fn like_period(word: &str) -> Option<String> {
    let stated = env::var("USAGE_NOW").ok().and_then(|now| now.parse::<DateTime<Utc>>().ok());
    let now = stated.or_else(|| SystemClock::new().now().to_utc()).unwrap_or_default();
    suggest_period(word, now.with_timezone(&Tz::UTC), any_options())
}

/// Returns why a word is no period, if it is none.
fn not_a_period(word: &str) -> Option<String> {
    parse_period_with(word, some_day(), any_options()).err().map(|error| error.to_string())
}

/// What is a period does not depend on when it is asked, but for what reaches beyond the years there are.
fn some_day() -> DateTime<Tz> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default().with_timezone(&Tz::UTC)
}

fn any_options() -> PeriodOptions {
    PeriodOptions::default().with_cycle_day(CycleDay::new(1))
}
