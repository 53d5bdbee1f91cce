//! Many streams at once through the gateway, from a provider that stands in for the real ones: some
//! clients go away, some connections break, and the gateway is told to stop in the middle. Every
//! request is in the ledger once, with the counts that the provider gave out.
//!
//! `USAGE_GATEWAY_STREAMS=1000 cargo test --release -p usage-gateway --test streams` does it with
//! that many.

#![expect(clippy::unwrap_used, reason = "a panic in a test is the report")]

mod client;
mod edges;
mod gateway;
mod plan;
mod provider;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;
use usage_core::{Filter, Label, Measure, Record, TimeRange};
use usage_store::Store;

use gateway::Gateway;
use plan::{Counts, Ending, Plan};
use provider::Provider;

/// Long enough for anything that happens at all on a busy machine.
const LONG: Duration = Duration::from_secs(60);

/// Streams at once, if nobody says otherwise.
const STREAMS: usize = 45;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_is_recorded_once_with_what_the_provider_gave_out() {
    let streams = std::env::var("USAGE_GATEWAY_STREAMS").map_or(STREAMS, |it| it.parse().unwrap());
    gateway::allow_files(streams);
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("usage.db");
    let provider = Provider::start(streams).await;
    let gateway = Gateway::start(&ledger, &provider.url());

    let plans: Vec<_> = (0..streams).map(Plan::of).collect();
    let http = http_client();
    let mut early = JoinSet::new();
    let mut late = JoinSet::new();
    let mut held = JoinSet::new();
    for (at, plan) in plans.iter().enumerate() {
        let set = match (plan.ending, at % 2) {
            (Ending::Held, _) => &mut held,
            (_, 0) => &mut early,
            _ => &mut late,
        };
        let (http, url) = (http.clone(), gateway.url());
        set.spawn(client::run(http, url, plan.clone(), Arc::clone(&provider.stage)));
    }

    // All of them are open at once, and have got what comes before the middle.
    within("every client is in the middle", provider.stage.all_in_the_middle()).await;
    provider.stage.go_on(|at| at % 2 == 0);
    join("the early clients", &mut early).await;
    gateway.terminate();
    within("nobody is taken any more", gateway.refuses()).await;
    provider.stage.go_on(|_| true);
    join("the late clients", &mut late).await;
    assert_eq!(held.len(), plans.iter().filter(|plan| plan.ending == Ending::Held).count());
    gateway.terminate();
    join("the clients that were cut off", &mut held).await;
    let output = gateway.wait();
    assert!(output.contains(&format!("{streams} records stored")), "{output}");

    let expected: BTreeMap<_, _> =
        plans.iter().map(|plan| (plan.id(), vec![provider.stage.given_out(plan)])).collect();
    assert_eq!(recorded(&ledger), expected);
    let records = records(&ledger);
    let went = |measure| records.iter().filter(|it| it.counts().get(measure) == 1).count();
    let ends = |endings: &[Ending]| plans.iter().filter(|it| endings.contains(&it.ending)).count();
    assert_eq!(went(Measure::Errors), ends(&[Ending::Failed]));
    assert_eq!(went(Measure::Cancelled), ends(&[Ending::Cancelled, Ending::Held]));
    assert_eq!(went(Measure::Partial), streams - ends(&[Ending::Whole]));
}

/// Returns the records in the ledger, by the ids of the responses.
fn recorded(ledger: &Path) -> BTreeMap<String, Vec<Counts>> {
    let mut recorded: BTreeMap<String, Vec<Counts>> = BTreeMap::new();
    for record in records(ledger) {
        assert_eq!(record.labels().names().get(Label::Model), plan::ANSWERING);
        let tokens = record.tokens();
        let id = record.event_id().unwrap().as_str().to_owned();
        let counts = (tokens.input, tokens.cache_read, tokens.output);
        recorded.entry(id).or_default().push(counts);
    }
    recorded
}

fn records(ledger: &Path) -> Vec<Record> {
    let store = Store::open_existing(ledger).unwrap();
    let filter = Filter::default();
    store.records_by_period(TimeRange::ALL, &filter).map(|row| row.unwrap().record).collect()
}

fn http_client() -> reqwest::Client {
    // No TLS is spoken here, but reqwest wants to know whose it would be.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

async fn within(what: &str, event: impl Future<Output = ()>) {
    let come = timeout(LONG, event).await;
    assert!(come.is_ok(), "in {LONG:?} it did not come to this: {what}");
}

async fn join(who: &str, clients: &mut JoinSet<()>) {
    within(who, async {
        while let Some(client) = clients.join_next().await {
            client.unwrap();
        }
    })
    .await;
}
