//! Records and questions that meet where engines go wrong.

use chrono_tz::Tz;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use usage_core::period::{Unit, WeekStart};
use usage_core::query::Calendar;
use usage_core::stats::{Dimension, Grouping};
use usage_core::{
    Context, EventId, Filter, Label, LabelNames, Labels, Measure, Money, Outcome, Quality, Record,
    TagKey, TimeRange, Timestamp, TokenCounts, Usage,
};

const QUARTER: i64 = 15 * 60 * 1_000_000;
const HOUR: i64 = 4 * QUARTER;

/// Names as clients send them. Of labels that must not be empty, from the second on.
const NAMES: &[&str] = &[
    "",
    "default",
    "a",
    "a/b",
    "b.c",
    "'; DROP TABLE records; --",
    "\"%_\\",
    "模型 e\u{301} 🦀",
    "\u{1b}[31m\u{202e}\n\t",
    "A",
];

/// Keys of tags.
const KEYS: &[&str] = &["team", "a/b", "é \"'"];

/// Instants, as whole microseconds, around which the clocks of one of the zones do something.
const ANCHORS: &[i64] = &[
    1_772_953_200_000_000, // 2026-03-08T07:00:00Z, New York
    1_793_512_800_000_000, // 2026-11-01T06:00:00Z, New York
    1_541_300_400_000_000, // 2018-11-04T03:00:00Z, Sao Paulo
    1_325_239_200_000_000, // 2011-12-30T10:00:00Z, Apia
    1_775_314_800_000_000, // 2026-04-04T15:00:00Z, Lord Howe
    1_798_761_600_000_000, // 2027-01-01T00:00:00Z
];

const ZONES: &[Tz] = &[
    Tz::UTC,
    Tz::America__New_York,
    Tz::Asia__Kathmandu,
    Tz::Australia__Lord_Howe,
    Tz::America__Sao_Paulo,
    Tz::Pacific__Apia,
];

const UNITS: &[Unit] = &[
    Unit::QuarterHour,
    Unit::Hour,
    Unit::Day,
    Unit::Week(WeekStart::Monday),
    Unit::Week(WeekStart::Sunday),
    Unit::Month,
    Unit::Quarter,
    Unit::Year,
];

/// The records put into an engine, and the questions asked of it.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) batches: Vec<Vec<Record>>,
    pub(crate) questions: Vec<Question>,
}

/// A question in all forms that there are.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) range: TimeRange,
    pub(crate) filter: Filter,
    pub(crate) tags: Vec<TagKey>,
    pub(crate) calendar: Calendar,
    pub(crate) by: Option<Grouping>,
    pub(crate) top: Option<usize>,
}

/// All that happens within some days of one anchor: so no units are left out of a series.
pub(crate) fn case() -> impl Strategy<Value = Case> {
    select(ANCHORS).prop_flat_map(|anchor| {
        let batch = proptest::collection::vec(record(anchor), 0..20);
        let batches = proptest::collection::vec(batch, 1..4);
        let questions = proptest::collection::vec(question(anchor), 1..8);
        (batches, questions).prop_map(|(batches, questions)| Case { batches, questions })
    })
}

fn question(anchor: i64) -> impl Strategy<Value = Question> {
    let top = proptest::option::of(1..4_usize);
    let by = proptest::option::of(grouping());
    let tags =
        subsequence(KEYS, 0..=KEYS.len()).prop_map(|keys| keys.into_iter().map(key).collect());
    (range(anchor), filter(), tags, calendar(), by, top).prop_map(
        |(range, filter, tags, calendar, by, top)| Question {
            range,
            filter,
            tags,
            calendar,
            by,
            top,
        },
    )
}

/// On one of a few quarters of an hour or a microsecond beside it, so that many meet; or anywhere within some days.
fn instant(anchor: i64) -> impl Strategy<Value = Timestamp> {
    let edge = (select(&[-96, -4, -1, 0, 1, 4, 96][..]), -1..=1_i64);
    prop_oneof![
        4 => edge.prop_map(|(edge, by)| edge * QUARTER + by),
        1 => -60 * HOUR..60 * HOUR,
        1 => -2 * QUARTER..2 * QUARTER,
    ]
    .prop_map(move |offset| Timestamp::from_micros(anchor + offset))
}

fn range(anchor: i64) -> impl Strategy<Value = TimeRange> {
    let bound = || proptest::option::weighted(0.7, instant(anchor));
    (bound(), bound()).prop_map(|(start, end)| match (start, end) {
        (Some(one), Some(other)) => {
            TimeRange { start: Some(one.min(other)), end: Some(one.max(other)) }
        }
        (start, end) => TimeRange { start, end },
    })
}

/// The keys of all tags.
#[cfg(test)]
pub(crate) fn keys() -> Vec<TagKey> {
    KEYS.iter().map(|of| key(of)).collect()
}

fn key(key: &str) -> TagKey {
    TagKey::new(key).expect("a key of a tag")
}

fn filter() -> impl Strategy<Value = Filter> {
    let kept = proptest::collection::vec((select(&Label::ALL[..]), select(NAMES)), 0..4);
    let tags = proptest::collection::vec((select(KEYS), select(NAMES)), 0..3);
    let tags = prop_oneof![2 => Just(Vec::new()), 1 => tags];
    prop_oneof![
        Just(Filter::new()),
        (kept, tags).prop_map(|(kept, tags)| {
            let names = kept
                .into_iter()
                .fold(Filter::new(), |filter, (label, name)| filter.keeping(label, name));
            tags.into_iter().fold(names, |filter, (of, value)| filter.keeping_tag(key(of), value))
        })
    ]
}

fn calendar() -> impl Strategy<Value = Calendar> {
    (select(UNITS), select(ZONES)).prop_map(|(unit, zone)| Calendar { unit, zone })
}

fn grouping() -> impl Strategy<Value = Grouping> {
    let is_time = |dimension: &Dimension| dimension.is_time();
    let (times, mut names): (Vec<_>, Vec<_>) = Dimension::ALL.into_iter().partition(is_time);
    names.extend(KEYS.iter().map(|of| Dimension::Tag(key(of))));
    // And a unit of time.
    let most = Grouping::MAX - 1;
    let names = subsequence(names, 0..=most).prop_shuffle();
    let time = proptest::option::of((select(times), 0..=most));
    (names, time, 0..4_usize).prop_filter_map("grouped by nothing", |(mut by, time, by_name)| {
        if let Some((unit, at)) = time {
            by.insert(at.min(by.len()), unit);
        }
        Grouping::new(by).ok().map(|by| by.in_order_of_names(by_name))
    })
}

/// A record within some days of the anchor, with anything that one may hold.
fn record(anchor: i64) -> impl Strategy<Value = Record> {
    let names = proptest::collection::vec(select(NAMES), Label::COUNT);
    let id = |ids: &'static [&'static str]| proptest::option::weighted(0.3, select(ids));
    let ids = (id(&["e1", "e2", "é3"]), id(&["a1", "a2"]));
    (names, usage(anchor), ids, context()).prop_filter_map(
        "no record",
        |(names, usage, (event, alias), context)| {
            let named = Label::ALL.into_iter().zip(names);
            let names = named.fold(LabelNames::new(), |names, (label, name)| {
                let name = if name.is_empty() && label.is_required() { NAMES[1] } else { name };
                names.with(label, name)
            });
            let record = Record::new(Labels::new(names).ok()?, usage).ok()?.with_context(context);
            Some(match (event, alias) {
                (Some(id), Some(alias)) => record
                    .with_event_id(EventId::new(id).ok()?)
                    .with_alias_id(EventId::new(alias).ok()?),
                (Some(id), None) => record.with_event_id(EventId::new(id).ok()?),
                (None, _) => record,
            })
        },
    )
}

fn context() -> impl Strategy<Value = Context> {
    let tags = proptest::collection::btree_map(select(KEYS), select(NAMES), 0..=KEYS.len());
    let session = prop_oneof![2 => Just(""), 1 => select(NAMES)];
    (session, tags)
        .prop_map(|(session, tags)| Context::new(session, tags).expect("a session and tags"))
}

fn usage(anchor: i64) -> impl Strategy<Value = Usage> {
    let count = || prop_oneof![Just(0_u64), 0..=3_u64, Just(1_000_000_000)];
    let counts = proptest::collection::vec(count(), Measure::NUMBERS);
    let how = (select(&Outcome::ALL[..]), select(&Quality::ALL[..]), any::<[bool; 3]>());
    let cost = prop_oneof![Just(Money::ZERO), Just(Money::from_picos(7)), Just(Money::MAX_STATED)];
    let cost = proptest::option::weighted(0.3, cost);
    let revision = prop_oneof![3 => Just(0), 1 => 1..=3_u32];
    (counts, how, cost, revision, instant(anchor)).prop_map(
        |(
            counts,
            (outcome, quality, [is_bare, is_inconsistent, is_stated]),
            cost,
            revision,
            at,
        )| {
            let none = Usage::new(TokenCounts::new(), at);
            let numbers = Measure::ALL.into_iter().zip(counts);
            let mut usage = numbers.fold(none, |usage, (measure, count)| match measure.part_of() {
                _ if measure.is_tokens() && is_bare != measure.is_bare_total() => usage,
                Some(whole) => usage.with(measure, count.min(usage.get(whole))),
                None => usage.with(measure, count.min(measure.max().into())),
            });
            (usage.outcome, usage.quality, usage.revision) = (outcome, quality, revision);
            (usage.is_inconsistent, usage.stated_cost) = (is_inconsistent, cost);
            usage.is_time_stated = is_stated;
            usage
        },
    )
}
