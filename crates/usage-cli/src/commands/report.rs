//! `usage report`

use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use usage_core::format::{GroupedReport, Report, TextOptions};
use usage_core::stats::{Dimension, Grouping, Groups, Series};
use usage_core::{Filter, Period, TimeRange, Timestamp};
use usage_store::Store;

use super::filter::FilterArgs;
use super::period::{self, PeriodArgs};
use crate::context::Context;
use crate::error::CliError;
use crate::{amounts, exit_codes, output};

/// Show requests, tokens and fallbacks of a period, by route and by model
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = long_help())]
pub(crate) struct Args {
    #[command(flatten)]
    period: PeriodArgs,

    /// Group by these, in this order, instead of by route and by model
    #[arg(long, value_name = "DIM[,DIM...]", value_delimiter = ',', value_parser = dimensions())]
    by: Vec<Dimension>,

    /// Show only the N with the most tokens, and what the others add up to
    #[arg(long, value_name = "N", value_parser = top)]
    top: Option<usize>,

    /// Shorten no names, even if lines get longer than the terminal is wide
    #[arg(long)]
    wide: bool,

    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    format: Format,

    // Last: its heading would be that of whatever follows.
    #[command(flatten)]
    filter: FilterArgs,
}

const EXAMPLES: &str = "\
Examples:
  usage report this-month
  usage report last-30-days --by day
  usage report today --by hour,model --top 3
  usage report 2026 --by provider,month --format csv";

fn long_help() -> String {
    format!("{EXAMPLES}\n\n{}", period::long_help())
}

fn dimensions() -> impl TypedValueParser<Value = Dimension> {
    PossibleValuesParser::new(Dimension::ALL.map(Dimension::name))
        .try_map(|name| name.parse::<Dimension>())
}

fn top(text: &str) -> Result<usize, &'static str> {
    text.parse().ok().filter(|top| *top > 0).ok_or("not a whole number from 1 on")
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    /// A page for people
    #[default]
    Text,
    /// One JSON object, schema version 1
    Json,
    /// A row for each group; without --by for each profile, provider, route and model
    Csv,
}

impl Format {
    /// What is not in the report, to a person; who reads the other forms is a program.
    fn note_world(self, store: &Store, context: &Context) {
        if matches!(self, Self::Text) {
            context.note_waiting(store, "report");
            context.note_horizon(store);
        }
    }

    /// JSON says it in a field of its own.
    fn note_period(self, period: &Period, context: &Context) {
        if let (Self::Text | Self::Csv, Some(note), false) = (self, period.note(), context.quiet) {
            output::note(&format!("note: {note}"));
        }
    }
}

/// A period that ends or begins at now, moved to whole quarters of an hour where only sums are left:
/// its ends never are on one, and it would be refused for ever.
fn countable(store: &Store, period: Period) -> Result<Period, CliError> {
    if !period.is_rolling() {
        return Ok(period);
    }
    let (asked, zone) = (TimeRange::from(&period), period.zone());
    let range = store.countable(asked)?;
    let at =
        |at: Option<Timestamp>| at.and_then(Timestamp::to_utc).map(|at| at.with_timezone(&zone));
    let Some((start, end)) = at(range.start).zip(at(range.end)).filter(|_| range != asked) else {
        return Ok(period);
    };
    let moved = [("begins", asked.start, range.start), ("ends", asked.end, range.end)];
    let moved = moved.into_iter().filter(|(_, asked, counted)| asked != counted);
    let moved: Vec<_> = moved
        .filter_map(|(verb, _, at)| Some(format!("{verb} at {}", amounts::instant(at?, zone))))
        .collect();
    let note = format!(
        "{} {}, as only sums by quarter of an hour are left there",
        period.name(),
        moved.join(" and ")
    );
    Ok(period.with_bounds(start..end, note))
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, CliError> {
    let period = args.period.parse(context)?;
    // What is wrong with these is said before a ledger is looked for.
    let by = match args.by.is_empty() {
        true => None,
        false => Some(Grouping::new(args.by.iter().copied())?),
    };
    let filter = args.filter.filter().clone();
    let store = context.open_existing()?;
    args.format.note_world(&store, context);
    let period = countable(&store, period)?;
    args.format.note_period(&period, context);
    let range = TimeRange::from(&period);
    let options = TextOptions { wide: args.wide, ..context.text_options() };
    let Some(by) = by else {
        let usage = store.report(range, &filter)?;
        let report = Report { period: &period, filter: &filter, usage: &usage, top: args.top };
        output::print(&match args.format {
            Format::Text => report.to_text(&options),
            Format::Json => report.to_json(),
            Format::Csv => report.to_csv(),
        })?;
        return Ok(exit_codes::DONE);
    };
    let series = match by.unit(args.period.week_start()) {
        Some(unit) if by.is_time_alone() && filter == Filter::default() => {
            store.series_of_all(range, unit, period.zone())?
        }
        Some(unit) => store.series(range, &filter, unit, period.zone())?,
        None => Series::whole(store.report(range, &filter)?),
    };
    let groups = Groups::new(&by, &series, args.top);
    let report = GroupedReport { period: &period, filter: &filter, groups: &groups };
    output::print(&match args.format {
        Format::Text => report.to_text(&options),
        Format::Json => report.to_json(),
        Format::Csv => report.to_csv(),
    })?;
    Ok(exit_codes::DONE)
}
