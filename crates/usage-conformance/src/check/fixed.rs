//! Cases that are made by hand.

use std::thread;
use std::time::{Duration, Instant};

use chrono_tz::Tz;
use usage_core::period::Unit;
use usage_core::query::{Calendar, Cancel, Limits, Listing, Order, Selection};
use usage_core::stats::Summary;
use usage_core::{
    Error, ErrorKind, Filter, Label, LabelNames, Labels, Record, TimeRange, Timestamp, TokenCounts,
    Usage,
};

use super::Subject;
use super::same::{all, everything, ok, summaries};
use crate::MemoryLedger;

const DAYS: Calendar = Calendar { unit: Unit::Day, zone: Tz::UTC };
const DAY: i64 = 24 * 60 * 60 * 1_000_000;

fn days(from: i64, to: i64) -> TimeRange {
    let at = |day: i64| Some(Timestamp::from_micros(day * DAY));
    TimeRange { start: at(from), end: at(to) }
}

fn record(model: &str, micros: i64) -> Record {
    let names = LabelNames::new().with_instance("i").with_route("r").with_model(model);
    let at = Timestamp::from_micros(micros);
    let usage = Usage::new(TokenCounts::unclassified(1_000_000_000), at);
    Record::new(Labels::new(names).expect("a label set"), usage).expect("a record")
}

pub(super) fn an_empty_engine_answers(subject: &Subject) {
    let (engine, filter) = (&*subject.engine, Filter::new());
    everything(engine, &MemoryLedger::default());
    let open = Selection::new(TimeRange::ALL, &filter);
    assert!(ok(engine.totals(&open)).is_empty());
    assert!(ok(engine.series(&open, DAYS)).buckets().is_empty());
    assert!(ok(engine.series_of_all(&open, DAYS)).buckets().is_empty());
    assert_eq!(all(engine.records(&open, Order::NewestFirst)), []);
    let three = Selection::new(days(10, 13), &filter);
    let found = summaries(&ok(engine.series(&three, DAYS)));
    assert_eq!(found.len(), 3, "each unit of a closed range has a bucket");
    assert!(found.iter().all(|(_, summary)| *summary == Summary::default()));
    assert_eq!(summaries(&ok(engine.series_of_all(&three, DAYS))), found);
}

pub(super) fn limits_end_questions(mut subject: Subject) {
    subject.store(&mut MemoryLedger::default(), &[record("m", 0)]);
    let (engine, filter) = (&*subject.engine, Filter::new());
    let cancel = Cancel::default();
    cancel.cancel();
    for (limits, kind) in [
        (Limits::none().with_deadline(Instant::now()), ErrorKind::DeadlineExceeded),
        (Limits::none().with_cancel(cancel), ErrorKind::Cancelled),
    ] {
        let of = Selection::new(TimeRange::ALL, &filter).within(limits.clone());
        let kinds = [
            engine.totals(&of).err(),
            engine.sessions(&of, Listing::default()).err(),
            engine.blocks(&of).err(),
            engine.series(&of, DAYS).err(),
            engine.series_of_all(&of, DAYS).err(),
            engine.records(&of, Order::NewestFirst).next().and_then(Result::err),
            engine.records(&of, Order::OldestFirst).next().and_then(Result::err),
            engine.names(Label::Model, 1, &limits).err(),
            engine.bounds(&limits).err(),
            engine.horizon(&limits).err(),
            engine.countable(TimeRange::ALL, &limits).err(),
            engine.freshness(&limits).err(),
        ];
        let kinds = kinds.map(|error| error.as_ref().map(Error::kind));
        assert_eq!(kinds, [Some(kind); 12], "of questions that come too late");
    }
    let in_time = Limits::none()
        .with_deadline(Instant::now() + Duration::from_secs(600))
        .with_cancel(Cancel::default());
    let of = Selection::new(TimeRange::ALL, &filter).within(in_time);
    assert_eq!(
        ok(engine.totals(&of)).summary().requests,
        1,
        "limits that end nothing are no limit"
    );
    let unlimited = Selection::new(TimeRange::ALL, &filter);
    assert_eq!(
        ok(engine.totals(&unlimited)).summary().requests,
        1,
        "limits end with their question"
    );
}

/// Between two records, of which more are at hand than anybody reads at a time.
pub(super) fn records_end_where_they_are_cancelled(mut subject: Subject) {
    let records = [0, 1, 2, 3, 4].map(|at| record("m", at));
    subject.store(&mut MemoryLedger::default(), &records);
    let filter = Filter::new();
    for (order, read) in [(Order::NewestFirst, 1), (Order::OldestFirst, records.len() - 1)] {
        let cancel = Cancel::default();
        let limits = Limits::none().with_cancel(cancel.clone());
        let of = Selection::new(TimeRange::ALL, &filter).within(limits);
        let mut told = subject.engine.records(&of, order);
        for _ in 0..read {
            assert!(matches!(told.next(), Some(Ok(_))), "before they are cancelled");
        }
        cancel.cancel();
        let kind = told.next().and_then(Result::err).map(|error| error.kind());
        assert_eq!(kind, Some(ErrorKind::Cancelled), "{order:?} cancelled after {read}");
        assert!(told.next().is_none(), "after an error there are no more");
    }
}

pub(super) fn changes_are_noticed(mut subject: Subject) {
    let mut memory = MemoryLedger::default();
    let filter = Filter::new();
    let mut seen = ok(subject.engine.seen());
    for day in 0..3 {
        ok(subject.engine.totals(&Selection::new(TimeRange::ALL, &filter)));
        assert!(!ok(subject.engine.changed(&seen)), "reading changes nothing");
        subject.store(&mut memory, &[record("m", day * DAY)]);
        assert!(ok(subject.engine.changed(&seen)), "day {day} was stored");
        seen = ok(subject.engine.seen());
    }
}

pub(super) fn names_are_told_in_order(mut subject: Subject) {
    let names = ["b", "a", "é", "A", "a/b", "a"];
    let records = names.map(|model| record(model, 0));
    subject.store(&mut MemoryLedger::default(), &records);
    let told = |label, most| ok(subject.engine.names(label, most, &Limits::none()));
    let all = ["A", "a", "a/b", "b", "é"];
    for most in 0..=all.len() + 1 {
        assert_eq!(told(Label::Model, most), all[..most.min(all.len())], "the first {most}");
    }
    assert_eq!(told(Label::Profile, 9), ["default"], "as reports show it");
    assert_eq!(told(Label::Provider, 9), [""; 0], "none that is empty");
}

/// Of a batch all or nothing, in each answer, while somebody stores.
pub(super) fn answers_see_whole_batches(mut subject: Subject) {
    const BATCH: u64 = 10;
    const BATCHES: u64 = 30;
    // On both sides of midnight, so that a series has two buckets.
    let batch: Vec<_> = (-5..5).map(|at| record("m", DAY + at)).collect();
    let (engine, sink) = (&*subject.engine, &mut subject.sink);
    let filter = Filter::new();
    let of = Selection::new(TimeRange::ALL, &filter);
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for _ in 0..BATCHES {
                assert_eq!(ok(sink.store(&batch)).stored, BATCH);
            }
        });
        let mut before = 0;
        while before < BATCHES * BATCH {
            let is_done = writer.is_finished();
            let requests = ok(engine.totals(&of)).summary().requests;
            assert!(requests.is_multiple_of(BATCH) && requests >= before, "{requests} {before}");
            for series in [ok(engine.series(&of, DAYS)), ok(engine.series_of_all(&of, DAYS))] {
                let requests = summaries(&series).into_iter().map(|(_, sum)| sum.requests);
                let requests: Vec<_> = requests.collect();
                assert!(requests.iter().all(|of| *of == requests[0]), "{requests:?}");
            }
            assert!(!is_done || requests == BATCHES * BATCH, "what is stored is in every answer");
            before = requests;
        }
    });
}

/// On a side without bound a series begins or ends with a record that passes, and not with any.
pub(super) fn open_series_end_with_what_passes(mut subject: Subject) {
    let records = [("a", 1), ("b", 3), ("b", 5), ("a", 9)];
    let records = records.map(|(model, day)| record(model, day * DAY + DAY / 2));
    subject.store(&mut MemoryLedger::default(), &records);
    let filter = Filter::new().keeping(Label::Model, "b");
    let [day_2, day_7] = [2, 7].map(|day| days(day, day).start);
    for (start, end, expected) in
        [(None, None, 3..6), (day_2, None, 2..6), (None, day_7, 3..7), (day_2, day_7, 2..7)]
    {
        let of = Selection::new(TimeRange { start, end }, &filter);
        let found = summaries(&ok(subject.engine.series(&of, DAYS)));
        assert_eq!(summaries(&ok(subject.engine.series_of_all(&of, DAYS))), found);
        let found = found.into_iter().filter_map(|(span, _)| span);
        let found: Vec<_> =
            found.map(|span| Timestamp::from(span.start).as_micros() / DAY).collect();
        assert_eq!(found, expected.collect::<Vec<_>>(), "days of {start:?}..{end:?}");
    }
}

/// Units without records may be left out; none that has some, and no more are empty than there are.
pub(super) fn records_far_apart_are_all_there(mut subject: Subject) {
    let mut memory = MemoryLedger::default();
    let times = [5, 6, 900, 904, 40_000].map(|day| day * DAY + DAY / 3);
    subject.store(&mut memory, &times.map(|micros| record("m", micros)));
    let filter = Filter::new();
    for range in [
        TimeRange::ALL,
        TimeRange { start: days(2, 3).start, end: None },
        TimeRange { start: None, end: days(0, 41_000).end },
    ] {
        for unit in [Unit::QuarterHour, Unit::Hour, Unit::Day, Unit::Month] {
            let by = Calendar { unit, zone: Tz::America__New_York };
            let of = Selection::new(range, &filter);
            let series = summaries(&ok(subject.engine.series(&of, by)));
            let of_all = summaries(&ok(subject.engine.series_of_all(&of, by)));
            assert_eq!(of_all, series, "{range:?} by {unit:?}");
            let counted = |series: &[_]| -> Vec<_> {
                let of: &[(_, Summary)] = series;
                of.iter().filter(|(_, summary)| summary.requests > 0).copied().collect()
            };
            let expected = summaries(&ok(usage_core::Engine::series(&memory, &of, by)));
            assert_eq!(counted(&series), counted(&expected), "{range:?} by {unit:?}");
            assert!(series.len() <= expected.len() + 1_500, "{} {}", series.len(), expected.len());
            let spans: Vec<_> = series.iter().filter_map(|(span, _)| *span).collect();
            assert!(spans.windows(2).all(|pair| pair[0].end <= pair[1].start), "in their order");
        }
    }
}

pub(super) fn too_many_buckets_are_refused(subject: &Subject) {
    let filter = Filter::new();
    let ages = TimeRange { start: days(0, 1).start, end: days(0, 200_000).end };
    let of = Selection::new(ages, &filter);
    for error in
        [subject.engine.series(&of, DAYS).err(), subject.engine.series_of_all(&of, DAYS).err()]
    {
        let kind = error.as_ref().map(Error::kind);
        assert_eq!(kind, Some(ErrorKind::Invalid));
    }
}
