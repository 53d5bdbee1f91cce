//! A record as a text form gives it, and the checks that make a record of it: the same for JSON and
//! for CSV, with the same complaints. With [`Field::name`], the only place that knows the names.

use std::borrow::Cow;
use std::fmt;

use chrono::DateTime;
use serde::Deserialize;
use serde::de::{Deserializer, Visitor};

use super::line::LineError;
use super::{EventId, Field, LabelInterner, LabelNames, MAX_COUNT, Record, TokenCounts};
use crate::Timestamp;

/// A record as it stands in the text, before anything is checked that needs the field's name to
/// complain well.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a JSON object")]
pub(super) struct RawRecord<'a> {
    #[serde(borrow)]
    pub(super) instance_id: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) profile: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) provider: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) route: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) model: Cow<'a, str>,
    pub(super) tokens: Option<RawCount>,
    pub(super) input_tokens: Option<RawCount>,
    pub(super) output_tokens: Option<RawCount>,
    pub(super) cache_read_tokens: Option<RawCount>,
    pub(super) cache_write_tokens: Option<RawCount>,
    pub(super) reasoning_tokens: Option<RawCount>,
    pub(super) fallbacks: Option<RawCount>,
    #[serde(borrow)]
    pub(super) timestamp: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) event_id: Option<Cow<'a, str>>,
}

/// A number, or what stands in its place.
pub(super) enum RawCount {
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
                // With its point or exponent, which is what is wrong with it.
                Ok(RawCount::Other(format!("{count:?}")))
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
    /// A count written as text by a form that has no numbers.
    pub(super) fn of_text(text: &str) -> Self {
        let is_made_of = |allowed: &[u8]| text.bytes().all(|byte| allowed.contains(&byte));
        if is_made_of(b"0123456789")
            && let Ok(count) = text.parse()
        {
            return Self::Whole(count);
        }
        let shown = shortened(text, VALUE_CHARS);
        let is_number = is_made_of(b"0123456789+-.eE") && text.parse::<f64>().is_ok();
        Self::Other(if is_number { shown.into_owned() } else { format!("the text {shown:?}") })
    }

    fn whole(self, field: Field) -> Result<u64, LineError> {
        match self {
            Self::Whole(count) => Ok(count),
            Self::Other(found) => Err(LineError::NotACount { field, found }),
        }
    }
}

/// At most [`MAX_COUNT`].
fn small(count: u64, field: Field) -> Result<u64, LineError> {
    if count <= u64::from(MAX_COUNT) {
        return Ok(count);
    }
    Err(LineError::NotACount { field, found: count.to_string() })
}

fn optional(count: Option<RawCount>, field: Field) -> Result<Option<u64>, LineError> {
    count.map(|count| small(count.whole(field)?, field)).transpose()
}

impl RawRecord<'_> {
    /// Checks everything. `now` is the timestamp of a record that has none.
    pub(super) fn into_record(
        self,
        now: Timestamp,
        interner: &mut LabelInterner,
    ) -> Result<Record, LineError> {
        let labels = interner.intern(LabelNames {
            instance_id: &self.instance_id,
            profile: &self.profile,
            provider: &self.provider,
            route: &self.route,
            model: &self.model,
        })?;
        let timestamp = match &self.timestamp {
            Some(text) => parse_timestamp(text)?,
            None if self.event_id.is_some() => return Err(LineError::EventIdWithoutTimestamp),
            None => now,
        };
        let fallbacks = optional(self.fallbacks, Field::Fallbacks)?.unwrap_or(0);
        // Counts are at most a billion here, so the conversion cannot fail.
        let fallbacks = u32::try_from(fallbacks).unwrap_or(u32::MAX);
        let kinds = Kinds {
            input: optional(self.input_tokens, Field::InputTokens)?,
            output: optional(self.output_tokens, Field::OutputTokens)?,
            cache_read: optional(self.cache_read_tokens, Field::CacheReadTokens)?,
            cache_write: optional(self.cache_write_tokens, Field::CacheWriteTokens)?,
            reasoning: optional(self.reasoning_tokens, Field::ReasoningTokens)?,
        };
        let tokens = self.tokens.map(|tokens| tokens.whole(Field::Tokens)).transpose()?;
        let tokens = kinds.resolve(tokens)?;
        let record = Record::new(labels, tokens, fallbacks, timestamp)?;
        Ok(match self.event_id {
            Some(id) => record.with_event_id(EventId::new(id)?),
            None => record,
        })
    }
}

/// The counts by kind as the text gives them.
struct Kinds {
    input: Option<u64>,
    output: Option<u64>,
    cache_read: Option<u64>,
    cache_write: Option<u64>,
    reasoning: Option<u64>,
}

impl Kinds {
    /// `tokens` alone is a total of unknown kinds; beside counts by kind it must be their sum, and
    /// may be as large.
    fn resolve(&self, tokens: Option<u64>) -> Result<TokenCounts, LineError> {
        let by_kind = [self.input, self.output, self.cache_read, self.cache_write, self.reasoning];
        if by_kind.iter().all(Option::is_none) {
            let total = tokens.ok_or(LineError::NoTokens)?;
            return Ok(TokenCounts::unclassified(small(total, Field::Tokens)?)?);
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

/// The counts by kind as a form writes them: input, output, cache read, cache write, reasoning.
/// `None` where there is only a total, and where there is nothing at all.
pub(super) fn kinds_of(counts: &TokenCounts) -> Option<[u32; 5]> {
    let kinds = [
        counts.input(),
        counts.output(),
        counts.cache_read(),
        counts.cache_write(),
        counts.reasoning(),
    ];
    kinds.iter().any(|count| *count > 0).then_some(kinds)
}

fn parse_timestamp(text: &str) -> Result<Timestamp, LineError> {
    let not_one = || LineError::NotATimestamp { found: shortened(text, VALUE_CHARS).into_owned() };
    let parsed = DateTime::parse_from_rfc3339(text).map_err(|_| not_one())?;
    // chrono takes a second 60 of any minute; POSIX time, which a ledger counts in, has none.
    if parsed.timestamp_subsec_nanos() >= 1_000_000_000 {
        return Err(not_one());
    }
    Ok(parsed.into())
}

/// How much of a value a message quotes.
pub(super) const VALUE_CHARS: usize = 100;

/// At most `max` characters of a text from outside, so that a message stays one readable line.
pub(super) fn shortened(text: &str, max: usize) -> Cow<'_, str> {
    match text.char_indices().nth(max) {
        Some((end, _)) => Cow::Owned(format!("{}...", &text[..end])),
        None => Cow::Borrowed(text),
    }
}
