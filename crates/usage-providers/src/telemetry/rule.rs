//! Which log events and spans of whom tell of one request each: the one table of it.

use super::emitter::is_request;
use crate::tables::instance_of;

/// A log event or a span, as far as it says what it tells of.
#[derive(Clone, Copy, Debug, Default)]
pub struct Event<'a> {
    /// The name of the service that sends it.
    pub service: &'a str,
    /// The name of the event or of the span.
    pub name: &'a str,
    /// Its `gen_ai.operation.name`.
    pub operation: Option<&'a str>,
    /// Its `event.kind`, or its `openinference.span.kind`.
    pub kind: Option<&'a str>,
    /// It is a span, and not a log event.
    pub is_span: bool,
    /// It is a span of the kind that calls somebody else.
    pub is_client: bool,
    /// The provider's id of the request or of the response stands in it.
    pub has_id: bool,
}

/// The signals in which a source tells of each request once. The other signals tell of the same requests again.
#[derive(Clone, Copy, Debug)]
enum By {
    /// Log events alone.
    Logs,
    /// Log events, and spans that share an id with them.
    LogsAndSpansWithId,
    /// Spans alone.
    Spans,
    /// Spans that call a provider: those around them hold the same numbers.
    ClientSpans,
    /// Both: what tells of one request shares an id.
    Both,
}

/// Sources that tell of a request more than once, and the one way that counts.
const RULES: &[(&str, By)] = &[
    ("claude-code", By::LogsAndSpansWithId),
    ("codex", By::Logs),
    ("gemini-cli", By::Logs),
    ("qwen-code", By::Logs),
    ("copilot", By::Spans),
    ("bifrost", By::ClientSpans),
    ("cursor", By::Logs),
];

impl Event<'_> {
    /// Returns whether it tells of one request that nothing else of the same source tells of. What does not, though
    /// it holds counts, is a total or another view of the same requests.
    ///
    /// ```
    /// use usage_providers::telemetry::Event;
    ///
    /// let chat = Event { service: "copilot", name: "chat gpt-5", is_span: true, ..Event::default() };
    /// assert!(chat.is_request());
    /// assert!(!Event { name: "invoke_agent", ..chat }.is_request(), "the total of a session");
    /// assert!(!Event { service: "codex_exec", ..chat }.is_request(), "its log events tell of them");
    /// ```
    #[must_use]
    pub fn is_request(&self) -> bool {
        let instance = instance_of(self.service);
        let rule = RULES.iter().find(|(of, _)| *of == instance).map_or(By::Both, |(_, by)| *by);
        let is_here = match rule {
            By::Logs => !self.is_span,
            By::LogsAndSpansWithId => !self.is_span || self.has_id,
            By::Spans => self.is_span,
            By::ClientSpans => self.is_span && self.is_client,
            By::Both => true,
        };
        // Gemini CLI sends the event of the conventions beside its own.
        let is_doubled =
            self.name.starts_with("gen_ai.") && matches!(instance, "gemini-cli" | "qwen-code");
        is_here && !is_doubled && is_request(self.name, self.operation, self.kind)
    }
}
