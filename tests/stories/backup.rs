//! A copy of a ledger that is in use, and what it is good for.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::fixture::Fixture;
use crate::lines::{DAY, many};
use crate::maintenance::left_behind;
use crate::process::eventually;

#[test]
fn a_copy_makes_the_same_reports() {
    let fixture = Fixture::with(DAY);
    let run = fixture.usage("backup copy.db").stdout_of_success();
    assert!(run.starts_with("Copied to /tmp/usage-XXXXXX/copy.db: "), "{run}");
    assert_eq!(fixture.path("copy.db").metadata().unwrap().permissions().mode() & 0o777, 0o600);
    for report in ["report --format json", "report --by day --format csv", "export"] {
        let of_copy = fixture.usage(&format!("{report} --db copy.db")).stdout_of_success();
        assert_eq!(of_copy, fixture.usage(report).stdout_of_success());
    }
    assert_eq!(fixture.usage("doctor --db copy.db").code, 0);
    assert_eq!(fixture.files(), ["copy.db", "usage.db"]);
    // A second one of the same name is refused, and the first stays.
    let before = fixture.read("copy.db");
    insta::assert_snapshot!(fixture.usage("backup copy.db"), @"
    exit 1
    --- stderr
    error: there is a file at /tmp/usage-XXXXXX/copy.db already
    hint: name another one: no file is ever replaced
    ");
    assert!(fixture.read("copy.db") == before);
    assert_eq!(fixture.usage("backup quiet.db --quiet").stdout_of_success(), "");
}

#[test]
fn where_there_is_nothing_to_copy_or_no_place() {
    let fixture = Fixture::new();
    assert_eq!(fixture.usage("backup copy.db").code, 1);
    assert_eq!(fixture.files(), [""; 0]);
    let fixture = Fixture::with(DAY);
    let run = fixture.usage("backup none/copy.db");
    assert!(run.code == 1 && run.stderr.starts_with("error: there is no folder none\n"), "{run}");
    // No file may grow beyond 50 kilobytes; nothing is left of the attempt.
    let run = fixture.shell("trap '' XFSZ; ulimit -f 100; exec usage backup copy.db");
    assert!(run.code == 1 && run.stderr.starts_with("error: cannot copy the ledger to "), "{run}");
    assert_eq!(fixture.files(), ["usage.db"]);
}

/// While a recorder has it open and writes.
#[test]
fn recording_goes_on() {
    let fixture = Fixture::with(&many(0, 1_000));
    let mut record = fixture.start("record");
    record.write(many(1_000, 1_000));
    fixture.usage("backup copy.db --quiet").stdout_of_success();
    record.write(many(2_000, 1_000));
    record.end_input();
    assert_eq!(record.finish().code, 0);
    assert_eq!(fixture.stored(), 3_000);
    let copied = fixture.report("report --format json --db copy.db");
    let copied = copied["summary"]["requests"].as_u64().unwrap();
    assert!((1_000..=2_000).contains(&copied), "{copied}");
    assert_eq!(fixture.usage("doctor --db copy.db").code, 0);
}

/// Checks that the place up to which journals are stored travels with the ledger: what waits is
/// stored into the one that is put back, once.
#[test]
fn a_copy_that_is_put_back() {
    let fixture = Fixture::with(&many(0, 10));
    left_behind(&fixture, &many(10, 5));
    let run = fixture.usage("backup copy.db");
    insta::assert_snapshot!(run.stderr, @"note: 5 records wait in a journal and are not in this copy; the next command that writes stores them, such as `usage vacuum`");
    // As the guide says.
    fs::remove_file(fixture.path("usage.db")).unwrap();
    for companion in ["usage.db-wal", "usage.db-shm"] {
        let _ = fs::remove_file(fixture.path(companion));
    }
    fs::rename(fixture.path("copy.db"), fixture.path("usage.db")).unwrap();
    assert_eq!(fixture.stored(), 10);
    let run = fixture.usage("vacuum");
    assert!(run.stderr.starts_with("note: 5 records were recovered"), "{run}");
    assert_eq!(fixture.totals(), (15, 15));
    let mut record = fixture.start("record");
    record.write(many(15, 5));
    eventually("all of it stored", || fixture.stored() == 20);
    record.end_input();
    assert_eq!(record.finish().code, 0);
    assert_eq!(fixture.usage("doctor").code, 0);
}
