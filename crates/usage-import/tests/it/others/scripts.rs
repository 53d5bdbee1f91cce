//! What agents write, step by step: each step is a file as it is then, or a change of a database.

use std::fs;
use std::path::Path;

use rusqlite::Connection;

/// A step of a script.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// A file is written anew.
    Write(&'static str, String),
    /// Something is added to a file.
    Append(&'static str, String),
    /// Statements on a database.
    Sql(&'static str, String),
}

impl Step {
    pub(super) fn take(&self, root: &Path) {
        let at = |file: &str| {
            let path = root.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            path
        };
        match self {
            Self::Write(file, text) => fs::write(at(file), text).unwrap(),
            Self::Append(file, text) => {
                let before = fs::read_to_string(at(file)).unwrap_or_default();
                fs::write(at(file), before + text).unwrap();
            }
            Self::Sql(file, sql) => Connection::open(at(file)).unwrap().execute_batch(sql).unwrap(),
        }
    }
}

/// Cuts a text into pieces as a slow writer does.
fn appended(file: &'static str, text: &str) -> Vec<Step> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let mut end = (rest.len() / 3).clamp(1, 997).min(rest.len());
        while !rest.is_char_boundary(end) {
            end += 1;
        }
        pieces.push(Step::Append(file, rest[..end].to_owned()));
        rest = &rest[end..];
    }
    pieces
}

fn tree(path: &str) -> String {
    let trees = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/others/trees");
    fs::read_to_string(trees.join(path)).unwrap()
}

/// Returns a script of each agent.
pub(super) fn all() -> Vec<(&'static str, Vec<Step>)> {
    vec![
        (
            "gemini-cli",
            appended(
                "proj/chats/a.jsonl",
                &tree("gemini-cli/proj/chats/session-2026-11-28T11-43-2734d8ef.jsonl"),
            ),
        ),
        (
            "qwen-code",
            appended(
                "projects/p/chats/a.jsonl",
                &tree(
                    "qwen-code/projects/-home-dev-proj/chats/91ec9794-7f29-4134-afa8-8d20e8a80cbe.jsonl",
                ),
            ),
        ),
        (
            "pi",
            appended(
                "--p--/a.jsonl",
                &tree(
                    "pi/sessions/--home-dev-proj--/\
                     2026-11-28T11-44-22-862Z_01a221f8-7d4d-71fa-8782-ee639922cbaf.jsonl",
                ),
            ),
        ),
        (
            "copilot",
            appended(
                "session-state/a/events.jsonl",
                &tree("copilot/session-state/a81161a3-887f-4c96-ab46-1c34e2cee136/events.jsonl"),
            ),
        ),
        ("copilot", old_copilot()),
        ("opencode", opencode("opencode.db")),
        ("kilo-code", opencode("kilo.db")),
        ("cline", cline()),
        ("roo-code", roo()),
        ("amp", amp()),
        ("kimi", kimi()),
    ]
}

/// Messages that are inserted, completed, and copied by a fork.
fn opencode(file: &'static str) -> Vec<Step> {
    let message = |tokens: &str, times: &str| {
        format!(
            r#"{{"role":"assistant","modelID":"m","providerID":"p","cost":0.5,"path":{{"cwd":"/x/proj"}},"tokens":{tokens},"time":{{{times}}}}}"#
        )
    };
    let none = message(
        r#"{"input":0,"output":0,"reasoning":0,"cache":{"read":0,"write":0}}"#,
        "\"created\":1795866296219",
    );
    let full = message(
        r#"{"input":5,"output":176,"reasoning":4,"cache":{"read":20200,"write":1002}}"#,
        "\"created\":1795866296219,\"completed\":1795866300445",
    );
    let sql = |sql: String| Step::Sql(file, sql);
    vec![
        sql("CREATE TABLE session (id TEXT PRIMARY KEY, parent_id TEXT, directory TEXT);
             CREATE TABLE message (id TEXT PRIMARY KEY, session_id TEXT, time_created INTEGER,
             time_updated INTEGER, data TEXT); INSERT INTO session VALUES ('ses_1', NULL, '/x/proj')"
            .to_owned()),
        sql(format!("INSERT INTO message VALUES ('msg_1', 'ses_1', 10, 10, '{none}')")),
        sql("INSERT INTO message VALUES ('msg_2', 'ses_1', 11, 11, '{\"role\":\"user\"}')".to_owned()),
        sql(format!("UPDATE message SET data = '{full}', time_updated = 12 WHERE id = 'msg_1'")),
        sql(format!(
            "INSERT INTO session VALUES ('ses_2', 'ses_1', '/x/proj');
             INSERT INTO message VALUES ('msg_3', 'ses_2', 13, 13, '{}')",
            full.replace("\"input\":5", "\"input\":6")
        )),
        sql(format!("INSERT INTO message VALUES ('msg_4', 'ses_3', 14, 14, '{full}')")),
        sql("UPDATE message SET time_updated = 15 WHERE id = 'msg_1'".to_owned()),
    ]
}

/// Sums at the end of each run, as versions before 1.0 wrote them.
fn old_copilot() -> Vec<Step> {
    let end = |id: u32, input: u32, output: u32| {
        format!(
            "{{\"type\":\"session.shutdown\",\"id\":\"e{id}\",\"timestamp\":\"2026-03-0{id}T10:00:00Z\",\"data\":\
             {{\"modelMetrics\":{{\"gpt-5\":{{\"requests\":{{\"count\":2}},\"usage\":{{\"inputTokens\":{input},\
             \"outputTokens\":{output},\"cacheReadTokens\":100,\"cacheWriteTokens\":0}}}}}}}}}}\n"
        )
    };
    let start = "{\"type\":\"session.start\",\"data\":{\"sessionId\":\"s\",\"context\":{\"cwd\":\"/x/proj\"}}}\n";
    let text =
        [start.to_owned(), end(1, 1_000, 50), end(2, 1_700, 90), end(3, 1_700, 90), end(4, 400, 9)];
    appended("session-state/s/events.jsonl", &text.concat())
}

fn request(ts: u64, text: &str) -> String {
    let text = text.replace('"', "\\\"");
    format!(r#"{{"ts":{ts},"type":"say","say":"api_req_started","text":"{text}"}}"#)
}

fn cline() -> Vec<Step> {
    let file = "tasks/1/ui_messages.json";
    let begun = request(1_795_866_296_219, r#"{"request":"x"}"#);
    let some = request(
        1_795_866_296_219,
        r#"{"tokensIn":10,"tokensOut":1,"cacheReads":500,"cacheWrites":7,"cost":0.01}"#,
    );
    let full = request(
        1_795_866_296_219,
        r#"{"tokensIn":10,"tokensOut":99,"cacheReads":500,"cacheWrites":7,"cost":0.02}"#,
    );
    let second = request(
        1_795_866_299_000,
        r#"{"tokensIn":20,"tokensOut":5,"cacheReads":600,"cacheWrites":0,"cost":0.01}"#,
    );
    let end = r#"{"ts":1795866300000,"type":"ask","ask":"completion_result"}"#;
    let session = |messages: &str| {
        format!(r#"{{"version":1,"sessionId":"s2","agent":"lead","messages":[{messages}]}}"#)
    };
    let message = |id: u32| {
        format!(
            r#"{{"id":"m{id}","role":"assistant","ts":179586629621{id},"modelInfo":{{"id":"m","provider":"p"}},"metrics":{{"inputTokens":7507,"outputTokens":131,"cacheReadTokens":50,"cacheWriteTokens":0,"cost":0.011}}}}"#
        )
    };
    vec![
        Step::Write(
            "tasks/1/task_metadata.json",
            r#"{"model_usage":[{"ts":1,"model_id":"m","model_provider_id":"p"}]}"#.into(),
        ),
        Step::Write(file, format!("[{begun}]")),
        Step::Write(file, format!("[{some}]")),
        Step::Write(file, format!("[{full}")),
        Step::Write(file, format!("[{full},{second}]")),
        Step::Write(file, format!("[{full},{second},{end}]")),
        Step::Write("sessions/s2/s2.messages.json", session(&message(1))),
        Step::Write("sessions/s2/s2.messages.json", session(&[message(1), message(2)].join(","))),
        Step::Write("sessions/s2/agent.messages.json", session(&message(1))),
    ]
}

fn roo() -> Vec<Step> {
    let file = "tasks/1/ui_messages.json";
    // Before and after the version from which on the input holds the caches.
    let old = request(
        1_700_000_000_000,
        r#"{"apiProtocol":"anthropic","tokensIn":1000,"tokensOut":5,"cacheReads":600,"cacheWrites":0}"#,
    );
    let new = request(
        1_795_866_296_219,
        r#"{"apiProtocol":"anthropic","tokensIn":1000,"tokensOut":5,"cacheReads":600,"cacheWrites":0}"#,
    );
    let end = r#"{"ts":1795866300000,"type":"say","say":"completion_result"}"#;
    vec![
        Step::Write("tasks/1/api_conversation_history.json", r#"[{"role":"user","content":"<environment_details>\n# Current Workspace Directory (/x/proj) Files\n<model>claude-sonnet-4-5</model>","ts":1}]"#.into()),
        Step::Write(file, format!("[{old}]")),
        Step::Write(file, format!("[{old},{new}]")),
        Step::Write(file, format!("[{old},{new},{end}]")),
    ]
}

fn amp() -> Vec<Step> {
    let file = "T-1.json";
    let usage = |id: u32| {
        format!(
            r#"{{"role":"assistant","messageId":{id},"usage":{{"model":"m","inputTokens":10,"outputTokens":178,"cacheCreationInputTokens":986,"cacheReadInputTokens":11372,"credits":0.5,"timestamp":"2026-01-19T11:42:10.652Z"}}}}"#
        )
    };
    let event = |id: u32| {
        format!(
            r#"{{"id":"e{id}","timestamp":"2026-01-19T11:42:11Z","model":"m","credits":0.5,"tokens":{{"input":10,"output":178}},"toMessageId":{id}}}"#
        )
    };
    let thread = |messages: &[String], events: &[String]| {
        format!(
            r#"{{"id":"T-1","created":1768822930000,"messages":[{}],"usageLedger":{{"events":[{}]}}}}"#,
            messages.join(","),
            events.join(",")
        )
    };
    vec![
        Step::Write(file, thread(&[usage(1)], &[])),
        Step::Write(file, thread(&[usage(1)], &[event(1)])),
        Step::Write(file, thread(&[usage(1), usage(2)], &[event(1)])),
        Step::Write(file, thread(&[usage(1), usage(2)], &[event(1), event(2)])),
    ]
}

fn kimi() -> Vec<Step> {
    let old = r#"{"type":"metadata","protocol_version":"1.3"}
{"timestamp":1770983426.420942,"message":{"type":"StatusUpdate","payload":{"token_usage":{"input_other":1562,"output":2463,"input_cache_read":5,"input_cache_creation":0},"message_id":"chatcmpl-1"}}}
"#;
    let new = r#"{"type":"llm.request","model":"kimi-code/kimi-k2.6","time":1795866296000}
{"type":"usage.record","model":"__kimi_env_model__","usage":{"inputOther":100,"output":20,"inputCacheRead":50,"inputCacheCreation":0},"usageScope":"turn","time":1795866296219}
{"type":"usage.record","model":"kimi-code/kimi-k2.6","usage":{"inputOther":7,"output":2,"inputCacheRead":0,"inputCacheCreation":0},"usageScope":"session","time":1795866296300}
"#;
    [
        appended("sessions/g/s1/wire.jsonl", old),
        appended("sessions/w/s2/agents/main/wire.jsonl", new),
    ]
    .concat()
}
