//! `usage doctor`

mod json;
mod quarantine;
mod rebuild;
mod retry;
mod text;
mod words;

use clap::ValueEnum;
use usage_core::format::format_count;
use usage_store::doctor::{Depth, ExamineOptions, examine};

use super::json::Json;
use crate::context::Context;
use crate::error::CliError;
use crate::exit_codes::ExitClass;
use crate::{exit_codes, output};

/// Check the ledger, and show what is in it
///
/// Looks at every record, and compares the sums that reports read with the records of the last 40
/// days. Changes nothing, unless it is told to rebuild the sums or to try again what is quarantined.
/// What waits in journals and what was set aside is shown too, and is no fault of the ledger. Each thing that is wrong is named, with what could
/// be done about it; the exit code is then 4. Other programs can go on using the ledger; while it
/// is being looked at, its write-ahead log grows.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Do not compare the index of event ids with the records, which takes long in a large ledger
    #[arg(long, conflicts_with_all = ["full", "rebuild"])]
    quick: bool,

    /// Compare all sums with all records, not only those of the last 40 days
    #[arg(long)]
    full: bool,

    /// Make all sums again from the records, then check everything
    ///
    /// Sums whose records were deleted are kept. Other programs can read meanwhile; those that
    /// write wait.
    #[arg(long)]
    rebuild: bool,

    /// Try again what is quarantined or was refused by the database, then check
    ///
    /// Each record is stored once, or stays. Where a wrong clock had the ledger refuse records, take
    /// that back first: `usage retain --reset-horizon`.
    #[arg(long)]
    retry_quarantine: bool,

    /// How to print it
    #[arg(long, value_enum, default_value_t, default_value_if("json", "true", "json"))]
    format: Format,

    #[command(flatten)]
    _json: Json,
}

const EXAMPLES: &str = "\
Examples:
  usage doctor
  usage doctor --full
  usage doctor --quick --format json";

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    /// A page for people
    #[default]
    Text,
    /// One JSON object, schema version 1
    Json,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, CliError> {
    if args.rebuild {
        rebuild::run(context)?;
    }
    if args.retry_quarantine {
        retry::run(context)?;
    }
    let depth = match (args.quick, args.full || args.rebuild) {
        (true, _) => Depth::Quick,
        (false, true) => Depth::Full,
        (false, false) => Depth::Usual,
    };
    let options = ExamineOptions::new(depth).with_now(context.now_timestamp());
    let diagnosis = examine(context.db_path()?, options)?;
    output::print(&match args.format {
        Format::Text => text::page(&diagnosis, context.zone(), context.text_options().width),
        Format::Json => json::object(&diagnosis, context.zone()),
    })?;
    if diagnosis.is_sound() {
        return Ok(exit_codes::DONE);
    }
    let path = diagnosis.path.display();
    let message = match diagnosis.wrong() {
        1 => format!("something is wrong with the ledger {path}"),
        wrong => format!("{} things are wrong with the ledger {path}", format_count(wrong)),
    };
    Err(CliError::new(ExitClass::Damaged, message)
        .hint("keep a copy of the file before anything is done about it"))
}
