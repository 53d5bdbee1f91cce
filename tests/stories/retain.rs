//! The times for which records and sums are kept: stated, shown, and carried out when asked.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::Connection;

use crate::fixture::{Fixture, Run};
use crate::lines::{DAY, many};
use crate::maintenance::left_behind;
use crate::permissions::{allow, as_a_plain_user};

fn retain(fixture: &Fixture, arguments: &str) -> Run {
    fixture.usage(&format!("--now 2026-05-03T12:00:00Z retain {arguments}"))
}

#[test]
fn what_is_stated_is_shown_and_deletes_nothing() {
    let fixture = Fixture::with(DAY);
    insta::assert_snapshot!(retain(&fixture, ""), @"
    exit 0
    --- stdout
    Records are kept forever, sums forever
    ");
    insta::assert_snapshot!(retain(&fixture, "--rows 2h"), @"
    exit 0
    --- stdout
    Records are kept for 2h, sums forever
    ");
    // What is not named stays as it was.
    insta::assert_snapshot!(retain(&fixture, "--sums 1d"), @"
    exit 0
    --- stdout
    Records are kept for 2h, sums for 1d
    ");
    assert_eq!(retain(&fixture, "--sums 24h --quiet").stdout_of_success(), "");
    insta::assert_snapshot!(retain(&fixture, "--quiet"), @"
    exit 0
    --- stdout
    Records are kept for 2h, sums for 24h
    ");
    // By whatever else is done.
    fixture.usage("vacuum").stdout_of_success();
    fixture.usage_reading("record", many(0, 1)).stdout_of_success();
    assert_eq!(fixture.totals().0, 7);
    assert_eq!(fixture.usage("export").stdout_of_success().lines().count(), 7);
}

#[test]
fn the_plan_is_shown_and_carried_out() {
    let fixture = Fixture::with(DAY);
    insta::assert_snapshot!(retain(&fixture, "--apply"), @"
    exit 0
    --- stdout
    Everything is kept forever
    ");
    retain(&fixture, "--rows 3h --sums 1d").stdout_of_success();
    let before = fixture.read("usage.db");
    insta::assert_snapshot!(retain(&fixture, "--apply --dry-run"), @"
    exit 0
    --- stdout
    Older than 2026-05-02T12:00:00+00:00: 1 record
      oldest  2026-04-30T10:00:00+00:00
      newest  2026-04-30T10:00:00+00:00
    Older than 2026-05-03T09:00:00+00:00: 3 records, whose sums stay
      oldest  2026-05-02T23:59:59.999999+00:00
      newest  2026-05-03T08:16:00+00:00
    Nothing was deleted: --dry-run
    ");
    assert!(fixture.read("usage.db") == before, "a plan has changed the ledger");
    insta::assert_snapshot!(retain(&fixture, "--apply"), @"
    exit 0
    --- stdout
    Older than 2026-05-02T12:00:00+00:00: 1 record
      oldest  2026-04-30T10:00:00+00:00
      newest  2026-04-30T10:00:00+00:00
    Older than 2026-05-03T09:00:00+00:00: 3 records, whose sums stay
      oldest  2026-05-02T23:59:59.999999+00:00
      newest  2026-05-03T08:16:00+00:00
    Deleted: 4  |  Given back: 0 bytes
    ");
    assert_eq!(fixture.totals().0, 5);
    assert_eq!(fixture.usage("export -q").stdout_of_success().lines().count(), 2);
    insta::assert_snapshot!(retain(&fixture, ""), @"
    exit 0
    --- stdout
    Records are kept for 3h, sums for 1d
    Records older than 2026-05-03T09:00:00+00:00 are refused: such were deleted
    Of what is older than 2026-05-03T09:00:00+00:00 only sums are left
    ");
    // A day later the sums go.
    let later = "--now 2026-05-04T08:30:00Z retain --apply";
    insta::assert_snapshot!(fixture.usage(later), @"
    exit 0
    --- stdout
    Older than 2026-05-03T08:30:00+00:00: 0 records
      and sums without records of 2 quarters of an hour: 3 requests
    Older than 2026-05-04T05:30:00+00:00: 2 records, whose sums stay
      oldest  2026-05-03T09:00:00.500+00:00
      newest  2026-05-03T09:30:00+00:00
    Deleted: 2  |  Sums of requests: 3  |  Given back: 0 bytes
    ");
    assert_eq!(fixture.totals().0, 2);
    assert_eq!(fixture.usage("doctor").code, 0);
}

/// For a timer.
#[test]
fn quiet_says_nothing() {
    let fixture = Fixture::with(DAY);
    retain(&fixture, "--rows 3h --quiet").stdout_of_success();
    left_behind(&fixture, &many(0, 2));
    assert_eq!(retain(&fixture, "--apply --quiet").stdout_of_success(), "");
    assert_eq!(fixture.usage("export -q").stdout_of_success().lines().count(), 2);
    assert_eq!(fixture.totals().0, 8);
}

#[test]
fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let fixture = Fixture::with(DAY);
    retain(&fixture, "--rows 30d").stdout_of_success();
    for (arguments, message) in [
        (
            "--sums 29d",
            "sums cannot be kept for a shorter time (29d) than the records they are made of (30d)",
        ),
        (
            "--rows forever --sums 8w",
            "sums cannot be kept for a shorter time (8w) than the records they are made of (forever)",
        ),
        ("--rows 0d", "--rows \"0d\" is not an age"),
        ("--sums -1d", "--sums \"-1d\" is not an age"),
        ("--sums=", "--sums \"\" is not an age"),
    ] {
        let run = retain(&fixture, arguments);
        let error = format!("error: {message}\n");
        assert!(run.code == 2 && run.stderr.starts_with(&error), "{run}");
    }
    for arguments in ["--dry-run", "--apply --rows 1d", "--rows"] {
        assert_eq!(retain(&fixture, arguments).code, 2);
    }
    let stated = retain(&fixture, "").stdout_of_success();
    assert_eq!(stated, "Records are kept for 30d, sums forever\n");
}

/// A variable that somebody has set for a report must not delete anything.
#[test]
#[expect(clippy::disallowed_methods, reason = "the command under test reads the clock as well")]
fn a_now_from_the_environment_is_not_heeded() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let hour_ago = (now - Duration::from_secs(3_600)).as_secs();
    let fixture = Fixture::new().set("USAGE_NOW", "2090-01-01T00:00:00Z");
    let date = fixture.shell(&format!("date -u -d @{hour_ago} +%Y-%m-%dT%H:%M:%SZ"));
    let line = format!(
        r#"{{"instance_id":"i","route":"r","model":"m","tokens":1,"timestamp":"{}"}}"#,
        date.stdout_of_success().trim()
    );
    fixture.usage_reading("record", line).stdout_of_success();
    fixture.usage("retain --rows 1d").stdout_of_success();
    fixture.usage("retain --apply").stdout_of_success();
    assert_eq!(fixture.usage("export").stdout_of_success().lines().count(), 1);
}

#[test]
fn a_ledger_that_cannot_be_written() {
    let fixture = Fixture::with(DAY);
    allow(&fixture, "usage.db", 0o444);
    allow(&fixture, "", 0o555);
    let shown = as_a_plain_user(&fixture, "retain");
    let stated = as_a_plain_user(&fixture, "retain --rows 1d");
    allow(&fixture, "", 0o755);
    allow(&fixture, "usage.db", 0o600);
    assert_eq!(shown.stdout_of_success(), "Records are kept forever, sums forever\n");
    let error = "error: cannot state what is kept in ";
    assert!(stated.code == 1 && stated.stderr.starts_with(error), "{stated}");
}

/// Checks that what somebody has written by hand is not guessed at.
#[test]
fn a_policy_that_cannot_be_read() {
    let fixture = Fixture::with(DAY);
    let ledger = Connection::open(fixture.path("usage.db")).unwrap();
    ledger.execute("UPDATE retention SET rows_age = 'soon'", []).unwrap();
    ledger.close().unwrap();
    for arguments in ["", "--apply", "--sums 9w"] {
        assert_eq!(retain(&fixture, arguments).code, 4);
    }
    assert_eq!(fixture.totals().0, 6);
}

/// Who asks what would be done has nothing done.
#[test]
fn a_dry_run_is_of_apply_alone() {
    let fixture = Fixture::with(&many(0, 3));
    for arguments in ["--reset-horizon --dry-run", "--rows 30d --dry-run", "--sums 30d --force"] {
        assert_eq!(fixture.usage(&format!("retain {arguments}")).code, 2, "{arguments}");
    }
    let stated = fixture.usage("retain").stdout_of_success();
    assert!(stated.contains("forever") && !stated.contains("30d"), "{stated}");
}
