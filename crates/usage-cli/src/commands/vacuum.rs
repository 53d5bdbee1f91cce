//! `usage vacuum`

use crate::context::Context;
use crate::error::CliError;
use crate::{amounts, exit_codes, output};

/// Give the space of deleted records back to the file system
///
/// Deleting does so by itself; this catches up where another program was reading meanwhile. Other
/// programs can go on using the ledger.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {}

const EXAMPLES: &str = "\
Example:
  usage vacuum";

pub(crate) fn run(_: &Args, context: &Context) -> Result<u8, CliError> {
    let store = context.open_existing()?;
    context.recover(&store)?;
    let outcome = store.vacuum()?;
    if !context.quiet {
        output::note_held_back(&outcome);
        output::print(&format!(
            "Before: {}  |  After: {}  |  Given back: {}\n",
            amounts::bytes(outcome.bytes_before),
            amounts::bytes(outcome.bytes_after),
            amounts::bytes(outcome.bytes_given_back()),
        ))?;
    }
    Ok(exit_codes::DONE)
}
