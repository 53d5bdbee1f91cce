//! The record line: one record as one JSON object on one line. The only place that reads or
//! writes its names.

use std::borrow::Cow;
use std::fmt;

use chrono::DateTime;
use serde::de::{Deserializer, Visitor};
use serde::{Deserialize, Serialize};

use super::{
    EventId, Field, LabelInterner, LabelNames, MAX_COUNT, Record, RecordError, TokenCounts,
};
use crate::Timestamp;

/// The longest line a reader should take in, in bytes: several times the longest valid record.
pub const MAX_LINE_BYTES: usize = 65_536;

/// Why a line is not a record.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// The bytes are not UTF-8.
    #[error("not UTF-8 from byte {at} on")]
    NotUtf8 {
        /// Where the first wrong byte is, counted from 1.
        at: usize,
    },
    /// The line is not a JSON object, or has an unknown, repeated or missing field.
    #[error("{reason} (column {column})")]
    NotARecord {
        /// What was wrong with it.
        reason: String,
        /// Where, in bytes from 1.
        column: usize,
    },
    /// A count is not a whole number from 0 to [`MAX_COUNT`].
    #[error("{field} is {found}, whole numbers from 0 to {MAX_COUNT} are accepted")]
    NotACount {
        /// Which count.
        field: Field,
        /// What stands there.
        found: String,
    },
    /// No token count at all.
    #[error("no token count: tokens, or input_tokens, output_tokens and so on, is needed")]
    NoTokens,
    /// `tokens` and the counts by kind disagree.
    #[error("tokens is {tokens}, but the counts by kind add up to {sum}")]
    TokensDisagree {
        /// The total as given.
        tokens: u64,
        /// The sum of the kinds.
        sum: u64,
    },
    /// The timestamp is not RFC 3339.
    #[error("timestamp {found:?} is not RFC 3339, such as 2026-05-03T13:56:01+08:00")]
    NotATimestamp {
        /// What stands there, shortened.
        found: String,
    },
    /// An event id without a timestamp: read twice, the record would have two.
    #[error("event_id needs a timestamp beside it")]
    EventIdWithoutTimestamp,
    /// The record itself is refused.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// A line as it stands, before anything is checked that needs the field's name to complain well.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLine<'a> {
    #[serde(borrow)]
    instance_id: Cow<'a, str>,
    #[serde(borrow, default)]
    profile: Cow<'a, str>,
    #[serde(borrow, default)]
    provider: Cow<'a, str>,
    #[serde(borrow)]
    route: Cow<'a, str>,
    #[serde(borrow)]
    model: Cow<'a, str>,
    tokens: Option<RawCount>,
    input_tokens: Option<RawCount>,
    output_tokens: Option<RawCount>,
    cache_read_tokens: Option<RawCount>,
    cache_write_tokens: Option<RawCount>,
    reasoning_tokens: Option<RawCount>,
    fallbacks: Option<RawCount>,
    #[serde(borrow)]
    timestamp: Option<Cow<'a, str>>,
    #[serde(borrow)]
    event_id: Option<Cow<'a, str>>,
}

/// A number, or what stands in its place.
enum RawCount {
    Whole(u64),
    Other(String),
}

impl<'de> Deserialize<'de> for RawCount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Count;
        impl Visitor<'_> for Count {
            type Value = RawCount;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a whole number from 0 to {MAX_COUNT}")
            }
            fn visit_u64<E>(self, count: u64) -> Result<RawCount, E> {
                Ok(RawCount::Whole(count))
            }
            fn visit_i64<E>(self, count: i64) -> Result<RawCount, E> {
                Ok(RawCount::Other(count.to_string()))
            }
            fn visit_f64<E>(self, count: f64) -> Result<RawCount, E> {
                Ok(RawCount::Other(count.to_string()))
            }
            fn visit_bool<E>(self, value: bool) -> Result<RawCount, E> {
                Ok(RawCount::Other(value.to_string()))
            }
            fn visit_str<E>(self, text: &str) -> Result<RawCount, E> {
                Ok(RawCount::Other(format!("the text {:?}", shortened(text, VALUE_CHARS))))
            }
        }
        deserializer.deserialize_any(Count)
    }
}

impl RawCount {
    fn get(self, field: Field) -> Result<u64, LineError> {
        match self {
            Self::Whole(count) if count <= u64::from(MAX_COUNT) => Ok(count),
            Self::Whole(count) => Err(LineError::NotACount { field, found: count.to_string() }),
            Self::Other(found) => Err(LineError::NotACount { field, found }),
        }
    }
}

/// Reads a record from the bytes of one line, without its line break.
///
/// `now` is the timestamp of a line that has none. Equal names share one allocation through
/// `interner`.
///
/// ```
/// use usage_core::{LabelInterner, Timestamp, record::line};
///
/// let text = br#"{"instance_id":"router-1","route":"think","model":"m","tokens":1500}"#;
/// let now = Timestamp::from_micros(1_777_787_761_000_000);
/// let record = line::parse(text, now, &mut LabelInterner::new(1_000))?;
/// assert_eq!(record.tokens().total(), 1_500);
///
/// let bad = line::parse(br#"{"tokens":-1}"#, now, &mut LabelInterner::new(1_000));
/// assert!(bad.is_err());
/// # Ok::<(), line::LineError>(())
/// ```
///
/// # Errors
/// What is wrong with the line and what is accepted: see [`LineError`].
pub fn parse(
    line: &[u8],
    now: Timestamp,
    interner: &mut LabelInterner,
) -> Result<Record, LineError> {
    let text = std::str::from_utf8(line)
        .map_err(|error| LineError::NotUtf8 { at: error.valid_up_to() + 1 })?;
    let raw: RawLine<'_> = serde_json::from_str(text).map_err(|error| not_a_record(&error))?;

    let labels = interner.intern(LabelNames {
        instance_id: &raw.instance_id,
        profile: &raw.profile,
        provider: &raw.provider,
        route: &raw.route,
        model: &raw.model,
    })?;
    let timestamp = match &raw.timestamp {
        Some(text) => parse_timestamp(text)?,
        None if raw.event_id.is_some() => return Err(LineError::EventIdWithoutTimestamp),
        None => now,
    };
    let fallbacks = optional(raw.fallbacks, Field::Fallbacks)?.unwrap_or(0);
    // Counts are at most a billion here, so the conversion cannot fail.
    let fallbacks = u32::try_from(fallbacks).unwrap_or(u32::MAX);
    let kinds = Kinds {
        input: optional(raw.input_tokens, Field::InputTokens)?,
        output: optional(raw.output_tokens, Field::OutputTokens)?,
        cache_read: optional(raw.cache_read_tokens, Field::CacheReadTokens)?,
        cache_write: optional(raw.cache_write_tokens, Field::CacheWriteTokens)?,
        reasoning: optional(raw.reasoning_tokens, Field::ReasoningTokens)?,
    };
    let tokens = kinds.resolve(optional(raw.tokens, Field::Tokens)?)?;
    let record = Record::new(labels, tokens, fallbacks, timestamp)?;
    Ok(match raw.event_id {
        Some(id) => record.with_event_id(EventId::new(id)?),
        None => record,
    })
}

fn optional(count: Option<RawCount>, field: Field) -> Result<Option<u64>, LineError> {
    count.map(|count| count.get(field)).transpose()
}

/// The counts by kind as the line gives them.
struct Kinds {
    input: Option<u64>,
    output: Option<u64>,
    cache_read: Option<u64>,
    cache_write: Option<u64>,
    reasoning: Option<u64>,
}

impl Kinds {
    /// `tokens` alone is a total of unknown kinds; beside counts by kind it must be their sum.
    fn resolve(&self, tokens: Option<u64>) -> Result<TokenCounts, LineError> {
        let by_kind = [self.input, self.output, self.cache_read, self.cache_write, self.reasoning];
        if by_kind.iter().all(Option::is_none) {
            let total = tokens.ok_or(LineError::NoTokens)?;
            return Ok(TokenCounts::unclassified(total)?);
        }
        let counts = TokenCounts::new()
            .with_input(self.input.unwrap_or(0))?
            .with_output(self.output.unwrap_or(0))?
            .with_cache_read(self.cache_read.unwrap_or(0))?
            .with_cache_write(self.cache_write.unwrap_or(0))?
            .with_reasoning(self.reasoning.unwrap_or(0))?;
        match tokens {
            Some(tokens) if tokens != counts.total() => {
                Err(LineError::TokensDisagree { tokens, sum: counts.total() })
            }
            _ => Ok(counts),
        }
    }
}

fn parse_timestamp(text: &str) -> Result<Timestamp, LineError> {
    DateTime::parse_from_rfc3339(text)
        .map(Timestamp::from)
        .map_err(|_| LineError::NotATimestamp { found: shortened(text, VALUE_CHARS).into_owned() })
}

/// serde_json's reason, with the line number taken out: it is always 1 here.
fn not_a_record(error: &serde_json::Error) -> LineError {
    let (column, text) = (error.column(), error.to_string());
    let reason = text.strip_suffix(&format!(" at line 1 column {column}")).unwrap_or(&text);
    let reason = match error.classify() {
        serde_json::error::Category::Data => shortened(reason, REASON_CHARS).into_owned(),
        _ => format!("not JSON: {reason}"),
    };
    LineError::NotARecord { reason, column }
}

/// How much of a value, and of serde's own reason, a message quotes.
const VALUE_CHARS: usize = 100;
const REASON_CHARS: usize = 400;

/// At most `max` characters of a text from outside, so that a message stays one readable line.
fn shortened(text: &str, max: usize) -> Cow<'_, str> {
    match text.char_indices().nth(max) {
        Some((end, _)) => Cow::Owned(format!("{}...", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

/// A record as its line is written. The order of the fields is the order in the line.
#[derive(Serialize)]
struct WrittenLine<'a> {
    instance_id: &'a str,
    profile: &'a str,
    provider: &'a str,
    route: &'a str,
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<u32>,
    #[serde(flatten)]
    kinds: Option<WrittenKinds>,
    fallbacks: u32,
    timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_id: Option<&'a str>,
}

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are those of the record line")]
struct WrittenKinds {
    input_tokens: u32,
    output_tokens: u32,
    cache_read_tokens: u32,
    cache_write_tokens: u32,
    reasoning_tokens: u32,
}

/// Writes a record as one line, without a line break: what [`parse`] reads back as an equal
/// record.
///
/// ```
/// use usage_core::{LabelInterner, Timestamp, record::line};
///
/// let mut interner = LabelInterner::new(10);
/// let text = r#"{"instance_id":"i","profile":"","provider":"","route":"r","model":"m","tokens":7,"fallbacks":0,"timestamp":"2026-05-03T05:56:01.000000Z"}"#;
/// let record = line::parse(text.as_bytes(), Timestamp::from_micros(0), &mut interner)?;
/// assert_eq!(line::write(&record), text);
/// # Ok::<(), line::LineError>(())
/// ```
#[must_use]
pub fn write(record: &Record) -> String {
    let LabelNames { instance_id, profile, provider, route, model } = record.labels().names();
    let counts = record.tokens();
    let unclassified = counts.unclassified_count();
    let by_kind = unclassified == 0 && counts.total() > 0;
    let line = WrittenLine {
        instance_id,
        profile,
        provider,
        route,
        model,
        tokens: (!by_kind).then_some(unclassified),
        kinds: by_kind.then(|| WrittenKinds {
            input_tokens: counts.input(),
            output_tokens: counts.output(),
            cache_read_tokens: counts.cache_read(),
            cache_write_tokens: counts.cache_write(),
            reasoning_tokens: counts.reasoning(),
        }),
        fallbacks: record.fallbacks(),
        timestamp: record.timestamp().to_string(),
        event_id: record.event_id().map(EventId::as_str),
    };
    // Strings and integers always serialise; an empty line would be refused when read.
    serde_json::to_string(&line).unwrap_or_default()
}
