//! Anthropic's Messages: input, cache reads and cache writes are disjoint already.

use super::number_parts;
use crate::counts::{Counts, Remainder};
use crate::facts::{Facts, Iteration, Role};
use crate::json::Number;
use crate::part::Part;

pub(super) fn counts(facts: &Facts, rule: &mut Remainder) -> Counts {
    let output = facts.get(Number::OutputTokens);
    let (write, long) = writes(
        facts.stated(Number::CacheCreation),
        facts.get(Number::WriteShort),
        facts.get(Number::WriteLong),
        rule,
    );
    Counts {
        input: facts.get(Number::InputTokens),
        output,
        cache_read: facts.get(Number::CacheRead),
        cache_write: write,
        reasoning: rule.part(facts.first(&[Number::Thinking, Number::Reasoning]), output),
        cache_write_long: long,
        web_searches: facts.get(Number::WebSearches),
        ..Counts::default()
    }
}

/// Returns the cache writes and the long-lived part of them. The split alone is as good as the
/// whole.
fn writes(whole: Option<u64>, short: u64, long: u64, rule: &mut Remainder) -> (u64, u64) {
    let split = short.saturating_add(long);
    let whole = whole.unwrap_or(split);
    rule.of(whole, split);
    (whole, long.min(whole))
}

/// Adds what the top level leaves out.
///
/// It holds the answer, all hops of it together. Compactions and advisors are apart from it. After
/// a fallback it holds the hop that answered alone, and what the model that declined used stands
/// in an entry of that model.
pub(super) fn with_iterations(mut main: Part, facts: &Facts) -> Vec<Part> {
    let fallback = facts.iterations.iter().rfind(|entry| entry.role == Role::Fallback);
    if let Some(model) = fallback.and_then(|entry| entry.model.as_deref()) {
        main.model = Some(model.to_owned());
    }
    let mut parts = vec![main];
    for entry in &facts.iterations {
        let main = &parts[0];
        let model = entry.model.as_deref().map(str::to_owned).or_else(|| main.model.clone());
        let declined = entry.role == Role::Message && model != main.model;
        if entry.role == Role::Apart || declined {
            let mut rule = Remainder::default();
            let part = Part {
                counts: entry_counts(entry, &mut rule),
                model,
                stated_cost: None,
                inconsistent: rule.is_inconsistent(),
                ..main.clone()
            };
            parts.push(part);
            parts[0].fallbacks += u32::from(declined);
        }
    }
    number_parts(&mut parts);
    parts
}

fn entry_counts(entry: &Iteration, rule: &mut Remainder) -> Counts {
    let (write, long) = writes(entry.cache_creation, entry.write_short, entry.write_long, rule);
    Counts {
        input: entry.input,
        output: entry.output,
        cache_read: entry.cache_read,
        cache_write: write,
        reasoning: rule.part(entry.thinking, entry.output),
        cache_write_long: long,
        ..Counts::default()
    }
}
