//! The words that a client is told when nothing comes of its request.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use usage_core::RecordError;
use usage_core::budget::Refused;

pub(crate) struct Refusal(StatusCode, String);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, self.1).into_response()
    }
}

/// The request could not be read.
impl From<axum::Error> for Refusal {
    fn from(error: axum::Error) -> Self {
        Self(StatusCode::BAD_REQUEST, error.to_string())
    }
}

/// The model has a name that no record may have.
impl From<RecordError> for Refusal {
    fn from(error: RecordError) -> Self {
        Self(StatusCode::BAD_REQUEST, error.to_string())
    }
}

/// A hard budget is spent.
impl From<Box<Refused>> for Refusal {
    fn from(refused: Box<Refused>) -> Self {
        Self(StatusCode::TOO_MANY_REQUESTS, refused.to_string())
    }
}

/// The provider cannot be reached.
impl From<reqwest::Error> for Refusal {
    fn from(error: reqwest::Error) -> Self {
        // With what is behind it: the first message says only that nothing came of it.
        Self(StatusCode::BAD_GATEWAY, format!("{:#}", anyhow::Error::new(error.without_url())))
    }
}
