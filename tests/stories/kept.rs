//! Records that go while their sums stay; what is older is refused; and whatever is killed in the
//! middle of deleting leaves a ledger that is right.

use std::env;
use std::fs;
use std::thread;
use std::time::Instant;

use rusqlite::Connection;

use crate::fixture::{Fixture, Run};
use crate::lines::{DAY, events, many};

fn prune(fixture: &Fixture, arguments: &str) -> Run {
    fixture.usage(&format!("--now 2026-05-03T12:00:00Z prune {arguments}"))
}

/// Returns the number of records that have rows.
fn rows(fixture: &Fixture) -> usize {
    fixture.usage("export -q").stdout_of_success().lines().count()
}

#[test]
fn reports_stay_what_they_were() {
    let fixture = Fixture::with(DAY);
    let reports = |fixture: &Fixture| {
        ["report", "report --by day --timezone Asia/Kathmandu", "report 2026-05-03 --by model"]
            .map(|report| fixture.usage(&format!("{report} --format json")).stdout_of_success())
    };
    let before = reports(&fixture);
    insta::assert_snapshot!(prune(&fixture, "--before 2026-05-03T09:20:00Z --keep-sums --dry-run"), @"
    exit 0
    --- stdout
    Sums are kept by quarter of an hour, so 2026-05-03T09:20:00+00:00 is moved back to the last one
    Older than 2026-05-03T09:15:00+00:00: 5 records, whose sums stay
      oldest  2026-04-30T10:00:00+00:00
      newest  2026-05-03T09:00:00.500+00:00
    Nothing was deleted: --dry-run
    ");
    assert_eq!(rows(&fixture), 6);
    insta::assert_snapshot!(prune(&fixture, "--before 2026-05-03T09:20:00Z --keep-sums"), @"
    exit 0
    --- stdout
    Sums are kept by quarter of an hour, so 2026-05-03T09:20:00+00:00 is moved back to the last one
    Older than 2026-05-03T09:15:00+00:00: 5 records, whose sums stay
      oldest  2026-04-30T10:00:00+00:00
      newest  2026-05-03T09:00:00.500+00:00
    Deleted: 5  |  Given back: 0 bytes
    ");
    assert_eq!(rows(&fixture), 1);
    insta::assert_snapshot!(fixture.usage("export").stderr, @"note: of what is older than 2026-05-03T09:15:00+00:00 only sums are left, which reports count and this export does not have");
    fixture.usage("export 2026-05-03T09:15:00Z..2026-05-04").stdout_of_success();
    assert_eq!(reports(&fixture), before);
    assert_eq!(fixture.usage("doctor").code, 0);
    // Within a quarter of an hour nobody can say any more.
    insta::assert_snapshot!(fixture.usage("report 2026-05-03T08:20:00Z..2026-05-03T10:00:00Z"), @"
    exit 2
    --- stderr
    error: the records around 2026-05-03T08:20:00Z were deleted, and their sums are kept by quarter of an hour: a range can begin or end at 2026-05-03T08:15:00Z or 2026-05-03T08:30:00Z
    hint: name one of these, or a zone whose days begin on a quarter of an hour
    ");
    insta::assert_snapshot!(prune(&fixture, "--before 2026-05-03T08:15:30Z"), @"
    exit 2
    --- stderr
    error: the records around 2026-05-03T08:15:30Z were deleted, and their sums are kept by quarter of an hour: a range can begin or end at 2026-05-03T08:15:00Z or 2026-05-03T08:30:00Z
    hint: name one of these, or a zone whose days begin on a quarter of an hour
    ");
    // The sums go as records do.
    insta::assert_snapshot!(prune(&fixture, "--before 2026-05-03T09:15:00Z"), @"
    exit 0
    --- stdout
    Older than 2026-05-03T09:15:00+00:00: 0 records
      and sums without records of 4 quarters of an hour: 5 requests
    Deleted: 0  |  Sums of requests: 5  |  Given back: 0 bytes
    ");
    assert_eq!(fixture.totals(), (1, 4_200));
    assert_eq!(fixture.usage("doctor").code, 0);
}

/// Recorded again after they were deleted, records would be counted twice.
#[test]
fn what_is_older_is_refused_and_named() {
    for keep in ["", " --keep-sums"] {
        let fixture = Fixture::with(&events(0, 3_600));
        prune(&fixture, &format!("--before 2026-05-01T00:30:00Z{keep}")).stdout_of_success();
        let before = fixture.totals();
        // With ids and without; the newest two are known and new.
        fixture.write("again", [many(0, 2), events(1_799, 2), many(1_800, 1)].concat());
        let run = fixture.usage("record again");
        let quarantined = |line: u32| {
            format!(
                "again:{line}: it is older than what was pruned from the ledger; it is quarantined, \
                 see `usage doctor`\n"
            )
        };
        // The id of one whose sums are kept is known still.
        let third = match keep {
            "" => quarantined(3),
            _ => "again:3: the event_id is known for this instance_id, its record was deleted\n"
                .to_owned(),
        };
        assert_eq!(run.code, 3);
        assert_eq!(run.stdout, "Lines: 5  |  Stored: 1  |  Duplicates: 1  |  Refused: 3\n");
        assert_eq!(run.stderr, quarantined(1) + &quarantined(2) + &third);
        assert_eq!(fixture.totals().0, before.0 + 1);
        // As does what a killed recorder has left.
        crate::maintenance::left_behind(&fixture, &many(0, 4));
        let run = fixture.usage("vacuum");
        insta::allow_duplicates! { insta::assert_snapshot!(run.stderr, @"note: 4 records of that journal cannot be stored: refused by the ledger; `usage doctor` shows what is kept of them"); }
        assert_eq!(fixture.totals().0, before.0 + 1);
        // Once everything is gone, all is welcome again.
        fixture.usage("delete --all --yes").stdout_of_success();
        fixture.usage("record again").stdout_of_success();
    }
}

#[test]
fn an_import_names_the_rows_that_are_older() {
    let fixture = Fixture::with(DAY);
    let origin = Connection::open(fixture.path("origin.db")).unwrap();
    origin
        .execute_batch(
            "CREATE TABLE usage_records (id INTEGER PRIMARY KEY AUTOINCREMENT,
                instance_id TEXT NOT NULL, profile TEXT NOT NULL DEFAULT '',
                provider TEXT NOT NULL DEFAULT '', route TEXT NOT NULL, model TEXT NOT NULL,
                tokens INTEGER NOT NULL, fallbacks INTEGER NOT NULL DEFAULT 0, timestamp DATETIME);
             INSERT INTO usage_records (instance_id, route, model, tokens, timestamp) VALUES
                ('i', 'r', 'm', 1, '2026-05-01 00:00:00'),
                ('i', 'r', 'm', 2, '2026-05-03 00:00:00'),
                ('i', 'r', 'm', 3, '2026-05-01 23:59:59');",
        )
        .unwrap();
    origin.close().unwrap();
    prune(&fixture, "--before 2026-05-02").stdout_of_success();
    insta::assert_snapshot!(fixture.usage("import ccrouter origin.db"), @"
    exit 3
    --- stdout
    Rows: 3  |  Imported: 1  |  Already there: 0  |  Refused: 2
    --- stderr
    origin.db:row 1: it is older than what was pruned from the ledger; what no import has seen yet is quarantined, see `usage doctor`
    origin.db:row 3: it is older than what was pruned from the ledger; what no import has seen yet is quarantined, see `usage doctor`
    ");
    // They were looked at; the next import has nothing to do.
    insta::assert_snapshot!(fixture.usage("import ccrouter origin.db"), @"
    exit 0
    --- stdout
    Rows: 0  |  Imported: 0  |  Already there: 0  |  Refused: 0
      From earlier imports: 3
    ");
    assert_eq!(fixture.totals(), (6, 1_601_822));
}

const RECORDS: u64 = 40_000;
const BEFORE: &str = "2026-05-01T08:00:00Z";

fn kills() -> u32 {
    env::var("USAGE_TEST_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(4)
}

/// A fixture with a copy of that ledger.
fn copy(of: &Fixture) -> Fixture {
    let fixture = Fixture::new();
    fs::copy(of.path("usage.db"), fixture.path("usage.db")).unwrap();
    fixture
}

/// Kills a command at moments that are spread over the time that it takes, and once more, ever
/// earlier, where all of them came too late because it took longer when the time was taken; `right`
/// looks at what is left. The command is run again then and must come to the same as without the
/// kill.
fn each_kill(ledger: &Fixture, command: &str, right: impl Fn(&Fixture)) {
    let whole = copy(ledger);
    let start = Instant::now();
    whole.usage(command).stdout_of_success();
    let takes = start.elapsed();
    let report = |fixture: &Fixture| fixture.usage("report --format json").stdout_of_success();
    let end = (report(&whole), rows(&whole));
    let spread = (0..kills()).map(|kill| takes * (2 * kill + 1) / (2 * kills()).max(1));
    let earlier = (4..32).map(|times| takes / 2_u32.pow(times));
    let mut is_hit = false;
    for (kill, after) in (0..).zip(spread.chain(earlier)) {
        if kill >= kills() && is_hit {
            return;
        }
        let fixture = copy(ledger);
        let mut child = fixture.start(command);
        // sleep: so that the kill comes at another moment each time.
        thread::sleep(after);
        if child.is_running() {
            is_hit = true;
            child.signal("KILL");
        }
        drop(child);
        let doctor = fixture.usage("doctor");
        assert_eq!(doctor.code, 0, "{doctor}");
        right(&fixture);
        fixture.usage(command);
        assert_eq!((report(&fixture), rows(&fixture)), end);
        assert_eq!(fixture.usage("doctor").code, 0);
    }
    assert!(is_hit, "it was never killed in the middle, in {takes:?}");
}

/// Checks that what is not to go is there, and nothing else has become less than it was to.
fn newest_are_there(fixture: &Fixture) {
    let report = fixture.report("report 2026-05-01T08:00:00Z..2026-05-02 --format json");
    assert_eq!(report["summary"]["requests"], RECORDS - 28_800);
    let all = fixture.totals();
    assert!((RECORDS - 28_800..=RECORDS).contains(&all.0) && all.0 == all.1, "{all:?}");
    // Reports count the rows that there are.
    assert_eq!(rows(fixture) as u64, all.0);
}

#[test]
fn killed_in_the_middle_of_a_prune() {
    let ledger = Fixture::with(&many(0, RECORDS));
    each_kill(&ledger, &format!("prune --before {BEFORE}"), newest_are_there);
}

#[test]
fn killed_in_the_middle_of_a_prune_that_keeps_sums() {
    let ledger = Fixture::with(&many(0, RECORDS));
    let reports = |fixture: &Fixture| {
        ["report", "report --by hour", "report 2026-05-01T03:15:00Z..2026-05-01T09:00:00Z"]
            .map(|report| fixture.usage(&format!("{report} --format json")).stdout_of_success())
    };
    let before = reports(&ledger);
    each_kill(&ledger, &format!("prune --before {BEFORE} --keep-sums"), |fixture| {
        assert_eq!(reports(fixture), before);
    });
}

/// Sums that have no rows any more go in slices too.
#[test]
fn killed_in_the_middle_of_what_retain_applies() {
    let ledger = Fixture::with(&many(0, RECORDS));
    prune(&ledger, "--before 2026-05-01T04:00:00Z --keep-sums").stdout_of_success();
    ledger.usage("retain --rows 120m --sums 4h").stdout_of_success();
    // Sums go up to seven, rows up to nine.
    let command = "--now 2026-05-01T11:00:00Z retain --apply";
    each_kill(&ledger, command, |fixture| {
        let report = fixture.report("report 2026-05-01T07:00:00Z..2026-05-02 --format json");
        assert_eq!(report["summary"]["requests"], RECORDS - 25_200);
        let all = fixture.totals().0;
        assert!((RECORDS - 25_200..=RECORDS).contains(&all), "{all}");
    });
}
