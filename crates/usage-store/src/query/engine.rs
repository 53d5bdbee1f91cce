//! The ledger as what reports are made of: it knows itself which of its ways to an answer is cheap.

use std::time::Instant;

use rusqlite::Connection;
use usage_core::query::{
    Bounds, Calendar, Freshness, Limits, Listing, Order, PricedRecords, Records, Seen, Selection,
    Session,
};
use usage_core::stats::{Aggregates, Series};
use usage_core::{Engine, Error, ErrorKind, Label, Money, Record, TimeRange, Timestamp};

use crate::error::{ReadError, StoreError};
use crate::ledger::readers::Stop;
use crate::ledger::{labels, retained};
use crate::query::{report, rows, sessions};
use crate::retention::cut;
use crate::rollups::{each_checked_row, quarter_of, start_of_quarter};
use crate::{Store, rollups};

use super::series;

const READ: &str = "read the ledger";

impl Engine for Store {
    /// From rollups, but for the parts of a quarter of an hour at the ends of the range.
    fn totals(&self, of: &Selection<'_>) -> Result<Aggregates, Error> {
        self.ask(&of.limits, |connection| {
            report::aggregate(connection, of.range, of.filter, of.tags)
        })
    }

    fn series(&self, of: &Selection<'_>, by: Calendar) -> Result<Series, Error> {
        let by = (by.unit, by.zone);
        self.ask(&of.limits, |connection| {
            series::aggregate(connection, (of.range, of.filter), of.tags, by)
        })
    }

    /// As fast with a million names as with one, unless some are asked for.
    fn series_of_all(&self, of: &Selection<'_>, by: Calendar) -> Result<Series, Error> {
        if !of.filter.is_empty() || !of.tags.is_empty() {
            return Engine::series(self, of, by);
        }
        let by = (by.unit, by.zone);
        self.ask(&of.limits, |connection| series::aggregate_all(connection, of.range, by))
    }

    /// From the rollups of sessions.
    fn sessions(
        &self,
        of: &Selection<'_>,
        listing: Listing,
    ) -> Result<Option<Vec<Session>>, Error> {
        self.ask(&of.limits, |connection| sessions::list(connection, of, listing)).map(Some)
    }

    /// A page at a time, so a slow reader holds nothing up.
    fn records<'a>(&'a self, of: &Selection<'a>, order: Order) -> Records<'a> {
        Box::new(self.priced_records(of, order).map(|of| of.map(|(record, _)| record)))
    }

    /// By the terms of each.
    fn priced_records<'a>(&'a self, of: &Selection<'a>, order: Order) -> PricedRecords<'a> {
        let (range, limits) = (of.range, of.limits.clone());
        let records = self.records_by_period(of.range, of.filter).until(stop(&limits));
        let records = match order {
            Order::NewestFirst => records,
            Order::OldestFirst => records.oldest_first(),
        };
        Box::new(Answer { store: self, records, range, limits, is_over: false })
    }

    fn names(&self, label: Label, most: usize, limits: &Limits) -> Result<Vec<String>, Error> {
        self.ask(limits, |connection| Ok(labels::first_names(connection, label, most)?))
    }

    fn bounds(&self, limits: &Limits) -> Result<Bounds, Error> {
        self.ask(limits, |connection| {
            let mut seen = rollups::Seen::default();
            let TimeRange { start, end } = series::closed(connection, TimeRange::ALL, &mut seen)?;
            seen.check(connection)?;
            let rows_from = retained::rows_from(connection)?;
            let ends = match start.zip(end) {
                None => None,
                Some((start, end)) => {
                    let last = quarter_of(end.as_micros() - 1);
                    let oldest = times(connection, quarter_of(start.as_micros()), rows_from)?.0;
                    Some((oldest, times(connection, last, rows_from)?.1))
                }
            };
            let at = |micros: Option<i64>| micros.map(Timestamp::from_micros);
            let accepts = at(retained::records_from(connection)?);
            Ok(Bounds::of(ends).with_horizon(accepts, at(rows_from)))
        })
    }

    /// Reads one row, and no rollups.
    fn horizon(&self, limits: &Limits) -> Result<Option<Timestamp>, Error> {
        self.ask(limits, |connection| {
            Ok(retained::records_from(connection)?.map(Timestamp::from_micros))
        })
    }

    fn countable(&self, range: TimeRange, limits: &Limits) -> Result<TimeRange, Error> {
        self.ask(limits, |connection| {
            let moved = |edge: Option<Timestamp>| -> rusqlite::Result<Option<Timestamp>> {
                let Some(at) = edge else { return Ok(None) };
                Ok(Some(cut(connection, at)?.map_or(at, |[_, next]| next)))
            };
            Ok(TimeRange { start: moved(range.start)?, end: moved(range.end)? })
        })
    }

    fn freshness(&self, limits: &Limits) -> Result<Freshness, Error> {
        limits.check(Instant::now)?;
        let stop = stop(limits);
        let backlog =
            self.journals().backlog_until(stop.as_ref()).map_err(|error| failed(error, limits))?;
        Ok(Freshness::of(backlog.of_stopped(), backlog.of_running()))
    }

    fn seen(&self) -> Result<Seen, Error> {
        Ok(Seen::of(self.state()?))
    }
}

impl Store {
    pub(super) fn ask<T>(
        &self,
        limits: &Limits,
        query: impl Fn(&Connection) -> Result<T, ReadError>,
    ) -> Result<T, Error> {
        limits.check(Instant::now)?;
        let stop = stop(limits);
        self.read_until(READ, stop.as_ref(), query).map_err(|error| failed(error, limits))
    }
}

/// The records of an answer: up to where its limits are reached, with an error last where there were more.
struct Answer<'a> {
    store: &'a Store,
    records: rows::Records<'a>,
    range: TimeRange,
    limits: Limits,
    is_over: bool,
}

impl Answer<'_> {
    fn one(&mut self) -> Result<Option<(Record, Option<Money>)>, Error> {
        self.limits.check(Instant::now)?;
        match self.records.next() {
            Some(stored) => {
                let stored = stored.map(|of| Some((of.record, of.cost)));
                stored.map_err(|error| failed(error, &self.limits))
            }
            // Last, so that it sees what a prune has taken meanwhile too.
            None => self.check_kept().map(|()| None),
        }
    }

    fn check_kept(&self) -> Result<(), Error> {
        let gone =
            self.store.ask(&self.limits, |connection| rollups_alone(connection, self.range))?;
        gone.map_or(Ok(()), |before| {
            let what =
                format!("records before {before} were deleted, and only their sums are kept");
            Err(Error::new(ErrorKind::NotKept, what))
        })
    }
}

impl Iterator for Answer<'_> {
    type Item = Result<(Record, Option<Money>), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let next = self.one().transpose();
        self.is_over = !matches!(next, Some(Ok(_)));
        next
    }
}

/// Before which instant there are only rollups, if a range has any of them.
fn rollups_alone(
    connection: &Connection,
    range: TimeRange,
) -> Result<Option<Timestamp>, ReadError> {
    let [start, end] = rows::bounds(range);
    let Some(rows_from) = retained::rows_from(connection)?.filter(|_| start < end) else {
        return Ok(None);
    };
    let quarters = rows::quarters_of(range);
    let sql = "SELECT EXISTS (SELECT 1 FROM rollups_quarter WHERE number >= ?1 AND number < ?2)";
    let are_there: bool = connection
        .prepare_cached(sql)?
        .query_row([quarters.start, quarters.end.min(quarter_of(rows_from))], |row| row.get(0))?;
    Ok(are_there.then(|| Timestamp::from_micros(rows_from)))
}

/// The first and the last time in a quarter of an hour that has something: of its rows, or its own ends where only
/// rollups are left.
fn times(
    connection: &Connection,
    quarter: i64,
    rows_from: Option<i64>,
) -> Result<(Timestamp, Timestamp), ReadError> {
    let (start, end) = (start_of_quarter(quarter), start_of_quarter(quarter + 1));
    let mut times = None;
    if rows_from.is_none_or(|rows_from| rows_from <= start) {
        each_checked_row(connection, &(quarter..quarter + 1), |ts, _, _, _| {
            times = Some((times.map_or(ts, |(first, _)| first), ts));
        })?;
    }
    let (first, last) = times.unwrap_or((start, end - 1));
    Ok((Timestamp::from_micros(first), Timestamp::from_micros(last)))
}

/// Asks the limits; nothing where there are none, so that such queries are never held up.
fn stop(limits: &Limits) -> Option<Stop> {
    let limits = limits.clone();
    (!limits.is_none()).then(|| Stop::when(move || limits.check(Instant::now).is_err()))
}

/// Converts an error: its limits are what has ended a query that was stopped.
fn failed(error: StoreError, limits: &Limits) -> Error {
    match limits.check(Instant::now) {
        Err(kind) if matches!(error, StoreError::Stopped { .. }) => Error::new(kind, error),
        _ => error.into(),
    }
}
