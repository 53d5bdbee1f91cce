//! The rows of a rollout, as far as they say what was used.

use memchr::memmem;
use serde::Deserialize;

use super::totals::Totals;
use crate::agents::text::{Text, text};

/// A row.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Row<'a> {
    #[serde(borrow, deserialize_with = "text")]
    pub(super) timestamp: Text<'a>,
    #[serde(borrow, rename = "type", deserialize_with = "text")]
    pub(super) kind: Text<'a>,
    #[serde(borrow)]
    pub(super) payload: Payload<'a>,
}

/// What rows of any kind hold.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Payload<'a> {
    #[serde(borrow, rename = "type", deserialize_with = "text")]
    pub(super) kind: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) id: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) session_id: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) thread_id: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) forked_from_id: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) parent_thread_id: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) timestamp: Text<'a>,
    /// A word, or what began a subagent.
    pub(super) source: Option<serde_json::Value>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) cwd: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) model_provider: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) model: Text<'a>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) turn_id: Text<'a>,
    pub(super) started_at: Option<serde_json::Number>,
    #[serde(borrow, deserialize_with = "text")]
    pub(super) response_id: Text<'a>,
    pub(super) usage: Option<Totals>,
    pub(super) thread_token_usage: Option<Totals>,
    pub(super) info: Option<Info>,
    #[serde(borrow)]
    pub(super) thread_settings: Option<Settings<'a>>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Info {
    pub(super) total_token_usage: Option<Totals>,
    pub(super) last_token_usage: Option<Totals>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Settings<'a> {
    #[serde(borrow, deserialize_with = "text")]
    pub(super) service_tier: Text<'a>,
}

/// The kinds of rows, and of events, that say anything.
const KINDS: [&str; 6] = [
    "session_meta",
    "turn_context",
    "token_usage_record",
    "token_count",
    "task_started",
    "thread_settings_applied",
];

/// So much of a row's beginning holds its kind, as all versions write it.
const HEAD: usize = 256;

/// Returns whether a row may be of a kind that says anything: most say nothing, and are long.
pub(super) fn may_say_something(line: &[u8]) -> bool {
    let head = &line[..line.len().min(HEAD)];
    let kind = match kind_in(head) {
        Some((b"event_msg", behind)) => kind_in(behind),
        kind => kind,
    };
    match kind {
        // Another row may stand behind it, where a writer has lost its end.
        Some((kind, _)) => is_of_use(kind) || has_another(line),
        None => KINDS.iter().any(|kind| memmem::find(line, kind.as_bytes()).is_some()),
    }
}

/// Returns whether another row begins within a line.
fn has_another(line: &[u8]) -> bool {
    line.get(1..).is_some_and(|rest| memmem::find(rest, b"{\"timestamp\"").is_some())
}

fn is_of_use(kind: &[u8]) -> bool {
    KINDS.iter().any(|of| of.as_bytes() == kind)
}

/// Returns the first word that is a kind, and what stands behind it.
fn kind_in(text: &[u8]) -> Option<(&[u8], &[u8])> {
    const KEY: &[u8] = b"\"type\":\"";
    let rest = &text[memmem::find(text, KEY)? + KEY.len()..];
    let end = memchr::memchr(b'"', rest)?;
    Some((&rest[..end], &rest[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_say_nothing_are_passed() {
        let far = " ".repeat(HEAD);
        for (line, expected) in [
            (r#"{"timestamp":"t","type":"session_meta","payload":{"id":"x"}}"#.to_owned(), true),
            (
                r#"{"type":"event_msg","payload":{"type":"token_count","info":null}}"#.to_owned(),
                true,
            ),
            (r#"{"type":"event_msg","payload":{"type":"agent_message"}}"#.to_owned(), false),
            (r#"{"type":"response_item","payload":{"text":"token_count"}}"#.to_owned(), false),
            (format!(r#"{{{far}"type":"turn_context"}}"#), true),
            (format!(r#"{{"type":"event_msg","payload":{{{far}"type":"token_count"}}}}"#), true),
            (format!(r#"{{"type":"event_msg","payload":{{{far}"type":"other"}}}}"#), false),
            (r#"{"type": "turn_context"}"#.to_owned(), true),
            (
                r#"{"timestamp":"t","type":"response_item","payl{"timestamp":"t","type":"event_msg"}"#
                    .to_owned(),
                true,
            ),
            (String::new(), false),
        ] {
            assert_eq!(may_say_something(line.as_bytes()), expected, "{line}");
        }
    }
}
