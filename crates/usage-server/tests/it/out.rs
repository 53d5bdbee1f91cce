//! What goes out: the command's answers, status, metrics, changes, and the page about it.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};

use crate::client::Served;

fn recorded(lines: &str) -> Served {
    let served = Served::new();
    record(&served, lines);
    served
}

fn record(served: &Served, lines: &str) {
    assert_eq!(served.post("/v1/records", "application/x-ndjson", lines).status, 200);
    // An answer to a question is about what the ledger has, and that follows the journal.
    let until = std::time::Instant::now() + crate::client::PATIENCE;
    let expected = lines.lines().count() as u64;
    while served.get("/v1/report").json()["summary"]["requests"] != expected {
        assert!(std::time::Instant::now() < until, "never stored");
        // sleep: a poll with a deadline; the ledger gives no other sign.
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

const LINES: &str = "\
{\"instance_id\":\"a\",\"provider\":\"p\",\"route\":\"r\",\"model\":\"m\",\"input_tokens\":10,\"output_tokens\":5,\
\"timestamp\":\"2026-05-03T23:30:00Z\",\"session_id\":\"s1\"}
{\"instance_id\":\"b\",\"provider\":\"p\",\"route\":\"r\",\"model\":\"quote\\\"\",\"tokens\":7,\
\"timestamp\":\"2026-05-04T12:00:00Z\"}
";

#[test]
fn reports_are_those_of_the_command() {
    let served = recorded(LINES);
    let json = served.get("/v1/report?by=day&timezone=Europe/Berlin").json();
    let days: Vec<_> = json["groups"].as_array().unwrap().iter().map(|of| &of["day"]).collect();
    assert_eq!(days, ["2026-05-04T00:00:00+02:00"]);
    assert_eq!(json["summary"]["tokens"], 22);
    let json = served.get("/v1/report?instance=a&instance=c").json();
    assert_eq!((&json["schema"], &json["summary"]["requests"]), (&1.into(), &1.into()));
    let json = served.get("/v1/series?by=day,model&period=2026-05").json();
    assert_eq!(json["groups"].as_array().unwrap().len(), 2, "{json}");
    let json = served.get("/v1/sessions").json();
    assert_eq!(json["sessions"][0]["session_id"], "s1");
    let csv = served.get("/v1/report?format=csv");
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
    assert_eq!(csv.text().lines().count(), 3);
}

#[test]
fn a_wrong_question_is_told_what_is_wrong() {
    let served = Served::new();
    for (path, expected) in [
        ("/v1/report?period=yesteryear", "yesteryear"),
        ("/v1/report?perod=today", "known are period"),
        ("/v1/report?by=colour", "by: "),
        ("/v1/report?top=0", "from 1 on"),
        ("/v1/report?timezone=Mars", "no IANA time zone"),
        ("/v1/report?tag=team", "KEY=VALUE"),
        ("/v1/report?format=xml", "csv are accepted"),
        ("/v1/series?by=model", "needs one of quarter_hour"),
        ("/v1/sessions?by=day", "known are"),
        ("/v1/sessions?sort=colour", "are accepted"),
    ] {
        let answer = served.get(path);
        assert_eq!(answer.status, 400, "{path}");
        assert!(answer.text().contains(expected), "{path}: {}", answer.text());
    }
}

#[test]
fn metrics_are_escaped_and_end() {
    let served = recorded(LINES);
    let text = served.get("/metrics").text().to_owned();
    let of = "instance=\"b\",provider=\"p\",model=\"quote\\\"\"";
    assert!(text.contains(&format!("usage_requests_total{{{of}}} 1\n")), "{text}");
    assert!(
        text.contains(&format!("usage_tokens_total{{{of},kind=\"unclassified\"}} 7\n")),
        "{text}"
    );
    assert!(text.contains("\nusage_ledger_requests 2\n"), "{text}");
    assert!(text.ends_with("# EOF\n") && text.matches("# EOF").count() == 1, "{text}");
    let status = served.get("/v1/status").json();
    assert_eq!(status["ledger"]["content"]["requests"], 2, "{status}");
    assert_eq!(served.store.delete_all_records().unwrap(), 2);
    let after = served.get("/metrics").text().to_owned();
    assert!(after.contains(&format!("usage_requests_total{{{of}}} 1\n")), "{after}");
    // What comes and goes between two scrapes is counted all the same.
    record(&served, LINES);
    assert_eq!(served.store.delete_all_records().unwrap(), 2);
    let at_last = served.get("/metrics").text().to_owned();
    assert!(at_last.contains(&format!("usage_requests_total{{{of}}} 2\n")), "{at_last}");
}

#[test]
fn who_listens_is_told_of_changes() {
    let served = Served::new();
    let mut stream = served.connect();
    let host = served.address;
    write!(stream, "GET /v1/events HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    let mut number = || -> u64 {
        let id = lines.find_map(|line| line.strip_prefix("id: ").map(str::to_owned));
        id.unwrap().parse().unwrap()
    };
    let first = number();
    assert_eq!(served.post("/v1/records", "application/x-ndjson", LINES).status, 200);
    assert!(number() > first);
}

/// The page has each route, and no other.
#[test]
fn the_page_is_about_the_routes() {
    let served = Served::new();
    let page = served.get("/openapi.json").json();
    let mut routes = BTreeSet::new();
    for (path, methods) in page["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            assert_eq!(served.send("PUT", path, &[], b"").status, 405, "{path}");
            routes.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    let served_routes = usage_server::routes().map(|(method, path)| format!("{method} {path}"));
    assert_eq!(routes, served_routes.collect());
}
