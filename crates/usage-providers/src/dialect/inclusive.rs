//! OpenAI's Chat and Responses, and those who speak them: what a cache had a part in lies within
//! the prompt, reasoning within the completion; most of the time.

use crate::counts::{Counts, Remainder};
use crate::facts::Facts;
use crate::json::{Number, Text};

/// The counts as stated.
struct Stated {
    prompt: u64,
    completion: u64,
    total: Option<u64>,
    cached: u64,
    written: u64,
    reasoning: u64,
}

pub(super) fn chat(facts: &Facts, rule: &mut Remainder) -> Counts {
    let completion = facts.stated(Number::Completion);
    let total = facts.stated(Number::TotalTokens);
    let by_cache = || {
        let known = facts.any(&[Number::CacheHit, Number::CacheMiss]);
        known.then(|| facts.get(Number::CacheHit).saturating_add(facts.get(Number::CacheMiss)))
    };
    let remainder = || Some(total?.saturating_sub(completion?));
    let Some(prompt) = facts.stated(Number::Prompt).or_else(by_cache).or_else(remainder) else {
        return bare_total(facts, completion, total);
    };
    let mut stated = Stated {
        prompt,
        completion: completion.unwrap_or(0),
        total,
        cached: facts.first(&[
            Number::InputCached,
            Number::PlainCached,
            Number::CacheHit,
            Number::CacheRead,
        ]),
        written: facts.first(&[Number::InputCacheWrite, Number::CacheCreation]),
        reasoning: facts.first(&[Number::Reasoning, Number::Thinking]),
    };
    let model = facts.text(Text::Model).unwrap_or_default();
    let sum = stated.prompt.saturating_add(stated.completion);
    match total {
        // Without a total nothing else says that xAI's chat leaves the reasoning out.
        None if model.starts_with("grok") => {
            stated.completion = stated.completion.saturating_add(stated.reasoning);
        }
        // Google's way of speaking Chat leaves the thoughts out of the completion and does not
        // name them; its total holds them.
        Some(total) if total > sum && stated.reasoning == 0 && model.contains("gemini") => {
            stated.reasoning = total - sum;
        }
        _ => {}
    }
    counts(&stated, facts, rule)
}

/// A total without a prompt: input where only embeddings can have used it.
fn bare_total(facts: &Facts, completion: Option<u64>, total: Option<u64>) -> Counts {
    match (total, completion) {
        (Some(total), None) if facts.object_list => Counts { input: total, ..Counts::default() },
        (Some(total), None) => Counts { unclassified: total, ..Counts::default() },
        _ => Counts { output: completion.unwrap_or(0), ..Counts::default() },
    }
}

pub(super) fn responses(facts: &Facts, rule: &mut Remainder) -> Counts {
    let stated = Stated {
        prompt: facts.get(Number::InputTokens),
        completion: facts.get(Number::OutputTokens),
        total: facts.stated(Number::TotalTokens),
        cached: facts.first(&[Number::InputCached, Number::CacheRead]),
        written: facts.first(&[Number::InputCacheWrite, Number::CacheCreation]),
        reasoning: facts.first(&[Number::Reasoning, Number::Thinking]),
    };
    counts(&stated, facts, rule)
}

/// Splits the counts. Where the stated total can only be had with the caches beside the prompt, or
/// the reasoning beside the completion, they lie there.
fn counts(stated: &Stated, facts: &Facts, rule: &mut Remainder) -> Counts {
    let split = facts.get(Number::WriteShort).saturating_add(facts.get(Number::WriteLong));
    let written = if stated.written == 0 { split } else { stated.written };
    let caches = stated.cached.saturating_add(written);
    let sum = stated.prompt.saturating_add(stated.completion);
    let beyond = stated.total.and_then(|total| total.checked_sub(sum)).filter(|more| *more > 0);

    let caches_beside = caches > 0 && beyond == Some(caches);
    let reasoning_beside = stated.reasoning > 0 && beyond == Some(stated.reasoning);
    let input = match caches_beside && !reasoning_beside {
        true => stated.prompt,
        false => rule.of(stated.prompt, caches),
    };
    let output = match reasoning_beside {
        true => stated.completion.saturating_add(stated.reasoning),
        false => stated.completion,
    };
    let (input_audio, cache_read_audio) = audio(facts, input, stated.cached, rule);
    let mut counts = Counts {
        input,
        output,
        cache_read: stated.cached,
        cache_write: written,
        reasoning: rule.part(stated.reasoning, output),
        cache_write_long: rule.part(facts.get(Number::WriteLong), written),
        input_audio,
        output_audio: rule.part(facts.get(Number::OutputAudio), output),
        cache_read_audio,
        web_searches: searches(facts),
        ..Counts::default()
    };
    rule.check(counts.total(), stated.total);
    if counts.total() == 0 && stated.total.is_some_and(|total| total > 0) {
        counts.unclassified = stated.total.unwrap_or(0);
    }
    counts
}

/// Splits the audio of a prompt into what is new and what was cached. Where only the whole is
/// stated, what does not fit the new input was cached.
fn audio(facts: &Facts, input: u64, cached: u64, rule: &mut Remainder) -> (u64, u64) {
    let whole = facts.get(Number::InputAudio);
    match facts.stated(Number::CachedAudio) {
        Some(old) => {
            let old = rule.part(old, cached);
            (rule.part(whole.saturating_sub(old), input), old)
        }
        None => {
            let new = whole.min(input);
            (new, rule.part(whole - new, cached))
        }
    }
}

/// Searches as counted by the provider, else the calls in the output.
fn searches(facts: &Facts) -> u64 {
    let others = facts.get(Number::OtherSearches);
    let counted = facts.stated(Number::WebSearches).or_else(|| facts.stated(Number::SearchCalls));
    counted.unwrap_or(0).saturating_add(others)
}
