//! Rollouts of Codex: turns, compactions, forks, spawned agents.

mod log;
mod usage;
mod version;

use std::path::PathBuf;

use self::log::Log;
use self::usage::Usage;
use self::version::{Fork, VERSIONS, Version};
use super::LogFile;
use super::text::{DAY, FIRST_DAY, Source, time};
use super::truth::{Counts, Tally};

const MODELS: [(u64, &str); 3] = [(60, "gpt-5.4"), (25, "gpt-5.5"), (15, "gpt-5.1-codex")];
/// A label of Codex' own reviews, which is no model that has a price.
const REVIEW: &str = "codex-auto-review";
const DAYS_OF_VERSION: u64 = 48;

/// A rollout and what comes of it.
pub(super) fn sessions(source: &mut Source, tally: &mut Tally) -> Vec<LogFile> {
    let (index, version) = choose(source);
    let at =
        FIRST_DAY + index * DAYS_OF_VERSION * DAY + source.random.next() % (DAYS_OF_VERSION * DAY);
    let model = source.random.weighted(&MODELS).unwrap_or("gpt-5.4");
    let cwd = format!("/home/dev/work/app-{}", source.random.skewed(1, 24));
    let mut log = Log::new(source, version, model, cwd, at);
    log.begin(source, "");
    let turns = 1 + source.random.skewed(0, 24);
    write_turns(source, &mut log, tally, turns);
    tally.sessions += 1;
    let mut files = Vec::new();
    match source.random.next() % 100 {
        0..=9 => files.extend(fork(source, &log, tally)),
        10..=14 => files.push(spawned(source, &log, tally)),
        15..=17 => files.extend(twins(source, &log, tally)),
        _ => {}
    }
    let archived = source.random.percent(5);
    files.push(file(log, archived));
    files
}

fn choose(source: &mut Source) -> (u64, &'static Version) {
    let index = source.random.next() % VERSIONS.len() as u64;
    (index, &VERSIONS[usize::try_from(index).unwrap_or(0)])
}

fn file(log: Log<'_>, archived: bool) -> LogFile {
    LogFile { path: PathBuf::from(log.path(archived)), text: log.text }
}

fn write_turns(source: &mut Source, log: &mut Log<'_>, tally: &mut Tally, turns: u64) {
    for _ in 0..turns {
        log.pass(source, 3_000, 600_000);
        if source.random.percent(4) && log.model != REVIEW {
            log.model = source.random.weighted(&MODELS).unwrap_or("gpt-5.4");
        }
        let turn = source.uuid7(log.at);
        if log.version.turn_ids {
            let started = log.at / 1000;
            log.event(
                "task_started",
                &format!(",\"turn_id\":\"{turn}\",\"started_at\":{started},\"model_context_window\":258400"),
            );
        }
        context(log, &turn);
        message(source, log, "user");
        for _ in 0..source.random.skewed(1, 12) {
            log.repeat();
            request(source, log, tally, &turn);
        }
        if source.random.percent(6) {
            compaction(source, log, &turn);
        }
        if log.version.turn_ids {
            log.event("task_complete", &format!(",\"turn_id\":\"{turn}\",\"duration_ms\":4000"));
        }
    }
}

fn context(log: &mut Log<'_>, turn: &str) {
    let id = if log.version.turn_ids { format!("\"turn_id\":\"{turn}\",") } else { String::new() };
    let payload = format!(
        "{id}\"cwd\":\"{}\",\"approval_policy\":\"never\",\"sandbox_policy\":{{\"type\":\"danger-full-access\"}},\"model\":\"{}\",\"summary\":\"auto\"",
        log.cwd, log.model
    );
    log.row("turn_context", &payload);
}

fn message(source: &mut Source, log: &mut Log<'_>, role: &str) {
    let bytes = source.random.skewed(40, 2_500);
    let words = source.words(bytes);
    log.row(
        "response_item",
        &format!("\"type\":\"message\",\"role\":\"{role}\",\"content\":[{{\"type\":\"input_text\",\"text\":\"{words}\"}}]"),
    );
}

fn request(source: &mut Source, log: &mut Log<'_>, tally: &mut Tally, turn: &str) {
    log.pass(source, 900, 40_000);
    let bytes = source.random.skewed(500, 4_000);
    let words = source.words(bytes);
    log.row(
        "response_item",
        &format!("\"type\":\"reasoning\",\"summary\":[],\"encrypted_content\":\"{words}\""),
    );
    let call = source.hex(12);
    log.row(
        "response_item",
        &format!("\"type\":\"function_call\",\"name\":\"exec_command\",\"arguments\":\"{{}}\",\"call_id\":\"call_{call}\""),
    );
    let random = &mut source.random;
    let input = random.between(9_000, 60_000);
    let cached = input / 10 * random.between(0, 9);
    let output = random.skewed(20, 3_000);
    let cache_write = if log.writes() { random.skewed(0, input - cached) / 2 } else { 0 };
    let reasoning = random.skewed(0, output);
    let usage = Usage { input, cached, cache_write, output, reasoning };
    count(source, log, tally, turn, &usage);
    let bytes = match source.random.next() % 100 {
        0 => source.random.between(20_000, 90_000),
        _ => source.random.skewed(60, 9_000),
    };
    let words = source.words(bytes);
    log.row(
        "response_item",
        &format!(
            "\"type\":\"function_call_output\",\"call_id\":\"call_{call}\",\"output\":\"{words}\""
        ),
    );
}

/// Counts one request, and writes what the version writes of it.
fn count(source: &mut Source, log: &mut Log<'_>, tally: &mut Tally, turn: &str, usage: &Usage) {
    tally.count(log.model, &usage.counts());
    log.totals.add(usage);
    log.last = Some(*usage);
    let last = usage.json(log.writes());
    if log.version.records {
        let (id, response) = (&log.id, source.api_id("resp_"));
        let payload = format!(
            "\"thread_id\":\"{id}\",\"turn_id\":\"{turn}\",\"session_id\":\"{id}\",\"root_turn_id\":\"{turn}\",\"response_id\":\"{response}\",\
             \"usage\":{last},\"turn_token_usage\":{last},\"thread_token_usage\":{}",
            log.totals.json(true)
        );
        log.row("token_usage_record", &payload);
    }
    log.token_count(&last);
}

/// The context is replaced, and an estimate of what is left is written as if it were usage.
fn compaction(source: &mut Source, log: &mut Log<'_>, turn: &str) {
    let bytes = source.random.between(8_000, 60_000);
    let words = source.words(bytes);
    log.row("compacted", &format!("\"message\":\"summary\",\"replacement_history\":[{{\"type\":\"message\",\"text\":\"{words}\"}}]"));
    context(log, turn);
    if log.version.totals_fall {
        (log.totals, log.last) = (Usage::default(), None);
    } else {
        let none = Usage::default().json(log.writes());
        let estimate = none.replace("\"total_tokens\":0", "\"total_tokens\":5028");
        log.token_count(&estimate);
        log.event("context_compacted", "");
    }
}

/// A fork of the whole session, as its version makes them.
fn fork(source: &mut Source, parent: &Log<'_>, tally: &mut Tally) -> Option<LogFile> {
    let version = parent.version;
    if version.fork == Fork::None {
        return None;
    }
    let at = parent.at + source.random.between(5_000, DAY);
    let mut log = Log::new(source, version, parent.model, parent.cwd.clone(), at);
    (log.totals, log.last, log.ordinal) = (parent.totals, parent.last, parent.ordinal);
    let ordinal = if version.fork == Fork::Numbered {
        format!(
            "\"forked_from_ordinal_exclusive\":{},\"history_mode\":\"paginated\",",
            parent.ordinal
        )
    } else {
        String::new()
    };
    log.begin(source, &format!("\"forked_from_id\":\"{}\",{ordinal}", parent.id));
    match version.fork {
        Fork::OldTimes => log.text.push_str(&parent.text),
        Fork::NewTimes => {
            let now = time(at);
            for line in parent.text.lines() {
                // {"timestamp":"2026-…Z"
                log.text.push_str(&line[..14]);
                log.text.push_str(&now);
                log.text.push_str(&line[38..]);
                log.text.push('\n');
            }
        }
        Fork::Numbered | Fork::None => {}
    }
    // One fork in eight is left as it is.
    let turns = if source.random.percent(12) { 0 } else { source.random.between(1, 3) };
    write_turns(source, &mut log, tally, turns);
    tally.sessions += u64::from(turns > 0);
    Some(file(log, false))
}

/// A review or a spawned agent: a file and totals of its own.
fn spawned(source: &mut Source, parent: &Log<'_>, tally: &mut Tally) -> LogFile {
    let model = if source.random.percent(50) { REVIEW } else { parent.model };
    let mut log = Log::new(source, &VERSIONS[4], model, parent.cwd.clone(), parent.at);
    let id = &parent.id;
    log.begin(source, &format!("\"parent_thread_id\":\"{id}\",\"history_mode\":\"paginated\","));
    write_turns(source, &mut log, tally, 1);
    tally.sessions += 1;
    file(log, false)
}

/// The same small question asked twice at once: equal counts, and yet two requests.
fn twins(source: &mut Source, like: &Log<'_>, tally: &mut Tally) -> Vec<LogFile> {
    let usage = Usage { input: 8_200, cached: 4_096, cache_write: 0, output: 31, reasoning: 0 };
    tally.count_apart("twins", &Counts { requests: 2, ..Counts::default() });
    let twin = |source: &mut Source, tally: &mut Tally| {
        let mut log = Log::new(source, like.version, like.model, like.cwd.clone(), like.at);
        log.begin(source, "");
        let turn = source.uuid7(log.at);
        if log.version.turn_ids {
            let started = log.at / 1000;
            log.event("task_started", &format!(",\"turn_id\":\"{turn}\",\"started_at\":{started}"));
        }
        context(&mut log, &turn);
        log.at += 1_500;
        count(source, &mut log, tally, &turn, &usage);
        tally.sessions += 1;
        file(log, false)
    };
    vec![twin(source, tally), twin(source, tally)]
}
