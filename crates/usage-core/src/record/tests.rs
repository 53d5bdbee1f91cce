use std::collections::HashSet;

use proptest::prelude::*;
use proptest::sample::select;

use super::line::{self, LineError};
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
fn a_record_is_two_cache_lines() {
    assert!(size_of::<Record>() <= 128, "{}", size_of::<Record>());
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
        r#"Labels { instance_id: "i", profile: "p", provider: "v", route: "r", model: "m", tier: "", project: "", user: "" }"#
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
fn labels_of_a_group_have_tags_beside_their_names() {
    let tags = TagSet::new([("env", "prod"), ("team", "search")]).unwrap();
    let tagged = labels().with_tags(tags.tags());
    assert_eq!(tagged.names(), names().with_tags(tags.tags()));
    assert_eq!(tagged.names().all(), names().all());
    assert_ne!(tagged, labels());
    assert_eq!(tagged, Labels::new(tagged.names()).unwrap());
    assert_eq!(tagged.with_tags(Tags::NONE), labels());
    assert!(tagged.is_same_allocation(&tagged.with_tags(tags.tags())));
    let mut interner = LabelInterner::new(10);
    assert_eq!(interner.intern(tagged.names()).unwrap(), tagged);
    assert_eq!(interner.intern(names()).unwrap(), labels());
    // What stands in a name is never taken for a tag.
    let other = TagSet::new([("prod", "team")]).unwrap();
    let shifted = names().with_user("env").with_tags(other.tags());
    let with_env = labels().with_tags(TagSet::new([("env", "prod")]).unwrap().tags());
    assert_ne!(Labels::new(shifted).unwrap(), with_env);
    assert!(format!("{tagged:?}").ends_with(r#"tags: {"env": "prod", "team": "search"} }"#));
}

#[test]
fn providers_words_for_tiers_become_their_names() {
    let mut interner = LabelInterner::new(10);
    for (word, name) in
        [("default", "standard"), ("ON_DEMAND_FLEX", "flex"), ("New-One", "new-one"), (" ", "")]
    {
        let expected = Labels::new(names().with_tier(name)).unwrap();
        assert_eq!(expected.names().get(Label::Tier), name);
        assert_eq!(Labels::new(names().with_tier(word)).unwrap(), expected);
        assert_eq!(interner.intern(names().with_tier(word)).unwrap(), expected);
        let line = parse(&with(&format!(r#""tokens":1,"tier":"{word}""#))).unwrap();
        assert_eq!(line.labels().names().get(Label::Tier), name);
    }
    assert!(Labels::new(names().with_tier(&"X".repeat(MAX_NAME_BYTES + 1))).is_err());
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
            other if !other.is_tokens() => continue,
            kind => (TokenCounts::new().with(kind, max + 1), Field::Count(kind)),
        };
        assert_eq!(
            usage.validate(),
            Err(RecordError::TooLarge { field, count: max + 1, max: MAX_COUNT })
        );
    }
    // What fits no number of a record is said as it was stated.
    let stated = Usage::new(TokenCounts::unclassified(u64::MAX), NOW);
    let error = RecordError::TooLarge { field: Field::Tokens, count: u64::MAX, max: MAX_COUNT };
    assert_eq!(Counts::try_from(stated), Err(error));
}

#[test]
fn a_part_over_its_whole_is_cut_and_said() {
    for part in Measure::ALL {
        let Some(whole) = part.part_of() else { continue };
        let of = |part_count, whole_count| {
            let tokens = TokenCounts::new().with(part, part_count).with(whole, whole_count);
            Counts::try_from(Usage::new(tokens, NOW)).unwrap()
        };
        assert_eq!((of(5, 5).get(part), of(5, 5).is_inconsistent()), (5, false));
        assert_eq!((of(5, 4).get(part), of(5, 4).is_inconsistent()), (4, true));
        assert_eq!((of(1, 0).get(part), of(1, 0).get(Measure::Inconsistent)), (0, 1));
    }
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
    usage = usage.with_stated_cost(Money::from_picos(7));
    for (measure, number) in Measure::ALL.into_iter().zip(10_u32..) {
        // A bare total has no others beside it; of how a request went one word is right.
        if [Measure::Unclassified, Measure::Errors, Measure::Partial, Measure::Elsewhere]
            .contains(&measure)
        {
            continue;
        }
        let is_small = measure.part_of().is_some() || measure.is_requests();
        let number = if is_small { 1 } else { number };
        usage = usage.with(measure, number.into());
        numbers[measure as usize] = number;
        assert_eq!(usage.get(measure), u64::from(number), "{measure}");
    }
    let counts = Counts::try_from(usage).unwrap();
    assert_eq!(counts.all(), numbers);
    assert_eq!(counts.tokens(), usage.tokens);
    assert_eq!(counts.usage(), usage);
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
            "invalid type: sequence, expected a JSON object of texts (column 61)",
        ),
        (
            r#""tokens":1,"tags":{"a":1}"#,
            "invalid type: integer `1`, expected a string (column 67)",
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

/// A record with anything that one may hold.
pub(crate) fn any_record() -> impl Strategy<Value = Record> {
    (any_names(), any_usage(), any_ids(), any_context()).prop_map(|(names, usage, ids, context)| {
        let all = LabelNames::from_all(names.each_ref().map(String::as_str));
        let record = Record::new(Labels::new(all).unwrap(), usage).unwrap().with_context(context);
        match ids {
            (None, _) => record,
            (Some(id), None) => record.with_event_id(id),
            (Some(id), Some(alias)) => record.with_event_id(id).with_alias_id(alias),
        }
    })
}

fn any_names() -> impl Strategy<Value = [String; Label::COUNT]> {
    let name = |label: Label| {
        let least = usize::from(label.is_required());
        proptest::string::string_regex(&format!("[a-z/.\"\\\\ \u{1b}é模]{{{least},12}}")).unwrap()
    };
    Label::ALL.map(name)
}

fn any_ids() -> impl Strategy<Value = (Option<EventId>, Option<EventId>)> {
    let id = || proptest::option::of("[ -~é]{1,32}".prop_map(|id| EventId::new(id).unwrap()));
    (id(), id())
}

fn any_context() -> impl Strategy<Value = Context> {
    let tags = proptest::collection::btree_map("[a-z\"é]{1,8}", "[ -~é\u{1b}]{0,16}", 0..=MAX_TAGS);
    ("[a-z0-9\"\u{9b}]{0,12}", tags).prop_map(|(session_id, tags)| {
        Context::new(&session_id, tags.iter().map(|(key, value)| (&**key, &**value))).unwrap()
    })
}

fn any_usage() -> impl Strategy<Value = Usage> {
    let count = prop_oneof![Just(0), 0..=MAX_COUNT, Just(MAX_COUNT)];
    let numbers = proptest::array::uniform12(count);
    let how = (select(&Outcome::ALL[..]), select(&Quality::ALL[..]), any::<[bool; 3]>());
    let cost = prop_oneof![Just(0), 0..=Money::MAX_STATED.picos(), Just(Money::MAX_STATED.picos())];
    let revision = prop_oneof![Just(0), 0..=40_u32, Just(MAX_COUNT)];
    let time = 0..Timestamp::END_RECORD.as_micros();
    (numbers, how, proptest::option::of(cost), revision, time).prop_map(
        |(
            numbers,
            (outcome, quality, [is_bare, is_inconsistent, is_time_stated]),
            cost,
            revision,
            time,
        )| {
            let empty = Usage::new(TokenCounts::new(), Timestamp::from_micros(time));
            let usage =
                Measure::ALL.into_iter().zip(numbers).fold(empty, |usage, (measure, number)| {
                    match measure.part_of() {
                        _ if measure.is_tokens() && is_bare != measure.is_bare_total() => usage,
                        Some(whole) => usage.with(measure, u64::from(number).min(usage.get(whole))),
                        None => usage.with(measure, number.min(measure.max()).into()),
                    }
                });
            Usage {
                outcome,
                quality,
                is_inconsistent,
                stated_cost: cost.map(Money::from_picos),
                revision,
                is_time_stated,
                ..usage
            }
        },
    )
}

proptest! {
    #[test]
    fn the_line_round_trips(record in any_record()) {
        let text = line::write(&record);
        prop_assert_eq!(crate::text::printable(&text), text.as_str());
        prop_assert!(text.len() < line::MAX_LINE_BYTES);
        prop_assert_eq!(parse(&text).unwrap(), record);
    }

    #[test]
    fn no_bytes_make_the_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = line::parse(&bytes, NOW, &mut LabelInterner::new(10));
    }
}
