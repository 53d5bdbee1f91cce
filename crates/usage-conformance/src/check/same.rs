//! The same questions to an engine and to the ledger in memory.

use usage_core::query::{Calendar, Limits, Listing, Order, Records, Selection, SessionOrder};
use usage_core::record::line;
use usage_core::stats::{Series, Span, Summary};
use usage_core::{Engine, Label, Period, Record, ReportQuery, TimeRange, parse_period, report};

use crate::MemoryLedger;
use crate::random::Question;

/// Checks the answers to what is asked of no records in particular.
pub(super) fn everything(engine: &dyn Engine, memory: &MemoryLedger) {
    let limits = Limits::none();
    let bounds = ok(engine.bounds(&limits));
    assert_eq!(bounds, ok(memory.bounds(&limits)));
    assert_eq!(ok(engine.horizon(&limits)), bounds.accepts_from, "the horizon by itself");
    for label in Label::ALL {
        let names = ok(engine.names(label, usize::MAX, &limits));
        let of_records = ok(memory.names(label, usize::MAX, &limits));
        let missing: Vec<_> = of_records.iter().filter(|name| !names.contains(name)).collect();
        assert!(missing.is_empty(), "{label}: {missing:?} missing of {names:?}");
    }
    let freshness = ok(engine.freshness(&limits));
    assert_eq!((freshness.backlog_of_stopped, freshness.backlog_of_running), (0, 0));
}

pub(super) fn question(engine: &dyn Engine, memory: &MemoryLedger, asked: &Question) {
    let of = Selection::new(asked.range, &asked.filter).told_apart_by(&asked.tags);
    let totals = ok(engine.totals(&of));
    assert_eq!(totals, ok(memory.totals(&of)), "totals of {asked:#?}");

    let by = asked.calendar;
    let series = ok(memory.series(&of, by));
    assert_eq!(ok(engine.series(&of, by)), series, "series of {asked:#?}");
    let of_all = ok(engine.series_of_all(&of, by));
    assert_eq!(summaries(&of_all), summaries(&series), "series of all names of {asked:#?}");

    for order in [Order::NewestFirst, Order::OldestFirst] {
        let [found, expected] = [engine, memory as &dyn Engine]
            .map(|engine| with_events_last(all(engine.records(&of, order))));
        assert_eq!(found, expected, "{order:?} of {asked:#?}");
        let [found, expected] = [engine, memory as &dyn Engine].map(|engine| {
            let mut costs: Vec<_> = engine
                .priced_records(&of, order)
                .map(ok)
                .map(|(record, cost)| (line::write(&record), cost))
                .collect();
            costs.sort_unstable();
            costs
        });
        assert_eq!(found, expected, "costs of {asked:#?}");
    }
    for order in SessionOrder::ALL {
        let listing = Listing { order, top: asked.top };
        let expected = ok(memory.sessions(&of, listing));
        // Who does not know sessions says so.
        if let Some(found) = ok(engine.sessions(&of, listing)) {
            assert_eq!(Some(found), expected, "sessions by {order} of {asked:#?}");
        }
    }
    assert_eq!(ok(engine.blocks(&of)), ok(memory.blocks(&of)), "blocks of {asked:#?}");
    // Where all records are there, any range can be counted.
    assert_eq!(ok(engine.countable(asked.range, &of.limits)), asked.range);
    let query = query(asked);
    assert_eq!(ok(report(engine, &query)), ok(report(memory, &query)), "report of {asked:#?}");
    let mut rolling = query;
    rolling.period = up_to_now(asked.range, by.zone);
    let expected = ok(report(memory, &rolling));
    assert_eq!(ok(report(engine, &rolling)), expected, "report up to now of {asked:#?}");
}

/// The period that ends where the range does, as if that were now.
fn up_to_now(range: TimeRange, zone: chrono_tz::Tz) -> Period {
    let now = range.end.or(range.start).and_then(usage_core::Timestamp::to_utc);
    let now = now.unwrap_or(chrono::DateTime::UNIX_EPOCH).with_timezone(&zone);
    let period = parse_period("last-30-hours", now).expect("a period that ends at now");
    assert!(period.is_rolling());
    period
}

/// The report that is like the question.
fn query(asked: &Question) -> ReportQuery {
    let Question { range, filter, calendar: Calendar { zone, .. }, by, top, .. } = asked;
    let mut query = ReportQuery::new(period(*range, *zone)).with_filter(filter.clone());
    (query.by, query.top) = (by.clone(), *top);
    query
}

fn period(range: TimeRange, zone: chrono_tz::Tz) -> Period {
    let text = match (range.start, range.end) {
        (Some(start), Some(end)) if start < end => format!("{start}..{end}"),
        _ => "all-time".to_owned(),
    };
    let now = chrono::DateTime::UNIX_EPOCH.with_timezone(&zone);
    parse_period(&text, now).expect("a range of instants is a period")
}

/// Each bucket's time, and what it comes to.
pub(super) fn summaries(series: &Series) -> Vec<(Option<Span>, Summary)> {
    series.buckets().iter().map(|bucket| (bucket.span(), bucket.usage().summary())).collect()
}

/// Records of equal times, those of events last and in an order of their own: where one is told more than once in a
/// batch, it is up to the engine when its record counts as stored.
fn with_events_last(mut records: Vec<Record>) -> Vec<Record> {
    for equal in records.chunk_by_mut(|one, other| one.timestamp() == other.timestamp()) {
        equal.sort_by_cached_key(|record| record.event_id().map(|_| line::write(record)));
    }
    records
}

pub(super) fn all(records: Records<'_>) -> Vec<Record> {
    records.map(ok).collect()
}

/// An answer that has to be there.
pub(super) fn ok<T, E: std::fmt::Debug>(answer: Result<T, E>) -> T {
    match answer {
        Ok(answer) => answer,
        Err(error) => panic!("no answer: {error:?}"),
    }
}
