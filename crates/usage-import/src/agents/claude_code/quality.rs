//! How sure the output of a row is: versions have differed in when they write it.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use usage_core::Quality;

use super::row::{Message, Usage};

/// The versions whose rows keep what the output was when the answer began, from the first to the first of those that
/// do not any more.
const PLACEHOLDERS: [[u32; 3]; 2] = [[2, 1, 12], [2, 1, 59]];

/// An output this small may be what stood there when the answer began.
const SMALL: u64 = 8;

/// So many characters a token are more than any text has.
const MOST_CHARACTERS: u64 = 3 * 4;

/// Returns how sure the counts of a row are. `characters` returns how long the answer is, with the rows of it that came
/// before: that says whether a small output can be all of it.
pub(super) fn quality(
    message: &Message<'_>,
    usage: &Usage<'_>,
    version: Option<&str>,
    characters: impl FnOnce() -> u64,
) -> Quality {
    let written = usage.cache_creation_input_tokens.unwrap_or(0);
    if written > 0 && usage.cache_creation.is_none() {
        // Which of the two lifetimes they have is guessed.
        return Quality::Estimated;
    }
    let [from, until] = PLACEHOLDERS;
    let is_placeholder = version.and_then(parse).is_some_and(|it| from <= it && it < until);
    if message.stop_reason.is_none() || is_placeholder {
        return Quality::Partial;
    }
    let output = usage.output_tokens.unwrap_or(0);
    if output <= SMALL && characters() > output.saturating_mul(MOST_CHARACTERS) {
        return Quality::Partial;
    }
    Quality::Reported
}

/// Reads a version, whatever stands behind its numbers.
fn parse(version: &str) -> Option<[u32; 3]> {
    let mut numbers = version.split('.').map(|part| {
        let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        part[..end].parse().ok()
    });
    Some([numbers.next()??, numbers.next()??, numbers.next().flatten().unwrap_or(0)])
}

/// Returns how many characters the blocks of a row have: texts, and what a tool is called with.
pub(super) fn characters(row: &[u8]) -> u64 {
    #[derive(Deserialize)]
    struct Row<'a> {
        #[serde(borrow)]
        message: Content<'a>,
    }
    #[derive(Deserialize)]
    struct Content<'a> {
        #[serde(borrow)]
        content: Vec<Block<'a>>,
    }
    #[derive(Deserialize)]
    struct Block<'a> {
        #[serde(borrow)]
        text: Option<Cow<'a, str>>,
        #[serde(borrow)]
        thinking: Option<Cow<'a, str>>,
        #[serde(borrow)]
        input: Option<&'a RawValue>,
    }
    let mut rows = serde_json::Deserializer::from_slice(row).into_iter::<Row<'_>>();
    let Some(Ok(row)) = rows.next() else { return 0 };
    let texts = row.message.content.iter().flat_map(|block| {
        let texts = [&block.text, &block.thinking].map(|text| text.as_deref().unwrap_or_default());
        texts.into_iter().chain(block.input.map(RawValue::get))
    });
    texts.map(|text| text.chars().count() as u64).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(version: &str, stop: bool, output: u64, text: &str) -> Quality {
        let message = Message {
            stop_reason: stop.then_some(Cow::Borrowed("end_turn")),
            ..Default::default()
        };
        let usage = Usage { output_tokens: Some(output), ..Default::default() };
        let line = format!(r#"{{"message":{{"content":[{{"type":"text","text":"{text}"}}]}}}}"#);
        quality(&message, &usage, Some(version), || characters(line.as_bytes()))
    }

    #[test]
    fn output_is_reported_where_the_version_writes_it() {
        for (version, stop, expected) in [
            ("2.1.11", true, Quality::Reported),
            ("2.1.12", true, Quality::Partial),
            ("2.1.58", true, Quality::Partial),
            ("2.1.59", true, Quality::Reported),
            ("2.1.328-dev", true, Quality::Reported),
            ("2.1.328", false, Quality::Partial),
            ("1.0.63", false, Quality::Partial),
            ("1.0.63", true, Quality::Reported),
            ("10.0", true, Quality::Reported),
            ("", true, Quality::Reported),
        ] {
            assert_eq!(of(version, stop, 100, ""), expected, "{version}");
        }
    }

    #[test]
    fn an_output_that_cannot_be_all_of_the_text_is_partial() {
        assert_eq!(of("2.1.328", true, 8, &"x".repeat(97)), Quality::Partial);
        assert_eq!(of("2.1.328", true, 8, &"x".repeat(96)), Quality::Reported);
        assert_eq!(of("2.1.328", true, 9, &"x".repeat(999)), Quality::Reported);
        assert_eq!(of("2.1.328", true, 0, ""), Quality::Reported);
    }

    #[test]
    fn all_that_an_answer_holds_has_a_length() {
        let blocks = r#"{"message":{"content":[{"type":"thinking","thinking":"ab"},{"type":"text","text":"cé"},
            {"type":"tool_use","input":{"a":1}},{"type":"other"}]}}"#;
        assert_eq!(characters(blocks.as_bytes()), 4 + 7);
        assert_eq!(characters(br#"{"message":{"content":"text"}}"#), 0);
    }

    #[test]
    fn writes_without_their_lifetimes_are_estimated() {
        let message = Message { stop_reason: Some("end_turn".into()), ..Default::default() };
        let usage = Usage { cache_creation_input_tokens: Some(5), ..Default::default() };
        assert_eq!(quality(&message, &usage, None, || 0), Quality::Estimated);
    }
}
