//! Reports over time: what each stretch of it comes to.

use chrono_tz::Tz;
use rusqlite::Connection;
use usage_core::period::Unit;
use usage_core::stats::{Series, TooManyBuckets};
use usage_core::{Filter, TimeRange, Timestamp};

use crate::error::{ReadError, StoreError};
use crate::labels::LabelSets;
use crate::report::add_named;
use crate::retained;
use crate::sums::{Totals, quarter_of, start_of_quarter, total, total_of_all};

/// Why there is no report over time.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SeriesError {
    /// The range, or the time from the oldest to the newest record, is too long for the unit.
    #[error(transparent)]
    TooManyBuckets(#[from] TooManyBuckets),
    /// The ledger cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The totals by label set of each unit of time. Runs inside the caller's read transaction.
pub(crate) fn aggregate(
    connection: &Connection,
    range: TimeRange,
    filter: &Filter,
    (unit, zone): (Unit, Tz),
) -> Result<Result<Series, TooManyBuckets>, ReadError> {
    let mut series = match Series::over(closed(connection, range)?, unit, zone) {
        Ok(series) => series,
        Err(error) => return Ok(Err(error)),
    };
    let sets = LabelSets::read(connection)?;
    let mut totals = Totals::default();
    for position in 0..series.buckets().len() {
        let bucket = series.buckets()[position].range();
        // The first and the last bucket may reach beyond the range.
        total(connection, common(bucket, range), &mut totals)?;
        if let Some(bucket) = series.bucket_mut(position) {
            add_named(bucket.usage_mut(), totals.drain(), &sets, filter)?;
        }
    }
    series.trim(range);
    Ok(Ok(series))
}

/// As [`aggregate`], of all names together: each bucket has its summary, and no names.
pub(crate) fn aggregate_all(
    connection: &Connection,
    range: TimeRange,
    (unit, zone): (Unit, Tz),
) -> Result<Result<Series, TooManyBuckets>, ReadError> {
    let mut series = match Series::over(closed(connection, range)?, unit, zone) {
        Ok(series) => series,
        Err(error) => return Ok(Err(error)),
    };
    for position in 0..series.buckets().len() {
        let bucket = series.buckets()[position].range();
        let sum = total_of_all(connection, common(bucket, range))?;
        if let Some(bucket) = series.bucket_mut(position) {
            bucket.usage_mut().add_unnamed(&sum);
        }
    }
    series.trim(range);
    Ok(Ok(series))
}

/// The range with the oldest and the newest record for the bounds that it lacks. In an empty
/// ledger it stays as it is.
fn closed(connection: &Connection, range: TimeRange) -> Result<TimeRange, ReadError> {
    if range.start.is_some() && range.end.is_some() {
        return Ok(range);
    }
    // One query each: asked for both at once, SQLite looks at every row.
    // Rows that are about to be deleted while their sums stay do not count: the range would begin or
    // end at one of them, where only a quarter of an hour can.
    let rows_from = retained::rows_from(connection)?.unwrap_or(i64::MIN);
    let extreme = |sql| -> Result<Option<Timestamp>, ReadError> {
        let ts: Option<i64> =
            connection.prepare_cached(sql)?.query_row([rows_from], |row| row.get(0))?;
        let instant = ts.map(Timestamp::from_micros);
        match instant.filter(|instant| !instant.is_recordable()) {
            Some(_) => Err(ReadError::Damaged("a record has a time out of range".to_owned())),
            None => Ok(instant),
        }
    };
    let oldest = extreme("SELECT min(ts) FROM records WHERE ts >= ?1")?;
    // Sums may have outlived their rows.
    let quarter: Option<i64> = connection
        .prepare_cached("SELECT min(number) FROM sums_by_quarter")?
        .query_row([], |row| row.get(0))?;
    let summed = quarter.map(|quarter| Timestamp::from_micros(start_of_quarter(quarter)));
    let oldest = match (oldest, summed) {
        (Some(oldest), Some(summed))
            if quarter_of(oldest.as_micros()) <= quarter_of(summed.as_micros()) =>
        {
            Some(oldest)
        }
        (oldest, summed) => summed.or(oldest),
    };
    let newest = extreme("SELECT max(ts) FROM records WHERE ts >= ?1")?;
    let end = newest.map(|newest| Timestamp::from_micros(newest.as_micros() + 1));
    let quarter: Option<i64> = connection
        .prepare_cached("SELECT max(number) FROM sums_by_quarter")?
        .query_row([], |row| row.get(0))?;
    let end = end.or(quarter.map(|quarter| Timestamp::from_micros(start_of_quarter(quarter + 1))));
    Ok(TimeRange { start: range.start.or(oldest), end: range.end.or(end) })
}

/// What both have in common.
fn common(one: TimeRange, other: TimeRange) -> TimeRange {
    let end = match (one.end, other.end) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
    TimeRange { start: one.start.max(other.start), end }
}
