//! Bodies of OTLP as they are sent: in both encodings, compressed, in chunks, to the root, and wrong ones.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::client::Served;

fn text(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}

/// A log event of Claude Code.
fn log(id: &str) -> Value {
    json!({
        "timeUnixNano": "1777809600000000000",
        "body": { "stringValue": "claude_code.api_request" },
        "attributes": [
            text("event.name", "api_request"),
            text("model", "claude-opus-5"),
            text("input_tokens", "12"),
            json!({ "key": "output_tokens", "value": { "intValue": 450 } }),
            json!({ "key": "cost_usd", "value": { "doubleValue": 0.0123 } }),
            text("request_id", id),
            text("prompt", "a secret"),
        ],
    })
}

fn logs(records: &[Value]) -> String {
    let resource = json!({ "attributes": [text("service.name", "claude-code")] });
    json!({ "resourceLogs": [{ "resource": resource, "scopeLogs": [{ "logRecords": records }] }] })
        .to_string()
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn bodies_may_be_compressed_and_in_chunks_and_go_to_the_root() {
    let mut served = Served::new();
    let answer = served.post("/v1/logs", "application/json", logs(&[log("req_1")]));
    assert_eq!((answer.status, answer.text()), (200, "{}"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let headers = [("Content-Type", "application/json"), ("Content-Encoding", "gzip")];
    let body = gzip(logs(&[log("req_2")]).as_bytes());
    assert_eq!(served.send("POST", "/v1/logs", &headers, &body).status, 200);
    let body = logs(&[log("req_3")]);
    let (one, other) = body.split_at(40);
    let chunks = format!("{:x}\r\n{one}\r\n{:x}\r\n{other}\r\n0\r\n\r\n", one.len(), other.len());
    let headers = [("Content-Type", "application/json"), ("Transfer-Encoding", "chunked")];
    assert_eq!(served.send("POST", "/", &headers, chunks.as_bytes()).status, 200);
    // Sent again, as who had no answer does.
    let answer = served.post("/", "application/json; charset=utf-8", logs(&[log("req_1")]));
    assert_eq!(answer.status, 200);
    let records = served.records();
    let mut ids: Vec<_> = records.iter().filter_map(|of| Some(of.event_id()?.as_str())).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["req_1", "req_2", "req_3"]);
    let file = std::fs::read(served.store.path()).unwrap();
    assert!(!file.windows(8).any(|bytes| bytes == b"a secret"), "a prompt was kept");
}

#[test]
fn a_bad_record_costs_itself_and_not_its_batch() {
    let mut served = Served::new();
    let mut odd = log("req_2");
    odd["attributes"][2] = json!({ "key": "input_tokens", "value": { "doubleValue": "" } });
    odd["attributes"][3] = json!({ "key": "output_tokens", "value": { "intValue": "7" } });
    odd["novelty"] = json!({ "deep": [[{}]] });
    let none = json!("no record");
    let answer = served.post("/v1/logs", "application/json", logs(&[log("req_1"), none, odd]));
    let partial = &answer.json()["partialSuccess"];
    assert_eq!((answer.status, &partial["rejectedLogRecords"]), (200, &"1".into()));
    assert_eq!(partial["errorMessage"], "it cannot be read");
    let tokens: Vec<_> = served.records().iter().map(|record| record.tokens().total()).collect();
    assert_eq!(tokens, [462, 7]);
}

#[test]
fn what_is_not_known_is_counted_by_name() {
    let served = Served::new();
    let mut renamed = log("req_1");
    renamed["attributes"][2] = text("fresh_tokens", "5");
    let event = json!({ "attributes": [text("event.name", "user_prompt")] });
    let body = logs(&[renamed, event]);
    assert_eq!(served.post("/v1/logs", "application/json", body).status, 200);
    let point = json!({ "asDouble": 5.0 });
    let metric = json!({ "name": "claude_code.token.usage", "sum": { "dataPoints": [point] } });
    let resource = json!({ "attributes": [text("service.name", "claude-code")] });
    let scope = json!({ "metrics": [metric] });
    let body = json!({ "resourceMetrics": [{ "resource": resource, "scopeMetrics": [scope] }] });
    assert_eq!(served.post("/v1/metrics", "application/json", body.to_string()).status, 200);
    let received = &served.get("/v1/status").json()["received"];
    assert_eq!(received["unknown_names"]["by_name"]["fresh_tokens"], 1);
    assert_eq!(received["not_added"]["by_name"]["user_prompt"], 1);
    assert_eq!(received["not_added"]["by_name"]["claude_code.token.usage"], 1);
    let source = &received["sources"][0];
    let counts = ["records", "other", "metrics"].map(|name| source[name].as_u64());
    assert_eq!((&source["instance"], counts), (&"claude-code".into(), [Some(1); 3]));
}

#[test]
fn what_is_no_otlp_is_refused_in_its_own_encoding() {
    let mut served = Served::new();
    let answer = served.post("/v1/logs", "application/json", "{\"resourceLogs\":[");
    assert_eq!((answer.status, &answer.json()["code"]), (400, &3.into()));
    let answer = served.post("/v1/traces", "application/x-protobuf", b"\x0a\xff");
    assert_eq!(answer.status, 400);
    assert_eq!(answer.header("content-type"), Some("application/x-protobuf"));
    assert_eq!(served.post("/v1/logs", "text/plain", "{}").status, 415);
    let headers = [("Content-Type", "application/json"), ("Content-Encoding", "zstd")];
    assert_eq!(served.send("POST", "/v1/logs", &headers, b"{}").status, 415);
    let headers = [("Content-Type", "application/json"), ("Content-Encoding", "gzip")];
    assert_eq!(served.send("POST", "/v1/logs", &headers, b"{}").status, 400);
    assert_eq!(served.post("/v1/logs", "application/x-protobuf", "").status, 200, "nothing");
    assert_eq!(served.get("/v1/logs").status, 405);
    assert_eq!(served.records().len(), 0);
}
