//! `usage config`

use std::env;

use clap::{Subcommand, ValueEnum};
use serde::Serialize;
use usage_core::format::printable;

use super::json::Json;
use crate::context::Context;
use crate::error::CliError;
use crate::global::GlobalArgs;
use crate::settings::{self, Key, Settings};
use crate::{exit_codes, output};

/// Show the settings and where each comes from, or change them
///
/// They are kept in a file (TOML) that can be edited too: usage/config.toml in your configuration folder, or what the
/// variable USAGE_CONFIG names. An option goes before a variable, a variable before the file, the file before the
/// default. What is wrong with the file is named with its line, by commands that need it; others go on.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    change: Option<Change>,

    /// How to print them
    #[arg(long, value_enum, default_value_t, default_value_if("json", "true", "json"))]
    format: Format,

    #[command(flatten)]
    _json: Json,
}

#[derive(Debug, Subcommand)]
enum Change {
    /// Write a setting into the file: timezone, week-start, cycle-day, color or projects
    Set {
        /// The setting
        #[arg(value_name = "SETTING")]
        name: String,
        /// Its value
        value: String,
    },
    /// Take a setting out of the file
    Unset {
        /// The setting
        #[arg(value_name = "SETTING")]
        name: String,
    },
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    #[default]
    Text,
    Json,
}

const EXAMPLES: &str = "\
Examples:
  usage config
  usage config set timezone Europe/Berlin
  usage config set cycle-day 15
  usage config unset cycle-day

Settings:
  timezone    whose days and hours reports count by: an IANA name
  week-start  the day that weeks begin on: monday or sunday
  cycle-day   the day of the month that a billing cycle begins on: 1 to 31
  color       when to use colour: auto, always or never
  projects    how folders become projects on import: name, full or hash";

pub(crate) fn run(args: &Args, global: &GlobalArgs) -> Result<u8, CliError> {
    match &args.change {
        None => show(args.format, global),
        Some(Change::Set { name, value }) => {
            let key = Key::named(name)?;
            let path = settings::set(key, value)?;
            told(global, &format!("{} is {value} in {}", key.name(), path.display()))
        }
        Some(Change::Unset { name }) => match settings::unset(name)? {
            Some(path) => told(global, &format!("{name} was taken out of {}", path.display())),
            None => told(global, &format!("{name} was not set")),
        },
    }
}

fn told(global: &GlobalArgs, text: &str) -> Result<u8, CliError> {
    if !global.quiet {
        output::print(&format!("{}\n", printable(text)))?;
    }
    Ok(exit_codes::DONE)
}

/// A setting, its value, and where that comes from.
#[derive(Serialize)]
struct Shown {
    name: &'static str,
    value: Option<String>,
    from: &'static str,
    #[serde(skip)]
    about: &'static str,
}

#[derive(Serialize)]
struct JsonSettings {
    schema: u32,
    file: Option<String>,
    settings: Vec<Shown>,
}

fn show(format: Format, global: &GlobalArgs) -> Result<u8, CliError> {
    let file = settings::path()?;
    let read = Settings::default();
    let all: Vec<_> =
        Key::ALL.into_iter().map(|key| shown(key, &read, global)).collect::<Result<_, _>>()?;
    let file_name = file.as_ref().map(|file| file.display().to_string());
    match format {
        Format::Json => {
            output::print_json(&JsonSettings { schema: 1, file: file_name, settings: all })?;
        }
        Format::Text => {
            let is_there = file.is_some_and(|file| file.exists());
            let file_name =
                file_name.unwrap_or_else(|| "nowhere: there is no home folder".to_owned());
            let is_there = if is_there { "" } else { " (not there yet)" };
            let mut text = format!("Settings, from {}{is_there}\n\n", printable(&file_name));
            let values: Vec<_> =
                all.iter().map(|of| of.value.clone().unwrap_or_else(|| "-".to_owned())).collect();
            let widest = values.iter().map(String::len).max().unwrap_or(0);
            for (of, value) in all.iter().zip(&values) {
                let (name, about, from) = (of.name, of.about, of.from);
                text += &format!("  {name:10}  {value:widest$}  {from:11}  {about}\n");
            }
            text += "\nTag keys that sums tell apart are kept in each ledger: `usage tags`.\n";
            output::print(&text)?;
        }
    }
    Ok(exit_codes::DONE)
}

fn shown(key: Key, read: &Settings, global: &GlobalArgs) -> Result<Shown, CliError> {
    let about = key.about();
    let of = |value: Option<String>, from| Shown { name: key.name(), value, from, about };
    let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    if key == Key::Timezone
        && let Some(zone) = &global.timezone
    {
        let is_option = variable("USAGE_TIMEZONE").as_ref() != Some(zone);
        let from = if is_option { "option" } else { "variable" };
        return Ok(of(Some(zone.clone()), from));
    }
    if key == Key::Color && variable("NO_COLOR").is_some() {
        return Ok(of(Some("never".to_owned()), "variable"));
    }
    if let Some(value) = read.get(key)? {
        return Ok(of(Some(value.to_owned()), "file"));
    }
    Ok(match key {
        Key::Timezone => {
            of(Context::new(global).ok().map(|context| context.zone().name().to_owned()), "system")
        }
        Key::WeekStart | Key::Color | Key::Projects => {
            of(key.words().first().map(|word| (*word).to_owned()), "default")
        }
        Key::CycleDay => of(None, "not set"),
    })
}
