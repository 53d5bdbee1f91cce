//! The layer around a service.

use std::future::pending;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Empty};
use tower::{ServiceBuilder, ServiceExt as _, service_fn};
use usage_core::Label;
use usage_meter::{Meter, MeterLayer};

use crate::bodies::{Events, Then};
use crate::common::{EVENTS, Ledger, expected, names};

fn request(path: &str) -> Request<Empty<Bytes>> {
    Request::builder().uri(path).body(Empty::new()).unwrap()
}

/// A layer that meters what is below `/v1`.
fn layer(
    ledger: &Ledger,
) -> MeterLayer<impl Fn(&Parts) -> Option<Meter> + Clone + Send + Sync + use<>> {
    let tracker = ledger.tracker.clone();
    MeterLayer::new(move |head: &Parts| {
        let route = head.uri.path();
        let names = names().with_route(route);
        route.starts_with("/v1/").then(|| Meter::new(&tracker, names).unwrap())
    })
}

#[tokio::test]
async fn a_response_is_recorded_under_the_names_of_its_request() {
    let ledger = Ledger::new();
    let service = ServiceBuilder::new().layer(layer(&ledger)).service(service_fn(
        async |_: Request<Empty<Bytes>>| Ok::<_, &str>(Response::new(Events::new(4, Then::End))),
    ));
    let response = service.clone().oneshot(request("/v1/messages")).await.unwrap();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, EVENTS.concat());
    assert_eq!(ledger.only(), expected(4));
    assert_eq!(ledger.records()[0].labels().names().get(Label::Route), "/v1/messages");

    let response = service.oneshot(request("/health")).await.unwrap();
    response.into_body().collect().await.unwrap();
    assert_eq!(ledger.records().len(), 1, "what is not metered only passes");
}

#[tokio::test]
async fn a_service_that_fails_or_is_called_off_is_recorded() {
    let ledger = Ledger::new();
    let failing = ServiceBuilder::new().layer(layer(&ledger)).service(service_fn(
        async |_: Request<Empty<Bytes>>| Err::<Response<Events>, _>("no way there"),
    ));
    let failed = failing.oneshot(request("/v1/messages")).await;
    assert_eq!(failed.map(|_| ()), Err("no way there"));
    assert_eq!(ledger.only(), expected(0));

    let ledger = Ledger::new();
    let waiting = ServiceBuilder::new().layer(layer(&ledger)).service(service_fn(
        async |_: Request<Empty<Bytes>>| pending::<Result<Response<Events>, &str>>().await,
    ));
    let mut call = Box::pin(waiting.oneshot(request("/v1/messages")));
    let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(call.as_mut().poll(cx))).await;
    assert!(polled.is_pending());
    drop(call);
    assert_eq!(ledger.only(), expected(0));
}

#[tokio::test]
async fn routes_of_axum_are_metered() {
    let ledger = Ledger::new();
    let messages = async || Body::new(Events::new(4, Then::End));
    let router = Router::new().route("/v1/messages", get(messages)).layer(layer(&ledger));
    let request = request("/v1/messages").map(Body::new);
    let response = router.oneshot(request).await.unwrap();
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), EVENTS.concat());
    assert_eq!(ledger.only(), expected(4));
}
