//! Gemini: caches lie within the prompt; thoughts lie beside the answer, and the prompts that tools
//! made beside the prompt.

use crate::counts::{Counts, Remainder};
use crate::facts::Facts;
use crate::json::Number;

pub(super) fn counts(facts: &Facts, rule: &mut Remainder) -> Counts {
    if !facts.any(&[Number::GeminiPrompt, Number::GeminiCandidates, Number::GeminiTotal]) {
        return Counts { input: facts.get(Number::Embedded), ..Counts::default() };
    }
    let names = [
        Number::GeminiPrompt,
        Number::GeminiTool,
        Number::GeminiCached,
        Number::GeminiCandidates,
        Number::GeminiThoughts,
        Number::GeminiTotal,
    ];
    split(facts, names, rule)
}

pub(super) fn interactions(facts: &Facts, rule: &mut Remainder) -> Counts {
    let names = [
        Number::InteractionInput,
        Number::InteractionTool,
        Number::InteractionCached,
        Number::InteractionOutput,
        Number::InteractionThought,
        Number::TotalTokens,
    ];
    split(facts, names, rule)
}

/// Splits prompt, tool prompts, cached, answer, thoughts and total, by the names that they have.
fn split(facts: &Facts, names: [Number; 6], rule: &mut Remainder) -> Counts {
    let [prompt, tools, cached, answer, thoughts, total] = names;
    let (cached, thoughts) = (facts.get(cached), facts.get(thoughts));
    // What tools read in is billed as input; the cache can hold a part of the prompt alone.
    let input = rule.of(facts.get(prompt), cached).saturating_add(facts.get(tools));
    let output = facts.get(answer).saturating_add(thoughts);
    let audio = facts.get(Number::PromptAudio).saturating_add(facts.get(Number::ToolAudio));
    let cached_audio = rule.part(facts.get(Number::CacheAudio), cached);
    let new_audio = audio.saturating_sub(cached_audio);
    let counts = Counts {
        input,
        output,
        cache_read: cached,
        reasoning: thoughts,
        input_audio: rule.part(new_audio, input),
        output_audio: rule.part(facts.get(Number::CandidateAudio), output),
        cache_read_audio: cached_audio,
        web_searches: facts.get(Number::WebSearches),
        ..Counts::default()
    };
    rule.check(counts.total(), facts.stated(total));
    counts
}
