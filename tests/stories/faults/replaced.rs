//! Another file takes the place of the ledger while a gateway has it open.

use std::fs;

use driver::{DEADLINE, Gateway, Report, recover};
use rusqlite::Connection;

use super::{all_to, audit, flush, ready, record};
use crate::fixture::Fixture;

/// A gateway that has stored 100 records, and a second name for its ledger.
fn with_100(fixture: &Fixture) -> Gateway {
    let mut gateway = ready(fixture, "");
    record(&mut gateway, 100);
    assert_eq!(gateway.ask(&flush("flush")).unwrap(), "ok");
    fs::hard_link(fixture.path("usage.db"), fixture.path("kept.db")).unwrap();
    gateway
}

/// It notices, takes 50 more into its journal, and leaves them there without waiting long.
fn takes_50_more(mut gateway: Gateway, what: &str) -> Report {
    record(&mut gateway, 50);
    // Somebody waits for them, but not for long.
    let answer = gateway.ask("flush 1").unwrap();
    assert!(answer.contains("were not stored"), "{answer}");
    let seen = gateway.until("it notices", |seen| seen.stats.degraded).unwrap();
    assert!(seen.stats.last_error.as_ref().unwrap().contains(what), "{seen:?}");
    let report = gateway.stop(DEADLINE).unwrap();
    assert!(report.is_safe && !report.is_clean, "{report:?}");
    assert_eq!((report.stats.in_journal, report.stats.dropped), (50, 0));
    report
}

#[test]
fn by_another_ledger() {
    let fixture = Fixture::new();
    let gateway = with_100(&fixture);
    recover(&fixture.path("other.db")).unwrap();
    fs::rename(fixture.path("other.db"), fixture.path("usage.db")).unwrap();
    takes_50_more(gateway, "was replaced");
    // Whoever puts it back takes the other one away first.
    fs::rename(fixture.path("usage.db"), fixture.path("other.db")).unwrap();
    // With the journal beside it, as it was when it lay here.
    fs::rename(fixture.path("usage.db.journal"), fixture.path("other.db.journal")).unwrap();
    assert_eq!(recover(&fixture.path("other.db")).unwrap().recovered.stored, 0);
    let stored = fixture.usage("report --db other.db --format json").stdout_of_success();
    assert!(stored.contains(r#""requests":0"#), "{stored}");
    let doctor = fixture.usage("doctor --db other.db");
    assert!(doctor.stdout.contains("of others        1 file"), "{doctor}");
    fs::rename(fixture.path("other.db.journal"), fixture.path("usage.db.journal")).unwrap();

    fs::rename(fixture.path("kept.db"), fixture.path("usage.db")).unwrap();
    assert_eq!(recover(&fixture.path("usage.db")).unwrap().recovered.stored, 50);
    assert_eq!(audit(&fixture).numbers("gateway"), all_to(150));
    assert!(!fixture.path("usage.db.journal").exists());
}

#[test]
fn by_nothing() {
    let fixture = Fixture::new();
    let gateway = with_100(&fixture);
    fs::remove_file(fixture.path("usage.db")).unwrap();
    takes_50_more(gateway, "was deleted or moved away");
    // Nobody has made an empty one in its place.
    assert!(!fixture.path("usage.db").exists());
    fs::rename(fixture.path("kept.db"), fixture.path("usage.db")).unwrap();
    assert_eq!(recover(&fixture.path("usage.db")).unwrap().recovered.stored, 50);
    assert_eq!(audit(&fixture).numbers("gateway"), all_to(150));
}

/// Even what the copy does not have comes back, as far as the journal still has it.
#[test]
fn by_an_older_copy_of_itself() {
    let fixture = Fixture::new();
    let mut gateway = with_100(&fixture);
    let copying = Connection::open(fixture.path("usage.db")).unwrap();
    let copy = fixture.path("copy.db");
    copying.execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
    drop(copying);
    record(&mut gateway, 30);
    assert_eq!(gateway.ask(&flush("flush")).unwrap(), "ok");
    fs::rename(&copy, fixture.path("usage.db")).unwrap();
    takes_50_more(gateway, "was replaced");
    // They belong to the ledger that is gone; who restores a copy takes them away.
    for companion in ["usage.db-wal", "usage.db-shm"] {
        fs::remove_file(fixture.path(companion)).unwrap();
    }
    let stats = recover(&fixture.path("usage.db")).unwrap();
    assert_eq!(stats.recovered.stored, 80);
    assert_eq!(audit(&fixture).numbers("gateway"), all_to(180));
}
