//! Deleting what is old: the plan that is shown is the plan that is carried out.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::Connection;

use crate::fixture::{Fixture, Run};
use crate::lines::{DAY, many};
use crate::maintenance::left_behind;
use crate::permissions::{allow, as_a_plain_user};

/// With the only now that the command heeds.
fn prune(fixture: &Fixture, arguments: &str) -> Run {
    fixture.usage(&format!("--now 2026-05-03T12:00:00Z prune {arguments}"))
}

#[test]
fn the_plan_is_shown_and_carried_out() {
    let fixture = Fixture::with(DAY);
    let (before, export) = (fixture.read("usage.db"), fixture.usage("report --format csv").stdout);
    let plan = prune(&fixture, "--before 1d --dry-run");
    insta::assert_snapshot!(plan, @"
    exit 0
    --- stdout
    Older than 2026-05-02T12:00:00+00:00: 1 record
      oldest  2026-04-30T10:00:00+00:00
      newest  2026-04-30T10:00:00+00:00
    Nothing was deleted: --dry-run
    ");
    assert!(fixture.read("usage.db") == before, "a plan has changed the ledger");
    assert_eq!(fixture.usage("report --format csv").stdout, export);
    let done = prune(&fixture, "--before 2026-05-03T09:00:00.5Z");
    insta::assert_snapshot!(done, @"
    exit 0
    --- stdout
    Older than 2026-05-03T09:00:00.500+00:00: 4 records
      oldest  2026-04-30T10:00:00+00:00
      newest  2026-05-03T08:16:00+00:00
    Deleted: 4  |  Given back: 0 bytes
    ");
    // The record of that very instant stays.
    assert_eq!(fixture.totals(), (2, 1_504_200));
    assert_eq!(fixture.files(), ["usage.db"]);
}

/// Checks that what a killed recorder has left is part of the plan; a dry run only says that it is there.
#[test]
fn what_waits_in_a_journal_goes_too() {
    let fixture = Fixture::with(&many(0, 3));
    left_behind(&fixture, &many(3, 2));
    let plan = prune(&fixture, "--before 1d --dry-run");
    insta::assert_snapshot!(plan, @"
    exit 0
    --- stdout
    Older than 2026-05-02T12:00:00+00:00: 3 records
      oldest  2026-05-01T00:00:00+00:00
      newest  2026-05-01T00:00:02+00:00
    Nothing was deleted: --dry-run
    --- stderr
    note: 2 records wait in a journal and are not in this plan; the next command that writes stores them, such as `usage vacuum`
    ");
    let run = prune(&fixture, "--before 1d");
    assert!(run.stdout.contains("Deleted: 5  |  Given back: "), "{run}");
    insta::assert_snapshot!(run.stderr, @"note: 2 records were recovered from a journal that a stopped program had left");
    assert_eq!((fixture.stored(), fixture.files()), (0, vec!["usage.db".to_owned()]));
}

/// Whatever `--dry-run` says, the same command without it does.
#[test]
fn a_dry_run_says_what_would_be_done() {
    for before in ["30m", "2h", "1d", "1w", "2026-05-01", "2026-05-01T01:00:00+01:00"] {
        let fixture = Fixture::with(&many(0, 5_000));
        let arguments = format!("--before {before}");
        let plan = prune(&fixture, &format!("{arguments} --dry-run")).stdout_of_success();
        let done = prune(&fixture, &arguments).stdout_of_success();
        let (plan, _) = plan.split_once("Nothing was deleted").unwrap();
        assert!(done.starts_with(plan), "{plan}{done}");
        let deleted = 5_000 - fixture.stored();
        let sum = format!("Deleted: {}  |", with_commas(deleted));
        assert!(done.contains(&sum), "{sum} {done}");
        let first = plan.lines().next().unwrap();
        assert!(first.contains(&format!(": {} record", with_commas(deleted))), "{first}");
    }
}

fn with_commas(count: u64) -> String {
    usage_core::format::format_count(count)
}

#[test]
fn twice_is_once() {
    let fixture = Fixture::with(&many(0, 10_000));
    let first = prune(&fixture, "--before 2026-05-01T02:00:00Z").stdout_of_success();
    assert!(first.contains("Deleted: 7,200  |  Given back: "), "{first}");
    assert!(!first.contains("Given back: 0 bytes"), "{first}");
    insta::assert_snapshot!(prune(&fixture, "--before 2026-05-01T02:00:00Z"), @"
    exit 0
    --- stdout
    Older than 2026-05-01T02:00:00+00:00: 0 records
    Deleted: 0  |  Given back: 0 bytes
    ");
    assert_eq!(fixture.stored(), 2_800);
}

#[test]
fn an_empty_ledger_has_nothing_that_is_old() {
    let fixture = Fixture::with("");
    insta::assert_snapshot!(prune(&fixture, "--before 1w"), @"
    exit 0
    --- stdout
    Older than 2026-04-26T12:00:00+00:00: 0 records
    Deleted: 0  |  Given back: 0 bytes
    ");
}

#[test]
fn quiet_says_only_what_was_asked_for() {
    let fixture = Fixture::with(&many(0, 10));
    let plan = prune(&fixture, "--before 1d --dry-run --quiet").stdout_of_success();
    assert!(plan.contains(": 10 records\n"), "{plan}");
    assert_eq!(prune(&fixture, "--before 1d --quiet").stdout_of_success(), "");
    assert_eq!(fixture.stored(), 0);
}

/// A date is a day of the zone.
#[test]
fn a_date_begins_where_the_zone_is() {
    let fixture = Fixture::with(DAY);
    let first = |zone: &str| {
        let run = prune(&fixture, &format!("--before 2026-05-03 --dry-run --timezone {zone}"));
        run.stdout_of_success().lines().next().unwrap().to_owned()
    };
    assert_eq!(first("UTC"), "Older than 2026-05-03T00:00:00+00:00: 2 records");
    assert_eq!(first("Asia/Kathmandu"), "Older than 2026-05-03T00:00:00+05:45: 1 record");
}

/// A variable that somebody has set for a report must not delete anything: now is the clock's.
#[test]
#[expect(clippy::disallowed_methods, reason = "the command under test reads the clock as well")]
fn a_now_from_the_environment_is_not_heeded() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let hour_ago = i64::try_from((now - Duration::from_secs(3_600)).as_secs()).unwrap();
    let fixture = Fixture::with(&many(0, 1)).set("USAGE_NOW", "2090-01-01T00:00:00Z");
    let ledger = Connection::open(fixture.path("usage.db")).unwrap();
    ledger.execute("UPDATE records SET ts = ?1 * 1000000", [hour_ago]).unwrap();
    ledger.close().unwrap();
    assert_eq!(fixture.usage("doctor --rebuild").code, 0);
    assert_eq!(fixture.usage("period last-1-hours --format json").code, 0);
    for before in ["1d", "61m"] {
        let run = fixture.usage(&format!("prune --before {before}"));
        assert!(run.stdout.contains(": 0 records\nDeleted: 0  |"), "{run}");
    }
    // What is in the future of the clock is in the future, whatever the variable says.
    assert_eq!(fixture.usage("prune --before 2089-01-01").code, 2);
    // Not even that it is wrong.
    let fixture = fixture.set("USAGE_NOW", "never");
    assert_eq!(fixture.usage("prune --before 1d").code, 0);
    assert_eq!(fixture.usage("report").code, 2);
    let fixture = fixture.unset("USAGE_NOW");
    assert_eq!(fixture.stored(), 1);
    // The option is, and on either side of the command.
    for arguments in ["--now 2090-01-01T00:00:00Z prune", "prune --now 2090-01-01T00:00:00Z"] {
        let run = fixture.usage(&format!("{arguments} --before 1d --dry-run"));
        assert!(run.stdout.contains(": 1 record\n"), "{run}");
    }
}

#[test]
fn what_is_no_age_or_date_deletes_nothing() {
    let fixture = Fixture::with(&many(0, 3));
    insta::assert_snapshot!(prune(&fixture, "--before 30"), @r#"
    exit 2
    --- stderr
    error: --before "30" is neither an age nor a date
    hint: an age such as 30d, 24h, 90m or 8w, a day such as 2026-05-03, or an instant such as 2026-05-03T13:56:01+08:00
    "#);
    insta::assert_snapshot!(prune(&fixture, "--before 2026-05-04"), @r#"
    exit 2
    --- stderr
    error: --before "2026-05-04" is not in the past: it is 2026-05-04T00:00:00+00:00, now is 2026-05-03T12:00:00+00:00
    hint: `usage delete --all` deletes everything, if that is what you want
    "#);
    for arguments in ["--before 0d", "--before -1d", "--before", "--before=", "", "--dry-run"] {
        let run = prune(&fixture, arguments);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{arguments}: {run}");
    }
    assert_eq!(fixture.stored(), 3);
}

#[test]
fn a_ledger_that_is_not_there() {
    let fixture = Fixture::new();
    let run = prune(&fixture, "--before 1d");
    assert!(run.code == 1 && run.stderr.starts_with("error: there is no ledger"), "{run}");
    assert_eq!(fixture.files(), [""; 0]);
}

/// Who is in the middle of reading goes on seeing what was there, and keeps the file from
/// shrinking; the command says so, and a later one catches up.
#[test]
fn a_reader_in_the_middle_of_reading() {
    let fixture = Fixture::with(&many(0, 10_000));
    let reader = Connection::open(fixture.path("usage.db")).unwrap();
    let count = || -> i64 {
        reader.query_row("SELECT count(*) FROM records", [], |row| row.get(0)).unwrap()
    };
    reader.execute_batch("BEGIN").unwrap();
    assert_eq!(count(), 10_000);
    insta::assert_snapshot!(prune(&fixture, "--before 1d"), @"
    exit 0
    --- stdout
    Older than 2026-05-02T12:00:00+00:00: 10,000 records
      oldest  2026-05-01T00:00:00+00:00
      newest  2026-05-01T02:46:39+00:00
    Deleted: 10,000  |  Given back: 0 bytes
    --- stderr
    note: another process is using the ledger, so its file could not shrink by all there is; `usage vacuum` does that later
    ");
    assert_eq!((count(), fixture.stored()), (10_000, 0));
    reader.execute_batch("COMMIT").unwrap();
    let vacuum = fixture.usage("vacuum").stdout_of_success();
    assert!(!vacuum.contains("Given back: 0 bytes"), "{vacuum}");
}

/// Another program that writes is waited for, and given up in the end.
#[test]
fn a_ledger_that_stays_locked() {
    let fixture = Fixture::with(&many(0, 3));
    let ledger = Connection::open(fixture.path("usage.db")).unwrap();
    ledger.execute_batch("BEGIN IMMEDIATE").unwrap();
    let run = prune(&fixture, "--before 1d");
    ledger.execute_batch("ROLLBACK").unwrap();
    insta::assert_snapshot!(run, @"
    exit 1
    --- stdout
    Older than 2026-05-02T12:00:00+00:00: 3 records
      oldest  2026-05-01T00:00:00+00:00
      newest  2026-05-01T00:00:02+00:00
    Deleted: 0  |  Given back: 0 bytes
    --- stderr
    error: cannot delete records from /tmp/usage-XXXXXX/usage.db: it is locked by another process
    hint: try again when the other process is done
    ");
    assert_eq!(fixture.stored(), 3);
}

/// A prune that fails halfway says how far it has come.
#[test]
fn a_prune_that_fails_halfway() {
    let fixture = Fixture::with(&many(0, 100_000));
    // In units of 512 bytes: no file may grow beyond that, the write-ahead log in particular.
    let script = "trap '' XFSZ; ulimit -f 500; exec usage prune --before 2026-05-10";
    let run = fixture.shell(script);
    assert_eq!(run.code, 1, "{run}");
    assert!(run.stderr.starts_with("error: cannot delete records from "), "{run}");
    let left = fixture.stored();
    let line = format!("Deleted: {}  |  Given back: 0 bytes\n", with_commas(100_000 - left));
    assert!(run.stdout.ends_with(&line) && left > 0 && left < 100_000, "{left}: {run}");
    // With room again, the same command does the rest.
    fixture.usage("prune --before 2026-05-10").stdout_of_success();
    assert_eq!(fixture.stored(), 0);
}

#[test]
fn a_ledger_that_cannot_be_written() {
    let fixture = Fixture::with(&many(0, 7));
    allow(&fixture, "usage.db", 0o444);
    allow(&fixture, "", 0o555);
    let prune = as_a_plain_user(&fixture, "prune --before 2026-05-02");
    let dry = as_a_plain_user(&fixture, "prune --before 2026-05-02 --dry-run");
    let nothing = as_a_plain_user(&fixture, "prune --before 2026-01-01");
    let delete = as_a_plain_user(&fixture, "delete --all --yes");
    let vacuum = as_a_plain_user(&fixture, "vacuum");
    allow(&fixture, "", 0o755);
    allow(&fixture, "usage.db", 0o600);
    insta::assert_snapshot!(prune, @"
    exit 1
    --- stdout
    Older than 2026-05-02T00:00:00+00:00: 7 records
      oldest  2026-05-01T00:00:00+00:00
      newest  2026-05-01T00:00:06+00:00
    Deleted: 0  |  Given back: 0 bytes
    --- stderr
    error: cannot delete records from /tmp/usage-XXXXXX/usage.db: it is read-only: /tmp/usage-XXXXXX/usage.db cannot be opened: Permission denied (os error 13)
    hint: `ls -la FOLDER` says whose files these are; the ledger, its folder and what lies beside it belong to one user, or to a group that may write
    ");
    assert!(dry.stdout_of_success().contains(": 7 records\n"));
    // That nothing older is taken any more has to be written down all the same.
    for (run, doing) in
        [(nothing, "delete records"), (delete, "delete all records"), (vacuum, "give space back")]
    {
        let error = format!("error: cannot {doing} from ");
        assert!(run.code == 1 && run.stderr.starts_with(&error), "{run}");
        assert!(run.stderr.contains(": it is read-only: "), "{run}");
    }
    assert_eq!(fixture.stored(), 7);
}
