//! One request of Claude Code: a row for each block of the answer, and what else is logged of it.

use std::fmt::Write as _;

use super::log::Log;
use super::version::Output;
use crate::agents_tree::text::Source;
use crate::agents_tree::truth::{Counts, Tally};

/// How many rows one message has, as often as in real folders.
const BLOCKS: [(u64, u64); 8] =
    [(190, 1), (523, 2), (190, 3), (60, 4), (20, 5), (10, 6), (5, 9), (2, 14)];
/// The most that an answer's first event says of its output.
const MOST_PLACEHOLDER: u64 = 8;
const ADVISOR: &str = "claude-opus-4-6";

/// What a conversation carries from request to request.
pub(super) struct Context {
    pub(super) model: &'static str,
    /// The cache is written for the hour and not for five minutes.
    pub(super) long: bool,
    /// Tokens that lie in the cache.
    pub(super) cached: u64,
    /// Whether the endpoint gives request ids.
    pub(super) request_ids: bool,
}

/// A request that was answered.
pub(super) struct Request {
    pub(super) counts: Counts,
    /// The rows, to be repeated within others.
    pub(super) first_row: String,
}

/// How the counts of one request stand in its rows.
struct Telling {
    placeholder: u64,
    /// Whether the last row says all, and whether those before do.
    last: bool,
    others: bool,
}

pub(super) fn write(
    source: &mut Source,
    log: &mut Log<'_>,
    context: &mut Context,
    tally: &mut Tally,
) -> Request {
    let (counts, telling) = counts(source, log, context);
    let iterations = iterations(source, log, context, &counts, tally);
    tally.count(context.model, &counts);
    let (id, request) = (source.api_id("msg_"), source.api_id("req_"));
    // A cut answer has text enough to show that its output is more than is said.
    let least = if counts.output <= MOST_PLACEHOLDER { 3 } else { 1 };
    let blocks = source.random.weighted(&BLOCKS).unwrap_or(1).max(least);
    let mut first_row = String::new();
    for block in 1..=blocks {
        let last = block == blocks;
        let whole = if last { telling.last } else { telling.others };
        let output = if whole { counts.output } else { telling.placeholder };
        let stop = match log.version.output {
            // A cut stream has a reason to stop, nevertheless.
            Output::Final => "\"tool_use\"",
            _ if whole && last => "\"tool_use\"",
            _ => "null",
        };
        log.pass(source, 5, 2_000);
        let start = log.text.len();
        let (model, newest) = (context.model, log.version.newest);
        log.row(source, |source, out| {
            let _ = write!(
                out,
                ",\"message\":{{\"id\":\"{id}\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"{model}\",\"content\":["
            );
            content(source, out, block, last, context);
            let _ = write!(
                out,
                "],\"stop_reason\":{stop},\"stop_sequence\":null,\"usage\":{{\"input_tokens\":{},\
                 \"cache_creation_input_tokens\":{},\"cache_read_input_tokens\":{},\"cache_creation\":{{\
                 \"ephemeral_5m_input_tokens\":{},\"ephemeral_1h_input_tokens\":{}}},\"output_tokens\":{output},",
                counts.input,
                counts.cache_write,
                counts.cache_read,
                counts.cache_write - counts.cache_write_long,
                counts.cache_write_long
            );
            if newest {
                let _ = write!(
                    out,
                    "\"output_tokens_details\":{{\"thinking_tokens\":{}}},\"server_tool_use\":{{\
                     \"web_search_requests\":{},\"web_fetch_requests\":0}},\"iterations\":[{iterations}],\"speed\":\"standard\",",
                    counts.reasoning, counts.web_searches
                );
            }
            out.push_str("\"service_tier\":\"standard\",\"inference_geo\":\"not_available\"}}");
            if context.request_ids {
                let _ = write!(out, ",\"requestId\":\"{request}\"");
            }
            out.push_str(",\"type\":\"assistant\"");
        });
        if block == 1 {
            first_row = log.text[start..].trim_end().to_owned();
        }
    }
    context.cached = counts.cache_read + counts.cache_write;
    Request { counts, first_row }
}

fn counts(source: &mut Source, log: &Log<'_>, context: &Context) -> (Counts, Telling) {
    let random = &mut source.random;
    let output = 20 + random.skewed(1, 30) * random.skewed(1, 100);
    let cache_write = random.skewed(150, 9_000);
    let cut = random.next().is_multiple_of(300);
    let (last, others) = match log.version.output {
        Output::MostlyFinal => {
            let whole = !random.percent(10);
            (whole, whole)
        }
        Output::Placeholder => (false, false),
        Output::LastFinal => (!cut, false),
        Output::Final => (!cut, !cut),
    };
    let placeholder = random.between(1, MOST_PLACEHOLDER);
    let whole = last;
    let counts = Counts {
        requests: 1,
        input: random.between(2, 12),
        output: if whole { output } else { placeholder },
        cache_read: context.cached,
        cache_write,
        cache_write_long: if context.long { cache_write } else { 0 },
        reasoning: if log.version.newest && whole { output / 3 } else { 0 },
        web_searches: u64::from(log.version.newest && random.percent(2)),
        partial: u64::from(!whole),
    };
    (counts, Telling { placeholder, last, others })
}

/// The content of one row: thinking first, a tool last, text between.
fn content(source: &mut Source, out: &mut String, block: u64, last: bool, context: &Context) {
    // Not less than the output of a cut stream could be.
    let bytes = source.random.skewed(130, 1_200);
    if last {
        let id = source.api_id("toolu_");
        let _ = write!(
            out,
            "{{\"type\":\"tool_use\",\"id\":\"{id}\",\"name\":\"Edit\",\"input\":{{\"file_path\":\"src/{}.rs\",\"new_string\":\"",
            context.cached
        );
        source.filler(out, bytes);
        out.push_str("\"}}");
    } else if block == 1 {
        out.push_str("{\"type\":\"thinking\",\"thinking\":\"");
        source.filler(out, bytes);
        out.push_str("\",\"signature\":\"");
        for _ in 0..bytes / 40 {
            out.push_str(&source.hex(16));
        }
        out.push_str("\"}");
    } else {
        out.push_str("{\"type\":\"text\",\"text\":\"");
        source.filler(out, bytes);
        out.push_str("\"}");
    }
}

/// What the server did within the request: counted beside it where it was a request of its own.
fn iterations(
    source: &mut Source,
    log: &Log<'_>,
    context: &Context,
    counts: &Counts,
    tally: &mut Tally,
) -> String {
    if !log.version.newest {
        return String::new();
    }
    let mut list = entry("message", "", counts);
    if source.random.next().is_multiple_of(200) {
        let random = &mut source.random;
        let (input, output) = (random.between(40_000, 160_000), random.between(400, 3_000));
        let more = Counts { requests: 1, input, output, ..Counts::default() };
        let (kind, model, field) = if random.percent(50) {
            ("advisor_message", ADVISOR, format!("\"model\":\"{ADVISOR}\","))
        } else {
            ("compaction", context.model, String::new())
        };
        list = format!("{list},{}", entry(kind, &field, &more));
        tally.count(model, &more);
        tally.count_apart("iterations", &more);
    }
    list
}

fn entry(kind: &str, model: &str, counts: &Counts) -> String {
    let Counts { input, output, cache_read, cache_write, cache_write_long: long, .. } = counts;
    format!(
        "{{\"type\":\"{kind}\",{model}\"input_tokens\":{input},\"output_tokens\":{output},\"cache_read_input_tokens\":{cache_read},\
         \"cache_creation_input_tokens\":{cache_write},\"cache_creation\":{{\"ephemeral_5m_input_tokens\":{},\
         \"ephemeral_1h_input_tokens\":{long}}}}}",
        cache_write - long
    )
}
