//! What every page for people begins with, and how its lines are written.

use crate::stats::{LeftOut, Summary};
use crate::text::{format_count, format_tokens, printable};
use crate::{Filter, Label, TagKey};

pub(super) const BOLD: &str = "\u{1b}[1m";
pub(super) const DIM: &str = "\u{1b}[2m";
pub(super) const CYAN: &str = "\u{1b}[36m";
const RESET: &str = "\u{1b}[0m";

/// The columns before a table, and between two of its columns.
pub(super) const INDENT: usize = 2;
pub(super) const GAP: usize = 2;

/// A name is never shortened to fewer columns than this, whatever the width.
pub(super) const MIN_NAME_WIDTH: usize = 10;

pub(super) struct Page {
    pub(super) out: String,
    color: bool,
}

impl Page {
    /// A page with the title, the totals, and what narrows it.
    pub(super) fn new(color: bool, period: &str, filter: &Filter, summary: &Summary) -> Self {
        let mut page = Self { out: String::new(), color };
        page.styled(BOLD, &title(period, filter));
        page.line(&format!(
            "Requests: {}  |  Tokens: {}  |  Fallbacks: {}",
            format_count(summary.requests),
            format_tokens(summary.tokens()),
            format_count(summary.fallbacks()),
        ));
        if let Some(line) = filter_line(filter) {
            page.line(&line);
        }
        if summary.requests == 0 {
            page.line("\nNo requests in this period.");
        }
        page
    }

    pub(super) fn line(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }

    pub(super) fn styled(&mut self, style: &str, text: &str) {
        let text = self.in_style(style, text);
        self.line(&text);
    }

    pub(super) fn in_style(&self, style: &str, text: &str) -> String {
        if self.color { format!("{style}{text}{RESET}") } else { text.to_owned() }
    }

    /// The line that lets the rows above it add up to the totals.
    pub(super) fn left_out(&mut self, left_out: Option<&LeftOut>, with_fallbacks: bool) {
        let Some(LeftOut { count, totals }) = left_out.filter(|left_out| left_out.count > 0) else {
            return;
        };
        let plural = |count: u64, name: &str| {
            format!("{} {name}{}", format_count(count), if count == 1 { "" } else { "s" })
        };
        let mut line = format!(
            "{:INDENT$}and {} more: {}, {} tokens",
            "",
            format_count(u64::try_from(*count).unwrap_or(u64::MAX)),
            plural(totals.requests, "request"),
            format_tokens(totals.tokens()),
        );
        if with_fallbacks {
            line.push_str(&format!(", {}", plural(totals.fallbacks(), "fallback")));
        }
        self.styled(DIM, &line);
    }
}

fn title(period: &str, filter: &Filter) -> String {
    let period = if period.is_empty() { "all-time" } else { period };
    let who = match filter.kept(Label::Instance) {
        [] => "all instances".to_owned(),
        [one] => format!("instance {}", printable(one)),
        several => format!("instances {}", listed(several)),
    };
    format!("Usage Summary ({}, {who})", printable(period))
}

/// Returns what narrows the report besides the instance, which the title names.
fn filter_line(filter: &Filter) -> Option<String> {
    let labels = Label::ALL.into_iter().filter(|label| *label != Label::Instance);
    let labels = labels
        .map(|label| (label, filter.kept(label)))
        .filter(|(_, names)| !names.is_empty())
        .map(|(label, names)| format!("{label} {}", listed(names)));
    let mut keys: Vec<TagKey> = filter.tags().iter().map(|(key, _)| *key).collect();
    keys.sort_unstable();
    keys.dedup();
    let tags = keys.into_iter().map(|key| {
        let values = filter.tags().iter().filter(|(of, _)| *of == key);
        let shown = |value: &str| {
            if value.is_empty() { "(none)".into() } else { printable(value).into_owned() }
        };
        let values: Vec<String> = values.map(|(_, value)| shown(value)).collect();
        format!("{} {}", printable(key.name()), values.join(", "))
    });
    let parts: Vec<String> = labels.chain(tags).collect();
    (!parts.is_empty()).then(|| format!("Only: {}", parts.join("  |  ")))
}

fn listed(names: &[String]) -> String {
    names.iter().map(|name| printable(name)).collect::<Vec<_>>().join(", ")
}
