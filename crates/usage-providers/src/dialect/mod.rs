//! The meaning of the numbers of a response together, dialect by dialect.

mod anthropic;
mod cohere;
mod converse;
mod detect;
mod gemini;
mod inclusive;

pub use detect::{Endpoint, detect};

use usage_core::{Outcome, Quality};

use crate::counts::{Counts, Remainder};
use crate::facts::Facts;
use crate::hints::{Dialect, Hints};
use crate::json::{Number, Text};
use crate::number::MAX_COST;
use crate::part::{End, Part, Speed};
use crate::tables::part_id;
use usage_core::Tier;

/// Makes the parts of a response.
pub(crate) fn parts(facts: &Facts, hints: &Hints, end: End, complete: bool) -> Vec<Part> {
    let dialect = dialect_of(facts, hints.dialect);
    let mut rule = Remainder::default();
    if facts.bad {
        rule.mark();
    }
    let counts = match dialect {
        None => Counts::default(),
        Some(Dialect::AnthropicMessages) => anthropic::counts(facts, &mut rule),
        Some(Dialect::OpenAiChat) => inclusive::chat(facts, &mut rule),
        Some(Dialect::OpenAiResponses) => inclusive::responses(facts, &mut rule),
        Some(Dialect::Gemini) => gemini::counts(facts, &mut rule),
        Some(Dialect::GeminiInteractions) => gemini::interactions(facts, &mut rule),
        Some(Dialect::BedrockConverse) => converse::counts(facts, &mut rule),
        Some(Dialect::Cohere) => cohere::counts(facts),
    };
    let fast =
        facts.text(Text::Speed) == Some("fast") || facts.text(Text::Latency) == Some("optimized");
    let quality = quality(facts, complete);
    // Whoever leaves when all is said has been answered.
    let end =
        if quality == Quality::Reported && end == End::Cancelled { End::Complete } else { end };
    let main = Part {
        counts,
        model: facts.text(Text::Model).map(str::to_owned).or_else(|| hints.model.clone()),
        tier: facts.text(Text::Tier).and_then(Tier::from_word),
        speed: if fast { Speed::Fast } else { Speed::Standard },
        stated_cost: cost(facts),
        response_id: facts.id().map(str::to_owned).or_else(|| hints.response_id.clone()),
        quality,
        inconsistent: rule.is_inconsistent(),
        outcome: match end {
            End::Complete if facts.error => Outcome::Error,
            End::Complete if facts.cancelled => Outcome::Cancelled,
            end => end.outcome(),
        },
        fallbacks: 0,
    };
    if dialect == Some(Dialect::AnthropicMessages) {
        return anthropic::with_iterations(main, facts);
    }
    vec![main]
}

/// Adds further parts, with ids that follow the main one's.
fn number_parts(parts: &mut [Part]) {
    let Some((main, further)) = parts.split_first_mut() else { return };
    for (at, part) in further.iter_mut().enumerate() {
        part.response_id = main.response_id.as_deref().map(|id| part_id(id, at + 1));
    }
}

fn quality(facts: &Facts, complete: bool) -> Quality {
    let nothing_used = facts.error && !facts.usage;
    if nothing_used || facts.usage && (complete || facts.last) {
        Quality::Reported
    } else {
        Quality::Partial
    }
}

/// The cost as stated; xAI states it in 10⁻¹⁰ USD.
fn cost(facts: &Facts) -> Option<u64> {
    let ticks = || facts.stated(Number::CostTicks)?.checked_mul(100);
    facts.cost.or_else(ticks).filter(|cost| *cost <= MAX_COST)
}

/// Returns the dialect that the numbers are of; what the caller said and what the events look like
/// only decide where the names are those of two.
fn dialect_of(facts: &Facts, hint: Option<Dialect>) -> Option<Dialect> {
    use Number as N;
    let said = hint.or(facts.dialect);
    let told = |numbers: &[Number]| facts.any(numbers);
    if told(&[N::GeminiPrompt, N::GeminiCandidates, N::GeminiTotal]) {
        Some(Dialect::Gemini)
    } else if told(&[N::InteractionInput, N::InteractionOutput]) {
        Some(Dialect::GeminiInteractions)
    } else if told(&[N::ConverseInput, N::ConverseOutput]) {
        Some(Dialect::BedrockConverse)
    } else if told(&[N::BilledInput, N::BilledOutput, N::CohereInput, N::CohereOutput]) {
        Some(Dialect::Cohere)
    } else if told(&[N::Prompt, N::Completion]) {
        Some(Dialect::OpenAiChat)
    } else if told(&[N::InputTokens, N::OutputTokens]) {
        let both = [Dialect::AnthropicMessages, Dialect::OpenAiResponses];
        // What the events look like goes before what the caller said.
        let looks = facts.dialect.filter(|dialect| both.contains(dialect));
        let openai = told(&[N::TotalTokens, N::InputCached, N::InputCacheWrite]);
        let fallback = if openai { Dialect::OpenAiResponses } else { Dialect::AnthropicMessages };
        looks.or(hint.filter(|hint| both.contains(hint))).or(Some(fallback))
    } else if told(&[N::InvokeInput, N::InvokeOutput]) {
        Some(Dialect::BedrockConverse)
    } else if told(&[N::TotalTokens]) {
        Some(Dialect::OpenAiChat)
    } else if told(&[N::Embedded]) {
        Some(Dialect::Gemini)
    } else {
        said
    }
}
