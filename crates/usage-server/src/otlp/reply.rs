//! The answers that exporters expect, in the encoding of what they sent.

use axum::body::Body;
use axum::http::{Response, StatusCode, header};
use prost::Message;
use serde_json::json;

use super::{Encoding, Signal};
use crate::batch::Batch;

/// The answer of all three signals; numbers and names within differ in JSON alone.
#[derive(Clone, PartialEq, Message)]
struct Success {
    #[prost(message, optional, tag = "1")]
    partial: Option<Partial>,
}

#[derive(Clone, PartialEq, Message)]
struct Partial {
    #[prost(int64, tag = "1")]
    rejected: i64,
    #[prost(string, tag = "2")]
    message: String,
}

/// `google.rpc.Status`.
#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

/// Says that all was taken but what is named: nothing of it is to be sent again.
pub(crate) fn success(batch: &Batch, encoding: Encoding) -> Response<Body> {
    let rejected = i64::try_from(batch.rejected).unwrap_or(i64::MAX);
    let complaint = batch.complaint();
    let body = match (encoding, complaint) {
        (Encoding::Protobuf, complaint) => {
            let partial = complaint.map(|message| Partial { rejected, message });
            Success { partial }.encode_to_vec()
        }
        (Encoding::Json, None) => b"{}".to_vec(),
        (Encoding::Json, Some(message)) => {
            let name = match batch.signal {
                Some(Signal::Traces) => "rejectedSpans",
                Some(Signal::Metrics) => "rejectedDataPoints",
                Some(Signal::Logs) | None => "rejectedLogRecords",
            };
            let partial = json!({ name: rejected.to_string(), "errorMessage": message });
            json!({ "partialSuccess": partial }).to_string().into_bytes()
        }
    };
    answer(StatusCode::OK, encoding, body)
}

/// Says why nothing was taken.
pub(crate) fn failure(status: StatusCode, message: &str, encoding: Encoding) -> Response<Body> {
    // The codes of gRPC: invalid argument, or unavailable.
    let code = if status.is_client_error() { 3 } else { 14 };
    let body = match encoding {
        Encoding::Protobuf => Status { code, message: message.to_owned() }.encode_to_vec(),
        Encoding::Json => json!({ "code": code, "message": message }).to_string().into_bytes(),
    };
    answer(status, encoding, body)
}

fn answer(status: StatusCode, encoding: Encoding, body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let kind = match encoding {
        Encoding::Protobuf => "application/x-protobuf",
        Encoding::Json => "application/json",
    };
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    response
}
