use std::collections::HashSet;

use proptest::prelude::*;
use proptest::sample::select;

use super::line::LineError;
use super::*;

#[cfg(feature = "csv")]
mod csv;
mod lines;

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
        // A bare total has no others beside it; of how a request went one word is right. A price it does not state.
        if [
            Measure::Unclassified,
            Measure::Errors,
            Measure::Partial,
            Measure::Elsewhere,
            Measure::Priced,
        ]
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
    let stated = Measure::ALL.map(|measure| usage.get(measure));
    assert_eq!(usage.numbers(), stated[..Measure::NUMBERS]);
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

/// Returns counts that are often at an edge of what is valid, or of what fits a number.
fn any_numbers() -> impl Strategy<Value = [u64; Measure::NUMBERS]> {
    let limit = u64::from(MAX_COUNT);
    let edges = [1 << 32, (1 << 63) - 1, 1 << 63, (1 << 63) + limit, u64::MAX];
    let edge = select(edges.as_slice().to_vec());
    let count = prop_oneof![30 => Just(0), 15 => 0..3_u64, 5 => limit - 1..limit + 2, 1 => edge];
    proptest::array::uniform(count)
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

    /// Two ways to the same answer: the one that says what is wrong, and the short one.
    #[test]
    fn counts_are_made_of_what_nothing_is_wrong_with(stated in any_numbers()) {
        let usage = Measure::ALL.into_iter().zip(stated).fold(
            Usage::new(TokenCounts::new(), NOW),
            |usage, (measure, number)| usage.with(measure, number),
        );
        let wrong = tokens::check(|measure| usage.get(measure)).err();
        prop_assert_eq!(Counts::try_from(usage).err(), wrong);
    }

    #[test]
    fn no_bytes_make_the_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = line::parse(&bytes, NOW, &mut LabelInterner::new(10));
    }
}
