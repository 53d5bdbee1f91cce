//! Any body of any signal in either encoding, and whole bodies with some bytes changed: it is read or refused, and
//! records of it can be written down and read back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use usage_core::record::line;
use usage_core::{LabelInterner, Timestamp};
use usage_server::{Encoding, Signal, read_otlp};

const NOW: Timestamp = Timestamp::from_micros(1_777_809_600_000_000);

/// Bodies to begin with; the others come of them.
const BODIES: &[&str] = &[
    "",
    include_str!("../../crates/usage-server/src/otlp/bodies/claude-code.json"),
    include_str!("../../crates/usage-server/src/otlp/bodies/codex.json"),
    include_str!("../../crates/usage-server/src/otlp/bodies/litellm.json"),
    include_str!("../../crates/usage-server/src/otlp/bodies/opencode.json"),
];

fuzz_target!(|input: (u8, bool, u16, &[u8])| {
    let (choice, is_json, at, bytes) = input;
    let mut body = BODIES[usize::from(choice) % BODIES.len()].as_bytes().to_vec();
    let at = usize::from(at).min(body.len());
    let end = (at + bytes.len()).min(body.len());
    body.splice(at..end, bytes.iter().copied());
    let encoding = if is_json { Encoding::Json } else { Encoding::Protobuf };
    for signal in [None, Some(Signal::Logs), Some(Signal::Traces), Some(Signal::Metrics)] {
        let body = body.clone().into();
        let Ok(batch) = read_otlp(body, encoding, signal, NOW, &mut LabelInterner::new(10)) else {
            continue;
        };
        for record in &batch.records {
            let written = line::write(record);
            let read = line::parse(written.as_bytes(), NOW, &mut LabelInterner::new(10));
            assert_eq!(read.as_ref(), Ok(record), "{written}");
        }
    }
});
