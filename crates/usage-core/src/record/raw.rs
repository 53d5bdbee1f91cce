//! A record as a text form gives it, and the checks that make a record of it: the same for JSON and
//! for CSV, with the same complaints. Fields and their names come from the lists.

use std::borrow::Cow;
use std::fmt;

use chrono::DateTime;
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::context::MAX_TAGS;
use super::line_error::LineError;
use super::{
    Context, Counts, EventId, Field, Label, LabelInterner, LabelNames, MAX_COUNT, Measure, Money,
    MoneyError, Outcome, Quality, Record, RecordError, TokenCounts, Usage,
};
use crate::Timestamp;

/// A record as it stands in the text, before anything is checked that needs the field's name to
/// complain well.
#[derive(Default)]
pub(super) struct RawRecord<'a> {
    labels: [Cow<'a, str>; Label::COUNT],
    tokens: Option<RawCount>,
    counts: [Option<RawCount>; Measure::NUMBERS],
    timestamp: Option<Cow<'a, str>>,
    event_id: Option<Cow<'a, str>>,
    alias_id: Option<Cow<'a, str>>,
    revision: Option<RawCount>,
    session_id: Option<Cow<'a, str>>,
    tags: RawTags<'a>,
    outcome: Option<Cow<'a, str>>,
    quality: Option<Cow<'a, str>>,
    inconsistent: Option<Word<'a>>,
    stated_cost: Option<RawCost>,
    time_stated: Option<Word<'a>>,
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
                        Field::AliasId => raw.alias_id = text(map.next_value()?),
                        Field::Revision => raw.revision = map.next_value()?,
                        Field::SessionId => raw.session_id = text(map.next_value()?),
                        Field::Tags => {
                            raw.tags = map.next_value::<Option<_>>()?.unwrap_or_default()
                        }
                        Field::Outcome => raw.outcome = text(map.next_value()?),
                        Field::Quality => raw.quality = text(map.next_value()?),
                        Field::Inconsistent => raw.inconsistent = map.next_value()?,
                        Field::StatedCost => raw.stated_cost = map.next_value()?,
                        Field::TimeStated => raw.time_stated = map.next_value()?,
                    }
                }
                // The labels that every line has are the first fields.
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

/// Tags as they stand in the text: a JSON object of texts.
#[derive(Default)]
struct RawTags<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'de> Deserialize<'de> for RawTags<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Tags;
        impl<'de> Visitor<'de> for Tags {
            type Value = RawTags<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object of texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawTags<'de>, A::Error> {
                let mut tags = Vec::new();
                // As many as there may be and one more, which says that there are too many.
                while let Some((Text(key), Text(value))) = map.next_entry()? {
                    if tags.len() <= MAX_TAGS {
                        tags.push((key, value));
                    }
                }
                Ok(RawTags(tags))
            }
        }
        deserializer.deserialize_map(Tags)
    }
}

/// Yes or no, or what stands in its place.
enum Word<'a> {
    Is(bool),
    Other(Cow<'a, str>),
}

impl<'de> Deserialize<'de> for Word<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        bool::deserialize(deserializer).map(Self::Is)
    }
}

impl Word<'_> {
    #[cfg(feature = "csv")]
    fn of_text(text: Cow<'_, str>) -> Word<'_> {
        match &*text {
            "true" => Word::Is(true),
            "false" => Word::Is(false),
            _ => Word::Other(text),
        }
    }

    fn is(self, field: Field) -> Result<bool, LineError> {
        match self {
            Self::Is(is) => Ok(is),
            Self::Other(found) => Err(not_a_word(field, &found, ["true", "false"])),
        }
    }
}

/// The one of a few words that stands in a field.
fn word<T: Copy, const N: usize>(
    field: Field,
    text: Option<&str>,
    all: [T; N],
    name: fn(T) -> &'static str,
) -> Result<Option<T>, LineError> {
    let Some(text) = text else { return Ok(None) };
    let found = all.into_iter().find(|one| name(*one) == text);
    found.map(Some).ok_or_else(|| not_a_word(field, text, all.map(name)))
}

fn not_a_word<const N: usize>(field: Field, found: &str, all: [&str; N]) -> LineError {
    let (found, accepted) = (shortened(found, VALUE_CHARS).into_owned(), all.join(", "));
    LineError::NotAWord { field, found, accepted }
}

/// An amount of money, or what stands in its place.
struct RawCost(Result<Money, (String, MoneyError)>);

impl RawCost {
    fn of_text(text: &str) -> Self {
        Self(text.parse().map_err(|reason| (shortened(text, VALUE_CHARS).into_owned(), reason)))
    }

    fn of_float(dollars: f64) -> Self {
        let money = Money::from_dollars(dollars);
        Self(money.ok_or_else(|| {
            let is_large = dollars > 0.0;
            let reason = if is_large { MoneyError::TooLarge } else { MoneyError::NotANumber };
            (format!("{dollars:?}"), reason)
        }))
    }

    fn money(self) -> Result<Money, LineError> {
        self.0.map_err(|(found, reason)| LineError::NotMoney { found, reason })
    }
}

impl<'de> Deserialize<'de> for RawCost {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Cost;
        impl Visitor<'_> for Cost {
            type Value = RawCost;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a decimal number of dollars as a text")
            }
            fn visit_u64<E>(self, dollars: u64) -> Result<RawCost, E> {
                Ok(RawCost::of_text(&dollars.to_string()))
            }
            fn visit_i64<E>(self, dollars: i64) -> Result<RawCost, E> {
                Ok(RawCost::of_text(&dollars.to_string()))
            }
            fn visit_f64<E>(self, dollars: f64) -> Result<RawCost, E> {
                Ok(RawCost::of_float(dollars))
            }
            fn visit_str<E>(self, text: &str) -> Result<RawCost, E> {
                Ok(RawCost::of_text(text))
            }
        }
        deserializer.deserialize_any(Cost)
    }
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

/// Not empty, as [`LineError`] wants a missing text to be.
fn filled<'t>(text: Option<&'t Cow<'_, str>>) -> Option<&'t str> {
    text.map(|text| &**text).filter(|text| !text.is_empty())
}

impl<'a> RawRecord<'a> {
    /// Sets a field from a form that has only texts. What may be missing is missing where it is empty.
    #[cfg(feature = "csv")]
    pub(super) fn set(&mut self, field: Field, text: Cow<'a, str>) -> Result<(), LineError> {
        let filled = (!text.is_empty()).then_some(&text);
        match field {
            Field::Label(label) => self.labels[label as usize] = text,
            Field::Tokens => self.tokens = filled.map(|text| RawCount::of_text(text)),
            Field::Count(measure) => {
                self.counts[measure as usize] = filled.map(|text| RawCount::of_text(text));
            }
            Field::Timestamp => self.timestamp = filled.cloned(),
            Field::EventId => self.event_id = filled.cloned(),
            Field::AliasId => self.alias_id = filled.cloned(),
            Field::Revision => self.revision = filled.map(|text| RawCount::of_text(text)),
            Field::SessionId => self.session_id = filled.cloned(),
            Field::Tags => return self.set_tags(&text),
            Field::Outcome => self.outcome = filled.cloned(),
            Field::Quality => self.quality = filled.cloned(),
            Field::Inconsistent => self.inconsistent = filled.cloned().map(Word::of_text),
            Field::StatedCost => self.stated_cost = filled.map(|text| RawCost::of_text(text)),
            Field::TimeStated => self.time_stated = filled.cloned().map(Word::of_text),
        }
        Ok(())
    }

    /// Tags are one JSON object.
    #[cfg(feature = "csv")]
    fn set_tags(&mut self, text: &str) -> Result<(), LineError> {
        if text.is_empty() {
            return Ok(());
        }
        let tags: RawTags<'_> = serde_json::from_str(text).map_err(|_| {
            let found = shortened(text, VALUE_CHARS).into_owned();
            LineError::NotTags { found }
        })?;
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        self.tags.0 = tags.0.into_iter().map(|(key, value)| (owned(key), owned(value))).collect();
        Ok(())
    }

    /// Checks everything. `now` is the timestamp of a record that has none.
    pub(super) fn into_record(
        self,
        now: Timestamp,
        interner: &mut LabelInterner,
    ) -> Result<Record, LineError> {
        let labels =
            interner.intern(LabelNames::from_all(self.labels.each_ref().map(|name| &**name)))?;
        let (timestamp, was_stated) = match &self.timestamp {
            Some(text) => (parse_timestamp(text)?, true),
            None => (now, false),
        };
        let mut usage = Usage::new(TokenCounts::new(), timestamp);
        let mut has_kinds = false;
        for (measure, count) in Measure::ALL.into_iter().zip(self.counts) {
            if let Some(count) = count {
                let field = Field::Count(measure);
                usage = usage.with(measure, count.small(field)?);
                has_kinds |= measure.is_tokens();
            }
        }
        let tokens = self.tokens.map(|tokens| tokens.whole(Field::Tokens)).transpose()?;
        usage.tokens = resolve(tokens, has_kinds.then_some(usage.tokens))?;
        let outcome = filled(self.outcome.as_ref());
        let outcome = word(Field::Outcome, outcome, Outcome::ALL, Outcome::name)?;
        usage.outcome = outcome.unwrap_or_default();
        let quality = filled(self.quality.as_ref());
        let quality = word(Field::Quality, quality, Quality::ALL, Quality::name)?;
        usage.quality = quality.unwrap_or_default();
        let is = |word: Option<Word<'_>>, field| word.map(|word| word.is(field)).transpose();
        usage.is_inconsistent = is(self.inconsistent, Field::Inconsistent)?.unwrap_or_default();
        usage.stated_cost = self.stated_cost.map(RawCost::money).transpose()?;
        if let Some(revision) = self.revision {
            let revision = small(revision.whole(Field::Revision)?, Field::Revision)?;
            usage.revision = u32::try_from(revision).unwrap_or(u32::MAX);
        }
        // A record without an event id is told once: when it came is when it was, as it ever was.
        let is_told_once = self.event_id.is_none();
        let is_stated = is(self.time_stated, Field::TimeStated)?;
        usage.is_time_stated =
            is_stated.unwrap_or(was_stated || is_told_once) && (was_stated || is_told_once);
        let session_id = self.session_id.as_deref().unwrap_or_default();
        let context =
            Context::new(session_id, self.tags.0.iter().map(|(key, value)| (&**key, &**value)))?;
        let record = Record::new(labels, usage)?.with_context(context);
        let id_in = |field, id| EventId::in_field(field, id);
        Ok(match (self.event_id, self.alias_id) {
            (None, None) => record,
            (None, Some(_)) => return Err(RecordError::AliasWithoutEventId.into()),
            (Some(id), None) => record.with_event_id(id_in(Field::EventId, id)?),
            (Some(id), Some(alias)) => record
                .with_event_id(id_in(Field::EventId, id)?)
                .with_alias_id(id_in(Field::AliasId, alias)?),
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
