//! What else happens to engines: they are away, are full, and lose answers; and clocks go back.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use usage_ship::{Options, Remote, Shipper, Target};
use usage_store::Store;

use crate::ledgers::{DAY, START, Traffic, compare, open};
use crate::proxy::losing;
use crate::servers::{DEADLINE, Kind, Server};
use crate::together::printed;

fn shipper<'s>(store: &'s Store, url: &str) -> Shipper<'s> {
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

const SMALL: &str = "USAGE_SHIP_SMALL_DISK";

/// Runs a test once more where temporary files have a small disk of their own, or says aloud that nobody may do that
/// here. Returns whether this is that run.
fn has_a_small_disk(name: &str) -> bool {
    if env::var_os(SMALL).is_some() {
        return true;
    }
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path().join("disk");
    fs::create_dir(&disk).unwrap();
    // All the way down it has to be open to the user that Postgres is run as.
    for path in [folder.path(), &disk] {
        assert!(Command::new("chmod").arg("755").arg(path).status().unwrap().success());
    }
    let mount = "mount -t tmpfs -o size=90m,mode=755 tmpfs \"$TMPDIR\" || exit 77; exec \"$@\"";
    let status = Command::new("unshare")
        .args(["--mount", "sh", "-c", mount, "sh"])
        .arg(env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture"])
        .env("TMPDIR", &disk)
        .env(SMALL, folder.path())
        .status();
    match status {
        Ok(status) if status.success() => {}
        Ok(status) if status.code() == Some(101) => panic!("{status}"),
        other => eprintln!("SKIPPED: no disk can be mounted here ({other:?}), so none was full"),
    }
    false
}

/// Leaves some room on the disk of temporary files, and takes the rest.
fn fill(ballast: &Path, room: u64) {
    let mut file = fs::File::create(ballast).unwrap();
    while file.write_all(&[1; 1 << 16]).is_ok() {}
    let size = file.metadata().unwrap().len();
    file.set_len(size.saturating_sub(room)).unwrap();
}

fn survives_a_full_disk(kind: Kind, name: &str) {
    if !has_a_small_disk(name) {
        return;
    }
    let Some(mut server) = Server::start(kind) else { return };
    // The ledger has another disk.
    let folder = tempfile::tempdir_in(env::var_os(SMALL).unwrap()).unwrap();
    let store = open(&folder.path().join("usage.db"));
    let (url, mut traffic) = (server.place(), Traffic::of("a", 3));
    let mut shipper = shipper(&store, &url);
    store.insert_batch(&traffic.batch(200)).unwrap();
    shipper.ship().unwrap();
    let before = printed(&Remote::open(url.parse().unwrap()).unwrap());
    let ballast = env::temp_dir().join("ballast");
    fill(&ballast, 1 << 20);
    store.insert_batch(&traffic.batch(9_000)).unwrap();
    let error = shipper.ship().unwrap_err();
    assert!(error.is_transient(), "{error:?}");
    eprintln!("{kind:?} with a full disk: {error}");
    if let Ok(remote) = Remote::open(url.parse().unwrap()) {
        for ((what, before), (_, after)) in before.iter().zip(printed(&remote)) {
            assert!(after == *before, "{what} is not what it was: {after}");
        }
    }
    fs::remove_file(ballast).unwrap();
    server.revive();
    shipper.ship().unwrap();
    compare(&[&store], &url);
}

#[test]
fn the_disk_of_postgres_may_be_full() {
    survives_a_full_disk(Kind::Postgres, "faults::the_disk_of_postgres_may_be_full");
}

#[test]
fn the_disk_of_clickhouse_may_be_full() {
    survives_a_full_disk(Kind::ClickHouse, "faults::the_disk_of_clickhouse_may_be_full");
}
