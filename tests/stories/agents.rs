//! Taking over the logs of coding agents.

use std::fs;

use insta::assert_snapshot;

use crate::fixture::Fixture;
use crate::process::eventually;

/// A row of a transcript.
pub(crate) fn row(id: &str, output: u64) -> String {
    format!(
        "{{\"type\":\"assistant\",\"sessionId\":\"s\",\"timestamp\":\"2026-05-03T10:00:00.000Z\",\
         \"version\":\"2.1.300\",\"cwd\":\"/home/dev/site\",\"requestId\":\"req_{id}\",\"message\":{{\"id\":\"{id}\",\
         \"model\":\"claude-sonnet-4-5\",\"stop_reason\":\"end_turn\",\"usage\":{{\"input_tokens\":10,\
         \"cache_read_input_tokens\":90,\"output_tokens\":{output}}}}}}}\n"
    )
}

/// A rollout in which so much was used.
pub(crate) fn rollout(input: u64) -> String {
    format!(
        "{{\"timestamp\":\"2026-05-03T10:00:00.000Z\",\"type\":\"session_meta\",\"payload\":{{\"id\":\
         \"019dec7f-0000-7000-8000-000000000000\",\"cwd\":\"/home/dev/site\",\"model_provider\":\"openai\"}}}}\n\
         {{\"timestamp\":\"2026-05-03T10:00:01.000Z\",\"type\":\"turn_context\",\"payload\":{{\"model\":\"gpt-5.4\"}}}}\n\
         {{\"timestamp\":\"2026-05-03T10:00:02.000Z\",\"type\":\"event_msg\",\"payload\":{{\"type\":\"token_count\",\
         \"info\":{{\"total_token_usage\":{{\"input_tokens\":{input},\"cached_input_tokens\":40,\"output_tokens\":5}}}}}}}}\n"
    )
}

pub(crate) fn write(fixture: &Fixture, name: &str, text: &str) {
    let path = fixture.path(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

pub(crate) const TRANSCRIPT: &str = "home/.claude/projects/-home-dev-site/s.jsonl";
pub(crate) const ROLLOUT: &str = "home/.codex/sessions/2026/05/03/rollout-2026-05-03T10-00-00-019dec7f-0000-7000-8000-000000000000.jsonl";

#[test]
fn all_that_are_found_again_and_again() {
    // Lines with paths break where the folder of temporary files makes them.
    let fixture = Fixture::new().unset("USAGE_WIDTH");
    assert_snapshot!(fixture.usage("import agents"), @"
    exit 1
    --- stderr
    error: no agent's logs were found on this machine
    hint: `usage import AGENT PATH` reads those that lie elsewhere, of Claude Code, Codex, opencode, Gemini CLI, Copilot CLI, pi, Qwen Code, Cline, Roo Code, Kilo Code, Amp, Kimi, Zed, Goose, Droid
    ");
    assert_eq!(fixture.files(), Vec::<String>::new(), "no ledger is made for nothing");

    write(&fixture, TRANSCRIPT, &(row("msg_1", 100) + &row("msg_1", 100) + "{\"usage\": \u{1b}\n"));
    write(&fixture, ROLLOUT, &rollout(100));
    assert_snapshot!(fixture.usage("import agents"), @"
    exit 3
    --- stdout
    Claude Code: /tmp/usage-XXXXXX/home/.claude  |  Logs: 1  |  Imported: 1  |  Refused: 1  |  Requests: 1  |  Tokens: 200
    Codex: /tmp/usage-XXXXXX/home/.codex  |  Logs: 1  |  Imported: 1  |  Requests: 1  |  Tokens: 105
    --- stderr
    /tmp/usage-XXXXXX/home/.claude/projects/-home-dev-site/s.jsonl:3: expected value at column 11
    note: `usage` shows today; `usage daily`, `usage sessions` and `usage blocks` show more
    ");
    assert_snapshot!(fixture.usage("import agents"), @"
    exit 0
    --- stdout
    Claude Code: /tmp/usage-XXXXXX/home/.claude  |  Logs: 1  |  Imported: 0  |  Requests: 1  |  Tokens: 200
    Codex: /tmp/usage-XXXXXX/home/.codex  |  Logs: 1  |  Imported: 0  |  Requests: 1  |  Tokens: 105
    ");
    write(&fixture, TRANSCRIPT, &(row("msg_1", 100) + &row("msg_2", 100)));
    assert_snapshot!(fixture.usage("import claude-code"), @"
    exit 0
    --- stdout
    Claude Code: /tmp/usage-XXXXXX/home/.claude  |  Logs: 1  |  Imported: 1  |  Already there: 1  |  Requests: 2  |  Tokens: 400
    ");
    assert_snapshot!(fixture.usage("import codex home/.codex --rescan"), @"
    exit 0
    --- stdout
    Codex: /tmp/usage-XXXXXX/home/.codex  |  Logs: 1  |  Imported: 0  |  Already there: 1  |  Requests: 1  |  Tokens: 105
    ");
    let report = fixture.report("report --by instance,project,model --format json");
    let of = |at: usize, name: &str| report["groups"][at][name].clone();
    assert_eq!(of(0, "instance"), "claude-code", "{report}");
    assert_eq!(
        (of(0, "project"), of(0, "requests"), of(0, "tokens")),
        ("site".into(), 2.into(), 400.into())
    );
    assert_eq!(
        (of(1, "model"), of(1, "requests"), of(1, "tokens")),
        ("gpt-5.4".into(), 1.into(), 105.into())
    );
}

#[test]
fn what_is_not_there() {
    let fixture = Fixture::new();
    for name in ["claude-code", "codex"] {
        let run = fixture.usage(&format!("import {name}"));
        assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{run}");
    }
    assert_snapshot!(fixture.usage("import codex"), @"
    exit 1
    --- stderr
    error: no logs of Codex were found on this machine
    hint: PATH names where they are; these places were tried: /tmp/usage-XXXXXX/home/.codex
    ");
    assert_snapshot!(fixture.usage("import codex missing"), @"
    exit 1
    --- stderr
    error: there is no log at missing
    hint: PATH names another
    ");
    assert_eq!(fixture.files(), Vec::<String>::new());
}

#[test]
fn where_the_environment_says() {
    let fixture = Fixture::new().set("CLAUDE_CONFIG_DIR", "one,two").set("CODEX_HOME", "three");
    write(&fixture, "one/projects/-p/s.jsonl", &row("msg_1", 1));
    write(&fixture, "two/projects/-p/s.jsonl", &row("msg_2", 1));
    write(
        &fixture,
        &format!("three/archived_sessions/{}", ROLLOUT.rsplit('/').next().unwrap()),
        &rollout(50),
    );
    fixture.usage("import agents --quiet").stdout_of_success();
    assert_eq!(fixture.stored(), 3);
}

#[test]
fn watched_logs() {
    let fixture = Fixture::new();
    write(&fixture, TRANSCRIPT, &row("msg_1", 100));
    write(&fixture, ROLLOUT, &rollout(100));
    let watch = fixture.start("import agents --watch");
    eventually("what is there", || fixture.stored() == 2);
    write(&fixture, TRANSCRIPT, &(row("msg_1", 100) + &row("msg_2", 100)));
    eventually("what came", || fixture.stored() == 3);
    watch.signal("INT");
    let run = watch.finish();
    assert_eq!(run.code, 0, "{run}");
}

#[test]
fn projects_are_named_as_asked() {
    for (naming, expected) in [("name", "site"), ("full", "/home/dev/site")] {
        let fixture = Fixture::new();
        write(&fixture, TRANSCRIPT, &row("msg_1", 1));
        fixture.usage(&format!("import agents --quiet --project {naming}")).stdout_of_success();
        let report = fixture.report("report --by project --format json");
        assert_eq!(report["groups"][0]["project"], expected);
    }
}
