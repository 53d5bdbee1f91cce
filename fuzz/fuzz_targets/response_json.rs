//! Any body, or any value where a dialect looks for one: an object that is JSON is read to its end,
//! and no part is larger than its whole.
#![no_main]

use libfuzzer_sys::fuzz_target;
use usage_core::{Counts, Timestamp};
use usage_providers::{Hints, Quality, read_response};

/// Where the values go: one template a dialect, and the bytes as they are.
const TEMPLATES: &[(&str, &str)] = &[
    ("", ""),
    (r#"{"id":"i","type":"message","model":"m","stop_reason":"end_turn","usage":{"#, "}}"),
    (r#"{"type":"message","usage":{"input_tokens":5,"output_tokens":7,"iterations":["#, "]}}"),
    (r#"{"id":"i","object":"chat.completion","choices":[],"usage":{"prompt_tokens":9,"#, "}}"),
    (r#"{"id":"i","object":"response","status":"completed","usage":{"input_tokens":9,"#, "}}"),
    (r#"{"candidates":[],"usageMetadata":{"promptTokenCount":9,"#, "}}"),
    (r#"{"object":"interaction","usage":{"total_input_tokens":9,"#, "}}"),
    (r#"{"stopReason":"end_turn","usage":{"inputTokens":9,"#, "}}"),
    (r#"{"id":"i","usage":{"billed_units":{"input_tokens":9},"#, "}}"),
    (r#"{"predictions":["#, "]}"),
];

fuzz_target!(|input: (u8, &[u8])| {
    let (choice, bytes) = input;
    let (before, after) = TEMPLATES[usize::from(choice) % TEMPLATES.len()];
    let body = [before.as_bytes(), bytes, after.as_bytes()].concat();
    let reading = read_response(&body, Hints::default());
    let is_object = serde_json::from_slice::<serde_json::Value>(&body)
        .is_ok_and(|value| value.is_object());
    if is_object {
        assert_eq!(reading.malformed, 0);
        assert!(reading.parts.len() <= 33);
        if let [main, ..] = reading.parts.as_slice() {
            let nothing_said = main.counts.total() == 0;
            assert!(main.quality == Quality::Reported || nothing_said, "{main:?}");
        }
    }
    for part in &reading.parts {
        let counts = &part.counts;
        assert!(counts.reasoning <= counts.output);
        assert!(counts.output_audio <= counts.output);
        assert!(counts.input_audio <= counts.input);
        assert!(counts.cache_read_audio <= counts.cache_read);
        assert!(counts.cache_write_long <= counts.cache_write);
        assert!(Counts::try_from(part.usage(Timestamp::MIN_RECORD)).is_ok(), "{part:?}");
        assert!(part.stated_cost.is_none_or(|cost| cost <= usage_providers::MAX_COST));
    }
});
