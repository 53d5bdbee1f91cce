//! `usage monthly`

use usage_core::stats::Dimension;

use super::{period, report};
use crate::context::Context;
use crate::error::CliError;

/// Show usage by month, as `usage report --by month` does, with a column for each kind of tokens
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = long_help())]
#[group(skip)]
pub(crate) struct Args {
    #[command(flatten)]
    report: report::Args,
}

const EXAMPLES: &str = "\
Examples:
  usage monthly
  usage monthly this-year --by model
  usage monthly --instance claude-code --format json";

fn long_help() -> String {
    format!("{EXAMPLES}\n\n{}", period::long_help())
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, CliError> {
    report::run_by(&args.report, Some(Dimension::Month), context)
}
