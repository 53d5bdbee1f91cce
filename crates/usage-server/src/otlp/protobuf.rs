//! OTLP in protobuf. An item that cannot be read costs itself and not its batch.

use bytes::{Buf as _, Bytes};
use prost::encoding::{DecodeContext, WireType, decode_key, skip_field};
use prost::{DecodeError, Message};

use super::Signal;
use super::message::{Export, KeyValue, ResourceGroup, ScopeGroup};

/// The same numbers stand for the same things in all three signals.
#[derive(Clone, PartialEq, Message)]
struct RawExport {
    #[prost(message, repeated, tag = "1")]
    groups: Vec<RawGroup>,
}

#[derive(Clone, PartialEq, Message)]
struct RawGroup {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scopes: Vec<RawScopeGroup>,
}

#[derive(Clone, PartialEq, Message)]
struct Resource {
    #[prost(message, repeated, tag = "1")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct RawScopeGroup {
    #[prost(message, optional, tag = "1")]
    scope: Option<Scope>,
    /// Not read yet.
    #[prost(bytes = "bytes", repeated, tag = "2")]
    items: Vec<Bytes>,
}

#[derive(Clone, PartialEq, Message)]
struct Scope {
    #[prost(bytes = "bytes", tag = "1")]
    name: Bytes,
}

/// Reads a body. Its texts stay where they are in it.
pub(super) fn read<T: Message + Default>(body: Bytes) -> Result<Export<T>, DecodeError> {
    let raw = RawExport::decode(body)?;
    let group = |raw: RawGroup| ResourceGroup {
        attributes: raw.resource.map(|resource| resource.attributes).unwrap_or_default(),
        scopes: raw.scopes.into_iter().map(scope_group).collect(),
    };
    Ok(Export { groups: raw.groups.into_iter().map(group).collect() })
}

fn scope_group<T: Message + Default>(raw: RawScopeGroup) -> ScopeGroup<T> {
    ScopeGroup {
        scope: raw.scope.map(|scope| scope.name).unwrap_or_default(),
        items: raw.items.into_iter().map(|item| T::decode(item).ok()).collect(),
    }
}

/// Writes a body, for tests to read.
#[cfg(test)]
pub(super) fn write<T: Message>(export: &Export<T>) -> Vec<u8> {
    let scope_group = |of: &ScopeGroup<T>| RawScopeGroup {
        scope: Some(Scope { name: of.scope.clone() }),
        items: of.items.iter().flatten().map(|item| item.encode_to_vec().into()).collect(),
    };
    let group = |of: &ResourceGroup<T>| RawGroup {
        resource: Some(Resource { attributes: of.attributes.clone() }),
        scopes: of.scopes.iter().map(scope_group).collect(),
    };
    RawExport { groups: export.groups.iter().map(group).collect() }.encode_to_vec()
}

/// Returns the signal that a body is of, by what its items have; nothing where they do not say.
pub(super) fn signal(body: Bytes) -> Result<Option<Signal>, DecodeError> {
    let raw = RawExport::decode(body)?;
    let mut items = raw.groups.into_iter().flat_map(|group| group.scopes).flat_map(|of| of.items);
    Ok(items.find_map(signal_of))
}

/// Under one number the items of each signal have something of another kind.
fn signal_of(mut item: Bytes) -> Option<Signal> {
    let mut has_name = false;
    while item.has_remaining() {
        let (number, wire) = decode_key(&mut item).ok()?;
        match (number, wire) {
            // The time, the severity, the time of observation, the flags.
            (1 | 11, WireType::SixtyFourBit)
            | (2, WireType::Varint)
            | (8, WireType::ThirtyTwoBit) => {
                return Some(Signal::Logs);
            }
            // Start and end.
            (7 | 8, WireType::SixtyFourBit) => return Some(Signal::Traces),
            (1, WireType::LengthDelimited) => has_name = true,
            _ => {}
        }
        skip_field(wire, number, &mut item, DecodeContext::default()).ok()?;
    }
    has_name.then_some(Signal::Metrics)
}
