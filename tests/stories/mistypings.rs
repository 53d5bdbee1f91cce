//! Command lines as people type them who have not read anything: each is taken, or answered with what was meant.

use crate::fixture::{Fixture, Run};
use crate::lines::DAY;

/// With the ledger of [`DAY`]; now is noon of 2026-05-03.
const TYPED: &[&str] = &[
    "help",
    "help report",
    "version",
    "today",
    "yesterday",
    "daily",
    "yesteday",
    "7d",
    "last-7d",
    "last-24h",
    "last 7 days",
    "this month",
    "apr",
    "report 24h",
    "report this month",
    "report may 2026",
    "report 2026-W18",
    "report 2026-05-01..",
    "report 2026-04..2026-05",
    "report 2026-04-30 2026-05-03",
    "report --since 2026-05-01 --until 2026-05-02",
    "report --since 7d",
    "report --today",
    "report --json",
    "report --by model day",
    "report --by profile -n 1",
    "report --by model --sort cost",
    "report last-2-years",
    "report 3m",
    "report 2026/05/03",
    "report 3.5.2026",
    "report yesteday",
    "report todya --by model",
    "report month",
    "report 2026-13",
    "report tomorrow",
    "report this-cycle",
    "report --by modle",
    "report --by cost",
    "report --group-by model",
    "report --from 2026-05-01",
    "report --limit 3",
    "report --period today",
    "report --days 7",
    "report --output report.txt",
    "report --no-color",
    "report --csv",
    "report --format jsn",
    "report --porvider anthropic",
    "report --model opus",
    "report --model sonnet",
    "report --provider antropic",
    "report --project site",
    "report may 2025",
    "report --timezone europe/berlin",
    "sessions yesteday",
    "export --format json --model local",
    "export --format yaml",
    "stats",
    "models",
    "perid",
    "reprot today",
    "ls",
    "add file.ndjson",
    "rm",
    "check",
    "init",
    "restor usage.db",
    "doctor --fix",
    "backup copies",
    "backup missing/usage.db",
    "backup usage.db.journal",
    "record --rejects - lines",
    "record --format json lines",
    "config",
    "config set timezon UTC",
    "config set cycle-day 40",
    "settings",
    "completions tcsh",
    "import clade-code",
    "import claude",
    "import all",
    "import",
    "import log.ndjson",
    "setup claude",
    "prices --update",
    "list sessions",
    "delete",
    "delete all",
    "prune --older-than 90d",
    "config timezone Europe/Berlin",
    "config get timezone",
    "config set timezone berlin",
    "restore",
    "q2",
    "monday",
    "report monday",
    "report current month",
    "report from 2026-05-01 to 2026-05-03",
    "report May 3",
    "report Q2 2026",
    "prune 30d",
    "usage",
    "blue",
    "topp",
    "top today",
    "top --sort costs",
    "top --by modl",
    "top -n 5",
    "watch",
    "tui",
    "ui",
    "dashboard",
    "gui",
    "serv",
    "server",
    "serve --port 4318",
    "serve -p 4318",
    "serve --bind 127.0.0.1:0",
    "serve 127.0.0.1:0",
    "serve --listen 4318",
    "serve --token secret",
    "serve --tokens missing",
    "listen",
    "setup",
    "setup claude_code",
    "setup cursor",
    "setup --agent codex",
    "setup codex --url localhost:4318",
    "budget set 200",
    "budget set --usd 200",
    "budget set all 200",
    "budget set all --usd -5",
    "budget set all --usd 200USD",
    "budget set all --tokens 5e6",
    "budget set all --usd $200 --per weekly",
    "budget set all --usd 10 --daily",
    "budget add all --usd 200",
    "budget delete all",
    "budget rm all",
    "budget show",
    "budget status",
    "budget check al",
    "budget check --exec",
    "limit",
    "status-line",
    "statusline --template x",
    "statusline --check --format {costt}",
    "statusline --json",
    "--by model",
    "--sort cost",
    "tokens",
    "by-model",
    "2026-02-30",
    "2026-13",
    "12",
    "prices gpt-5 --at 2026-02-30",
    "report --now 2026-02-30T12:00:00Z",
    "status --json",
    "export --json",
    "restore missing.db",
    "salvage missing.db new.db",
    "report --top -3",
    "salvage usage.db missing/new.db",
    "record missing",
    "report --db http://localhost:4318",
    "report --db ~anna/usage.db",
];

/// The answer without what is said elsewhere: the first lines of a page.
fn shown(run: &Run) -> String {
    let mut text = format!("exit {}\n", run.code);
    let lines = run.stdout.lines().filter(|line| !line.is_empty()).map(|line| {
        // A copy is as large as SQLite makes it.
        line.split(": ").next().filter(|_| line.starts_with("Copied")).unwrap_or(line)
    });
    for line in lines.take(if run.stdout.contains("\nNo ") { 4 } else { 2 }) {
        let line: String = line.chars().take(100).collect();
        text += &format!("  | {}\n", line.trim_end());
    }
    for line in run.stderr.lines() {
        text += &format!("  ! {line}\n");
    }
    text
}

#[test]
fn what_people_type_is_taken_or_answered() {
    let fixture = Fixture::with(DAY);
    fixture.write("lines", DAY);
    std::fs::create_dir(fixture.path("copies")).unwrap();
    let mut all = String::new();
    for arguments in TYPED {
        all += &format!("$ usage {arguments}\n{}\n", shown(&fixture.usage(arguments)));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn words_are_taken_for_the_report_that_was_meant() {
    let fixture = Fixture::with(DAY);
    let same = |typed: &str, meant: &str| {
        let (typed, meant) = (fixture.usage(typed), fixture.usage(meant));
        assert_eq!(typed.stdout_of_success(), meant.stdout_of_success());
    };
    same("today --json", "report today --format json");
    same("report --by model day last 7 days", "report last-7-days --by model,day");
    same("report --since 2026-05-01", "report 2026-05-01..");
    same("report --until 2026-05-01", "report ..2026-05-01");
    same("--db usage.db yesterday", "report yesterday");
    same("help period", "period --help");
    same("help", "--help");
    same("version", "--version");
    // What is a value, and what comes behind `--`, is none of these words.
    let run = fixture.usage("report --model --json");
    assert_eq!(run.code, 2, "{run}");
    let run = fixture.usage("--db today report");
    assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{run}");
}

/// A line that is wrong in two ways is told of the second one.
#[test]
fn what_was_taken_may_be_wrong_elsewhere() {
    let fixture = Fixture::with(DAY);
    let run = fixture.usage("today --porvider x");
    assert_eq!(
        run.stderr,
        "error: `usage report` has no option --porvider\nhint: did you mean --provider?\n"
    );
}
