//! The record line: what is taken, what is refused and in which words.

use super::*;

#[test]
fn the_fields_are_named_as_in_the_line() {
    // One record with all fields, read through the line, names every field of the list.
    let text = with(
        r#""profile":"p","provider":"v","tokens":10,"input_tokens":1,"output_tokens":2,
        "cache_read_tokens":3,"cache_write_tokens":4,"reasoning_tokens":1,"fallbacks":5,
        "timestamp":"2026-05-03T13:56:01.5+08:00","event_id":"e","tier":"batch","project":"site",
        "user":"ann","cache_write_long_tokens":4,"input_audio_tokens":1,"output_audio_tokens":1,
        "cache_read_audio_tokens":2,"web_searches":7,"alias_id":"f","revision":10,"session_id":"s",
        "tags":{"team":"search","env":"prod"},"outcome":"cancelled","quality":"partial",
        "inconsistent":true,"stated_cost_usd":"0.25","time_stated":false"#,
    );
    let record = parse(&text).unwrap();
    for field in Field::ALL {
        assert!(text.contains(&format!("\"{field}\":")), "{field}");
    }
    assert_eq!(record.tokens().total(), 10);
    assert_eq!(record.fallbacks(), 5);
    assert_eq!(record.timestamp().to_string(), "2026-05-03T05:56:01.500000Z");
    assert_eq!(record.event_id().unwrap().as_str(), "e");
    assert_eq!(record.alias_id().unwrap().as_str(), "f");
    let expected = names().with_tier("batch").with_project("site").with_user("ann");
    assert_eq!(record.labels().names(), expected);
    let context = record.context();
    assert_eq!(
        (context.session_id(), context.tag("team"), context.tag("env")),
        ("s", Some("search"), Some("prod"))
    );
    let counts = record.counts();
    assert_eq!(*counts.numbers(), [1, 2, 3, 4, 0, 1, 5, 4, 1, 1, 2, 7]);
    assert_eq!((counts.outcome(), counts.quality()), (Outcome::Cancelled, Quality::Partial));
    assert_eq!(
        (counts.revision(), counts.is_inconsistent(), counts.is_time_stated()),
        (10, true, false)
    );
    assert_eq!(counts.stated_cost(), Some(Money::from_picos(250_000_000_000)));
}

#[test]
fn what_a_line_leaves_out() {
    let record = parse(&with(r#""tokens":1500"#)).unwrap();
    assert_eq!(record.timestamp(), NOW);
    assert_eq!(record.tokens().unclassified, 1_500);
    assert_eq!(record.fallbacks(), 0);
    assert_eq!(record.event_id(), None);
    assert_eq!(record.labels().names().get(Label::Profile), "");
    let by_kind = parse(&with(r#""cache_write_tokens":5"#)).unwrap();
    assert_eq!((by_kind.tokens().cache_write, by_kind.tokens().total()), (5, 5));
    assert_eq!(parse(&with(r#""tokens":null,"input_tokens":5"#)).unwrap().tokens().input, 5);
}

#[test]
fn bad_lines_say_what_is_wrong_and_what_is_accepted() {
    let cases = [
        ("", "not JSON: EOF while parsing a value (column 0)"),
        ("{\"instance_id\":", "not JSON: EOF while parsing a value (column 15)"),
        ("[1]", "invalid type: sequence, expected a JSON object (column 1)"),
        (" 7", "invalid type: integer `7`, expected a JSON object (column 2)"),
        ("{}", "missing field `instance_id` (column 2)"),
        (
            &format!("{},", with(r#""tokens":1"#)),
            "not JSON: ',' stands behind the object, which is to be alone on its line (column 55)",
        ),
        (
            &format!("{}\u{2212}", with(r#""tokens":1"#)),
            "not JSON: '\u{2212}' stands behind the object, which is to be alone on its line (column 55)",
        ),
        (
            "{\"a\":1}{",
            "unknown field `a` (column 4); the fields of records are instance_id, profile, provider, route, model, tokens, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, fallbacks, timestamp, event_id, tier, project, user, cache_write_long_tokens, input_audio_tokens, output_audio_tokens, cache_read_audio_tokens, web_searches, alias_id, revision, session_id, tags, outcome, quality, inconsistent, stated_cost_usd, time_stated",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(complaint(text), expected, "{text}");
    }
    let cases = [
        (
            r#""fallbacks":0"#,
            "no token count: tokens, or input_tokens, output_tokens and so on, is needed",
        ),
        (r#""tokens":-1"#, "tokens is -1, whole numbers from 0 to 1000000000 are accepted"),
        (r#""tokens":1.5"#, "tokens is 1.5, whole numbers from 0 to 1000000000 are accepted"),
        (
            r#""tokens":"7""#,
            "tokens is the text \"7\", whole numbers from 0 to 1000000000 are accepted",
        ),
        (r#""tokens":true"#, "tokens is true, whole numbers from 0 to 1000000000 are accepted"),
        (
            r#""tokens":1000000001"#,
            "tokens is 1000000001, whole numbers from 0 to 1000000000 are accepted",
        ),
        (
            r#""tokens":99999999999999999999"#,
            "tokens is 1e20, whole numbers from 0 to 1000000000 are accepted",
        ),
        (
            r#""tokens":[]"#,
            "tokens: invalid type: sequence, expected a whole number from 0 to 1000000000 (column 54)",
        ),
        (
            r#""input_tokens":-1"#,
            "input_tokens is -1, whole numbers from 0 to 1000000000 are accepted",
        ),
        (
            r#""output_tokens":-1"#,
            "output_tokens is -1, whole numbers from 0 to 1000000000 are accepted",
        ),
        (
            r#""cache_read_tokens":-1"#,
            "cache_read_tokens is -1, whole numbers from 0 to 1000000000 are accepted",
        ),
        (
            r#""cache_write_tokens":-1"#,
            "cache_write_tokens is -1, whole numbers from 0 to 1000000000 are accepted",
        ),
        (
            r#""reasoning_tokens":-1"#,
            "reasoning_tokens is -1, whole numbers from 0 to 1000000000 are accepted",
        ),
        (
            r#""tokens":1,"fallbacks":-1"#,
            "fallbacks is -1, whole numbers from 0 to 1000000000 are accepted",
        ),
        (
            r#""tokens":2000000000,"input_tokens":5"#,
            "tokens is 2000000000, but the counts by kind add up to 5",
        ),
        (r#""tokens":4,"input_tokens":5"#, "tokens is 4, but the counts by kind add up to 5"),
        (
            r#""tokens":1,"timestamp":"99999-01-01T00:00:00Z""#,
            "timestamp \"99999-01-01T00:00:00Z\" is not RFC 3339, such as 2026-05-03T13:56:01+08:00",
        ),
        (
            r#""tokens":1,"timestamp":"2026-02-30T10:00:00Z""#,
            "timestamp \"2026-02-30T10:00:00Z\": there is no such day",
        ),
        (
            r#""tokens":1,"timestamp":"2100-01-01T00:00:00Z""#,
            "timestamp 2100-01-01T00:00:00.000000Z is outside 1970-01-01T00:00:00Z to 2100-01-01T00:00:00Z",
        ),
        (
            r#""tokens":1,"timestamp":"2026-05-03T13:56:60Z""#,
            "timestamp \"2026-05-03T13:56:60Z\" is in a leap second, which no ledger has: write the second after",
        ),
        (r#""tokens":1,"alias_id":"f""#, "alias_id needs an event_id"),
        (r#""tokens":1,"event_id":"e","alias_id":"""#, "alias_id must not be empty"),
        (
            r#""tokens":1,"web_searches":1000001"#,
            "web_searches is 1000001, at most 1000000 is accepted",
        ),
        (
            r#""tokens":1,"revision":-1"#,
            "revision is -1, whole numbers from 0 to 1000000000 are accepted",
        ),
        (r#""tokens":1,"outcome":"OK""#, "outcome is \"OK\", ok, error, cancelled are accepted"),
        (
            r#""tokens":1,"quality":"sure""#,
            "quality is \"sure\", reported, partial, estimated are accepted",
        ),
        (r#""tokens":1,"inconsistent":1"#, "inconsistent is \"1\", true, false are accepted"),
        (
            r#""tokens":1,"stated_cost_usd":"1,5""#,
            "stated_cost_usd is \"1,5\": not a decimal number of dollars, as in 12.50",
        ),
        (
            r#""tokens":1,"stated_cost_usd":"0.0000000000001""#,
            "stated_cost_usd is \"0.0000000000001\": more than 12 decimal places",
        ),
        (
            r#""tokens":1,"stated_cost_usd":-0.5"#,
            "stated_cost_usd is -0.5: not a decimal number of dollars, as in 12.50",
        ),
        (
            r#""tokens":1,"stated_cost_usd":"9000000.01""#,
            "stated_cost_usd is 9000000.01, at most 9000000 is accepted",
        ),
        (
            r#""tokens":1,"stated_cost_usd":1e300"#,
            "stated_cost_usd is 1e300: more dollars than can be kept",
        ),
        (
            r#""tokens":1,"tags":["a"]"#,
            "tags: invalid type: sequence, expected a JSON object of texts (column 61)",
        ),
        (
            r#""tokens":1,"tags":{"a":1}"#,
            "tags: invalid type: integer `1`, expected a string (column 67)",
        ),
        (r#""tokens":1,"tags":{"":"x"}"#, "tags has an empty key"),
        (r#""tokens":1,"tags":{"a":"1","a":"2"}"#, "tags has \"a\" twice"),
        (r#""tokens":1,"tokens":2"#, "duplicate field `tokens` (column 62)"),
        ("\"tokens\":1,\"profile\":\"a\\u0000b\"", "profile holds a NUL character"),
    ];
    for (fields, expected) in cases {
        assert_eq!(complaint(&with(fields)), expected, "{fields}");
    }
    let not_utf8 = line::parse(b"{\"a\xff\"}", NOW, &mut LabelInterner::new(10));
    assert_eq!(not_utf8.unwrap_err().to_string(), "not UTF-8 from byte 4 on");
}

/// One rule for all fields: `null` is as good as none where one may be missing, and what is of another type is
/// complained of by name.
#[test]
fn each_field_keeps_the_rule_of_null_and_is_named() {
    for field in Field::ALL {
        let is_needed = matches!(field, Field::Label(label) if label.is_required());
        let value = |value: &str| {
            let mut fields = vec![("instance_id", "\"i\""), ("route", "\"r\""), ("model", "\"m\"")];
            fields.extend([("event_id", "\"e\""), ("input_tokens", "1"), ("output_tokens", "1")]);
            fields.retain(|(name, _)| *name != field.name());
            fields.push((field.name(), value));
            let fields = fields.into_iter().map(|(name, value)| format!("\"{name}\":{value}"));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        };
        let parse = |text: String| line::parse(text.as_bytes(), NOW, &mut LabelInterner::new(10));
        let null = parse(value("null"));
        assert_eq!(null.is_err(), is_needed, "{field}: {null:?}");
        for wrong in ["{\"a\":[]}", "[]", "[1]"] {
            let message = parse(value(wrong)).unwrap_err().to_string();
            assert!(message.starts_with(&format!("{field}: invalid type")), "{field}: {message}");
        }
        if is_needed {
            let message = parse(value("null")).unwrap_err().to_string();
            assert!(message.starts_with(&format!("{field}: invalid type: null")), "{message}");
        }
    }
    // What is wrong with the JSON itself is not blamed on a field, nor what comes behind one.
    for text in [
        "{\"model\":\"m",
        "{\"model\":\"m\" x",
        "{\"model\":\"m\",\"model\":\"n\"}",
        "{\"model\":\"m\"}",
    ] {
        let message = line::parse(text.as_bytes(), NOW, &mut LabelInterner::new(10)).unwrap_err();
        assert!(!message.to_string().starts_with("model"), "{message}");
    }
}

/// What RFC 3339 leaves open, and the minus sign that ISO 8601 prefers.
#[test]
fn times_are_taken_in_the_ways_in_which_programs_write_them() {
    for text in [
        "2026-05-03T13:56:01-08:00",
        "2026-05-03t21:56:01z",
        "2026-05-03 21:56:01Z",
        "2026-05-03T13:56:01\u{2212}08:00",
        "2026-05-03T21:56:01.000-00:00",
    ] {
        let line = with(&format!(r#""tokens":1,"timestamp":"{text}""#));
        let record = line::parse(line.as_bytes(), NOW, &mut LabelInterner::new(10)).unwrap();
        assert_eq!(record.timestamp().to_string(), "2026-05-03T21:56:01.000000Z", "{text}");
    }
}

#[test]
fn an_event_without_a_time_is_taken_when_it_arrives() {
    let text = with(r#""tokens":1,"event_id":"e""#);
    let later = Timestamp::from_micros(NOW.as_micros() + 1);
    let read = |now| line::parse(text.as_bytes(), now, &mut LabelInterner::new(10)).unwrap();
    let (first, again) = (read(NOW), read(later));
    assert_eq!((first.timestamp(), again.timestamp()), (NOW, later));
    assert!(!first.counts().is_time_stated() && !again.counts().is_time_stated());
    // Only the time tells the two apart, and that was not stated: it is one event.
    let at_first = Usage { timestamp: NOW, ..again.counts().usage() };
    assert_eq!(again.with_counts(at_first.try_into().unwrap()), first);
    // That a time is stated cannot be said where none stands, but the reverse can.
    let said = parse(&with(r#""tokens":1,"event_id":"e","time_stated":true"#)).unwrap();
    assert!(!said.counts().is_time_stated());
    let at = r#""tokens":1,"event_id":"e","timestamp":"2026-05-03T05:56:01Z""#;
    assert!(parse(&with(at)).unwrap().counts().is_time_stated());
    let said = parse(&with(&format!(r#"{at},"time_stated":false"#))).unwrap();
    assert!(!said.counts().is_time_stated());
    // Without an id it is told once, as it ever was.
    assert!(parse(&with(r#""tokens":1"#)).unwrap().counts().is_time_stated());
}

#[test]
fn unknown_fields_may_be_passed_over() {
    let mut parser = line::Parser::new().ignoring_unknown(true);
    let mut read = |text: &str| parser.parse(text.as_bytes(), NOW, &mut LabelInterner::new(10));
    let odd = with(r#""a":{"tokens":[1,{"b":null}]},"tokens":7,"b":"x","a":2,"Model":1.5e300"#);
    assert_eq!(read(&odd), parse(&with(r#""tokens":7"#)));
    // Only those of lines that are records count.
    assert!(read(&with(r#""a":1,"tokens":-1"#)).is_err());
    assert!(read(r#"{"a":1}"#).is_err());
    assert!(read(&with(r#""tokens":7,"a":1"#)).is_ok());
    let long = "x".repeat(101);
    assert!(read(&with(&format!(r#""tokens":7,"{long}":1"#))).is_ok());
    let found: Vec<_> = parser.unknown().by_name().collect();
    let shortened = format!("{}...", &long[1..]);
    assert_eq!(found, [("Model", 1), ("a", 3), ("b", 1), (&shortened, 1)]);
    // What no parser passes over.
    for wrong in [r#""tokens":1,"tokens":2,"a":1"#, r#""tokens":1,"a":{"#, r#""tokens":1,"a":1x"#] {
        let mut parser = line::Parser::new().ignoring_unknown(true);
        let error = parser.parse(with(wrong).as_bytes(), NOW, &mut LabelInterner::new(1));
        assert!(matches!(error, Err(LineError::NotARecord { .. })), "{wrong}: {error:?}");
    }
    let strict = line::Parser::new().parse(odd.as_bytes(), NOW, &mut LabelInterner::new(1));
    assert_eq!(strict, parse(&odd));
    let error = complaint(&with(&format!(r#""{long}":1"#)));
    assert!(error.starts_with(&format!("unknown field `{shortened}` (column ")), "{error}");
    assert!(Field::NAMES.iter().all(|name| error.contains(name)), "{error}");
}

#[test]
fn a_cost_is_taken_in_each_form() {
    for (text, expected) in [
        (r#""0.1""#, "0.1"),
        ("0.1", "0.1"),
        ("2", "2"),
        (r#""9000000""#, "9000000"),
        ("1e-12", "0.000000000001"),
        ("0.30000000000000004", "0.3"),
    ] {
        let record = parse(&with(&format!(r#""tokens":1,"stated_cost_usd":{text}"#))).unwrap();
        let cost = record.counts().stated_cost().unwrap();
        assert_eq!(cost.to_string(), expected, "{text}");
    }
    let unknown = parse(&with(r#""tokens":1,"stated_cost_usd":null"#)).unwrap();
    assert_eq!((unknown.counts().stated_cost(), unknown.counts().get(Measure::Stated)), (None, 0));
    let free = parse(&with(r#""tokens":1,"stated_cost_usd":"0""#)).unwrap();
    assert_eq!(free.counts().stated_cost(), Some(Money::ZERO), "nothing is not unknown");
}

#[test]
fn a_line_cuts_parts_that_are_over_their_whole() {
    let record = parse(&with(r#""reasoning_tokens":5"#)).unwrap();
    assert_eq!((record.tokens().reasoning, record.counts().is_inconsistent()), (0, true));
    let record = parse(&with(r#""output_tokens":1,"reasoning_tokens":2"#)).unwrap();
    assert_eq!((record.tokens().reasoning, record.counts().is_inconsistent()), (1, true));
    assert_eq!(parse(&line::write(&record)).unwrap(), record);
}

#[test]
fn null_is_as_good_as_missing() {
    let all = Field::ALL.into_iter().filter(|field| {
        !matches!(field, Field::Tokens)
            && !matches!(field, Field::Label(label) if label.is_required())
    });
    let nulls: Vec<_> = all.map(|field| format!(r#""{field}":null"#)).collect();
    let text = with(&format!(r#""tokens":1,{}"#, nulls.join(",")));
    assert_eq!(parse(&text), parse(&with(r#""tokens":1"#)));
}

#[test]
fn a_long_wrong_value_is_shortened() {
    let exact = "x".repeat(100);
    let text = with(&format!(r#""tokens":1,"timestamp":"{exact}""#));
    assert!(complaint(&text).contains(&format!("{exact:?}")));
    let text = with(&format!(r#""tokens":1,"timestamp":"{exact}y""#));
    assert!(complaint(&text).contains(&format!("\"{exact}...\"")));
}
