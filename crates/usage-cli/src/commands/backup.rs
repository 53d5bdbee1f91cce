//! `usage backup`

use std::path::{Path, PathBuf};

use usage_core::format::printable;

use crate::context::Context;
use crate::error::CliError;
use crate::{amounts, exit_codes, output};

/// Copy the ledger into a file of its own, while it is in use
///
/// The copy is the ledger as it was at one instant. Other programs go on recording meanwhile and do
/// not wait. It appears under its name when it is complete; a file that is there already is never
/// replaced.
///
/// A copy is a ledger: `usage report --db PATH` reads it, and `usage restore PATH` puts it back. The ledger remembers
/// the last copy, where it can be written, for `usage status`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The file to be made, or a folder, in which it gets the ledger's name with the date and the time
    #[arg(value_name = "PATH")]
    path: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  usage backup /backup/usage-$(date +%F).db
  usage report --db /backup/usage-2026-05-03.db";

/// Returns where the copy goes.
fn place(args: &Args, context: &Context) -> Result<PathBuf, CliError> {
    let path = if args.path.is_dir() {
        let ledger = context.db_path()?;
        let name = ledger.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        args.path.join(format!("{name}-{}.db", context.now().format("%Y%m%d-%H%M%S")))
    } else {
        args.path.clone()
    };
    check_folder(&path)?;
    Ok(path)
}

/// Refuses a file whose folder is not there.
pub(super) fn check_folder(path: &Path) -> Result<(), CliError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder.filter(|folder| !folder.is_dir()) {
        Some(folder) => Err(CliError::failed(format!("there is no folder {}", folder.display()))
            .hint("`mkdir -p FOLDER` makes one")),
        None => Ok(()),
    }
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, CliError> {
    let path = place(args, context)?;
    let store = context.open_existing()?;
    context.note_waiting(&store, "copy");
    let backup = store.backup(&path)?;
    // Who may only read the ledger can copy it as well.
    let _ = store.remember_backup(&backup, context.now_timestamp());
    if !context.quiet {
        let path = backup.path.display().to_string();
        let bytes = amounts::bytes(backup.bytes);
        output::print(&format!("Copied to {}: {bytes}\n", printable(&path)))?;
    }
    Ok(exit_codes::DONE)
}
