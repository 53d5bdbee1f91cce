//! `usage report`

use clap::ValueEnum;
use usage_core::format::Report;
use usage_core::{Filter, TimeRange};

use super::period::{self, PeriodArgs};
use crate::context::Context;
use crate::error::CliError;
use crate::{exit_codes, output};

/// Show requests, tokens and fallbacks of a period, by route and by model
#[derive(Debug, clap::Args)]
#[command(after_long_help = period::long_help())]
pub(crate) struct Args {
    #[command(flatten)]
    period: PeriodArgs,

    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    format: Format,

    // Last: its heading would be that of whatever follows.
    #[command(flatten)]
    filter: FilterArgs,
}

/// Which records a command is about.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Filters, each of which may be given several times")]
pub(crate) struct FilterArgs {
    /// Only this router instance
    #[arg(long, value_name = "ID")]
    instance: Vec<String>,

    /// Only this profile; `default` stands for the empty one too
    #[arg(long, value_name = "NAME")]
    profile: Vec<String>,

    /// Only this provider
    #[arg(long, value_name = "NAME")]
    provider: Vec<String>,

    /// Only this route
    #[arg(long, value_name = "NAME")]
    route: Vec<String>,

    /// Only this model
    #[arg(long, value_name = "NAME")]
    model: Vec<String>,
}

impl FilterArgs {
    fn filter(&self) -> Filter {
        Filter {
            instances: self.instance.clone(),
            profiles: self.profile.clone(),
            providers: self.provider.clone(),
            routes: self.route.clone(),
            models: self.model.clone(),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    /// A page for people
    #[default]
    Text,
    /// One JSON object, schema version 1
    Json,
    /// A row for each profile, provider, route and model
    Csv,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, CliError> {
    let period = args.period.parse(context)?;
    let filter = args.filter.filter();
    let usage = context.open_existing()?.report(TimeRange::from(&period), &filter)?;
    let report = Report { period: &period, filter: &filter, usage: &usage };
    output::print(&match args.format {
        Format::Text => report.to_text(&context.text_options()),
        Format::Json => report.to_json(),
        Format::Csv => report.to_csv(),
    })?;
    Ok(exit_codes::DONE)
}
