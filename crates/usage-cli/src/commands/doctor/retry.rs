//! Trying again what was refused and kept, before the ledger is examined.

use usage_core::format::format_count;

use crate::context::Context;
use crate::error::CliError;
use crate::output;

/// Tries, and says on stderr what came of it; the page about the ledger is on stdout.
pub(super) fn run(context: &Context) -> Result<(), CliError> {
    let store = context.open_existing()?;
    let retried = store.quarantine().retry()?;
    if !context.quiet {
        let [stored, duplicates, kept] =
            [retried.stored, retried.duplicates, retried.kept].map(format_count);
        let amended = match retried.amended {
            0 => String::new(),
            amended => format!(" {} told more of what is known,", format_count(amended)),
        };
        let conflicts = match retried.conflicts {
            0 => String::new(),
            conflicts => {
                format!(", {} of them known with other counts", format_count(conflicts))
            }
        };
        output::note(&format!(
            "note: of what was set aside {stored} stored,{amended} {duplicates} known already, {kept} \
             kept{conflicts}"
        ));
    }
    Ok(())
}
