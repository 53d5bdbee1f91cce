//! What an import tells of an agent.

use usage_core::format::{format_count, format_share, format_tokens, printable};
use usage_core::{Filter, Measure, TimeRange, Timestamp};
use usage_import::ImportSummary;
use usage_import::agents::{Agent, Counted, SkipReason, Skipped, Tree};
use usage_store::Store;

use super::not_logged::not_logged;
use crate::amounts;
use crate::error::CliError;

/// An agent, and what was found and done.
pub(super) struct Line<'t> {
    pub(super) agent: &'t dyn Agent,
    places: Vec<String>,
    files: u64,
    skipped: Skipped,
    counted: Vec<Counted>,
    pub(super) imported: ImportSummary,
}

impl<'t> Line<'t> {
    pub(super) fn new(tree: &'t Tree, imported: &ImportSummary) -> Self {
        let (files, imported) = (tree.summary().files, *imported);
        let (skipped, places) = (tree.summary().skipped.clone(), vec![place(tree)]);
        Self { agent: tree.agent(), places, files, skipped, counted: tree.counted(), imported }
    }

    /// Adds another place of the same agent's.
    pub(super) fn add(&mut self, tree: &Tree, imported: &ImportSummary) {
        self.places.push(place(tree));
        self.files += tree.summary().files;
        self.skipped.add_all(tree.summary().skipped.clone());
        self.counted.extend(tree.counted());
        self.imported.imported += imported.imported;
        self.imported.amended += imported.amended;
        self.imported.already_there += imported.already_there;
        self.imported.refused += imported.refused;
    }
}

fn place(tree: &Tree) -> String {
    tree.root().display().to_string()
}

/// Returns the line, with what the ledger holds of the agent now.
pub(super) fn line(of: &Line<'_>, store: &Store, now: Timestamp) -> Result<String, CliError> {
    let held = store.report(TimeRange::ALL, &Filter::instance(of.agent.name()))?.summary();
    let mut parts = vec![
        format!("{}: {}", of.agent.title(), of.places.join(", ")),
        format!("Logs: {}", format_count(of.files)),
        format!(
            "Imported: {}{}",
            format_count(of.imported.imported),
            amounts::amended(of.imported.amended)
        ),
    ];
    if of.imported.already_there > 0 {
        parts.push(format!("Already there: {}", format_count(of.imported.already_there)));
    }
    if of.imported.refused > 0 {
        parts.push(format!("Refused: {}", format_count(of.imported.refused)));
    }
    let requests = format_count(held.requests);
    parts.push(match of.agent.tells_totals() {
        true => format!("Requests: unknown (bookings: {requests})"),
        false => format!("Requests: {requests}"),
    });
    parts.push(format!("Tokens: {}", format_tokens(held.tokens())));
    if let Some(share) = share(held[Measure::Partial], held.requests) {
        parts.push(format!("Partial: {share}"));
    }
    if let Some(share) = share(held[Measure::Estimated], held.requests) {
        parts.push(format!("Estimated: {share}"));
    }
    let more = not_logged(store, of.agent.name(), &of.counted, now)?;
    if more > 0 {
        parts.push(format!("Not logged: {}", format_tokens(more)));
    }
    for told in store.reconciled()?.iter().filter(|told| told.instance == of.agent.name()) {
        parts.push(amounts::reconciled(told));
    }
    let skipped = of.skipped.iter().map(|(why, count, _)| told(why, count));
    let skipped: Vec<_> = skipped.collect();
    if !skipped.is_empty() {
        parts.push(format!("Skipped: {}", skipped.join(", ")));
    }
    // Names of folders are what their makers liked.
    Ok(printable(&parts.join("  |  ")).into_owned())
}

/// Returns a note on the first that was skipped, for each reason.
pub(super) fn where_skipped(of: &Line<'_>) -> Vec<String> {
    of.skipped
        .iter()
        .map(|(why, _, first)| format!("note: skipped {first}: {}", why.words()))
        .collect()
}

fn told(why: SkipReason, count: u64) -> String {
    format!("{} {}", format_count(count), why.words())
}

/// Returns a share in percent; `None` for none at all.
fn share(part: u64, of: u64) -> Option<String> {
    if part == 0 || of == 0 {
        return None;
    }
    Some(format_share(part, of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_told_where_there_is_one() {
        for (part, of, text) in [
            (0, 5, None),
            (1, 8, Some("12.5%")),
            (1, 100_000, Some("<0.1%")),
            (99_999, 100_000, Some(">99.9%")),
            (5, 5, Some("100.0%")),
        ] {
            assert_eq!(share(part, of).as_deref(), text);
        }
    }
}
