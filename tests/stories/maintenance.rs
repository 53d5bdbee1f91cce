//! Deleting everything, giving space back, and the man pages.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use rusqlite::Connection;

use crate::fixture::{Fixture, Run};
use crate::lines::{DAY, many};
use crate::patience::skipped;
use crate::process::eventually;

/// Runs the command on a terminal of its own, with that typed there; not at all on a machine that
/// has no `script` to make one.
pub(crate) fn on_a_terminal(fixture: &Fixture, command: &str, typed: &str) -> Option<Run> {
    let script = Path::new("/usr/bin/script");
    if !script.exists() {
        skipped("there is no `script` here that makes a terminal");
        return None;
    }
    let mut terminal = fixture.program(script);
    terminal.args(["--quiet", "--return", "--echo", "never", "--command", command, "/dev/null"]);
    terminal.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = terminal.spawn().unwrap();
    child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    let mut run = fixture.finished(child.wait_with_output().unwrap());
    // As a terminal ends lines.
    run.stdout = run.stdout.replace('\r', "");
    Some(run)
}

/// Has a recorder of these lines killed while the ledger is locked, so that they wait in its
/// journal.
pub(crate) fn left_behind(fixture: &Fixture, lines: &str) {
    let ledger = Connection::open(fixture.path("usage.db")).unwrap();
    ledger.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut record = fixture.start("record");
    record.write(lines);
    let expected = lines.lines().count() as u64;
    eventually("everything in the journal", || {
        let journals = &fixture.report("doctor --quick --format json")["journals"];
        let running = journals.as_array().unwrap().iter().filter(|file| file["state"] == "running");
        running.map(|file| file["records"].as_u64().unwrap()).sum::<u64>() == expected
    });
    record.signal("KILL");
    drop(record);
    ledger.execute_batch("ROLLBACK").unwrap();
    ledger.close().unwrap();
}

/// Whoever writes stores what a killed recorder has left, says so, and says what of.
#[test]
fn what_a_killed_recorder_has_left() {
    let fixture = Fixture::with(&many(0, 3));
    left_behind(&fixture, &many(3, 4));
    let run = fixture.usage("vacuum");
    assert!(run.code == 0 && run.stdout.starts_with("Before: "), "{run}");
    insta::assert_snapshot!(run.stderr, @"note: 4 records were recovered from a journal that a stopped program had left");
    assert_eq!((fixture.stored(), fixture.files()), (7, vec!["usage.db".to_owned()]));

    // The question, and the plan, are about all of it.
    left_behind(&fixture, &many(7, 1));
    let run = fixture.usage("delete --all --yes");
    assert!(run.code == 0 && run.stdout.contains("\nDeleted: 8  |  Given back: "), "{run}");
    insta::assert_snapshot!(run.stderr, @"note: 1 record was recovered from a journal that a stopped program had left");
    left_behind(&fixture, &many(0, 2));
    assert_eq!(fixture.usage("delete --all --yes --quiet").stdout_of_success(), "");
    assert_eq!((fixture.stored(), fixture.files()), (0, vec!["usage.db".to_owned()]));
}

/// Who only reads is told that there is more.
#[test]
fn a_report_says_what_it_lacks() {
    let fixture = Fixture::with(&many(0, 3));
    left_behind(&fixture, &many(3, 2_000));
    for command in ["report", "report --by day", "export"] {
        let run = fixture.usage(command);
        assert_eq!(run.code, 0, "{run}");
        let shown = command.split(' ').next().unwrap();
        let note = run.stderr.replace(shown, "SHOWN");
        insta::allow_duplicates! { insta::assert_snapshot!(note, @"note: 2,000 records wait in a journal and are not in this SHOWN; the next command that writes stores them, such as `usage vacuum`") };
    }
    for command in ["report --quiet", "report --format json", "report --by day --format csv"] {
        fixture.usage(command).stdout_of_success();
    }
    assert_eq!(fixture.usage("export -q").stdout_of_success().lines().count(), 3);
    fixture.usage("vacuum");
    assert_eq!(fixture.usage("export").stdout_of_success().lines().count(), 2_003);
}

#[test]
fn without_a_terminal_yes_has_to_be_said() {
    let fixture = Fixture::with(DAY);
    insta::assert_snapshot!(fixture.usage("delete --all"), @"
    exit 2
    --- stderr
    error: there is no terminal to ask whether every record shall be deleted
    hint: --yes says that it is meant
    ");
    // An answer that nobody was asked for is none.
    let piped = fixture.usage_reading("delete --all", "yes\n");
    assert_eq!((piped.code, piped.stdout.as_str()), (2, ""), "{piped}");
    assert_eq!(fixture.stored(), 6);
}

#[test]
fn with_yes_everything_goes() {
    let fixture = Fixture::with(&many(0, 5_000));
    let run = fixture.usage("delete --all --yes");
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run}");
    let (first, second) = run.stdout.split_once('\n').unwrap();
    insta::assert_snapshot!(first, @"All of /tmp/usage-XXXXXX/usage.db: 5,000 records, from 2026-05-01T00:00:00+00:00 to 2026-05-01T01:23:19+00:00");
    assert!(second.starts_with("Deleted: 5,000  |  Given back: "), "{second}");
    assert!(!second.ends_with(": 0 bytes\n"), "{second}");
    assert_eq!(fixture.stored(), 0);
    insta::assert_snapshot!(fixture.usage("delete --all -y"), @"
    exit 0
    --- stdout
    All of /tmp/usage-XXXXXX/usage.db: 0 records
    Deleted: 0  |  Given back: 0 bytes
    ");
    assert_eq!(fixture.usage("delete --all --yes --quiet").stdout_of_success(), "");
    // It is a ledger still, and takes records in.
    fixture.usage_reading("record", many(0, 3)).stdout_of_success();
    assert_eq!(fixture.totals(), (3, 3));
}

#[test]
fn there_is_no_deleting_without_all() {
    let fixture = Fixture::with(DAY);
    for arguments in ["delete", "delete --yes", "delete all", "delete --all=yes"] {
        let run = fixture.usage(arguments);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{arguments}: {run}");
    }
    assert_eq!(fixture.stored(), 6);
    let run = Fixture::new().usage("delete --all --yes");
    assert!(run.code == 1 && run.stderr.starts_with("error: there is no ledger"), "{run}");
}

#[test]
fn on_a_terminal_it_asks() {
    for answer in ["no\n", "\n", "y\n", "YES\n", "yes, no\n", "\u{4}"] {
        let fixture = Fixture::with(DAY);
        let Some(run) = on_a_terminal(&fixture, "usage delete --all", answer) else { return };
        assert_eq!(run.code, 1, "{answer:?}: {run}");
        assert!(run.stdout.contains("error: nothing was deleted\n"), "{answer:?}: {run}");
        assert_eq!(fixture.stored(), 6);
    }
    let fixture = Fixture::with(DAY);
    let run = on_a_terminal(&fixture, "usage delete --all", "yes\n").unwrap();
    insta::assert_snapshot!(run, @"
    exit 0
    --- stdout
    All of /tmp/usage-XXXXXX/usage.db: 6 records, from 2026-04-30T10:00:00+00:00 to 2026-05-03T09:30:00+00:00
    Type yes to delete them: Deleted: 6  |  Given back: 0 bytes
    ");
    assert_eq!(fixture.stored(), 0);
}

#[test]
fn a_locked_ledger_is_not_deleted() {
    let fixture = Fixture::with(DAY);
    let ledger = Connection::open(fixture.path("usage.db")).unwrap();
    ledger.execute_batch("BEGIN IMMEDIATE").unwrap();
    let [delete, vacuum] = ["delete --all --yes", "vacuum"].map(|command| fixture.start(command));
    let runs = [delete.finish(), vacuum.finish()];
    ledger.execute_batch("ROLLBACK").unwrap();
    for (run, doing) in runs.iter().zip(["delete all records from", "give space back from"]) {
        let error = format!("error: cannot {doing} ");
        assert!(run.code == 1 && run.stderr.starts_with(&error), "{run}");
        assert!(run.stderr.contains(": it is locked by another process\nhint: "), "{run}");
    }
    assert_eq!(fixture.stored(), 6);
}

#[test]
fn vacuum_says_how_much() {
    let fixture = Fixture::with(&many(0, 20_000));
    let size = || fs::metadata(fixture.path("usage.db")).unwrap().len();
    let bytes = |count| usage_core::format::format_count(count);
    let full = size();
    let run = fixture.usage("vacuum").stdout_of_success();
    let full_text = bytes(full);
    assert_eq!(
        run,
        format!("Before: {full_text} bytes  |  After: {full_text} bytes  |  Given back: 0 bytes\n")
    );
    let ledger = Connection::open(fixture.path("usage.db")).unwrap();
    ledger.execute("DELETE FROM records", []).unwrap();
    ledger.close().unwrap();
    let run = fixture.usage("vacuum").stdout_of_success();
    let (left, gone) = (bytes(size()), bytes(full - size()));
    assert_eq!(
        run,
        format!("Before: {full_text} bytes  |  After: {left} bytes  |  Given back: {gone} bytes\n")
    );
    // The books of prices stay.
    assert!(size() < full / 3, "{full} to {}", size());
    assert_eq!(fixture.usage("vacuum -q").stdout_of_success(), "");
}

#[test]
fn the_man_page_is_one() {
    let fixture = Fixture::new();
    let page = fixture.usage("man").stdout_of_success();
    assert!(page.contains(".TH usage 1") && page.contains("usage\\-prune(1)"), "{page}");
    let rendered = fixture.shell("usage man | man -l - | cat");
    if rendered.stdout.is_empty() {
        skipped("there is no `man` here");
    } else {
        assert!(rendered.stdout.contains("NAME\n       usage"), "{rendered}");
    }
    assert_eq!(fixture.files(), [""; 0]);
}

/// One for each command, and for each below it.
#[test]
fn man_pages_in_a_folder() {
    let fixture = Fixture::new();
    assert_eq!(fixture.usage("man --dir man/man1").stdout_of_success(), "");
    let found = fs::read_dir(fixture.path("man/man1")).unwrap();
    let mut found: Vec<_> =
        found.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    found.sort();
    let (mut expected, mut open) = (Vec::new(), vec![("usage".to_owned(), usage_cli::command())]);
    while let Some((name, command)) = open.pop() {
        let below = command.get_subcommands();
        open.extend(below.map(|found| (format!("{name}-{}", found.get_name()), found.clone())));
        expected.push(format!("{name}.1"));
    }
    expected.sort();
    assert_eq!(found, expected);
    for name in &found {
        let page = String::from_utf8(fixture.read(&format!("man/man1/{name}"))).unwrap();
        let title = format!(".TH {} 1", name.strip_suffix(".1").unwrap());
        assert!(page.contains(&title), "{title}: {page}");
    }
    // Twice writes the same.
    let before = fixture.read("man/man1/usage.1");
    fixture.usage("man --dir man/man1").stdout_of_success();
    assert!(fixture.read("man/man1/usage.1") == before);
}

/// A script's variable that was never set must not empty another ledger.
#[test]
fn an_empty_path_is_no_ledger() {
    let fixture = Fixture::with(&many(0, 3));
    let run = fixture.usage_of(["delete", "--all", "--yes", "--db", ""]);
    assert_eq!(run.code, 2);
    insta::assert_snapshot!(run.stderr.lines().next().unwrap_or_default(), @"error: the value of '--db <PATH>' is empty");
    assert_eq!(fixture.stored(), 3);
}
