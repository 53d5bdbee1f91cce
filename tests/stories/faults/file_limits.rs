//! No file may grow beyond a limit (`RLIMIT_FSIZE`): writing fails, though the disk has room.

use std::path::Path;

use driver::{DEADLINE, Gateway};

use super::{GATEWAY, all_to, audit, flush, record, record_until};
use crate::fixture::Fixture;

/// A gateway that is not ended by the signal which comes with such a failure.
fn limited(fixture: &Fixture, arguments: &str) -> Gateway {
    let mut command = fixture.program(Path::new("/bin/sh"));
    command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", GATEWAY, "--ledger", "usage.db"]);
    Gateway::ready(command.args(arguments.split_whitespace())).unwrap()
}

#[test]
fn the_ledger_cannot_grow() {
    let fixture = Fixture::new();
    let arguments = "--file-size-limit 1000000 --segment-bytes 700000 --capacity 200000";
    let mut gateway = limited(&fixture, arguments);
    record(&mut gateway, 100_000);
    let seen = gateway.until("it is told", |seen| seen.stats.degraded).unwrap();
    assert!(seen.stats.last_error.is_some());
    assert_eq!(gateway.ask("limit none").unwrap(), "ok");
    assert_eq!(gateway.ask(&flush("flush")).unwrap(), "ok");
    let report = gateway.stop(DEADLINE).unwrap();
    assert!(report.is_clean && !report.stats.degraded, "{report:?}");
    assert_eq!((report.stats.stored, report.stats.journaled), (100_000, 100_000));
    assert_eq!(audit(&fixture).numbers("gateway"), all_to(100_000));
    assert_eq!(fixture.files(), ["usage.db"]);
}

/// A segment is larger than a file may be, so nothing is journaled; what no longer fits into memory
/// comes back.
#[test]
fn neither_the_ledger_nor_the_journal_can_grow() {
    let fixture = Fixture::new();
    let mut gateway = limited(&fixture, "--file-size-limit 1000000 --capacity 5000");
    let recorded = record_until(&mut gateway, 10_000, "flush 500", |stats| {
        stats.returned > 0 && stats.retries > 0
    });
    let stats = gateway.seen().stats;
    assert!(stats.degraded && stats.journaled == 0, "{stats:?}");
    assert_eq!(gateway.ask("limit none").unwrap(), "ok");
    assert_eq!(gateway.ask(&flush("flush")).unwrap(), "ok");
    let report = gateway.stop(DEADLINE).unwrap();
    assert!(report.is_clean, "{report:?}");
    assert_eq!((report.stats.submitted, report.stats.dropped), (recorded, 0));
    assert!(audit(&fixture).numbers("gateway") == report.taken(recorded), "{:?}", report.stats);
}
