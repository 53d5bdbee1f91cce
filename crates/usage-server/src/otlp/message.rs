//! The messages of OTLP, as far as they are read: what is not declared here, such as the bodies of logs, is skipped
//! unread. Texts are bytes, so that one that is no UTF-8 costs itself and nothing else.

use bytes::Bytes;
use prost::{Message, Oneof};

/// All that one request sends of one signal: the three of them have one shape.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Export<T> {
    pub(crate) groups: Vec<ResourceGroup<T>>,
}

/// All that one resource, such as an agent, tells.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ResourceGroup<T> {
    pub(crate) attributes: Vec<KeyValue>,
    pub(crate) scopes: Vec<ScopeGroup<T>>,
}

/// All that one scope of it tells.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ScopeGroup<T> {
    pub(crate) scope: Bytes,
    /// `None` for what could not be read.
    pub(crate) items: Vec<Option<T>>,
}

/// Derived, they would ask for a default of the items.
impl<T> Default for Export<T> {
    fn default() -> Self {
        Self { groups: Vec::new() }
    }
}

impl<T> Default for ResourceGroup<T> {
    fn default() -> Self {
        Self { attributes: Vec::new(), scopes: Vec::new() }
    }
}

impl<T> Default for ScopeGroup<T> {
    fn default() -> Self {
        Self { scope: Bytes::new(), items: Vec::new() }
    }
}

/// A log record.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Log {
    #[prost(fixed64, tag = "1")]
    pub(crate) time: u64,
    #[prost(message, repeated, tag = "6")]
    pub(crate) attributes: Vec<KeyValue>,
    #[prost(bytes = "bytes", tag = "9")]
    pub(crate) trace_id: Bytes,
    #[prost(bytes = "bytes", tag = "10")]
    pub(crate) span_id: Bytes,
    #[prost(fixed64, tag = "11")]
    pub(crate) observed_time: u64,
    #[prost(bytes = "bytes", tag = "12")]
    pub(crate) event_name: Bytes,
}

/// A span.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Span {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) trace_id: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    pub(crate) span_id: Bytes,
    #[prost(bytes = "bytes", tag = "5")]
    pub(crate) name: Bytes,
    #[prost(int32, tag = "6")]
    pub(crate) kind: i32,
    #[prost(fixed64, tag = "7")]
    pub(crate) start: u64,
    #[prost(fixed64, tag = "8")]
    pub(crate) end: u64,
    #[prost(message, repeated, tag = "9")]
    pub(crate) attributes: Vec<KeyValue>,
    #[prost(message, optional, tag = "15")]
    pub(crate) status: Option<Status>,
}

/// The status of a span.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(crate) struct Status {
    #[prost(int32, tag = "3")]
    pub(crate) code: i32,
}

/// A metric. Its points are counted, not read: they are totals.
#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct Metric {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) name: Bytes,
}

/// An attribute.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct KeyValue {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) key: Bytes,
    #[prost(message, optional, tag = "2")]
    pub(crate) value: Option<AnyValue>,
}

/// The value of an attribute; nothing where it is a list, a map or bytes, as nothing that is read is one.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct AnyValue {
    #[prost(oneof = "Scalar", tags = "1, 2, 3, 4")]
    pub(crate) scalar: Option<Scalar>,
}

/// A value that is one thing.
#[derive(Clone, PartialEq, Oneof)]
pub(crate) enum Scalar {
    /// A text.
    #[prost(bytes = "bytes", tag = "1")]
    Text(Bytes),
    /// A truth.
    #[prost(bool, tag = "2")]
    Bool(bool),
    /// A whole number.
    #[prost(int64, tag = "3")]
    Int(i64),
    /// A float.
    #[prost(double, tag = "4")]
    Float(f64),
}
