//! OTLP in JSON, as leniently as it is sent: names in both spellings, numbers as texts, texts as numbers, nothing where
//! something should be, fields that nobody knows. Only what is no JSON at all is an error; an item that is none costs
//! itself.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::Signal;
use super::message::{
    AnyValue, Export, KeyValue, Log, Metric, ResourceGroup, Scalar, ScopeGroup, Span, Status,
};
use super::value::Loose;

/// Reads a body, and says of which signal it is; nothing where it does not say.
pub(super) fn read<T: Fields>(body: &[u8]) -> Result<Export<T>, serde_json::Error> {
    parse(body)?.ok_or_else(|| Error::custom("expected an object"))
}

/// Returns the signal that a body is of; nothing where it does not say.
pub(super) fn signal(body: &[u8]) -> Result<Option<Signal>, serde_json::Error> {
    Ok(parse::<Names>(body)?.and_then(|names| names.0))
}

/// Reads one message; nothing where something else than an object stands.
pub(crate) fn parse<T: Fields>(text: &[u8]) -> Result<Option<T>, serde_json::Error> {
    let text = String::from_utf8_lossy(text);
    let read: Lenient<T> = serde_json::from_str(&text)?;
    Ok(read.0)
}

/// A message that is read field by field.
pub(crate) trait Fields: Default {
    /// Takes the value of a field from the map; what it does not know it passes over.
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error>;
}

/// A message, or nothing where something else stands.
struct Lenient<T>(Option<T>);

impl<'de, T: Fields> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OfObject(PhantomData)).map(Self)
    }
}

struct OfObject<T>(PhantomData<T>);

impl<'de, T: Fields> Visitor<'de> for OfObject<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<T>, A::Error> {
        let mut message = T::default();
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            message.field(&name, &mut map)?;
        }
        Ok(Some(message))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Option<T>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Option<T>, E> {
        Ok(None)
    }
}

/// A list of messages, with nothing for each element that is none; no elements where something else stands.
struct List<T>(Vec<Option<T>>);

impl<'de, T: Fields> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OfList(PhantomData)).map(Self)
    }
}

struct OfList<T>(PhantomData<T>);

impl<'de, T: Fields> Visitor<'de> for OfList<T> {
    type Value = Vec<Option<T>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Lenient(element)) = seq.next_element()? {
            list.push(element);
        }
        Ok(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Vec::new())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }
}

/// The messages of a list, without what is none.
fn messages<'de, T: Fields, A: MapAccess<'de>>(map: &mut A) -> Result<Vec<T>, A::Error> {
    Ok(map.next_value::<List<T>>()?.0.into_iter().flatten().collect())
}

pub(crate) fn message<'de, T: Fields, A: MapAccess<'de>>(map: &mut A) -> Result<T, A::Error> {
    Ok(map.next_value::<Lenient<T>>()?.0.unwrap_or_default())
}

pub(crate) fn loose<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Loose<'de>, A::Error> {
    map.next_value()
}

pub(crate) fn skip<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<IgnoredAny>().map(|_| ())
}

/// The signal that the names of a body's fields stand for.
#[derive(Default)]
struct Names(Option<Signal>);

impl Fields for Names {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        self.0 = self.0.or(match name {
            "resourceLogs" | "resource_logs" => Some(Signal::Logs),
            "resourceSpans" | "resource_spans" => Some(Signal::Traces),
            "resourceMetrics" | "resource_metrics" => Some(Signal::Metrics),
            _ => None,
        });
        skip(map)
    }
}

impl<T: Fields> Fields for Export<T> {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "resourceLogs" | "resource_logs" | "resourceSpans" | "resource_spans"
            | "resourceMetrics" | "resource_metrics" => self.groups.extend(messages(map)?),
            _ => skip(map)?,
        }
        Ok(())
    }
}

impl<T: Fields> Fields for ResourceGroup<T> {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "resource" => self.attributes = message::<Resource, A>(map)?.attributes,
            "scopeLogs" | "scope_logs" | "scopeSpans" | "scope_spans" | "scopeMetrics"
            | "scope_metrics" => self.scopes = messages(map)?,
            _ => skip(map)?,
        }
        Ok(())
    }
}

impl<T: Fields> Fields for ScopeGroup<T> {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "scope" => self.scope = message::<Scope, A>(map)?.name,
            "logRecords" | "log_records" | "spans" | "metrics" => {
                self.items = map.next_value::<List<T>>()?.0;
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

#[derive(Default)]
struct Resource {
    attributes: Vec<KeyValue>,
}

impl Fields for Resource {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "attributes" => self.attributes = messages(map)?,
            _ => skip(map)?,
        }
        Ok(())
    }
}

#[derive(Default)]
struct Scope {
    name: Bytes,
}

impl Fields for Scope {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "name" => self.name = loose(map)?.text(),
            _ => skip(map)?,
        }
        Ok(())
    }
}

impl Fields for Log {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "timeUnixNano" | "time_unix_nano" => self.time = loose(map)?.count(),
            "observedTimeUnixNano" | "observed_time_unix_nano" => {
                self.observed_time = loose(map)?.count();
            }
            "attributes" => self.attributes = messages(map)?,
            "traceId" | "trace_id" => self.trace_id = loose(map)?.id(),
            "spanId" | "span_id" => self.span_id = loose(map)?.id(),
            "eventName" | "event_name" => self.event_name = loose(map)?.text(),
            _ => skip(map)?,
        }
        Ok(())
    }
}

impl Fields for Span {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "traceId" | "trace_id" => self.trace_id = loose(map)?.id(),
            "spanId" | "span_id" => self.span_id = loose(map)?.id(),
            "name" => self.name = loose(map)?.text(),
            "kind" => self.kind = loose(map)?.one_of(KINDS),
            "startTimeUnixNano" | "start_time_unix_nano" => self.start = loose(map)?.count(),
            "endTimeUnixNano" | "end_time_unix_nano" => self.end = loose(map)?.count(),
            "attributes" => self.attributes = messages(map)?,
            "status" => self.status = map.next_value::<Lenient<Status>>()?.0,
            _ => skip(map)?,
        }
        Ok(())
    }
}

/// The words for kinds of spans, in the order of their numbers.
const KINDS: &[&str] = &[
    "SPAN_KIND_UNSPECIFIED",
    "SPAN_KIND_INTERNAL",
    "SPAN_KIND_SERVER",
    "SPAN_KIND_CLIENT",
    "SPAN_KIND_PRODUCER",
    "SPAN_KIND_CONSUMER",
];

impl Fields for Status {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "code" => {
                let words = &["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"];
                self.code = loose(map)?.one_of(words);
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

impl Fields for Metric {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "name" => self.name = loose(map)?.text(),
            _ => skip(map)?,
        }
        Ok(())
    }
}

impl Fields for KeyValue {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "key" => self.key = loose(map)?.text(),
            // A prompt, or whatever else nothing is made of, is passed over unread, if its name is known by now.
            "value" if !self.key.is_empty() && !super::matters(&self.key) => skip(map)?,
            "value" => self.value = Some(message(map)?),
            _ => skip(map)?,
        }
        Ok(())
    }
}

impl Fields for AnyValue {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "stringValue" | "string_value" => {
                self.scalar = Some(Scalar::Text(loose(map)?.text()));
            }
            "boolValue" | "bool_value" => self.scalar = loose(map)?.truth().map(Scalar::Bool),
            // What is no number stays a text, and is told as a count that is none.
            "intValue" | "int_value" | "doubleValue" | "double_value" => {
                self.scalar = loose(map)?.number();
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}
