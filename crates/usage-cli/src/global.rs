//! The options that every command has, and what several commands share.

use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, ColorChoice, ValueEnum, ValueHint};

/// The options that every command has.
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

    /// It was named on the command line, and not by the variable.
    #[arg(skip)]
    pub(crate) is_timezone_an_option: bool,

    /// Take this instant for now, which makes output reproducible
    ///
    /// Commands that delete take it from this option only, not from the variable.
    #[arg(long, global = true, value_name = "RFC3339", env = "USAGE_NOW", hide_env_values = true)]
    #[arg(hide_short_help = true, allow_hyphen_values = true)]
    pub(crate) now: Option<String>,

    /// It was given on the command line, and not by the variable.
    #[arg(skip)]
    pub(crate) is_now_an_option: bool,

    /// When to use colour; NO_COLOR is respected [default: auto]
    #[arg(long, global = true, value_name = "WHEN")]
    pub(crate) color: Option<ColorChoice>,

    /// Lay pages out for so many columns [default: the terminal's; elsewhere columns are fixed]
    #[arg(
        long,
        global = true,
        value_name = "COLUMNS",
        env = "USAGE_WIDTH",
        hide_env_values = true
    )]
    #[arg(value_parser = columns, hide_short_help = true)]
    pub(crate) width: Option<Width>,

    /// Print only what was asked for, and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,

    /// Print diagnostics on standard error
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
}

impl GlobalArgs {
    /// The ledger that an option or the variable names; an empty one is none.
    pub(crate) fn named_db(&self) -> Option<PathBuf> {
        self.db.clone().filter(|path| !path.as_os_str().is_empty())
    }
}

/// A number of columns; none where an empty variable says nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Width(pub(crate) Option<usize>);

fn columns(text: &str) -> Result<Width, &'static str> {
    match text.parse() {
        Ok(columns @ 1..) => Ok(Width(Some(columns))),
        _ if text.is_empty() => Ok(Width(None)),
        _ => Err("not a whole number from 1 on"),
    }
}

/// The day that weeks begin on.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum WeekStartArg {
    Monday,
    Sunday,
}
