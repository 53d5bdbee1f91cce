//! The prices of one model.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::DateTime;
use serde::Serialize;
use usage_core::format::{display_width, format_count, printable};
use usage_core::period::parse_period;
use usage_core::pricing::{Kind, PriceList, Question, Quote, Unknown};
use usage_core::text::is_no_day;
use usage_core::{Money, Tier, Timestamp};

use super::known::{above, by_size, end_of};
use super::own::{ADVICE, Gap, lines_for};
use super::{Args, Format, list_of, short};
use crate::commands::prune::date;
use crate::context::Context;
use crate::error::CliError;
use crate::{amounts, exit_codes, output};

/// A price that is asked for, with its answer for each size of input.
struct Asked<'a> {
    list: Arc<dyn PriceList>,
    question: Question<'a>,
    /// Never empty: the smallest requests first.
    answers: Vec<Quote>,
    /// The tiers that have prices.
    tiers: Vec<Tier>,
}

pub(super) fn run(model: &str, args: &Args, context: &Context) -> Result<u8, CliError> {
    let at = args
        .at
        .as_deref()
        .map_or_else(|| Ok(context.now_timestamp()), |at| instant(at, context))?;
    let store = context.open_existing()?;
    let list = list_of(&store)?;
    let tier = args.tier.as_deref().map(Tier::named_by).unwrap_or_default();
    let provider = args.provider.as_deref().unwrap_or_default();
    let asked = ask(list, Question::new(provider, model, at).in_tier(&tier));
    match args.format {
        Format::Text => output::print(&asked.as_text(context))?,
        Format::Json => output::print_json(&asked.as_json(context))?,
    }
    Ok(exit_codes::DONE)
}

/// Reads a day, which stands for its start, or an instant; both may be to come.
fn instant(text: &str, context: &Context) -> Result<Timestamp, CliError> {
    let day = date(text).and_then(|_| parse_period(text, context.now()).ok()?.start());
    let at = day.map(Timestamp::from);
    at.or_else(|| DateTime::parse_from_rfc3339(text).ok().map(Timestamp::from)).ok_or_else(|| {
        if is_no_day(text) {
            return CliError::usage(format!("--at {text:?}: there is no such day"));
        }
        CliError::usage(format!("--at {text:?} is neither a day nor an instant"))
            .hint("a day such as 2026-05-03, or an instant such as 2026-05-03T13:56:01+08:00")
    })
}

fn ask<'a>(list: Arc<dyn PriceList>, question: Question<'a>) -> Asked<'a> {
    let answers = by_size(&*list, &question);
    let has_prices = |tier: &Tier| list.quote(&question.in_tier(tier.name())).terms.is_ok();
    let tiers = Tier::ALL.into_iter().filter(has_prices).collect();
    Asked { list, question, answers, tiers }
}

/// A unit price in dollars as people write it: a million tokens, or a thousand searches.
pub(super) fn dollars(kind: Kind, price: u64) -> String {
    let units = if kind == Kind::WebSearches { 1_000 } else { 1_000_000 };
    Money::from_picos(u128::from(price) * units).to_string()
}

/// Returns why a model has no price; where nobody has said whose it is, no provider is to blame.
pub(super) fn why_unknown(why: Unknown, provider: &str) -> String {
    match why {
        Unknown::Provider if provider.is_empty() => {
            "no book of prices has such a model, and no provider is named".to_owned()
        }
        why => why.to_string(),
    }
}

const fn title(kind: Kind) -> &'static str {
    match kind {
        Kind::Input => "Input",
        Kind::Output => "Output",
        Kind::CacheRead => "Cache read",
        Kind::CacheWrite => "Cache write",
        Kind::CacheWriteLong => "Cache write, long",
        Kind::InputAudio => "Audio input",
        Kind::OutputAudio => "Audio output",
        Kind::CacheReadAudio => "Audio cache read",
        Kind::WebSearches => "Web searches, a thousand",
        Kind::Unclassified => "Unclassified",
    }
}

impl Asked<'_> {
    fn tier(&self) -> &str {
        if self.question.tier.is_empty() { Tier::Standard.name() } else { self.question.tier }
    }

    fn smallest(&self) -> Option<&Quote> {
        self.answers.first()
    }

    fn is_known(&self) -> bool {
        self.answers.iter().any(|quote| quote.terms.is_ok())
    }

    /// The end of the time for which the answers hold, where others follow.
    fn until(&self) -> Option<Timestamp> {
        let end = end_of(&self.answers);
        (end != i64::MAX).then(|| Timestamp::from_micros(end))
    }

    fn as_text(&self, context: &Context) -> String {
        let Question { provider, model, at, .. } = self.question;
        let name =
            if provider.is_empty() { model.to_owned() } else { format!("{provider}/{model}") };
        let at_zone = |at| amounts::instant(at, context.zone());
        let none = if self.is_known() { "" } else { ": no price" };
        let mut text = format!("{}{none}\n", printable(&name));
        let mut line = |name: &str, value: &str| {
            text += &format!("  {name:6} {}\n", printable(value));
        };
        line("at", &at_zone(at));
        line("tier", self.tier());
        let others: Vec<_> =
            self.tiers.iter().map(|tier| tier.name()).filter(|tier| *tier != self.tier()).collect();
        if !others.is_empty() {
            line("also", &others.join(", "));
        }
        let Some(quote) = self.smallest() else { return text };
        match quote.terms {
            Ok(_) => {
                line("rule", &quote.rule);
                line("book", short(&quote.book));
            }
            Err(why) => {
                line("why", &why_unknown(why, provider));
                for (at, like) in quote.rule.split(", ").filter(|like| !like.is_empty()).enumerate()
                {
                    line(if at == 0 { "like" } else { "" }, like);
                }
            }
        }
        if let Some(since) = quote.since {
            line("since", &at_zone(since));
        }
        if let Some(until) = self.until() {
            line("until", &format!("{}, when others follow", at_zone(until)));
        }
        if self.is_known() {
            return text + "\n" + &self.table();
        }
        let gap = Gap { tier: self.question.tier, candidates: &quote.rule, lacking: None };
        match lines_for(&*self.list, (provider, model, at), &[gap]) {
            Some(lines) => format!("{text}\n{ADVICE}\n{lines}"),
            None => text,
        }
    }

    /// A column for each size of input.
    fn table(&self) -> String {
        let head = self.answers.iter().map(|quote| {
            let (first, last) =
                (quote.validity.total_input.start(), quote.validity.total_input.end());
            match (*first, *last) {
                (0, u64::MAX) => "$ a million tokens".to_owned(),
                (0, last) => format!("up to {}", format_count(last)),
                (first, _) => format!("above {}", format_count(first - 1)),
            }
        });
        let first = if self.answers.len() > 1 { "By input; $ a million tokens" } else { "" };
        let mut rows: Vec<(&str, Vec<String>)> = vec![(first, head.collect())];
        for kind in Kind::ALL {
            let price =
                |quote: &Quote| quote.terms.as_ref().ok().and_then(|terms| terms.price(kind));
            if self.answers.iter().any(|quote| price(quote).is_some()) {
                let cell =
                    |quote| price(quote).map_or("-".to_owned(), |price| dollars(kind, price));
                rows.push((title(kind), self.answers.iter().map(cell).collect()));
            }
        }
        let names = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        let width = |at: usize| {
            let cells = rows.iter().filter_map(|(_, cells)| cells.get(at));
            cells.map(|cell| display_width(cell)).max().unwrap_or(0)
        };
        let widths: Vec<_> = (0..self.answers.len()).map(width).collect();
        let mut text = String::new();
        for (name, cells) in &rows {
            text += &format!("  {name:names$}");
            for (cell, width) in cells.iter().zip(&widths) {
                text += &format!("  {cell:>width$}");
            }
            text.push('\n');
        }
        text
    }

    fn as_json(&self, context: &Context) -> JsonQuote<'_> {
        let at_zone = |at| amounts::instant(at, context.zone());
        let Question { provider, model, at, .. } = self.question;
        let quote = self.smallest();
        let unknown = quote.and_then(|quote| quote.terms.err()).map(Unknown::as_str);
        let rule = quote.map_or("", |quote| quote.rule.as_str());
        JsonQuote {
            schema: 1,
            provider,
            model,
            tier: self.tier(),
            at: at_zone(at),
            price_basis: "list",
            unknown,
            candidates: rule.split(", ").filter(|it| unknown.is_some() && !it.is_empty()).collect(),
            rule: Some(rule).filter(|_| unknown.is_none()),
            book: quote.map(|quote| quote.book.as_str()).filter(|book| !book.is_empty()),
            since: quote.and_then(|quote| quote.since).map(at_zone),
            until: self.until().map(at_zone),
            tiers: self.tiers.iter().map(|tier| tier.name()).collect(),
            prices: self.answers.iter().filter_map(json_prices).collect(),
        }
    }
}

#[derive(Serialize)]
struct JsonQuote<'a> {
    schema: u32,
    provider: &'a str,
    model: &'a str,
    tier: &'a str,
    at: String,
    price_basis: &'static str,
    unknown: Option<&'static str>,
    candidates: Vec<&'a str>,
    rule: Option<&'a str>,
    book: Option<&'a str>,
    since: Option<String>,
    until: Option<String>,
    tiers: Vec<&'static str>,
    prices: Vec<JsonPrices>,
}

/// The prices of requests with more input than `above`.
#[derive(Serialize)]
struct JsonPrices {
    above: u64,
    #[serde(flatten)]
    usd: BTreeMap<&'static str, String>,
}

fn json_prices(quote: &Quote) -> Option<JsonPrices> {
    let terms = quote.terms.as_ref().ok()?;
    let usd = |kind: Kind| Some((kind.name(), dollars(kind, terms.price(kind)?)));
    Some(JsonPrices { above: above(quote), usd: Kind::ALL.into_iter().filter_map(usd).collect() })
}
