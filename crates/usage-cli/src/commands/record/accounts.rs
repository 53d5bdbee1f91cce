//! What the command says in the end: a number for each line, and what was not stored.

use usage_core::ErrorKind;
use usage_core::format::format_count;
use usage_import::ImportSummary;

use super::refusals::{Place, Refusals};
use crate::context::Context;
use crate::error::CliError;
use crate::{amounts, exit_codes, output};

/// What became of the lines that were read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Accounts {
    pub(super) stored: u64,
    pub(super) amended: u64,
    pub(super) duplicates: u64,
    pub(super) refused: u64,
    pub(super) in_journal: u64,
    pub(super) unstored: u64,
}

impl Accounts {
    /// Those of lines that an importer has read.
    pub(super) fn of_import(done: &ImportSummary) -> Self {
        Self {
            stored: done.imported,
            amended: done.amended,
            duplicates: done.already_there,
            ..Self::default()
        }
    }

    /// Prints them, unless that is not wanted.
    pub(super) fn print(&self, quiet: bool) -> Result<(), CliError> {
        if quiet { Ok(()) } else { output::print(&self.line()) }
    }

    fn line(&self) -> String {
        let Self { stored, amended, duplicates, refused, in_journal, unstored } = *self;
        let lines = stored + amended + duplicates + refused + in_journal + unstored;
        let all = [
            ("Lines", Some(lines)),
            ("Stored", Some(stored)),
            ("Amended", Some(amended).filter(|count| *count > 0)),
            ("Duplicates", Some(duplicates)),
            ("Refused", Some(refused)),
            ("In the journal", Some(in_journal).filter(|count| *count > 0)),
            ("Not stored", Some(unstored).filter(|count| *count > 0)),
        ];
        let shown: Vec<_> = all
            .into_iter()
            .filter_map(|(name, count)| Some(format!("{name}: {}", format_count(count?))))
            .collect();
        shown.join("  |  ") + "\n"
    }
}

/// Ends a run that had no tracker: prints the accounts, and says what to exit with.
pub(super) fn finish(
    context: &Context,
    refusals: &mut Refusals,
    accounts: Accounts,
    ended: Result<(), CliError>,
) -> Result<u8, CliError> {
    if let Some(rejects) = refusals.rejects() {
        rejects.end_parts();
    }
    let refused = refusals.count();
    let printed = Accounts { refused, ..accounts }.print(context.quiet);
    // What was not stored matters more than what could not be printed.
    ended?;
    printed?;
    refusals.take_failure().map_or(Ok(()), Err)?;
    Ok(if refused > 0 { exit_codes::INPUT_REFUSED } else { exit_codes::DONE })
}

/// For records that came from files, and are not stored.
const NOT_STORED: &str =
    "what came before is stored; lines with an event_id are safe to record again";

/// Damage is another class of failure, with its own exit code and advice.
pub(super) fn failed(kind: Option<ErrorKind>, message: String, hint: &str) -> CliError {
    match kind {
        Some(kind @ ErrorKind::Corrupt) => CliError::new(kind.into(), message)
            .hint("`usage doctor` says what is damaged, and what may help"),
        _ => CliError::failed(message).hint(hint),
    }
}

/// Says why records were not stored: of which kind that is, where it is known. Records are stored in the order
/// of their lines, so what is missing is the end.
pub(super) fn not_stored(
    kind: Option<ErrorKind>,
    unstored: u64,
    from: Option<Place>,
    refusals: &Refusals,
    why: &str,
) -> CliError {
    let from =
        from.map_or_else(String::new, |place| format!(", from {} on", refusals.named(place)));
    let records = amounts::records(unstored);
    failed(kind, format!("{records} could not be stored{from}: {why}"), NOT_STORED)
}
