//! Reports over time: what each stretch of it comes to.

use chrono_tz::Tz;
use rusqlite::Connection;
use usage_core::period::Unit;
use usage_core::stats::Series;
use usage_core::{Filter, TagKey, TimeRange, Timestamp};

use crate::error::ReadError;
use crate::ledger::labels::Names;
use crate::query::report::add_named;
use crate::query::tagged::{self, TaggedRows};
use crate::rollups::{
    self, Apart, Level, RollupError, Seen, Totals, months, start_of_quarter, total, totals_of_all,
};

/// The totals by label set of each unit of time. Runs inside the caller's read transaction.
pub(super) fn aggregate(
    connection: &Connection,
    (range, filter): (TimeRange, &Filter),
    tags: &[TagKey],
    (unit, zone): (Unit, Tz),
) -> Result<Series, ReadError> {
    let mut seen = Seen::default();
    let stretches = stretches(connection, range, unit, &mut seen)?;
    let mut series = Series::over_stretches(&stretches, unit, zone)?;
    if tagged::needs_rows(connection, range, filter, tags)? {
        seen.check(connection)?;
        let mut rows = TaggedRows::default();
        tagged::each_row(connection, range, |ts, label_set, tag_set, counts| {
            if let Some(at) = series.position(Timestamp::from_micros(ts)) {
                rows.add(at, label_set, tag_set, counts);
            }
        })?;
        rows.give(connection, filter, tags, |at, labels, counts| {
            if let Some(bucket) = series.bucket_mut(at) {
                bucket.usage_mut().add_totals(labels, counts);
            }
        })?;
        series.trim(range);
        series.widen_gaps();
        return Ok(series);
    }
    let (mut totals, mut names) = (Totals::default(), Names::new(connection));
    let apart = Apart::read(connection, range, filter)?;
    for position in 0..series.buckets().len() {
        let bucket = series.buckets()[position].range();
        // The first and the last bucket may reach beyond the range.
        total(connection, common(bucket, range), &mut totals, &mut seen)?;
        apart.add(connection, common(bucket, range), &mut totals)?;
        if let Some(bucket) = series.bucket_mut(position) {
            add_named(bucket.usage_mut(), &mut totals, &mut names, filter, tags)?;
        }
    }
    seen.check(connection)?;
    series.trim(range);
    series.widen_gaps();
    Ok(series)
}

/// As [`aggregate`], of all names together: each bucket has its summary, and no names.
pub(super) fn aggregate_all(
    connection: &Connection,
    range: TimeRange,
    (unit, zone): (Unit, Tz),
) -> Result<Series, ReadError> {
    let mut seen = Seen::default();
    let stretches = stretches(connection, range, unit, &mut seen)?;
    let mut series = Series::over_stretches(&stretches, unit, zone)?;
    let buckets = series.buckets().iter().map(|bucket| common(bucket.range(), range));
    let rollups = totals_of_all(connection, buckets, &mut seen)?;
    seen.check(connection)?;
    for (position, sum) in rollups.iter().enumerate() {
        if let Some(bucket) = series.bucket_mut(position) {
            bucket.usage_mut().add_unnamed(sum);
        }
    }
    series.trim(range);
    series.widen_gaps();
    Ok(series)
}

/// The number of units without records that are listed at most between two that have some, where the range has no
/// bounds: one record of 2099 would bring 27,000 days with it.
const LONGEST_GAP: i64 = 366;

/// The range, and where it lacks a bound the stretches of it that have records, with what lies between
/// two of them if that is not long. All as whole days of UTC inside.
fn stretches(
    connection: &Connection,
    range: TimeRange,
    unit: Unit,
    seen: &mut Seen,
) -> Result<Vec<TimeRange>, ReadError> {
    let whole = closed(connection, range, seen)?;
    let (Some(start), Some(end), false) =
        (whole.start, whole.end, range.start.is_some() && range.end.is_some())
    else {
        return Ok(vec![whole]);
    };
    let gap = LONGEST_GAP * micros_of(unit);
    let mut stretches = Vec::new();
    let (mut from, mut to) = (start, start);
    let mut days = rollups::numbers(connection, Level::Day, Level::Day.around(start.as_micros()))?;
    days.retain(|day| Level::Day.start_of(*day) < end.as_micros());
    for &day in &days {
        let [first, after] =
            [day, day + 1].map(|day| Timestamp::from_micros(Level::Day.start_of(day)));
        if first.as_micros() > to.as_micros().saturating_add(gap) {
            stretches.push(TimeRange { start: Some(from), end: Some(to) });
            from = first;
        }
        to = after;
    }
    stretches.push(TimeRange { start: Some(from), end: Some(end) });
    // That there is nothing in a gap has to be true, and not that something is missing.
    if let (Some(first), Some(last), true) = (days.first(), days.last(), stretches.len() > 1) {
        seen.add_days(*first..*last + 1);
    }
    Ok(stretches)
}

/// About how long a unit is.
const fn micros_of(unit: Unit) -> i64 {
    let hours = match unit {
        Unit::QuarterHour => return 15 * 60 * 1_000_000,
        Unit::Hour => 1,
        Unit::Day => 24,
        Unit::Week(_) => 7 * 24,
        Unit::Month => 31 * 24,
        Unit::Quarter => 92 * 24,
        Unit::Year => 366 * 24,
    };
    hours * 60 * 60 * 1_000_000
}

/// The range with the first and the last quarter of an hour that have records for the bounds that it
/// lacks. In an empty ledger it stays as it is.
///
/// Not the oldest and the newest record: whether these are found depends on pages that nothing checks.
pub(super) fn closed(
    connection: &Connection,
    range: TimeRange,
    seen: &mut Seen,
) -> Result<TimeRange, ReadError> {
    if range.start.is_some() && range.end.is_some() {
        return Ok(range);
    }
    let Some([first, last]) = ends(connection, seen)? else { return Ok(range) };
    let [start, end] =
        [first, last + 1].map(|quarter| Timestamp::from_micros(start_of_quarter(quarter)));
    if start < Timestamp::MIN_RECORD || end > Timestamp::END_RECORD {
        return Err(rusqlite::Error::from(RollupError::Unreadable).into());
    }
    Ok(TimeRange { start: range.start.or(Some(start)), end: range.end.or(Some(end)) })
}

/// The first and the last quarter of an hour that there are rollups of: nothing says that they are missing
/// but that their days know of others.
fn ends(connection: &Connection, seen: &mut Seen) -> Result<Option<[i64; 2]>, ReadError> {
    let of = |level: Level| -> rusqlite::Result<Option<[i64; 2]>> {
        let end = |which| {
            let sql = format!("SELECT {which}(number) FROM {}", level.table());
            connection.prepare_cached(&sql)?.query_row([], |row| row.get::<_, Option<i64>>(0))
        };
        Ok(end("min")?.zip(end("max")?).map(|(first, last)| [first, last]))
    };
    let (quarters, days) = (of(Level::Quarter)?, of(Level::Day)?);
    let days_of = |quarters: [i64; 2]| quarters.map(|quarter| Level::Day.of_finer(quarter));
    let months_of = |days: [i64; 2]| days.map(|day| Level::Month.of_finer(day));
    if quarters.map(days_of) != days || days.map(months_of) != months(connection)? {
        return Err(rusqlite::Error::from(RollupError::Torn).into());
    }
    for quarter in quarters.into_iter().flatten() {
        seen.add_quarters(&(quarter..quarter + 1));
    }
    Ok(quarters)
}

/// Returns the range that both have in common.
fn common(one: TimeRange, other: TimeRange) -> TimeRange {
    let end = match (one.end, other.end) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
    TimeRange { start: one.start.max(other.start), end }
}
