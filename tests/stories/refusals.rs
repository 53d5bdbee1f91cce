//! Every reason for which a line is refused.

use crate::fixture::Fixture;

/// A line that is fine, with some fields replaced (`null` takes one out) and others added.
fn line(changes: &str) -> String {
    let mut line: serde_json::Value = serde_json::from_str(
        r#"{"instance_id":"i","route":"r","model":"m","tokens":1,"timestamp":"2026-05-03T00:00:00Z"}"#,
    )
    .unwrap();
    let changes: serde_json::Value = serde_json::from_str(&format!("{{{changes}}}")).unwrap();
    let line_fields = line.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            line_fields.remove(name);
        } else {
            line_fields.insert(name.clone(), value.clone());
        }
    }
    line.to_string()
}

/// Each is refused with exit code 3 and one line that says where and why; what stands around them
/// is stored.
fn refused(lines: &[Vec<u8>]) -> String {
    let fixture = Fixture::new();
    let mut input = line("").into_bytes();
    for line in lines {
        input.extend([b"\n", &line[..]].concat());
    }
    input.extend([b"\n", line("").as_bytes()].concat());
    fixture.write("f", &input);
    let run = fixture.usage("record f");
    let accounts = format!(
        "Lines: {}  |  Stored: 2  |  Duplicates: 0  |  Refused: {}\n",
        lines.len() + 2,
        lines.len()
    );
    assert_eq!((run.code, &run.stdout), (3, &accounts), "{run}");
    for (number, line) in run.stderr.lines().enumerate() {
        assert!(line.starts_with(&format!("f:{}: ", number + 2)), "{run}");
    }
    assert_eq!(run.stderr.lines().count(), lines.len(), "{run}");
    assert_eq!(fixture.totals(), (2, 2));
    run.stderr
}

fn refused_texts<S: AsRef<str>>(lines: impl IntoIterator<Item = S>) -> String {
    refused(&lines.into_iter().map(|line| line.as_ref().as_bytes().to_vec()).collect::<Vec<_>>())
}

#[test]
fn what_is_no_json() {
    insta::assert_snapshot!(
        refused_texts(["oops", "{", "{}}", "{\"instance_id\":\"i\"", "{} {}",
            "{'instance_id':'i'}", "// comment", "\u{feff}{}"]),
        @"
    f:2: not JSON: expected value (column 1)
    f:3: not JSON: EOF while parsing an object (column 1)
    f:4: missing field `instance_id` (column 2)
    f:5: not JSON: EOF while parsing an object (column 18)
    f:6: missing field `instance_id` (column 2)
    f:7: not JSON: key must be a string (column 2)
    f:8: not JSON: expected value (column 1)
    f:9: missing field `instance_id` (column 2)
    "
    );
}

/// Neither another kind of value, nor the fields of a record without their names.
#[test]
fn only_an_object_is_a_record() {
    let fields =
        r#"["i","p","v","r","m",1,null,null,null,null,null,null,"2026-05-03T00:00:00Z",null]"#;
    let complaints = refused_texts(["[]", "null", "1", "\"text\"", "true", "[{}]", fields]);
    for complaint in complaints.lines() {
        assert!(complaint.contains("object"), "{complaint}");
        assert!(!complaint.contains("RawLine"), "{complaint}");
    }
}

#[test]
fn bytes_that_are_no_text() {
    let latin = line("").replace("\"m\"", "\"caf?\"").into_bytes();
    let latin = latin.into_iter().map(|byte| if byte == b'?' { 0xe9 } else { byte }).collect();
    let surrogate = line("").replace("\"m\"", r#""\ud800""#).into_bytes();
    insta::assert_snapshot!(refused(&[latin, b"\xff".to_vec(), b"nul \0".to_vec(), surrogate]), @"
    f:2: not UTF-8 from byte 32 on
    f:3: not UTF-8 from byte 1 on
    f:4: not JSON: expected ident (column 4)
    f:5: not JSON: unexpected end of hex escape (column 35)
    ");
}

#[test]
fn fields_that_are_missing_unknown_or_repeated() {
    insta::assert_snapshot!(
        refused_texts([
            "{}".to_owned(),
            line(r#""instance_id":null"#),
            line(r#""route":null"#),
            line(r#""model":null"#),
            line(r#""tokens":null"#),
            line(r#""token":1"#),
            line(r#""Model":"m""#),
            line("").replace('{', r#"{"model":"other","#),
            line(r#""model":1"#),
            line(r#""profile":["a"]"#),
            line("").replace(r#""m""#, "null"),
        ]),
        @"
    f:2: missing field `instance_id` (column 2)
    f:3: missing field `instance_id` (column 71)
    f:4: missing field `route` (column 77)
    f:5: missing field `model` (column 77)
    f:6: no token count: tokens, or input_tokens, output_tokens and so on, is needed
    f:7: unknown field `token` (column 85); did you mean `tokens`?; --ignore-unknown takes lines with others
    f:8: unknown field `Model` (column 8); did you mean `model`?
    f:9: duplicate field `model` (column 42)
    f:10: model: invalid type: integer `1`, expected a string (column 28)
    f:11: profile: invalid type: sequence, expected a string (column 41)
    f:12: model: invalid type: null, expected a string (column 31)
    "
    );
}

#[test]
fn counts_that_are_none() {
    insta::assert_snapshot!(
        refused_texts([
            line(r#""tokens":-1"#),
            line(r#""tokens":1.5"#),
            line(r#""tokens":1.0"#),
            line("").replace(":1}", ":1e3}"),
            line(r#""tokens":1000000001"#),
            line(r#""tokens":18446744073709551616"#),
            line(r#""tokens":"7""#),
            line(r#""tokens":true"#),
            line(r#""tokens":[1]"#),
            line(r#""fallbacks":-1"#),
            line(r#""fallbacks":4294967296"#),
            line(r#""tokens":null,"input_tokens":-1"#),
            line(r#""tokens":null,"output_tokens":0.5"#),
            line(r#""tokens":null,"cache_read_tokens":1000000001"#),
            line(r#""tokens":null,"cache_write_tokens":-0.0"#),
            line(r#""tokens":5,"input_tokens":2,"output_tokens":2"#),
        ]),
        @r#"
    f:2: tokens is -1, whole numbers from 0 to 1000000000 are accepted
    f:3: tokens is 1.5, whole numbers from 0 to 1000000000 are accepted
    f:4: tokens is 1.0, whole numbers from 0 to 1000000000 are accepted
    f:5: tokens is 1000.0, whole numbers from 0 to 1000000000 are accepted
    f:6: tokens is 1000000001, whole numbers from 0 to 1000000000 are accepted
    f:7: tokens is 1.8446744073709552e19, whole numbers from 0 to 1000000000 are accepted
    f:8: tokens is the text "7", whole numbers from 0 to 1000000000 are accepted
    f:9: tokens is true, whole numbers from 0 to 1000000000 are accepted
    f:10: tokens: invalid type: sequence, expected a whole number from 0 to 1000000000 (column 88)
    f:11: fallbacks is -1, whole numbers from 0 to 1000000000 are accepted
    f:12: fallbacks is 4294967296, whole numbers from 0 to 1000000000 are accepted
    f:13: input_tokens is -1, whole numbers from 0 to 1000000000 are accepted
    f:14: output_tokens is 0.5, whole numbers from 0 to 1000000000 are accepted
    f:15: cache_read_tokens is 1000000001, whole numbers from 0 to 1000000000 are accepted
    f:16: cache_write_tokens is -0.0, whole numbers from 0 to 1000000000 are accepted
    f:17: tokens is 5, but the counts by kind add up to 4
    "#
    );
}

#[test]
fn names_that_are_empty_too_long_or_hold_nul() {
    let long = "é".repeat(129);
    insta::assert_snapshot!(
        refused_texts([
            line(r#""instance_id":"""#),
            line(r#""route":"""#),
            line(r#""model":"""#),
            line(&format!(r#""model":"{long}""#)),
            line(&format!(r#""profile":"{long}""#)),
            line(&format!(r#""event_id":"{}""#, "e".repeat(65))),
            line(r#""event_id":"""#),
            line(r#""route":"a\u0000b""#),
            line(r#""event_id":"a\u0000b""#),
        ]),
        @"
    f:2: instance_id must not be empty
    f:3: route must not be empty
    f:4: model must not be empty
    f:5: model has 258 bytes, at most 256 are accepted
    f:6: profile has 258 bytes, at most 256 are accepted
    f:7: event_id has 65 bytes, at most 64 are accepted
    f:8: event_id must not be empty
    f:9: route holds a NUL character
    f:10: event_id holds a NUL character
    "
    );
}

#[test]
fn timestamps_that_are_none_or_out_of_range() {
    insta::assert_snapshot!(
        refused_texts([
            line(r#""timestamp":"99999-01-01T00:00:00Z""#),
            line(r#""timestamp":"+99999-01-01T00:00:00Z""#),
            line(r#""timestamp":"2100-01-01T00:00:00Z""#),
            line(r#""timestamp":"1969-12-31T23:59:59.999999Z""#),
            line(r#""timestamp":"2026-02-30T00:00:00Z""#),
            line(r#""timestamp":"2026-05-03""#),
            line(r#""timestamp":"2026-05-03T00:00:00""#),
            line(r#""timestamp":"2026-05-03T24:00:00Z""#),
            line(r#""timestamp":"yesterday""#),
            line(r#""timestamp":"""#),
            line(r#""timestamp":1777787761"#),
            line(&format!(r#""timestamp":"{}""#, "9".repeat(1_000))),
        ]),
        @r#"
    f:2: timestamp "99999-01-01T00:00:00Z" is not RFC 3339, such as 2026-05-03T13:56:01+08:00
    f:3: timestamp "+99999-01-01T00:00:00Z" is not RFC 3339, such as 2026-05-03T13:56:01+08:00
    f:4: timestamp 2100-01-01T00:00:00.000000Z is outside 1970-01-01T00:00:00Z to 2100-01-01T00:00:00Z
    f:5: timestamp 1969-12-31T23:59:59.999999Z is outside 1970-01-01T00:00:00Z to 2100-01-01T00:00:00Z
    f:6: timestamp "2026-02-30T00:00:00Z": there is no such day
    f:7: timestamp "2026-05-03" is not RFC 3339, such as 2026-05-03T13:56:01+08:00
    f:8: timestamp "2026-05-03T00:00:00" is not RFC 3339, such as 2026-05-03T13:56:01+08:00
    f:9: timestamp "2026-05-03T24:00:00Z" is not RFC 3339, such as 2026-05-03T13:56:01+08:00
    f:10: timestamp "yesterday" is not RFC 3339, such as 2026-05-03T13:56:01+08:00
    f:11: timestamp "" is not RFC 3339, such as 2026-05-03T13:56:01+08:00
    f:12: timestamp: invalid type: integer `1777787761`, expected a string (column 65)
    f:13: timestamp "9999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999..." is not RFC 3339, such as 2026-05-03T13:56:01+08:00
    "#
    );
}

/// A long line is named by its length, and takes no memory; the longest that is read is 64 KiB.
#[test]
fn lines_without_an_end() {
    let of = |bytes: usize| {
        let mut line = line("").into_bytes();
        line.resize(bytes, b' ');
        line
    };
    insta::assert_snapshot!(refused(&[of(65_537), vec![b'x'; 10_000_000], of(10_000_000)]), @"
    f:2: the line is longer than 65536 bytes
    f:3: the line is longer than 65536 bytes
    f:4: the line is longer than 65536 bytes
    ");
    let fixture = Fixture::new();
    assert_eq!(fixture.usage_reading("record", of(65_536)).code, 0);
    assert_eq!(fixture.totals(), (1, 1));
}

/// A complaint stays one line of a sensible length, however long the text behind it.
#[test]
fn complaints_stay_short() {
    let long = "y".repeat(60_000);
    let complaints = refused_texts([
        format!(r#"{{"{long}":1}}"#),
        line(&format!(r#""tokens":"{long}""#)),
        line(&format!(r#""timestamp":"{long}""#)),
        line(&format!(r#""model":"{long}""#)),
        long.clone(),
        line("").replace(":1}", &format!(":{}}}", "9".repeat(60_000))),
    ]);
    for line in complaints.lines() {
        assert!(line.len() < 1_000, "{line}");
    }
}

/// Checks that what is on the edge is taken.
#[test]
fn the_largest_and_the_smallest_are_taken() {
    let name = "é".repeat(128);
    let lines = [
        line(r#""tokens":1000000000,"fallbacks":1000000000"#),
        line(r#""tokens":0"#),
        line(r#""tokens":null,"input_tokens":1000000000,"output_tokens":1000000000"#),
        line(r#""tokens":null,"output_tokens":7,"reasoning_tokens":7"#),
        line(r#""tokens":7,"input_tokens":3,"output_tokens":4"#),
        line(r#""timestamp":"1970-01-01T00:00:00Z""#),
        line(r#""timestamp":"2099-12-31T23:59:59.999999Z""#),
        line(r#""timestamp":"2099-12-31T23:59:59-00:00""#),
        line(r#""profile":"","provider":"""#),
        line(&format!(
            r#""instance_id":"{name}","profile":"{name}","provider":"{name}","route":"{name}","model":"{name}""#
        )),
        line(&format!(r#""event_id":"{}""#, "e".repeat(64))),
    ];
    let fixture = Fixture::with(&lines.join("\n"));
    assert_eq!(fixture.stored(), lines.len() as u64);
}
