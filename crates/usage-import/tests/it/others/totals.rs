//! Agents that tell only what a session has come to.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use rusqlite::Connection;
use usage_core::Measure;
use usage_import::agents::{Counted, Tree, TreeOptions, named};
use usage_import::{ImportOptions, run};

use crate::agents::support::Ledger;

/// Makes a session come to a number of tokens of input and of output.
type Write = fn(&Path, u32, u32);

/// The agents, and how to write what sessions of theirs come to.
const AGENTS: [(&str, Write); 3] = [("droid", droid), ("goose", goose), ("zed", zed)];

fn droid(root: &Path, input: u32, output: u32) {
    let text = format!(
        r#"{{"model":"custom:Claude-Opus-4.5-[Anthropic]-0","tokenUsage":{{"inputTokens":{input},"outputTokens":{output},"cacheCreationTokens":0,"cacheReadTokens":0,"thinkingTokens":0}}}}"#
    );
    fs::create_dir_all(root.join("p")).unwrap();
    fs::write(root.join("p/5b1c.settings.json"), text).unwrap();
}

fn goose(root: &Path, input: u32, output: u32) {
    let database = Connection::open(root.join("sessions.db")).unwrap();
    let sql = format!(
        r#"CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, working_dir TEXT, created_at TIMESTAMP,
           updated_at TIMESTAMP, accumulated_total_tokens INTEGER, accumulated_input_tokens INTEGER,
           accumulated_output_tokens INTEGER, provider_name TEXT, model_config_json TEXT);
           INSERT OR REPLACE INTO sessions SELECT '20260101_1', '/x/proj', '', '2026-01-01 10:00:' ||
           (10 + (SELECT count(*) FROM sessions)), {input} + {output}, {input}, {output}, 'anthropic',
           '{{"model_name":"claude-sonnet-4-5"}}'"#
    );
    database.execute_batch(&sql).unwrap();
}

fn zed(root: &Path, input: u32, output: u32) {
    let database = Connection::open(root.join("threads.db")).unwrap();
    // A turn keeps its last request; only the sum holds all of them.
    let thread = format!(
        r#"{{"model":{{"provider":"zed.dev","model":"claude-sonnet-4-5"}},"request_token_usage":{{"u1":{{"input_tokens":1,"output_tokens":1}}}},"cumulative_token_usage":{{"input_tokens":{input},"output_tokens":{output}}}}}"#
    );
    let sql = format!(
        "CREATE TABLE IF NOT EXISTS threads (id TEXT PRIMARY KEY, summary TEXT, updated_at TEXT, data_type TEXT,
         data BLOB, folder_paths TEXT);
         INSERT OR REPLACE INTO threads VALUES ('t1', '', '2026-05-01T12:30:00Z', 'json', '{thread}', '/x/proj')"
    );
    database.execute_batch(&sql).unwrap();
}

fn came_to(ledger: &Ledger) -> (u64, u64, u64) {
    let sums = ledger.sums();
    (sums.requests, sums.input, sums.output)
}

/// Checks that only growth is booked, that bookings say that they are estimates, and that nothing that is read again
/// is booked again: not from the start, not under another path, not after the files were away.
#[test]
fn what_a_session_has_grown_by_is_booked_once() {
    for (agent, write) in AGENTS {
        let (folder, ledger) = (tempfile::tempdir().unwrap(), Ledger::new());
        let root = folder.path().join("root");
        fs::create_dir(&root).unwrap();
        write(&root, 100, 10);
        let first = ledger.import(agent, &root);
        assert_eq!((first.notes, came_to(&ledger)), (vec![], (1, 100, 10)), "{agent}");
        write(&root, 150, 30);
        ledger.import(agent, &root);
        assert_eq!(came_to(&ledger), (2, 150, 30), "{agent}");
        let estimated = |record: &usage_core::Record| record.counts().get(Measure::Estimated) == 1;
        assert!(ledger.records().iter().all(estimated), "{agent}");

        // From the start.
        let mut tree = Tree::new(named(agent).unwrap(), &root, TreeOptions::default()).unwrap();
        let mut options = ImportOptions::default();
        options.rescan = true;
        run(&ledger.store, &mut tree, &options, &mut |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(came_to(&ledger), (2, 150, 30), "{agent}: from the start");

        // Under another path, in which it is reached.
        ledger.import(agent, &root.join("../root"));
        ledger.import(agent, folder.path());
        assert_eq!(came_to(&ledger), (2, 150, 30), "{agent}: under another path");

        // After it was not there for a while, and when it has come back as it was before.
        let away = folder.path().join("away");
        fs::rename(&root, &away).unwrap();
        fs::create_dir(&root).unwrap();
        ledger.import(agent, &root);
        fs::remove_dir(&root).unwrap();
        fs::rename(&away, &root).unwrap();
        write(&root, 120, 20);
        ledger.import(agent, &root);
        assert_eq!(came_to(&ledger), (2, 150, 30), "{agent}: cut back");
        write(&root, 151, 30);
        ledger.import(agent, &root);
        assert_eq!(came_to(&ledger), (3, 151, 30), "{agent}: grown again");
    }
}

/// Checks that Zed's threads are read as newer versions keep them, and that what cannot be read is told.
#[test]
fn threads_may_be_compressed() {
    let (root, ledger) = (tempfile::tempdir().unwrap(), Ledger::new());
    zed(root.path(), 100, 10);
    let thread = br#"{"model":{"provider":"anthropic","model":"m"},"request_token_usage":{"u1":{"input_tokens":7,"output_tokens":2},"u2":{"input_tokens":3}}}"#;
    let data =
        ruzstd::encoding::compress_to_vec(&thread[..], ruzstd::encoding::CompressionLevel::Fastest);
    let database = Connection::open(root.path().join("threads.db")).unwrap();
    let insert = "INSERT INTO threads VALUES (?1, '', '2026-05-01T12:31:00Z', ?2, ?3, '')";
    for (id, kind, data) in [("t2", "zstd", &data[..]), ("t3", "zstd", b"none"), ("t4", "xml", b"")]
    {
        database.execute(insert, (id, kind, data)).unwrap();
    }
    let imported = ledger.import("zed", root.path());
    assert_eq!(
        (came_to(&ledger), imported.summary.refused),
        ((2, 110, 12), 2),
        "{:?}",
        imported.notes
    );
}

#[test]
fn more_than_a_record_holds_is_several() {
    let (root, ledger) = (tempfile::tempdir().unwrap(), Ledger::new());
    droid(root.path(), 2_500_000_000, 7);
    let imported = ledger.import("droid", root.path());
    assert_eq!((imported.notes, came_to(&ledger)), (vec![], (3, 2_500_000_000, 7)));
}

#[test]
fn names_of_droid_s_models_are_those_of_their_makers() {
    let (root, ledger) = (tempfile::tempdir().unwrap(), Ledger::new());
    droid(root.path(), 1, 1);
    ledger.import("droid", root.path());
    let models = ledger.sums().models;
    assert_eq!(models.into_keys().collect::<Vec<_>>(), ["claude-opus-4-5"]);
}

/// Checks that what an agent has counted and not logged is known, and not booked.
#[test]
fn what_is_counted_and_not_logged_is_no_record() {
    let (root, ledger) = (tempfile::tempdir().unwrap(), Ledger::new());
    let session = root.path().join("session-state/s");
    fs::create_dir_all(&session).unwrap();
    let rows = [
        r#"{"type":"session.start","timestamp":"2026-05-01T12:00:00Z","data":{"sessionId":"s"}}"#,
        r#"{"type":"session.usage_record","timestamp":"2026-05-01T12:00:01Z","data":{"usage":{"model":"m","inputTokens":100,"cacheReadTokens":60,"outputTokens":10,"apiCallId":"c1"}}}"#,
        r#"{"type":"session.shutdown","timestamp":"2026-05-01T12:00:02Z","id":"e","data":{"modelMetrics":{"m":{"usage":{"inputTokens":150,"cacheReadTokens":60,"outputTokens":12}}}}}"#,
    ];
    fs::write(session.join("events.jsonl"), rows.join("\n") + "\n").unwrap();
    let mut tree =
        Tree::new(named("copilot").unwrap(), root.path(), TreeOptions::default()).unwrap();
    let mut import = || {
        let go_on = &mut |_: usage_import::ImportEvent<'_>| ControlFlow::Continue(());
        run(&ledger.store, &mut tree, &ImportOptions::default(), go_on).unwrap();
        tree.counted()
    };
    let counted = Counted {
        session: "s".to_owned(),
        start: 1_777_636_800_000_000,
        within: vec![],
        tokens: [90, 12, 60, 0],
    };
    assert_eq!([import(), import()], [vec![counted.clone()], vec![counted]]);
    assert_eq!(came_to(&ledger), (1, 40, 10));
}
