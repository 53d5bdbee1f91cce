//! Reports over time, by aggregation while SQLite walks the rows: what is kept is as large as the
//! number of label sets met in each stretch of time, whatever the number of records.

use chrono_tz::Tz;
use rusqlite::{Connection, params_from_iter};
use rustc_hash::FxHashMap;
use usage_core::period::Unit;
use usage_core::stats::{Aggregates, Series, Summary, TooManyBuckets};
use usage_core::{Filter, TimeRange, Timestamp};

use crate::error::{ReadError, StoreError};
use crate::labels::LabelSets;
use crate::report::{COUNTS, add_named, summary};
use crate::rows::bounds;

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
    let sql = format!("SELECT {COUNTS}, ts FROM records WHERE ts >= ? AND ts < ? ORDER BY ts");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(bounds(range)))?;
    // Rows come in the order of time, so only one bucket is open at any moment.
    let mut open = Open { position: 0, inside: 0..0, groups: FxHashMap::default() };
    while let Some(row) = rows.next()? {
        let ts: i64 = row.get(TS)?;
        if !open.inside.contains(&ts) {
            open.close(&mut series, &sets, filter)?;
            open.at(&series, ts)?;
        }
        open.groups.entry(row.get(0)?).or_default().merge(&summary(row)?);
    }
    open.close(&mut series, &sets, filter)?;
    series.trim(range);
    Ok(Ok(series))
}

/// The column of the instant, behind [`COUNTS`].
const TS: usize = 8;

/// The range with the oldest and the newest record for the bounds that it lacks. In an empty
/// ledger it stays as it is.
fn closed(connection: &Connection, range: TimeRange) -> Result<TimeRange, ReadError> {
    if range.start.is_some() && range.end.is_some() {
        return Ok(range);
    }
    // One query each: asked for both at once, SQLite looks at every row.
    let extreme = |sql| -> Result<Option<Timestamp>, ReadError> {
        let ts: Option<i64> = connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
        let instant = ts.map(Timestamp::from_micros);
        match instant.filter(|instant| !instant.is_recordable()) {
            Some(_) => Err(ReadError::Damaged("a record has a time out of range".to_owned())),
            None => Ok(instant),
        }
    };
    let oldest = extreme("SELECT min(ts) FROM records")?;
    let newest = extreme("SELECT max(ts) FROM records")?;
    let end = newest.map(|newest| Timestamp::from_micros(newest.as_micros() + 1));
    Ok(TimeRange { start: range.start.or(oldest), end: range.end.or(end) })
}

/// The bucket that rows are being added to.
struct Open {
    position: usize,
    /// Its instants.
    inside: std::ops::Range<i64>,
    groups: FxHashMap<i64, Summary>,
}

impl Open {
    /// Moves to the bucket that holds the instant.
    fn at(&mut self, series: &Series, ts: i64) -> Result<(), ReadError> {
        // Rows that are not in their order, or beyond the newest, are found by no other means.
        let position = Some(Timestamp::from_micros(ts))
            .filter(|_| self.inside.end <= ts)
            .and_then(|instant| series.position(instant))
            .ok_or_else(|| ReadError::Damaged("records are not in the order of time".into()))?;
        let [start, end] = bounds(series.buckets()[position].range());
        self.position = position;
        self.inside = start..end;
        Ok(())
    }

    /// Gives the bucket what was added up for it.
    fn close(
        &mut self,
        series: &mut Series,
        sets: &LabelSets,
        filter: &Filter,
    ) -> Result<(), ReadError> {
        let mut nowhere = Aggregates::default();
        let bucket = series.bucket_mut(self.position);
        let usage = bucket.map_or(&mut nowhere, |bucket| bucket.usage_mut());
        add_named(usage, self.groups.drain(), sets, filter)
    }
}
