//! `usage migrate`

use std::path::PathBuf;
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use usage_core::format::{format_count, printable};
use usage_store::{Migrated, MigrationPlan, MigrationStep, StoreError};

use crate::context::Context;
use crate::error::CliError;
use crate::{amounts, exit_codes, output, outputs, progress};

/// Bring a ledger of an earlier version up to date, after a copy
///
/// Says first how long it may take and how much space, and does nothing where the disk has less.
/// Then it copies the ledger into a file beside it, such as usage.db.v4-backup, and changes the ledger
/// in one step. Other programs cannot write meanwhile; what they record waits in their journals.
/// Killed at any moment, it leaves the ledger as it was or up to date.
///
/// To go back to the earlier program, put the copy back with `usage restore`. The commands that record migrate a ledger
/// of up to 1 GiB by themselves, after the same copy; the others leave it as it is.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The ledger, if it is not the one of --db
    #[arg(value_name = "LEDGER")]
    ledger: Option<PathBuf>,

    /// Make no copy: there is no way back then
    #[arg(long)]
    in_place: bool,

    /// Only show what it would take
    #[arg(long)]
    dry_run: bool,
}

const EXAMPLES: &str = "\
Examples:
  usage migrate --dry-run
  usage migrate /backup/usage-2026-05-03.db";

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, CliError> {
    let path = match &args.ledger {
        Some(path) => path.clone(),
        None => context.db_path()?,
    };
    outputs::check_standard(&path, &[])?;
    let plan = MigrationPlan::new(path, !args.in_place)?;
    if args.dry_run || !context.quiet {
        output::print(&shown(&plan))?;
    }
    if args.dry_run || !plan.is_needed() {
        if plan.is_needed() {
            output::print("Nothing was changed: --dry-run\n")?;
        }
        return Ok(exit_codes::DONE);
    }
    let (bar, start) = (progress::bar("{wide_bar} {msg}", context.quiet), Instant::now());
    let migrated = plan.carry_out(&mut |step| show(&bar, step));
    bar.finish_and_clear();
    let migrated = migrated.map_err(|error| match error {
        // What it would hint at was done.
        StoreError::NoSpace { .. } if args.in_place => {
            CliError::from(error).hint("free some space and run the same command again")
        }
        error => error.into(),
    })?;
    if !context.quiet {
        output::print(&match migrated {
            Some(migrated) => done(&migrated, start.elapsed()),
            None => "Another program has migrated it meanwhile\n".to_owned(),
        })?;
    }
    Ok(exit_codes::DONE)
}

/// Returns the plan, for people.
fn shown(plan: &MigrationPlan) -> String {
    let path = plan.path.display().to_string();
    let (path, to) = (printable(&path), plan.to);
    if !plan.is_needed() {
        return format!("{path} is up to date: schema version {to}\n");
    }
    let free = plan
        .free
        .map_or_else(String::new, |free| format!(", of {} that are free", amounts::bytes(free)));
    let copy = if plan.with_copy { ", a copy included" } else { ", without a copy" };
    format!(
        "{path}: schema version {} becomes {to}\n  \
         up to {} records, {}\n  \
         takes about {} and up to {}{copy}{free}\n",
        plan.from,
        format_count(plan.records),
        amounts::bytes(plan.bytes),
        seconds(plan.takes),
        amounts::bytes(plan.space),
    )
}

/// Returns the result, for people.
fn done(migrated: &Migrated, took: Duration) -> String {
    let copy = migrated.copy.as_ref().map_or_else(String::new, |copy| {
        let copy = copy.display().to_string();
        format!("The ledger as it was: {}\n", printable(&copy))
    });
    format!(
        "{copy}Migrated to version {}  |  Before: {}  |  After: {}  |  Took: {}\n",
        migrated.to,
        amounts::bytes(migrated.bytes_before),
        amounts::bytes(migrated.bytes_after),
        seconds(took),
    )
}

/// In whole seconds, and one at least: it is about that long.
fn seconds(duration: Duration) -> String {
    let seconds = duration.as_secs_f64().ceil().max(1.0);
    format!("{seconds} s")
}

fn show(bar: &ProgressBar, step: MigrationStep) {
    match step {
        MigrationStep::Copying { bytes, of } => {
            bar.set_length(of);
            bar.set_position(bytes);
            bar.set_message(format!("{} copied", amounts::bytes(bytes)));
        }
        _ => bar.set_message("changing the ledger"),
    }
}
