//! Rollouts of Codex, row by row.

use std::fs;

use usage_core::{Label, Measure, Record};

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

fn line((kind, payload): &(&str, String)) -> String {
    let (kind, event) = match *kind {
        "token_count" | "task_started" | "thread_settings_applied" => ("event_msg", *kind),
        kind => (kind, ""),
    };
    format!(
        "{{\"timestamp\":\"2026-11-28T11:37:24.336Z\",\"type\":\"{kind}\",\
         \"payload\":{{\"type\":\"{event}\",{payload}}}}}"
    )
}

fn read(text: &str) -> (Vec<Record>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(format!("rollout-x-{OWN}.jsonl")), text).unwrap();
    let ledger = Ledger::new();
    let imported = ledger.import("codex", folder.path());
    (ledger.records(), imported.notes)
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
    let mut inputs: Vec<u32> =
        records(rows).iter().map(|record| record.counts().get(Measure::Input)).collect();
    inputs.sort_unstable();
    inputs
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
