use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

#[cfg(feature = "csv")]
mod csv;

const NOW: Timestamp = Timestamp::from_micros(1_777_787_761_000_000);

fn names() -> LabelNames<'static> {
    LabelNames::new()
        .with_instance("i")
        .with_profile("p")
        .with_provider("v")
        .with_route("r")
        .with_model("m")
}

fn labels() -> Labels {
    Labels::new(names()).unwrap()
}

fn parse(text: &str) -> Result<Record, LineError> {
    line::parse(text.as_bytes(), NOW, &mut LabelInterner::new(10))
}

fn complaint(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

/// A line with these fields added to the names that it needs.
fn with(fields: &str) -> String {
    format!(r#"{{"instance_id":"i","route":"r","model":"m",{fields}}}"#)
}

#[test]
fn a_record_is_one_cache_line() {
    assert!(size_of::<Record>() <= 64, "{}", size_of::<Record>());
}

#[test]
fn names_come_back_by_field() {
    assert_eq!(labels().names(), names());
    let bare = names().with_profile("").with_provider("");
    assert_eq!(Labels::new(bare).unwrap().names(), bare);
    assert_eq!(bare.reported(Label::Profile), "default");
    assert_eq!(names().reported(Label::Profile), "p");
    assert_eq!(
        format!("{:?}", labels()),
        r#"Labels { instance_id: "i", profile: "p", provider: "v", route: "r", model: "m" }"#
    );
}

#[test]
fn labels_are_equal_by_their_names() {
    assert_eq!(labels(), labels());
    assert!(!labels().is_same_allocation(&labels()));
    let one = labels();
    assert!(one.is_same_allocation(&one.clone()));
    let shifted = names().with_profile("pv").with_provider("");
    assert_ne!(labels(), Labels::new(shifted).unwrap());
    let set: HashSet<_> = [labels(), labels(), Labels::new(shifted).unwrap()].into();
    assert_eq!(set.len(), 2);
}

#[test]
fn names_are_checked() {
    let error = |names| Labels::new(names).unwrap_err().to_string();
    assert_eq!(error(names().with_instance("")), "instance_id must not be empty");
    assert_eq!(error(names().with_route("")), "route must not be empty");
    assert_eq!(error(names().with_model("")), "model must not be empty");
    assert_eq!(error(names().with_provider("a\0b")), "provider holds a NUL character");
    let longest = "é".repeat(MAX_NAME_BYTES / 2);
    assert!(Labels::new(names().with_model(&longest)).is_ok());
    let longer = format!("{longest}x");
    assert_eq!(error(names().with_model(&longer)), "model has 257 bytes, at most 256 are accepted");
}

#[test]
fn an_interner_shares_equal_names_and_forgets_when_full() {
    let mut interner = LabelInterner::new(2);
    let first = interner.intern(names()).unwrap();
    assert!(first.is_same_allocation(&interner.intern(names()).unwrap()));
    let other = |model| names().with_model(model);
    interner.intern(other("2")).unwrap();
    assert!(first.is_same_allocation(&interner.intern(names()).unwrap()), "two fit");
    interner.intern(other("3")).unwrap();
    assert!(!first.is_same_allocation(&interner.intern(names()).unwrap()), "the third emptied it");
    assert_eq!(first, interner.intern(names()).unwrap());
    assert!(interner.intern(other("")).is_err());
    assert!(interner.intern(other("a\0b")).is_err());
    // At least one set is kept, whatever was asked for.
    let mut tiny = LabelInterner::new(0);
    let kept = tiny.intern(names()).unwrap();
    assert!(kept.is_same_allocation(&tiny.intern(names()).unwrap()));
}

#[test]
fn token_kinds_add_up_once() {
    let tokens = TokenCounts::new()
        .with_input(1)
        .with_output(20)
        .with_cache_read(300)
        .with_cache_write(4_000)
        .with_reasoning(20);
    assert_eq!(tokens.total(), 4_321);
    assert_eq!((tokens.input, tokens.output), (1, 20));
    assert_eq!((tokens.cache_read, tokens.cache_write), (300, 4_000));
    assert_eq!((tokens.reasoning, tokens.unclassified), (20, 0));
    let bare = TokenCounts::unclassified(7);
    assert_eq!((bare.total(), bare.unclassified), (7, 7));
}

#[test]
fn the_largest_counts_do_not_overflow() {
    let max = u64::from(MAX_COUNT);
    let tokens = TokenCounts::new()
        .with_input(max)
        .with_output(max)
        .with_cache_read(max)
        .with_cache_write(max);
    assert_eq!(tokens.total(), 4_000_000_000);
    tokens.validate().unwrap();
    for measure in Measure::ALL {
        let (usage, field) = match measure {
            Measure::Unclassified => (TokenCounts::unclassified(max + 1), Field::Tokens),
            Measure::Fallbacks => continue,
            kind => (TokenCounts::new().with(kind, max + 1), Field::Count(kind)),
        };
        assert_eq!(usage.validate(), Err(RecordError::TooLarge { field, count: max + 1 }));
    }
    // What fits no number of a record is said as it was stated.
    let stated = Usage::new(TokenCounts::unclassified(u64::MAX), NOW);
    let error = RecordError::TooLarge { field: Field::Tokens, count: u64::MAX };
    assert_eq!(Counts::try_from(stated), Err(error));
}

#[test]
fn reasoning_is_a_part_of_the_output() {
    let error = TokenCounts::new().with_reasoning(1).validate().unwrap_err().to_string();
    assert_eq!(error, "reasoning_tokens is 1, more than the output_tokens of 0 it is part of");
    let tokens = TokenCounts::new().with_reasoning(5).with_output(5);
    tokens.validate().unwrap();
    assert!(tokens.with_output(4).validate().is_err());
}

#[test]
fn a_bare_total_takes_no_kinds() {
    let bare = TokenCounts::unclassified(7);
    bare.validate().unwrap();
    let mixed = Err(RecordError::MixedKinds { unclassified: 7 });
    for kind in Measure::ALL.into_iter().filter(|kind| kind.is_added()) {
        if kind != Measure::Unclassified {
            assert_eq!(bare.with(kind, 1).validate(), mixed, "{kind}");
        }
    }
}

#[test]
fn what_is_stated_comes_back_by_measure() {
    let (mut usage, mut numbers) = (Usage::new(TokenCounts::new(), NOW), [0; Measure::COUNT]);
    for (measure, number) in Measure::ALL.into_iter().zip(10_u32..) {
        if measure == Measure::Unclassified {
            continue;
        }
        let number = if measure.part_of().is_some() { 1 } else { number };
        usage = usage.with(measure, number.into());
        numbers[measure as usize] = number;
        assert_eq!(usage.get(measure), u64::from(number));
    }
    let counts = Counts::try_from(usage).unwrap();
    assert_eq!(counts.numbers(), &numbers);
    assert_eq!(counts.tokens(), usage.tokens);
    assert_eq!(Counts::of(numbers, NOW), Ok(counts));
}

#[test]
fn a_record_checks_fallbacks_and_time() {
    let new = |fallbacks: u32, at| {
        Record::new(
            labels(),
            Usage::new(TokenCounts::new(), Timestamp::from_micros(at))
                .with_fallbacks(fallbacks.into()),
        )
    };
    let last = Timestamp::END_RECORD.as_micros() - 1;
    let record = new(MAX_COUNT, last).unwrap();
    assert_eq!((record.fallbacks(), record.timestamp().as_micros()), (MAX_COUNT, last));
    assert_eq!(
        new(MAX_COUNT + 1, 0).unwrap_err().to_string(),
        "fallbacks is 1000000001, at most 1000000000 is accepted"
    );
    assert_eq!(
        new(0, last + 1).unwrap_err().to_string(),
        "timestamp 2100-01-01T00:00:00.000000Z is outside 1970-01-01T00:00:00Z to 2100-01-01T00:00:00Z"
    );
    assert!(new(0, -1).is_err());
}

#[test]
fn an_event_id_is_a_short_text() {
    assert!(EventId::new("x".repeat(64)).is_ok());
    assert_eq!(
        EventId::new("x".repeat(65)).unwrap_err().to_string(),
        "event_id has 65 bytes, at most 64 are accepted"
    );
    assert_eq!(EventId::new("").unwrap_err().to_string(), "event_id must not be empty");
    assert!(EventId::new("a\0").is_err());
    assert_eq!(EventId::new("req_1").unwrap().to_string(), "req_1");
}

#[test]
fn the_fields_are_named_as_in_the_line() {
    // One record with all fields, read through the line, names every field of the list.
    let text = with(
        r#""profile":"p","provider":"v","tokens":10,"input_tokens":1,"output_tokens":2,
        "cache_read_tokens":3,"cache_write_tokens":4,"reasoning_tokens":1,"fallbacks":5,
        "timestamp":"2026-05-03T13:56:01.5+08:00","event_id":"e""#,
    );
    let record = parse(&text).unwrap();
    for field in Field::ALL {
        assert!(text.contains(&format!("\"{field}\":")), "{field}");
    }
    assert_eq!(record.tokens().total(), 10);
    assert_eq!(record.fallbacks(), 5);
    assert_eq!(record.timestamp().to_string(), "2026-05-03T05:56:01.500000Z");
    assert_eq!(record.event_id().unwrap().as_str(), "e");
    assert_eq!(record.labels().names().get(Label::Profile), "p");
    assert_eq!(record.labels().names().get(Label::Provider), "v");
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
            "{\"a\":1}{",
            "unknown field `a`, expected one of `instance_id`, `profile`, `provider`, `route`, `model`, `tokens`, `input_tokens`, `output_tokens`, `cache_read_tokens`, `cache_write_tokens`, `reasoning_tokens`, `fallbacks`, `timestamp`, `event_id` (column 4)",
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
            "invalid type: sequence, expected a whole number from 0 to 1000000000 (column 54)",
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
            r#""reasoning_tokens":5"#,
            "reasoning_tokens is 5, more than the output_tokens of 0 it is part of",
        ),
        (
            r#""tokens":1,"timestamp":"99999-01-01T00:00:00Z""#,
            "timestamp \"99999-01-01T00:00:00Z\" is not RFC 3339, such as 2026-05-03T13:56:01+08:00",
        ),
        (
            r#""tokens":1,"timestamp":"2100-01-01T00:00:00Z""#,
            "timestamp 2100-01-01T00:00:00.000000Z is outside 1970-01-01T00:00:00Z to 2100-01-01T00:00:00Z",
        ),
        (
            r#""tokens":1,"timestamp":"2026-05-03T13:56:60Z""#,
            "timestamp \"2026-05-03T13:56:60Z\" is not RFC 3339, such as 2026-05-03T13:56:01+08:00",
        ),
        (r#""tokens":1,"event_id":"e""#, "event_id needs a timestamp beside it"),
        (r#""tokens":1,"tokens":2"#, "duplicate field `tokens` (column 62)"),
        ("\"tokens\":1,\"profile\":\"a\\u0000b\"", "profile holds a NUL character"),
    ];
    for (fields, expected) in cases {
        assert_eq!(complaint(&with(fields)), expected, "{fields}");
    }
    let not_utf8 = line::parse(b"{\"a\xff\"}", NOW, &mut LabelInterner::new(10));
    assert_eq!(not_utf8.unwrap_err().to_string(), "not UTF-8 from byte 4 on");
}

#[test]
fn a_long_wrong_value_is_shortened() {
    let exact = "x".repeat(100);
    let text = with(&format!(r#""tokens":1,"timestamp":"{exact}""#));
    assert!(complaint(&text).contains(&format!("{exact:?}")));
    let text = with(&format!(r#""tokens":1,"timestamp":"{exact}y""#));
    assert!(complaint(&text).contains(&format!("\"{exact}...\"")));
}

pub(crate) fn any_record() -> impl Strategy<Value = Record> {
    let name = "[a-z/.\"\\\\ \u{1b}é模]{1,12}";
    let names = (name, "[a-z/.]{0,8}", "[a-z/.]{0,8}", name, name);
    let count = prop_oneof![Just(0), 0..=MAX_COUNT, Just(MAX_COUNT)];
    let counts = proptest::array::uniform5(count.clone());
    let tokens = prop_oneof![
        count.clone().prop_map(|total| TokenCounts::unclassified(total.into())),
        counts.prop_map(|[input, output, read, write, reasoning]| {
            TokenCounts::new()
                .with_input(input.into())
                .with_output(output.into())
                .with_cache_read(read.into())
                .with_cache_write(write.into())
                .with_reasoning(reasoning.min(output).into())
        }),
    ];
    let time = 0..Timestamp::END_RECORD.as_micros();
    let event_id = proptest::option::of("[ -~é]{1,32}");
    (names, tokens, count, time, event_id).prop_map(|(names, tokens, fallbacks, time, event_id)| {
        let (instance_id, profile, provider, route, model) = &names;
        let labels = Labels::new(
            LabelNames::new()
                .with_instance(instance_id)
                .with_profile(profile)
                .with_provider(provider)
                .with_route(route)
                .with_model(model),
        );
        let time = Timestamp::from_micros(time);
        let record =
            Record::new(labels.unwrap(), Usage::new(tokens, time).with_fallbacks(fallbacks.into()))
                .unwrap();
        match event_id {
            Some(id) => record.with_event_id(EventId::new(id).unwrap()),
            None => record,
        }
    })
}

/// Returns counts that are often at an edge of what is valid, or of what fits a number.
fn any_numbers() -> impl Strategy<Value = [u64; Measure::COUNT]> {
    let limit = u64::from(MAX_COUNT);
    let edges = [1 << 32, (1 << 63) - 1, 1 << 63, (1 << 63) + limit, u64::MAX];
    let edge = proptest::sample::select(edges.as_slice().to_vec());
    let count = prop_oneof![30 => Just(0), 15 => 0..3_u64, 5 => limit - 1..limit + 2, 1 => edge];
    proptest::array::uniform(count)
}

proptest! {
    #[test]
    fn the_line_round_trips(record in any_record()) {
        let text = line::write(&record);
        prop_assert_eq!(crate::text::printable(&text), text.as_str());
        prop_assert!(text.len() < line::MAX_LINE_BYTES);
        prop_assert_eq!(parse(&text).unwrap(), record);
    }

    /// Two ways to the same answer: the one that says what is wrong, and the short ones.
    #[test]
    fn counts_are_made_of_what_nothing_is_wrong_with(stated in any_numbers()) {
        let usage = Measure::ALL.into_iter().fold(
            Usage::new(TokenCounts::new(), NOW),
            |usage, measure| usage.with(measure, stated[measure as usize]),
        );
        let wrong = tokens::check(|measure| stated[measure as usize]).err();
        let made = Counts::try_from(usage);
        prop_assert_eq!(made.as_ref().err(), wrong.as_ref());
        if let Ok(numbers) = <[u32; Measure::COUNT]>::try_from(
            stated.iter().filter_map(|&count| u32::try_from(count).ok()).collect::<Vec<_>>(),
        ) {
            prop_assert_eq!(Counts::of(numbers, NOW), made);
        }
    }

    #[test]
    fn no_bytes_make_the_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = line::parse(&bytes, NOW, &mut LabelInterner::new(10));
    }
}
