//! Bodies of each emitter, and the records that they tell of: in JSON as they lie here, and the same in protobuf.

use usage_core::record::line;

use super::message::{AnyValue, ResourceGroup, Scalar};
use super::*;

const NOW: Timestamp = Timestamp::from_micros(1_777_809_600_000_000);

/// The bodies, by emitter and signal. The lines of the records that come of each lie beside it.
macro_rules! bodies {
    ($($name:literal => $signal:ident),* $(,)?) => {
        [$((
            $name,
            Signal::$signal,
            include_str!(concat!("bodies/", $name, ".json")),
            include_str!(concat!("bodies/", $name, ".ndjson")),
        )),*]
    };
}

#[test]
fn each_emitter_is_understood_in_both_encodings() {
    for (name, signal, body, expected) in bodies!(
        "agentgateway" => Traces,
        "bifrost" => Traces,
        "claude-code" => Logs,
        "claude-code-spans" => Traces,
        "codex" => Logs,
        "collector" => Traces,
        "conventions" => Logs,
        "copilot" => Traces,
        "envoy" => Traces,
        "gemini-cli" => Logs,
        "litellm" => Traces,
        "opencode" => Traces,
        "opencode-plugin" => Logs,
        "qwen-code" => Logs,
    ) {
        let json = lines(body.as_bytes().to_vec(), Encoding::Json, Some(signal));
        assert_eq!(json, expected, "{name}");
        let proto = match signal {
            Signal::Logs => protobuf::write(&json::read::<Log>(body.as_bytes()).unwrap()),
            _ => protobuf::write(&json::read::<Span>(body.as_bytes()).unwrap()),
        };
        assert_eq!(lines(proto.clone(), Encoding::Protobuf, Some(signal)), expected, "{name}");
        assert_eq!(lines(proto, Encoding::Protobuf, None), expected, "{name}, by its content");
    }
}

fn lines(body: Vec<u8>, encoding: Encoding, signal: Option<Signal>) -> String {
    let batch = read(body.into(), encoding, signal, NOW, &mut LabelInterner::new(9)).unwrap();
    assert_eq!(batch.complaint(), None);
    batch.records.iter().map(|record| line::write(record) + "\n").collect()
}

/// Both spellings of names, numbers as texts, and an enumeration as its word.
#[test]
fn json_may_be_spelled_either_way() {
    let camel = r#"{"resourceSpans":[{"resource":{"attributes":[]},"scopeSpans":[{"spans":[{
        "traceId":"0AFF","spanId":"0b","name":"chat m","kind":3,"endTimeUnixNano":"1777809600000000000",
        "attributes":[{"key":"gen_ai.usage.input_tokens","value":{"intValue":"5"}}],"status":{"code":2}}]}]}]}"#;
    let snake = r#"{"resource_spans":[{"resource":{"attributes":[]},"scope_spans":[{"spans":[{
        "trace_id":"0aff","span_id":"0B","name":"chat m","kind":"SPAN_KIND_CLIENT","end_time_unix_nano":1777809600000000000,
        "attributes":[{"key":"gen_ai.usage.input_tokens","value":{"int_value":5}}],"status":{"code":"STATUS_CODE_ERROR"}}]}]}]}"#;
    let of = |body: &str| lines(body.as_bytes().to_vec(), Encoding::Json, None);
    assert_eq!(of(camel), of(snake));
    assert!(of(camel).contains(r#""outcome":"error""#));
}

#[test]
fn whatever_stands_in_a_field_costs_no_more_than_it() {
    let odd = [
        "null",
        "true",
        "5",
        "-5",
        "1e99",
        "\"\"",
        "\"x\"",
        "[]",
        "[[[]]]",
        "{}",
        "{\"a\":{}}",
        "18446744073709551615",
        "\"NaN\"",
    ];
    let fields = [
        "resourceLogs",
        "resource",
        "attributes",
        "scopeLogs",
        "scope",
        "logRecords",
        "timeUnixNano",
        "traceId",
        "key",
        "value",
        "intValue",
        "doubleValue",
        "stringValue",
        "boolValue",
    ];
    let body = r#"{"resourceLogs":[{"resource":{"attributes":[{"key":"a","value":{"boolValue":true}}]},
        "scopeLogs":[{"scope":{},"logRecords":[{"timeUnixNano":"5","traceId":"00","attributes":[
        {"key":"input_tokens","value":{"intValue":"5"}},{"key":"b_tokens","value":{"doubleValue":5}},
        {"key":"event.name","value":{"stringValue":"api_request"}}]}]}]}]}"#;
    for field in fields {
        for odd in odd {
            // Put before what stands there; the last one of two holds.
            let body =
                body.replace(&format!("\"{field}\":"), &format!("\"{field}\":{odd},\"{field}\":"));
            let end = body.len() - 1;
            let after = format!("{},\"{field}\":{odd}}}", &body[..end]);
            for body in [body, after] {
                let body = body.into_bytes().into();
                let read = read(body, Encoding::Json, None, NOW, &mut LabelInterner::new(9));
                assert!(read.is_ok(), "{field}: {odd}");
            }
        }
    }
}

/// JSON sends whole numbers as texts, protobuf does not.
#[test]
fn a_number_in_the_place_of_a_name_is_the_same_in_both_encodings() {
    let body = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"chat m","attributes":[
        {"key":"error.type","value":{"intValue":"500"}},
        {"key":"session.id","value":{"intValue":"7"}}]}]}]}]}"#;
    let export = json::read::<Span>(body.as_bytes()).unwrap();
    let attributes = &export.groups[0].scopes[0].items[0].as_ref().unwrap().attributes;
    let value = attributes[0].value.as_ref().unwrap();
    assert_eq!(value.scalar, Some(Scalar::Int(500)));
    let of_json = lines(body.as_bytes().to_vec(), Encoding::Json, None);
    assert!(of_json.contains(r#""session_id":"7""#) && of_json.contains(r#""outcome":"error""#));
    let of_protobuf = lines(protobuf::write(&export), Encoding::Protobuf, Some(Signal::Traces));
    assert_eq!(of_protobuf, of_json);
}

#[test]
fn an_item_that_is_no_message_costs_itself() {
    let body = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"5"},7,{}]}]}]}"#;
    let export = json::read::<Log>(body.as_bytes()).unwrap();
    let mut proto = protobuf::write(&export);
    let batch = |body: Vec<u8>, encoding| {
        read(body.into(), encoding, Some(Signal::Logs), NOW, &mut LabelInterner::new(9)).unwrap()
    };
    assert_eq!(batch(body.as_bytes().to_vec(), Encoding::Json).rejected, 1);
    assert_eq!(batch(proto.clone(), Encoding::Protobuf).rejected, 0);
    // The wire type of the first log's time.
    let at = proto.iter().rposition(|byte| *byte == 9).unwrap();
    proto[at] = 0x0f;
    assert_eq!(batch(proto, Encoding::Protobuf).rejected, 1);
}

/// Values that nothing is made of are passed over where their names come first, as they do.
#[test]
fn prompts_are_not_even_read() {
    let body = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"attributes":[
        {"key":"prompt","value":{"stringValue":"a secret"}},
        {"key":"model","value":{"stringValue":"m"}}]}]}]}]}"#;
    let export = json::read::<Log>(body.as_bytes()).unwrap();
    let [ResourceGroup { scopes, .. }] = &export.groups[..] else { panic!("{export:?}") };
    let log = scopes[0].items[0].as_ref().unwrap();
    assert_eq!(log.attributes[0].value, None);
    assert!(matches!(log.attributes[1].value, Some(AnyValue { scalar: Some(_) })));
}
