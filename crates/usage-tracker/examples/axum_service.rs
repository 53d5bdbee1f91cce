//! A small service that records what it serves in a temporary ledger, and loses nothing when it is
//! stopped.
//!
//! ```text
//! cargo run -p usage-tracker --example axum_service [PORT]
//! curl -s localhost:PORT/v1/answer/think
//! curl -s localhost:PORT/stats
//! ```
//!
//! Ctrl-C or SIGTERM ends it: requests are finished first, then the tracker writes what is left.

#![expect(clippy::print_stdout, reason = "an example shows its result")]

use std::error::Error;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use usage_core::format::{TextOptions, format_usage};
use usage_core::{Filter, LabelInterner, LabelNames, TimeRange, TokenCounts};
use usage_store::Store;
use usage_tracker::{Stats, Tracker};

struct Service {
    tracker: Tracker,
    /// Bounded, because the route is whatever a client asks for.
    names: Mutex<LabelInterner>,
}

/// Answers a request, and records it. Recording never waits, so it is as good in an async function
/// as anywhere.
async fn answer(
    State(service): State<Arc<Service>>,
    Path(route): Path<String>,
) -> Result<String, (StatusCode, String)> {
    let names = LabelNames::new()
        .with_instance("axum-example")
        .with_provider("nobody")
        .with_route(&route)
        .with_model("echo");
    let labels = service.names.lock().unwrap_or_else(PoisonError::into_inner).intern(names);
    let labels = labels.map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))?;
    let tokens = TokenCounts::unclassified(route.len() as u64);
    // The client has its answer whether it is recorded or not; the accounts say how many were not.
    if let Err(error) = service.tracker.handle(labels).record(tokens) {
        println!("not recorded: {error}");
    }
    Ok(format!("you took the route {route:?}\n"))
}

async fn stats(State(service): State<Arc<Service>>) -> Json<Value> {
    Json(accounts(&service.tracker.stats()))
}

fn accounts(stats: &Stats) -> Value {
    json!({
        "submitted": stats.submitted,
        "stored": stats.stored,
        "duplicates": stats.duplicates,
        "refused": stats.refused,
        "dropped": stats.dropped,
        "pending": stats.pending,
        "degraded": stats.degraded,
    })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let port = std::env::args().nth(1).map_or(Ok(0), |port| port.parse())?;
    let folder = tempfile::tempdir()?;
    let store = Store::open(folder.path().join("usage.db"))?;
    let service = Arc::new(Service {
        tracker: Tracker::builder().start(store.clone())?,
        names: Mutex::new(LabelInterner::new(1_000)),
    });
    let router = Router::new()
        .route("/v1/answer/{route}", get(answer))
        .route("/stats", get(stats))
        .with_state(Arc::clone(&service));
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, router).with_graceful_shutdown(stopped()).await?;

    // No request is being served any more. Shutting down waits for the sink, so not here but on a
    // thread that may wait.
    let report =
        tokio::task::spawn_blocking(move || service.tracker.shutdown(Duration::from_secs(5)))
            .await?;
    println!("{}", accounts(&report.stats));
    if !report.is_clean() {
        return Err(format!("{} records were not stored", report.unstored.len()).into());
    }
    let usage = store.report(TimeRange::ALL, &Filter::default())?;
    println!("{}", format_usage("", "all-time", &usage, &TextOptions::default()));
    Ok(())
}

/// Ready when the service shall stop.
async fn stopped() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
