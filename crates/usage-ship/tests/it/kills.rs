//! Shippers and servers are killed again and again while ledgers record, with late records, some told again, and a
//! deletion in between.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, thread};

use usage_core::Timestamp;
use usage_ship::{Options, Shipper};
use usage_store::{PruneOptions, PrunePlan, Store};

use crate::ledgers::{DAY, START, Traffic, compare, open};
use crate::servers::{DEADLINE, Kind, Server};
use crate::shards;

const CHILD: &str = "USAGE_SHIP_CHILD";

/// Kills and records of a run; more by hand: `USAGE_SHIP_KILLS=20 USAGE_SHIP_RECORDS=1000000`.
fn of_environment(name: &str, default: usize) -> usize {
    env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Not a test of its own: the process that ships, and is killed.
#[test]
fn child() {
    let Ok(of) = env::var(CHILD) else { return };
    let (path, url) = of.split_once(' ').unwrap();
    let store = open(path.as_ref());
    let mut options = Options::default();
    options.with_records = path.contains("records");
    let mut shipper = Shipper::new(&store, url.parse().unwrap(), options);
    loop {
        if let Err(error) = shipper.ship() {
            assert!(error.is_transient(), "{error:?}");
            eprintln!("{error}");
        }
        // sleep: the child looks again and again until it is killed.
        thread::sleep(Duration::from_millis(10));
    }
}

fn spawn(store: &Store, url: &str) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["kills::child", "--exact", "--nocapture"])
        .env(CHILD, format!("{} {url}", store.path().display()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(if env::var("USAGE_SHIP_LOUD").is_ok() { Stdio::inherit() } else { Stdio::null() })
        .spawn()
        .unwrap()
}

fn survives(kind: Kind) {
    if let Some(server) = Server::start(kind) {
        let url = server.place();
        all_survive(&format!("{kind:?}"), &mut [server], [&url, &url], &url);
    }
}

/// Two ledgers are shipped to `to`, and in the end `whole` says what both come to.
fn all_survive(name: &str, servers: &mut [Server], to: [&str; 2], whole: &str) {
    let (kills, records) =
        (of_environment("USAGE_SHIP_KILLS", 3), of_environment("USAGE_SHIP_RECORDS", 2_000));
    let started = Instant::now();
    let folder = tempfile::tempdir().unwrap();
    let stores = ["a-records.db", "b.db"].map(|name| open(&folder.path().join(name)));
    let mut traffic = [Traffic::of("a", 1), Traffic::of("b", 2)];
    let mut children = [0, 1].map(|who| spawn(&stores[who], to[who]));
    // Nobody is killed before anything was shipped.
    for (store, traffic) in stores.iter().zip(&mut traffic) {
        store.insert_batch(&traffic.batch(10)).unwrap();
    }
    let deadline = Instant::now() + DEADLINE;
    let has_begun = || {
        let mut wire = whole.parse::<usage_ship::Target>().unwrap().connect().ok()?;
        let ledgers = wire.query("SELECT count(*) FROM usage_ledger").ok()?;
        (ledgers[0][0] == "2").then_some(())
    };
    while has_begun().is_none() {
        assert!(Instant::now() < deadline, "nothing was shipped");
        // sleep: another process ships, and only the engine can tell.
        thread::sleep(Duration::from_millis(50));
    }
    let (mut killed, mut random) = ([0; 4], fastrand::Rng::with_seed(3));
    let rounds = kills * 4;
    for round in 0..rounds {
        for (store, traffic) in stores.iter().zip(&mut traffic) {
            for batch in traffic.batch(records / rounds).chunks(2_000) {
                store.insert_batch(batch).unwrap();
            }
        }
        // sleep: kills come at any time, so rounds take different times.
        thread::sleep(Duration::from_millis(random.u64(100..400)));
        if round == rounds / 2 {
            // The sums are kept, and a session loses its records.
            let options = PruneOptions::new().with_keep_rollups(true);
            let before = Timestamp::from_micros(START - 100 * DAY);
            stores[0]
                .delete(PrunePlan::new(&stores[0], before, &options).unwrap(), |_| {})
                .unwrap();
        }
        if round % 4 == 3 {
            let who = (round / 4) % (2 + servers.len());
            killed[who] += 1;
            if let Some(server) = who.checked_sub(2).and_then(|who| servers.get_mut(who)) {
                server.kill();
                server.run();
            } else {
                children[who].kill().unwrap();
                children[who].wait().unwrap();
                children[who] = spawn(&stores[who], to[who]);
            }
        }
    }
    for child in &mut children {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    for ((store, with_records), url) in stores.iter().zip([true, false]).zip(to) {
        let mut options = Options::default();
        options.with_records = with_records;
        let shipped = Shipper::new(store, url.parse().unwrap(), options).ship().unwrap();
        eprintln!("{name}: left for the end: {shipped:?}");
    }
    let mut wire = whole.parse::<usage_ship::Target>().unwrap().connect().unwrap();
    let mut count = |sql: &str| wire.query(sql).unwrap()[0][0].clone();
    let distinct = |table: &str| {
        let key = if table == "usage_sum" { "level, number, session, label" } else { "number, id" };
        format!("SELECT count(*) FROM (SELECT DISTINCT epoch, {key} FROM {table}) AS s")
    };
    eprintln!(
        "{name}: {killed:?} kills of both shippers and of servers in {:?}; rows of sums there {}, distinct {}, of records {}, distinct {}",
        started.elapsed(),
        count("SELECT count(*) FROM usage_sum"),
        count(&distinct("usage_sum")),
        count("SELECT count(*) FROM usage_record"),
        count(&distinct("usage_record")),
    );
    compare(&[&stores[0], &stores[1]], whole);
}

/// One ledger is shipped through tables over both shards, the other one to its own shard.
#[test]
fn of_shards() {
    if let Some(mut servers) = Server::start_shards() {
        let [whole, other] = shards::places(&servers);
        all_survive("shards", &mut servers, [&whole, &other], &whole);
    }
}

#[test]
fn of_postgres() {
    survives(Kind::Postgres);
}

#[test]
fn of_clickhouse() {
    survives(Kind::ClickHouse);
}

#[test]
fn of_a_new_clickhouse() {
    survives(Kind::Modern);
}
