//! Telemetry of OpenTelemetry's kind: the attributes of a log event or a span that tells of one
//! request, made into the same counts as a response.
//!
//! ```
//! use usage_providers::telemetry::{self, Emitter, Value};
//!
//! let attributes = [
//!     ("gen_ai.usage.input_tokens", Value::Int(1_000)),
//!     ("gen_ai.usage.cache_read.input_tokens", Value::Text("600")),
//!     ("gen_ai.usage.output_tokens", Value::Int(50)),
//!     ("gen_ai.response.id", Value::Text("resp_1")),
//! ];
//! let observed = telemetry::read(Emitter::Conventions, attributes);
//! assert_eq!((observed.part.counts.input, observed.part.counts.cache_read), (400, 600));
//! assert_eq!(observed.part.response_id.as_deref(), Some("resp_1"));
//! ```

mod emitter;
mod names;
mod rule;

pub use emitter::{Emitter, is_request};
pub use rule::Event;

use usage_core::Outcome;

use crate::counts::{Counts, Remainder};
use crate::number::{self, pico_dollars, pico_dollars_of};
use crate::part::Part;
use emitter::Tools;
use names::{Meaning, NAMES};
use usage_core::Tier;

/// Names that are in no table and are kept, at most.
const MOST_UNKNOWN: usize = 16;

/// The value of an attribute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// A whole number.
    Int(i64),
    /// A float.
    Float(f64),
    /// A text; numbers may arrive as one.
    Text(&'a str),
    /// A truth.
    Bool(bool),
}

/// The facts that attributes tell of one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Observation {
    /// Counts, model, tier, cost and outcome. Its id is the provider's id of the response; where
    /// only the request has one, that.
    pub part: Part,
    /// The id of the request, where the response has one as well.
    pub alias_id: Option<String>,
    /// The provider, in the emitter's words.
    pub provider: Option<String>,
    /// The session or conversation.
    pub session_id: Option<String>,
    /// Says whether any count was stated.
    pub has_counts: bool,
    /// Names of attributes that look like counts and are in no table, up to sixteen: a rename must
    /// be seen, and not be a quiet zero.
    pub unknown: Vec<String>,
}

/// Reads the attributes of one log event or span. Where several names mean the same, those of
/// today's conventions go first.
pub fn read<'a>(
    emitter: Emitter,
    attributes: impl IntoIterator<Item = (&'a str, Value<'a>)>,
) -> Observation {
    let mut stated = Stated::default();
    let mut observed = Observation::default();
    for (name, value) in attributes {
        match NAMES.iter().position(|(known, _)| *known == name) {
            Some(rank) => stated.take(rank, value),
            None if looks_like_counts(name) && observed.unknown.len() < MOST_UNKNOWN => {
                observed.unknown.push(name.chars().take(128).collect());
            }
            None => {}
        }
    }
    let mut rule = Remainder::default();
    let counts = counts(&mut stated, emitter, &mut rule);
    let text = |meaning| stated.text(meaning).map(str::to_owned);
    let (response, request) = (text(Meaning::ResponseId), text(Meaning::RequestId));
    observed.has_counts = stated.any_count;
    observed.provider = text(Meaning::Provider);
    observed.session_id = text(Meaning::Session);
    observed.part = Part {
        counts,
        model: text(Meaning::Model).or_else(|| text(Meaning::RequestModel)),
        tier: stated.text(Meaning::Tier).and_then(Tier::from_word),
        stated_cost: stated.cost,
        inconsistent: rule.is_inconsistent() || stated.bad,
        outcome: if stated.text(Meaning::Error).is_some() { Outcome::Error } else { Outcome::Ok },
        ..Part::default()
    };
    (observed.part.response_id, observed.alias_id) = match response {
        Some(response) => (Some(response), request),
        None => (request, None),
    };
    observed
}

/// Makes the counts disjoint, by what the emitter means with its names.
fn counts(stated: &mut Stated<'_>, emitter: Emitter, rule: &mut Remainder) -> Counts {
    let kinds = emitter.kinds();
    let mut get = |meaning| stated.count(meaning);
    let (input, output) = (get(Meaning::Input), get(Meaning::Output));
    let (read, write) = (get(Meaning::CacheRead), get(Meaning::CacheWrite));
    let (reasoning, tools) = (get(Meaning::Reasoning), get(Meaning::Tools));
    let (input_audio, output_audio) = (get(Meaning::InputAudio), get(Meaning::OutputAudio));
    let total = get(Meaning::Total);
    let (total, tools) = match kinds.tools {
        Tools::BesideInput => (total, tools.unwrap_or(0)),
        Tools::Total => (total.or(tools), 0),
    };
    let (cache_read, cache_write) = (read.unwrap_or(0), write.unwrap_or(0));
    if let (None, None, Some(total)) = (input, output, total) {
        return Counts { unclassified: total, ..Counts::default() };
    }
    let reasoning = reasoning.unwrap_or(0);
    let caches_beside =
        if kinds.caches_within { 0 } else { cache_read.saturating_add(cache_write) };
    let parts = [input.unwrap_or(0), output.unwrap_or(0), tools, caches_beside];
    let sum = parts.into_iter().fold(0, u64::saturating_add);
    let reasoning_within = match total {
        Some(total) if reasoning > 0 && total == sum => true,
        Some(total) if reasoning > 0 && total == sum.saturating_add(reasoning) => false,
        _ => kinds.reasoning_within,
    };
    let input = match kinds.caches_within {
        true => rule.of(input.unwrap_or(0), cache_read.saturating_add(cache_write)),
        false => input.unwrap_or(0),
    };
    let input = input.saturating_add(tools);
    let output = match reasoning_within {
        true => output.unwrap_or(0),
        false => output.unwrap_or(0).saturating_add(reasoning),
    };
    let input_audio = input_audio.unwrap_or(0);
    let counts = Counts {
        input,
        output,
        cache_read,
        cache_write,
        reasoning: rule.part(reasoning, output),
        // Whatever does not fit what is new was cached.
        input_audio: input_audio.min(input),
        cache_read_audio: rule.part(input_audio.saturating_sub(input), cache_read),
        output_audio: rule.part(output_audio.unwrap_or(0), output),
        ..Counts::default()
    };
    rule.check(counts.total(), total);
    counts
}

/// Returns whether anything is made of an attribute of this name; else its value need not be read.
#[must_use]
pub fn matters(name: &str) -> bool {
    looks_like_counts(name) || NAMES.iter().any(|(known, _)| *known == name)
}

fn looks_like_counts(name: &str) -> bool {
    name.starts_with("gen_ai.usage.") || name.contains("token_count") || name.ends_with("_tokens")
}

/// The values that were stated, by meaning, with the place of its name in the table.
#[derive(Default)]
struct Stated<'a> {
    values: [Option<(usize, Value<'a>)>; Meaning::COUNT],
    cost: Option<u64>,
    cost_rank: Option<usize>,
    any_count: bool,
    bad: bool,
}

impl<'a> Stated<'a> {
    fn take(&mut self, rank: usize, value: Value<'a>) {
        let Some((_, meaning)) = NAMES.get(rank) else { return };
        if *meaning == Meaning::Cost {
            let cost = match value {
                Value::Float(amount) => pico_dollars_of(amount),
                Value::Int(amount) => pico_dollars(&amount.to_string()),
                Value::Text(amount) => pico_dollars(amount),
                Value::Bool(_) => None,
            };
            if cost.is_some() && self.cost_rank.is_none_or(|before| rank < before) {
                (self.cost, self.cost_rank) = (cost, Some(rank));
            }
            return;
        }
        let Some(place) = self.values.get_mut(*meaning as usize) else { return };
        if place.is_none_or(|(before, _)| rank < before) && value != Value::Text("") {
            *place = Some((rank, value));
        }
    }

    fn text(&self, meaning: Meaning) -> Option<&'a str> {
        match self.values.get(meaning as usize).copied().flatten() {
            Some((_, Value::Text(text))) => Some(text),
            _ => None,
        }
    }

    /// Returns a count; what is there and is none marks the whole.
    fn count(&mut self, meaning: Meaning) -> Option<u64> {
        let (_, value) = self.values.get(meaning as usize).copied().flatten()?;
        let count = match value {
            Value::Int(count) => u64::try_from(count).ok(),
            Value::Float(count) => number::count(format!("{count:e}").as_bytes()),
            Value::Text(count) => number::count(count.trim().as_bytes()),
            Value::Bool(_) => None,
        };
        self.any_count |= count.is_some();
        self.bad |= count.is_none();
        count
    }
}

#[cfg(test)]
mod tests;
