//! Engines whose disk is full.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use usage_ship::Remote;

use crate::faults::shipper;
use crate::ledgers::{Traffic, compare, open};
use crate::servers::{Kind, Server};
use crate::together::printed;

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
    survives_a_full_disk(Kind::Postgres, "full_disks::the_disk_of_postgres_may_be_full");
}

#[test]
fn the_disk_of_clickhouse_may_be_full() {
    survives_a_full_disk(Kind::ClickHouse, "full_disks::the_disk_of_clickhouse_may_be_full");
}
