//! Who may come in.

use std::net::TcpListener;

use usage_server::{Config, ServeError, Server, Tokens};
use usage_store::Store;

use crate::client::Served;

const READ: &str = "rrrrrrrrrrrrrrrrrrrr";
const WRITE: &str = "wwwwwwwwwwwwwwwwwwww";
const BOUND: &str = "bbbbbbbbbbbbbbbbbbbb";
const LINE: &str = r#"{"instance_id":"codex","route":"r","model":"m","tokens":1}"#;

fn with_tokens() -> Served {
    let mut config = Config::default();
    let text = format!("read {READ}\nwrite {WRITE}\nall {BOUND} claude-code\n");
    config.tokens = Some(Tokens::parse(&text).unwrap());
    Served::with(config)
}

fn status(served: &Served, method: &str, path: &str, token: &str) -> u16 {
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let headers = if token.is_empty() { &headers[1..] } else { &headers };
    let body = if method == "POST" { LINE } else { "" };
    served.send(method, path, headers, body.as_bytes()).status
}

#[test]
fn a_token_opens_what_it_is_for() {
    let mut served = with_tokens();
    for (method, path, expected) in [
        // Without one, with a wrong one, to read, to write, and bound to an instance.
        ("POST", "/v1/records", [401, 401, 403, 200, 400]),
        ("GET", "/v1/report", [401, 401, 200, 403, 200]),
        ("GET", "/v1/sessions", [401, 401, 200, 403, 200]),
        ("GET", "/v1/status", [401, 401, 200, 403, 403]),
        ("GET", "/metrics", [401, 401, 200, 403, 403]),
        ("GET", "/v1/nonsense", [401, 401, 404, 403, 404]),
        ("GET", "/healthz", [200, 200, 200, 200, 200]),
        ("GET", "/readyz", [200, 200, 200, 200, 200]),
    ] {
        let tokens = ["", "xxxxxxxxxxxxxxxxxxxx", READ, WRITE, BOUND];
        let found = tokens.map(|token| status(&served, method, path, token));
        assert_eq!(found, expected, "{method} {path}");
    }
    let bearer = format!("Bearer {BOUND}");
    let other = served.send("GET", "/v1/report?instance=codex", &[("Authorization", &bearer)], b"");
    assert_eq!(other.status, 400, "{other:?}");
    let own = served.send("GET", "/v1/report", &[("Authorization", &bearer)], b"").json();
    assert_eq!(
        (&own["summary"]["requests"], &own["filter"]["instance"][0]),
        (&0.into(), &"claude-code".into())
    );
    assert_eq!(served.records().len(), 1);
}

#[test]
fn hosts_and_origins_of_others_are_refused() {
    let mut served = Served::new();
    for (header, value, expected) in [
        ("Host", "evil.example", 421),
        ("Host", "localhost:1", 200),
        ("Origin", "http://evil.example", 403),
        ("Origin", "null", 403),
        ("Sec-Fetch-Site", "cross-site", 403),
    ] {
        let headers = [(header, value), ("Content-Type", "application/json")];
        let answer = served.send("POST", "/v1/records", &headers, LINE.as_bytes());
        assert_eq!(answer.status, expected, "{header}: {value}: {answer:?}");
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{answer:?}");
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    assert_eq!(served.raw(b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n").status, 400);
    assert_eq!(served.records().len(), 1);
}

#[test]
fn off_the_loopback_there_must_be_tokens() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("usage.db")).unwrap();
    let listener = || vec![TcpListener::bind("0.0.0.0:0").unwrap()];
    let started = Server::start(store.clone(), listener(), Config::default());
    assert!(matches!(started, Err(ServeError::Unprotected(_))), "{started:?}");
    let mut config = Config::default();
    config.tokens = Some(Tokens::parse(&format!("all {READ}")).unwrap());
    let _ = Server::start(store, listener(), config).unwrap();
}

#[test]
fn a_second_server_says_who_has_the_ledger() {
    let served = Served::new();
    let listener = vec![TcpListener::bind("127.0.0.1:0").unwrap()];
    let store = Store::open(served.folder.path().join("usage.db")).unwrap();
    let error = Server::start(store, listener, Config::default()).unwrap_err().to_string();
    let who = format!("process {} at http://{}", std::process::id(), served.address);
    assert!(error.ends_with(&format!("is served already, by {who}")), "{error}");
}
