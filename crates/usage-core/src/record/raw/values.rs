//! Values of fields as they stand in a text, or what stands in their place, so that a complaint can name the field.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use crate::record::line_error::LineError;
use crate::record::{Field, MAX_COUNT, MAX_TAGS, Money, MoneyError};

/// A text, borrowed from the line where it has no escapes.
#[derive(Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// Tags as they stand in the text: a JSON object of texts.
#[derive(Default)]
pub(in crate::record) struct RawTags<'a>(pub(in crate::record) Vec<(Cow<'a, str>, Cow<'a, str>)>);

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
pub(super) enum Word<'a> {
    Is(bool),
    Other(Cow<'a, str>),
}

impl<'de> Deserialize<'de> for Word<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct YesOrNo;
        impl<'de> Visitor<'de> for YesOrNo {
            type Value = Word<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true or false")
            }
            fn visit_bool<E>(self, is: bool) -> Result<Word<'de>, E> {
                Ok(Word::Is(is))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Word<'de>, E> {
                Ok(Word::Other(number.to_string().into()))
            }
            fn visit_str<E>(self, text: &str) -> Result<Word<'de>, E> {
                Ok(Word::Other(text.to_owned().into()))
            }
        }
        deserializer.deserialize_any(YesOrNo)
    }
}

impl Word<'_> {
    /// Reads a cell of a table, whatever its case: spreadsheets write `TRUE`.
    #[cfg(feature = "csv")]
    pub(super) fn of_text(text: Cow<'_, str>) -> Word<'_> {
        let is = |word: &str| text.eq_ignore_ascii_case(word);
        match (is("true"), is("false")) {
            (false, false) => Word::Other(text),
            (yes, _) => Word::Is(yes),
        }
    }

    pub(super) fn is(self, field: Field) -> Result<bool, LineError> {
        match self {
            Self::Is(is) => Ok(is),
            Self::Other(found) => Err(not_a_word(field, &found, ["true", "false"])),
        }
    }
}

/// The one of a few words that stands in a field.
pub(super) fn word<T: Copy, const N: usize>(
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
pub(super) struct RawCost(Result<Money, (String, MoneyError)>);

impl RawCost {
    pub(super) fn of_text(text: &str) -> Self {
        Self(text.parse().map_err(|reason| (format!("{:?}", shortened(text, VALUE_CHARS)), reason)))
    }

    fn of_whole(dollars: i128) -> Self {
        let text = dollars.to_string();
        Self(text.parse().map_err(|reason| (text, reason)))
    }

    fn of_float(dollars: f64) -> Self {
        let money = Money::from_dollars(dollars);
        Self(money.ok_or_else(|| {
            let is_large = dollars > 0.0;
            let reason = if is_large { MoneyError::TooLarge } else { MoneyError::NotANumber };
            (format!("{dollars:?}"), reason)
        }))
    }

    pub(super) fn money(self) -> Result<Money, LineError> {
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
                Ok(RawCost::of_whole(dollars.into()))
            }
            fn visit_i64<E>(self, dollars: i64) -> Result<RawCost, E> {
                Ok(RawCost::of_whole(dollars.into()))
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

    pub(super) fn whole(self, field: Field) -> Result<u64, LineError> {
        match self {
            Self::Whole(count) => Ok(count),
            Self::Other(found) => Err(LineError::NotACount { field, found }),
        }
    }

    pub(super) fn small(self, field: Field) -> Result<u64, LineError> {
        small(self.whole(field)?, field)
    }
}

/// At most [`MAX_COUNT`].
pub(super) fn small(count: u64, field: Field) -> Result<u64, LineError> {
    if count <= u64::from(MAX_COUNT) {
        return Ok(count);
    }
    Err(LineError::NotACount { field, found: count.to_string() })
}

/// The number of characters of a value that a message quotes.
pub(in crate::record) const VALUE_CHARS: usize = 100;

/// At most `max` characters of a text from outside, so that a message stays one readable line.
pub(in crate::record) fn shortened(text: &str, max: usize) -> Cow<'_, str> {
    match text.char_indices().nth(max) {
        Some((end, _)) => Cow::Owned(format!("{}...", &text[..end])),
        None => Cow::Borrowed(text),
    }
}
