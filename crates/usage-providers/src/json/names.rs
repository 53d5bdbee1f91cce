//! The names that providers use in responses, in one table, and where they stand.
//!
//! One tree serves all dialects: they agree on where a usage object lies more than on what is in
//! it, and no name means two things at one place. What the numbers mean together is told apart in
//! `dialect`.

use super::target::Target::{self, Either, Object, Word as W};
use super::target::{Element, List, Number, Text, Word};

const fn n(number: Number) -> Target {
    Target::Number(number)
}

const fn e(element: Element) -> Target {
    Target::Element(element)
}

const fn t(text: Text) -> Target {
    Target::Text(text)
}

/// A response, or an event of one.
pub(crate) static ROOT: Target = Object(&[
    ("type", W(Word::Type)),
    ("event_type", W(Word::Type)),
    ("object", W(Word::Object)),
    ("id", t(Text::Id)),
    ("responseId", t(Text::Id)),
    ("model", t(Text::Model)),
    ("modelVersion", t(Text::Model)),
    ("service_tier", t(Text::Tier)),
    ("serviceTier", Either(&Target::Text(Text::Tier), &TIER)),
    ("performanceConfig", LATENCY),
    ("status", W(Word::Status)),
    ("stop_reason", W(Word::Stop)),
    ("finish_reason", W(Word::Stop)),
    ("stopReason", W(Word::ConverseStop)),
    ("error", W(Word::Error)),
    ("usage", USAGE),
    ("usageMetadata", GEMINI),
    ("usage_metadata", GEMINI),
    ("x_groq", Object(&[("usage", USAGE), ("error", W(Word::Error))])),
    ("message", ENVELOPE),
    ("response", ENVELOPE),
    ("interaction", ENVELOPE),
    (
        "delta",
        Object(&[
            ("stop_reason", W(Word::Stop)),
            ("finish_reason", W(Word::Stop)),
            ("usage", USAGE),
        ]),
    ),
    ("metadata", CONVERSE_METADATA),
    ("messageStop", Object(&[("stopReason", W(Word::ConverseStop))])),
    ("metrics", W(Word::Converse)),
    ("meta", COHERE_META),
    ("choices", Target::List(List::Choices, &CHOICE)),
    ("candidates", Target::List(List::Candidates, &CANDIDATE)),
    ("promptFeedback", Object(&[("blockReason", W(Word::Stop))])),
    ("output", Target::List(List::Output, &ITEM)),
    ("tool_usage", TOOL_USAGE),
    ("predictions", Target::List(List::Predictions, &PREDICTION)),
    ("amazon-bedrock-invocationMetrics", INVOCATION),
    // Models on Bedrock in their own dialects, and Ollama, at the top of the body.
    ("inputTextTokenCount", n(Number::InvokeInput)),
    ("prompt_token_count", n(Number::InvokeInput)),
    ("generation_token_count", n(Number::InvokeOutput)),
    ("prompt_eval_count", n(Number::InvokeInput)),
    ("eval_count", n(Number::InvokeOutput)),
]);

/// The fields of an envelope within an event.
const ENVELOPE: Target = Object(&[
    ("type", W(Word::Type)),
    ("object", W(Word::Object)),
    ("id", t(Text::Envelope)),
    ("responseId", t(Text::Envelope)),
    ("model", t(Text::Model)),
    ("modelVersion", t(Text::Model)),
    ("service_tier", t(Text::Tier)),
    ("status", W(Word::Status)),
    ("stop_reason", W(Word::Stop)),
    ("error", W(Word::Error)),
    ("usage", USAGE),
    ("usageMetadata", GEMINI),
    ("candidates", Target::List(List::Candidates, &CANDIDATE)),
    ("output", Target::List(List::Output, &ITEM)),
    ("tool_usage", TOOL_USAGE),
]);

/// A usage object of any dialect but Gemini's.
const USAGE: Target = Object(&[
    // Anthropic Messages and OpenAI Responses.
    ("input_tokens", n(Number::InputTokens)),
    ("output_tokens", n(Number::OutputTokens)),
    ("total_tokens", n(Number::TotalTokens)),
    ("cache_creation_input_tokens", n(Number::CacheCreation)),
    ("cache_read_input_tokens", n(Number::CacheRead)),
    (
        "cache_creation",
        Object(&[
            ("ephemeral_5m_input_tokens", n(Number::WriteShort)),
            ("ephemeral_1h_input_tokens", n(Number::WriteLong)),
        ]),
    ),
    ("input_tokens_details", INPUT_DETAILS),
    ("input_token_details", INPUT_DETAILS),
    ("output_tokens_details", OUTPUT_DETAILS),
    ("output_token_details", OUTPUT_DETAILS),
    ("server_tool_use", SEARCHES),
    ("server_tool_use_details", SEARCHES),
    ("service_tier", t(Text::Tier)),
    ("speed", t(Text::Speed)),
    ("iterations", Target::List(List::Iterations, &ITERATION)),
    // OpenAI Chat and those who speak it.
    ("prompt_tokens", n(Number::Prompt)),
    ("completion_tokens", n(Number::Completion)),
    ("prompt_tokens_details", INPUT_DETAILS),
    ("completion_tokens_details", OUTPUT_DETAILS),
    ("reasoning_tokens", n(Number::Reasoning)),
    ("cached_tokens", n(Number::PlainCached)),
    ("num_cached_tokens", n(Number::PlainCached)),
    ("cached_prompt_text_tokens", n(Number::PlainCached)),
    ("prompt_cache_hit_tokens", n(Number::CacheHit)),
    ("prompt_cache_miss_tokens", n(Number::CacheMiss)),
    ("num_search_queries", n(Number::WebSearches)),
    (
        "server_side_tool_usage_details",
        Object(&[
            ("web_search_calls", n(Number::WebSearches)),
            ("x_search_calls", n(Number::OtherSearches)),
        ]),
    ),
    ("cost", Either(&Target::Cost, &Object(&[("total_cost", Target::Cost)]))),
    ("cost_in_usd_ticks", n(Number::CostTicks)),
    // Bedrock Converse.
    ("inputTokens", n(Number::ConverseInput)),
    ("outputTokens", n(Number::ConverseOutput)),
    ("totalTokens", n(Number::ConverseTotal)),
    ("cacheReadInputTokens", n(Number::ConverseRead)),
    ("cacheWriteInputTokens", n(Number::ConverseWrite)),
    ("cacheDetails", Target::List(List::CacheDetails, &CACHE_DETAIL)),
    // Cohere.
    ("billed_units", BILLED_UNITS),
    ("tokens", COHERE_TOKENS),
    // Gemini Interactions.
    ("total_input_tokens", n(Number::InteractionInput)),
    ("total_cached_tokens", n(Number::InteractionCached)),
    ("total_output_tokens", n(Number::InteractionOutput)),
    ("total_thought_tokens", n(Number::InteractionThought)),
    ("total_tool_use_tokens", n(Number::InteractionTool)),
    ("input_tokens_by_modality", Target::List(List::Audio(Number::PromptAudio), &MODALITY)),
    ("cached_tokens_by_modality", Target::List(List::Audio(Number::CacheAudio), &MODALITY)),
    ("output_tokens_by_modality", Target::List(List::Audio(Number::CandidateAudio), &MODALITY)),
    ("tool_use_tokens_by_modality", Target::List(List::Audio(Number::ToolAudio), &MODALITY)),
    ("grounding_tool_count", Target::List(List::Grounding, &GROUNDING)),
]);

const INPUT_DETAILS: Target = Object(&[
    ("cached_tokens", n(Number::InputCached)),
    ("cache_write_tokens", n(Number::InputCacheWrite)),
    ("cache_creation_tokens", n(Number::InputCacheWrite)),
    ("audio_tokens", n(Number::InputAudio)),
    ("cached_tokens_details", Object(&[("audio_tokens", n(Number::CachedAudio))])),
    (
        "cache_write_tokens_details",
        Object(&[
            ("ttl_30m_tokens", n(Number::WriteShort)),
            ("ttl_12h_tokens", n(Number::WriteLong)),
        ]),
    ),
    (
        "cache_creation_token_details",
        Object(&[
            ("ephemeral_5m_input_tokens", n(Number::WriteShort)),
            ("ephemeral_1h_input_tokens", n(Number::WriteLong)),
        ]),
    ),
]);

const OUTPUT_DETAILS: Target = Object(&[
    ("reasoning_tokens", n(Number::Reasoning)),
    ("thinking_tokens", n(Number::Thinking)),
    ("audio_tokens", n(Number::OutputAudio)),
]);

const SEARCHES: Target = Object(&[("web_search_requests", n(Number::WebSearches))]);

const TOOL_USAGE: Target =
    Object(&[("web_search", Object(&[("num_requests", n(Number::WebSearches))]))]);

/// A usage object of Gemini; with `_` where its client in Python wrote it.
const GEMINI: Target = Object(&[
    ("promptTokenCount", n(Number::GeminiPrompt)),
    ("cachedContentTokenCount", n(Number::GeminiCached)),
    ("candidatesTokenCount", n(Number::GeminiCandidates)),
    ("responseTokenCount", n(Number::GeminiCandidates)),
    ("thoughtsTokenCount", n(Number::GeminiThoughts)),
    ("toolUsePromptTokenCount", n(Number::GeminiTool)),
    ("totalTokenCount", n(Number::GeminiTotal)),
    ("promptTokensDetails", Target::List(List::Audio(Number::PromptAudio), &MODALITY)),
    ("cacheTokensDetails", Target::List(List::Audio(Number::CacheAudio), &MODALITY)),
    ("candidatesTokensDetails", Target::List(List::Audio(Number::CandidateAudio), &MODALITY)),
    ("responseTokensDetails", Target::List(List::Audio(Number::CandidateAudio), &MODALITY)),
    ("toolUsePromptTokensDetails", Target::List(List::Audio(Number::ToolAudio), &MODALITY)),
    ("trafficType", t(Text::Tier)),
    ("serviceTier", t(Text::Tier)),
    ("prompt_token_count", n(Number::GeminiPrompt)),
    ("cached_content_token_count", n(Number::GeminiCached)),
    ("candidates_token_count", n(Number::GeminiCandidates)),
    ("response_token_count", n(Number::GeminiCandidates)),
    ("thoughts_token_count", n(Number::GeminiThoughts)),
    ("tool_use_prompt_token_count", n(Number::GeminiTool)),
    ("total_token_count", n(Number::GeminiTotal)),
    ("prompt_tokens_details", Target::List(List::Audio(Number::PromptAudio), &MODALITY)),
    ("cache_tokens_details", Target::List(List::Audio(Number::CacheAudio), &MODALITY)),
    ("candidates_tokens_details", Target::List(List::Audio(Number::CandidateAudio), &MODALITY)),
    ("tool_use_prompt_tokens_details", Target::List(List::Audio(Number::ToolAudio), &MODALITY)),
    ("traffic_type", t(Text::Tier)),
]);

static MODALITY: Target = Object(&[
    ("modality", e(Element::Kind)),
    ("tokenCount", e(Element::Tokens)),
    ("token_count", e(Element::Tokens)),
    ("tokens", e(Element::Tokens)),
]);

static GROUNDING: Target = Object(&[("type", e(Element::Kind)), ("count", e(Element::Tokens))]);

static CANDIDATE: Target =
    Object(&[("finishReason", W(Word::Stop)), ("finish_reason", W(Word::Stop))]);

/// Moonshot states usage within the last choice.
static CHOICE: Target = Object(&[("finish_reason", W(Word::Stop)), ("usage", USAGE)]);

static ITEM: Target =
    Object(&[("type", e(Element::Kind)), ("action", Object(&[("type", e(Element::Action))]))]);

static ITERATION: Target = Object(&[
    ("type", e(Element::Kind)),
    ("model", e(Element::Model)),
    ("input_tokens", e(Element::Input)),
    ("output_tokens", e(Element::Output)),
    ("cache_creation_input_tokens", e(Element::CacheCreation)),
    ("cache_read_input_tokens", e(Element::CacheRead)),
    (
        "cache_creation",
        Object(&[
            ("ephemeral_5m_input_tokens", e(Element::WriteShort)),
            ("ephemeral_1h_input_tokens", e(Element::WriteLong)),
        ]),
    ),
    ("output_tokens_details", Object(&[("thinking_tokens", e(Element::Thinking))])),
]);

static CACHE_DETAIL: Target =
    Object(&[("ttl", e(Element::Kind)), ("inputTokens", e(Element::Tokens))]);

/// Bedrock's last event, under its name where a client unpacked it.
const CONVERSE_METADATA: Target = Object(&[
    ("usage", USAGE),
    ("metrics", W(Word::Converse)),
    ("serviceTier", Either(&Target::Text(Text::Tier), &TIER)),
    ("performanceConfig", LATENCY),
]);

static TIER: Target = Object(&[("type", t(Text::Tier))]);

const LATENCY: Target = Object(&[("latency", t(Text::Latency))]);

/// The fields that Bedrock adds to the last event of a model's own stream.
const INVOCATION: Target = Object(&[
    ("inputTokenCount", n(Number::InvokeInput)),
    ("outputTokenCount", n(Number::InvokeOutput)),
    ("cacheReadInputTokenCount", n(Number::InvokeRead)),
    ("cacheWriteInputTokenCount", n(Number::InvokeWrite)),
]);

const BILLED_UNITS: Target =
    Object(&[("input_tokens", n(Number::BilledInput)), ("output_tokens", n(Number::BilledOutput))]);

const COHERE_TOKENS: Target =
    Object(&[("input_tokens", n(Number::CohereInput)), ("output_tokens", n(Number::CohereOutput))]);

/// The place where Cohere's older version, and its embeddings, state usage.
const COHERE_META: Target = Object(&[
    ("billed_units", BILLED_UNITS),
    ("tokens", COHERE_TOKENS),
    ("cached_tokens", n(Number::PlainCached)),
]);

static PREDICTION: Target = Object(&[(
    "embeddings",
    Object(&[("statistics", Object(&[("token_count", e(Element::Tokens))]))]),
)]);
