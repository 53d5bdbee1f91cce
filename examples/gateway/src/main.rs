//! A gateway in front of providers of language models: OpenAI's and Anthropic's requests in, real
//! streams through, and each request recorded once with what it used.
//!
//! ```text
//! cargo run -p usage-gateway -- --ledger usage.db
//! curl -sN localhost:8080/v1/messages -H "x-api-key: $ANTHROPIC_API_KEY" \
//!     -H 'anthropic-version: 2023-06-01' -H 'content-type: application/json' \
//!     -d '{"model":"claude-sonnet-5","max_tokens":99,"stream":true,"messages":[{"role":"user","content":"Hi"}]}'
//! curl -s localhost:8080/metrics
//! ```
//!
//! It refuses with 429 what counts for a hard budget of the ledger of which nothing is left:
//! `usage budget set all --usd 20 --per day --hard`.
//!
//! Ctrl-C or SIGTERM ends it: nothing new is taken, and what streams may go on for `--grace` seconds,
//! or until the second signal. Then it is cut, and recorded with what had arrived.
#![expect(clippy::print_stdout, reason = "a program for the terminal")]

mod budgets;
mod metrics;
mod proxy;
mod refusal;
mod settings;
mod stop;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use axum::Router;
use axum::routing::{get, post};
use clap::Parser as _;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use usage_core::budget::Gate;
use usage_prices::ShippedPrices;
use usage_store::StoreOptions;
use usage_tracker::Tracker;

use proxy::Gateway;
use settings::Settings;

/// The time that cutting the streams, and then storing what is left, may take.
const DEADLINE: Duration = Duration::from_secs(30);

fn main() -> Result<()> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let settings = Settings::parse();
    let options = StoreOptions::default().with_pricing(Arc::new(ShippedPrices));
    let store = options.open(&settings.ledger)?;
    let tracker = Arc::new(Tracker::builder().start(store.clone())?);
    let gate = budgets::gate(&store)?;
    let runtime = Runtime::new()?;
    let refreshing = budgets::Refreshing::start(gate.clone(), store, Arc::clone(&tracker))?;
    let served = runtime.block_on(serve(settings, Arc::clone(&tracker), gate));
    refreshing.stop();
    // Ends the tasks of the streams that are left; their meters record what had arrived. Only then is
    // the tracker shut down.
    runtime.shutdown_timeout(DEADLINE);
    let end = tracker.shutdown(DEADLINE);
    println!("{} records stored, {} wait in the journal", end.stats.stored, end.stats.in_journal);
    ensure!(end.is_safe(), "{} records were not stored", end.unstored.len());
    served
}

/// Serves until a signal says to stop, and the streams have ended or their time is over.
async fn serve(settings: Settings, tracker: Arc<Tracker>, gate: Gate) -> Result<()> {
    let listener = TcpListener::bind(settings.listen).await.context("cannot listen")?;
    println!("listening on http://{}", listener.local_addr()?);
    let grace = Duration::from_secs(settings.grace);
    let gateway = Arc::new(Gateway::new(settings, tracker, gate)?);
    let router = Router::new()
        .route("/v1/messages", post(proxy::anthropic))
        .route("/v1/chat/completions", post(proxy::openai))
        .route("/v1/responses", post(proxy::openai))
        .route("/metrics", get(metrics::show))
        .with_state(gateway);
    let stop = stop::Stop::listen()?;
    let server = axum::serve(listener, router).with_graceful_shutdown(stop.first());
    tokio::select! {
        served = server.into_future() => Ok(served?),
        () = stop.out_of_patience(grace) => Ok(()),
    }
}
