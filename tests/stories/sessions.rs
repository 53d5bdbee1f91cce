//! `usage sessions` and `usage blocks`: the pages at several widths, and for programs.

use std::fmt::Write as _;

use crate::fixture::Fixture;

/// A few days of two agents. One session is under way since the evening before, one has an odd name.
fn lines() -> String {
    let mut lines = String::new();
    let mut session = |instance: &str, id: &str, project: &str, models: &[&str], times: &[&str]| {
        for (at, time) in times.iter().enumerate() {
            let (model, tokens) = (models[at % models.len()], 41_000 + 1_000 * at);
            let line = serde_json::json!({
                "instance_id": instance, "route": "chat", "model": model, "session_id": id, "project": project,
                "output_tokens": tokens, "timestamp": format!("2026-05-{time}:00Z"),
            });
            writeln!(lines, "{line}").unwrap();
        }
    };
    let claude = ["claude-opus-4-5-20251101", "claude-haiku-4-5"];
    session(
        "claude-code",
        "bf880580-4b1d-4c2e-9f3a-d97730baaf21",
        "website",
        &claude,
        &["01T22:10", "01T23:50", "02T00:20", "02T01:30"],
    );
    session("claude-code", "6281f04c-4b1d-4c2e-9f3a-249a138131f5", "", &claude[..1], &["02T09:59"]);
    session(
        "codex",
        "rollout-\u{1b}[31m路由器",
        "infrastructure-as-code-with-a-long-name",
        &["gpt-5.1-codex"],
        &["03T08:15", "03T11:00", "03T13:10"],
    );
    lines += "{\"instance_id\":\"codex\",\"route\":\"r\",\"model\":\"m\",\"tokens\":7,\"timestamp\":\"2026-05-03T08:20:00Z\"}\n";
    lines
}

fn fixture() -> Fixture {
    Fixture::with(&lines())
        .set("USAGE_NOW", "2026-05-03T14:00:00Z")
        .set("USAGE_TIMEZONE", "UTC")
        .set("USAGE_WIDTH", "80")
}

fn in_columns(arguments: &str, columns: u32) -> String {
    fixture().set("USAGE_WIDTH", columns.to_string()).usage(arguments).stdout_of_success()
}

#[test]
fn pages_at_several_widths() {
    let mut pages = String::new();
    for columns in [60, 80, 100, 140] {
        for arguments in ["sessions", "sessions 2026-05-02 --top 1", "blocks", "blocks 2020"] {
            let page = in_columns(arguments, columns);
            for line in page.lines() {
                let width = usage_core::format::display_width(line);
                assert!(width <= columns as usize, "{width} of {columns}: {line}");
            }
            let _ = writeln!(pages, "$ usage {arguments}  # {columns} columns\n{page}");
        }
    }
    insta::assert_snapshot!(pages);
}

#[test]
fn for_programs() {
    let fixture = fixture();
    let json = |arguments: &str| -> serde_json::Value {
        serde_json::from_str(&fixture.usage(arguments).stdout_of_success()).unwrap()
    };
    let list = json("sessions 2026-05-02 --sort tokens --format json");
    assert_eq!((&list["schema"], &list["sort"]), (&1.into(), &"tokens".into()));
    let sessions = list["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 2);
    let first = &sessions[0];
    assert_eq!(first["session_id"], "bf880580-4b1d-4c2e-9f3a-d97730baaf21");
    assert_eq!(first["start"], "2026-05-01T22:10:00+00:00");
    assert_eq!(
        first["models"],
        serde_json::json!(["claude-haiku-4-5", "claude-opus-4-5-20251101"])
    );
    assert_eq!((&first["requests"], &first["tokens"]), (&4.into(), &170_000.into()));
    assert_eq!(first["in_period"]["tokens"], 43_000 + 44_000);
    assert_eq!(list["summary"]["requests"], 5);

    let csv = fixture.usage("sessions --format csv").stdout_of_success();
    assert_eq!(csv.lines().count(), 4);
    assert!(
        csv.starts_with("instance,session_id,start,end,projects,models,frozen,requests,tokens,")
    );
    assert!(!csv.contains('\u{1b}'), "{csv}");

    let blocks = json("blocks --format json");
    let blocks = blocks["blocks"].as_array().unwrap();
    let starts: Vec<_> = blocks.iter().map(|block| block["start"].as_str().unwrap()).collect();
    assert_eq!(
        starts,
        [
            "2026-05-01T22:00:00+00:00",
            "2026-05-02T09:00:00+00:00",
            "2026-05-03T08:00:00+00:00",
            "2026-05-03T13:00:00+00:00",
        ]
    );
    assert!(blocks[..3].iter().all(|block| block["current"].is_null()));
    let current = &blocks[3]["current"];
    assert_eq!(current["seconds_left"], 4 * 60 * 60);
    assert_eq!(current["projected_tokens"], 5 * 43_000);
    let csv = fixture.usage("blocks --format csv").stdout_of_success();
    assert_eq!(csv.lines().count(), 5);
}

/// Checks that what sessions and blocks come to stays where records are pruned, and the page says so.
#[test]
fn records_may_go() {
    let fixture = fixture();
    let before = fixture.usage("blocks").stdout_of_success();
    fixture
        .usage("--now 2026-05-03T14:00:00Z prune --before 2026-05-03 --keep-sums")
        .stdout_of_success();
    assert_eq!(fixture.usage("blocks").stdout_of_success(), before);
    let page = fixture.usage("sessions").stdout_of_success();
    assert!(page.contains("records of 2 of them were pruned: they are told from sums"), "{page}");
    assert!(fixture.usage("doctor").stdout_of_success().contains("sessions"));
}

#[test]
fn what_is_wrong_is_said() {
    let fixture = fixture();
    for arguments in ["sessions --sort newest", "sessions --top 0", "blocks --sort last"] {
        assert_eq!(fixture.usage(arguments).code, 2, "{arguments}");
    }
    assert_eq!(Fixture::new().usage("sessions").code, 1, "there is no ledger");
}

#[test]
fn sessions_have_an_age_that_is_stated_and_carried_out() {
    let fixture = fixture();
    let shown = fixture.usage("retain --rows 1d --sessions 400d").stdout_of_success();
    assert!(shown.contains("Sessions are kept for 400d\n"), "{shown}");
    assert_eq!(fixture.usage("retain --sessions 12h").code, 2);
    let shown = fixture.usage("retain --sessions sums").stdout_of_success();
    assert!(!shown.contains("Sessions"), "{shown}");
    fixture.usage("retain --sessions 36h").stdout_of_success();
    let apply = "--now 2026-05-03T14:00:00Z retain --apply";
    let plan = fixture.usage(&format!("{apply} --dry-run")).stdout_of_success();
    assert!(plan.contains("1 session that ended before 2026-05-02T02:00:00+00:00"), "{plan}");
    fixture.usage(apply).stdout_of_success();
    let csv = fixture.usage("sessions --format csv").stdout_of_success();
    assert_eq!(csv.lines().count(), 3, "{csv}");
}
