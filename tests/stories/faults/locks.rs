//! Another program holds the ledger's lock: the owner of locks.

use std::time::Duration;

use driver::{DEADLINE, recover};

use super::{all_to, audit, flush, lock, ready, record};
use crate::fixture::Fixture;

#[test]
fn recording_goes_on_and_all_is_stored_when_the_lock_is_gone() {
    let fixture = Fixture::new();
    let mut gateway = ready(&fixture, "--busy-timeout 10");
    let locked = lock(&fixture);
    record(&mut gateway, 20_000);
    let seen = gateway.until("it is told", |seen| seen.stats.degraded).unwrap();
    assert!(seen.stats.last_error.unwrap().contains("locked"));
    assert_eq!(seen.stats.stored, 0);
    drop(locked);
    assert_eq!(gateway.ask(&flush("flush")).unwrap(), "ok");
    let report = gateway.stop(DEADLINE).unwrap();
    assert!(report.is_clean && !report.stats.degraded, "{report:?}");
    assert!(report.stats.retries > 0);
    assert_eq!((report.stats.stored, report.stats.refused), (20_000, 0));
    assert_eq!(audit(&fixture).numbers("gateway"), all_to(20_000));
    assert_eq!(fixture.files(), ["usage.db"]);
}

/// In the middle of SQLite's own waiting, and between two tries.
#[test]
fn a_shutdown_that_cannot_wait_leaves_all_in_the_journal() {
    for busy_timeout in ["5000", "5"] {
        let fixture = Fixture::new();
        let mut gateway = ready(&fixture, &format!("--busy-timeout {busy_timeout}"));
        let locked = lock(&fixture);
        record(&mut gateway, 3_000);
        let report = gateway.stop(Duration::from_millis(50)).unwrap();
        assert!(report.is_safe && !report.is_clean, "{report:?}");
        assert_eq!((report.stats.in_journal, report.stats.pending), (3_000, 3_000));
        assert_eq!((report.unstored.len(), report.stats.dropped), (0, 0));
        drop(locked);
        assert_eq!(audit(&fixture).total(), 0);

        let mut next = ready(&fixture, "--instance next");
        record(&mut next, 10);
        let report = next.stop(DEADLINE).unwrap();
        assert!(report.is_clean, "{report:?}");
        // What others left is not mixed up with its own.
        assert_eq!((report.stats.recovered.stored, report.stats.stored), (3_000, 10));
        let audit = audit(&fixture);
        assert_eq!(audit.numbers("gateway"), all_to(3_000));
        assert_eq!(audit.numbers("next"), all_to(10));
        assert_eq!(fixture.files(), ["usage.db"]);
    }
}

/// Nobody has waited for the journal either: what was taken a moment ago is still on its way there
/// when the deadline has passed.
#[test]
fn a_shutdown_at_once_leaves_nothing_in_memory() {
    for _ in 0..5 {
        let fixture = Fixture::new();
        let mut gateway = ready(&fixture, "--busy-timeout 5000");
        let locked = lock(&fixture);
        assert_eq!(gateway.ask("record 30000").unwrap(), "ok");
        let report = gateway.stop(Duration::ZERO).unwrap();
        assert!(report.is_safe, "{report:?}");
        assert_eq!((report.stats.in_journal, report.stats.returned), (30_000, 0));
        drop(locked);
        assert_eq!(recover(&fixture.path("usage.db")).unwrap().recovered.stored, 30_000);
    }
}

/// Started, killed and started again, all under the lock.
#[test]
fn several_generations_under_one_lock() {
    let fixture = Fixture::new();
    recover(&fixture.path("usage.db")).unwrap();
    let locked = lock(&fixture);
    for number in 0..4 {
        let arguments = format!("--instance g{number} --busy-timeout 5");
        let mut gateway = ready(&fixture, &arguments);
        record(&mut gateway, 500);
        gateway.kill().unwrap();
    }
    drop(locked);
    let stats = recover(&fixture.path("usage.db")).unwrap();
    assert_eq!(stats.recovered.stored, 2_000);
    let audit = audit(&fixture);
    for number in 0..4 {
        assert_eq!(audit.numbers(&format!("g{number}")), all_to(500));
    }
}

/// Checks that what is neither stored nor in a journal comes back, each record once.
#[test]
fn without_a_journal_a_shutdown_hands_all_of_it_back() {
    let fixture = Fixture::new();
    let mut gateway = ready(&fixture, "--batched --busy-timeout 5");
    let locked = lock(&fixture);
    assert_eq!(gateway.ask("record 3000").unwrap(), "ok");
    gateway.until("it is told", |seen| seen.stats.degraded).unwrap();
    let report = gateway.stop(Duration::from_millis(50)).unwrap();
    drop(locked);
    assert!(report.finished && !report.is_safe, "{report:?}");
    assert_eq!(report.unstored, all_to(3_000));
    let stats = &report.stats;
    assert_eq!((stats.stored, stats.returned, stats.pending, stats.journaled), (0, 3_000, 0, 0));
    assert_eq!(recover(&fixture.path("usage.db")).unwrap().recovered.stored, 0);
    assert_eq!(audit(&fixture).total(), 0);
}
