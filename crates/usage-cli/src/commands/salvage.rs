//! `usage salvage`

use std::fmt::Write as _;
use std::path::PathBuf;

use usage_core::TimeRange;
use usage_core::format::{format_count, printable};
use usage_store::StoreError;
use usage_store::salvage::{Salvaged, salvage};

use super::backup::check_folder;
use crate::context::Context;
use crate::error::CliError;
use crate::{amounts, exit_codes, output};

/// Take all that can be read out of a damaged ledger into a new one
///
/// The damaged one is only read, and stays as it is. Says how much of each table was read, and how many requests of
/// which time are missing, as far as the sums of the damaged ledger tell. The exit code is 0 when all of it is there,
/// and 3 when something is not.
///
/// Nobody may write to the damaged ledger meanwhile. Where there is a backup, compare what it has: `usage restore`
/// puts either in the ledger's place.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The damaged ledger
    #[arg(value_name = "LEDGER")]
    ledger: PathBuf,

    /// The file to be made; its folder must be there
    #[arg(value_name = "NEW")]
    new: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  usage salvage usage.db salvaged.db
  usage restore salvaged.db --db usage.db";

/// Stretches of time that are listed; more are counted.
const LISTED: usize = 10;

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, CliError> {
    check_folder(&args.new)?;
    let salvaged = salvage(&args.ledger, &args.new).map_err(|error| match error {
        // To record something makes no damaged ledger.
        StoreError::NotFound { .. } => CliError::from(error).hint("LEDGER is the damaged file"),
        error => error.into(),
    })?;
    if !context.quiet {
        output::print(&told(&salvaged, context))?;
    }
    Ok(match salvaged.is_complete() && salvaged.is_sound {
        true => exit_codes::DONE,
        false => exit_codes::INPUT_REFUSED,
    })
}

/// Returns the result, for people.
fn told(salvaged: &Salvaged, context: &Context) -> String {
    let path = salvaged.path.display().to_string();
    let mut text = format!(
        "Salvaged to {}: {}, {}\n",
        printable(&path),
        amounts::records(salvaged.records),
        amounts::bytes(salvaged.bytes)
    );
    for table in salvaged.tables.iter().filter(|table| table.has_damage()) {
        let made_again = if table.is_content() { "" } else { ", made again from the records" };
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "  {}: {} read, {} of its pages and {} more rows not{made_again}",
            table.name,
            format_count(table.rows),
            format_count(table.damaged_pages),
            format_count(table.damaged_rows)
        );
    }
    let stretch = |range: &TimeRange| {
        let at = |end: Option<_>| {
            end.map_or_else(String::new, |at| amounts::instant(at, context.zone()))
        };
        format!("from {} to {}", at(range.start), at(range.end))
    };
    if !salvaged.missing.is_empty() {
        let _ = writeln!(
            text,
            "Missing: {}, by the sums that can be read",
            amounts::requests(salvaged.missing_requests())
        );
    }
    let missing = salvaged.missing.iter().map(|missing| {
        let requests = amounts::requests(missing.requests);
        format!("{requests}, {} tokens, {}", format_count(missing.tokens), stretch(&missing.range))
    });
    listed(&mut text, &missing.collect::<Vec<_>>());
    for (what, ranges) in [
        ("With other counts, names or times than there were", &salvaged.changed),
        ("Sums that cannot be read, whose records were deleted", &salvaged.lost_sums),
    ] {
        if !ranges.is_empty() {
            let _ = writeln!(text, "{what}:");
            listed(&mut text, &ranges.iter().map(stretch).collect::<Vec<_>>());
        }
    }
    for (count, what) in [
        (salvaged.lost_names, "combinations of names are lost: `(lost)` stands for them"),
        (
            salvaged.lost_context,
            "records are without the session, tags, prices or id that they had",
        ),
        (salvaged.changed_ids, "event ids are not those that were stored"),
        (salvaged.lost_sessions, "days of sessions whose records were deleted cannot be read"),
        (salvaged.left_out, "settings or books of prices cannot be read"),
    ] {
        if count > 0 {
            let _ = writeln!(text, "{} {what}", format_count(count));
        }
    }
    if let Some(ids) = salvaged.ids_without_record.filter(|ids| *ids > 0) {
        let _ = writeln!(
            text,
            "{} were stored once and are not there, those that were deleted among them",
            amounts::records(ids)
        );
    }
    if salvaged.is_complete() {
        text += "Nothing is missing, as far as can be told\n";
    }
    if !salvaged.is_sound {
        text += "Something is still wrong with it: `usage doctor --db NEW` says what\n";
    }
    text
}

fn listed(text: &mut String, lines: &[String]) {
    for line in lines.iter().take(LISTED) {
        let _ = writeln!(text, "  {line}");
    }
    if lines.len() > LISTED {
        let _ = writeln!(text, "  and {} more", format_count((lines.len() - LISTED) as u64));
    }
}
