//! Rollouts of Codex, row by row.

use std::fs;

use usage_core::{Label, Measure, Quality, Record};

use super::support::Ledger;

const OWN: &str = "01a221f2-1a2a-7dd0-a206-a086477c4a8b";
const PARENT: &str = "01a221f2-1899-7513-84ea-d87cf3823981";

/// Imports a rollout of these rows, each a kind and the rest of its payload.
fn records(rows: &[(&str, String)]) -> Vec<Record> {
    let text: String = rows.iter().map(|row| line(row) + "\n").collect();
    let (records, notes) = read(&text);
    assert_eq!(notes, Vec::<String>::new());
    records
}

fn line(row: &(&str, String)) -> String {
    line_at("11:37:24", row)
}

fn line_at(time: &str, (kind, payload): &(&str, String)) -> String {
    let (kind, event) = match *kind {
        "token_count" | "task_started" | "thread_settings_applied" => ("event_msg", *kind),
        kind => (kind, ""),
    };
    format!(
        "{{\"timestamp\":\"2026-11-28T{time}.336Z\",\"type\":\"{kind}\",\
         \"payload\":{{\"type\":\"{event}\",{payload}}}}}"
    )
}

fn read(text: &str) -> (Vec<Record>, Vec<String>) {
    read_all(&[text])
}

/// Imports a rollout that holds one text after the other.
fn read_all(texts: &[&str]) -> (Vec<Record>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::new();
    let mut notes = Vec::new();
    for text in texts {
        fs::write(folder.path().join(format!("rollout-x-{OWN}.jsonl")), text).unwrap();
        notes.extend(ledger.import("codex", folder.path()).notes);
    }
    (ledger.records(), notes)
}

fn usage(input: u64, output: u64) -> String {
    format!("{{\"input_tokens\":{input},\"cached_input_tokens\":null,\"output_tokens\":{output}}}")
}

fn count(total: u64, last: u64) -> (&'static str, String) {
    let (total, last) = (usage(total, total / 10), usage(last, last / 10));
    (
        "token_count",
        format!("\"info\":{{\"total_token_usage\":{total},\"last_token_usage\":{last}}}"),
    )
}

fn record(id: &str, used: u64, total: u64) -> (&'static str, String) {
    let (used, total) = (usage(used, used / 10), usage(total, total / 10));
    (
        "token_usage_record",
        format!("\"response_id\":{id},\"usage\":{used},\"thread_token_usage\":{total}"),
    )
}

fn inputs(rows: &[(&str, String)]) -> Vec<u32> {
    inputs_of(&records(rows))
}

fn inputs_of(records: &[Record]) -> Vec<u32> {
    let inputs = records.iter().map(|record| record.counts().get(Measure::Input));
    let mut inputs: Vec<u32> = inputs.collect();
    inputs.sort_unstable();
    inputs
}

/// The lines of a rollout of four requests, each said twice, and one more line behind them.
fn lines() -> Vec<String> {
    let meta = ("session_meta", format!("\"id\":\"{OWN}\",\"model_provider\":\"openai\""));
    let mut lines = vec![line(&meta), line(&("turn_context", "\"model\":\"gpt-5.4\"".to_owned()))];
    let counts = [count(100, 100), count(150, 50), count(170, 20), count(180, 10)];
    for (at, row) in counts.iter().enumerate() {
        lines
            .extend([line_at(&format!("11:38:{at}0"), row), line_at(&format!("11:38:{at}5"), row)]);
    }
    lines
}

/// Checks that a request is known again wherever its line lies, as lines before it were lost, or came.
#[test]
fn requests_are_known_again_when_their_rollout_has_lost_its_beginning() {
    let lines = lines();
    let all = lines.join("\n") + "\n";
    let last = line_at("11:39:00", &count(210, 30)) + "\n";
    for from in 1..lines.len() {
        let cut = lines[from..].join("\n") + "\n" + &last;
        let (records, _) = read_all(&[&all, &cut]);
        assert_eq!(inputs_of(&records), [10, 20, 30, 50, 100], "from line {from}");
        let gpt = |record: &&Record| record.labels().name(Label::Model) == "gpt-5.4";
        assert!(records.iter().filter(gpt).count() >= 4, "from line {from}");
    }
    let longer = lines.join("\n\0\0\n") + "\n" + &last;
    assert_eq!(inputs_of(&read_all(&[&all, &longer]).0), [10, 20, 30, 50, 100]);
}

/// Checks that what was counted is not counted again as the difference to a total that is gone: a power failure leaves
/// NULs where the end of a file was, and a copy of a file may be an older one.
#[test]
fn requests_are_not_counted_again_when_their_rollout_has_lost_its_end() {
    let lines = lines();
    let all = lines.join("\n") + "\n";
    let last = line_at("11:39:00", &count(210, 30)) + "\n";
    for until in [3, 6, 9] {
        let kept = lines[..until].join("\n") + "\n";
        for lost in ["".to_owned(), "\0".repeat(all.len() - kept.len()), "\0".repeat(9_999)] {
            let (records, _) =
                read_all(&[&all, &(kept.clone() + &lost), &(kept.clone() + &lost + &last)]);
            assert_eq!(inputs_of(&records), [10, 20, 30, 50, 100], "until line {until}");
        }
    }
    // Of what was never read, the difference is all that is left; it gives way when the rest comes back.
    let cut = lines[..4].join("\n") + "\n" + &last;
    let (records, _) = read(&cut);
    assert_eq!(inputs_of(&records), [100, 110]);
    assert!(records.iter().any(|record| record.counts().quality() == Quality::Estimated));
    let (records, _) = read_all(&[&cut, &(all + &last)]);
    assert_eq!(inputs_of(&records), [10, 20, 30, 50, 100]);
}

/// Checks that a fork that has lost what it says of itself does not pass for its parent.
#[test]
fn what_is_a_copy_is_not_counted_where_the_beginning_is_lost() {
    let turn = |id: &str| ("task_started", format!("\"turn_id\":\"{id}\""));
    let parent = ("session_meta", format!("\"id\":\"{PARENT}\""));
    let rows = [
        parent,
        turn("01a221f2-1924-7ea3-893e-9249030a87f1"),
        count(100, 100),
        count(200, 100),
        turn("01a221f2-1a71-7491-822d-19307baab500"),
        count(230, 30),
    ];
    for from in 0..3 {
        assert_eq!(inputs(&rows[from..]), if from == 2 { vec![30, 100, 100] } else { vec![30] });
    }
}

#[test]
fn totals_and_records_count_a_request_once() {
    let meta = ("session_meta", format!("\"id\":\"{OWN}\""));
    let rows = [
        meta.clone(),
        count(100, 100),
        count(100, 100),
        ("token_count", "\"info\":null".to_owned()),
        record("\"resp_1\"", 50, 150),
        count(150, 50),
        // A provider without ids.
        record("null", 30, 180),
        count(180, 30),
        // A compaction, and totals that begin anew.
        count(200, 0),
        count(20, 20),
    ];
    assert_eq!(inputs(&rows), [20, 30, 50, 100]);
}

#[test]
fn a_record_that_does_not_say_the_total_is_not_counted_again_by_the_next_one() {
    let (kind, payload) = record("\"resp_1\"", 50, 150);
    let without = payload.split(",\"thread_token_usage\"").next().unwrap().to_owned();
    let rows = [
        ("session_meta", format!("\"id\":\"{OWN}\"")),
        count(100, 100),
        (kind, without),
        count(100, 100),
        count(150, 50),
        count(150, 50),
        count(170, 20),
    ];
    assert_eq!(inputs(&rows), [20, 50, 100]);
}

/// Checks that rows are found where the end of the one before them is lost, or more of it.
#[test]
fn rows_are_read_behind_others_in_their_line() {
    let meta = line(&("session_meta", format!("\"id\":\"{OWN}\"")));
    let said = line(&("response_item", "\"text\":\"token_count\"".to_owned()));
    let [one, two, three] = [count(100, 100), count(150, 50), count(170, 20)].map(|row| line(&row));
    let of = |text: &str| {
        let (records, notes) = read(text);
        let inputs = records.iter().map(|record| record.counts().get(Measure::Input));
        let mut inputs: Vec<_> = inputs.collect();
        inputs.sort_unstable();
        (inputs, notes.len())
    };
    let all = vec![20, 50, 100];
    assert_eq!(of(&format!("{meta}\n{said}{one}\n{two}{three}\n")), (all.clone(), 0));
    let cut = &said[..said.len() - 20];
    assert_eq!(of(&format!("{meta}\n{cut}{one}\n{two}\n{said}{three}\n")), (all, 0));
    // What was lost is in the next total.
    let cut = &two[..two.len() - 20];
    assert_eq!(of(&format!("{meta}\n{one}\n{cut}{three}\n")), (vec![70, 100], 1));
}

#[test]
fn what_is_a_copy_of_the_parent_s_is_not_counted() {
    let child = ("session_meta", format!("\"id\":\"{OWN}\",\"forked_from_id\":\"{PARENT}\""));
    let parent = ("session_meta", format!("\"id\":\"{PARENT}\""));
    let turn =
        |id: &str| ("task_started", format!("\"turn_id\":\"{id}\",\"started_at\":1795865844"));
    let rows = [
        child,
        parent,
        turn("01a221f2-1924-7ea3-893e-9249030a87f1"),
        count(100, 100),
        count(200, 100),
    ];
    assert_eq!(inputs(&rows), Vec::<u32>::new(), "no turn of its own");
    let own = [turn("01a221f2-1a71-7491-822d-19307baab500"), count(200, 100), count(230, 30)];
    assert_eq!(inputs(&[&rows[..], &own[..]].concat()), [30]);
}

#[test]
fn names_are_those_of_the_turn_and_the_session() {
    let source =
        format!("{{\"subagent\":{{\"thread_spawn\":{{\"parent_thread_id\":\"{PARENT}\"}}}}}}");
    let rows = [
        (
            "session_meta",
            format!("\"id\":\"{OWN}\",\"model_provider\":\"openai\",\"source\":{source}"),
        ),
        ("turn_context", "\"model\":\"gpt-5.4\",\"cwd\":\"/home/dev/site\"".to_owned()),
        (
            "thread_settings_applied",
            "\"thread_settings\":{\"service_tier\":\"priority\"}".to_owned(),
        ),
        count(100, 100),
    ];
    let [record] = &records(&rows)[..] else { panic!("one request") };
    let names = record.labels().names();
    assert_eq!((names.get(Label::Model), names.get(Label::Provider)), ("gpt-5.4", "openai"));
    assert_eq!((names.get(Label::Route), names.get(Label::Project)), ("subagent", "site"));
    assert_eq!((names.get(Label::Tier), record.context().session_id()), ("priority", PARENT));
}
