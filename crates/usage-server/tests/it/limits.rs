//! Whoever takes too much, or too long, is cut off, and others are served meanwhile.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use usage_server::{Config, Limits};

use crate::client::{Served, answer};

fn with(set: impl FnOnce(&mut Limits)) -> Served {
    let mut config = Config::default();
    set(&mut config.limits);
    Served::with(config)
}

const JSON: (&str, &str) = ("Content-Type", "application/json");

#[test]
fn a_body_that_is_too_large_is_not_read() {
    let served = with(|limits| limits.body = 100_000);
    // Said beforehand: a gigabyte that is never sent.
    let head = format!("POST /v1/records HTTP/1.1\r\nHost: {}\r\n", served.address);
    let answer = served.raw(format!("{head}Content-Length: 1000000000\r\n\r\n").as_bytes());
    assert_eq!(answer.status, 413);
    // Not said: cut off on the way.
    let chunk = format!("8000\r\n{}\r\n", " ".repeat(0x8000));
    let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n{}", chunk.repeat(4));
    assert_eq!(served.raw(chunked.as_bytes()).status, 413);
    assert_eq!(served.post("/v1/records", JSON.1, " ".repeat(100_000)).status, 200);
}

#[test]
fn what_unpacks_to_too_much_is_not_unpacked() {
    let served = with(|limits| limits.body = 1_000_000);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..64 {
        encoder.write_all(&[b' '; 1 << 20]).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < 100_000);
    let headers = [JSON, ("Content-Encoding", "gzip")];
    assert_eq!(served.send("POST", "/v1/records", &headers, &bomb).status, 413);
}

#[test]
fn who_sends_too_slowly_is_cut_off() {
    let short = Duration::from_millis(100);
    let served = with(|limits| (limits.headers_time, limits.body_time) = (short, short));
    for bytes in ["", "POST /v1/records HTTP/1.1\r\nHost: a"] {
        let mut stream = served.connect();
        stream.write_all(bytes.as_bytes()).unwrap();
        let mut rest = Vec::new();
        // It comes to an end, with an answer or without.
        let _ = stream.read_to_end(&mut rest);
    }
    let mut stream = served.connect();
    let head = format!("POST /v1/records HTTP/1.1\r\nHost: {}\r\n", served.address);
    stream.write_all(format!("{head}Content-Length: 10\r\n\r\n{{").as_bytes()).unwrap();
    assert_eq!(answer(&mut stream).status, 408);
}

#[test]
fn one_connection_too_many_is_told_so() {
    let served = with(|limits| limits.connections = 2);
    let mut kept = Vec::new();
    for _ in 0..2 {
        let mut stream = served.connect();
        let request = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", served.address);
        stream.write_all(request.as_bytes()).unwrap();
        // One byte of the answer: the connection has its place.
        stream.read_exact(&mut [0]).unwrap();
        kept.push(stream);
    }
    let answer = answer(&mut served.connect());
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("2")));
}

#[test]
fn large_bodies_wait_for_each_other_and_not_for_ever() {
    let served = with(|limits| {
        (limits.large_bodies, limits.room_time) = (1, Duration::from_millis(100));
    });
    let large = " ".repeat(200_000);
    let mut slow = served.connect();
    let head = format!("POST /v1/records HTTP/1.1\r\nHost: {}\r\n", served.address);
    slow.write_all(format!("{head}Content-Length: 200001\r\n\r\n{large}").as_bytes()).unwrap();
    let until = std::time::Instant::now() + crate::client::PATIENCE;
    loop {
        // Until the slow one has the place.
        let answer = served.post("/v1/records", JSON.1, &large);
        if answer.status == 429 {
            assert_eq!(answer.header("retry-after"), Some("2"));
            break;
        }
        assert!(answer.status == 200 && std::time::Instant::now() < until, "{answer:?}");
    }
    assert_eq!(served.post("/v1/records", JSON.1, "[]").status, 200, "small ones go on");
}
