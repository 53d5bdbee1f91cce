//! OTLP over HTTP: bodies of logs, traces and metrics, in protobuf and in JSON, to records.

mod event;
mod json;
mod message;
mod protobuf;
mod reply;
mod value;

use bytes::Bytes;
use prost::Message;
use usage_core::{LabelInterner, Timestamp};
use usage_providers::telemetry;

use crate::batch::Batch;
use event::Origin;
use message::{Export, Log, Metric, Span};

pub(crate) use event::{name, tag_value};
pub(crate) use json::{Fields, loose, message, parse, skip};
pub(crate) use reply::{failure, success};
pub(crate) use value::Loose;

/// One of the three kinds of telemetry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Log events: `POST /v1/logs`.
    Logs,
    /// Spans: `POST /v1/traces`.
    Traces,
    /// Metrics: `POST /v1/metrics`.
    Metrics,
}

/// The way in which a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// `application/x-protobuf`.
    Protobuf,
    /// `application/json`.
    Json,
}

/// The reason why nothing of a body was read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OtlpError {
    /// It is not JSON.
    #[error("not OTLP in JSON")]
    Json(#[source] serde_json::Error),
    /// It is not protobuf of this shape.
    #[error("not OTLP in protobuf")]
    Protobuf(#[source] prost::DecodeError),
}

/// Makes records of a body. `now` is the time of what states none.
///
/// ```
/// use usage_core::{LabelInterner, Timestamp};
/// use usage_server::{Encoding, Signal, read_otlp};
///
/// let body = br#"{"resourceLogs":[{
///     "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"claude-code"}}]},
///     "scopeLogs":[{"logRecords":[{"timeUnixNano":"1796000000000000000","attributes":[
///         {"key":"event.name","value":{"stringValue":"api_request"}},
///         {"key":"model","value":{"stringValue":"claude-opus-5"}},
///         {"key":"input_tokens","value":{"intValue":"12"}},
///         {"key":"request_id","value":{"stringValue":"req_1"}}]}]}]}]}"#;
/// let now = Timestamp::from_micros(1_796_000_000_000_000);
/// let body = body.to_vec().into();
/// let batch = read_otlp(body, Encoding::Json, Some(Signal::Logs), now, &mut LabelInterner::new(9))?;
/// assert_eq!(batch.records[0].tokens().total(), 12);
/// # Ok::<(), usage_server::OtlpError>(())
/// ```
///
/// # Errors
/// When it is not what it is said to be. An item of it that cannot be read is counted in the batch.
pub fn read(
    body: Bytes,
    encoding: Encoding,
    signal: Option<Signal>,
    now: Timestamp,
    interner: &mut LabelInterner,
) -> Result<Batch, OtlpError> {
    let signal = match signal {
        Some(signal) => Some(signal),
        None => signal_of(&body, encoding)?,
    };
    let mut batch = Batch { signal, ..Batch::default() };
    match (signal, encoding) {
        (None, _) => {}
        (Some(Signal::Logs), Encoding::Json) => logs(&json(&body)?, now, interner, &mut batch),
        (Some(Signal::Logs), Encoding::Protobuf) => {
            logs(&protobuf(body)?, now, interner, &mut batch);
        }
        (Some(Signal::Traces), Encoding::Json) => spans(&json(&body)?, now, interner, &mut batch),
        (Some(Signal::Traces), Encoding::Protobuf) => {
            spans(&protobuf(body)?, now, interner, &mut batch);
        }
        (Some(Signal::Metrics), Encoding::Json) => metrics(&json(&body)?, &mut batch),
        (Some(Signal::Metrics), Encoding::Protobuf) => metrics(&protobuf(body)?, &mut batch),
    }
    Ok(batch)
}

fn signal_of(body: &Bytes, encoding: Encoding) -> Result<Option<Signal>, OtlpError> {
    match encoding {
        Encoding::Json => json::signal(body).map_err(OtlpError::Json),
        Encoding::Protobuf => protobuf::signal(body.clone()).map_err(OtlpError::Protobuf),
    }
}

fn json<T: Fields>(body: &[u8]) -> Result<Export<T>, OtlpError> {
    json::read(body).map_err(OtlpError::Json)
}

fn protobuf<T: Message + Default>(body: Bytes) -> Result<Export<T>, OtlpError> {
    protobuf::read(body).map_err(OtlpError::Protobuf)
}

fn logs(export: &Export<Log>, now: Timestamp, interner: &mut LabelInterner, batch: &mut Batch) {
    each(export, batch, |origin, log, batch| origin.log(log, now, interner, batch));
}

fn spans(export: &Export<Span>, now: Timestamp, interner: &mut LabelInterner, batch: &mut Batch) {
    each(export, batch, |origin, span, batch| origin.span(span, now, interner, batch));
}

/// Metrics are totals over many requests. They are counted by name, so that one sees who sends nothing else.
fn metrics(export: &Export<Metric>, batch: &mut Batch) {
    each(export, batch, |origin, metric, batch| {
        batch.source(origin.instance()).metrics += 1;
        batch.not_added.add(&String::from_utf8_lossy(&metric.name));
    });
}

fn each<T>(
    export: &Export<T>,
    batch: &mut Batch,
    mut tell: impl FnMut(&Origin<'_>, &T, &mut Batch),
) {
    for group in &export.groups {
        for scope in &group.scopes {
            let origin = Origin::new(&group.attributes, &scope.scope);
            for item in &scope.items {
                match item {
                    Some(item) => tell(&origin, item, batch),
                    None => batch.reject(origin.instance(), "it cannot be read".to_owned()),
                }
            }
        }
    }
}

/// Returns whether anything is made of an attribute of this name; else its value is passed over unread.
fn matters(name: &[u8]) -> bool {
    let Ok(name) = std::str::from_utf8(name) else { return false };
    event::matters(name) || telemetry::matters(name)
}

#[cfg(test)]
mod tests;
