use super::*;
use usage_core::Quality;

fn int(name: &str, count: i64) -> (&str, Value<'_>) {
    (name, Value::Int(count))
}

fn text<'a>(name: &'a str, text: &'a str) -> (&'a str, Value<'a>) {
    (name, Value::Text(text))
}

#[test]
fn the_conventions_hold_caches_and_reasoning_within() {
    let observed = read(
        Emitter::Conventions,
        [
            int("gen_ai.usage.input_tokens", 1_000),
            int("gen_ai.usage.prompt_tokens", 999),
            int("gen_ai.usage.cache_read.input_tokens", 600),
            int("gen_ai.usage.cache_creation.input_tokens", 100),
            int("gen_ai.usage.output_tokens", 300),
            int("gen_ai.usage.reasoning.output_tokens", 120),
            text("gen_ai.request.model", "gpt-5"),
            text("gen_ai.response.model", "gpt-5-2026"),
            text("gen_ai.provider.name", "openai"),
            text("gen_ai.response.id", "resp_1"),
            text("gen_ai.conversation.id", "conv"),
            int("gen_ai.usage.dream.output_tokens", 5),
            text("http.method", "POST"),
        ],
    );
    let counts = Counts {
        input: 300,
        output: 300,
        cache_read: 600,
        cache_write: 100,
        reasoning: 120,
        ..Counts::default()
    };
    assert_eq!(observed.part.counts, counts);
    assert_eq!(observed.part.model.as_deref(), Some("gpt-5-2026"));
    assert_eq!(observed.part.response_id.as_deref(), Some("resp_1"));
    assert_eq!(observed.provider.as_deref(), Some("openai"));
    assert_eq!(observed.session_id.as_deref(), Some("conv"));
    assert_eq!(observed.unknown, ["gen_ai.usage.dream.output_tokens"]);
    assert!(!observed.part.inconsistent && observed.has_counts);
    assert_eq!(observed.part.quality, Quality::Reported);
}

#[test]
fn claude_code_holds_caches_beside_and_sends_texts() {
    let observed = read(
        Emitter::of("claude-code"),
        [
            text("input_tokens", "12"),
            text("output_tokens", "450"),
            text("cache_read_tokens", "30000"),
            text("cache_creation_tokens", "700"),
            text("cost_usd", "0.0123"),
            text("request_id", "req_1"),
            text("session.id", "s"),
            text("model", "claude-opus-5"),
        ],
    );
    let counts = Counts {
        input: 12,
        output: 450,
        cache_read: 30_000,
        cache_write: 700,
        ..Counts::default()
    };
    assert_eq!(observed.part.counts, counts);
    assert_eq!(observed.part.stated_cost, Some(12_300_000_000));
    assert_eq!(observed.part.response_id.as_deref(), Some("req_1"));
    assert_eq!(observed.alias_id, None);
}

#[test]
fn codex_counts_the_total_as_tools() {
    let observed = read(
        Emitter::of("codex_exec"),
        [
            text("input_token_count", "1000"),
            int("output_token_count", 300),
            int("cached_token_count", 600),
            int("reasoning_token_count", 120),
            int("tool_token_count", 1_300),
            text("conversation.id", "c"),
        ],
    );
    let counts =
        Counts { input: 400, output: 300, cache_read: 600, reasoning: 120, ..Counts::default() };
    assert_eq!(observed.part.counts, counts);
    assert!(!observed.part.inconsistent);
    assert_eq!(observed.part.response_id, None, "its requests have no id");
}

#[test]
fn gemini_cli_holds_thoughts_and_tools_beside() {
    let observed = read(
        Emitter::of("gemini-cli"),
        [
            int("input_token_count", 1_000),
            int("cached_content_token_count", 400),
            int("output_token_count", 122),
            int("thoughts_token_count", 447),
            int("tool_token_count", 771),
            int("total_token_count", 2_340),
        ],
    );
    let counts =
        Counts { input: 1_371, output: 569, cache_read: 400, reasoning: 447, ..Counts::default() };
    assert_eq!(observed.part.counts, counts);
    assert!(!observed.part.inconsistent);
}

/// It speaks Gemini's dialect of models that count otherwise.
#[test]
fn the_total_says_where_thoughts_are() {
    for (service, total, output) in [
        ("qwen-code", Some(1_351), 43),
        ("qwen-code", Some(1_366), 58),
        ("qwen-code", None, 43),
        ("gemini-cli", Some(1_351), 43),
        ("gemini-cli", Some(1_366), 58),
        ("gemini-cli", None, 58),
        ("our-gateway", Some(1_366), 58),
        ("our-gateway", None, 43),
    ] {
        let mut attributes = vec![
            int("input_token_count", 1_308),
            int("cached_content_token_count", 800),
            int("output_token_count", 43),
            int("thoughts_token_count", 15),
        ];
        attributes.extend(total.map(|total| int("total_token_count", total)));
        let part = read(Emitter::of(service), attributes).part;
        let counts =
            Counts { input: 508, output, cache_read: 800, reasoning: 15, ..Counts::default() };
        assert_eq!((part.counts, part.inconsistent), (counts, false), "{service} {total:?}");
    }
}

#[test]
fn both_ids_are_kept() {
    let attributes = [text("gen_ai.response.id", "msg_1"), text("anthropic.request.id", "req_1")];
    let observed = read(Emitter::Conventions, attributes);
    assert_eq!(observed.part.response_id.as_deref(), Some("msg_1"));
    assert_eq!(observed.alias_id.as_deref(), Some("req_1"));
    assert!(!observed.has_counts);
}

#[test]
fn what_does_not_add_up_is_marked() {
    for (attributes, counts) in [
        (
            vec![
                int("gen_ai.usage.input_tokens", 5),
                int("gen_ai.usage.cache_read.input_tokens", 9),
            ],
            Counts { cache_read: 9, ..Counts::default() },
        ),
        (
            vec![int("gen_ai.usage.output_tokens", 5), int("gen_ai.usage.reasoning_tokens", 9)],
            Counts { output: 5, reasoning: 5, ..Counts::default() },
        ),
        (vec![int("gen_ai.usage.input_tokens", -5)], Counts::default()),
        (vec![("gen_ai.usage.input_tokens", Value::Float(f64::NAN))], Counts::default()),
        (vec![("gen_ai.usage.input_tokens", Value::Bool(true))], Counts::default()),
    ] {
        let observed = read(Emitter::Conventions, attributes.clone());
        assert_eq!(observed.part.counts, counts, "{attributes:?}");
        assert!(observed.part.inconsistent, "{attributes:?}");
    }
    let observed = read(Emitter::Conventions, [("llm.token_count.total", Value::Float(30.0))]);
    assert_eq!(observed.part.counts, Counts { unclassified: 30, ..Counts::default() });
    assert!(!observed.part.inconsistent);
}

#[test]
fn no_name_is_in_the_table_twice() {
    for (at, (name, _)) in NAMES.iter().enumerate() {
        assert!(NAMES[at + 1..].iter().all(|(other, _)| other != name), "{name}");
    }
}

#[test]
fn one_request_is_told_from_the_rest() {
    for (name, operation, kind, expected) in [
        ("claude_code.api_request", None, None, true),
        ("claude_code.tool_result", None, None, false),
        ("codex.sse_event", None, Some("response.output_item.done"), false),
        ("chat gpt-5", None, None, true),
        ("chat gpt-5", Some("invoke_agent"), None, false),
        ("execute_tool bash", Some("execute_tool"), None, false),
        ("embeddings text-embedding-3", Some("embeddings"), None, true),
        ("gemini_cli.api_response", None, None, true),
        ("ai.streamText.doStream", None, None, true),
        ("ai.streamText", None, None, false),
        ("ChatCompletion", None, Some("LLM"), true),
        ("ChatCompletion", None, Some("CHAIN"), false),
    ] {
        assert_eq!(is_request(name, operation, kind), expected, "{name} {operation:?} {kind:?}");
    }
    assert_eq!(Emitter::of_event("opencode", "ai.streamText.doStream"), Emitter::Conventions);
    assert_eq!(Emitter::of_event("opencode", "chat gpt-5"), Emitter::Conventions);
    assert_eq!(Emitter::of_event("opencode", "api_request"), Emitter::ClaudeCode);
}

#[test]
fn each_source_tells_of_a_request_in_one_way() {
    let log = |service, name| Event { service, name, ..Event::default() };
    let span = |service, name| Event { is_span: true, ..log(service, name) };
    let operation = "gen_ai.client.inference.operation.details";
    for (event, expected) in [
        (log("claude-code", "api_request"), true),
        (span("claude-code", "claude_code.llm_request"), false),
        (Event { has_id: true, ..span("claude-code", "claude_code.llm_request") }, true),
        (span("codex_exec", "chat gpt-5"), false),
        (log("gemini-cli", "gemini_cli.api_response"), true),
        (log("gemini-cli", operation), false),
        (span("gemini-cli", "chat gemini-3"), false),
        (span("copilot-chat", "chat gpt-5"), true),
        (log("copilot-chat", operation), false),
        (span("bifrost", "chat gpt-5"), false),
        (Event { is_client: true, ..span("bifrost", "chat gpt-5") }, true),
        (log("our-gateway", operation), true),
        (span("our-gateway", "chat gpt-5"), true),
    ] {
        assert_eq!(event.is_request(), expected, "{event:?}");
    }
}
