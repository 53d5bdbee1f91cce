//! `usage` by itself, and the names that other programs have for its reports.

use crate::fixture::Fixture;
use crate::lines::DAY;

#[test]
fn today_stands_beside_yesterday() {
    let lines = r#"
{"instance_id":"claude-code","project":"site","route":"main","model":"claude-opus-4-6","input_tokens":700,"timestamp":"2026-05-02T10:00:00Z"}
{"instance_id":"claude-code","project":"site","route":"main","model":"claude-opus-4-6","input_tokens":9000,"timestamp":"2026-05-03T10:00:00Z"}
{"instance_id":"claude-code","project":"api","route":"main","model":"claude-haiku-4-5","input_tokens":50,"timestamp":"2026-05-03T11:00:00Z"}
"#;
    insta::assert_snapshot!(Fixture::with(lines).usage("").stdout_of_success());
}

#[test]
fn a_named_ledger_that_is_missing_is_an_error() {
    let run = Fixture::new().usage("");
    assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{run}");
    assert!(run.stderr.contains("usage.db"), "{run}");
    let run = Fixture::new().unset("USAGE_DB").usage("--db other.db");
    assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{run}");
    assert!(run.stderr.contains("other.db"), "{run}");
}

#[test]
fn without_a_ledger_it_says_how_to_begin() {
    let fixture = Fixture::new().unset("USAGE_DB");
    let nothing = fixture.usage("").stdout_of_success();
    assert!(nothing.starts_with("There is no ledger yet, and no coding agent's logs"), "{nothing}");
    for folder in [".claude/projects/-home-dev-site", ".codex/sessions"] {
        std::fs::create_dir_all(fixture.path("home").join(folder)).unwrap();
    }
    insta::assert_snapshot!(fixture.usage("").stdout_of_success(), @r"
    There is no ledger yet. These agents' logs were found on this machine:

      Claude Code  /tmp/usage-XXXXXX/home/.claude
      Codex        /tmp/usage-XXXXXX/home/.codex

    One command reads them all, and only reads them:

      usage import agents
    ");
    assert_eq!(fixture.files(), [""; 0]);
}

#[test]
fn reports_have_the_names_that_other_programs_have_for_them() {
    let fixture = Fixture::with(DAY);
    for (name, same) in [
        ("daily --format csv", "report --by day --format csv"),
        (
            "weekly --week-start sunday --format json",
            "report --week-start sunday --by week --format json",
        ),
        ("monthly 2026 --format json", "report 2026 --by month --format json"),
        ("daily --by model --top 1 --format csv", "report --by day,model --top 1 --format csv"),
        ("session", "sessions"),
    ] {
        let pages = [name, same].map(|arguments| fixture.usage(arguments).stdout_of_success());
        assert_eq!(pages[0], pages[1], "{name}");
    }
    // With more columns, where there is room.
    for (columns, are_there) in [("100", true), ("60", false)] {
        let fixture = Fixture::with(DAY).set("USAGE_WIDTH", columns);
        let page = fixture.usage("daily").stdout_of_success();
        assert_eq!(page.contains("Cache read"), are_there, "{page}");
        // On a narrow page both of caches are one.
        assert_eq!(page.contains("   Cache  "), !are_there, "{page}");
    }
}
