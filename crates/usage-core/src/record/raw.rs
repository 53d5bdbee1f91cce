//! A record as a text form gives it, and the checks that make a record of it: the same for JSON and
//! for CSV, with the same complaints. Fields and their names come from the lists.

use std::borrow::Cow;
use std::fmt;

use chrono::DateTime;
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::{
    Counts, EventId, Field, Label, LabelInterner, LabelNames, LineError, MAX_COUNT, Measure,
    Record, TokenCounts, Usage,
};
use crate::Timestamp;

/// A record as it stands in the text, before anything is checked that needs the field's name to
/// complain well.
#[derive(Default)]
pub(super) struct RawRecord<'a> {
    labels: [Cow<'a, str>; Label::COUNT],
    tokens: Option<RawCount>,
    counts: [Option<RawCount>; Measure::COUNT],
    timestamp: Option<Cow<'a, str>>,
    event_id: Option<Cow<'a, str>>,
}

/// Fields in any order, each once, no others, and none missing of those that every record has.
impl<'de> Deserialize<'de> for RawRecord<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = RawRecord<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawRecord<'de>, A::Error> {
                // A bit for each field, by its place in the list.
                let (mut raw, mut seen) = (RawRecord::default(), 0_u64);
                while let Some(Place(place)) = map.next_key()? {
                    let (field, bit) = (Field::ALL[place], 1 << place);
                    if seen & bit != 0 {
                        return Err(Error::duplicate_field(field.name()));
                    }
                    seen |= bit;
                    let text = |text: Option<Text<'de>>| text.map(|Text(text)| text);
                    match field {
                        Field::Label(label) => {
                            let Text(name) = map.next_value()?;
                            raw.labels[label as usize] = name;
                        }
                        Field::Tokens => raw.tokens = map.next_value()?,
                        Field::Count(measure) => raw.counts[measure as usize] = map.next_value()?,
                        Field::Timestamp => raw.timestamp = text(map.next_value()?),
                        Field::EventId => raw.event_id = text(map.next_value()?),
                    }
                }
                // The labels are the first fields.
                let is_missing =
                    |label: &Label| label.is_required() && seen & (1 << *label as u32) == 0;
                match Label::ALL.into_iter().find(is_missing) {
                    Some(missing) => Err(Error::missing_field(missing.field())),
                    None => Ok(raw),
                }
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

/// The place of a field in [`Field::ALL`].
struct Place(usize);

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;
        impl Visitor<'_> for Name {
            type Value = Place;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("field identifier")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Place, E> {
                let place = Field::NAMES.iter().position(|known| *known == name);
                place.map(Place).ok_or_else(|| E::unknown_field(name, &Field::NAMES))
            }
        }
        deserializer.deserialize_identifier(Name)
    }
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

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
    #[cfg(feature = "csv")]
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

    fn small(self, field: Field) -> Result<u64, LineError> {
        small(self.whole(field)?, field)
    }
}

/// At most [`MAX_COUNT`].
fn small(count: u64, field: Field) -> Result<u64, LineError> {
    if count <= u64::from(MAX_COUNT) {
        return Ok(count);
    }
    Err(LineError::NotACount { field, found: count.to_string() })
}

impl<'a> RawRecord<'a> {
    /// Sets a field from a form that has only texts. What may be missing is missing where it is empty.
    #[cfg(feature = "csv")]
    pub(super) fn set(&mut self, field: Field, text: Cow<'a, str>) {
        let filled = (!text.is_empty()).then_some(&text);
        match field {
            Field::Label(label) => self.labels[label as usize] = text,
            Field::Tokens => self.tokens = filled.map(|text| RawCount::of_text(text)),
            Field::Count(measure) => {
                self.counts[measure as usize] = filled.map(|text| RawCount::of_text(text));
            }
            Field::Timestamp => self.timestamp = filled.cloned(),
            Field::EventId => self.event_id = filled.cloned(),
        }
    }

    /// Checks everything. `now` is the timestamp of a record that has none.
    pub(super) fn into_record(
        self,
        now: Timestamp,
        interner: &mut LabelInterner,
    ) -> Result<Record, LineError> {
        let labels =
            interner.intern(LabelNames::from_all(self.labels.each_ref().map(|name| &**name)))?;
        let timestamp = match &self.timestamp {
            Some(text) => parse_timestamp(text)?,
            None if self.event_id.is_some() => return Err(LineError::EventIdWithoutTimestamp),
            None => now,
        };
        let mut usage = Usage::new(TokenCounts::new(), timestamp);
        let mut has_kinds = false;
        for (measure, count) in Measure::ALL.into_iter().zip(self.counts) {
            if let Some(count) = count {
                usage = usage.with(measure, count.small(Field::Count(measure))?);
                has_kinds |= measure.is_tokens();
            }
        }
        let tokens = self.tokens.map(|tokens| tokens.whole(Field::Tokens)).transpose()?;
        usage.tokens = resolve(tokens, has_kinds.then_some(usage.tokens))?;
        let record = Record::new(labels, usage)?;
        Ok(match self.event_id {
            Some(id) => record.with_event_id(EventId::new(id)?),
            None => record,
        })
    }
}

/// `tokens` alone is a total of unknown kinds; beside counts by kind it must be their sum, and may be as
/// large.
fn resolve(tokens: Option<u64>, kinds: Option<TokenCounts>) -> Result<TokenCounts, LineError> {
    match (kinds, tokens) {
        (None, None) => Err(LineError::NoTokens),
        (None, Some(total)) => Ok(TokenCounts::unclassified(small(total, Field::Tokens)?)),
        (Some(kinds), Some(tokens)) if tokens != kinds.total() => {
            // What is wrong with the kinds themselves is wrong whatever their sum.
            kinds.validate()?;
            Err(LineError::TokensDisagree { tokens, sum: kinds.total() })
        }
        (Some(kinds), _) => Ok(kinds),
    }
}

/// Returns whether a form writes the counts by kind: not where there is only a total, or nothing at all.
pub(super) fn has_kinds(counts: &Counts) -> bool {
    let mut kinds =
        Measure::ALL.into_iter().filter(|kind| kind.is_tokens() && !kind.is_bare_total());
    kinds.any(|kind| counts.get(kind) > 0)
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
