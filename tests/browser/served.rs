//! A ledger with a server in front of it, and a page to open.

use std::net::TcpListener;
use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;
use usage_core::record::line;
use usage_core::{LabelInterner, Timestamp};
use usage_prices::ShippedPrices;
use usage_server::{Config, Server};
use usage_store::{Store, StoreOptions};
use usage_tracker::{Clock as _, SystemClock};

/// A ledger with a server in front of it.
pub(crate) struct Served {
    pub(crate) store: Store,
    _server: Server,
    address: String,
    _folder: TempDir,
}

/// The views of the page.
pub(crate) const VIEWS: [&str; 7] =
    ["overview", "breakdown", "sessions", "budgets", "prices", "quality", "status"];

impl Served {
    /// Serves a ledger with these records.
    pub(crate) fn with(lines: &[Value]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = StoreOptions::default().with_pricing(Arc::new(ShippedPrices));
        let store = options.open(folder.path().join("usage.db")).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Server::start(store.clone(), vec![listener], Config::default()).unwrap();
        let address = format!("http://{}", server.addresses()[0]);
        let served = Self { store, _server: server, address, _folder: folder };
        served.record(lines);
        served
    }

    /// Stores records, as another process would.
    pub(crate) fn record(&self, lines: &[Value]) {
        let (now, mut names) = (now(), LabelInterner::new(1_000));
        let read =
            |line: &Value| line::parse(line.to_string().as_bytes(), now, &mut names).unwrap();
        let records: Vec<_> = lines.iter().map(read).collect();
        self.store.insert_batch(&records).unwrap();
    }

    /// Returns the address of a view, with more of a query.
    pub(crate) fn page(&self, view: &str, query: &str) -> String {
        format!("{}/?view={view}&{query}", self.address)
    }
}

/// Returns the time, as records have it.
pub(crate) fn now() -> Timestamp {
    SystemClock::new().now()
}

/// Requests of the last days, a few an hour, of several models and projects, in sessions.
pub(crate) fn usual() -> Vec<Value> {
    let now = now().as_micros();
    let models =
        [("anthropic", "claude-sonnet-4-5"), ("openai", "gpt-5"), ("local", "llama-on-our-gpus")];
    let line = |at: i64| {
        let (provider, model) = models[usize::try_from(at % 7 % 3).unwrap()];
        let project = if at % 5 % 2 == 0 { "website" } else { "search" };
        let quality = if at % 50 == 0 { "partial" } else { "reported" };
        json!({
            "instance_id": "claude-code", "provider": provider, "route": "default", "model": model,
            "project": project, "session_id": format!("session-{}", at / 9), "quality": quality,
            "input_tokens": 1_000 + at, "output_tokens": 300, "cache_read_tokens": 20_000,
            "timestamp": Timestamp::from_micros(now - at * 40 * 60 * 1_000_000).to_string(),
        })
    };
    (0..400).map(line).collect()
}
