//! A value of JSON, whatever kind it is of.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::message::Scalar;

/// A value of JSON that is one thing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Loose<'de> {
    /// Nothing, or a list or an object, where neither is looked for.
    Nothing,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Cow<'de, str>),
}

impl Loose<'_> {
    /// Returns a text; a number as its digits.
    pub(super) fn text(self) -> Bytes {
        match self {
            Self::Nothing => Bytes::new(),
            Self::Bool(truth) => truth.to_string().into(),
            Self::Int(number) => number.to_string().into(),
            Self::Float(number) => number.to_string().into(),
            Self::Text(text) => text.into_owned().into(),
        }
    }

    /// Returns a text that is not empty, and nothing where there is none.
    pub(crate) fn into_text(self) -> Option<String> {
        let text = String::from_utf8_lossy(&self.text()).into_owned();
        Some(text).filter(|text| !text.is_empty())
    }

    /// Returns a number, also one that was sent as a text.
    pub(crate) fn float(self) -> Option<f64> {
        match self {
            Self::Float(number) => Some(number),
            Self::Int(_) | Self::Text(_) => String::from_utf8_lossy(&self.text()).parse().ok(),
            Self::Nothing | Self::Bool(_) => None,
        }
    }

    /// Returns a whole number from 0 on, 0 where it is none.
    pub(super) fn count(self) -> u64 {
        match self {
            Self::Int(number) => u64::try_from(number).unwrap_or(0),
            Self::Text(text) => text.trim().parse().unwrap_or(0),
            _ => 0,
        }
    }

    pub(crate) fn truth(self) -> Option<bool> {
        match self {
            Self::Bool(truth) => Some(truth),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// Returns a number; what is sent as text and is no whole number stays one, exact. Nothing where there is none.
    pub(super) fn number(self) -> Option<Scalar> {
        match self {
            Self::Int(number) => Some(Scalar::Int(number)),
            Self::Float(number) => Some(Scalar::Float(number)),
            Self::Text(text) if text.trim().is_empty() => None,
            Self::Text(text) => Some(match text.parse() {
                Ok(number) => Scalar::Int(number),
                Err(_) => Scalar::Text(text.into_owned().into()),
            }),
            Self::Nothing | Self::Bool(_) => None,
        }
    }

    /// Returns an id: the bytes that hexadecimal digits stand for, anything else as it is.
    pub(super) fn id(self) -> Bytes {
        let text = self.text();
        let digits = text.len().is_multiple_of(2).then(|| text.as_chunks::<2>().0);
        let bytes = digits.and_then(|digits| {
            let byte =
                |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
            digits.iter().map(byte).collect::<Option<Vec<_>>>()
        });
        bytes.map_or(text, Bytes::from)
    }

    /// Returns the number of an enumeration, which may be sent as its word.
    pub(super) fn one_of(self, words: &[&str]) -> i32 {
        let number = match &self {
            Self::Text(text) => words.iter().position(|word| *word == *text),
            _ => None,
        };
        number.and_then(|at| i32::try_from(at).ok()).unwrap_or_else(|| {
            let number = self.count();
            i32::try_from(number).unwrap_or(0)
        })
    }
}

impl<'de> Deserialize<'de> for Loose<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OfAny)
    }
}

struct OfAny;

impl<'de> Visitor<'de> for OfAny {
    type Value = Loose<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Self::Value, E> {
        Ok(Loose::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Loose::Int(number))
    }

    /// What is beyond all times and counts is kept as its digits.
    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(number)
            .map_or_else(|_| Loose::Text(number.to_string().into()), Loose::Int))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Loose::Float(number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Loose::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Loose::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Loose::Nothing)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Loose::Nothing)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Loose::Nothing)
    }
}
