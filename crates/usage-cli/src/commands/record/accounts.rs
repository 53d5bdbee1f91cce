//! The last words of the command: a number for each line, and what was not stored.

use std::collections::BTreeMap;
use usage_core::ErrorKind;
use usage_import::ImportSummary;

use serde::Serialize;
use usage_core::format::{escape_hidden, format_count, printable};
use usage_core::record::UnknownFields;

use super::Args;
use super::refusals::{Place, Refusals};
use crate::context::Context;
use crate::error::CliError;
use crate::{amounts, exit_codes, output};

/// The outcome of the lines that were read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Accounts {
    pub(super) stored: u64,
    pub(super) amended: u64,
    pub(super) duplicates: u64,
    pub(super) refused: u64,
    pub(super) in_journal: u64,
    pub(super) unstored: u64,
}

/// The style in which the accounts are printed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Style {
    Nothing,
    Text,
    Json,
}

impl Style {
    pub(super) const fn new(args: &Args, context: &Context) -> Self {
        match (args.json, context.quiet) {
            (true, _) => Self::Json,
            (false, true) => Self::Nothing,
            (false, false) => Self::Text,
        }
    }
}

impl Accounts {
    /// Prints them, with the fields that were passed over.
    pub(super) fn print(&self, style: Style, ignored: &UnknownFields) -> Result<(), CliError> {
        match style {
            Style::Nothing => Ok(()),
            Style::Text => output::print(&(self.line() + &line_of(ignored))),
            Style::Json => output::print(&self.json(ignored)),
        }
    }

    /// Those of lines that an importer has read.
    pub(super) fn of_import(done: &ImportSummary) -> Self {
        Self {
            stored: done.imported,
            amended: done.amended,
            duplicates: done.already_there,
            ..Self::default()
        }
    }

    const fn lines(&self) -> u64 {
        let Self { stored, amended, duplicates, refused, in_journal, unstored } = *self;
        stored + amended + duplicates + refused + in_journal + unstored
    }

    fn line(&self) -> String {
        let Self { stored, amended, duplicates, refused, in_journal, unstored } = *self;
        let all = [
            ("Lines", Some(self.lines())),
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

    fn json(&self, ignored: &UnknownFields) -> String {
        let json = JsonAccounts {
            schema: 1,
            lines: self.lines(),
            stored: self.stored,
            amended: self.amended,
            duplicates: self.duplicates,
            refused: self.refused,
            in_journal: self.in_journal,
            not_stored: self.unstored,
            ignored_fields: ignored.by_name().collect(),
            ignored_others: ignored.others(),
        };
        // Texts and numbers always serialise.
        escape_hidden(serde_json::to_string(&json).unwrap_or_default()) + "\n"
    }
}

/// Schema version 1; what is added comes at the end.
#[derive(Serialize)]
struct JsonAccounts<'a> {
    schema: u32,
    lines: u64,
    stored: u64,
    amended: u64,
    duplicates: u64,
    refused: u64,
    in_journal: u64,
    not_stored: u64,
    ignored_fields: BTreeMap<&'a str, u64>,
    ignored_others: u64,
}

/// The fields that were passed over, for people; nothing where there are none.
fn line_of(ignored: &UnknownFields) -> String {
    if ignored.is_empty() {
        return String::new();
    }
    let mut fields: Vec<_> = ignored
        .by_name()
        .map(|(name, count)| format!("{} ({})", printable(name), format_count(count)))
        .collect();
    if ignored.others() > 0 {
        fields.push(format!("others ({})", format_count(ignored.others())));
    }
    format!("Ignored fields: {}\n", fields.join(", "))
}

/// Ends a run that had no tracker: prints the accounts, and says what to exit with.
pub(super) fn finish(
    args: &Args,
    context: &Context,
    refusals: &mut Refusals,
    accounts: Accounts,
    ended: Result<(), CliError>,
) -> Result<u8, CliError> {
    if let Some(rejects) = refusals.rejects() {
        rejects.end_parts();
    }
    refusals.sum_up();
    let refused = refusals.count();
    let style = Style::new(args, context);
    let printed = Accounts { refused, ..accounts }.print(style, refusals.ignored());
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
