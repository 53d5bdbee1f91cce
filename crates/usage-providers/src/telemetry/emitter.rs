//! Who sent the telemetry: the same name means different things with different emitters.

use crate::tables::instance_of;

/// The sender of attributes, as far as their meaning depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Emitter {
    /// Claude Code, and plugins that mirror it: caches lie beside the input.
    ClaudeCode,
    /// Codex: caches lie within the input, reasoning within the output; its count of tools is the
    /// total.
    Codex,
    /// Gemini CLI: caches lie within the input, thoughts beside the output, what tools read in beside
    /// the input.
    GeminiCli,
    /// Qwen Code: as Gemini CLI, but for thoughts, which lie within the output.
    QwenCode,
    /// Everybody who follows the conventions: caches lie within the input, reasoning within the
    /// output.
    Conventions,
}

/// The meaning that an emitter gives to its numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kinds {
    pub(super) caches_within: bool,
    /// Unless a total says otherwise.
    pub(super) reasoning_within: bool,
    pub(super) tools: Tools,
}

/// The tokens that an emitter counts as those of tools.
#[derive(Clone, Copy, Debug)]
pub(super) enum Tools {
    BesideInput,
    Total,
}

impl Emitter {
    /// Returns the emitter that a service name, or the scope of telemetry, stands for.
    ///
    /// ```
    /// use usage_providers::telemetry::Emitter;
    ///
    /// assert_eq!(Emitter::of("codex_cli_rs"), Emitter::Codex);
    /// assert_eq!(Emitter::of("our-gateway"), Emitter::Conventions);
    /// ```
    #[must_use]
    pub fn of(service: &str) -> Self {
        match instance_of(service) {
            "claude-code" | "opencode" => Self::ClaudeCode,
            "codex" => Self::Codex,
            "gemini-cli" => Self::GeminiCli,
            "qwen-code" => Self::QwenCode,
            _ => Self::Conventions,
        }
    }

    /// Returns the emitter of an event by the event's own name, where that says it better than the
    /// service: `opencode` sends spans by the conventions and events as Claude Code does.
    #[must_use]
    pub fn of_event(service: &str, event: &str) -> Self {
        match event.split_once('.') {
            Some(("claude_code", _)) => Self::ClaudeCode,
            Some(("codex", _)) => Self::Codex,
            Some(("gemini_cli", _)) => Self::GeminiCli,
            Some(("qwen-code", _)) => Self::QwenCode,
            Some(("gen_ai" | "ai", _)) => Self::Conventions,
            _ if is_operation(event.split(' ').next()) => Self::Conventions,
            _ => Self::of(service),
        }
    }

    pub(super) const fn kinds(self) -> Kinds {
        Kinds {
            caches_within: !matches!(self, Self::ClaudeCode),
            reasoning_within: !matches!(self, Self::GeminiCli),
            tools: if matches!(self, Self::Codex) { Tools::Total } else { Tools::BesideInput },
        }
    }
}

/// Log events that tell of one request.
const EVENTS: &[&str] = &[
    "claude_code.api_request",
    "claude_code.llm_request",
    "api_request",
    "gemini_cli.api_response",
    "qwen-code.api_response",
    "gen_ai.client.inference.operation.details",
];

/// Returns whether a log event or a span tells of one request, and not of a session, a tool or a
/// piece of a stream. `operation` is its `gen_ai.operation.name`, `kind` its `event.kind` or its
/// `openinference.span.kind`.
///
/// ```
/// use usage_providers::telemetry::is_request;
///
/// assert!(is_request("chat gpt-5", Some("chat"), None));
/// assert!(is_request("codex.sse_event", None, Some("response.completed")));
/// assert!(!is_request("invoke_agent", Some("invoke_agent"), None), "totals of a session");
/// ```
#[must_use]
pub fn is_request(name: &str, operation: Option<&str>, kind: Option<&str>) -> bool {
    if name == "codex.sse_event" {
        return kind == Some("response.completed");
    }
    if EVENTS.contains(&name) {
        return true;
    }
    // OpenInference, which has kinds in place of names.
    if matches!(kind, Some("LLM" | "EMBEDDING")) {
        return true;
    }
    // The AI SDK, within which opencode asks: the spans around these hold the sums of several.
    if let Some(call) = name.strip_prefix("ai.") {
        return [".doStream", ".doGenerate", ".doEmbed"].iter().any(|end| call.ends_with(end));
    }
    // Where the operation is left out, spans begin with it.
    is_operation(operation.or_else(|| name.split_once(' ').map(|(first, _)| first)))
}

fn is_operation(operation: Option<&str>) -> bool {
    let requests = ["chat", "text_completion", "generate_content", "embeddings"];
    operation.is_some_and(|operation| requests.contains(&operation))
}
