//! Trees that mean harm: each is read to its end, what can be read is, and the rest is said.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use usage_core::{Label, Measure, Quality};
use usage_import::agents::{MAX_LINE, SkipReason};

use super::support::{Imported, Ledger};

/// A folder of Claude Code's.
struct Tree {
    folder: TempDir,
    ledger: Ledger,
}

impl Tree {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("projects/-p")).unwrap();
        Self { folder, ledger: Ledger::new() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("projects/-p").join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).unwrap();
    }

    fn import(&self) -> Imported {
        self.ledger.import("claude-code", self.folder.path())
    }

    fn ids(&self) -> Vec<String> {
        let records = self.ledger.records();
        records.iter().map(|record| record.event_id().unwrap().to_string()).collect()
    }
}

fn row(id: &str, output: u64) -> String {
    format!(
        r#"{{"type":"assistant","sessionId":"s","timestamp":"2026-11-28T10:00:00.000Z","version":"2.1.300","cwd":"/p","requestId":"req_{id}","message":{{"id":"{id}","model":"m","stop_reason":"end_turn","usage":{{"input_tokens":1,"output_tokens":{output}}}}}}}"#
    )
}

#[cfg(unix)]
#[test]
fn nothing_that_is_no_log_keeps_a_reader() {
    use std::os::unix::fs::symlink;
    let tree = Tree::new();
    tree.write("s.jsonl", row("msg_1", 10) + "\n");
    symlink(".", tree.path("here")).unwrap();
    symlink("../..", tree.path("up")).unwrap();
    symlink("self.jsonl", tree.path("self.jsonl")).unwrap();
    symlink("nowhere.jsonl", tree.path("gone.jsonl")).unwrap();
    symlink("nowhere", tree.path("gone")).unwrap();
    let fifo = rustix::fs::FileType::Fifo;
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, tree.path("pipe.jsonl"), fifo, mode, 0).unwrap();
    fs::create_dir(tree.path("folder.jsonl")).unwrap();
    let deep: PathBuf = std::iter::repeat_n("d", 40).collect();
    fs::create_dir_all(tree.path("").join(deep)).unwrap();

    let imported = tree.import();
    let skipped = &imported.tree.skipped;
    // `here`, `up` may be walked before or behind where it leads to.
    assert!(skipped.count(SkipReason::Link) >= 2, "{skipped:?}");
    assert_eq!(skipped.count(SkipReason::NoFile), 1, "{skipped:?}");
    assert_eq!(skipped.count(SkipReason::Vanished), 1, "{skipped:?}");
    assert_eq!(skipped.count(SkipReason::TooDeep), 1, "{skipped:?}");
    assert_eq!(tree.ids(), ["msg_1"]);
}

/// Checks that a log is read once, or twice, however many links lead to it.
#[cfg(unix)]
#[test]
fn links_to_one_log_do_not_make_it_many() {
    let tree = Tree::new();
    tree.write("s.jsonl", row("msg_1", 10) + "\n");
    tree.write("t.jsonl", row("msg_2", 10) + "\n");
    for at in 0..50 {
        std::os::unix::fs::symlink("s.jsonl", tree.path(&format!("l{at}.jsonl"))).unwrap();
        fs::hard_link(tree.path("t.jsonl"), tree.path(&format!("h{at}.jsonl"))).unwrap();
    }
    let imported = tree.import();
    assert_eq!((imported.tree.read, imported.tree.skipped.count(SkipReason::Copy)), (3, 99));
    assert_eq!(tree.ids(), ["msg_1", "msg_2"]);
}

/// Checks that logs somebody has packed, or written in another encoding, are counted, whatever their names.
#[test]
fn what_is_packed_or_in_another_encoding_is_said() {
    let tree = Tree::new();
    tree.write("s.jsonl", row("msg_1", 10) + "\n");
    let text = "\u{feff}".to_owned() + &row("msg_2", 10) + "\n";
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    tree.write("utf16.jsonl", utf16);
    tree.write("packed.jsonl", b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0");
    tree.write("old.jsonl.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0");
    tree.write("notes.txt.gz", b"no log at all");
    assert_eq!(tree.import().tree.skipped.count(SkipReason::Foreign), 3);
    assert_eq!(tree.ids(), ["msg_1"]);
}

/// Checks that a log that says it is longer than any disk, and is made of holes, is left.
#[cfg(target_os = "linux")]
#[test]
fn a_log_of_holes_is_left() {
    let tree = Tree::new();
    tree.write("s.jsonl", row("msg_1", 10) + "\n");
    tree.write("t.jsonl", row("msg_2", 10) + "\n");
    let log = fs::File::options().write(true).open(tree.path("t.jsonl")).unwrap();
    // Some file systems have no such files.
    if log.set_len(1 << 42).is_ok() {
        assert_eq!(tree.import().tree.skipped.count(SkipReason::Unreadable), 1);
        assert_eq!(tree.ids(), ["msg_1"]);
    }
    log.set_len(1 << 20).unwrap();
    tree.import();
    assert_eq!(tree.ids(), ["msg_1", "msg_2"]);
}

#[cfg(unix)]
#[test]
fn what_may_not_be_read_is_said_and_read_once_it_may() {
    use std::os::unix::fs::PermissionsExt;
    if rustix::process::geteuid().is_root() {
        // Who may read all, learns nothing here.
        return;
    }
    let tree = Tree::new();
    tree.write("s.jsonl", row("msg_1", 10) + "\n");
    let forbid =
        |mode| fs::set_permissions(tree.path("s.jsonl"), fs::Permissions::from_mode(mode)).unwrap();
    forbid(0o000);
    assert_eq!(tree.import().tree.skipped.count(SkipReason::NoPermission), 1);
    forbid(0o600);
    tree.import();
    assert_eq!(tree.ids(), ["msg_1"]);
}

#[test]
fn a_line_that_is_too_long_is_skipped_and_said_once() {
    let tree = Tree::new();
    let long = "x".repeat(MAX_LINE + 1);
    tree.write("s.jsonl", format!("{}\n{long}", row("msg_1", 10)));
    assert_eq!(tree.import().tree.skipped.count(SkipReason::LongLine), 1);
    assert_eq!(tree.ids(), ["msg_1"]);
    // Its end comes later.
    tree.write("s.jsonl", format!("{}\n{long}{long}\n{}\n", row("msg_1", 10), row("msg_2", 20)));
    assert_eq!(tree.import().tree.skipped.count(SkipReason::LongLine), 0);
    assert_eq!(tree.ids(), ["msg_1", "msg_2"]);
}

#[test]
fn lines_are_read_as_writers_left_them() {
    let tree = Tree::new();
    let mut text = "\u{feff}".as_bytes().to_vec();
    text.extend(row("msg_bom", 1).bytes().chain(*b"\r\n"));
    // A lost end of a line, and bytes that are no text where nobody looks.
    text.extend((row("msg_one", 2) + &row("msg_two", 3) + "\n").bytes());
    let broken = row("msg_bytes", 4).replace(r#""stop_reason""#, r#""content":"@","stop_reason""#);
    text.extend(broken.bytes().map(|byte| if byte == b'@' { 0xff } else { byte }).chain([b'\n']));
    text.extend(b"\n\0\0\0\n[1,2]\n{\"usage\":5}\n\"usage\"\n");
    // The last line without its end.
    text.extend(row("msg_last", 5).bytes());
    tree.write("s.jsonl", text);
    let imported = tree.import();
    assert_eq!(tree.ids(), ["msg_bom", "msg_bytes", "msg_last", "msg_one", "msg_two"]);
    assert_eq!(imported.summary.refused, imported.notes.len() as u64);
}

/// Checks that a row is found behind one that was cut, as its writer was killed and another one went on.
#[test]
fn a_row_behind_a_cut_one_is_read() {
    let tree = Tree::new();
    let said = r#"{"type":"user","message":{"role":"user","content":"{\"type\":\"usage\"}"}}"#;
    let cut = |row: &str| row[..row.len() - 20].to_owned();
    let lines = [
        cut(said) + &row("msg_1", 1),
        cut(&row("msg_lost", 2)) + &row("msg_2", 3) + &row("msg_3", 4) + "\r",
        // The total of a session, and what came behind it.
        r#"{"type":"cost-state","sessionId":"s","modelUsage":{}}"#.to_owned() + &row("msg_4", 5),
        row("msg_5", 6) + r#"{"type":"cost-state","sessionId":"s","modelUsage":{}}"#,
    ];
    tree.write("s.jsonl", lines.join("\n") + "\n");
    let imported = tree.import();
    assert_eq!(tree.ids(), ["msg_1", "msg_2", "msg_3", "msg_4", "msg_5"]);
    assert_eq!(imported.summary.refused, 1, "{:?}", imported.notes);
}

/// Checks that an answer that was cut is partial: versions since 2.1.284 say nevertheless that it has ended.
#[test]
fn an_answer_that_was_cut_is_partial_by_its_text() {
    let tree = Tree::new();
    let with = |id: &str, output, block: &str| {
        let block = format!(r#"{{"content":[{block}],"id":"{id}""#);
        row(id, output).replace(&format!(r#"{{"id":"{id}""#), &block) + "\n"
    };
    let text = |length| format!(r#"{{"type":"text","text":"{}"}}"#, "x".repeat(length));
    let thinking =
        r#"{"type":"thinking","thinking":"a stand-in for some long thoughts","signature":"x"}"#;
    let tool = r#"{"type":"tool_use","name":"Edit","input":{"new_string":"a good many words"}}"#;
    let rows = [
        // Thoughts, and the beginning of a text, which is not too long by itself.
        with("msg_cut", 1, thinking) + &with("msg_cut", 1, &text(10)),
        with("msg_tool", 1, tool),
        with("msg_short", 1, &text(5)),
        with("msg_whole", 300, thinking) + &with("msg_whole", 300, &text(500)),
    ];
    // Read as it was written, row by row.
    let mut written = String::new();
    for row in rows.concat().lines() {
        written = written + row + "\n";
        tree.write("s.jsonl", &written);
        tree.import();
    }
    let records = tree.ledger.records();
    let partial = records.iter().filter(|it| it.counts().quality() == Quality::Partial);
    let partial: Vec<_> = partial.map(|it| it.event_id().unwrap().as_str()).collect();
    assert_eq!(partial, ["msg_cut", "msg_tool"]);
}

#[test]
fn what_should_be_a_request_and_is_none_is_refused_with_its_line() {
    let tree = Tree::new();
    let good = row("msg_1", 10);
    let lines = [
        good.replace("2026-11-28T10:00:00.000Z", "yesterday"),
        good.replace("\"output_tokens\":10", "\"output_tokens\":-10"),
        good[..good.len() / 2].to_owned(),
        good.clone(),
        good.replace("msg_1", "msg_2").replace("2026-", "2226-"),
    ];
    // Half a row says nothing of usage, and this one does.
    let lines =
        lines.map(|line| if line.contains("usage") { line } else { format!("{line} \"usage\"") });
    tree.write("s.jsonl", lines.join("\n") + "\n");
    let imported = tree.import();
    assert_eq!(
        (imported.summary.imported, imported.summary.refused),
        (1, 4),
        "{:?}",
        imported.notes
    );
    let starts = [1, 2, 3, 5].map(|line| format!("{}:{line}: ", tree.path("s.jsonl").display()));
    assert!(imported.notes.iter().zip(starts).all(|(note, start)| note.starts_with(&start)));
    let again = tree.import();
    assert_eq!((again.summary.items(), again.notes.len()), (0, 0), "told once");
}

#[test]
fn a_log_that_shrank_or_was_made_again_is_read_from_its_start() {
    let tree = Tree::new();
    let text = |ids: &[&str]| ids.iter().map(|id| row(id, 10) + "\n").collect::<String>();
    tree.write("s.jsonl", text(&["msg_1", "msg_2"]));
    tree.import();
    tree.write("s.jsonl", text(&["msg_3"]));
    tree.import();
    assert_eq!(tree.ids(), ["msg_1", "msg_2", "msg_3"]);
    // As long as it was read, and something else.
    tree.write("s.jsonl", text(&["msg_4", "msg_5"]));
    tree.import();
    assert_eq!(tree.ids(), ["msg_1", "msg_2", "msg_3", "msg_4", "msg_5"]);
    // What is gone stays in the ledger.
    fs::remove_file(tree.path("s.jsonl")).unwrap();
    assert_eq!(tree.import().tree.files, 0);
    assert_eq!(tree.ids().len(), 5);
}

#[test]
fn many_sessions_and_many_files_are_read() {
    let tree = Tree::new();
    let text: String = (0..20_000)
        .map(|at| row(&format!("msg_{at}"), 10).replace("\"s\"", &format!("\"s{at}\"")) + "\n")
        .collect();
    tree.write("s.jsonl", text);
    for at in 0..500 {
        tree.write(&format!("f{at}.jsonl"), row(&format!("msg_f{at}"), 10) + "\n");
    }
    let imported = tree.import();
    assert_eq!((imported.summary.imported, imported.tree.files), (20_500, 501));
}

/// Checks that nothing is remembered of logs that hold nothing, and that they are read once they hold something.
#[test]
fn empty_logs_are_counted_and_not_remembered() {
    let tree = Tree::new();
    for at in 0..200 {
        tree.write(&format!("f{at}.jsonl"), "");
    }
    tree.write("s.jsonl", row("msg_1", 10) + "\n");
    let imported = tree.import();
    assert_eq!((imported.tree.files, imported.tree.read), (201, 1));
    let source = format!("claude-code:{}", tree.folder.path().display());
    let cursor = tree.ledger.store.source(&source).unwrap().unwrap().cursor;
    assert!(cursor.len() < 200, "{} bytes", cursor.len());
    tree.write("f7.jsonl", row("msg_2", 10) + "\n");
    assert_eq!(tree.import().tree.read, 1);
    assert_eq!(tree.ids(), ["msg_1", "msg_2"]);
}

/// Checks that of many logs none is lost or read twice, over several batches.
#[test]
fn an_import_of_many_logs_goes_on_where_it_ended() {
    let tree = Tree::new();
    let rows = |from: usize, until| -> String {
        (from..until).map(|at| row(&format!("msg_{at}"), 10) + "\n").collect()
    };
    for at in 0..40 {
        tree.write(&format!("f{at}.jsonl"), rows(at * 600, (at + 1) * 600));
    }
    assert_eq!(tree.import().summary.imported, 24_000);
    let again = tree.import();
    assert_eq!((again.tree.read, again.summary.items()), (0, 0));
    tree.write("f7.jsonl", rows(7 * 600, 8 * 600) + &rows(24_000, 24_001));
    let more = tree.import();
    assert_eq!((more.tree.read, more.summary.items(), more.summary.imported), (1, 1, 1));
}

#[test]
fn of_rows_of_a_request_the_greatest_output_is_taken_and_the_original_s_names() {
    let tree = Tree::new();
    let started = r#"{"type":"queue-operation","timestamp":"2026-11-28T09:00:00.000Z"}"#;
    let placeholder = row("msg_1", 3).replace(r#""stop_reason":"end_turn","#, "");
    tree.write("s.jsonl", format!("{started}\n{placeholder}\n"));
    tree.import();
    assert_eq!(tree.ledger.records()[0].counts().quality(), Quality::Partial);
    // Its end, and a fork that was made later, with a greater name.
    tree.write("s.jsonl", format!("{started}\n{placeholder}\n{}\n", row("msg_1", 300)));
    let fork = row("msg_1", 300).replace("\"s\"", "\"z\"").replace("\"/p\"", "\"/z\"");
    tree.write("z.jsonl", format!("{}\n{fork}\n", started.replace("09:", "11:")));
    tree.import();
    let [record] = &tree.ledger.records()[..] else { panic!("one request") };
    assert_eq!(record.counts().get(Measure::Output), 300);
    assert_eq!(record.counts().quality(), Quality::Reported);
    assert_eq!((record.context().session_id(), record.labels().name(Label::Project)), ("s", "p"));
}

#[test]
fn a_gateway_that_gives_several_requests_one_id_is_told_by_its_request_ids() {
    let tree = Tree::new();
    let row = |id: &str, request: &str, input: u64| {
        let row = row(id, 10).replace(&format!("\"req_{id}\""), request);
        row.replace("\"input_tokens\":1,", &format!("\"input_tokens\":{input},")) + "\n"
    };
    let text = [
        // Two requests, and a copy of one with another request id, and of one without.
        row("gen", "\"a\"", 5),
        row("gen", "\"b\"", 6),
        row("gen", "\"c\"", 5),
        row("gen", "null", 6),
        // One request whose input came late.
        row("late", "\"d\"", 0),
        row("late", "\"d\"", 7),
        // One without request ids.
        row("none", "null", 1),
        row("none", "null", 2),
    ];
    tree.write("s.jsonl", text.concat());
    tree.import();
    let records = tree.ledger.records();
    assert_eq!(records.len(), 4, "{records:#?}");
}

/// Checks that a transcript is found whatever its user names.
#[test]
fn a_root_may_be_any_folder_above_or_one_log() {
    let tree = Tree::new();
    tree.write("s.jsonl", row("msg_1", 10) + "\n");
    let roots = ["", "projects", "projects/-p", "projects/-p/s.jsonl"];
    for root in roots.map(|root| tree.folder.path().join(root)) {
        let root: &Path = &root;
        assert_eq!(Ledger::new().import("claude-code", root).summary.imported, 1, "{root:?}");
    }
}
