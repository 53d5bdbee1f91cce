//! `usage serve`: what was answered is there, however the server ends.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::thread::{self, ScopedJoinHandle};
use std::time::Duration;

use crate::agents;
use crate::fixture::{Fixture, Run};
use crate::lines::{events, many};
use crate::process::{Background, eventually};

/// A server on a port that is free, and where it is.
fn start(fixture: &Fixture) -> (Background<'_>, String) {
    at(fixture, "127.0.0.1:0")
}

/// A server at an address, which it says itself once it listens there.
fn at<'a>(fixture: &'a Fixture, address: &str) -> (Background<'a>, String) {
    let server = fixture.start(&format!("serve --listen {address}"));
    let said = fixture.path("usage.db.serve");
    let mut at = String::new();
    eventually("listening", || {
        let said = std::fs::read_to_string(&said).unwrap_or_default();
        at = said
            .rsplit_once(" at ")
            .map(|(_, at)| at.trim_start_matches("http://").to_owned())
            .unwrap_or_default();
        !at.is_empty() && TcpStream::connect(&at).is_ok()
    });
    (server, at)
}

/// Sends a request, and returns the answer; an empty one where the connection broke.
fn send(address: &str, method: &str, path: &str, body: &str) -> String {
    let Ok(mut stream) = TcpStream::connect(address) else { return String::new() };
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    let mut answer = Vec::new();
    let _ = stream.write_all((head + body).as_bytes());
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

#[test]
fn what_was_sent_is_stored_and_told_at_the_end() {
    let fixture = Fixture::new();
    let (server, address) = start(&fixture);
    let answer = send(&address, "POST", "/v1/records", &many(0, 3));
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    eventually("stored", || fixture.stored() == 3);
    let of_server = send(&address, "GET", "/v1/report", "");
    let of_server = of_server.split_once("\r\n\r\n").unwrap().1;
    assert_eq!(of_server, fixture.usage("report --format json").stdout_of_success());
    server.signal("TERM");
    let run = server.finish();
    let expected = format!(
        "Serving /tmp/usage-XXXXXX/usage.db at http://{address}\n\
         Stored: 3  |  Amended: 0  |  Duplicates: 0  |  Refused: 0\n"
    );
    assert_eq!((run.stdout.as_str(), run.code), (expected.as_str(), 0), "{run}");
}

/// Claude Code's telemetry has all the tokens of a request, its transcript the project: one record, whichever
/// comes first.
#[test]
fn telemetry_and_a_transcript_of_one_request_are_one_record() {
    let log = |id: &str| {
        format!(
            "{{\"timeUnixNano\":\"1777802400000000000\",\"attributes\":[\
             {{\"key\":\"event.name\",\"value\":{{\"stringValue\":\"api_request\"}}}},\
             {{\"key\":\"session.id\",\"value\":{{\"stringValue\":\"s\"}}}},\
             {{\"key\":\"model\",\"value\":{{\"stringValue\":\"claude-sonnet-4-5\"}}}},\
             {{\"key\":\"request_id\",\"value\":{{\"stringValue\":\"req_{id}\"}}}},\
             {{\"key\":\"input_tokens\",\"value\":{{\"intValue\":\"10\"}}}},\
             {{\"key\":\"cache_read_tokens\",\"value\":{{\"intValue\":\"90\"}}}},\
             {{\"key\":\"output_tokens\",\"value\":{{\"intValue\":\"450\"}}}}]}}"
        )
    };
    let logs = |id: &str| {
        format!(
            "{{\"resourceLogs\":[{{\"resource\":{{\"attributes\":[{{\"key\":\"service.name\",\
             \"value\":{{\"stringValue\":\"claude-code\"}}}}]}},\"scopeLogs\":[{{\"logRecords\":[{}]}}]}}]}}",
            log(id)
        )
    };
    let fixture = Fixture::new();
    let (server, address) = start(&fixture);
    assert!(send(&address, "POST", "/v1/logs", &logs("msg_1")).starts_with("HTTP/1.1 200 "));
    eventually("stored", || fixture.stored() == 1);
    // Of the output the transcript knows what it was when the answer began.
    agents::write(
        &fixture,
        agents::TRANSCRIPT,
        &(agents::row("msg_1", 1) + &agents::row("msg_2", 1)),
    );
    fixture.usage("import claude-code").stdout_of_success();
    assert!(send(&address, "POST", "/v1/logs", &logs("msg_2")).starts_with("HTTP/1.1 200 "));
    server.signal("TERM");
    assert!(server.finish().stdout.contains("Stored: 1  |  Amended: 1  |"));
    assert_eq!(fixture.totals(), (2, 1_100));
    let report = fixture.report("report --by project --format json");
    assert_eq!(
        (&report["groups"][0]["project"], &report["groups"][0]["requests"]),
        (&"site".into(), &2.into())
    );
}

/// Codex's telemetry and its logs share no id of a request: the way that told a session first has it, and the other
/// one is held against it.
#[test]
fn a_session_told_in_two_ways_without_a_common_id_counts_once() {
    let telemetry = |input: u64| {
        let attributes: Vec<_> = [
            ("event.name", "codex.sse_event".to_owned()),
            ("event.kind", "response.completed".to_owned()),
            ("conversation.id", "019dec7f-0000-7000-8000-000000000000".to_owned()),
            ("event.timestamp", "2026-05-03T10:00:02.001Z".to_owned()),
            ("model", "gpt-5.4".to_owned()),
            ("input_token_count", input.to_string()),
            ("cached_token_count", "40".to_owned()),
            ("output_token_count", "5".to_owned()),
        ]
        .map(|(key, value)| format!(r#"{{"key":"{key}","value":{{"stringValue":"{value}"}}}}"#))
        .to_vec();
        format!(
            r#"{{"resourceLogs":[{{"resource":{{"attributes":[{{"key":"service.name","value":
            {{"stringValue":"codex_exec"}}}}]}},"scopeLogs":[{{"logRecords":[{{"attributes":[{}]}}]}}]}}]}}"#,
            attributes.join(",")
        )
    };
    for is_telemetry_first in [true, false] {
        let fixture = Fixture::new();
        let (server, address) = start(&fixture);
        let tell = || {
            let answer = send(&address, "POST", "/v1/logs", &telemetry(100));
            assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        };
        // The log has 30 tokens more.
        agents::write(&fixture, agents::ROLLOUT, &agents::rollout(130));
        let import = || fixture.usage("import codex").stdout_of_success();
        let tokens = if is_telemetry_first {
            tell();
            eventually("stored", || fixture.stored() == 1);
            let line = import();
            let expected =
                "1 request, 135 tokens of 1 session told by logs too, not counted, residual +30";
            assert!(line.contains(expected), "{line}");
            105
        } else {
            import();
            tell();
            eventually("reconciled", || {
                let status = send(&address, "GET", "/v1/status", "");
                status.contains(r#""way":"telemetry""#) && status.contains(r#""lacking_tokens":30"#)
            });
            135
        };
        tell();
        fixture.usage("import codex --rescan").stdout_of_success();
        server.signal("TERM");
        assert_eq!(server.finish().code, 0);
        assert_eq!(fixture.totals(), (1, tokens));
    }
}

/// Clients that send again what was not answered have each record there once.
#[test]
fn kills_lose_nothing_that_was_answered() {
    const SENDERS: u64 = 4;
    const EACH: u64 = 150;
    let fixture = Fixture::new();
    let (server, address) = start(&fixture);
    let mut server = Some(server);
    thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS)
            .map(|sender| {
                let address = &address;
                scope.spawn(move || {
                    for at in sender * EACH..(sender + 1) * EACH {
                        let body = events(at, 1);
                        eventually("an answer", || {
                            send(address, "POST", "/v1/records", &body).starts_with("HTTP/1.1 200 ")
                        });
                    }
                })
            })
            .collect();
        while senders.iter().any(|sender| !sender.is_finished()) {
            let before = fixture.stored();
            eventually("more", || {
                fixture.stored() > before || senders.iter().all(ScopedJoinHandle::is_finished)
            });
            // It is killed, and there is an end of it, before the next one starts.
            drop(server.take());
            server = Some(at(&fixture, &address).0);
        }
    });
    let server = server.unwrap();
    server.signal("TERM");
    assert_eq!(server.finish().code, 0);
    assert_eq!(fixture.totals(), (SENDERS * EACH, SENDERS * EACH));
}

/// A server for a ledger that has one.
pub(crate) fn a_second_one() -> Option<Run> {
    let fixture = Fixture::new();
    let (_server, _) = start(&fixture);
    Some(fixture.usage("serve --listen 127.0.0.1:0"))
}

/// With a file of tokens of this mode.
pub(crate) fn with_tokens(tokens: &str, mode: u32) -> Run {
    let fixture = Fixture::new();
    fixture.write("tokens", tokens);
    let mode = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(fixture.path("tokens"), mode).unwrap();
    fixture.usage("serve --tokens tokens")
}

/// A test sent to something that answers so.
pub(crate) fn answering(status: &'static str) -> Run {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut byte = [0];
        // To the end of the body, whose brackets it ends with.
        let mut last = [0; 8];
        while last != *b"]}]}]}]}" && stream.read(&mut byte).unwrap() == 1 {
            last.rotate_left(1);
            last[7] = byte[0];
        }
        write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").unwrap();
    });
    Fixture::new().usage(&format!("setup codex --check --endpoint http://{address}"))
}
