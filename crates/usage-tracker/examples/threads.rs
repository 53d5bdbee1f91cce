//! Four threads record through one tracker into a ledger, and everything is accounted for at the
//! end.
//!
//! `cargo run -p usage-tracker --example threads [LEDGER]`; without a ledger, a temporary one.

#![expect(clippy::print_stdout, reason = "an example shows its result")]

use std::error::Error;
use std::thread;
use std::time::Duration;

use usage_core::format::{TextOptions, format_usage};
use usage_core::{Filter, LabelNames, Labels, TimeRange, TokenCounts};
use usage_store::Store;
use usage_tracker::Tracker;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let path =
        std::env::args_os().nth(1).map_or_else(|| folder.path().join("usage.db"), Into::into);
    // One clone of the store for the writer, one to report from.
    let store = Store::open(path)?;
    let tracker =
        Tracker::builder().flush_timeout(Duration::from_millis(200)).start(store.clone())?;

    thread::scope(|scope| {
        let workers: Vec<_> = ["default", "think", "background", "long-context"]
            .into_iter()
            .map(|route| scope.spawn(|| serve(&tracker, route)))
            .collect();
        for worker in workers {
            worker.join().map_err(|_| "a worker panicked")??;
        }
        Ok::<_, Box<dyn Error + Send + Sync>>(())
    })
    .map_err(|error| error.to_string())?;

    let report = tracker.shutdown(Duration::from_secs(5));
    let stats = &report.stats;
    println!(
        "submitted {}, stored {}, duplicates {}, refused {}, dropped {}, pending {}",
        stats.submitted,
        stats.stored,
        stats.duplicates,
        stats.refused,
        stats.dropped,
        stats.pending,
    );
    if !report.is_clean() {
        let error = stats.last_error.as_deref().unwrap_or("the sink is still busy");
        return Err(format!("{} records were not stored: {error}", report.unstored.len()).into());
    }
    let usage = store.report(TimeRange::ALL, &Filter::default())?;
    println!("\n{}", format_usage("", "all-time", &usage, &TextOptions::default()));
    Ok(())
}

/// A router's worker that answers five thousand requests.
fn serve(tracker: &Tracker, route: &str) -> Result<(), Box<dyn Error + Send + Sync>> {
    // The names are checked and joined once, not for each request.
    let handle = tracker.handle(Labels::new(
        LabelNames::new()
            .with_instance("router-1")
            .with_provider("anthropic")
            .with_route(route)
            .with_model("claude-sonnet-4-5"),
    )?);
    for request in 0..5_000 {
        let tokens = TokenCounts::new().with_input(800 + request).with_output(request % 400);
        handle.record(tokens)?;
    }
    Ok(())
}
