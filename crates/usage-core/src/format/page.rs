//! The beginning of every page for people, and the way its lines are written.

use super::TextOptions;
use super::bar::USUAL_PAGE;
use super::money::{format_cost, format_dollars};
use super::width::{display_width, shorten_middle};
use crate::stats::{LeftOut, Summary};
use crate::text::{format_count, format_tokens, printable};
use crate::{Filter, Label, Measure, TagKey};

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
    ascii: bool,
}

impl Page {
    /// A page without a beginning.
    pub(super) fn bare(options: &TextOptions) -> Self {
        Self { out: String::new(), color: options.color, ascii: options.ascii }
    }

    /// A page with the title, the totals, what else there is to say of the requests, and what narrows it. `of` names
    /// what it shows, and what there is none of where there is nothing.
    pub(super) fn new(
        (of, none): (&str, &str),
        options: &TextOptions,
        period: &str,
        filter: &Filter,
        summary: &Summary,
    ) -> Self {
        let mut page = Self::bare(options);
        let width = options.width.filter(|_| !options.wide);
        let fitted = |text: String| match width {
            Some(width) => shorten_middle(&text, width).into_owned(),
            None => text,
        };
        page.styled(BOLD, &fitted(title(of, period, filter)));
        let totals = [
            format!("Requests: {}", format_count(summary.requests)),
            format!("Tokens: {}", format_tokens(summary.tokens())),
            format!("Fallbacks: {}", format_count(summary.fallbacks())),
        ];
        for line in lines_of(&totals, options.width.unwrap_or(USUAL_PAGE)) {
            page.line(&line);
        }
        for line in lines_of(&format_remarks(summary, options), options.width.unwrap_or(USUAL_PAGE))
        {
            page.line(&fitted(line));
        }
        if let Some(line) = filter_line(filter) {
            page.line(&fitted(line));
        }
        if summary.requests == 0 {
            page.line(&format!("\nNo {none} in this period."));
        }
        page
    }

    /// The sum of the period before, to compare with.
    pub(super) fn previous(&mut self, name: &str, summary: &Summary, options: &TextOptions) {
        let mut parts = vec![
            format!("Before, {name}: {} requests", format_count(summary.requests)),
            format!("Tokens: {}", format_tokens(summary.tokens())),
        ];
        parts.extend(format_cost(summary, options).map(|cost| format!("Cost: {cost}")));
        for line in lines_of(&parts, options.width.unwrap_or(USUAL_PAGE)) {
            self.styled(DIM, &line);
        }
    }

    pub(super) fn line(&mut self, text: &str) {
        if self.ascii {
            self.out.extend(text.chars().map(in_ascii));
        } else {
            self.out.push_str(text);
        }
        self.out.push('\n');
    }

    pub(super) fn styled(&mut self, style: &str, text: &str) {
        let text = self.in_style(style, text);
        self.line(&text);
    }

    pub(super) fn in_style(&self, style: &str, text: &str) -> String {
        if self.color { format!("{style}{text}{RESET}") } else { text.to_owned() }
    }

    /// The last line, where there are costs: whose prices they are by, and what the sign before them means.
    pub(super) fn footer(&mut self, summary: &Summary, options: &TextOptions) {
        if summary[Measure::Priced] == 0 {
            return;
        }
        let mut parts = vec!["List price, not what a subscription paid".to_owned()];
        if !summary.is_cost_whole() {
            let sign = if options.ascii { ">=" } else { "≥" };
            parts.push(format!("{sign}: lacks prices or sure counts"));
        }
        self.footnotes(&parts, options);
    }

    /// The last lines, that say what is above them.
    pub(super) fn footnotes(&mut self, parts: &[String], options: &TextOptions) {
        if !parts.is_empty() {
            self.line("");
        }
        for line in lines_of(parts, options.width.unwrap_or(USUAL_PAGE)) {
            self.styled(DIM, &line);
        }
    }
}

/// Returns the words that let the rows above them add up to the totals.
pub(super) fn left_out(
    left_out: Option<&LeftOut>,
    with_fallbacks: bool,
    options: &TextOptions,
) -> Option<String> {
    let LeftOut { count, totals } = left_out.filter(|left_out| left_out.count > 0)?;
    let plural = |count: u64, name: &str| {
        format!("{} {name}{}", format_count(count), if count == 1 { "" } else { "s" })
    };
    let more = format!(
        "and {} more: {}",
        format_count(u64::try_from(*count).unwrap_or(u64::MAX)),
        plural(totals.requests, "request"),
    );
    let tokens = format!("{} tokens", format_tokens(totals.tokens()));
    let fallbacks = with_fallbacks.then(|| plural(totals.fallbacks(), "fallback"));
    let cost = format_cost(totals, options);
    let line = |fallbacks: Option<String>| {
        let parts = [Some(more.clone()), Some(tokens.clone()), fallbacks, cost.clone()];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    };
    let whole = line(fallbacks);
    let fits = options.width.is_none_or(|width| INDENT + display_width(&whole) <= width);
    let line = if fits || options.wide { whole } else { line(None) };
    Some(line)
}

/// Returns the ASCII character that stands for one that is drawn.
const fn in_ascii(character: char) -> char {
    match character {
        '─' => '-',
        '…' => '~',
        // The blocks of bars.
        '\u{2581}'..='\u{258f}' => '#',
        other => other,
    }
}

/// Returns what there is to say of the requests besides the totals: their cost by list price, how many went wrong and
/// how sure the numbers are, as shares; and what sources say that they cost.
#[must_use]
pub fn format_remarks(summary: &Summary, options: &TextOptions) -> Vec<String> {
    let named = |measure| match measure {
        Measure::Errors => Some("Errors"),
        Measure::Cancelled => Some("Cancelled"),
        Measure::Partial => Some("Partial counts"),
        Measure::Estimated => Some("Estimated counts"),
        Measure::Inconsistent => Some("Inconsistent counts"),
        Measure::Elsewhere => Some("Also recorded elsewhere"),
        _ => None,
    };
    let count = |measure| (summary[measure] > 0).then(|| format_count(summary[measure]));
    let mut remarks = Vec::new();
    if let Some(cost) = format_cost(summary, options) {
        remarks.push(format!("Cost: {cost}"));
    }
    let unpriced = summary.requests.saturating_sub(summary[Measure::Priced]);
    if unpriced > 0 && !remarks.is_empty() {
        let share = format_share(unpriced, summary.requests);
        remarks.push(format!("Without a price: {} ({share})", format_count(unpriced)));
    }
    let cached = summary[Measure::CacheRead];
    if cached > 0 {
        let input = [Measure::Input, Measure::CacheWrite].map(|kind| summary[kind]);
        let whole = input.into_iter().fold(cached, u64::saturating_add);
        remarks.push(format!("Read from a cache: {} of the input", format_share(cached, whole)));
    }
    if let Some(searches) = count(Measure::WebSearches) {
        remarks.push(format!("Web searches: {searches}"));
    }
    for measure in Measure::ALL {
        if let (Some(name), Some(requests)) = (named(measure), count(measure)) {
            let share = format_share(summary[measure], summary.requests);
            remarks.push(format!("{name}: {requests} ({share})"));
        }
    }
    if let Some(stated) = count(Measure::Stated) {
        let cost = format_dollars(summary.stated_cost);
        let of = match summary[Measure::Stated] < summary.requests {
            true if summary[Measure::Stated] == 1 => " (of 1 request)".to_owned(),
            true => format!(" (of {stated} requests)"),
            false => String::new(),
        };
        remarks.push(format!("Stated cost: {cost}{of}"));
    }
    remarks
}

/// A part in percent, with one decimal; never nothing where there is some, nor all where there is more.
#[must_use]
pub fn format_share(part: u64, whole: u64) -> String {
    let tenths = (u128::from(part) * 1_000 + u128::from(whole) / 2) / u128::from(whole.max(1));
    match tenths {
        0 => "<0.1%".to_owned(),
        1_000.. if part < whole => ">99.9%".to_owned(),
        tenths => format!("{}.{}%", tenths / 10, tenths % 10),
    }
}

/// Parts beside one another, as many in a line as fit, and one at least.
fn lines_of(parts: &[String], width: usize) -> Vec<String> {
    const BETWEEN: &str = "  |  ";
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if line.len() + BETWEEN.len() + part.len() <= width => {
                line.push_str(BETWEEN);
                line.push_str(part);
            }
            _ => lines.push(part.clone()),
        }
    }
    lines
}

fn title(of: &str, period: &str, filter: &Filter) -> String {
    let period = if period.is_empty() { "all-time" } else { period };
    let who = match filter.kept(Label::Instance) {
        [] => "all instances".to_owned(),
        [one] => format!("instance {}", printable(one)),
        several => format!("instances {}", listed(several)),
    };
    format!("{of} ({}, {who})", printable(period))
}

/// Returns what narrows the report besides the instance, which the title names.
pub(super) fn filter_line(filter: &Filter) -> Option<String> {
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
