//! Bodies that are read as they pass.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::CONTENT_ENCODING;
use http::{HeaderMap, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use usage_providers::End;

use crate::meter::Meter;

pin_project! {
    /// A body whose bytes pass as they came, and are read by a [`Meter`] on their way: the request is
    /// recorded when the body ends, as failed when it ends in an error, and as cancelled when it is
    /// dropped before.
    ///
    /// [`Meter::response`] makes one.
    #[derive(Debug)]
    pub struct MeteredBody<B> {
        #[pin]
        body: B,
        meter: Option<Meter>,
        // Who sends a body of a known length need not ask for its end.
        left: Option<u64>,
    }
}

impl<B: Body<Data = Bytes>> MeteredBody<B> {
    /// Wraps a body; without a meter it only passes.
    pub fn new(body: B, meter: Option<Meter>) -> Self {
        let left = body.size_hint().exact();
        let mut metered = Self { body, meter, left };
        if metered.left == Some(0) || metered.body.is_end_stream() {
            close(&mut metered.meter, End::Complete);
        }
        metered
    }
}

fn close(meter: &mut Option<Meter>, end: End) {
    if let Some(meter) = meter.take() {
        meter.close(end);
    }
}

impl<B: Body<Data = Bytes>> Body for MeteredBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let mut this = self.project();
        let frame = ready!(this.body.as_mut().poll_frame(cx));
        let end = match &frame {
            Some(Ok(frame)) => {
                if let (Some(meter), Some(data)) = (this.meter.as_mut(), frame.data_ref()) {
                    meter.feed(data);
                    *this.left = this.left.map(|left| left.saturating_sub(data.len() as u64));
                }
                let over = *this.left == Some(0) || this.body.is_end_stream();
                over.then_some(End::Complete)
            }
            Some(Err(_)) => Some(End::Failed),
            None => Some(End::Complete),
        };
        if let Some(end) = end {
            close(this.meter, end);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Meter {
    /// Takes a response: its body is read as it passes, and the request recorded at its end. What
    /// has a status of 400 or more is recorded as failed.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use bytes::Bytes;
    /// # use http_body_util::{BodyExt, Full};
    /// # use usage_core::Error;
    /// # use usage_core::sink::{BatchOutcome, Sink};
    /// # use usage_core::{LabelNames, Record};
    /// # use usage_meter::Meter;
    /// # use usage_tracker::Tracker;
    /// # struct Nowhere;
    /// # impl Sink for Nowhere {
    /// #     fn store(&mut self, batch: &[Record]) -> Result<BatchOutcome, Error> {
    /// #         Ok(BatchOutcome::stored(batch.len() as u64))
    /// #     }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let tracker = Arc::new(Tracker::builder().start(Nowhere)?);
    /// # let names = LabelNames::new().with_instance("i").with_route("chat").with_model("gpt-5");
    /// # let upstream = http::Response::new(Full::new(Bytes::from_static(
    /// #     br#"{"object":"chat.completion","usage":{"prompt_tokens":10,"completion_tokens":2}}"#,
    /// # )));
    /// let meter = Meter::new(&tracker, names)?;
    /// let response = meter.response(upstream);
    /// // ... which goes on to the client.
    /// response.into_body().collect().await?;
    /// assert_eq!(tracker.stats().submitted, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn response<B>(mut self, response: Response<B>) -> Response<MeteredBody<B>>
    where
        B: Body<Data = Bytes>,
    {
        self.look_at(response.status(), response.headers());
        response.map(|body| MeteredBody::new(body, Some(self)))
    }

    /// Takes from the head of a response what its body does not say.
    fn look_at(&mut self, status: StatusCode, headers: &HeaderMap) {
        if status.is_client_error() || status.is_server_error() {
            self.mark_failed();
        }
        let text = |name: &str| headers.get(name)?.to_str().ok();
        // Bedrock says it nowhere else.
        if let Some(id) = text("x-amzn-requestid") {
            self.hint(|hints| hints.response_id = Some(id.to_owned()));
        }
        let encoding = text(CONTENT_ENCODING.as_str()).filter(|encoding| *encoding != "identity");
        if let Some(encoding) = encoding {
            tracing::warn!(encoding, "the usage of a compressed response cannot be read");
        }
    }
}
