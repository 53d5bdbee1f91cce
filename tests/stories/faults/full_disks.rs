//! Disks that are really full: small ones, in name spaces of their own. The owner of full disks.

use std::fs;
use std::path::Path;
use std::time::Duration;

use driver::{Audit, DEADLINE, Gateway, recover};

use super::{GATEWAY, all_to, audit, flush, record, record_until};
use crate::fixture::Fixture;
use crate::patience::skipped;

/// Small pieces: with the usual ones a small disk would hold one.
const SMALL: &str = "--segment-bytes 700000";

/// A gateway in a name space where `disk` is a file system of that size, filled up but for `room`
/// bytes with the file `disk/ballast`. When it has ended, the disk's content is copied to `after`.
/// Nothing where the system does not allow for that.
fn on_a_small_disk(fixture: &Fixture, size: u64, room: u64, arguments: &str) -> Option<Gateway> {
    let mount = format!("mkdir -p disk && mount -t tmpfs -o size={size} tmpfs disk");
    let inside = |script: &str| {
        let mut command = fixture.program(Path::new("/usr/bin/env"));
        command.args(["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script]);
        command
    };
    let possible = inside(&mount).output().is_ok_and(|output| output.status.success());
    if !possible {
        skipped("no file system can be mounted in a user name space here");
        return None;
    }
    let ballast = size - room;
    let script = format!(
        "{mount} && head -c {ballast} /dev/zero >disk/ballast || exit 99\n\
         \"$0\" \"$@\"; code=$?; rm -f disk/ballast; cp -r disk after; exit $code"
    );
    let mut command = inside(&script);
    command.arg(GATEWAY).args(arguments.split_whitespace());
    Some(Gateway::ready(&mut command).unwrap())
}

const MIB: u64 = 1 << 20;

/// Ledger and journal on one disk. What finds no room comes back, all else is stored once there is
/// some.
#[test]
fn ledger_and_journal_on_the_same_disk() {
    let fixture = Fixture::new();
    let arguments = format!("--ledger disk/usage.db {SMALL} --capacity 5000");
    let Some(mut gateway) = on_a_small_disk(&fixture, 40 * MIB, 4 * MIB, &arguments) else {
        return;
    };
    // Until nothing more goes in.
    let recorded = record_until(&mut gateway, 10_000, "flush 500", |stats| {
        stats.returned > 0 && stats.degraded
    });
    let full = gateway.seen().stats;
    assert!(full.last_error.is_some());
    assert_eq!(full.dropped, 0);
    assert_eq!(gateway.ask("remove disk/ballast").unwrap(), "ok");
    assert_eq!(gateway.ask(&flush("flush")).unwrap(), "ok");
    let report = gateway.stop(DEADLINE).unwrap();
    // Nobody may have tried the journal since there is room, so that it counts as failing still.
    assert!(report.is_clean, "{report:?}");
    assert_eq!((report.stats.submitted, report.stats.dropped), (recorded, 0));
    let audit = Audit::of(&fixture.path("after/usage.db")).unwrap();
    assert!(audit.numbers("gateway") == report.taken(recorded), "{:?}", report.stats);
    assert_eq!(report.stats.stored + report.stats.returned, recorded);
}

/// The ledger's disk is full for as long as the gateway runs. Its journal has room, and the ledger
/// gets all of it when it lies on a larger disk. Nothing tells it from a copy of the ledger there, so
/// that the doctor asks for the journal to be moved too.
#[test]
fn the_journal_on_another_disk() {
    let fixture = Fixture::new();
    let arguments =
        format!("--ledger disk/usage.db --journal-folder journal {SMALL} --capacity 200000");
    let Some(mut gateway) = on_a_small_disk(&fixture, MIB, MIB, &arguments) else { return };
    record(&mut gateway, 100_000);
    gateway.until("the disk is full", |seen| seen.stats.degraded).unwrap();
    let report = gateway.stop(Duration::from_millis(50)).unwrap();
    assert!(report.is_safe && !report.is_clean, "{report:?}");
    assert!(report.stats.last_error.unwrap().contains("the disk is full"));
    assert_eq!((report.stats.returned, report.stats.dropped), (0, 0));
    assert!(report.stats.in_journal > 50_000);

    let ledger = fixture.path("after/usage.db");
    assert_eq!(recover(&ledger).unwrap().recovered.stored, 0);
    let advice = fixture.usage("doctor --db after/usage.db").stdout_of_success();
    assert!(
        advice.contains("/journal holds a journal of this ledger from when it was "),
        "{advice}"
    );
    let journal = fixture.path("after/usage.db.journal");
    fs::rename(fixture.path("journal"), &journal).unwrap();
    let stats = recover(&ledger).unwrap();
    assert_eq!(stats.recovered.stored, report.stats.in_journal);
    assert_eq!(Audit::of(&ledger).unwrap().numbers("gateway"), all_to(100_000));
    assert!(!journal.exists());
}

/// Not even one piece of a journal has room: it works without one, and says so.
#[test]
fn a_journal_without_room() {
    let fixture = Fixture::new();
    let arguments = "--ledger usage.db --journal-folder disk/journal";
    let Some(mut gateway) = on_a_small_disk(&fixture, 2 * MIB, 2 * MIB, arguments) else { return };
    record(&mut gateway, 5_000);
    assert_eq!(gateway.ask("stats").unwrap(), "ok");
    let stats = gateway.seen().stats;
    assert!(stats.degraded && stats.journaled == 0, "{stats:?}");
    let report = gateway.stop(DEADLINE).unwrap();
    assert!(report.is_clean, "{report:?}");
    assert_eq!(audit(&fixture).numbers("gateway"), all_to(5_000));
}
