//! Requests that reqwest sends.

use http::Response;
use reqwest::{Body, RequestBuilder};
use usage_providers::{End, detect};

use crate::body::MeteredBody;
use crate::meter::Meter;

impl Meter {
    /// Sends a request, and takes its response: as [`response`](Self::response). What could not be
    /// sent is recorded as failed, and what is called off while it is sent as cancelled.
    ///
    /// Who retries sends by himself, calls [`retry`](Self::retry) or [`fall_back`](Self::fall_back)
    /// where that fails, and hands over the response that he keeps: `meter.response(response.into())`.
    ///
    /// # Errors
    /// As [`RequestBuilder::send`].
    pub async fn send(
        mut self,
        request: RequestBuilder,
    ) -> Result<Response<MeteredBody<Body>>, reqwest::Error> {
        match request.send().await {
            Ok(response) => {
                let url = response.url();
                let dialect = detect(url.host_str().unwrap_or_default(), url.path()).dialect;
                self.hint(|hints| hints.dialect = hints.dialect.or(dialect));
                Ok(self.response(response.into()))
            }
            Err(error) => {
                self.close(End::Failed);
                Err(error)
            }
        }
    }
}
