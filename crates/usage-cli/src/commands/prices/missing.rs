//! Requests that have no price.

use serde::Serialize;
use serde_json::Value;
use usage_core::format::{format_count, format_period_json, format_tokens, printable};
use usage_core::pricing::PriceList;
use usage_core::{Filter, Measure, Period, TimeRange};
use usage_store::{Missing, Store, WhyMissing};

use super::own::{ADVICE, Gap, lines_for};
use super::quote::why_unknown;
use super::{Format, list_of};
use crate::context::Context;
use crate::error::CliError;
use crate::{amounts, exit_codes, output};

pub(super) fn run(period: &str, format: Format, context: &Context) -> Result<u8, CliError> {
    let period = crate::commands::period::read(period, None, context)?;
    let store = context.open_existing()?;
    context.note_waiting(&store, "list");
    let missing = store.prices().missing(TimeRange::from(&period), &Filter::default())?;
    let without_records = without_records(&store, &period, &missing)?;
    match format {
        Format::Text => {
            output::print(&shown(&store, &period, &missing, without_records, context)?)?;
        }
        Format::Json => output::print_json(&JsonMissing {
            schema: 1,
            period: serde_json::from_str(&format_period_json(&period)).unwrap_or_default(),
            missing: missing.iter().map(json).collect(),
            without_records,
        })?,
    }
    Ok(exit_codes::DONE)
}

/// Returns the number of requests without a price of which only sums are left, so that nobody knows which they are.
fn without_records(store: &Store, period: &Period, missing: &[Missing]) -> Result<u64, CliError> {
    let all = store.report(TimeRange::from(period), &Filter::default())?.summary();
    let unpriced = all.requests.saturating_sub(all[Measure::Priced]);
    Ok(unpriced.saturating_sub(missing.iter().map(|of| of.requests).sum()))
}

fn shown(
    store: &Store,
    period: &Period,
    missing: &[Missing],
    without_records: u64,
    context: &Context,
) -> Result<String, CliError> {
    let requests: u64 = missing.iter().map(|of| of.requests).sum();
    let tokens: u64 = missing.iter().map(|of| of.tokens).sum();
    let mut text = format!(
        "Without a price ({}): {}, {} {}\n",
        printable(period.name()),
        amounts::requests(requests),
        format_tokens(tokens),
        of_tokens(tokens)
    );
    let is_pending = |of: &&Missing| of.why == WhyMissing::NotYet;
    let pending: u64 = missing.iter().filter(is_pending).map(|of| of.requests).sum();
    let lines = lines_of(&*list_of(store)?, missing, context);
    for of in missing.iter().filter(|of| !is_pending(of)) {
        text += &entry(of);
    }
    if pending > 0 {
        let pending = amounts::requests(pending);
        text +=
            &format!("\n  not priced yet: {pending}\n    `usage reprice --missing` prices them\n");
    }
    if without_records > 0 {
        let count = format_count(without_records);
        text += &format!("\n  and {count} more, of which only sums are left\n");
    }
    if !lines.is_empty() {
        text += &format!("\n{ADVICE}\n{}", lines.join("\n"));
    }
    Ok(text)
}

fn entry(of: &Missing) -> String {
    let name = if of.provider.is_empty() {
        of.model.clone()
    } else {
        format!("{}/{}", of.provider, of.model)
    };
    let tier = if of.tier.is_empty() { String::new() } else { format!(", {}", of.tier) };
    let (why, candidates) = match &of.why {
        WhyMissing::Unknown { why, candidates } => {
            (why_unknown(*why, &of.provider), candidates.as_str())
        }
        WhyMissing::Kind(kind) => (format!("{kind} has no price"), ""),
        _ => ("not priced yet".to_owned(), ""),
    };
    let mut text = format!(
        "\n  {}\n    {}, {} {}\n    {why}\n",
        printable(&format!("{name}{tier}")),
        amounts::requests(of.requests),
        format_tokens(of.tokens),
        of_tokens(of.tokens)
    );
    for candidate in candidates.split(", ").filter(|it| !it.is_empty()) {
        text += &format!("      like {}?\n", printable(candidate));
    }
    text
}

/// Returns what to write for each model, with all that it has no price for together.
fn lines_of(list: &dyn PriceList, missing: &[Missing], context: &Context) -> Vec<String> {
    let mut models = Vec::<((&str, &str), Vec<Gap<'_>>)>::new();
    for of in missing {
        let (lacking, candidates) = match &of.why {
            WhyMissing::Unknown { candidates, .. } => (None, candidates.as_str()),
            WhyMissing::Kind(kind) => (Some(*kind), ""),
            _ => continue,
        };
        let gap = Gap { tier: &of.tier, candidates, lacking };
        let name = (of.provider.as_str(), of.model.as_str());
        match models.iter_mut().find(|(other, _)| *other == name) {
            Some((_, gaps)) => gaps.push(gap),
            None => models.push((name, vec![gap])),
        }
    }
    let lines = models.into_iter().filter_map(|((provider, model), gaps)| {
        lines_for(list, (provider, model, context.now_timestamp()), &gaps)
    });
    lines.collect()
}

/// The word behind a number of them.
const fn of_tokens(count: u64) -> &'static str {
    if count == 1 { "token" } else { "tokens" }
}

#[derive(Serialize)]
struct JsonMissing<'a> {
    schema: u32,
    period: Value,
    missing: Vec<JsonOf<'a>>,
    without_records: u64,
}

#[derive(Serialize)]
struct JsonOf<'a> {
    provider: &'a str,
    model: &'a str,
    tier: &'a str,
    requests: u64,
    tokens: u64,
    why: &'static str,
    kind: Option<&'static str>,
    candidates: Vec<&'a str>,
}

fn json(of: &Missing) -> JsonOf<'_> {
    let (why, kind, candidates) = match &of.why {
        WhyMissing::Unknown { why, candidates } => (why.as_str(), None, candidates.as_str()),
        WhyMissing::Kind(kind) => ("kind", Some(kind.name()), ""),
        _ => ("not_yet", None, ""),
    };
    JsonOf {
        provider: &of.provider,
        model: &of.model,
        tier: &of.tier,
        requests: of.requests,
        tokens: of.tokens,
        why,
        kind,
        candidates: candidates.split(", ").filter(|it| !it.is_empty()).collect(),
    }
}
