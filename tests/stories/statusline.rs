//! `usage statusline`: a line whatever happens, and never a failure.

use std::fmt::Write as _;

use rusqlite::Connection;

use crate::fixture::{Fixture, Run};

/// Yesterday's late and today's requests of two sessions and two agents. Now is noon.
fn lines() -> String {
    let mut lines = String::new();
    for (instance, session, time, input, read) in [
        ("claude-code", "s1", "2026-05-02T23:50", 1_000, 0),
        ("claude-code", "s1", "2026-05-03T00:10", 500, 4_500),
        ("claude-code", "s2", "2026-05-03T10:20", 3_000, 7_000),
        ("claude-code", "s2", "2026-05-03T11:40", 1_000, 9_000),
        ("codex", "s2", "2026-05-03T11:50", 1_000_000, 0),
    ] {
        let line = serde_json::json!({
            "instance_id": instance, "route": "main", "model": "m", "session_id": session,
            "input_tokens": input, "cache_read_tokens": read, "timestamp": format!("{time}:00Z"),
        });
        writeln!(lines, "{line}").unwrap();
    }
    lines
}

/// As Claude Code tells it.
const TOLD: &str = r#"{
  "hook_event_name": "Status", "session_id": "s2", "transcript_path": "/home/dev/.claude/x.jsonl", "cwd": "/home/dev/site",
  "model": {"id": "claude-opus-4-6", "display_name": "Opus 4.6\u001b[31m"},
  "workspace": {"current_dir": "/home/dev/site", "project_dir": "/home/dev/site"}, "version": "2.1.328",
  "cost": {"total_cost_usd": 1.234, "total_duration_ms": 45000},
  "context_window": {"total_input_tokens": 15000, "context_window_size": 200000, "used_percentage": 8},
  "rate_limits": {"five_hour": {"used_percentage": 23.5, "resets_at": 1777816800}, "seven_day": {"used_percentage": 41.2}}
}"#;

const LINE: &str = "statusline --timeout 60";

fn printed(run: Run) -> String {
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run}");
    assert_eq!(run.stdout.lines().count(), 1, "{run}");
    run.stdout
}

#[test]
fn the_line_tells_session_day_block_and_limits() {
    let fixture = Fixture::with(&lines());
    insta::assert_snapshot!(printed(fixture.usage_reading(LINE, TOLD)), @r"Opus 4.6\u{1b}[31m | session 20,000 $1.23 | today 25,000 | block 20,000, 3h00m left | 166/min | 5h 24% | 7d 41% | cache 80%");
    let template = "{project} {version} ctx {context} | {session.requests} of {today.requests} | {limit.5h.left} | {nothing}";
    let mut command = fixture.command(["statusline", "--timeout", "60", "--format", template]);
    let told = fixture.path("told.json");
    fixture.write("told.json", TOLD);
    let output = command.stdin(std::fs::File::open(told).unwrap()).output().unwrap();
    insta::assert_snapshot!(printed(fixture.finished(output)), @"site 2.1.328 ctx 8% | 2 of 3 | 2h00m | {nothing}");
    let codex = printed(fixture.usage_reading(&format!("{LINE} --instance codex"), ""));
    insta::assert_snapshot!(codex, @"today 1.0M | block 1.0M, 4h00m left | 16,666/min | cache 0%");
}

#[test]
fn a_block_of_which_nobody_can_tell_the_start_is_left_out() {
    let mut lines = String::new();
    for hour in 0..60 {
        let (day, hour) = (1 + hour / 24, hour % 24);
        let line = r#"{"instance_id":"claude-code","route":"r","model":"m","tokens":1,"timestamp":"2026-05-"#;
        writeln!(lines, "{line}{day:02}T{hour:02}:30:00Z\"}}").unwrap();
    }
    let fixture = Fixture::with(&lines);
    assert_eq!(printed(fixture.usage_reading(LINE, "{}")), "today 12\n");
}

#[test]
fn what_is_wrong_is_said_only_where_it_is_asked_for() {
    let without = "Opus 4.6\\u{1b}[31m | session $1.23 | 5h 24% | 7d 41%\n";
    let fixture = Fixture::new();
    assert_eq!(printed(fixture.usage_reading(LINE, TOLD)), without);
    assert_eq!(fixture.files(), [""; 0]);
    for bad in [
        "",
        "{",
        "[1]",
        "\u{0}",
        &"x".repeat(100_000),
        &format!("{{\"a\":\"{}\"}}", "x".repeat(100_000)),
    ] {
        assert_eq!(printed(fixture.usage_reading(LINE, bad)), "usage: nothing to tell\n");
    }
    let run = fixture.usage_reading(&format!("{LINE} -v"), "{");
    assert!(run.stderr.contains("note: the ledger was not asked: "), "{run}");
    assert!(run.stderr.contains("note: nothing was told on standard input: "), "{run}");

    let damaged = Fixture::new();
    damaged
        .write("usage.db", "no ledger at all, but long enough to look like something".repeat(99));
    assert_eq!(printed(damaged.usage_reading(LINE, TOLD)), without);
    let lost = Fixture::with(&lines()).set("USAGE_TIMEZONE", "Nowhere");
    assert_eq!(printed(lost.usage_reading(LINE, TOLD)), without);
}

/// Checks that who writes a format can learn of a name that does not exist; the agent's line goes on as before.
#[test]
fn a_format_can_be_checked() {
    let fixture = Fixture::new();
    let with = |format: &str, option: &str| {
        let words = ["statusline", "--timeout", "60", option, "--format", format];
        let output = fixture.command(words).stdin(std::process::Stdio::null()).output().unwrap();
        fixture.finished(output)
    };
    assert_eq!(with("{model} | {today.cost}", "--check").code, 0);
    let bad = with("{model} | {nope}", "--check");
    insta::assert_snapshot!(bad.stderr, @r"
    error: there is no such name: {nope}
    hint: `usage statusline --help` lists the names
    ");
    assert_eq!((bad.code, bad.stdout.as_str()), (2, ""));
    let line = with("{model} | {nope}", "-v");
    assert_eq!((line.code, line.stdout.as_str()), (0, "{nope}\n"));
    assert!(line.stderr.contains("note: the format has names that do not exist: {nope}"), "{line}");
}

#[test]
fn nobody_is_waited_for() {
    // Who tells something need not end it.
    let fixture = Fixture::with(&lines());
    let mut child = fixture.start(LINE);
    child.write(TOLD);
    let line = printed(child.finish());
    assert!(line.contains("session 20,000"), "{line}");
    // Who tells nothing is given up after a while, and so is a ledger that is held.
    let held = Connection::open(fixture.path("usage.db")).unwrap();
    held.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE").unwrap();
    let mut child = fixture.start("statusline --timeout 1");
    child.write("{\"session_id\":");
    assert_eq!(printed(child.finish()), "usage: nothing to tell\n");
}
