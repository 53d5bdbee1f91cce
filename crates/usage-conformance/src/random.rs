//! Records and questions that meet where engines go wrong.

use chrono_tz::Tz;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use usage_core::period::{Unit, WeekStart};
use usage_core::query::Calendar;
use usage_core::stats::{Dimension, Grouping};
use usage_core::{
    EventId, Filter, Label, LabelNames, Labels, Measure, Record, TimeRange, Timestamp, TokenCounts,
    Usage,
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
    Unit::Hour,
    Unit::Day,
    Unit::Week(WeekStart::Monday),
    Unit::Week(WeekStart::Sunday),
    Unit::Month,
    Unit::Quarter,
    Unit::Year,
];

/// What is put into an engine, and what it is asked.
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
    (range(anchor), filter(), calendar(), by, top).prop_map(|(range, filter, calendar, by, top)| {
        Question { range, filter, calendar, by, top }
    })
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

fn filter() -> impl Strategy<Value = Filter> {
    let kept = proptest::collection::vec((select(&Label::ALL[..]), select(NAMES)), 0..4);
    prop_oneof![
        Just(Filter::new()),
        kept.prop_map(|kept| {
            kept.into_iter()
                .fold(Filter::new(), |filter, (label, name)| filter.keeping(label, name))
        })
    ]
}

fn calendar() -> impl Strategy<Value = Calendar> {
    (select(UNITS), select(ZONES)).prop_map(|(unit, zone)| Calendar { unit, zone })
}

fn grouping() -> impl Strategy<Value = Grouping> {
    let is_time = |dimension: &Dimension| dimension.is_time();
    let (times, names): (Vec<_>, Vec<_>) = Dimension::ALL.into_iter().partition(is_time);
    let most = names.len();
    let names = subsequence(names, 0..=most).prop_shuffle();
    let time = proptest::option::of((select(times), 0..=most));
    (names, time, 0..4_usize).prop_filter_map("grouped by nothing", |(mut by, time, by_name)| {
        if let Some((unit, at)) = time {
            by.insert(at.min(by.len()), unit);
        }
        Grouping::new(by).ok().map(|by| by.in_order_of_names(by_name))
    })
}

/// A record within some days of the anchor.
fn record(anchor: i64) -> impl Strategy<Value = Record> {
    let names = proptest::collection::vec(select(NAMES), Label::COUNT);
    let count = || prop_oneof![Just(0_u64), 0..=3_u64, Just(1_000_000_000)];
    let counts = proptest::collection::vec(count(), Measure::COUNT);
    let event = proptest::option::weighted(0.3, select(&["e1", "e2", "é3"][..]));
    (names, counts, any::<bool>(), instant(anchor), event).prop_filter_map(
        "no record",
        |(names, counts, is_bare, at, event)| {
            let named = Label::ALL.into_iter().zip(names);
            let names = named.fold(LabelNames::new(), |names, (label, name)| {
                let name = if name.is_empty() && label.is_required() { NAMES[1] } else { name };
                names.with(label, name)
            });
            let usage = Measure::ALL.into_iter().zip(counts).fold(
                Usage::new(TokenCounts::new(), at),
                |usage, (measure, count)| match measure.part_of() {
                    _ if measure.is_tokens() && is_bare != measure.is_bare_total() => usage,
                    Some(whole) => usage.with(measure, count.min(usage.get(whole))),
                    None => usage.with(measure, count),
                },
            );
            let record = Record::new(Labels::new(names).ok()?, usage).ok()?;
            Some(match event {
                Some(id) => record.with_event_id(EventId::new(id).ok()?),
                None => record,
            })
        },
    )
}
