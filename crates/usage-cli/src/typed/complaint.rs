//! What is wrong with a command line, and what was probably meant.

use std::ffi::OsString;

use clap::Command;
use clap::builder::PossibleValue;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use usage_core::text::closest;

use super::words::{ADVICE, COMMANDS, INSTEAD, LACKING, NESTED, OPTIONS};
use super::{like_period, not_a_period, text};
use crate::error::CliError;

/// The error in this program's words. The library's own tips and usage lines are left out: they are guesses by letters,
/// and show options as needed that a variable has set.
pub(super) fn of(error: &clap::Error, arguments: &[OsString]) -> CliError {
    let mut whole = crate::command();
    // So that each command has the options that all have.
    whole.build();
    // What is behind a wrong word says nothing of the command.
    let wrong = text(error, ContextKind::InvalidSubcommand);
    let known = arguments.iter().position(|word| wrong.is_some_and(|wrong| word == wrong));
    let (command, path) = named(&whole, &arguments[..known.unwrap_or(arguments.len())]);
    let help = format!("`{path} --help` lists what there is");
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let word = text(error, ContextKind::InvalidSubcommand).unwrap_or_default();
            let behind = known.and_then(|at| arguments.get(at + 1)).and_then(|word| word.to_str());
            let hint = match command.get_name() == whole.get_name() {
                true => meant_command(&whole, word, behind),
                false => nested(&path, word).or_else(|| like_command(command, &path, word)),
            };
            let hint = hint.unwrap_or(help);
            CliError::usage(format!("there is no command {word:?}")).hint(hint)
        }
        ErrorKind::UnknownArgument => {
            let word = text(error, ContextKind::InvalidArg).unwrap_or_default();
            let hint = meant_option(command, &path, word).unwrap_or(help);
            let what = if word.starts_with('-') { "has no option" } else { "does not take" };
            CliError::usage(format!("`{path}` {what} {}", shown(word))).hint(hint)
        }
        ErrorKind::InvalidValue => of_value(error, help),
        ErrorKind::MissingSubcommand => {
            let names = shown_commands(command).map(Command::get_name).collect::<Vec<_>>();
            CliError::usage(format!("`{path}` needs one more word"))
                .hint(format!("it is one of: {}", names.join(", ")))
        }
        ErrorKind::MissingRequiredArgument => {
            let lacking = LACKING.iter().find(|(command, _)| *command == path);
            let hint = lacking.map(|(_, hint)| (*hint).to_owned()).or_else(|| choices(command));
            let hint = hint.unwrap_or_else(|| usage(command, &path));
            CliError::usage(first_words(error)).hint(hint)
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            CliError::usage(format!("`{path}` needs more than that")).hint(usage(command, &path))
        }
        _ => CliError::usage(first_words(error)).hint(help),
    }
}

/// An option as it is typed; anything else in quotes.
fn shown(word: &str) -> String {
    if word.starts_with('-') { word.to_owned() } else { format!("{word:?}") }
}

/// The command that the arguments name, and what to type for it.
fn named<'a>(whole: &'a Command, arguments: &[OsString]) -> (&'a Command, String) {
    let (mut command, mut path) = (whole, "usage".to_owned());
    for word in arguments.iter().skip(1).filter_map(|word| word.to_str()) {
        if let Some(found) = command.find_subcommand(word) {
            command = found;
            path = format!("{path} {}", found.get_name());
        }
    }
    (command, path)
}

fn usage(command: &Command, path: &str) -> String {
    let mut command = command.clone().bin_name(path);
    let usage = command.render_usage().to_string();
    usage.replace("Usage: ", "it is used as ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The words of which one is needed, where a command takes nothing else.
fn choices(command: &Command) -> Option<String> {
    let needed = command.get_positionals().find(|argument| argument.is_required_set())?;
    let values = needed.get_possible_values();
    let names: Vec<_> = values.iter().map(PossibleValue::get_name).collect();
    (!names.is_empty()).then(|| format!("it is one of: {}", names.join(", ")))
}

/// Takes the first line of what the library says: what is wrong.
fn first_words(error: &clap::Error) -> String {
    let text = error.to_string();
    let lines = text.lines().take_while(|line| !line.is_empty());
    let words: Vec<_> = lines.flat_map(str::split_whitespace).collect();
    let words = words.join(" ");
    words.strip_prefix("error: ").unwrap_or(&words).to_owned()
}

fn of_value(error: &clap::Error, help: String) -> CliError {
    let option = text(error, ContextKind::InvalidArg).unwrap_or_default();
    let value = text(error, ContextKind::InvalidValue).unwrap_or_default();
    let Some(ContextValue::Strings(names)) = error.get(ContextKind::ValidValue) else {
        return CliError::usage(first_words(error)).hint(help);
    };
    let listed = match names.is_empty() {
        true => help,
        false => format!("it is one of: {}", names.join(", ")),
    };
    if value.is_empty() {
        return CliError::usage(format!("{option} lacks its value")).hint(listed);
    }
    let message = format!("{value:?} is not what {option} takes");
    match like(value, names.iter().map(String::as_str)) {
        Some(meant) => CliError::usage(message).hint(format!("did you mean {meant}? {listed}")),
        None => CliError::usage(message).hint(listed),
    }
}

/// The name that a word is like: by letters, or as its beginning.
fn like<'a>(word: &str, mut names: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    const ENOUGH: usize = 3;
    let begins = |name: &&str| word.len() >= ENOUGH && name.starts_with(word);
    closest(word, names.clone()).or_else(|| names.find(begins))
}

fn meant_command(whole: &Command, word: &str, behind: Option<&str>) -> Option<String> {
    let lower = word.to_lowercase();
    // `list sessions`
    if let Some(behind) = behind.and_then(|word| whole.find_subcommand(word)) {
        return Some(format!("did you mean `usage {}`?", behind.get_name()));
    }
    let has = |line: &str| {
        line.split(' ').next().is_some_and(|first| whole.find_subcommand(first).is_some())
    };
    let known = COMMANDS.iter().find(|(words, line)| words.contains(&&*lower) && has(line));
    if let Some((_, line)) = known {
        return Some(format!("did you mean `usage {line}`?"));
    }
    if let Some((_, hint)) = INSTEAD.iter().find(|(words, _)| words.contains(&&*lower)) {
        return Some((*hint).to_owned());
    }
    // What begins with a digit is no command: a day that no calendar has, say.
    if lower.starts_with(|sign: char| sign.is_ascii_digit())
        && let Some(why) = not_a_period(&lower)
    {
        return Some(why);
    }
    let period = || like_period(&lower).map(|of| format!("did you mean `usage report {of}`?"));
    like_command(whole, "usage", &lower).or_else(period)
}

/// Says which of a command's own commands a word is like.
fn like_command(command: &Command, path: &str, word: &str) -> Option<String> {
    let names: Vec<_> =
        shown_commands(command).flat_map(Command::get_name_and_visible_aliases).collect();
    let name = like(word, names.into_iter())?;
    Some(format!("did you mean `{path} {name}`?"))
}

fn shown_commands(command: &Command) -> impl Iterator<Item = &Command> {
    command
        .get_subcommands()
        .filter(|command| !command.is_hide_set() && command.get_name() != "help")
}

/// The answer for a word behind a command that has commands of its own.
fn nested(path: &str, word: &str) -> Option<String> {
    let is_path = word.contains(['/', '.', '\\']);
    let known = NESTED.iter().find(|(command, words, _)| {
        *command == path && (words.contains(&word) || (words.is_empty() && is_path))
    });
    known.map(|(_, _, hint)| (*hint).to_owned())
}

fn meant_option(command: &Command, path: &str, word: &str) -> Option<String> {
    let options = || command.get_arguments().filter_map(|argument| argument.get_long());
    let Some(name) = word.strip_prefix('-') else {
        if options().any(|option| option == word) {
            return Some(format!("did you mean --{word}?"));
        }
        // An age or a date, and an option that takes one.
        let before = options().find(|of| ["before", "rows"].contains(of))?;
        return like_period(word).map(|_| format!("did you mean --{before} {word}?"));
    };
    let name = name.trim_start_matches('-');
    let lower = name.to_lowercase();
    let known = OPTIONS.iter().find(|(words, _)| words.contains(&&*lower));
    if let Some((_, option)) = known.filter(|(_, option)| options().any(|of| of == *option)) {
        return Some(format!("did you mean --{option}?"));
    }
    let of = |of: &str| of.is_empty() || path.split(' ').any(|word| word == of);
    let advice = ADVICE.iter().find(|(command, words, _)| of(command) && words.contains(&&*lower));
    if let Some((_, _, hint)) = advice {
        return Some((*hint).to_owned());
    }
    if let Some(option) = closest(&lower, options()) {
        return Some(format!("did you mean --{option}?"));
    }
    if path == "usage" && report_has(&lower) {
        return Some(format!("did you mean `usage report --{lower}`?"));
    }
    // A number below zero is the value of what stands before it, if anything can have one.
    if path != "usage period" && lower.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    like_period(&lower).map(|period| format!("did you mean {period}?"))
}

/// Returns whether it is an option of `usage report`, which `usage` by itself is like.
fn report_has(option: &str) -> bool {
    let whole = crate::command();
    let report = whole.find_subcommand("report");
    report.is_some_and(|report| {
        report.get_arguments().any(|argument| argument.get_long() == Some(option))
    })
}
