//! Bodies that are read as they pass.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt as _, Empty, Full};
use usage_core::Measure;

use crate::common::{EVENTS, Ledger, expected};

/// A body of these events; then it ends, breaks, or waits for ever.
pub(crate) struct Events {
    left: VecDeque<Bytes>,
    then: Then,
    says_length: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Then {
    End,
    Break,
    Wait,
}

impl Events {
    pub(crate) fn new(count: usize, then: Then) -> Self {
        let left = EVENTS[..count].iter().map(|event| Bytes::from_static(event.as_bytes()));
        Self { left: left.collect(), then, says_length: false }
    }
}

impl Body for Events {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        match (self.left.pop_front(), self.then) {
            (Some(data), _) => Poll::Ready(Some(Ok(Frame::data(data)))),
            (None, Then::End) => Poll::Ready(None),
            (None, Then::Break) => Poll::Ready(Some(Err("broken"))),
            (None, Then::Wait) => Poll::Pending,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self.says_length {
            true => SizeHint::with_exact(self.left.iter().map(|data| data.len() as u64).sum()),
            false => SizeHint::default(),
        }
    }
}

#[tokio::test]
async fn a_body_passes_as_it_came_without_a_copy() {
    let ledger = Ledger::new();
    let mut body = ledger.meter().response(Response::new(Events::new(4, Then::End))).into_body();
    for event in EVENTS {
        let data = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(data.as_ptr(), event.as_ptr(), "the very bytes");
        assert_eq!(data.len(), event.len());
        assert!(ledger.records().is_empty());
    }
    assert!(body.frame().await.is_none());
    assert_eq!(ledger.only(), expected(4));
}

#[tokio::test]
async fn a_body_that_breaks_or_is_dropped_is_recorded_with_what_had_arrived() {
    for count in 0..EVENTS.len() {
        for then in [Then::Break, Then::Wait] {
            let ledger = Ledger::new();
            let events = Events::new(count, then);
            let mut body = ledger.meter().response(Response::new(events)).into_body();
            for _ in 0..count {
                body.frame().await.unwrap().unwrap();
            }
            if let Then::Break = then {
                assert!(body.frame().await.unwrap().is_err());
            }
            drop(body);
            assert_eq!(ledger.only(), expected(count), "{count} events, then {then:?}");
            let counts = *ledger.records()[0].counts();
            let went =
                [Measure::Errors, Measure::Cancelled, Measure::Partial].map(|it| counts.get(it));
            // The last counts come with the third event. What failed before it said anything has used nothing, as
            // far as anybody knows.
            let said = u32::from(count == 3);
            let expected = match then {
                Then::Break => [1, 0, u32::from(count > 0) - said],
                _ => [0, 1 - said, 1 - said],
            };
            assert_eq!(went, expected, "{count} events, then {then:?}");
        }
    }
}

/// Servers do not ask a body of a known length for its end.
#[tokio::test]
async fn a_body_of_a_known_length_ends_with_its_last_byte() {
    let ledger = Ledger::new();
    let mut events = Events::new(2, Then::Wait);
    events.says_length = true;
    let mut body = ledger.meter().response(Response::new(events)).into_body();
    body.frame().await.unwrap().unwrap();
    assert!(ledger.records().is_empty());
    body.frame().await.unwrap().unwrap();
    assert_eq!(ledger.only(), expected(2), "while the body is still there");
}

#[tokio::test]
async fn a_body_that_says_its_end_is_not_asked_again() {
    let ledger = Ledger::new();
    let full = Full::new(Bytes::from_static(EVENTS[0].as_bytes()));
    let mut body = ledger.meter().response(Response::new(full)).into_body();
    body.frame().await.unwrap().unwrap();
    assert_eq!(ledger.only(), expected(1), "while the body is still there");

    let ledger = Ledger::new();
    let response = ledger.meter().response(Response::new(Empty::<Bytes>::new()));
    assert_eq!(ledger.only(), expected(0), "while the response is still there");
    assert!(response.into_body().is_end_stream());
}

#[tokio::test]
async fn the_head_of_a_response_says_what_its_body_does_not() {
    let ledger = Ledger::new();
    let response = Response::builder()
        .header("x-amzn-requestid", "7c1b8a30-3f5e-4a5c-9b0e-5f5c3c6f2d11")
        .body(Full::new(Bytes::from_static(
            br#"{"usage":{"inputTokens":4,"outputTokens":2,"totalTokens":6}}"#,
        )));
    let body = ledger.meter().response(response.unwrap()).into_body();
    body.collect().await.unwrap();
    let (id, model, numbers) = ledger.only();
    assert_eq!(id, "7c1b8a30-3f5e-4a5c-9b0e-5f5c3c6f2d11");
    assert_eq!((model.as_str(), numbers), ("sonnet", [4, 0, 2, 0]));
}

#[tokio::test]
async fn a_page_that_says_nothing_of_usage_is_recorded() {
    let ledger = Ledger::new();
    let mut response = Response::new(Full::<Bytes>::from("<html>overloaded</html>"));
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    let response = ledger.meter().response(response);
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "<html>overloaded</html>");
    assert_eq!(ledger.only(), expected(0));
    assert_eq!(ledger.records()[0].counts().get(Measure::Errors), 1);
}
