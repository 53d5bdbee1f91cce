//! `usage record`: where lines come from, and what the accounts say.

use crate::fixture::Fixture;
use crate::lines::{DAY, many};
use crate::maintenance::on_a_terminal;

#[test]
fn a_file() {
    let fixture = Fixture::new();
    fixture.write("day.ndjson", DAY);
    insta::assert_snapshot!(fixture.usage("record day.ndjson"), @"
    exit 0
    --- stdout
    Lines: 6  |  Stored: 6  |  Duplicates: 0  |  Refused: 0
    ");
    assert_eq!(fixture.totals(), (6, 2_601_770));
}

#[test]
fn several_files_and_standard_input_in_order() {
    let fixture = Fixture::new();
    fixture.write("a", many(0, 3));
    fixture.write("b", "oops\n");
    let input = format!("{}oops\n", many(3, 2));
    let run = fixture.usage_reading("record a - b", input);
    insta::assert_snapshot!(run, @"
    exit 3
    --- stdout
    Lines: 7  |  Stored: 5  |  Duplicates: 0  |  Refused: 2
    --- stderr
    standard input:3: not JSON: expected value (column 1)
    b:1: not JSON: expected value (column 1)
    ");
    assert_eq!(fixture.totals(), (5, 5));
}

#[test]
fn standard_input_by_any_name() {
    let fixture = Fixture::new();
    for arguments in ["record", "record -", "record /dev/stdin"] {
        let run = fixture.usage_reading(arguments, many(0, 2));
        let accounts = "Lines: 2  |  Stored: 2  |  Duplicates: 0  |  Refused: 0\n";
        assert_eq!(run.stdout_of_success(), accounts, "{arguments}");
    }
    assert_eq!(fixture.totals(), (6, 6));
}

#[test]
fn nothing_at_all_makes_an_empty_ledger() {
    let fixture = Fixture::new();
    insta::assert_snapshot!(fixture.usage("record"), @"
    exit 0
    --- stdout
    Lines: 0  |  Stored: 0  |  Duplicates: 0  |  Refused: 0
    ");
    assert_eq!(fixture.files(), ["usage.db"]);
    assert_eq!(fixture.totals(), (0, 0));
}

/// Blank lines, other line ends, a byte order mark, and no line end at the end are all fine.
#[test]
fn lines_as_editors_leave_them() {
    let fixture = Fixture::new();
    let lines = many(0, 3);
    let mut lines = lines.lines();
    let mut next = || lines.next().unwrap();
    let input = format!("\u{feff}{}\r\n\r\n  \t\n\n{}\n   {}  ", next(), next(), next());
    let run = fixture.usage_reading("record", input);
    insta::assert_snapshot!(run, @"
    exit 0
    --- stdout
    Lines: 3  |  Stored: 3  |  Duplicates: 0  |  Refused: 0
    ");
}

/// Without a timestamp a record happened now, whatever now is said to be.
#[test]
fn a_record_without_a_timestamp_happened_now() {
    let line = r#"{"instance_id":"i","route":"r","model":"m","tokens":5}"#;
    let fixture = Fixture::with(line);
    let at = |from: &str, until: &str| {
        fixture.report(&format!("report {from}..{until} --format json"))["summary"]["requests"]
            .clone()
    };
    assert_eq!(at("2026-05-03T12:00:00Z", "2026-05-03T12:00:00.000001Z"), 1);
    let run = fixture.usage_reading("record --now 1999-12-31T23:59:59.9999999Z", line);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(at("1999-12-31T23:59:59.999999Z", "2000-01-01T00:00:00Z"), 1);

    let fixture = Fixture::new().unset("USAGE_NOW");
    let run = fixture.usage_reading("record", line);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(fixture.report("report last-2-hours --format json")["summary"]["requests"], 1);
}

#[test]
fn the_report_follows_when_asked_for() {
    let fixture = Fixture::new();
    fixture.write("day.ndjson", DAY);
    insta::assert_snapshot!(fixture.usage("record day.ndjson --report"), @"
    exit 0
    --- stdout
    Lines: 6  |  Stored: 6  |  Duplicates: 0  |  Refused: 0

    Usage Summary (all-time, all instances)
    Requests: 6  |  Tokens: 2.6M  |  Fallbacks: 3
    Cost: ≥ $0.059  |  Without a price: 3 (50.0%)
    Read from a cache: 94.1% of the input

    By Route:
      Route                        Input  Output   Cache     Tokens      Cost
      ───────────────────────────────────────────────────────────────────────
    [default]
      background                       0       0       0          0        $0
      ollama.background                -       -       -      4,200         -
    [home]
      anthropic.default                -       -       -    999,950         -
    [work]
      anthropic.default              500     120       0        620   $0.0011
      anthropic.think              1,200     800  95,000     97,000    $0.058
      openai.think                     -       -       -  1,500,000         -
      ───────────────────────────────────────────────────────────────────────
      Total                        1,700     920  95,000  2,601,770  ≥ $0.059

    By Model:
      Model                        Input  Output   Cache     Tokens      Cost
      ───────────────────────────────────────────────────────────────────────
    [default]
      ollama.qwen3:8b                  -       -       -      4,200         -
      local                            0       0       0          0        $0
    [home]
      anthropic.claude-sonnet-4-5      -       -       -    999,950         -
    [work]
      openai.gpt-5                     -       -       -  1,500,000         -
      anthropic.claude-sonnet-4-5  1,200     800  95,000     97,000    $0.058
      anthropic.claude-haiku-4-5     500     120       0        620   $0.0011
      ───────────────────────────────────────────────────────────────────────
      Total                        1,700     920  95,000  2,601,770  ≥ $0.059

    List price, not what a subscription paid  |  ≥: lacks prices or sure counts
    ");
    let quiet = fixture.usage_reading("record --report -q", "");
    assert_eq!(quiet.stdout_of_success(), fixture.usage("report").stdout_of_success());
}

#[test]
fn quiet_prints_only_complaints() {
    let fixture = Fixture::new();
    insta::assert_snapshot!(fixture.usage_reading("record --quiet", format!("{}oops\n", many(0, 2))), @"
    exit 3
    --- stderr
    standard input:3: not JSON: expected value (column 1)
    ");
    assert_eq!(fixture.stored(), 2);
}

#[test]
fn verbose_tells_on_standard_error() {
    let fixture = Fixture::new();
    let run = fixture.usage_reading("record --verbose", many(0, 2));
    assert_eq!(run.stdout, "Lines: 2  |  Stored: 2  |  Duplicates: 0  |  Refused: 0\n");
    assert_eq!(run.code, 0);
    let run = fixture.usage("report --verbose --format json");
    assert!(serde_json::from_str::<serde_json::Value>(&run.stdout).is_ok(), "{run}");
}

#[test]
fn the_ledger_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = Fixture::new().set("USAGE_DB", "new/folder/usage.db");
    let run = fixture.usage_reading("record", many(0, 1));
    assert_eq!(run.code, 0, "{run}");
    let mode = |name: &str| fixture.path(name).metadata().unwrap().permissions().mode() & 0o777;
    let modes = (mode("new"), mode("new/folder"), mode("new/folder/usage.db"));
    assert_eq!(modes, (0o700, 0o700, 0o600));
}

/// `--db` goes before `USAGE_DB`, and that before the folder for the user's data.
#[test]
fn the_ledger_is_where_it_is_said_to_be() {
    let fixture = Fixture::new().set("USAGE_DB", "b.db");
    let record = |fixture: &Fixture, arguments: &str| {
        let run = fixture.usage_reading(&format!("record {arguments}"), many(0, 1));
        assert_eq!(run.code, 0, "{run}");
    };
    record(&fixture, "--db a.db");
    assert_eq!(fixture.files(), ["a.db"]);
    record(&fixture, "");
    assert_eq!(fixture.files(), ["a.db", "b.db"]);
    // No shell has seen it.
    let fixture = fixture.set("USAGE_DB", "~/own.db");
    record(&fixture, "");
    record(&fixture, "--db=~/other.db");
    assert!(fixture.path("home/own.db").exists() && fixture.path("home/other.db").exists());
    let fixture = fixture.set("USAGE_DB", "");
    record(&fixture, "");
    assert!(fixture.path("home/.local/share/usage/usage.db").exists());
    let data = fixture.path("data");
    let fixture = fixture.unset("USAGE_DB").set("XDG_DATA_HOME", data);
    record(&fixture, "");
    assert!(fixture.path("data/usage/usage.db").exists());
}

/// Who types it should know where the records have gone.
#[test]
fn on_a_terminal_a_new_ledger_is_named() {
    let fixture = Fixture::new();
    fixture.write("a", many(0, 1));
    let Some(run) = on_a_terminal(&fixture, "usage record a", "") else { return };
    assert!(run.stdout.contains("note: this ledger was made:"), "{run}");
    assert!(run.stdout.contains("/usage.db"), "{run}");
    let run = on_a_terminal(&fixture, "usage record a", "").unwrap();
    assert!(!run.stdout.contains("was made"), "{run}");
}

/// Who has named no ledger is told where the new one is, in a script's log too; once, and not by `--quiet`.
#[test]
fn a_new_ledger_that_nobody_has_named_is_told() {
    for quiet in ["", " --quiet"] {
        let fixture = Fixture::new().unset("USAGE_DB");
        fixture.write("a", many(0, 1));
        let run = fixture.usage(&format!("record a{quiet}"));
        let is_told = run.stderr.starts_with("note: this ledger was made: ")
            && run.stderr.ends_with("/usage.db\n");
        assert_eq!((run.code, is_told), (0, quiet.is_empty()), "{run}");
        assert_eq!(fixture.usage("record a").stderr, "");
    }
}
