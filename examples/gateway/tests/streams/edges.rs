//! The cases that are not a stream that goes well.

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::post;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use usage_core::Label;
use usage_core::budget::{Amount, Budget, Per};
use usage_store::Store;

use crate::gateway::Gateway;
use crate::{http_client, join, records};

/// 15 tokens.
const ANSWER: &str = r#"{"type":"message","role":"assistant","model":"claude-sonnet-5","content":[],
    "usage":{"input_tokens":5,"output_tokens":10}}"#;

/// Eight clients ask until they are refused: together they get no more than the budget and what was under way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_budget_that_is_spent_refuses() {
    const LIMIT: u64 = 600;
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("usage.db");
    let budget = Budget::new("all", Amount::Tokens(LIMIT), Per::Month).unwrap().hard();
    Store::open(&ledger).unwrap().budgets().set(&budget).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let provider = format!("http://{}", listener.local_addr().unwrap());
    let answers = Router::new()
        .route("/v1/messages", post(|| async { ([(CONTENT_TYPE, "application/json")], ANSWER) }));
    tokio::spawn(async { axum::serve(listener, answers).await });
    let gateway = Gateway::start(&ledger, &provider);

    let mut clients = JoinSet::new();
    for _ in 0..8 {
        let (http, url) = (http_client(), gateway.url() + "/v1/messages");
        clients.spawn(async move {
            loop {
                let answer = http.post(&url).body(r#"{"model":"claude-sonnet-5"}"#).send().await;
                let answer = answer.unwrap();
                let status = answer.status();
                let text = answer.text().await.unwrap();
                if status == 429 {
                    assert!(text.contains("the budget \"all\" of this month is spent"), "{text}");
                    break;
                }
                assert_eq!((status.as_u16(), text.as_str()), (200, ANSWER));
            }
        });
    }
    join("the clients that are refused", &mut clients).await;
    gateway.terminate();
    gateway.wait();
    let spent: u64 = records(&ledger).iter().map(|record| record.tokens().total()).sum();
    assert!((LIMIT..LIMIT + 8 * 15).contains(&spent), "{spent}");
}

#[tokio::test]
async fn a_request_that_nobody_answers_is_recorded_under_what_was_asked() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("usage.db");
    // Nobody listens on port 1.
    let gateway = Gateway::start(&ledger, "http://127.0.0.1:1");
    let http = http_client();
    let post = |body: &str| http.post(gateway.url() + "/v1/messages").body(body.to_owned()).send();

    assert_eq!(post("{\"model\":\"claude-sonnet-5\"}").await.unwrap().status(), 502);
    assert_eq!(post("no JSON at all").await.unwrap().status(), 502);
    let name = format!("{{\"model\":\"{}\"}}", "m".repeat(300));
    assert_eq!(post(&name).await.unwrap().status(), 400, "a name that no record may have");

    let metrics = http.get(gateway.url() + "/metrics").send().await.unwrap();
    let metrics = metrics.text().await.unwrap();
    assert!(metrics.contains("\nusage_records_submitted_total 2\n"), "{metrics}");
    assert!(metrics.ends_with("# EOF\n"), "{metrics}");

    gateway.terminate();
    gateway.wait();
    let mut models: Vec<_> = records(&ledger)
        .iter()
        .map(|record| {
            assert_eq!(record.tokens().total(), 0);
            assert_eq!(record.labels().names().get(Label::Route), "/v1/messages");
            record.labels().names().get(Label::Model).to_owned()
        })
        .collect();
    models.sort();
    assert_eq!(models, ["claude-sonnet-5", "unknown"]);
}
