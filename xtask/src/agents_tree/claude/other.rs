//! Rows that hold no usage of their own, which is most of a file.

use std::fmt::Write as _;

use super::log::Log;
use super::request::Request;
use crate::agents_tree::text::{Source, time};
use crate::agents_tree::truth::{Counts, Tally};

pub(super) fn user(source: &mut Source, log: &mut Log<'_>) {
    log.row(source, |source, out| {
        out.push_str(",\"type\":\"user\",\"message\":{\"role\":\"user\",\"content\":\"");
        let bytes = source.random.skewed(20, 1_500);
        source.filler(out, bytes);
        out.push_str("\"}");
    });
}

/// A tool's result: told twice, mostly short, sometimes a whole file or an image.
pub(super) fn tool_result(source: &mut Source, log: &mut Log<'_>) {
    let bytes = match source.random.next() % 1_000 {
        0..=5 => source.random.between(40_000, 160_000),
        6..=90 => source.random.between(2_500, 14_000),
        _ => source.random.skewed(30, 1_900),
    };
    let text = source.words(bytes);
    let id = source.api_id("toolu_");
    log.pass(source, 20, 9_000);
    log.row(source, |_, out| {
        let _ = write!(
            out,
            ",\"type\":\"user\",\"message\":{{\"role\":\"user\",\"content\":[{{\"tool_use_id\":\"{id}\",\"type\":\"tool_result\",\
             \"content\":\"{text}\",\"is_error\":false}}]}},\"toolUseResult\":{{\"stdout\":\"{text}\",\"stderr\":\"\",\"interrupted\":false}}"
        );
    });
}

/// A subagent's result, with the usage of its last request, which is told elsewhere.
pub(super) fn subagent_result(source: &mut Source, log: &mut Log<'_>, last: &Counts, total: u64) {
    let (id, text) = (source.api_id("toolu_"), source.words(900));
    log.row(source, |_, out| {
        let _ = write!(
            out,
            ",\"type\":\"user\",\"message\":{{\"role\":\"user\",\"content\":[{{\"tool_use_id\":\"{id}\",\"type\":\"tool_result\",\
             \"content\":\"{text}\"}}]}},\"toolUseResult\":{{\"status\":\"completed\",\"totalDurationMs\":8000,\"totalTokens\":{total},\
             \"totalToolUseCount\":3,\"usage\":{{\"input_tokens\":{},\"cache_creation_input_tokens\":{},\"cache_read_input_tokens\":{},\
             \"output_tokens\":{}}}}}",
            last.input, last.cache_write, last.cache_read, last.output
        );
    });
}

/// A subagent's row within one of its parent.
pub(super) fn nested(source: &mut Source, log: &mut Log<'_>, agent: &str, request: &Request) {
    let row = &request.first_row;
    // The row as it stands within: from its message to its type.
    let (Some(start), Some(end)) = (row.find("\"message\":"), row.rfind(",\"uuid\"")) else {
        return;
    };
    let inner = &row[start..end];
    log.row(source, |_, out| {
        let _ = write!(
            out,
            ",\"type\":\"progress\",\"data\":{{\"message\":{{{inner}}},\"type\":\"agent_progress\",\"prompt\":\"\",\"agentId\":\"{agent}\"}}"
        );
    });
}

/// A hook's progress, which hundreds of rows of a file are.
pub(super) fn hook(source: &mut Source, log: &mut Log<'_>) {
    log.row(source, |source, out| {
        out.push_str(",\"type\":\"progress\",\"data\":{\"type\":\"hook_progress\",\"hookEvent\":\"PostToolUse\",\"command\":\"");
        let bytes = source.random.between(100, 250);
        source.filler(out, bytes);
        out.push_str("\"}");
    });
}

/// A request that failed: no tokens, and a model that is none.
pub(super) fn failure(source: &mut Source, log: &mut Log<'_>, tally: &mut Tally) {
    tally.errors += 1;
    let id = source.uuid4();
    log.row(source, |_, out| {
        let _ = write!(
            out,
            ",\"type\":\"assistant\",\"message\":{{\"id\":\"{id}\",\"container\":null,\"model\":\"<synthetic>\",\"role\":\"assistant\",\
             \"stop_reason\":\"stop_sequence\",\"stop_sequence\":\"\",\"type\":\"message\",\"usage\":{{\"input_tokens\":0,\"output_tokens\":0,\
             \"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0}},\"content\":[{{\"type\":\"text\",\
             \"text\":\"API Error: 529 overloaded\"}}]}},\"error\":\"overloaded\",\"isApiErrorMessage\":true,\"apiErrorStatus\":529"
        );
    });
}

/// A compaction by the agent: its request is not logged.
pub(super) fn compaction(source: &mut Source, log: &mut Log<'_>, before: u64) {
    log.row(source, |_, out| {
        let _ = write!(
            out,
            ",\"type\":\"system\",\"subtype\":\"compact_boundary\",\"content\":\"Conversation compacted\",\"level\":\"info\",\
             \"compactMetadata\":{{\"trigger\":\"auto\",\"preTokens\":{before}}}"
        );
    });
    log.row(source, |source, out| {
        out.push_str(",\"type\":\"user\",\"isCompactSummary\":true,\"message\":{\"role\":\"user\",\"content\":\"");
        let bytes = source.random.between(4_000, 12_000);
        source.filler(out, bytes);
        out.push_str("\"}");
    });
}

/// The first row of a session, with the time at which it begins. The oldest version writes none.
pub(super) fn queued(source: &mut Source, log: &mut Log<'_>) {
    if !log.version.loses_request_ids {
        log.bare(source, "queue-operation", ",\"operation\":\"enqueue\"");
    }
}

/// Writes the rows that a session begins with.
pub(super) fn opening(source: &mut Source, log: &mut Log<'_>) {
    queued(source, log);
    let at = time(log.at);
    let snapshot = format!(
        ",\"messageId\":\"{}\",\"snapshot\":{{\"trackedFileBackups\":{{}},\"timestamp\":\"{at}\"}},\"isSnapshotUpdate\":false",
        source.uuid4()
    );
    log.bare(source, "file-history-snapshot", &snapshot);
    if log.version.newest {
        for bytes in [2_000, 9_000, 40_000] {
            let bytes = source.random.skewed(bytes / 2, bytes * 2);
            log.row(source, |source, out| {
                out.push_str(",\"type\":\"attachment\",\"attachment\":{\"type\":\"skill_listing\",\"content\":\"");
                source.filler(out, bytes);
                out.push_str("\"}");
            });
        }
        let (hash, words) = (source.hex(16), source.words(76_000));
        let shape = format!(",\"shapeHash\":\"{hash}\",\"shape\":{{\"system\":\"{words}\"}}");
        log.bare(source, "api-request-shape", &shape);
    }
}

/// Writes the rows that the newest versions log of a request before it is sent.
pub(super) fn sent(source: &mut Source, log: &mut Log<'_>) {
    let bytes = source.random.skewed(200, 4_000);
    let (hash, words) = (source.hex(16), source.words(bytes));
    log.bare(
        source,
        "api-request-blob",
        &format!(",\"hash\":\"{hash}\",\"message\":{{\"role\":\"user\",\"content\":\"{words}\"}}"),
    );
    let id = source.uuid4();
    let request = format!(
        ",\"id\":\"{id}\",\"querySource\":\"sdk\",\"params\":{{\"max_tokens\":32000}},\"keep\":0"
    );
    log.bare(source, "api-request", &request);
}

/// The totals that the newest keeps of a session, with what it does not log otherwise.
pub(super) fn totals(source: &mut Source, log: &mut Log<'_>, models: &[(&'static str, Counts)]) {
    let list = models.iter().map(|(model, counts)| {
        format!(
            "\"{model}\":{{\"inputTokens\":{},\"outputTokens\":{},\"thinkingTokens\":{},\"cacheReadInputTokens\":{},\
             \"cacheCreationInputTokens\":{},\"cacheCreationEphemeral5mInputTokens\":{},\"cacheCreationEphemeral1hInputTokens\":{},\
             \"webSearchRequests\":{},\"costUSD\":0.5}}",
            counts.input,
            counts.output,
            counts.reasoning,
            counts.cache_read,
            counts.cache_write,
            counts.cache_write - counts.cache_write_long,
            counts.cache_write_long,
            counts.web_searches
        )
    });
    let list = list.collect::<Vec<_>>().join(",");
    let totals =
        format!(",\"totalCostUSD\":0.5,\"modelUsage\":{{{list}}},\"hasUnknownModelCost\":false");
    log.bare(source, "cost-state", &totals);
}
