//! Several processes at one ledger.

use crate::fixture::Fixture;
use crate::lines::{events, many};
use crate::process::{Background, eventually};

/// All at once into a ledger that does not exist yet.
#[test]
fn twenty_recorders_at_a_fresh_ledger() {
    const EACH: u64 = 300;
    let fixture = Fixture::new();
    let mut crowd: Vec<Background<'_>> = (0..20).map(|_| fixture.start("record")).collect();
    for (number, one) in (0..).zip(&mut crowd) {
        one.write(events(number * EACH, EACH));
    }
    for mut one in crowd {
        one.end_input();
        let accounts = "Lines: 300  |  Stored: 300  |  Duplicates: 0  |  Refused: 0\n";
        assert_eq!(one.finish().stdout_of_success(), accounts);
    }
    assert_eq!(fixture.totals(), (20 * EACH, 20 * EACH));
    // Every one is there: said again, all of them are known.
    let run = fixture.usage_reading("record", events(0, 20 * EACH));
    assert_eq!(
        run.stdout_of_success(),
        "Lines: 6,000  |  Stored: 0  |  Duplicates: 6,000  |  Refused: 0\n"
    );
}

/// The same lines from many sides: each counts once.
#[test]
fn the_same_events_from_many_sides() {
    let fixture = Fixture::new();
    let mut crowd: Vec<Background<'_>> = (0..6).map(|_| fixture.start("record")).collect();
    for one in &mut crowd {
        one.write(events(0, 500));
    }
    let (mut stored, mut duplicates) = (0, 0);
    for mut one in crowd {
        one.end_input();
        let accounts = one.finish().stdout_of_success();
        let numbers: Vec<u64> =
            accounts.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect();
        stored += numbers[1];
        duplicates += numbers[2];
    }
    assert_eq!((stored, duplicates), (500, 2_500));
    assert_eq!(fixture.totals(), (500, 500));
}

/// A report in the middle of recording sees a state of the ledger: all its parts add up, and a
/// later one never sees less.
#[test]
fn reports_during_recording_are_consistent() {
    let fixture = Fixture::with("");
    fixture.write("a", many(0, 75_000));
    let mut last = 0;
    let mut look = || {
        let report = fixture.report("report --format json");
        let requests = report["summary"]["requests"].as_u64().unwrap();
        for part in ["routes", "models"] {
            let rows = report[part].as_array().unwrap();
            let sum: u64 = rows.iter().map(|row| row["requests"].as_u64().unwrap()).sum();
            assert_eq!(sum, requests, "{report}");
        }
        assert_eq!(report["summary"]["tokens"], requests);
        assert!(requests >= last, "{requests} after {last}");
        last = requests;
        requests
    };
    let mut record = fixture.start("record a -");
    eventually("the file is stored, and the command waits for more", || look() == 75_000);
    record.write(many(75_000, 75_000));
    record.end_input();
    while record.is_running() {
        look();
    }
    let run = record.finish();
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run}");
    assert_eq!(fixture.stored(), 150_000);
}

/// A reader in the middle of a long read holds nobody up, and goes on seeing what it saw.
#[test]
fn recording_while_somebody_reads() {
    let fixture = Fixture::with(&many(0, 10));
    let mut reader = rusqlite::Connection::open(fixture.path("usage.db")).unwrap();
    let reading = reader.transaction().unwrap();
    let count = || -> i64 {
        reading.query_row("SELECT count(*) FROM usage_records", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(count(), 10);
    let run = fixture.usage_reading("record", many(10, 5_000));
    assert_eq!(
        run.stdout_of_success(),
        "Lines: 5,000  |  Stored: 5,000  |  Duplicates: 0  |  Refused: 0\n"
    );
    assert_eq!(count(), 10);
    drop(reading);
    assert_eq!(fixture.stored(), 5_010);
}
