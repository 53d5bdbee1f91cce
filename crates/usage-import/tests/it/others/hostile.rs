//! Files that were made to do harm, or came to it.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use rusqlite::Connection;
use usage_core::{Measure, Record};
use usage_import::agents::SkipReason;

use super::scripts;
use crate::agents::support::Ledger;

/// A log of each agent that has such lines, by its path, and a row of it: of the id ID, with N tokens of input.
const ROWS: [(&str, &str, &str); 6] = [
    (
        "gemini-cli",
        "p/chats/a.jsonl",
        r#"{"type":"gemini","id":"ID","model":"m","tokens":{"input":N,"output":5}}"#,
    ),
    (
        "qwen-code",
        "projects/p/chats/a.jsonl",
        r#"{"type":"assistant","uuid":"ID","sessionId":"s","model":"m","usageMetadata":{"promptTokenCount":N,"candidatesTokenCount":5}}"#,
    ),
    (
        "pi",
        "a.jsonl",
        r#"{"type":"message","message":{"role":"assistant","model":"m","responseId":"ID","usage":{"input":N,"output":5}}}"#,
    ),
    (
        "copilot",
        "s/events.jsonl",
        r#"{"type":"session.usage_record","data":{"usage":{"model":"m","inputTokens":N,"outputTokens":5,"apiCallId":"ID"}}}"#,
    ),
    (
        "kimi",
        "sessions/g/s/wire.jsonl",
        r#"{"message":{"type":"StatusUpdate","payload":{"token_usage":{"input_other":N,"output":5},"message_id":"ID"}}}"#,
    ),
    (
        "amp",
        "T-ID.json",
        r#"{"id":"T-ID","messages":[{"role":"assistant","messageId":1,"usage":{"model":"m","inputTokens":N,"outputTokens":5}}]}"#,
    ),
];

/// Writes a text that holds rows, or one of them.
fn write(root: &Path, file: &str, id: usize, text: &[u8]) {
    let path = root.join(file.replace("ID", &id.to_string()));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut file = fs::File::options().append(true).create(true).open(path).unwrap();
    file.write_all(text).unwrap();
}

fn of(row: &str, id: usize, number: &str) -> String {
    row.replace("ID", &id.to_string()).replace('N', number)
}

/// Checks that a number that is none marks the request, and loses nothing else of it.
#[test]
fn numbers_that_are_none_mark_a_request() {
    const NONE: [&str; 8] =
        ["-1", "1.5", "1e300", "true", "[1]", "{\"a\":1}", "\"many\"", "18446744073709551616"];
    for (agent, file, row) in ROWS {
        let (root, ledger) = (tempfile::tempdir().unwrap(), Ledger::new());
        for (id, number) in NONE.iter().chain(&["null", "5000000000"]).enumerate() {
            write(root.path(), file, id, (of(row, id, number) + "\n").as_bytes());
        }
        let imported = ledger.import(agent, root.path());
        let inconsistent = |record: &Record| record.counts().get(Measure::Inconsistent) == 1;
        let inconsistent = ledger.records().into_iter().filter(inconsistent).count();
        assert_eq!((imported.summary.imported, inconsistent), (9, NONE.len()), "{agent}");
        assert_eq!((imported.summary.refused, imported.notes.len()), (1, 1), "{agent}");
        assert!(imported.notes[0].contains("5000000000"), "{agent}: {:?}", imported.notes);
    }
}

/// Checks that what is cut, or no JSON, is told and does not end the reading of others.
#[test]
fn what_is_torn_is_told() {
    for (agent, file, row) in ROWS {
        let (root, ledger) = (tempfile::tempdir().unwrap(), Ledger::new());
        let whole = of(row, 0, "10");
        if file.ends_with(".json") {
            let cuts: Vec<_> = (1..whole.len()).step_by(7).collect();
            for cut in &cuts {
                write(root.path(), file, *cut, &whole.as_bytes()[..*cut]);
            }
            write(root.path(), file, 0, whole.as_bytes());
            let imported = ledger.import(agent, root.path());
            assert_eq!(
                (imported.summary.imported, imported.summary.refused),
                (1, cuts.len() as u64),
                "{agent}"
            );
            continue;
        }
        let [one, two, three] = [1, 2, 3].map(|id| of(row, id, "10"));
        let deep = format!("{{\"tokens\":{{\"usage\":{}}}", "[".repeat(100_000));
        let lines = [
            whole[..whole.len() / 2].to_owned(),
            // A line end of another system.
            format!("{whole}\r"),
            String::new(),
            // Two rows without an end between them.
            one + &two,
            deep,
            "\0\u{fffd}".to_owned(),
            three,
            String::new(),
        ];
        write(root.path(), file, 0, format!("\u{feff}{}", lines.join("\n")).as_bytes());
        let imported = ledger.import(agent, root.path());
        assert_eq!(imported.summary.imported, 4, "{agent}: {:?}", imported.notes);
        assert!(imported.notes[0].contains(":1: "), "{agent}: {:?}", imported.notes);
        assert_eq!(imported.summary.refused, imported.notes.len() as u64, "{agent}");
    }
}

/// Checks that rows without an id have one that is made of what they say, the same when they are read again.
#[test]
fn rows_without_ids_get_ids() {
    for (agent, file, row) in ROWS {
        let row = [
            "\"id\":\"ID\",",
            "\"uuid\":\"ID\",",
            "\"responseId\":\"ID\",",
            ",\"apiCallId\":\"ID\"",
            ",\"message_id\":\"ID\"",
            "\"id\":\"T-ID\",",
            "\"messageId\":1,",
        ]
        .iter()
        .fold(row.to_owned(), |row, id| row.replace(id, ""));
        let (root, ledger) = (tempfile::tempdir().unwrap(), Ledger::new());
        write(root.path(), file, 1, (of(&row, 0, "10") + "\n").as_bytes());
        ledger.import(agent, root.path());
        write(root.path(), file, 1, b"\n");
        if !file.ends_with(".json") {
            write(
                root.path(),
                file,
                1,
                (of(&row, 0, "11") + "\n" + &of(&row, 0, "10") + "\n").as_bytes(),
            );
        }
        ledger.import(agent, root.path());
        let requests = if file.ends_with(".json") { 1 } else { 2 };
        assert_eq!(ledger.sums().requests, requests, "{agent}");
        let made = |record: &Record| record.event_id().unwrap().as_str().starts_with('~');
        assert!(ledger.records().iter().all(made), "{agent}");
    }
}

/// Puts a file of another program at a path.
type Write<'w> = &'w dyn Fn(&Path);

/// Checks that a database of another program, or none, is told once and left alone.
#[test]
fn databases_of_others_are_told_and_left_alone() {
    let databases = [
        ("opencode", "opencode.db"),
        ("kilo-code", "kilo.db"),
        ("goose", "sessions.db"),
        ("zed", "threads.db"),
    ];
    for (agent, name) in databases {
        let (root, ledger) = (tempfile::tempdir().unwrap(), Ledger::new());
        let path = root.path().join(name);
        let write_other = |path: &Path| {
            fs::remove_file(path).unwrap_or_default();
            let other = Connection::open(path).unwrap();
            other
                .execute_batch("CREATE TABLE moz_places (id INTEGER PRIMARY KEY, url TEXT)")
                .unwrap();
        };
        let write_view = |path: &Path| {
            fs::remove_file(path).unwrap_or_default();
            let other = Connection::open(path).unwrap();
            for table in ["message", "sessions", "threads"] {
                other
                    .execute_batch(&format!("CREATE VIEW {table} AS SELECT 1 AS id, 2 AS data"))
                    .unwrap();
            }
        };
        let writers: [(&str, Write<'_>); 5] = [
            ("has no table", &write_other),
            ("is no ordinary table", &write_view),
            ("is no SQLite database", &|path| {
                fs::write(path, "no database at all, but long enough").unwrap();
            }),
            ("it is empty", &|path| fs::write(path, "").unwrap()),
            ("it is a usage ledger", &|path| {
                fs::copy(ledger_file().path(), path).unwrap();
            }),
        ];
        for (what, write_it) in writers {
            write_it(&path);
            let before = fs::read(&path).unwrap();
            let imported = ledger.import(agent, root.path());
            let notes = imported.notes.join(" ");
            assert!(notes.contains(what), "{agent} {what}: {notes}");
            assert_eq!(
                (imported.summary.imported, imported.summary.refused),
                (0, 1),
                "{agent} {what}"
            );
            let again = ledger.import(agent, root.path());
            assert_eq!(
                (again.tree.read, again.notes),
                (0, vec![]),
                "{agent} {what}: not looked at again"
            );
            assert_eq!(
                (fs::read(&path).unwrap() == before, beside(root.path())),
                (true, 1),
                "{agent} {what}"
            );
        }
    }
}

fn ledger_file() -> tempfile::NamedTempFile {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("usage.db");
    drop(usage_store::Store::open(&path).unwrap());
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::copy(path, file.path()).unwrap();
    file
}

fn beside(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

/// Checks that a database that an agent has alone is not read, and is when it is free; that one that is in use is
/// read with what lies in its log; and that nothing is left beside it.
#[test]
fn databases_in_use_are_read_without_a_trace() {
    let (root, ledger) = (tempfile::tempdir().unwrap(), Ledger::new());
    let scripts = scripts::all();
    let (_, script) = scripts.iter().find(|(name, _)| *name == "opencode").unwrap();
    script[..4].iter().for_each(|step| step.take(root.path()));
    let path = root.path().join("opencode.db");
    let agent = Connection::open(&path).unwrap();
    agent.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE").unwrap();
    let locked = ledger.import("opencode", root.path());
    assert_eq!((locked.summary.imported, locked.tree.skipped.is_empty()), (0, false));
    drop(agent);

    let agent = Connection::open(&path).unwrap();
    agent.execute_batch("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0").unwrap();
    ledger.import("opencode", root.path());
    assert_eq!(ledger.sums().requests, 1);
    agent.execute_batch("UPDATE message SET time_updated = 20 WHERE id = 'msg_1'").unwrap();
    script[4].take(root.path());
    let files = beside(root.path());
    ledger.import("opencode", root.path());
    assert_eq!(ledger.sums().requests, 2, "what lies in the log");
    assert_eq!(beside(root.path()), files);
    drop(agent);
    let last = fs::read(&path).unwrap();
    ledger.import("opencode", root.path());
    assert_eq!((fs::read(&path).unwrap() == last, beside(root.path())), (true, 1));
}

/// Checks that rows of any kind in the tables of a database do no harm.
#[test]
fn cells_of_any_kind_are_rows() {
    let (root, ledger) = (tempfile::tempdir().unwrap(), Ledger::new());
    let database = Connection::open(root.path().join("opencode.db")).unwrap();
    database
        .execute_batch(
            r#"CREATE TABLE message (id, session_id, time_updated, data);
               INSERT INTO message VALUES (1, NULL, 'x', '{"role":"assistant","tokens":{"input":3},"time":{"completed":1795866300445}}'),
               (NULL, x'ff', -1, '{"role":"assistant","tokens":{"input":4},"time":{"completed":1795866300445}}'),
               ('c', 's', 9e300, '{"role":"assistant",'), (x'ff', 's', 1, x'7b22617373697374616e7422ff'),
               ('e', 's', 1, 5), ('f', 's', 1, NULL), ('g', 's', 1, '"assistant"')"#,
        )
        .unwrap();
    let imported = ledger.import("opencode", root.path());
    assert_eq!((ledger.sums().requests, imported.summary.refused), (2, 3), "{:?}", imported.notes);
}

/// Checks that a file of two gigabytes that would have to be read as a whole is said, and another one beside it read.
#[test]
fn a_whole_file_that_is_too_large_is_said() {
    let (folder, ledger) = (tempfile::tempdir().unwrap(), Ledger::new());
    let (_, file, row) = ROWS[5];
    write(folder.path(), file, 1, of(row, 1, "10").as_bytes());
    fs::File::create(folder.path().join("T-2.json")).unwrap().set_len(2 << 30).unwrap();
    let imported = ledger.import("amp", folder.path());
    assert_eq!(imported.summary.imported, 1);
    assert_eq!(imported.tree.skipped.count(SkipReason::LongLine), 1);
}
