//! `usage report`

use std::ffi::OsStr;
use std::mem::ManuallyDrop;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use usage_core::format::Format;
use usage_core::stats::{Dimension, Grouping, Sort};
use usage_core::{Engine, Measure, Period, ReportQuery, TagKey, report};

use super::filter::FilterArgs;
use super::found::{note_unknown_names, where_data_is};
use super::json::Json;
use super::period::{self, PeriodArgs};
use crate::context::Context;
use crate::error::CliError;
use crate::{exit_codes, output};

/// Show requests, tokens and fallbacks of a period, by route and by model
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = long_help())]
pub(crate) struct Args {
    #[command(flatten)]
    period: PeriodArgs,

    /// Group by these, in this order, instead of by route and by model; --by model day is the same as --by model,day
    #[arg(long, value_name = "DIM[,DIM...]", value_delimiter = ',', value_parser = Dimensions)]
    by: Vec<Dimension>,

    /// Sort by this, most first, or by name [default: routes and time in their order, others by tokens]
    #[arg(long, value_name = "ORDER", value_parser = sorts())]
    sort: Option<Sort>,

    /// Show only the N with the most tokens, or the first N of --sort, and what the others add up to
    #[arg(short = 'n', long, value_name = "N", value_parser = top)]
    top: Option<usize>,

    /// Shorten no names, even if lines get longer than the terminal is wide
    #[arg(long)]
    wide: bool,

    /// How to print it
    #[arg(long, value_parser = formats(), default_value = Format::default().name())]
    #[arg(default_value_if("json", "true", "json"))]
    format: Format,

    #[command(flatten)]
    _json: Json,

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

static DIMENSIONS: [Dimension; Dimension::ALL.len()] = Dimension::ALL;
static LISTS: [Dimension; Dimension::LISTS.len()] = Dimension::LISTS;

/// Takes the names of the list, which it tells help and completions, and tags by their keys.
#[derive(Clone)]
struct Dimensions;

impl TypedValueParser for Dimensions {
    type Value = Dimension;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<Dimension, clap::Error> {
        let is_tag = value.to_str().is_some_and(|name| TagKey::named(name).is_some());
        match is_tag {
            true => str::parse::<Dimension>.parse_ref(command, arg, value),
            false => names().try_map(|name| name.parse()).parse_ref(command, arg, value),
        }
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(listed().map(PossibleValue::new)))
    }
}

/// As clap checks a list: it says which name is like the one that was given.
fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(listed())
}

fn listed() -> impl Iterator<Item = &'static str> {
    DIMENSIONS.iter().chain(&LISTS).map(Dimension::name).chain(["tag:KEY"])
}

fn sorts() -> impl TypedValueParser<Value = Sort> {
    let names = Sort::ALL.iter().map(|sort| PossibleValue::new(sort.name()));
    PossibleValuesParser::new(names).try_map(|name| name.parse())
}

pub(super) fn top(text: &str) -> Result<usize, &'static str> {
    text.parse().ok().filter(|top| *top > 0).ok_or("not a whole number from 1 on")
}

pub(super) fn formats() -> impl TypedValueParser<Value = Format> {
    let value = |format: &Format| PossibleValue::new(format.name()).help(format.about());
    PossibleValuesParser::new(Format::ALL.iter().map(value))
        .try_map(|name| Format::named(&name).ok_or("not a format"))
}

/// Tells a person what is not in the report; who reads the other forms is a program.
pub(super) fn note_world(
    format: Format,
    engine: &dyn Engine,
    context: &Context,
) -> Result<(), CliError> {
    if format.is_for_people() {
        context.note_waiting(engine, "report");
        context.note_horizon(engine)?;
    }
    Ok(())
}

/// What stands below a page on which nothing has a price, where a column of costs would be.
pub(super) const NO_PRICES: &str =
    "\nNothing here has a price: `usage prices --missing` says why.\n";

fn note_period(format: Format, period: &Period, context: &Context) {
    if let (false, false, Some(note)) = (format.has_notes(), context.quiet, period.note()) {
        output::note(&format!("note: {note}"));
    }
}

impl Args {
    /// What stands behind `--by` with white space in place of commas: no period has such a name.
    fn more_dimensions(&self) -> Vec<Dimension> {
        let words = self.period.words().iter().filter(|_| !self.by.is_empty());
        words.map_while(|word| word.parse().ok()).collect()
    }

    fn query(&self, first: Option<Dimension>, context: &Context) -> Result<ReportQuery, CliError> {
        let more = self.more_dimensions();
        let period = self.period.parse_from(more.len(), context)?;
        let by = first.into_iter().chain(self.by.iter().copied()).chain(more);
        let by: Vec<_> = by.collect();
        let by = match by.is_empty() {
            true => self.format.grouping(),
            false => Some(Grouping::new(by)?),
        };
        let mut query = ReportQuery::new(period)
            .with_filter(self.filter.filter().clone())
            .with_week_start(context.week_start(self.period.week_start())?);
        (query.by, query.top, query.sort) = (by, self.top, self.sort);
        // Where a person looks at it, and not where a program has always found the same lines.
        query.beside_previous = self.format.is_for_people() && context.width().is_some();
        Ok(query)
    }
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, CliError> {
    run_by(args, None, context)
}

/// Runs it grouped by one dimension first, whatever else it is grouped by, with a column for each kind of tokens.
pub(super) fn run_by(
    args: &Args,
    first: Option<Dimension>,
    context: &Context,
) -> Result<u8, CliError> {
    // What is wrong with these is said before a ledger is looked for.
    let query = args.query(first, context)?;
    let store = context.open_engine()?;
    let store = &*store;
    note_world(args.format, store, context)?;
    // Nobody takes it apart: the process is about to end.
    let report = ManuallyDrop::new(report(store, &query)?);
    note_period(args.format, &report.period, context);
    if args.format.is_for_people() {
        note_unknown_names(&query.filter, store, context)?;
    }
    let options = context.text_options().wide(args.wide).with_kinds(first.is_some());
    let mut page = args.format.write(&report, &options);
    if report.summary.requests == 0 {
        page += &where_data_is(args.format, store, context)?;
    } else if report.summary[Measure::Priced] == 0 && args.format.is_for_people() {
        page += NO_PRICES;
    }
    output::print(&page)?;
    Ok(exit_codes::DONE)
}
