//! The provider that stands in for the real ones, and what it and the clients tell each other past
//! the gateway.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use http_body::Frame;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

use crate::plan::{Counts, Ending, Plan};

/// A provider on this machine.
pub(crate) struct Provider {
    address: SocketAddr,
    pub(crate) stage: Arc<Stage>,
}

/// The progress of the streams.
pub(crate) struct Stage {
    streams: usize,
    /// The number of streams that have been asked for.
    open: watch::Sender<usize>,
    /// The number of clients that have got what comes before the middle.
    in_the_middle: watch::Sender<usize>,
    /// Which may go on.
    free: watch::Sender<Vec<bool>>,
    /// The number of events of each that were given out.
    given_out: Mutex<Vec<usize>>,
}

impl Provider {
    /// Starts it; no stream gets beyond its head before so many are open.
    pub(crate) async fn start(streams: usize) -> Self {
        let stage = Arc::new(Stage {
            streams,
            open: watch::Sender::new(0),
            in_the_middle: watch::Sender::new(0),
            free: watch::Sender::new(vec![false; streams]),
            given_out: Mutex::new(vec![0; streams]),
        });
        let router = Router::new()
            .route("/v1/messages", post(answer))
            .route("/v1/chat/completions", post(answer))
            .with_state(Arc::clone(&stage));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, stage }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

async fn answer(State(stage): State<Arc<Stage>>, request: Bytes) -> Response {
    let plan: Plan = serde_json::from_slice(&request).unwrap();
    let request = String::from_utf8(request.to_vec()).unwrap();
    assert_eq!(request.contains("include_usage"), !plan.is_anthropic(), "{request}");
    let (events, body) = mpsc::channel(1);
    tokio::spawn(give_out(stage, plan, events));
    let response = Response::builder().header("content-type", "text/event-stream");
    response.body(Body::new(Streamed(body))).unwrap()
}

/// Gives the events out, and notes each before it does: whoever has got it finds it noted.
async fn give_out(
    stage: Arc<Stage>,
    plan: Plan,
    events: mpsc::Sender<Result<String, &'static str>>,
) {
    stage.open.send_modify(|open| *open += 1);
    until(&stage.open, |open| *open >= stage.streams).await;
    for number in 1..=plan.events() {
        if number == plan.before_the_middle() + 1 {
            until(&stage.free, |free| free[plan.at]).await;
            match plan.ending {
                Ending::Whole => {}
                Ending::Failed => {
                    // The client may have been cut off.
                    let _ = events.send(Err("broken off")).await;
                    return;
                }
                // Only the other side ends it.
                Ending::Cancelled | Ending::Held => return events.closed().await,
            }
        }
        stage.given_out.lock().unwrap()[plan.at] = number;
        events.send(Ok(plan.event(number))).await.unwrap();
    }
}

async fn until<T>(told: &watch::Sender<T>, is_so: impl FnMut(&T) -> bool) {
    told.subscribe().wait_for(is_so).await.unwrap();
}

impl Stage {
    /// Says that a client has got what comes before the middle, and waits until it may go on.
    pub(crate) async fn middle(&self, plan: &Plan) {
        self.in_the_middle.send_modify(|count| *count += 1);
        until(&self.free, |free| free[plan.at]).await;
    }

    pub(crate) async fn all_in_the_middle(&self) {
        until(&self.in_the_middle, |count| *count == self.streams).await;
    }

    /// Lets streams go on by their number.
    pub(crate) fn go_on(&self, which: impl Fn(usize) -> bool) {
        self.free.send_modify(|free| {
            free.iter_mut().enumerate().for_each(|(at, free)| *free |= which(at));
        });
    }

    /// Returns the counts that have been told of the tokens of a stream.
    pub(crate) fn given_out(&self, plan: &Plan) -> Counts {
        plan.counts(self.given_out.lock().unwrap()[plan.at])
    }
}

/// A body of what comes through a channel.
struct Streamed(mpsc::Receiver<Result<String, &'static str>>);

impl http_body::Body for Streamed {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let event = ready!(self.0.poll_recv(cx));
        Poll::Ready(event.map(|event| Ok(Frame::data(event?.into()))))
    }
}
