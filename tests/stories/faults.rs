//! The fate of records when something fails: a gateway is killed, the ledger is locked, full or
//! gone, the journal cannot be written.
//!
//! These stories own kills ([`kills`]), full disks ([`full_disks`], [`file_limits`]) and locks
//! ([`locks`]): what becomes of records is told here and nowhere else. What the command says to it is
//! in `patience`, a command that is killed while it deletes is in `kept`, and what a single
//! transaction leaves is in the store's own tests.
//!
//! The gateway is a process of its own, `tests/gateway`. What it says of itself is believed only as
//! far as the ledger confirms it.

mod audits;
mod clocks;
mod crowds;
mod damage;
mod deleting;
mod failing;
mod file_limits;
mod folders;
mod full_disks;
mod full_journals;
mod kills;
mod locks;
mod races;
mod replaced;
mod replays;
mod runtimes;

use std::path::Path;
use std::process::Command;

use driver::{Audit, DEADLINE, Gateway, Snapshot};
use rusqlite::Connection;

use crate::fixture::Fixture;
use crate::process::eventually;

/// The gateway under test. Cargo builds it before it builds the stories.
pub(crate) const GATEWAY: &str = env!("CARGO_BIN_EXE_gateway-under-test");

/// A gateway on the fixture's ledger, its arguments apart by white space.
fn gateway(fixture: &Fixture, arguments: &str) -> Command {
    let mut command = fixture.program(Path::new(GATEWAY));
    command.args(["--ledger", "usage.db"]).args(arguments.split_whitespace());
    command
}

/// A gateway that takes records.
fn ready(fixture: &Fixture, arguments: &str) -> Gateway {
    Gateway::ready(&mut gateway(fixture, arguments)).unwrap()
}

/// Has a gateway record so many, all of which it takes into its journal; then it says so.
fn record(gateway: &mut Gateway, records: u64) {
    for command in [&format!("record {records}"), &flush("flush-journal"), "stats"] {
        assert_eq!(gateway.ask(command).unwrap(), "ok");
    }
}

/// Has a gateway record so many again and again until its accounts are as they should be, for a
/// minute at most. Answers how many it was told to record.
fn record_until(
    gateway: &mut Gateway,
    records: u64,
    flush: &str,
    is_so: impl Fn(&Snapshot) -> bool,
) -> u64 {
    let mut recorded = 0;
    eventually("the accounts are as they should be", || {
        assert_eq!(gateway.ask(&format!("record {records}")).unwrap(), "ok");
        recorded += records;
        // What was taken has got there, or cannot; else most would come back for being too fast.
        gateway.ask(flush).unwrap();
        assert_eq!(gateway.ask("stats").unwrap(), "ok");
        is_so(&gateway.seen().stats)
    });
    recorded
}

/// A flush that takes as long as it has to.
fn flush(what: &str) -> String {
    format!("{what} {}", DEADLINE.as_millis())
}

/// Another connection that holds the ledger's one write lock until it is dropped.
fn lock(fixture: &Fixture) -> Connection {
    let other = Connection::open(fixture.path("usage.db")).unwrap();
    other.busy_timeout(DEADLINE).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    other
}

/// Leaves the journals of this many killed gateways, `g0` and on, with so many records in each that
/// the ledger has none of.
fn leave_journals(fixture: &Fixture, gateways: u64, records: u64, arguments: &str) {
    driver::recover(&fixture.path("usage.db")).unwrap();
    // Started before the ledger is locked: a journal elsewhere has to be written down in it.
    let mut all: Vec<_> = (0..gateways)
        .map(|number| ready(fixture, &format!("--instance g{number} {arguments}")))
        .collect();
    let locked = lock(fixture);
    for gateway in &mut all {
        record(gateway, records);
    }
    for gateway in all {
        assert_eq!(gateway.kill().unwrap().watermark, records);
    }
    drop(locked);
    assert_eq!(audit(fixture).total(), 0);
}

fn audit(fixture: &Fixture) -> Audit {
    Audit::of(&fixture.path("usage.db")).unwrap()
}

fn all_to(end: u64) -> Vec<u64> {
    (0..end).collect()
}
