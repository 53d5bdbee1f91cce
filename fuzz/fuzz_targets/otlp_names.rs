//! Events and spans of every emitter with every name of the table and any values: both encodings tell of the same
//! records, whose parts lie within their wholes.
#![no_main]

use std::sync::LazyLock;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use usage_core::record::line;
use usage_core::{LabelInterner, Measure, Timestamp};
use usage_server::{Encoding, Signal, read_otlp};

const NOW: Timestamp = Timestamp::from_micros(1_777_809_600_000_000);

/// The texts of the table itself, so that this list is never an older one.
static NAMES: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let table = include_str!("../../crates/usage-providers/src/telemetry/names.rs");
    let others = include_str!("../../crates/usage-server/src/otlp/event.rs");
    [table, others].iter().flat_map(|text| text.split('"').skip(1).step_by(2)).collect()
});
const SERVICES: &[&str] = &[
    "claude-code",
    "codex_exec",
    "gemini-cli",
    "qwen-code",
    "copilot",
    "opencode",
    "litellm",
    "bifrost",
    "agentgateway",
    "cursor",
    "our-gateway",
    "",
];
const EVENTS: &[&str] = &[
    "claude_code.api_request",
    "claude_code.llm_request",
    "api_request",
    "codex.sse_event",
    "gemini_cli.api_response",
    "qwen-code.api_response",
    "gen_ai.client.inference.operation.details",
    "chat gpt-5",
    "ai.streamText.doStream",
    "invoke_agent",
    "LLM",
    "",
];

#[derive(Arbitrary, Debug)]
struct Item<'a> {
    service: u8,
    event: u8,
    is_span: bool,
    kind: u8,
    time: u64,
    attributes: Vec<(u8, Scalar<'a>)>,
}

#[derive(Arbitrary, Debug)]
enum Scalar<'a> {
    Text(&'a str),
    Bool(bool),
    Int(i64),
    Small(u16),
    /// Thousandths: longer floats are not read back to the last bit from JSON.
    Float(i32),
}

fuzz_target!(|items: Vec<Item<'_>>| {
    for item in &items {
        let signal = if item.is_span { Signal::Traces } else { Signal::Logs };
        let read = |body: Vec<u8>, encoding| {
            read_otlp(body.into(), encoding, Some(signal), NOW, &mut LabelInterner::new(10))
                .unwrap()
        };
        let json = read(item.to_json().to_string().into_bytes(), Encoding::Json);
        let protobuf = read(item.to_protobuf(), Encoding::Protobuf);
        assert_eq!(json.records, protobuf.records, "{item:?}");
        assert_eq!(
            (json.rejected, &json.sources),
            (protobuf.rejected, &protobuf.sources),
            "{item:?}"
        );
        for record in &json.records {
            let counts = record.counts();
            assert!(counts.get(Measure::Reasoning) <= counts.get(Measure::Output), "{item:?}");
            let written = line::write(record);
            let read = line::parse(written.as_bytes(), NOW, &mut LabelInterner::new(10));
            assert_eq!(read.as_ref(), Ok(record), "{written}");
        }
    }
});

fn of<'a>(list: &[&'a str], at: u8) -> &'a str {
    list[usize::from(at) % list.len()]
}

impl Item<'_> {
    fn name(&self) -> &'static str {
        of(EVENTS, self.event)
    }

    fn attributes(&self) -> impl Iterator<Item = (&'static str, &Scalar<'_>)> {
        self.attributes.iter().map(|(at, value)| (of(&NAMES, *at), value))
    }

    fn to_json(&self) -> Value {
        let attributes: Vec<_> = self
            .attributes()
            .map(|(key, value)| {
                let value = match value {
                    Scalar::Text(text) => json!({ "stringValue": text }),
                    Scalar::Bool(truth) => json!({ "boolValue": truth }),
                    Scalar::Int(number) => json!({ "intValue": number.to_string() }),
                    Scalar::Small(number) => json!({ "intValue": number }),
                    Scalar::Float(number) => json!({ "doubleValue": f64::from(*number) / 1_000.0 }),
                };
                json!({ "key": key, "value": value })
            })
            .collect();
        let time = self.time.to_string();
        let service = json!({ "key": "service.name", "value": { "stringValue": of(SERVICES, self.service) } });
        let resource = json!({ "attributes": [service] });
        if self.is_span {
            let span = json!({ "name": self.name(), "kind": self.kind % 6, "endTimeUnixNano": time, "attributes": attributes });
            json!({ "resourceSpans": [{ "resource": resource, "scopeSpans": [{ "spans": [span] }] }] })
        } else {
            let log =
                json!({ "eventName": self.name(), "timeUnixNano": time, "attributes": attributes });
            json!({ "resourceLogs": [{ "resource": resource, "scopeLogs": [{ "logRecords": [log] }] }] })
        }
    }

    fn to_protobuf(&self) -> Vec<u8> {
        let mut item = Vec::new();
        if self.is_span {
            bytes(&mut item, 5, self.name().as_bytes());
            varint(&mut item, 6, u64::from(self.kind % 6));
            fixed(&mut item, 8, self.time);
        } else {
            fixed(&mut item, 1, self.time);
            bytes(&mut item, 12, self.name().as_bytes());
        }
        for (key, value) in self.attributes() {
            let mut any = Vec::new();
            match value {
                Scalar::Text(text) => bytes(&mut any, 1, text.as_bytes()),
                Scalar::Bool(truth) => varint(&mut any, 2, u64::from(*truth)),
                Scalar::Int(number) => varint(&mut any, 3, number.cast_unsigned()),
                Scalar::Small(number) => varint(&mut any, 3, u64::from(*number)),
                Scalar::Float(number) => {
                    fixed(&mut any, 4, (f64::from(*number) / 1_000.0).to_bits())
                }
            }
            bytes(&mut item, if self.is_span { 9 } else { 6 }, &pair(key, &any));
        }
        let mut any = Vec::new();
        bytes(&mut any, 1, of(SERVICES, self.service).as_bytes());
        let (mut resource, mut scope, mut group, mut export) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        bytes(&mut resource, 1, &pair("service.name", &any));
        bytes(&mut scope, 2, &item);
        bytes(&mut group, 1, &resource);
        bytes(&mut group, 2, &scope);
        bytes(&mut export, 1, &group);
        export
    }
}

fn pair(key: &str, any: &[u8]) -> Vec<u8> {
    let mut pair = Vec::new();
    bytes(&mut pair, 1, key.as_bytes());
    bytes(&mut pair, 2, any);
    pair
}

fn number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn bytes(out: &mut Vec<u8>, tag: u64, bytes: &[u8]) {
    number(out, tag << 3 | 2);
    number(out, bytes.len() as u64);
    out.extend(bytes);
}

fn varint(out: &mut Vec<u8>, tag: u64, value: u64) {
    number(out, tag << 3);
    number(out, value);
}

fn fixed(out: &mut Vec<u8>, tag: u64, value: u64) {
    number(out, tag << 3 | 1);
    out.extend(value.to_le_bytes());
}
