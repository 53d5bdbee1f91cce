//! `usage period`

use chrono::{DateTime, SecondsFormat};
use chrono_tz::Tz;
use clap::ValueEnum;
use usage_core::Period;
use usage_core::format::{format_period_json, printable};
use usage_core::period::{GRAMMAR, WeekStart, parse_period_with};

use crate::context::Context;
use crate::error::CliError;
use crate::global::WeekStartArg;
use crate::{exit_codes, output};

/// Show what a period means: its start, its end, its time zone
#[derive(Debug, clap::Args)]
#[command(after_long_help = long_help())]
pub(crate) struct Args {
    #[command(flatten)]
    period: PeriodArgs,

    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// The grammar of periods, as help prints it below the options.
pub(super) fn long_help() -> String {
    format!("Periods:\n{GRAMMAR}")
}

/// A period and how its weeks begin, as several commands take them.
#[derive(Debug, clap::Args)]
pub(crate) struct PeriodArgs {
    /// Which time, such as today, last-7-days or 2026-05; --help lists all forms
    #[arg(default_value = "all-time", hide_default_value = true)]
    period: String,

    /// The day that weeks begin on
    #[arg(long, value_enum, value_name = "DAY", default_value = "monday")]
    week_start: WeekStartArg,
}

impl PeriodArgs {
    pub(crate) fn parse(&self, context: &Context) -> Result<Period, CliError> {
        Ok(parse_period_with(&self.period, context.now(), self.week_start())?)
    }

    pub(crate) const fn week_start(&self) -> WeekStart {
        match self.week_start {
            WeekStartArg::Monday => WeekStart::Monday,
            WeekStartArg::Sunday => WeekStart::Sunday,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    #[default]
    Text,
    Json,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, CliError> {
    let period = args.period.parse(context)?;
    output::print(&match args.format {
        Format::Text => text(&period),
        Format::Json => format_period_json(&period),
    })?;
    Ok(exit_codes::DONE)
}

fn text(period: &Period) -> String {
    let bound = |bound: Option<DateTime<Tz>>, missing: &str| {
        bound.map_or_else(
            || missing.to_owned(),
            |at| at.to_rfc3339_opts(SecondsFormat::AutoSi, false),
        )
    };
    let exclusive = if period.end().is_some() { "  (exclusive)" } else { "" };
    format!(
        "{}\n  start  {}\n  end    {}{exclusive}\n  zone   {}\n",
        printable(period.name()),
        bound(period.start(), "no bound"),
        bound(period.end(), "no bound"),
        period.zone(),
    )
}
