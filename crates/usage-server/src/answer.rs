//! Answers that are not OTLP's.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};
use usage_core::ErrorKind;
use usage_core::error::chain;

use crate::app::Unanswered;
use crate::body::Unread;
use crate::gate::NotTaken;

/// The seconds after which a client may try again.
const RETRY_AFTER: &str = "2";

/// An answer with a body of some kind.
pub(crate) fn with(
    status: StatusCode,
    kind: &'static str,
    body: impl Into<Body>,
) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

pub(crate) fn json(status: StatusCode, value: &Value) -> Response<Body> {
    with(status, "application/json", value.to_string() + "\n")
}

/// Says why there is no other answer.
pub(crate) fn refused(status: StatusCode, why: &str) -> Response<Body> {
    let response = json(status, &json!({ "error": why }));
    retry_later(response)
}

/// Says when to try again, where that can help.
pub(crate) fn retry_later(mut response: Response<Body>) -> Response<Body> {
    let is_over = matches!(
        response.status(),
        StatusCode::TOO_MANY_REQUESTS
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    );
    if is_over {
        let seconds = HeaderValue::from_static(RETRY_AFTER);
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    response
}

impl Unread {
    /// The status and the words for it.
    pub(crate) const fn words(self) -> (StatusCode, &'static str) {
        match self {
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "the body is too large"),
            Self::TooSlow => (StatusCode::REQUEST_TIMEOUT, "the body took too long"),
            Self::Busy => (StatusCode::TOO_MANY_REQUESTS, "too many large bodies at once"),
            Self::Broken => (StatusCode::BAD_REQUEST, "the body broke off"),
            Self::UnknownEncoding => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "bodies may be compressed by gzip alone")
            }
            Self::NotGzip => (StatusCode::BAD_REQUEST, "the body is no gzip"),
        }
    }
}

impl NotTaken {
    /// The status and the words for it.
    pub(crate) const fn words(self) -> (StatusCode, &'static str) {
        match self {
            Self::Busy => (StatusCode::TOO_MANY_REQUESTS, "more comes in than can be written"),
            Self::Stuck => (StatusCode::SERVICE_UNAVAILABLE, "the journal cannot be written now"),
            Self::Ending => (StatusCode::SERVICE_UNAVAILABLE, "the server is ending"),
        }
    }
}

impl Unanswered {
    /// Says so. What the operating system says stays here, as it may name paths.
    pub(crate) fn into_response(self) -> Response<Body> {
        let error = match self {
            Self::Busy => return refused(StatusCode::TOO_MANY_REQUESTS, "too many questions"),
            Self::Ledger(error) => error,
        };
        let status = match error.kind() {
            ErrorKind::Invalid => StatusCode::BAD_REQUEST,
            ErrorKind::NotKept => StatusCode::UNPROCESSABLE_ENTITY,
            ErrorKind::Busy | ErrorKind::Full | ErrorKind::Cancelled => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            ErrorKind::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        if status.is_client_error() {
            return refused(status, &error.to_string());
        }
        tracing::warn!(error = chain(&error), "a question has no answer");
        refused(status, &error.kind().to_string())
    }
}
