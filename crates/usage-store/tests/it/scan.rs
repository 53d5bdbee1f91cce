//! Reports from rollups equal a scan of the records: any records, ranges, zones, filters, groupings.
//!
//! A few hundred cases by default; `USAGE_TEST_CASES=100000` asks for more.

use std::env;

use chrono::{DateTime, TimeZone as _, Utc};
use chrono_tz::{TZ_VARIANTS, Tz};
use usage_core::period::{Unit, WeekStart, parse_period};
use usage_core::stats::{Aggregates, Bucket, Series, Summary};
use usage_core::{
    Error, ErrorKind, Filter, Label, Labels, Record, TimeRange, Timestamp, TokenCounts, Usage,
};
use usage_store::Store;
use usage_store::doctor::{Depth, examine};

use super::support::{Place, at, labels, records, series_by, series_of_all};

/// The number of records of a ledger, and of the questions that it is asked.
const RECORDS: usize = 20_000;
const CASES: usize = 400;
const CASES_A_LEDGER: usize = 2_000;

const MINUTE: i64 = 60_000_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// Around these instants records crowd: the ends of months, of years, of a leap day, of all time,
/// and the changes of clocks.
const EDGES: [&str; 14] = [
    "1970-01-01T00:00:00Z",
    "1972-05-01T00:44:30Z",
    "1999-12-31T23:59:59Z",
    "2000-02-29T00:00:00Z",
    "2000-03-01T00:00:00Z",
    "2006-10-29T02:31:00Z",
    "2024-02-29T23:45:00Z",
    "2024-03-01T00:00:00Z",
    "2026-03-29T01:00:00Z",
    "2026-05-03T05:56:01Z",
    "2026-11-01T06:00:00Z",
    "2026-12-31T23:59:59Z",
    "2099-12-01T00:00:00Z",
    "2099-12-31T23:59:59Z",
];

/// Zones whose offsets are or were no whole quarters of an hour, or that change at odd times.
const ODD_ZONES: [Tz; 8] = [
    Tz::UTC,
    Tz::Africa__Monrovia,
    Tz::America__St_Johns,
    Tz::Asia__Kathmandu,
    Tz::Australia__Lord_Howe,
    Tz::Pacific__Apia,
    Tz::Pacific__Chatham,
    Tz::Europe__Amsterdam,
];

const UNITS: [Unit; 7] = [
    Unit::Hour,
    Unit::Day,
    Unit::Week(WeekStart::Monday),
    Unit::Week(WeekStart::Sunday),
    Unit::Month,
    Unit::Quarter,
    Unit::Year,
];

const PERIODS: [&str; 10] = [
    "today",
    "yesterday",
    "this-week",
    "last-week",
    "this-month",
    "last-month",
    "this-quarter",
    "last-7-days",
    "last-30-days",
    "this-year",
];

/// Numbers without end, the same for the same seed.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        // xorshift*: as good as it needs to be.
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() >> 16) as usize % end
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    fn within(&mut self, reach: i64) -> i64 {
        self.below(2 * reach as usize + 1) as i64 - reach
    }
}

fn micros(instant: &str) -> i64 {
    Timestamp::from(instant.parse::<DateTime<Utc>>().unwrap()).as_micros()
}

/// An instant that a record may have: near an edge, on it, or anywhere.
fn instant(dice: &mut Dice) -> i64 {
    let edge = micros(dice.one(&EDGES));
    let near = match dice.below(6) {
        0 => edge + dice.within(2),
        1 => edge + dice.within(8) * 15 * MINUTE + dice.within(1),
        2 => edge + dice.within(3 * 24 * 60) * MINUTE,
        3 => edge + dice.within(60) * DAY + dice.within(1),
        4 => edge + dice.within(DAY),
        _ => edge + dice.within(200 * DAY),
    };
    let end = Timestamp::END_RECORD.as_micros();
    if (0..end).contains(&near) { near } else { near.rem_euclid(end) }
}

fn names(dice: &mut Dice) -> Vec<Labels> {
    (0..1 + dice.below(60))
        .map(|_| {
            let route = format!("r{}", dice.below(8));
            labels([
                dice.one(&["a", "b", "c"]),
                dice.one(&["", "default", "work"]),
                dice.one(&["", "v", "v.r"]),
                &route,
                dice.one(&["m", "n", "模"]),
            ])
        })
        .collect()
}

fn any_record(dice: &mut Dice, names: &[Labels]) -> Record {
    let mut count = || match dice.below(4) {
        0 => 0,
        1 => dice.below(4) as u64,
        2 => 1_000_000_000,
        _ => dice.below(200_000) as u64,
    };
    let counts = [(); 5].map(|()| count());
    let tokens = if counts[0] == 0 {
        TokenCounts::unclassified(counts[1])
    } else {
        TokenCounts::new()
            .with_input(counts[0])
            .with_output(counts[1])
            .with_cache_read(counts[2])
            .with_cache_write(counts[3])
            .with_reasoning(counts[4].min(counts[1]))
    };
    let (names, fallbacks) = (dice.one(names), dice.below(3) as u32);
    Record::new(names, Usage::new(tokens, at(instant(dice))).with_fallbacks(fallbacks.into()))
        .unwrap()
}

/// A ledger that has seen batches of any size and, some of them, a prune or two.
fn ledger(dice: &mut Dice) -> Place {
    let place = Place::new();
    let (store, names) = (place.open(), names(dice));
    let mut left = RECORDS;
    while left > 0 {
        let size = dice.one(&[1, 50, 500, 3_000, 9_000]).min(left);
        let batch: Vec<_> = (0..size).map(|_| any_record(dice, &names)).collect();
        // After a prune, those that are older than it are refused.
        store.insert_batch(&batch).unwrap();
        left -= size;
        if dice.below(20) == 0 {
            let before = instant(dice) / (1 + dice.below(3) as i64);
            store.prune_records(at(before)).unwrap();
        }
    }
    place
}

fn any_zone(dice: &mut Dice) -> Tz {
    if dice.below(3) == 0 { dice.one(&ODD_ZONES) } else { dice.one(&TZ_VARIANTS) }
}

fn any_filter(dice: &mut Dice) -> Filter {
    let names: [(Label, &[&str]); _] = [
        (Label::Instance, &["a", "b", "x"]),
        (Label::Profile, &["default", "work"]),
        (Label::Provider, &["v", "v.r"]),
        (Label::Route, &["r0", "r1", "r2"]),
        (Label::Model, &["m", "模"]),
    ];
    names.into_iter().fold(Filter::new(), |filter, (label, names)| match dice.below(4) {
        0 => filter.keeping(label, dice.one(names)),
        _ => filter,
    })
}

/// A named period around an instant, or any two instants, or what lies on one side of one.
fn any_range(dice: &mut Dice, zone: Tz) -> TimeRange {
    let one = instant(dice);
    if dice.below(3) == 0 {
        let now = Utc.timestamp_micros(one).unwrap().with_timezone(&zone);
        if let Ok(period) = parse_period(dice.one(&PERIODS), now) {
            return TimeRange::from(&period);
        }
    }
    let other = match dice.below(5) {
        0 => one + dice.within(20),
        1 => one + dice.within(40 * DAY) / (15 * MINUTE) * (15 * MINUTE),
        2 => one + dice.within(3 * DAY),
        3 => one + dice.within(800 * DAY),
        _ => instant(dice),
    };
    let bound = |dice: &mut Dice, instant| (dice.below(12) > 0).then_some(at(instant));
    TimeRange { start: bound(dice, one.min(other)), end: bound(dice, one.max(other)) }
}

/// The records of a range, of those in the order of time.
fn within(all: &[Record], range: TimeRange) -> &[Record] {
    let place = |instant: Timestamp| all.partition_point(|record| record.timestamp() < instant);
    let start = range.start.map_or(0, place);
    &all[start..range.end.map_or(all.len(), place).max(start)]
}

/// A unit that does not make too many buckets of it to ask for often.
fn any_unit(dice: &mut Dice, range: TimeRange) -> Unit {
    let length = match (range.start, range.end) {
        (Some(start), Some(end)) => end.as_micros() - start.as_micros(),
        _ => i64::MAX,
    };
    let unit = dice.one(&UNITS);
    match unit {
        Unit::Hour if length > 40 * DAY => Unit::Month,
        Unit::Day | Unit::Week(_) if length > 1_200 * DAY => Unit::Year,
        unit => unit,
    }
}

/// The same from the records themselves.
fn series_of<'a>(
    kept: impl Iterator<Item = &'a Record> + Clone,
    range: TimeRange,
    (unit, zone): (Unit, Tz),
) -> Option<Series> {
    let mut series = if is_closed(range) {
        Series::over(range, unit, zone).ok()?
    } else {
        // Buckets that have records, as others may be left out where they are many.
        let instant = |record: &Record| {
            let micros = record.timestamp().as_micros();
            TimeRange { start: Some(at(micros)), end: Some(at(micros + 1)) }
        };
        let instants: Vec<_> = kept.clone().map(instant).collect();
        Series::over_stretches(&instants, unit, zone).ok()?
    };
    kept.for_each(|record| assert!(series.add(record)));
    Some(series)
}

const fn is_closed(range: TimeRange) -> bool {
    range.start.is_some() && range.end.is_some()
}

/// The buckets, of a range without bounds those that have records.
fn shown(series: &Series, range: TimeRange) -> impl Iterator<Item = &Bucket> {
    series.buckets().iter().filter(move |bucket| is_closed(range) || !bucket.usage().is_empty())
}

fn named(series: &Series, range: TimeRange) -> Vec<(Option<DateTime<Tz>>, Aggregates)> {
    shown(series, range).map(|bucket| (bucket.start(), bucket.usage().clone())).collect()
}

fn rollups(series: &Series, range: TimeRange) -> Vec<(Option<DateTime<Tz>>, Summary)> {
    shown(series, range).map(|bucket| (bucket.start(), bucket.usage().summary())).collect()
}

/// Returns the series that was found, unless there are too many buckets, as there have to be then.
fn found(series: Result<Series, Error>) -> Option<Series> {
    match series {
        Ok(series) => Some(series),
        Err(error) if error.kind() == ErrorKind::Invalid => None,
        Err(error) => panic!("{error}"),
    }
}

fn ask(store: &Store, all: &[Record], dice: &mut Dice) {
    let zone = any_zone(dice);
    let (range, filter) = (any_range(dice, zone), any_filter(dice));
    let passes = |record: &&Record| filter.matches(&record.labels().names());
    let kept = within(all, range).iter().filter(passes);
    let report = store.report(range, &filter).unwrap();
    assert_eq!(report, kept.clone().collect::<Aggregates>(), "{range:?} {filter:?}");
    let by = (any_unit(dice, range), zone);
    let series = found(series_by(store, range, &filter, by.0, zone));
    let expected = series_of(kept, range, by);
    if let Some(series) = series {
        assert_eq!(
            named(&series, range),
            expected.map(|expected| named(&expected, range)).unwrap_or_default(),
            "{range:?} {filter:?} {by:?}"
        );
    }
    let of_all = found(series_of_all(store, range, by.0, zone));
    let expected = series_of(within(all, range).iter(), range, by);
    let shown = |series: Option<Series>| series.map(|series| rollups(&series, range));
    assert_eq!(shown(of_all), shown(expected), "{range:?} {by:?}");
}

#[test]
fn reports_from_sums_are_those_of_a_scan() {
    let cases = env::var("USAGE_TEST_CASES").ok().and_then(|cases| cases.parse().ok());
    let mut left: usize = cases.unwrap_or(CASES);
    let mut seed = 0x05EE_D000;
    while left > 0 {
        seed += 1;
        let mut dice = Dice(seed);
        let place = ledger(&mut dice);
        let store = place.open();
        let mut all = records(&store);
        all.reverse();
        let cases = left.min(CASES_A_LEDGER);
        (0..cases).for_each(|_| ask(&store, &all, &mut dice));
        left -= cases;
        assert!(examine(&place.path, Depth::Full).unwrap().is_sound(), "seed {seed}");
    }
}
