//! The cases that are not a stream that goes well.

use usage_core::Label;

use crate::gateway::Gateway;
use crate::{http_client, records};

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
