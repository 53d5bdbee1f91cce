//! `usage import`

use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Subcommand;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use usage_core::format::format_count;
use usage_import::ccrouter::{Ccrouter, check};
use usage_import::{ImportEvent, ImportOptions, ImportSummary, run as run_import};

use crate::context::Context;
use crate::error::{CliError, ErrorKind};
use crate::{amounts, exit_codes, output};

/// Take over the database of another program
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    source: Source,
}

#[derive(Debug, Subcommand)]
enum Source {
    Ccrouter(CcrouterArgs),
}

/// Take over the usage database of cc-modelrouter
///
/// The database is only read, and may be in use meanwhile: nothing in it is changed, nothing is
/// left beside it. Run the command as often as you like, from a timer for example: what was taken
/// over before is not counted again, what is new is picked up.
///
/// A row that cannot be read is named on standard error, once, and skipped; the exit code is
/// then 3.
#[derive(Debug, clap::Args)]
struct CcrouterArgs {
    /// The database [default: ~/.cc-modelrouter/usage.db]
    path: Option<PathBuf>,

    /// Look at every row again, not only at those that are new
    ///
    /// What is in the ledger is still not counted twice. Rows that were refused are named again;
    /// records that were pruned or deleted from the ledger come back.
    #[arg(long)]
    rescan: bool,
}

/// Where the origin keeps its database, below the home folder.
const DEFAULT: &str = ".cc-modelrouter/usage.db";

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, CliError> {
    let Source::Ccrouter(args) = &args.source;
    let path = match &args.path {
        Some(path) => path.clone(),
        None => default_path()?,
    };
    // First of all, so that no ledger is made for nothing.
    check(&path)?;
    let store = context.open_or_create()?;
    context.recover(&store)?;

    let is_interrupted = Arc::new(AtomicBool::new(false));
    let of_handler = Arc::clone(&is_interrupted);
    ctrlc::set_handler(move || of_handler.store(true, Ordering::Relaxed)).map_err(|error| {
        ErrorKind::SystemRefused.error(format!("cannot catch interrupts: {error}"))
    })?;

    let bar = progress_bar(context.quiet);
    let name = path.display();
    let mut options = ImportOptions::default();
    options.rescan = args.rescan;
    let mut ccrouter = Ccrouter::open(&path, &store)?;
    let imported = run_import(&store, &mut ccrouter, &options, &mut |event| {
        match event {
            ImportEvent::Refused { place, why } => {
                bar.suspend(|| output::note(&format!("{name}:{place}: {why}")));
            }
            ImportEvent::Progress { items, left_at_most } => {
                bar.set_length(items.saturating_add(left_at_most));
                bar.set_position(items);
            }
            _ => {}
        }
        if is_interrupted.load(Ordering::Relaxed) {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    });
    bar.finish_and_clear();
    let summary = imported?;
    if !context.quiet {
        output::print(&line(&summary))?;
    }
    if summary.is_stopped {
        return Err(ErrorKind::Interrupted
            .error("interrupted, the rest was not imported")
            .hint("the same command goes on from there"));
    }
    Ok(if summary.refused > 0 { exit_codes::INPUT_REFUSED } else { exit_codes::DONE })
}

fn default_path() -> Result<PathBuf, CliError> {
    let home =
        etcetera::home_dir().map_err(|_| ErrorKind::NoHome.error("the home folder is unknown"))?;
    Ok(home.join(DEFAULT))
}

/// On a terminal; hidden elsewhere.
fn progress_bar(quiet: bool) -> ProgressBar {
    let target = if quiet || !std::io::stderr().is_terminal() {
        ProgressDrawTarget::hidden()
    } else {
        ProgressDrawTarget::stderr()
    };
    let style = ProgressStyle::with_template("{wide_bar} {human_pos} of {human_len} rows, {eta}");
    let bar = ProgressBar::with_draw_target(None, target);
    // The template is a constant, and a plain bar would do as well.
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn line(summary: &ImportSummary) -> String {
    let mut line = format!(
        "Rows: {}  |  Imported: {}{}  |  Already there: {}  |  Refused: {}",
        format_count(summary.items()),
        format_count(summary.imported),
        amounts::amended(summary.amended),
        format_count(summary.already_there),
        format_count(summary.refused),
    );
    if summary.from_earlier_imports > 0 {
        let before = format_count(summary.from_earlier_imports);
        line.push_str(&format!("  |  From earlier imports: {before}"));
    }
    line.push('\n');
    line
}
