//! Recordings of real programs that were run against a server whose answers are the truth.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde_json::Value;

use crate::agents::support::{Ledger, Sums};

/// A recording: the agent, where its logs lie, and what the server has answered.
struct Recording {
    agent: &'static str,
    root: PathBuf,
    truth: String,
    /// Keeps what was made for the test.
    _made: Option<tempfile::TempDir>,
}

/// The names of the agents, and of the folders of their recordings.
const AGENTS: [(&str, &[&str]); 5] = [
    ("gemini-cli", &["gemini-cli"]),
    ("qwen-code", &["qwen-code"]),
    ("pi", &["pi"]),
    ("copilot", &["copilot", "copilot-cli"]),
    ("opencode", &["opencode"]),
];

/// Returns those of this project, and those of the folder that `USAGE_AGENT_TREES` names, if it does.
fn all() -> Vec<Recording> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/others/trees");
    let others = std::env::var_os("USAGE_AGENT_TREES").map(PathBuf::from);
    let bases = [Some(own), others].into_iter().flatten();
    let folders = bases.flat_map(|base| {
        AGENTS.iter().flat_map(move |(agent, names)| {
            let base = base.clone();
            names.iter().map(move |name| (*agent, base.join(name)))
        })
    });
    folders
        .filter(|(_, folder)| folder.is_dir())
        .map(|(agent, folder)| recording(agent, &folder))
        .collect()
}

fn recording(agent: &'static str, folder: &Path) -> Recording {
    let truth = fs::read_to_string(folder.join("truth.jsonl")).unwrap();
    let sql = folder.join("opencode.sql");
    if !sql.exists() {
        return Recording { agent, root: folder.to_owned(), truth, _made: None };
    }
    let made = tempfile::tempdir().unwrap();
    let database = Connection::open(made.path().join("opencode.db")).unwrap();
    database.execute_batch("PRAGMA journal_mode = WAL").unwrap();
    database.execute_batch(&fs::read_to_string(sql).unwrap()).unwrap();
    Recording { agent, root: made.path().to_owned(), truth, _made: Some(made) }
}

/// Derives what an agent can have logged from what the server has answered. By the dialect of the answer:
///
/// - Gemini: the cache is a part of the prompt, thoughts lie beside the answer, and are output;
/// - Chat completions: the cache is a part of the prompt, reasoning a part of the completion;
/// - Anthropic's messages: all kinds are apart.
///
/// And by the agent: opencode does not log the request that names a session; pi does not log how much of an answer
/// was reasoning; nobody but Claude Code logs for how long a cache was written.
fn logged(agent: &str, truth: &str) -> Sums {
    let mut sums = Sums::default();
    for line in truth.lines() {
        let answer: Value = serde_json::from_str(line).unwrap();
        let is_title = answer["last"].as_str().unwrap_or_default().contains("onversation:");
        if agent == "opencode" && is_title {
            continue;
        }
        let of = |path: &str| answer["usage"].pointer(path).and_then(Value::as_u64).unwrap_or(0);
        let [input, output, read, written, reasoning] = match answer["api"].as_str().unwrap() {
            "gemini" => {
                let (cached, thoughts) =
                    (of("/cachedContentTokenCount"), of("/thoughtsTokenCount"));
                let input = of("/promptTokenCount") - cached + of("/toolUsePromptTokenCount");
                [input, of("/candidatesTokenCount") + thoughts, cached, 0, thoughts]
            }
            "chat" => {
                let cached = of("/prompt_tokens_details/cached_tokens");
                let reasoning = of("/completion_tokens_details/reasoning_tokens");
                [of("/prompt_tokens") - cached, of("/completion_tokens"), cached, 0, reasoning]
            }
            "anthropic" => {
                let (read, written) =
                    (of("/cache_read_input_tokens"), of("/cache_creation_input_tokens"));
                [of("/input_tokens"), of("/output_tokens"), read, written, 0]
            }
            other => panic!("{other}"),
        };
        sums.requests += 1;
        sums.input += input;
        sums.output += output;
        sums.cache_read += read;
        sums.cache_write += written;
        sums.reasoning += if agent == "pi" { 0 } else { reasoning };
        *sums.models.entry(answer["model"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    sums
}

/// Checks that each recording comes to what the server has answered, and to the same when it is read again, in place
/// or as a copy.
#[test]
fn each_recording_comes_to_what_was_answered() {
    let all = all();
    assert!(all.len() >= AGENTS.len(), "the recordings are there");
    for recording in all {
        let ledger = Ledger::new();
        let first = ledger.import(recording.agent, &recording.root);
        let name = recording.root.display();
        assert_eq!(ledger.sums(), logged(recording.agent, &recording.truth), "{name}");
        assert_eq!(first.notes, Vec::<String>::new(), "{name}");
        assert!(first.tree.skipped.is_empty(), "{name}: {:?}", first.tree.skipped);
        let records = ledger.records();

        let again = ledger.import(recording.agent, &recording.root);
        assert_eq!((again.summary.items(), again.tree.read), (0, 0), "{name}");
        let copy = tempfile::tempdir().unwrap();
        copy_all(&recording.root, copy.path());
        let again = ledger.import(recording.agent, copy.path());
        assert_eq!((again.summary.imported, again.notes), (0, vec![]), "{name}");
        assert_eq!(ledger.records(), records, "{name}");
    }
}

fn copy_all(from: &Path, to: &Path) {
    for file in crate::agents::support::files(from) {
        let target = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(file, target).unwrap();
    }
}

/// Checks that an agent is what telemetry calls it.
#[test]
fn agents_are_the_instances_of_their_telemetry() {
    for agent in usage_import::agents::all() {
        assert_eq!(usage_providers::instance_of(agent.name()), agent.name());
    }
}

/// Checks the names and the money of recorded requests.
#[test]
fn requests_have_their_names() {
    let show = |agent: &str| {
        let recording = all().into_iter().find(|it| it.agent == agent).unwrap();
        let ledger = Ledger::new();
        ledger.import(agent, &recording.root);
        let record = ledger.records().into_iter().next_back().unwrap();
        let names = record.names();
        let cost = record.counts().stated_cost().map(|cost| cost.to_string()).unwrap_or_default();
        format!("{} {} {cost}", names.all().join("|"), record.context().session_id())
    };
    for (agent, expected) in [
        (
            "gemini-cli",
            "gemini-cli|||main|gemini-2.5-pro||proj| 2734d8ef-f437-448b-b0bc-4b817f57f572 ",
        ),
        (
            "qwen-code",
            "qwen-code|||main|qwen3-coder-plus||proj| 91ec9794-7f29-4134-afa8-8d20e8a80cbe ",
        ),
        (
            "pi",
            "pi||mock|main|claude-sonnet-4-5||proj| 01a221f8-7d4d-71fa-8782-ee639922cbaf 0.01224075",
        ),
        ("copilot", "copilot||openai|main|gpt-5.4||proj| a81161a3-887f-4c96-ab46-1c34e2cee136 "),
        ("opencode", "opencode||mock2|main|gpt-x||proj| ses_dde0713d4ffekF3zc8HCt6L86k 0.005726"),
    ] {
        assert_eq!(show(agent), expected);
    }
}
