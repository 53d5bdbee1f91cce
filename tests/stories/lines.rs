//! Record lines for the stories.

use std::fmt::Write as _;

/// Lines that all differ, `count` from the number `first` on: each of one token, ten models, a
/// second apart from midnight of 2026-05-01 on, without event ids.
pub(crate) fn many(first: u64, count: u64) -> String {
    let mut lines = String::new();
    for number in first..first + count {
        let model = number % 10;
        writeln!(
            lines,
            r#"{{"instance_id":"i","route":"r","model":"m{model}","tokens":1,"timestamp":"{}"}}"#,
            instant(number)
        )
        .unwrap();
    }
    lines
}

/// As [`many`], with the event ids `event-NUMBER`.
pub(crate) fn events(first: u64, count: u64) -> String {
    let lines = many(first, count);
    let mut named = String::new();
    for (number, line) in (first..).zip(lines.lines()) {
        let line = line.strip_suffix('}').unwrap();
        writeln!(named, r#"{line},"event_id":"event-{number}"}}"#).unwrap();
    }
    named
}

fn instant(number: u64) -> String {
    let (days, seconds) = (number / 86_400, number % 86_400);
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    format!("2026-05-{:02}T{hours:02}:{minutes:02}:{:02}Z", days % 28 + 1, seconds % 60)
}

/// A small day: two routers, two profiles and none, three providers and none, counts by kind and
/// bare totals, one fallback chain.
pub(crate) const DAY: &str = r#"
{"instance_id":"router-1","profile":"work","provider":"anthropic","route":"think","model":"claude-sonnet-4-5","input_tokens":1200,"output_tokens":800,"cache_read_tokens":91000,"cache_write_tokens":4000,"reasoning_tokens":300,"timestamp":"2026-05-03T08:15:00Z"}
{"instance_id":"router-1","profile":"work","provider":"anthropic","route":"default","model":"claude-haiku-4-5","input_tokens":500,"output_tokens":120,"timestamp":"2026-05-03T08:16:00Z"}
{"instance_id":"router-1","profile":"work","provider":"openai","route":"think","model":"gpt-5","tokens":1500000,"fallbacks":2,"timestamp":"2026-05-03T09:00:00.5Z"}
{"instance_id":"router-2","provider":"ollama","route":"background","model":"qwen3:8b","tokens":4200,"timestamp":"2026-05-03T09:30:00Z"}
{"instance_id":"router-2","route":"background","model":"local","tokens":0,"timestamp":"2026-05-02T23:59:59.999999Z"}
{"instance_id":"router-2","profile":"home","provider":"anthropic","route":"default","model":"claude-sonnet-4-5","tokens":999950,"fallbacks":1,"timestamp":"2026-04-30T12:00:00+02:00"}
"#;
