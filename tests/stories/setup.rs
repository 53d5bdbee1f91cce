//! `usage setup`: what it prints, what it writes, and the test that it sends.

use std::fs;

use crate::fixture::Fixture;

#[test]
fn it_prints_what_to_set() {
    let fixture = Fixture::new();
    let mut pages = String::new();
    for agent in [
        "claude-code",
        "codex",
        "gemini",
        "qwen",
        "copilot",
        "opencode",
        "litellm",
        "bifrost",
        "agentgateway",
        "otel-collector",
    ] {
        pages += &fixture.usage(&format!("setup {agent}")).stdout_of_success();
        pages += "\n";
    }
    pages += &fixture.usage("setup gemini --token t").stdout_of_success();
    pages += "\n";
    pages += &fixture.usage("setup codex --token t --endpoint http://h:1/").stdout_of_success();
    insta::assert_snapshot!(pages);
}

#[test]
fn it_changes_settings_and_keeps_a_copy() {
    let fixture = Fixture::new();
    let (folder, settings) = ("home/.claude", "home/.claude/settings.json");
    fs::create_dir(fixture.path(folder)).unwrap();
    let before = "{\n  \"model\": \"opus\",\n  \"env\": {\n    \"A\": \"1\"\n  }\n}\n";
    fixture.write(settings, before);
    let run = fixture.usage("setup claude-code --write");
    insta::assert_snapshot!(run);
    let after: serde_json::Value = serde_json::from_slice(&fixture.read(settings)).unwrap();
    assert_eq!((&after["model"], &after["env"]["A"]), (&"opus".into(), &"1".into()));
    assert_eq!(after["env"]["CLAUDE_CODE_ENABLE_TELEMETRY"], "1");
    assert_eq!(fixture.read("home/.claude/settings.json.backup"), before.as_bytes());
    let again = fixture.usage("setup claude-code --write").stdout_of_success();
    assert!(again.ends_with(" is set up already\n"), "{again}");
}

/// Whoever broke them has them back as they were.
#[test]
fn settings_that_cannot_be_read_are_left() {
    let fixture = Fixture::new();
    for (agent, file, text, why) in [
        ("claude-code", "home/.claude/settings.json", "{ // mine\n}\n", "it is no JSON"),
        ("codex", "home/.codex/config.toml", "a = [\n", "it is no TOML"),
    ] {
        fs::create_dir_all(fixture.path(file).parent().unwrap()).unwrap();
        fixture.write(file, text);
        let run = fixture.usage(&format!("setup {agent} --write"));
        assert!(run.code == 1 && run.stderr.contains(why), "{run}");
        assert_eq!(fixture.read(file), text.as_bytes());
    }
    let run = fixture.usage("setup codex --endpoint localhost:4318");
    assert!(run.code == 2 && run.stderr.contains("no address of a server"), "{run}");
}

#[test]
fn it_makes_settings_where_there_are_none() {
    let fixture = Fixture::new();
    fixture.usage("setup codex --write").stdout_of_success();
    let settings = fixture.read("home/.codex/config.toml");
    assert!(settings.starts_with(b"[otel]\nexporter = { otlp-http = "));
}
