//! `usage restore`

use std::path::{Path, PathBuf};
use std::sync::Arc;

use usage_core::format::printable;
use usage_prices::ShippedPrices;
use usage_store::restore::{RestoreOptions, Restored, restore_with, undo};
use usage_store::{SCHEMA_VERSION, StoreError};

use crate::context::Context;
use crate::error::CliError;
use crate::{amounts, exit_codes, output};

/// Put a copy back in the place of the ledger, or take that back
///
/// Whatever is replaced is kept: the file, its write-ahead log and its journals, in a folder beside it such as
/// usage.db.replaced-1. The copy stays where it is, and is checked first. What waits in journals and is not in the
/// copy is stored then, each record once.
///
/// Nobody may have the ledger open: who has is named. Killed at any moment, it leaves the ledger as it was, or the next
/// command finds the copy in its place.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The copy, as `usage backup` makes it
    #[arg(value_name = "COPY", required_unless_present = "undo", conflicts_with = "undo")]
    copy: Option<PathBuf>,

    /// Keep what the ledger has stored after the copy was taken
    ///
    /// Each record is there once then, whether it has an event id or not. The ledger has to be readable for that.
    #[arg(long, requires = "copy")]
    keep_later: bool,

    /// Bring back what the last restoration has replaced, and keep what is there now
    #[arg(long)]
    undo: bool,
}

const EXAMPLES: &str = "\
Examples:
  usage restore /backup/usage-2026-05-03.db
  usage restore /backup/usage-2026-05-03.db --keep-later
  usage restore --undo";

/// The file that was replaced, in the folder with what is kept.
const OLD: &str = "old.db";

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, CliError> {
    let ledger = context.db_path()?;
    let restored = match &args.copy {
        Some(copy) => {
            let options = RestoreOptions::default();
            let options = match args.keep_later {
                true => options.with_keep_later(Some(Arc::new(ShippedPrices))),
                false => options,
            };
            restore_with(&ledger, copy, &options).map_err(no_copy)?
        }
        None => undo(&ledger)?,
    };
    if !context.quiet {
        output::print(&told(args, &restored))?;
    }
    // What is of an earlier version waits for a migration, and what is damaged for a person.
    if restored.schema_version == SCHEMA_VERSION {
        context.recover(&context.open_existing()?)?;
    }
    Ok(exit_codes::DONE)
}

/// The error with what helps where there is no copy: to record something makes none.
fn no_copy(error: StoreError) -> CliError {
    match error {
        StoreError::NotFound { path } => {
            CliError::failed(format!("there is no copy at {}", path.display()))
                .hint("`usage status` says where the last copy was put")
        }
        error => error.into(),
    }
}

/// Returns the result, for people.
fn told(args: &Args, restored: &Restored) -> String {
    let Restored { path, kept, .. } = restored;
    let shown = |path: &Path| printable(&path.display().to_string()).into_owned();
    let from = match &args.copy {
        Some(copy) => format!("from {}", shown(copy)),
        None => "what was replaced".to_owned(),
    };
    let mut text =
        format!("Restored {from}: {}, {}\n", shown(path), amounts::bytes(restored.bytes));
    // Where there was none, nothing can be brought back.
    let again = match args.undo || !kept.join(OLD).exists() {
        true => "",
        false => "; `usage restore --undo` brings it back",
    };
    text += &match kept.read_dir().is_ok_and(|mut files| files.next().is_none()) {
        true => "There was no ledger before\n".to_owned(),
        false => format!("Kept: what was there, in {}{again}\n", shown(kept)),
    };
    if args.keep_later {
        text += &format!(
            "Brought over: {} that were stored since then\n",
            amounts::records(restored.brought)
        );
    } else if let Some(later) = restored.later.filter(|later| *later > 0) {
        text += &format!(
            "Up to {} were stored since then: in the kept file, and those in no journal there alone\n",
            amounts::records(later)
        );
    }
    if restored.is_same_ledger == Some(false) {
        text +=
            "It is another ledger than the one before: what waits in journals stays for that one\n";
    }
    text
}
