//! `usage budget`: setting, listing, checking, and what is run once a crossing.

use std::fs;

use crate::fixture::Fixture;

/// Half of a month has not passed: it is noon of 3 May. A request of this kind costs $3.
const LINES: &str = r#"
{"instance_id":"claude-code","project":"search","route":"main","model":"claude-sonnet-4-5","provider":"anthropic","input_tokens":0,"output_tokens":200000,"timestamp":"2026-05-01T10:00:00Z"}
{"instance_id":"claude-code","project":"search","route":"main","model":"claude-sonnet-4-5","provider":"anthropic","input_tokens":0,"output_tokens":200000,"timestamp":"2026-05-03T10:00:00Z"}
{"instance_id":"gateway","project":"api","route":"main","model":"a-model-that-no-book-has","provider":"anthropic","input_tokens":900000,"timestamp":"2026-05-03T11:00:00Z"}
{"instance_id":"claude-code","project":"search","route":"main","model":"claude-sonnet-4-5","provider":"anthropic","output_tokens":200000,"timestamp":"2026-04-30T23:59:59Z"}
"#;

fn with_budgets() -> Fixture {
    let fixture = Fixture::with(LINES);
    for budget in [
        "all --usd 200",
        "search-a-day --usd 3 --per day --project search --hard",
        "sonnet --tokens 1.2M --per week --model claude-sonnet-4-5 --provider anthropic",
        "api --usd 5 --per day --project api --instance gateway",
        "cycle --tokens 500k --per cycle --cycle-day 15",
    ] {
        fixture.usage(&format!("budget set {budget}")).stdout_of_success();
    }
    fixture
}

#[test]
fn a_budget_is_set_replaced_and_removed() {
    let fixture = Fixture::with(LINES).set("USAGE_TIMEZONE", "Europe/Berlin");
    let said = |arguments: &str| fixture.usage(arguments).stdout_of_success();
    insta::assert_snapshot!(said("budget"), @"No budget is set: `usage budget set all --usd 200 --per month` sets one");
    insta::assert_snapshot!(said("budget set all --usd $1,200.5"), @"Budget all: $1200.5 a month, soft, by the days of Europe/Berlin");
    insta::assert_snapshot!(said("budget set all --tokens 1.5M --per week --hard"), @"Budget all: 1,500,000 tokens a week, hard, by the days of Europe/Berlin (was $1200.5 a month, soft, by the days of Europe/Berlin)");
    insta::assert_snapshot!(said("budget rm all"), @"Removed the budget all");
    assert!(said("budget list").starts_with("No budget is set"));
    // The ledger has nothing of it any more, and is sound.
    fixture.usage("doctor --full").stdout_of_success();
}

#[test]
fn pages_at_several_widths() {
    for columns in ["60", "80", "100"] {
        let fixture = with_budgets().set("USAGE_WIDTH", columns);
        let page = fixture.usage("budget list").stdout_of_success();
        insta::assert_snapshot!(format!("list_at_{columns}"), page);
    }
    let fixture = with_budgets().set("LC_ALL", "C");
    assert!(fixture.usage("budget").stdout_of_success().is_ascii());
}

#[test]
fn the_first_page_has_them() {
    let page = with_budgets().usage("").stdout_of_success();
    insta::assert_snapshot!(page);
}

/// For programs: exact, and in integers and texts.
#[test]
fn as_json() {
    let fixture = with_budgets();
    let page = fixture.usage("budget list --json").stdout_of_success();
    let json: serde_json::Value = serde_json::from_str(&page).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&json).unwrap());
}

#[test]
fn a_check_exits_5_past_a_limit_and_not_at_it() {
    let fixture = with_budgets();
    let code = |arguments: &str| fixture.usage(arguments).code;
    // $3 of $3 a day.
    assert_eq!(code("budget check search-a-day"), 0);
    assert_eq!(code("budget check all sonnet"), 0);
    // 600,000 and 900,000 tokens since 15 April.
    assert_eq!(code("budget check cycle"), 5);
    assert_eq!(code("budget check"), 5);
    // The next day is another one.
    assert_eq!(code("budget check cycle --now 2026-05-15T00:00:00Z"), 0);
    fixture.usage("budget set search-a-day --usd 2.999999999999 --per day").stdout_of_success();
    let run = fixture.usage("budget check search-a-day -q");
    assert_eq!((run.code, run.stdout.as_str()), (5, ""));
    let run = fixture.usage("budget check serach");
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("budgets are all, api, cycle, search-a-day, sonnet"), "{run}");
}

#[test]
fn a_command_is_run_once_a_crossing() {
    let fixture = Fixture::with(LINES);
    fixture.usage("budget set all --usd 5 --per month").stdout_of_success();
    let told = "echo $USAGE_BUDGET $USAGE_BUDGET_SPENT $USAGE_BUDGET_LIMIT $USAGE_BUDGET_UNIT >> told; echo said";
    let check = |now: &str| {
        let run = fixture.usage_of(["budget", "check", "--json", "--now", now, "--exec", told]);
        // What the command prints is not in the answer.
        assert_eq!(run.stdout.lines().count(), 1, "{run}");
        let lines = fs::read_to_string(fixture.path("told")).unwrap_or_default();
        (run.code, lines.lines().count())
    };
    assert_eq!(check("2026-05-03T12:00:00Z"), (5, 1));
    assert_eq!(fixture.read("told"), b"all 6 5 usd\n");
    assert_eq!(check("2026-05-04T12:00:00Z"), (5, 1));
    // Another period, and another limit, are other crossings.
    assert_eq!(check("2026-06-04T12:00:00Z"), (0, 1));
    assert_eq!(check("2026-05-04T12:00:00Z"), (5, 2));
    fixture.usage("budget set all --usd 5.5 --per month").stdout_of_success();
    assert_eq!(check("2026-05-04T12:00:00Z"), (5, 3));
    // Of many who check at a time one runs it.
    fixture.usage("budget set all --usd 5.6 --per month").stdout_of_success();
    let script = "for i in 1 2 3 4 5 6; do usage budget check --exec 'echo x >> many' & done; wait";
    fixture.shell(script);
    assert_eq!(fixture.read("many"), b"x\n");
    // One that fails is run again.
    fixture.usage("budget set all --usd 5.7 --per month").stdout_of_success();
    for expected in [1, 2] {
        let run = fixture.usage_of(["budget", "check", "--exec", "echo x >> failed; exit 3"]);
        assert_eq!(run.code, 1, "{run}");
        assert_eq!(fixture.read("failed"), "x\n".repeat(expected).as_bytes());
    }
}

#[test]
fn names_of_any_kind_reach_no_terminal_raw() {
    let fixture = Fixture::with(LINES);
    let run = fixture.usage_of(["budget", "set", "a\u{1b}[31mb", "--usd", "1"]);
    assert_eq!(run.code, 2, "{run}");
    let name = "漢字 'quoted' \"$(touch x)\" \u{202e}right";
    fixture.usage_of(["budget", "set", name, "--usd", "0.5", "--model", "no\u{1b}[31mne"]);
    let page = fixture.usage("budget").stdout_of_success();
    assert!(!page.contains('\u{202e}') && !page.contains('\u{1b}'), "{page}");
    fixture.usage_of(["budget", "set", name, "--usd", "0.5"]).stdout_of_success();
    let run = fixture.usage_of(["budget", "check", "--exec", "echo \"$USAGE_BUDGET\" > named"]);
    assert_eq!(run.code, 5, "{run}");
    assert_eq!(fixture.read("named"), format!("{name}\n").as_bytes());
    assert!(!fixture.path("x").exists());
}

/// Budgets go with a copy, and a program that only reads can ask.
#[test]
fn budgets_are_in_copies() {
    let fixture = with_budgets();
    fixture.usage("backup copy.db").stdout_of_success();
    let pages = ["budget", "budget --db copy.db"].map(|of| fixture.usage(of).stdout_of_success());
    assert_eq!(pages[0], pages[1]);
}
