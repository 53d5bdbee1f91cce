//! What else happens to engines: they are away, are emptied, and lose answers; and clocks go back.

use std::time::{Duration, Instant};
use std::{fs, thread};

use usage_core::Label;
use usage_ship::{Options, Remote, Shipper, Target};
use usage_store::Store;
use usage_store::forget::NameKind;

use crate::ledgers::{DAY, START, Traffic, compare, open};
use crate::proxy::losing;
use crate::servers::{DEADLINE, Kind, Server};
use crate::together::printed;

/// Ships records too.
pub(crate) fn shipper<'s>(store: &'s Store, url: &str) -> Shipper<'s> {
    let mut options = Options::default();
    options.with_records = true;
    Shipper::new(store, url.parse().unwrap(), options)
}

/// The memory of this process that is in use, in bytes.
fn memory() -> u64 {
    let text = fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4_096
}

fn goes_on_after_an_absence(kind: Kind) {
    let Some(mut server) = Server::start(kind) else { return };
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("usage.db"));
    let (url, mut traffic) = (server.place(), Traffic::of("a", 3));
    let mut shipper = shipper(&store, &url);
    store.insert_batch(&traffic.batch(100)).unwrap();
    shipper.ship().unwrap();
    server.kill();
    let mut before = 0;
    for look in 0..200 {
        store.insert_batch(&traffic.batch(10)).unwrap();
        assert!(shipper.ship().unwrap_err().is_transient());
        if look == 50 {
            before = memory();
        }
    }
    // Nothing waits in memory for an engine that is away.
    let grown = memory().saturating_sub(before);
    assert!(grown < 16 << 20, "{grown} bytes more after 150 looks");
    server.run();
    shipper.ship().unwrap();
    // A clock that was set back by a year: what is recorded then is late, and counts.
    traffic.set(START - 365 * DAY);
    store.insert_batch(&traffic.batch(50)).unwrap();
    shipper.ship().unwrap();
    compare(&[&store], &url);
}

#[test]
fn postgres_may_be_away() {
    goes_on_after_an_absence(Kind::Postgres);
}

#[test]
fn clickhouse_may_be_away() {
    goes_on_after_an_absence(Kind::ClickHouse);
}

/// The engine has done what ends a pass, and nobody hears of it.
fn survives_a_lost_answer(kind: Kind, last_words: &'static str) {
    let Some(server) = Server::start(kind) else { return };
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("usage.db"));
    let (url, mut traffic) = (server.place(), Traffic::of("a", 3));
    let (port, lost) = losing(server.port(), last_words);
    let broken = url.replace(&format!(":{}/", server.port()), &format!(":{port}/"));
    let mut shipper = shipper(&store, &broken);
    for _ in 0..3 {
        store.insert_batch(&traffic.batch(100)).unwrap();
        assert!(shipper.ship().unwrap_err().is_transient());
        compare(&[&store], &url);
        assert_eq!(shipper.ship().unwrap().sums, 0, "it is all there");
    }
    assert_eq!(lost(), 3);
}

#[test]
fn an_answer_of_postgres_may_be_lost() {
    survives_a_lost_answer(Kind::Postgres, "COMMIT");
}

#[test]
fn an_answer_of_clickhouse_may_be_lost() {
    survives_a_lost_answer(Kind::ClickHouse, "INSERT%20INTO%20usage_ledger");
}

/// What takes several passes, and breaks off between two of them, is seen by nobody.
fn shows_whole_changes(kind: Kind, last_words: &'static str) {
    let Some(server) = Server::start(kind) else { return };
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("usage.db"));
    let (url, mut traffic) = (server.place(), Traffic::of("a", 3));
    store.insert_batch(&traffic.batch(300)).unwrap();
    shipper(&store, &url).ship().unwrap();
    let before = printed(&Remote::open(url.parse().unwrap()).unwrap());
    store.insert_batch(&traffic.batch(300)).unwrap();
    let (port, lost) = losing(server.port(), last_words);
    let broken = url.replace(&format!(":{}/", server.port()), &format!(":{port}/"));
    let mut options = Options::default();
    (options.with_records, options.pass_size) = (true, 200);
    Shipper::new(&store, broken.parse().unwrap(), options.clone()).ship().unwrap_err();
    assert_eq!(lost(), 1);
    for ((what, before), (_, after)) in
        before.iter().zip(printed(&Remote::open(url.parse().unwrap()).unwrap()))
    {
        assert!(after == *before, "{what} is not what it was: {after}");
    }
    let shipped = Shipper::new(&store, url.parse().unwrap(), options).ship().unwrap();
    assert!(shipped.passes > 1, "{shipped:?}");
    compare(&[&store], &url);
    // What counts no more is deleted, at once or behind.
    let mut wire = url.parse::<Target>().unwrap().connect().unwrap();
    let twice = "SELECT count(*) FROM (SELECT epoch, id FROM usage_session GROUP BY epoch, id HAVING count(*) > 1) AS s";
    if kind == Kind::Postgres {
        assert_eq!(wire.query(twice).unwrap()[0][0], "0");
    }
}

#[test]
fn postgres_shows_whole_changes() {
    shows_whole_changes(Kind::Postgres, "COMMIT");
}

#[test]
fn clickhouse_shows_whole_changes() {
    shows_whole_changes(Kind::ClickHouse, "INSERT%20INTO%20usage_mark");
}

/// Tables that somebody has emptied are filled again: nothing there remembers what it has seen.
fn fills_again(kind: Kind) {
    let Some(server) = Server::start(kind) else { return };
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("usage.db"));
    let (url, mut traffic) = (server.place(), Traffic::of("a", 3));
    store.insert_batch(&traffic.batch(300)).unwrap();
    shipper(&store, &url).ship().unwrap();
    let mut wire = url.parse::<Target>().unwrap().connect().unwrap();
    for table in crate::shards::TABLES {
        wire.execute(&format!("TRUNCATE TABLE {table}")).unwrap();
    }
    shipper(&store, &url).ship().unwrap();
    compare(&[&store], &url);
}

#[test]
fn postgres_is_filled_again() {
    fills_again(Kind::Postgres);
}

#[test]
fn clickhouse_is_filled_again() {
    fills_again(Kind::ClickHouse);
}

#[test]
fn a_new_clickhouse_is_filled_again() {
    fills_again(Kind::Modern);
}

/// Tables of an earlier version get the columns that they lack, and keep what they have.
fn gets_missing_columns(kind: Kind) {
    let Some(server) = Server::start(kind) else { return };
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("usage.db"));
    let (url, mut traffic) = (server.place(), Traffic::of("a", 3));
    store.insert_batch(&traffic.batch(100)).unwrap();
    shipper(&store, &url).ship().unwrap();
    let mut wire = url.parse::<Target>().unwrap().connect().unwrap();
    wire.execute("ALTER TABLE usage_mark DROP COLUMN folded").unwrap();
    store.insert_batch(&traffic.batch(100)).unwrap();
    shipper(&store, &url).ship().unwrap();
    compare(&[&store], &url);
}

#[test]
fn postgres_gets_missing_columns() {
    gets_missing_columns(Kind::Postgres);
}

#[test]
fn clickhouse_gets_missing_columns() {
    gets_missing_columns(Kind::ClickHouse);
}

/// What was superseded is deleted, also where each shipper sends little and ends.
fn is_tidied_up(kind: Kind) {
    let Some(server) = Server::start(kind) else { return };
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("usage.db"));
    let (url, mut traffic) = (server.place(), Traffic::of("a", 3));
    for _ in 0..3 {
        // The same quarters of an hour again.
        for quarter in 0..340 {
            traffic.set(START + quarter * DAY / 96);
            store.insert_batch(&traffic.batch(1)).unwrap();
        }
        shipper(&store, &url).ship().unwrap();
    }
    let mut wire = url.parse::<Target>().unwrap().connect().unwrap();
    let superseded = "SELECT count(*) FROM (SELECT epoch, level, number FROM usage_mark \
                      GROUP BY epoch, level, number HAVING count(DISTINCT version) > 1) AS s";
    let deadline = Instant::now() + DEADLINE;
    while wire.query(superseded).unwrap()[0][0] != "0" {
        assert!(Instant::now() < deadline, "superseded stretches stay");
        // sleep: an engine deletes when it likes, and tells nobody.
        thread::sleep(Duration::from_millis(50));
    }
    compare(&[&store], &url);
}

#[test]
fn postgres_is_tidied_up() {
    is_tidied_up(Kind::Postgres);
}

#[test]
fn clickhouse_is_tidied_up() {
    is_tidied_up(Kind::ClickHouse);
}

/// A name that a ledger has forgotten is gone from the engine as well, from records and sessions too.
fn forgets_names(kind: Kind) {
    let Some(server) = Server::start(kind) else { return };
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("usage.db"));
    let (url, mut traffic) = (server.place(), Traffic::of("a", 3));
    store.insert_batch(&traffic.batch(300)).unwrap();
    shipper(&store, &url).ship().unwrap();
    for (name, text) in
        [(NameKind::Label(Label::Project), "pro'ject-1"), (NameKind::Session, "s-7")]
    {
        assert!(!store.forget_name(name, text).unwrap().names.is_none(), "{text}");
    }
    shipper(&store, &url).ship().unwrap();
    let mut wire = url.parse::<Target>().unwrap().connect().unwrap();
    let left = [
        "usage_label WHERE project LIKE 'pro%ject-1'",
        "usage_session WHERE session_id = 's-7'",
        "usage_record WHERE line LIKE '%pro%ject-1\"%' OR line LIKE '%\"s-7\"%'",
    ];
    let deadline = Instant::now() + DEADLINE;
    for left in left {
        while wire.query(&format!("SELECT count(*) FROM {left}")).unwrap()[0][0] != "0" {
            assert!(Instant::now() < deadline, "{left}");
            // sleep: an engine deletes when it likes, and tells nobody.
            thread::sleep(Duration::from_millis(50));
        }
    }
    compare(&[&store], &url);
}

#[test]
fn postgres_forgets_names() {
    forgets_names(Kind::Postgres);
}

#[test]
fn clickhouse_forgets_names() {
    forgets_names(Kind::ClickHouse);
}
