//! A layer around a service.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use http_body::Body;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;
use usage_providers::{End, detect};

use crate::body::MeteredBody;
use crate::meter::Meter;

/// Meters the requests of a service: around the routes of axum, or around a client.
///
/// The function that it is made with begins the meter of a request, and so says under which names it
/// is recorded; `None` leaves it out. A request whose service fails is recorded as failed. Retries
/// within the service are one request. It belongs inside of what compresses, whose bytes it could not
/// read: `.layer(meter).layer(compression)`.
///
/// ```
/// # use std::sync::Arc;
/// use usage_core::LabelNames;
/// use usage_meter::{Meter, MeterLayer};
/// # use usage_tracker::Tracker;
/// # fn layer(tracker: Arc<Tracker>) {
/// let layer = MeterLayer::new(move |head| {
///     let names = LabelNames::new()
///         .with_instance("gateway-1")
///         .with_provider("anthropic")
///         .with_route(head.uri.path())
///         .with_model("unknown"); // until the response says which
///     Meter::new(&tracker, names).ok()
/// });
/// // Router::new().route("/v1/messages", post(messages)).layer(layer)
/// # let _ = layer;
/// # }
/// ```
#[derive(Clone, Copy)]
pub struct MeterLayer<F> {
    begin: F,
}

impl<F: Fn(&Parts) -> Option<Meter>> MeterLayer<F> {
    /// Makes a layer that begins meters so.
    pub const fn new(begin: F) -> Self {
        Self { begin }
    }
}

impl<S, F: Clone> Layer<S> for MeterLayer<F> {
    type Service = MeterService<S, F>;

    fn layer(&self, service: S) -> Self::Service {
        MeterService { service, begin: self.begin.clone() }
    }
}

/// A service whose requests are metered. [`MeterLayer`] makes it.
#[derive(Clone, Copy)]
pub struct MeterService<S, F> {
    service: S,
    begin: F,
}

impl<S, F, I, O> Service<Request<I>> for MeterService<S, F>
where
    S: Service<Request<I>, Response = Response<O>>,
    F: Fn(&Parts) -> Option<Meter>,
    O: Body<Data = Bytes>,
{
    type Response = Response<MeteredBody<O>>;
    type Error = S::Error;
    type Future = MeterFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(cx)
    }

    fn call(&mut self, request: Request<I>) -> Self::Future {
        let (head, body) = request.into_parts();
        let mut meter = (self.begin)(&head);
        if let Some(meter) = &mut meter {
            let dialect = detect(head.uri.host().unwrap_or_default(), head.uri.path()).dialect;
            meter.hint(|hints| hints.dialect = hints.dialect.or(dialect));
        }
        let response = self.service.call(Request::from_parts(head, body));
        MeterFuture { response, meter }
    }
}

pin_project! {
    /// The response of a [`MeterService`] that is to come.
    #[derive(Debug)]
    pub struct MeterFuture<R> {
        #[pin]
        response: R,
        meter: Option<Meter>,
    }
}

impl<R, O, E> Future for MeterFuture<R>
where
    R: Future<Output = Result<Response<O>, E>>,
    O: Body<Data = Bytes>,
{
    type Output = Result<Response<MeteredBody<O>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = ready!(this.response.poll(cx));
        Poll::Ready(match (response, this.meter.take()) {
            (Ok(response), Some(meter)) => Ok(meter.response(response)),
            (Ok(response), None) => Ok(response.map(|body| MeteredBody::new(body, None))),
            (Err(error), meter) => {
                if let Some(meter) = meter {
                    meter.close(End::Failed);
                }
                Err(error)
            }
        })
    }
}

impl<F> fmt::Debug for MeterLayer<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MeterLayer").finish_non_exhaustive()
    }
}

impl<S: fmt::Debug, F> fmt::Debug for MeterService<S, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MeterService").field("service", &self.service).finish_non_exhaustive()
    }
}
