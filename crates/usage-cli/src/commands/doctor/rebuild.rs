//! Making the sums again, before the ledger is examined.

use usage_core::Timestamp;
use usage_core::format::format_count;
use usage_store::doctor;
use usage_store::doctor::Rebuilt;

use crate::context::Context;
use crate::error::CliError;
use crate::{amounts, output};

/// The number of stretches of time that are named.
const NAMED: usize = 20;

/// Makes them, and says on stderr what that was; the page about the ledger is on stdout.
pub(super) fn run(context: &Context) -> Result<(), CliError> {
    let store = context.open_existing()?;
    let rebuilt = doctor::rebuild(&store)?;
    if !context.quiet {
        output::note(&format!("note: {}", summary(&rebuilt)));
    }
    // Even a quiet command tells of what is lost.
    let at = |at: Option<Timestamp>| at.map(|at| amounts::instant(at, context.zone()));
    for range in rebuilt.lost.iter().take(NAMED) {
        let (start, end) = (at(range.start).unwrap_or_default(), at(range.end).unwrap_or_default());
        output::note(&format!(
            "warning: what came from {start} to {end} is lost: its records were deleted, and its \
             sums cannot be read"
        ));
    }
    let more = rebuilt.lost.len().saturating_sub(NAMED);
    if more > 0 {
        let more = format_count(more as u64);
        output::note(&format!("warning: {more} more quarters of an hour are lost"));
    }
    Ok(())
}

fn summary(rebuilt: &Rebuilt) -> String {
    let kept = match rebuilt.kept {
        0 => String::new(),
        kept => format!(", and {} without records kept", format_count(kept)),
    };
    let event_ids = match rebuilt.event_ids {
        0 => String::new(),
        wrong => {
            format!("; {} not what was known", counted(wrong, "event id was", "event ids were"))
        }
    };
    let sessions = match rebuilt.session_rollups {
        0 => String::new(),
        wrong => {
            format!("; {} wrong", counted(wrong, "sum of a session was", "sums of sessions were"))
        }
    };
    let names = match rebuilt.names_removed {
        0 => String::new(),
        names => format!("; {} removed", counted(names, "unused label set", "unused label sets")),
    };
    let unpriced = match rebuilt.unpriced {
        0 => String::new(),
        records => format!(
            "; {} with damaged terms, priced again by `usage reprice --missing`",
            amounts::records(records)
        ),
    };
    format!(
        "rebuilt the sums of {} in {} of an hour{kept}; {} wrong{sessions}{event_ids}{names}{unpriced}",
        amounts::records(rebuilt.records),
        counted(rebuilt.quarters, "quarter", "quarters"),
        counted(rebuilt.changed, "sum was", "sums were"),
    )
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", format_count(count), if count == 1 { one } else { many })
}
