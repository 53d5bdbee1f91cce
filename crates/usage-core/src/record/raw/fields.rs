//! A record as the fields of one JSON object.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::RawRecord;
use super::values::{Text, VALUE_CHARS, shortened};
use crate::record::{Field, Label};

/// Fields that no record has: whether they are passed over, and their names.
#[derive(Debug, Default)]
pub(in crate::record) struct Unknown {
    pub(in crate::record) are_ignored: bool,
    /// Shortened. Where they are not passed over, the first one ends the reading.
    pub(in crate::record) names: Vec<String>,
    /// The field whose value is being read, for who complains about it.
    pub(in crate::record) at: Option<Field>,
}

/// Reads fields in any order, each once, and none missing of those that every record has.
pub(in crate::record) struct FieldsOf<'u>(pub(in crate::record) &'u mut Unknown);

impl<'de> DeserializeSeed<'de> for FieldsOf<'_> {
    type Value = RawRecord<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for FieldsOf<'_> {
    type Value = RawRecord<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawRecord<'de>, A::Error> {
        let Self(unknown) = self;
        // A bit for each field, by its place in the list.
        let (mut raw, mut seen) = (RawRecord::default(), 0_u64);
        let mut next = 0;
        while let Some(key) = map.next_key_seed(KeyFrom(next))? {
            let place = match key {
                Key::Known(place) => place,
                Key::Unknown(name) if name == Field::COST => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
                Key::Unknown(name) => {
                    unknown.names.push(name);
                    if !unknown.are_ignored {
                        return Err(Error::custom("unknown field"));
                    }
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            let (field, bit) = (Field::ALL[place], 1 << place);
            if seen & bit != 0 {
                return Err(Error::duplicate_field(field.name()));
            }
            seen |= bit;
            next = place + 1;
            unknown.at = Some(field);
            raw.read(field, &mut map)?;
            unknown.at = None;
        }
        // The labels that every line has are the first fields.
        let is_missing = |label: &Label| label.is_required() && seen & (1 << *label as u32) == 0;
        match Label::ALL.into_iter().find(is_missing) {
            Some(missing) => Err(Error::missing_field(missing.field())),
            None => Ok(raw),
        }
    }
}

impl<'de> RawRecord<'de> {
    /// Reads the value of a field. `null` is as good as a missing field where one may be missing.
    fn read<A: MapAccess<'de>>(&mut self, field: Field, map: &mut A) -> Result<(), A::Error> {
        let text = |text: Option<Text<'de>>| text.map(|Text(text)| text);
        match field {
            Field::Label(label) if label.is_required() => {
                let Text(name) = map.next_value()?;
                self.labels[label as usize] = name;
            }
            Field::Label(label) => {
                self.labels[label as usize] = text(map.next_value()?).unwrap_or_default();
            }
            Field::Tokens => self.tokens = map.next_value()?,
            Field::Count(measure) => self.counts[measure as usize] = map.next_value()?,
            Field::Timestamp => self.timestamp = text(map.next_value()?),
            Field::EventId => self.event_id = text(map.next_value()?),
            Field::AliasId => self.alias_id = text(map.next_value()?),
            Field::Revision => self.revision = map.next_value()?,
            Field::SessionId => self.session_id = text(map.next_value()?),
            Field::Tags => self.tags = map.next_value::<Option<_>>()?.unwrap_or_default(),
            Field::Outcome => self.outcome = text(map.next_value()?),
            Field::Quality => self.quality = text(map.next_value()?),
            Field::Inconsistent => self.inconsistent = map.next_value()?,
            Field::StatedCost => self.stated_cost = map.next_value()?,
            Field::TimeStated => self.time_stated = map.next_value()?,
        }
        Ok(())
    }
}

/// The name of a field.
enum Key {
    /// By its place in [`Field::ALL`].
    Known(usize),
    /// Of no field, shortened.
    Unknown(String),
}

/// Reads a name, which is looked for from a place in [`Field::ALL`] on, as most lines are in that order.
struct KeyFrom(usize);

impl<'de> DeserializeSeed<'de> for KeyFrom {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for KeyFrom {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("field identifier")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Key, E> {
        let (before, rest) = Field::NAMES.split_at(self.0);
        let is = |known: &&str| *known == name;
        let behind = rest.iter().position(is).map(|place| self.0 + place);
        let unknown = || Key::Unknown(shortened(name, VALUE_CHARS).into_owned());
        Ok(behind.or_else(|| before.iter().position(is)).map_or_else(unknown, Key::Known))
    }
}
