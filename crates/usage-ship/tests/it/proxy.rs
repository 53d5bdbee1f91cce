//! A network that breaks: connections are cut in the middle of what is sent, and before an answer arrives.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::thread;

use usage_ship::{Options, ShipError, Shipper};

use crate::ledgers::{Traffic, compare, open};
use crate::servers::{Kind, Server};

/// Passes bytes on, and cuts each connection after so many, which grow with each.
fn cutting(port: u16, cuts: Arc<AtomicU64>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for (number, client) in listener.incoming().flatten().enumerate() {
            let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { continue };
            let left = Arc::new(AtomicI64::new(20_000 + 60_000 * i64::try_from(number).unwrap()));
            for (from, to) in [(&client, &server), (&server, &client)] {
                let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                let (left, cuts) = (Arc::clone(&left), Arc::clone(&cuts));
                thread::spawn(move || {
                    let mut buffer = [0; 1_024];
                    while let Ok(read @ 1..) = from.read(&mut buffer) {
                        if left.fetch_sub(i64::try_from(read).unwrap(), Ordering::Relaxed) < 0 {
                            cuts.fetch_add(1, Ordering::Relaxed);
                            break;
                        }
                        if to.write_all(&buffer[..read]).is_err() {
                            break;
                        }
                    }
                    let _ = from.shutdown(Shutdown::Both);
                    let _ = to.shutdown(Shutdown::Both);
                });
            }
        }
    });
    own
}

/// Passes bytes on, until somebody says certain words: the server hears them and is not heard any more. Returns its port
/// and what tells how many answers were lost.
pub(crate) fn losing(port: u16, words: &'static str) -> (u16, impl Fn() -> u64) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = listener.local_addr().unwrap().port();
    let lost = Arc::new(AtomicU64::new(0));
    let of_all = Arc::clone(&lost);
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { continue };
            let [mut from, mut to] = [&client, &server].map(|of| of.try_clone().unwrap());
            let is_deaf = Arc::new(AtomicU64::new(0));
            let (deaf, lost) = (Arc::clone(&is_deaf), Arc::clone(&lost));
            thread::spawn(move || {
                let mut buffer = [0; 1 << 16];
                while let Ok(read @ 1..) = from.read(&mut buffer) {
                    let said = String::from_utf8_lossy(&buffer[..read]);
                    if said.contains(words) {
                        deaf.store(1, Ordering::SeqCst);
                        lost.fetch_add(1, Ordering::SeqCst);
                    }
                    if to.write_all(&buffer[..read]).is_err() {
                        break;
                    }
                }
                let _ = to.shutdown(Shutdown::Both);
            });
            let [mut from, mut to] = [&server, &client].map(|of| of.try_clone().unwrap());
            thread::spawn(move || {
                let mut buffer = [0; 1 << 16];
                while let Ok(read @ 1..) = from.read(&mut buffer) {
                    if is_deaf.load(Ordering::SeqCst) > 0 || to.write_all(&buffer[..read]).is_err()
                    {
                        break;
                    }
                }
                let _ = to.shutdown(Shutdown::Both);
                let _ = from.shutdown(Shutdown::Both);
            });
        }
    });
    (own, move || of_all.load(Ordering::SeqCst))
}

fn survives(kind: Kind) {
    let Some(server) = Server::start(kind) else { return };
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("usage.db"));
    let mut traffic = Traffic::of("a", 5);
    let url = server.place();
    let cuts = Arc::new(AtomicU64::new(0));
    let port = cutting(server.port(), Arc::clone(&cuts));
    let broken = url.replace(&format!(":{}/", server.port()), &format!(":{port}/"));
    let mut options = Options::default();
    options.with_records = true;
    let mut shipper = Shipper::new(&store, broken.parse().unwrap(), options);
    for _ in 0..2 {
        store.insert_batch(&traffic.batch(300)).unwrap();
        let mut tries = 0;
        while let Err(error) = shipper.ship() {
            assert!(error.is_transient(), "{error:?}");
            tries += 1;
            assert!(tries < 1_000, "{error}");
        }
    }
    assert!(cuts.load(Ordering::Relaxed) > 5, "nothing was cut");
    compare(&[&store], &url);
}

#[test]
fn what_is_cut_is_sent_again_to_postgres() {
    survives(Kind::Postgres);
}

#[test]
fn what_is_cut_is_sent_again_to_clickhouse() {
    survives(Kind::ClickHouse);
}

/// A server that says 200 to everything, with an error in the head of what it says or behind some of it.
#[test]
fn a_success_with_an_error_inside_is_none() {
    for answer in [
        "HTTP/1.1 200 OK\r\nX-ClickHouse-Exception-Code: 241\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 38\r\n\r\n18.16.1\nCode: 241. DB::Exception: full\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n18.16.1\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n18.16.1",
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut asked = Vec::new();
            let mut buffer = [0; 4_096];
            while !String::from_utf8_lossy(&asked).contains("version()") {
                let read = stream.read(&mut buffer).unwrap();
                asked.extend_from_slice(&buffer[..read]);
            }
            stream.write_all(answer.as_bytes()).unwrap();
        });
        let target: usage_ship::Target = format!("clickhouse://127.0.0.1:{port}").parse().unwrap();
        let error = target.connect().err();
        assert!(
            matches!(error, Some(ShipError::Refused { .. } | ShipError::Away { .. })),
            "{answer}: {error:?}"
        );
        server.join().unwrap();
    }
}
