//! From the client to the provider and back.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::Response;
use axum::http::header::{
    ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, HOST, HeaderMap, HeaderName, TE, TRAILER,
    TRANSFER_ENCODING, UPGRADE,
};
use reqwest::redirect::Policy;
use serde::Deserialize;
use serde::de::IgnoredAny;
use usage_core::LabelNames;
use usage_core::budget::{Gate, Request as Asking};
use usage_meter::Meter;
use usage_tracker::Tracker;

use crate::budgets;
use crate::refusal::Refusal;
use crate::settings::Settings;

/// The largest request that is taken.
const MAX_REQUEST_BYTES: usize = 32 << 20;

/// Headers that are of one connection only.
const OF_CONNECTION: [HeaderName; 6] =
    [CONNECTION, HeaderName::from_static("keep-alive"), TE, TRAILER, TRANSFER_ENCODING, UPGRADE];

/// Headers that the way to the provider has of its own. What is compressed no meter can read.
const OF_REQUEST: [HeaderName; 3] = [ACCEPT_ENCODING, CONTENT_LENGTH, HOST];

type Answer = Result<Response<Body>, Refusal>;

pub(crate) struct Gateway {
    pub(crate) tracker: Arc<Tracker>,
    gate: Gate,
    client: reqwest::Client,
    settings: Settings,
}

impl Gateway {
    pub(crate) fn new(settings: Settings, tracker: Arc<Tracker>, gate: Gate) -> Result<Self> {
        // Only the first one of a process counts, and there is no other.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(10))
            // Where else to go is for the client to hear.
            .redirect(Policy::none())
            .build()?;
        Ok(Self { tracker, gate, client, settings })
    }

    async fn forward(&self, provider: &str, base: &str, request: Request) -> Answer {
        let (mut head, body) = request.into_parts();
        let body = to_bytes(body, MAX_REQUEST_BYTES).await?;
        let asked = Asked::of(&body);
        let route = head.uri.path();
        let url = format!("{base}{}", head.uri.path_and_query().map_or(route, |it| it.as_str()));
        remove(&mut head.headers, OF_CONNECTION.iter().chain(&OF_REQUEST));
        let body = if route == "/v1/chat/completions" { asked.with_usage(body) } else { body };
        let request = self.client.request(head.method, url).headers(head.headers).body(body);

        let names = LabelNames::new()
            .with_instance(&self.settings.instance)
            .with_provider(provider)
            .with_route(route)
            .with_model(&asked.model);
        // What it is going to use nobody knows yet: a budget is overshot by no more than what is under way.
        let permit = self.gate.admit(&Asking::new(names, budgets::now()))?;
        let meter = Meter::new(&self.tracker, names)?.with_permit(permit);
        let mut response = meter.send(request).await?;

        remove(response.headers_mut(), OF_CONNECTION.iter());
        Ok(response.map(Body::new))
    }
}

pub(crate) async fn anthropic(State(gateway): State<Arc<Gateway>>, request: Request) -> Answer {
    gateway.forward("anthropic", &gateway.settings.anthropic, request).await
}

pub(crate) async fn openai(State(gateway): State<Arc<Gateway>>, request: Request) -> Answer {
    gateway.forward("openai", &gateway.settings.openai, request).await
}

fn remove<'a>(headers: &mut HeaderMap, names: impl Iterator<Item = &'a HeaderName>) {
    for name in names {
        headers.remove(name);
    }
}

/// As much of a request as a gateway has to know.
#[derive(Deserialize)]
struct Asked {
    model: String,
    #[serde(default)]
    stream: bool,
    stream_options: Option<IgnoredAny>,
}

impl Asked {
    fn of(body: &[u8]) -> Self {
        let unknown = Self { model: "unknown".to_owned(), stream: false, stream_options: None };
        serde_json::from_slice(body).unwrap_or(unknown)
    }

    /// Asks for the counts at the end of a stream, without which OpenAI says none. Nothing else of the
    /// request changes, not even the order of its fields: models see that of tools.
    fn with_usage(&self, body: Bytes) -> Bytes {
        let open = body.iter().position(|byte| *byte == b'{');
        match open.filter(|_| self.stream && self.stream_options.is_none()) {
            Some(open) => {
                let (before, after) = body.split_at(open + 1);
                [before, br#""stream_options":{"include_usage":true},"#, after].concat().into()
            }
            None => body,
        }
    }
}
