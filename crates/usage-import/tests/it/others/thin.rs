//! Agents without a recording: what their logs come to, by what their sources say that they write.

use usage_core::{Label, Measure};

use super::scripts;
use crate::agents::support::Ledger;

/// Imports the script of an agent, and shows each of its records: route, model, project, input, output, read,
/// written, quality and stated cost.
fn shown(agent: &str, at: usize) -> Vec<String> {
    let root = tempfile::tempdir().unwrap();
    let scripts = scripts::all();
    let (_, script) = scripts.iter().filter(|(name, _)| *name == agent).nth(at).unwrap();
    script.iter().for_each(|step| step.take(root.path()));
    let ledger = Ledger::new();
    ledger.import(agent, root.path());
    let show = |record: usage_core::Record| {
        let (names, counts) = (record.names(), *record.counts());
        let kinds = [Measure::Input, Measure::Output, Measure::CacheRead, Measure::CacheWrite];
        let kinds = kinds.map(|kind| counts.get(kind).to_string()).join(" ");
        let names =
            [Label::Route, Label::Model, Label::Project].map(|label| names.get(label)).join(" ");
        let cost = counts.stated_cost().map(|cost| format!(" ${cost}")).unwrap_or_default();
        format!("{names}: {kinds} {}{cost}", counts.quality())
    };
    let mut shown: Vec<_> = ledger.records().into_iter().map(show).collect();
    shown.sort();
    shown
}

#[test]
fn a_fork_of_opencode_is_not_counted_again() {
    let expected = [
        "main m proj: 5 180 20200 1002 reported $0.5",
        "subagent m proj: 6 180 20200 1002 reported $0.5",
    ];
    assert_eq!(shown("opencode", 0), expected);
    assert_eq!(shown("kilo-code", 0), expected, "Kilo's command line keeps the same");
}

#[test]
fn old_copilot_is_booked_by_what_its_sums_have_grown() {
    // 1,000, then 700 more; then nothing; then a session that began anew. Caches lie within the input.
    let expected = [
        "main gpt-5 proj: 300 9 100 0 estimated",
        "main gpt-5 proj: 700 40 0 0 estimated",
        "main gpt-5 proj: 900 50 100 0 estimated",
    ];
    assert_eq!(shown("copilot", 1), expected);
}

#[test]
fn cline_keeps_caches_apart_in_tasks_and_within_in_sessions() {
    let expected = [
        "main m : 10 99 500 7 reported $0.02",
        "main m : 20 5 600 0 reported $0.01",
        "main m : 7457 131 50 0 reported $0.011",
        "main m : 7457 131 50 0 reported $0.011",
        "subagent m : 7457 131 50 0 reported $0.011",
    ];
    assert_eq!(shown("cline", 0), expected);
}

#[test]
fn roo_has_changed_what_its_input_holds() {
    let expected = [
        "main claude-sonnet-4-5 proj: 1000 5 600 0 reported",
        "main claude-sonnet-4-5 proj: 400 5 600 0 reported",
    ];
    assert_eq!(shown("roo-code", 0), expected);
}

#[test]
fn amp_tells_of_a_request_twice_and_states_credits() {
    let expected = ["main m : 10 178 11372 986 reported", "main m : 10 178 11372 986 reported"];
    assert_eq!(shown("amp", 0), expected);
}

#[test]
fn kimi_counts_requests_beside_turns_too() {
    let expected = [
        "compaction kimi-k2.6 : 7 2 0 0 reported",
        "main kimi-k2.6 : 100 20 50 0 reported",
        "main unknown : 1562 2463 5 0 reported",
    ];
    assert_eq!(shown("kimi", 0), expected);
}

/// Checks the older form of Gemini CLI's chats, and that the newer one of the same chat adds nothing.
#[test]
fn an_older_chat_of_gemini_is_a_whole_file() {
    let root = tempfile::tempdir().unwrap();
    let chats = root.path().join("proj/chats");
    std::fs::create_dir_all(&chats).unwrap();
    let message = r#"{"id":"g1","timestamp":"2026-11-28T11:43:29.670Z","type":"gemini","content":"","tokens":{"input":8020,"output":95,"cached":3001,"thoughts":41,"tool":4,"total":8160},"model":"gemini-2.5-pro"}"#;
    let user = r#"{"id":"u1","type":"user"}"#;
    let head = r#""sessionId":"s1","projectHash":"x","startTime":"2026-11-28T11:43:29.386Z""#;
    let whole = format!("{{{head},\"messages\":[{user},{message}]}}");
    std::fs::write(chats.join("session-1.json"), whole).unwrap();
    let ledger = Ledger::new();
    ledger.import("gemini-cli", root.path());
    let sums = ledger.sums();
    assert_eq!((sums.requests, sums.input, sums.output, sums.cache_read), (1, 5_023, 136, 3_001));
    // When it is resumed, all of it is written as lines.
    let lines = format!("{{{head},\"kind\":\"main\"}}\n{user}\n{message}\n");
    std::fs::write(chats.join("session-1.jsonl"), lines).unwrap();
    let again = ledger.import("gemini-cli", root.path());
    assert_eq!((again.summary.imported, ledger.sums()), (0, sums));
}

/// Checks that the files and the database of opencode tell of a message once.
#[test]
fn opencode_may_keep_a_message_in_two_ways() {
    let root = tempfile::tempdir().unwrap();
    let scripts = scripts::all();
    let (_, script) = scripts.iter().find(|(name, _)| *name == "opencode").unwrap();
    script.iter().for_each(|step| step.take(root.path()));
    let messages = root.path().join("storage/message/ses_1");
    std::fs::create_dir_all(&messages).unwrap();
    let message = r#"{"id":"msg_1","sessionID":"ses_1","role":"assistant","modelID":"m","providerID":"p","cost":0.5,"path":{"cwd":"/x/proj"},"tokens":{"input":5,"output":176,"reasoning":4,"cache":{"read":20200,"write":1002}},"time":{"created":1795866296219,"completed":1795866300445}}"#;
    std::fs::write(messages.join("msg_1.json"), message).unwrap();
    let ledger = Ledger::new();
    let imported = ledger.import("opencode", root.path());
    assert_eq!((imported.tree.files, ledger.sums().requests), (2, 2));
}

/// Checks that another database in the place of one that was read is read from its start.
#[test]
fn a_database_may_be_replaced() {
    let (root, ledger) = (tempfile::tempdir().unwrap(), Ledger::new());
    let path = root.path().join("opencode.db");
    let write = |ids: &[&str], time: u32| {
        std::fs::remove_file(&path).unwrap_or_default();
        let database = rusqlite::Connection::open(&path).unwrap();
        database
            .execute_batch("CREATE TABLE message (id, session_id, time_updated, data)")
            .unwrap();
        for id in ids {
            let data = r#"{"role":"assistant","modelID":"m","tokens":{"input":3},"time":{"completed":1795866300445}}"#;
            let insert = "INSERT INTO message VALUES (?1, 's', ?2, ?3)";
            database.execute(insert, (id, time, data)).unwrap();
        }
    };
    write(&["a", "b", "c"], 100);
    ledger.import("opencode", root.path());
    write(&["d", "e"], 10);
    ledger.import("opencode", root.path());
    assert_eq!(ledger.sums().requests, 5);
}
