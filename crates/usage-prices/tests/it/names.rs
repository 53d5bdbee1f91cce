//! Names as providers, gateways and people write them, and what is in doubt.

use usage_prices::{Answer, Prices, Query, Why};

use crate::time::micros;

fn find(provider: &str, model: &str) -> Answer {
    let micros = micros("2026-11-28T12:00");
    Prices::shipped().find(&Query {
        provider,
        model,
        micros,
        total_input: 1_000,
        ..Query::default()
    })
}

/// Returns the answer in a line.
fn told(answer: &Answer) -> String {
    match answer {
        Answer::Found(found) => format!("{}/{}", found.rule.provider, found.rule.model),
        Answer::Unknown { why, candidates } => format!("{why:?} {candidates:?}"),
        Answer::Doubtful { candidates } => format!("doubt {candidates:?}"),
    }
}

#[test]
fn names_are_found_however_they_are_written() {
    let cases = [
        ("anthropic", "claude-opus-4-5", "anthropic/claude-opus-4-5"),
        ("Anthropic", " Claude-Opus-4-5-20251101 ", "anthropic/claude-opus-4-5"),
        ("anthropic", "anthropic/claude-opus-4.5", "anthropic/claude-opus-4-5"),
        ("anthropic", "claude-opus-4-5[1m]", "anthropic/claude-opus-4-5"),
        ("", "claude-opus-4-5@20251101", "anthropic/claude-opus-4-5"),
        ("", "anthropic/claude-sonnet-4.5", "anthropic/claude-sonnet-4-5"),
        ("litellm", "openai/gpt-5", "openai/gpt-5"),
        ("litellm", "deepseek/deepseek-v4-flash", "deepseek/deepseek-v4-flash"),
        ("", "anthropic/claude-4.5-sonnet-20250929", "anthropic/claude-sonnet-4-5"),
        ("litellm", "bedrock/us.amazon.nova-lite-v1:0", "aws/amazon.nova-lite-v1:0"),
        ("", "us.amazon.nova-lite-v1:0", "aws/amazon.nova-lite-v1:0"),
        (
            "anthropic",
            "eu.anthropic.claude-haiku-4-5-20251001-v1:0",
            "aws/regional.anthropic.claude-haiku-4-5-20251001-v1:0",
        ),
        (
            "aws",
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/global.anthropic.claude-haiku-4-5-20251001-v1:0",
            "aws/global.anthropic.claude-haiku-4-5-20251001-v1:0",
        ),
        ("google", "models/gemini-2.5-pro", "google/gemini-2.5-pro"),
        ("vertex_ai", "publishers/google/models/gemini-2.5-pro", "google/gemini-2.5-pro"),
        ("gemini", "gemini-2.5-pro-preview-05-06", "google/gemini-2.5-pro"),
        ("vertex", "claude-haiku-4-5@20251001", "google/claude-haiku-4-5"),
        ("azure", "gpt-5", "openai/gpt-5"),
        ("Azure OpenAI", "gpt-5", "openai/gpt-5"),
        ("azure", "azure/gpt-5", "openai/gpt-5"),
        ("openai", "gpt-5.2-20251211", "openai/gpt-5.2"),
        ("xai", "grok-4.5-20260701", "x-ai/grok-4.5"),
        ("fireworks_ai", "accounts/fireworks/models/deepseek-v3p2", "fireworks/deepseek-v3p2"),
        ("groq", "openai/gpt-oss-120b", "groq/openai/gpt-oss-120b"),
        ("", "gemini-2.5-flash", "google/gemini-2.5-flash"),
        ("unknown", "gpt-5", "openai/gpt-5"),
    ];
    let wrong: Vec<_> = cases
        .iter()
        .map(|(provider, model, expected)| {
            (provider, model, told(&find(provider, model)), expected)
        })
        .filter(|(_, _, told, expected)| told != *expected)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_is_in_doubt_is_not_known_and_the_candidates_are_said() {
    let cases = [
        ("ollama", "llama3:8b", "Provider []"),
        ("ollama", "gpt-5", "Provider [\"openai/gpt-5\"]"),
        ("openai", "my-own-deployment", "Model []"),
        ("openai", "anthropic/claude-opus-4-5", "Model [\"anthropic/claude-opus-4-5\"]"),
        ("openai", "gpt-5.2-2027-01-01", "doubt [\"openai/gpt-5.2\"]"),
        ("", "", "Provider []"),
        // Whoever serves an open model has a price of his own.
        ("", "deepseek-v4-flash", "doubt [\"deepseek/deepseek-v4-flash\"]"),
        ("", "mistral/voxels", "Model []"),
        ("", "z-ai/glm-4.6", "doubt [\"zai/GLM-4.6\"]"),
        ("", "openai/gpt-oss-120b", "Price []"),
        ("", "my-own-deployment", "Provider []"),
        ("anthropic", "", "Model []"),
        (
            "aws",
            "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3",
            "Model []",
        ),
    ];
    let wrong: Vec<_> = cases
        .iter()
        .map(|(provider, model, expected)| {
            (provider, model, told(&find(provider, model)), expected)
        })
        .filter(|(_, _, told, expected)| told != *expected)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_rule_says_what_decided() {
    let answer = find("bedrock", "us.anthropic.claude-haiku-4-5-20251001-v1:0");
    let rule = answer.found().unwrap().rule;
    assert_eq!((rule.tier, rule.since, rule.above, rule.by_hour), ("standard", None, 0, false));
    assert!(rule.book.starts_with("genai-prices "), "{}", rule.book);
    let rule = find("google", "models/gemini-2.5-pro").found().unwrap().rule;
    assert_eq!(
        rule.to_string(),
        "google/gemini-2.5-pro by ^gemini-2.5-pro&!-tts, the path before it left away"
    );
}

#[test]
fn a_tier_that_is_not_known_has_no_price() {
    let query = Query { provider: "openai", model: "gpt-5", tier: "ultra", ..Query::default() };
    assert!(matches!(Prices::shipped().find(&query), Answer::Unknown { why: Why::Tier, .. }));
    let query = Query { tier: "batch", provider: "azure", ..query };
    assert!(
        matches!(Prices::shipped().find(&query), Answer::Unknown { why: Why::Tier, .. }),
        "sold by another"
    );
}
