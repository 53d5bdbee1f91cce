//! The ledger is locked for so long that the journal takes all the space that it may.

use driver::{DEADLINE, Gateway, Report};

use super::{audit, flush, lock, ready, record_until};
use crate::fixture::Fixture;

/// A gateway that has recorded so many that some found no room, and then gets its ledger back.
fn overflowing(fixture: &Fixture, overflow: &str) -> (Report, u64) {
    // So patient that the sink does not fail: what is degraded is the journal.
    let arguments = format!("--overflow {overflow} --busy-timeout 600000 --capacity 5000");
    // The smallest journal there can be: two small segments.
    let arguments = format!("{arguments} --segment-bytes 1 --journal-bytes 1");
    let mut gateway: Gateway = ready(fixture, &arguments);
    let locked = lock(fixture);
    let recorded = record_until(&mut gateway, 4_000, "flush-journal 300", |stats| {
        stats.degraded && stats.returned + stats.dropped > 0
    });
    let stats = gateway.seen().stats;
    assert!(stats.journaled > 10_000, "{stats:?}");
    drop(locked);
    assert_eq!(gateway.ask(&flush("flush")).unwrap(), "ok");
    let report = gateway.stop(DEADLINE).unwrap();
    // It may still be degraded: nothing more has come that could be journaled.
    assert!(report.is_clean, "{report:?}");
    assert_eq!(fixture.files(), ["usage.db"]);
    (report, recorded)
}

#[test]
fn what_finds_no_room_comes_back_and_all_else_is_stored() {
    let fixture = Fixture::new();
    let (report, recorded) = overflowing(&fixture, "return");
    assert_eq!((report.stats.submitted, report.stats.dropped), (recorded, 0));
    assert!(audit(&fixture).numbers("gateway") == report.taken(recorded), "{:?}", report.stats);
}

#[test]
fn or_is_dropped_and_counted() {
    let fixture = Fixture::new();
    let (report, recorded) = overflowing(&fixture, "drop");
    let stats = &report.stats;
    assert_eq!((stats.submitted, stats.returned), (recorded, 0));
    assert_eq!(stats.stored + stats.dropped, recorded);
    assert_eq!(audit(&fixture).so_many_once("gateway", 0).unwrap(), stats.stored);
}
