//! `/metrics`: the tracker's accounts, as OpenMetrics.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, HeaderName};
use usage_tracker::Stats;

use crate::proxy::Gateway;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(crate) async fn show(
    State(gateway): State<Arc<Gateway>>,
) -> ([(HeaderName, &'static str); 1], String) {
    ([(CONTENT_TYPE, OPEN_METRICS)], text(&gateway.tracker.stats()))
}

fn text(stats: &Stats) -> String {
    let mut text = String::new();
    for (name, help, count) in [
        ("submitted", "handed to the tracker", stats.submitted),
        ("stored", "stored in the ledger", stats.stored),
        ("duplicates", "not stored again", stats.duplicates),
        ("refused", "not stored, and somebody was told", stats.refused),
        ("dropped", "lost", stats.dropped),
    ] {
        let name = format!("usage_records_{name}");
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "# TYPE {name} counter\n# HELP {name} Records {help}.\n{name}_total {count}"
        );
    }
    for (name, help, value) in [
        ("usage_records_pending", "Records on their way.", stats.pending),
        ("usage_journal_bytes", "Size of the journal.", stats.journal_bytes),
        ("usage_degraded", "1 while the ledger or the journal fails.", stats.degraded.into()),
    ] {
        let _ = writeln!(text, "# TYPE {name} gauge\n# HELP {name} {help}\n{name} {value}");
    }
    text + "# EOF\n"
}
