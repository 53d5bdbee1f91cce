//! `usage period`

use chrono::{DateTime, SecondsFormat};
use chrono_tz::Tz;
use clap::ValueEnum;
use usage_core::Period;
use usage_core::format::{format_period_json, printable};
use usage_core::period::{GRAMMAR, PeriodError, WeekStart, parse_period_with, suggest_period};

use super::json::Json;
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
    #[arg(long, value_enum, default_value_t, default_value_if("json", "true", "json"))]
    format: Format,

    #[command(flatten)]
    _json: Json,
}

/// The grammar of periods, as help prints it below the options.
pub(super) fn long_help() -> String {
    format!("Periods:\n{GRAMMAR}")
}

/// A period and how its weeks begin, as several commands take them.
#[derive(Debug, clap::Args)]
pub(crate) struct PeriodArgs {
    /// Which time, such as today, 7d, last month or 2026-05; --help lists all forms [default: all time]
    #[arg(value_name = "PERIOD", num_args = 0..)]
    period: Vec<String>,

    /// From the start of this period on, such as 2026-05-03 or last-week
    #[arg(long, value_name = "PERIOD", conflicts_with = "period")]
    since: Option<String>,

    /// Until the end of this period
    #[arg(long, value_name = "PERIOD", conflicts_with = "period")]
    until: Option<String>,

    /// The day that weeks begin on [default: monday]
    #[arg(long, value_enum, value_name = "DAY")]
    week_start: Option<WeekStartArg>,
}

impl PeriodArgs {
    pub(crate) fn parse(&self, context: &Context) -> Result<Period, CliError> {
        self.parse_from(0, context)
    }

    /// As [`parse`](Self::parse), without so many of the first words.
    pub(crate) fn parse_from(&self, first: usize, context: &Context) -> Result<Period, CliError> {
        let text = match (&self.since, &self.until) {
            (None, None) => self.words().get(first..).unwrap_or_default().join(" "),
            (since, until) => {
                let [since, until] = [since, until].map(|end| end.as_deref().unwrap_or_default());
                format!("{since}..{until}")
            }
        };
        read(&text, self.week_start(), context)
    }

    /// The words that the period is given in.
    pub(crate) fn words(&self) -> &[String] {
        &self.period
    }

    pub(crate) fn week_start(&self) -> Option<WeekStart> {
        self.week_start.map(|day| match day {
            WeekStartArg::Monday => WeekStart::Monday,
            WeekStartArg::Sunday => WeekStart::Sunday,
        })
    }
}

/// Reads a period; where it is none, says which one was meant.
pub(crate) fn read(
    text: &str,
    week_start: Option<WeekStart>,
    context: &Context,
) -> Result<Period, CliError> {
    let (now, options) = (context.now(), context.period_options(week_start)?);
    let period = parse_period_with(text, now, options).map_err(|error| {
        let meant = match error {
            PeriodError::NoCycleDay { .. } => None,
            _ => suggest_period(text, now, options),
        };
        let error = CliError::from(error);
        match meant {
            Some(meant) => error.hint(format!(
                "did you mean {}? `usage period --help` lists all forms",
                printable(&meant)
            )),
            None => error,
        }
    })?;
    let bound = |at: Option<DateTime<Tz>>| at.map_or("open".to_owned(), |at| at.to_rfc3339());
    let (start, end) = (bound(period.start()), bound(period.end()));
    tracing::info!("the period is {}: {start} to {end}, {}", period.name(), period.zone());
    Ok(period)
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
