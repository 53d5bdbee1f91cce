//! Clocks that were wrong: what is not done unasked, what is kept, and the way back.

use crate::fixture::{Fixture, Run};
use crate::lines::{DAY, many};

fn at(fixture: &Fixture, now: &str, arguments: &str) -> Run {
    fixture.usage(&format!("--now {now} {arguments}"))
}

const TODAY: &str = "2026-05-03T12:00:00Z";
const AHEAD: &str = "2031-05-03T12:00:00Z";

#[test]
fn a_clock_that_is_years_ahead_deletes_nothing() {
    let fixture = Fixture::with(DAY);
    fixture.usage("retain --rows 30d").stdout_of_success();
    insta::assert_snapshot!(at(&fixture, AHEAD, "retain --apply"), @"
    exit 2
    --- stdout
    Older than 2031-04-03T12:00:00+00:00: 6 records, whose sums stay
      oldest  2026-04-30T10:00:00+00:00
      newest  2026-05-03T09:30:00+00:00
    --- stderr
    error: that can hardly be meant: now is 2031-05-03T12:00:00Z, which is 1,826 days after the newest that this ledger knows of, 2026-05-03T09:30:00Z
    hint: check the clock and the instant; --force carries it out all the same
    ");
    for arguments in ["retain --apply --quiet", "retain --apply --dry-run", "prune --before 1d"] {
        let run = at(&fixture, AHEAD, arguments);
        assert!(run.code == 2 && run.stderr.contains("can hardly be meant"), "{run}");
    }
    assert_eq!(fixture.usage("export").stdout_of_success().lines().count(), 6);
    assert!(!fixture.usage("retain").stdout_of_success().contains("refused"));
    // Once a deletion has said what is now, one far from that is not believed in either direction.
    at(&fixture, TODAY, "retain --apply").stdout_of_success();
    let run = at(&fixture, AHEAD, "prune --before 1700d");
    let now =
        "error: that can hardly be meant: now is 2031-05-03T12:00:00Z, which is 1,826 days after";
    assert!(run.code == 2 && run.stderr.starts_with(now), "{run}");
    let run = at(&fixture, "2021-05-03T12:00:00Z", "retain --apply");
    let now =
        "error: that can hardly be meant: now is 2021-05-03T12:00:00Z, which is 1,826 days before";
    assert!(run.code == 2 && run.stderr.starts_with(now), "{run}");
    // An instant of its own is judged by itself.
    let run = at(&fixture, AHEAD, "prune --before 2030-05-01");
    let far = "error: that can hardly be meant: everything older than 2030-05-01T00:00:00Z would go, which";
    assert!(run.code == 2 && run.stderr.starts_with(far), "{run}");
    at(&fixture, AHEAD, "prune --before 2026-05-01").stdout_of_success();
    at(&fixture, AHEAD, "prune --before 1d --force").stdout_of_success();
    assert_eq!(fixture.stored(), 0);
}

/// Everything at once: a wrong horizon is told, what it refuses is kept, and all of it comes back.
#[test]
fn the_way_back() {
    let fixture = Fixture::with(DAY);
    fixture.usage("retain --rows 30d").stdout_of_success();
    at(&fixture, AHEAD, "retain --apply --force").stdout_of_success();
    let late = r#"{"instance_id":"i","route":"r","model":"m","tokens":7}"#;
    let run = fixture.usage_reading("record", late);
    insta::assert_snapshot!(run, @"
    exit 3
    --- stdout
    Lines: 1  |  Stored: 0  |  Duplicates: 0  |  Refused: 1
    --- stderr
    standard input:1: it is older than what was pruned from the ledger; it is quarantined, see `usage doctor`
    ");
    let report = fixture.usage("report --by instance");
    insta::assert_snapshot!(report.stderr, @"note: records older than 2031-04-03T12:00:00+00:00 are refused, and that is still to come; `usage doctor` says what to do");
    assert_eq!(fixture.usage("report --quiet").stderr, "");
    let page = fixture.usage("doctor").stdout_of_success();
    let (_, advice) = page.split_once("\nAdvice\n").unwrap();
    insta::assert_snapshot!(advice, @"
      records older than 2031-04-03T12:00:00Z are refused, and that is still to come: a clock was wrong, and `usage retain --reset-horizon` takes it back
      1 record is quarantined, being older than the ledger takes (`usage retain` says from when): `usage doctor --retry-quarantine` tries them again, where that was wrong after `usage retain --reset-horizon`; `usage delete --quarantine` forgets them
    ");
    insta::assert_snapshot!(fixture.usage("retain --reset-horizon"), @"
    exit 0
    --- stdout
    Records are accepted from 2026-05-03T09:45:00+00:00 on, not only from 2031-04-03T12:00:00+00:00 on
    Of what is older than 2026-05-03T09:45:00+00:00 only sums are left
    Quarantined: 1 record, see `usage doctor --retry-quarantine`
    ");
    let retried = fixture.usage("doctor --retry-quarantine");
    insta::assert_snapshot!(retried.stderr, @"note: of what was set aside 1 stored, 0 known already, 0 kept");
    assert_eq!(retried.code, 0);
    assert_eq!(fixture.totals(), (7, 2_601_777));
    let json: serde_json::Value =
        serde_json::from_str(&fixture.usage("doctor --format json").stdout_of_success()).unwrap();
    assert_eq!(
        (&json["set_aside"]["quarantined"], &json["advice"]),
        (&0.into(), &serde_json::json!([]))
    );
    // An instant of one's own, which never raises it.
    let reset = fixture.usage("retain --reset-horizon 2026-05-10").stdout_of_success();
    assert!(
        reset.starts_with("Records are accepted from 2026-05-03T09:45:00+00:00 on, as before\n")
    );
    assert_eq!(fixture.usage("retain --reset-horizon soon").code, 2);
    assert_eq!(fixture.usage("retain --reset-horizon --apply").code, 2);
}

#[test]
fn without_a_horizon() {
    let fixture = Fixture::with(DAY);
    insta::assert_snapshot!(fixture.usage("retain --reset-horizon"), @"
    exit 0
    --- stdout
    Records of any age are accepted: there is no horizon
    ");
    at(&fixture, TODAY, "prune --before 1d").stdout_of_success();
    insta::assert_snapshot!(fixture.usage("retain --reset-horizon"), @"
    exit 0
    --- stdout
    Records of any age are accepted again, not only from 2026-05-02T12:00:00+00:00 on
    ");
    assert_eq!(fixture.usage("retain --reset-horizon --quiet").stdout_of_success(), "");
}

/// Checks that what a wrong clock has stamped is named, brings no century of empty days, and can go.
#[test]
fn records_of_a_wrong_clock() {
    let fixture = Fixture::with(DAY);
    let line = |at: &str| {
        format!(r#"{{"instance_id":"i","route":"r","model":"m","tokens":7,"timestamp":"{at}"}}"#)
    };
    let lines = [line("2099-06-01T00:00:00Z"), line("1970-01-01T00:00:09Z")].join("\n");
    fixture.usage_reading("record", lines).stdout_of_success();
    insta::assert_snapshot!(fixture.usage("report --by day").stdout_of_success(), @"
    Usage Summary (all-time, all instances)
    Requests: 8  |  Tokens: 2.6M  |  Fallbacks: 3
    Cost: ≥ $0.059  |  Without a price: 5 (62.5%)
    Read from a cache: 94.1% of the input

    By Day:
      Day             Input  Output   Cache     Tokens      Cost
      ──────────────────────────────────────────────────────────
      1970-01-01 Thu      -       -       -          7         -  ▏
      … 20,572 empty days
      2026-04-30 Thu      -       -       -    999,950         -  ███████████▎
      2026-05-01 Fri      0       0       0          0        $0
      2026-05-02 Sat      0       0       0          0        $0
      2026-05-03 Sun  1,700     920  95,000  1,601,820  ≥ $0.059  ██████████████████
      … 26,691 empty days
      2099-06-01 Mon      -       -       -          7         -  ▏
      ──────────────────────────────────────────────────────────
      Total           1,700     920  95,000  2,601,784  ≥ $0.059

    List price, not what a subscription paid  |  ≥: lacks prices or sure counts
    ");
    assert_eq!(fixture.usage("report --by hour").code, 0);
    let rows = fixture.usage("report --by day --format csv").stdout_of_success().lines().count();
    assert_eq!(rows, 1 + 1 + 4 + 1);
    let page = fixture.usage("doctor").stdout_of_success();
    let (_, advice) = page.split_once("\nAdvice\n").unwrap();
    insta::assert_snapshot!(advice, @"
      1 record is still to come: if a clock was wrong, `usage delete --from 2099-06-01T00:00:00Z --to 2099-06-01T00:00:00.000001Z --dry-run` shows what would go
      1 record is from before the year 2000: if a clock was wrong, `usage delete --from 1970-01-01T00:00:09Z --to 1970-01-01T00:00:09.000001Z --dry-run` shows what would go
    ");
    let range = "delete --from 2099-06-01T00:00:00Z --to 2099-06-01T00:00:00.000001Z";
    insta::assert_snapshot!(fixture.usage(&format!("{range} --dry-run")), @"
    exit 0
    --- stdout
    All from 2099-06-01T00:00:00+00:00 to 2099-06-01T00:00:00.000001+00:00: 1 record
      oldest  2099-06-01T00:00:00+00:00
      newest  2099-06-01T00:00:00+00:00
    Nothing was deleted: --dry-run
    ");
    assert_eq!(fixture.totals().0, 8);
    let run = fixture.usage(range);
    assert!(run.code == 2 && run.stderr.contains("these records shall be deleted"), "{run}");
    insta::assert_snapshot!(fixture.usage(&format!("{range} --yes")), @"
    exit 0
    --- stdout
    All from 2099-06-01T00:00:00+00:00 to 2099-06-01T00:00:00.000001+00:00: 1 record
      oldest  2099-06-01T00:00:00+00:00
      newest  2099-06-01T00:00:00+00:00
    Deleted: 1  |  Given back: 0 bytes
    ");
    fixture.usage("delete --from 1970-01-01 --to 1970-01-01 --yes --quiet").stdout_of_success();
    assert_eq!(fixture.totals().0, 6);
    assert!(!fixture.usage("doctor --full").stdout_of_success().contains("\nAdvice\n"));
    // Neither half of a range, nor one that is none.
    for arguments in
        ["--from 2026-05-01", "--to 2026-05-01", "--all --from 1970-01-01 --to 2026-05-01"]
    {
        assert_eq!(fixture.usage(&format!("delete {arguments} --yes")).code, 2);
    }
    assert_eq!(fixture.usage("delete --from 2026-05-02 --to 2026-05-01 --yes").code, 2);
}

/// Periods that end now go on to work where only sums are left, and say from when they count.
#[test]
fn rolling_periods_over_sums() {
    let fixture = Fixture::with(&many(0, 20_000)).set("USAGE_NOW", "2026-05-01T04:07:30Z");
    fixture.usage("--now 2026-05-01T05:00:00Z prune --before 2h --keep-sums").stdout_of_success();
    let run = fixture.usage("report last-2-hours --by model --top 1");
    insta::assert_snapshot!(run, @"
    exit 0
    --- stdout
    Usage Summary (last-2-hours, all instances)
    Requests: 6,750  |  Tokens: 6,750  |  Fallbacks: 0

    By Model:
      Model  Requests  Tokens   Share
      ───────────────────────────────
      m0          675     675   10.0%
      and 9 more: 6,075 requests, 6,075 tokens, 0 fallbacks
      ───────────────────────────────
      Total     6,750   6,750  100.0%

    Nothing here has a price: `usage prices --missing` says why.
    --- stderr
    note: last-2-hours begins at 2026-05-01T02:15:00+00:00, as only sums by quarter of an hour are left there
    ");
    let report = fixture.report("report last-2-hours --format json");
    assert_eq!(report["period"]["start"], "2026-05-01T02:15:00+00:00");
    assert_eq!(report["period"]["end"], "2026-05-01T04:07:30+00:00");
    assert!(report["period"]["note"].as_str().unwrap().starts_with("last-2-hours begins at "));
    assert_eq!(report["summary"]["requests"], 6_750);
    assert_eq!(fixture.usage("report last-2-hours --format json").stderr, "");
    for period in ["ttm", "ytd", "last-24-hours"] {
        let run = fixture.usage(&format!("report {period} --quiet"));
        assert!(run.code == 0 && run.stderr.is_empty(), "{run}");
    }
    // Where there are rows nothing is moved, and what was typed is not answered roughly.
    assert!(fixture.report("report last-1-hours --format json")["period"].get("note").is_none());
    let run = fixture.usage("report 2026-05-01T02:07:30Z..2026-05-01T04:00:00Z");
    assert!(
        run.code == 2 && run.stderr.contains("2026-05-01T02:00:00Z or 2026-05-01T02:15:00Z"),
        "{run}"
    );
}

#[test]
fn what_is_destroyed_is_said() {
    let fixture = Fixture::with(&many(0, 5_581));
    at(&fixture, TODAY, "prune --before 1d --keep-sums").stdout_of_success();
    insta::assert_snapshot!(at(&fixture, TODAY, "prune --before 2026-05-01T01:00:00Z"), @"
    exit 0
    --- stdout
    Older than 2026-05-01T01:00:00+00:00: 0 records
      and sums without records of 4 quarters of an hour: 3,600 requests
    Deleted: 0  |  Sums of requests: 3,600  |  Given back: 0 bytes
    ");
    insta::assert_snapshot!(fixture.usage("delete --all --dry-run").stdout_of_success(), @"
    All of /tmp/usage-XXXXXX/usage.db: 0 records, and sums of 1,981 requests, from 2026-05-01T01:00:00+00:00 to 2026-05-01T01:45:00+00:00
    Nothing was deleted: --dry-run
    ");
    let run = fixture.usage("delete --all --yes").stdout_of_success();
    assert!(run.contains("Deleted: 0  |  Sums of requests: 1,981  |  Given back: "), "{run}");
    assert_eq!(fixture.stored(), 0);
}

#[test]
fn the_quarantine_is_forgotten_when_asked() {
    let fixture = Fixture::with(DAY);
    at(&fixture, TODAY, "prune --before 1d").stdout_of_success();
    assert_eq!(fixture.usage_reading("record", many(0, 3)).code, 3);
    let plan = fixture.usage("delete --all --dry-run").stdout_of_success();
    assert!(plan.contains(", and 3 records set aside\n"), "{plan}");
    insta::assert_snapshot!(fixture.usage("delete --quarantine --yes"), @"
    exit 0
    --- stdout
    All that was refused and kept: 3 records
    Deleted: 3
    ");
    assert!(!fixture.usage("doctor").stdout_of_success().contains("Set aside"));
}

/// Checks that what is gone is said to be gone, though giving the space back has failed: a disk that is full.
#[test]
fn a_step_that_fails_after_everything_was_deleted() {
    let ledger = Fixture::with(&many(0, 20_000)).read("usage.db");
    let mut seen = false;
    for limit in (90..260).step_by(8) {
        let fixture = Fixture::new();
        fixture.write("usage.db", &ledger);
        // In units of 512 bytes: no file may grow beyond that, the write-ahead log in particular.
        let script = format!("trap '' XFSZ; ulimit -f {limit}; exec usage delete --all --yes");
        let run = fixture.shell(&script);
        let is_gone = fixture.stored() == 0;
        let said = if is_gone { "\nDeleted: 20,000  |  " } else { "\nDeleted: 0  |  " };
        assert!(run.stdout.contains(said), "{limit}: {run}");
        seen |= is_gone && run.code == 1;
    }
    assert!(seen, "no limit lay between the two steps");
}

/// Nobody is told that no record is lost where nobody knows.
#[test]
fn losses_of_unknown_number() {
    let fixture = Fixture::with(DAY);
    let ledger = rusqlite::Connection::open(fixture.path("usage.db")).unwrap();
    let piece = |records: &str| {
        let sql = format!(
            "INSERT INTO set_aside (kind, content, reason, records, segment, generation, place, bytes)
             VALUES ('journal', x'00', 'torn', {records}, x'00', 1, 0, 1)"
        );
        ledger.execute_batch(&sql).unwrap();
        let page = fixture.usage("doctor").stdout_of_success();
        let line = page.lines().find(|line| line.contains("of journals")).unwrap();
        line.trim().to_owned()
    };
    assert_eq!(piece("NULL"), "of journals      1 piece, an unknown number of records lost");
    assert_eq!(piece("7"), "of journals      2 pieces, at least 7 records lost");
}

/// A loss is told in a line like any other.
#[test]
fn what_finds_no_room_is_told() {
    let fixture = Fixture::with(DAY);
    at(&fixture, AHEAD, "prune --before 1d --force").stdout_of_success();
    let ledger = rusqlite::Connection::open(fixture.path("usage.db")).unwrap();
    ledger.execute("UPDATE retention SET quarantined = 100000", []).unwrap();
    ledger.close().unwrap();
    let late = r#"{"instance_id":"i","route":"r","model":"m","tokens":7}"#;
    let run = fixture.usage_reading("record", late);
    assert_eq!(run.code, 3, "{run}");
    let mut told: Vec<_> = run.stderr.lines().collect();
    told.sort_unstable();
    assert_eq!(
        told,
        [
            "standard input:1: it is older than what was pruned from the ledger, and the quarantine \
             is full",
            "warning: usage records were refused and lost: the quarantine is full lost=1",
        ]
    );
}
