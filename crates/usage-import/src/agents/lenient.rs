//! Values of JSON that may be anything: what is not of the kind that is asked for is a fact of the row, and not
//! the end of it.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use chrono::DateTime;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use usage_core::{Money, Timestamp};
use usage_providers::{Remainder, pico_dollars, pico_dollars_of};

/// A value of any kind of JSON.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Scalar<'a> {
    /// None, or `null`.
    #[default]
    Nothing,
    /// A whole number that is not negative.
    Count(u64),
    /// Any other number.
    Float(f64),
    /// A text.
    Text(Cow<'a, str>),
    /// A truth.
    Bool(bool),
    /// An object or a list.
    Other,
}

impl<'a> Scalar<'a> {
    /// Returns a count, 0 where there is none; a value that is none marks the whole.
    pub(super) fn count(&self, rule: &mut Remainder) -> u64 {
        self.stated(rule).unwrap_or(0)
    }

    /// Returns a count where there is one; a value that is none marks the whole.
    pub(super) fn stated(&self, rule: &mut Remainder) -> Option<u64> {
        let count = match self {
            Self::Nothing => return None,
            Self::Count(count) => Some(*count),
            Self::Float(number) => whole(*number),
            Self::Text(text) => text.trim().parse().ok(),
            Self::Bool(_) | Self::Other => None,
        };
        if count.is_none() {
            rule.mark();
        }
        count
    }

    /// Returns a text that is not empty; a number as its digits.
    pub(super) fn text(&self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) if !text.trim().is_empty() => Some(text.clone()),
            Self::Count(number) => Some(number.to_string().into()),
            _ => None,
        }
    }

    /// Returns whether it is this text.
    pub(super) fn is(&self, other: &str) -> bool {
        matches!(self, Self::Text(text) if text == other)
    }

    /// Returns a text that was not copied, or nothing.
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Text(text) => text,
            _ => "",
        }
    }

    /// Returns an amount of US dollars. An agent that knows no price writes 0, which says nothing.
    pub(super) fn dollars(&self) -> Option<Money> {
        let picos = match self {
            Self::Count(dollars) => pico_dollars(&dollars.to_string()),
            Self::Float(dollars) => pico_dollars_of(*dollars),
            Self::Text(text) => pico_dollars(text),
            _ => None,
        };
        picos.filter(|picos| *picos > 0).map(|picos| Money::from_picos(picos.into()))
    }

    /// Returns an instant: a text as RFC 3339 has it, or a number of milliseconds since 1970.
    pub(super) fn instant(&self) -> Option<Timestamp> {
        match self {
            Self::Text(text) => {
                let instant = DateTime::parse_from_rfc3339(text.trim());
                instant.ok().map(|time| Timestamp::from_micros(time.timestamp_micros()))
            }
            Self::Count(millis) => {
                i64::try_from(*millis).ok()?.checked_mul(1_000).map(Timestamp::from_micros)
            }
            Self::Float(millis) => micros(*millis * 1e3),
            _ => None,
        }
        .filter(|time| time.is_recordable() && *time > Timestamp::MIN_RECORD)
    }

    /// Returns an instant that is written as a number of seconds since 1970.
    pub(super) fn instant_of_seconds(&self) -> Option<Timestamp> {
        match self {
            Self::Count(seconds) => {
                i64::try_from(*seconds).ok()?.checked_mul(1_000_000).map(Timestamp::from_micros)
            }
            Self::Float(seconds) => micros(*seconds * 1e6),
            _ => None,
        }
        .filter(|time| time.is_recordable() && *time > Timestamp::MIN_RECORD)
    }
}

/// A whole number that a float holds exactly.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the range is checked before"
)]
fn whole(number: f64) -> Option<u64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    ((0.0..=EXACT).contains(&number) && number.fract() == 0.0).then_some(number as u64)
}

/// Microseconds in a range that records accept.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked before")]
fn micros(number: f64) -> Option<Timestamp> {
    (0.0..1e16).contains(&number).then(|| Timestamp::from_micros(number.round() as i64))
}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor(PhantomData))
    }
}

struct ScalarVisitor<'a>(PhantomData<&'a ()>);

impl<'de: 'a, 'a> Visitor<'de> for ScalarVisitor<'a> {
    type Value = Scalar<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Scalar::Nothing)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Self::Value, E> {
        Ok(Scalar::Bool(truth))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Scalar::Count(number))
    }

    #[expect(clippy::cast_precision_loss, reason = "a negative number is no count, whatever it is")]
    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Scalar::Float(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Scalar::Float(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(text.to_owned().into()))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(text.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }
}

/// An object that may be something else: then it is nothing.
#[derive(Clone, Debug)]
pub(super) struct Lax<T>(Option<T>);

impl<T> Default for Lax<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Lax<T> {
    pub(super) const fn get(&self) -> Option<&T> {
        self.0.as_ref()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Lax<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        Ok(Self(read(raw.get().as_bytes()).ok()))
    }
}

/// A list that may be something else: then it is empty.
#[derive(Clone, Debug)]
pub(super) struct List<T>(pub(super) Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?;
        Ok(Self(read_list(raw.get().as_bytes()).unwrap_or_default()))
    }
}

/// Reads a text that is an object, and nothing else. Without the look at how it begins, the values of a list would be
/// taken for those of the fields, in their order.
pub(super) fn read<'a, T: Deserialize<'a>>(text: &'a [u8]) -> Result<T, serde_json::Error> {
    match text.trim_ascii_start().first() {
        Some(b'{') | None => serde_json::from_slice(text),
        Some(_) => Err(serde::de::Error::custom("it is no object")),
    }
}

/// Reads a text that is a list, and nothing else.
pub(super) fn read_list<'a, T: Deserialize<'a>>(
    text: &'a [u8],
) -> Result<Vec<T>, serde_json::Error> {
    serde_json::from_slice(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scalar(text: &str) -> Scalar<'_> {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn counts_are_whole_and_not_negative_and_others_are_marked() {
        for (text, count, is_marked) in [
            ("12", Some(12), false),
            ("12.0", Some(12), false),
            ("\"12\"", Some(12), false),
            ("null", None, false),
            ("-1", None, true),
            ("1.5", None, true),
            ("1e300", None, true),
            ("18446744073709551616", None, true),
            ("true", None, true),
            ("{\"a\":[1]}", None, true),
            ("[[]]", None, true),
            ("\"many\"", None, true),
        ] {
            let mut rule = Remainder::default();
            assert_eq!(scalar(text).stated(&mut rule), count, "{text}");
            assert_eq!(rule.is_inconsistent(), is_marked, "{text}");
        }
    }

    #[test]
    fn instants_are_texts_or_numbers_within_reason() {
        let millis = |text: &str| scalar(text).instant().map(|time| time.as_micros() / 1_000);
        assert_eq!(millis("\"2026-11-28T11:43:29.670Z\""), Some(1_795_866_209_670));
        assert_eq!(millis("1795866209670"), Some(1_795_866_209_670));
        assert_eq!(millis("1795866209670.5"), Some(1_795_866_209_670));
        for text in ["0", "-1", "1e300", "\"yesterday\"", "99999999999999999", "{}", "null"] {
            assert_eq!(millis(text), None, "{text}");
        }
        let seconds = scalar("1770983426.420942").instant_of_seconds();
        assert_eq!(seconds.map(Timestamp::as_micros), Some(1_770_983_426_420_942));
    }

    #[test]
    fn dollars_of_zero_say_nothing() {
        let picos = |text: &str| scalar(text).dollars().map(Money::picos);
        assert_eq!(picos("0.0124725"), Some(12_472_500_000));
        assert_eq!(picos("\"1.5\""), Some(1_500_000_000_000));
        for text in ["0", "0.0", "-1", "1e300", "\"free\"", "null", "[]"] {
            assert_eq!(picos(text), None, "{text}");
        }
    }

    #[test]
    fn an_object_that_is_something_else_is_nothing() {
        #[derive(serde::Deserialize)]
        struct Row<'a> {
            #[serde(borrow, default)]
            inner: Lax<Inner<'a>>,
        }
        #[derive(serde::Deserialize)]
        struct Inner<'a> {
            #[serde(borrow, default)]
            name: Scalar<'a>,
        }
        let name = |text: &str| {
            let row: Row<'_> = serde_json::from_str(text).unwrap();
            row.inner.get().map(|inner| inner.name.as_str().to_owned())
        };
        assert_eq!(name(r#"{"inner":{"name":"a"}}"#), Some("a".to_owned()));
        assert_eq!(name(r#"{"inner":{"name":[]}}"#), Some(String::new()));
        assert_eq!(name(r#"{"inner":[1]}"#), None);
        assert_eq!(name(r#"{}"#), None);
    }
}
