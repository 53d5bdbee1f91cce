//! Ledgers and runs that bring errors about.

use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;

use rusqlite::Connection;
use usage_store::SCHEMA_VERSION;

use crate::fixture::{Fixture, Run};
use crate::lines::{DAY, many};
use crate::patience::skipped;
use crate::permissions::{allow, as_a_plain_user, program_for_all};
use crate::process::eventually;

/// A ledger whose records would be priced otherwise by its user's own prices.
pub(crate) fn with_own_prices() -> Fixture {
    let fixture = Fixture::with(DAY);
    fixture.write("own", "[[price]]\nmodel = 'claude-*'\ninput = '1'\noutput = '1'\n");
    fixture.usage("prices --set own").stdout_of_success();
    fixture
}

pub(crate) fn putting(option: &str, content: &str) -> Run {
    let fixture = Fixture::with(DAY);
    fixture.write("book", content);
    fixture.usage(&format!("prices {option} book"))
}

/// Sums that cannot be read any more.
pub(crate) const DAMAGED_SUMS: &str = "UPDATE rollups_quarter SET cells = x'00'; \
                            UPDATE rollups_month SET cells = x'00'";

/// A ledger that was changed past the command.
pub(crate) fn changed(sql: &str) -> Fixture {
    let fixture = Fixture::with(DAY);
    let ledger = Connection::open(fixture.path("usage.db")).unwrap();
    ledger.execute_batch(sql).unwrap();
    ledger.close().unwrap();
    fixture
}

/// With a ledger that an earlier version has made.
pub(crate) fn of_version_4() -> Fixture {
    let fixture = Fixture::new();
    fixture
        .write("usage.db", include_bytes!("../../crates/usage-store/tests/fixtures/version-4.db"));
    fixture
}

/// While another process has it for itself.
pub(crate) fn locked(command: &str) -> Option<Run> {
    let fixture = Fixture::with(DAY);
    fixture.write("a", many(0, 2));
    let ledger = Connection::open(fixture.path("usage.db")).unwrap();
    let sql = if command == "report" {
        "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE"
    } else {
        "BEGIN IMMEDIATE"
    };
    ledger.execute_batch(sql).unwrap();
    Some(fixture.shell(&format!("exec usage {command}")))
}

/// All was stored; the report comes too late.
pub(crate) fn migrated_meanwhile() -> Option<Run> {
    let fixture = Fixture::new();
    let mut record = fixture.start("record --report");
    record.write(many(0, 5));
    eventually("everything stored", || fixture.stored() == 5);
    let ledger = Connection::open(fixture.path("usage.db")).unwrap();
    ledger.pragma_update(None, "user_version", SCHEMA_VERSION + 1).unwrap();
    record.end_input();
    Some(record.finish())
}

pub(crate) fn interrupted() -> Option<Run> {
    let fixture = Fixture::new();
    let mut record = fixture.start("record");
    record.write(many(0, 5));
    eventually("everything stored", || fixture.stored() == 5);
    record.signal("TERM");
    Some(record.finish())
}

/// As a user whom the system does not know, which only the superuser can become.
pub(crate) fn without_a_home(command: &str) -> Option<Run> {
    const UNKNOWN: u32 = 54_321;
    let fixture = Fixture::new().unset("USAGE_DB").unset("HOME");
    if fixture.path("home").metadata().unwrap().uid() != 0 {
        skipped("only the superuser can become a user without a home");
        return None;
    }
    allow(&fixture, "", 0o755);
    let mut program = fixture.program(&program_for_all(&fixture));
    program.args(command.split_whitespace()).uid(UNKNOWN).gid(UNKNOWN);
    Some(fixture.finished(program.output().unwrap()))
}

/// A ledger of that mode in a folder that cannot be written.
pub(crate) fn without_permissions(mode: u32) -> Run {
    let fixture = Fixture::with(DAY);
    allow(&fixture, "usage.db", mode);
    allow(&fixture, "", 0o555);
    let run = as_a_plain_user(&fixture, "delete --all --yes");
    allow(&fixture, "", 0o755);
    run
}
