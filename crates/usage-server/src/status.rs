//! `GET /v1/status`: what came in, what became of it, and how the ledger is.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use serde_json::{Value, json};
use usage_core::budget::{Budget, state};
use usage_tracker::Stats;

use crate::answer;
use crate::app::App;

pub(crate) async fn show(State(app): State<Arc<App>>) -> Response<Body> {
    let answered = app.ask(|app, engine, limits| {
        let bounds = engine.bounds(&limits)?;
        let ledger = app.ledger_status()?;
        Ok(json!({
            "schema": 1,
            "version": env!("CARGO_PKG_VERSION"),
            "process": std::process::id(),
            "received": app.received.to_json(),
            "tracker": tracker(&app.tracker.stats()),
            "accepts_from": bounds.accepts_from.map(|at| at.to_string()),
            "ledger": ledger,
        }))
    });
    match answered.await {
        Ok(status) => answer::json(StatusCode::OK, &status),
        Err(why) => why.into_response(),
    }
}

/// Answers with the budgets and how they stand.
pub(crate) async fn budgets(State(app): State<Arc<App>>) -> Response<Body> {
    let answered = app.ask(|app, engine, limits| {
        let now = app.world.clock.now();
        let stands = |budget: Budget| Ok(json!(state(engine, &budget, now, &limits)?));
        let budgets = app.store.budgets().list()?.into_iter().map(stands);
        let budgets = budgets.collect::<Result<Vec<Value>, usage_core::Error>>()?;
        Ok(json!({ "schema": 1, "now": now.to_string(), "price_basis": "list", "budgets": budgets }))
    });
    match answered.await {
        Ok(budgets) => answer::json(StatusCode::OK, &budgets),
        Err(why) => why.into_response(),
    }
}

/// The accounts since the server started.
fn tracker(stats: &Stats) -> Value {
    json!({
        "submitted": stats.submitted,
        "stored": stats.stored,
        "amended": stats.amended,
        "duplicates": stats.duplicates,
        "refused": stats.refused,
        "quarantined": stats.quarantined,
        "dropped": stats.dropped,
        "pending": stats.pending,
        "in_journal": stats.in_journal,
        "journal_bytes": stats.journal_bytes,
        "recovered": stats.recovered.stored,
        "degraded": stats.degraded,
        "sink_error": stats.sink_error.map(|kind| kind.to_string()),
        "warning": stats.sink_warning,
    })
}
