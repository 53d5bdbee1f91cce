//! A ledger in memory, as simple as can be.

use std::collections::BTreeSet;
use std::iter;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use usage_core::period::Unit;
use usage_core::pricing::{PriceList, cost_of};
use usage_core::query::{
    Block, Bounds, Calendar, Limits, Listing, Order, PricedRecords, Records, Seen, Selection,
    Session,
};
use usage_core::sink::{BatchOutcome, Sink};
use usage_core::stats::{Aggregates, Series, Summary};
use usage_core::{Engine, Error, Label, Labels, Money, Record, TimeRange, Timestamp};

use crate::{Events, sessions};

/// Keeps records in a list of [`Events`], and looks at each of them for every answer. Clones share one list.
#[derive(Clone, Debug, Default)]
pub struct MemoryLedger {
    events: Arc<Mutex<Events>>,
    prices: Option<Arc<dyn PriceList>>,
}

impl MemoryLedger {
    /// An empty one, which prices its records by a list.
    #[must_use]
    pub fn priced_by(prices: Option<Arc<dyn PriceList>>) -> Self {
        Self { prices, ..Self::default() }
    }

    /// Returns what a record costs; `None` where it has no price.
    pub(crate) fn cost(&self, record: &Record) -> Option<Money> {
        cost_of(&**self.prices.as_ref()?, record).ok()
    }

    /// Returns what one record comes to, its cost included.
    pub(crate) fn summary(&self, record: &Record) -> Summary {
        let mut summary = Summary::of(record);
        self.cost(record).into_iter().for_each(|cost| summary.add_cost(cost));
        summary
    }

    /// Returns all records, in the order in which they were stored.
    #[must_use]
    pub fn all(&self) -> Vec<Record> {
        self.lock().records().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Events> {
        // A test that has panicked says so itself.
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The records that a question is about, oldest first.
    fn selected(&self, of: &Selection<'_>) -> Result<Vec<Record>, Error> {
        of.limits.check(Instant::now)?;
        let is_in = |record: &Record| {
            of.range.contains(record.timestamp()) && of.filter.matches(&record.names())
        };
        let mut selected: Vec<_> =
            self.lock().records().filter(|record| is_in(record)).cloned().collect();
        // Stable: of equals the one that was stored first.
        selected.sort_by_key(Record::timestamp);
        Ok(selected)
    }
}

impl Sink for MemoryLedger {
    fn store(&mut self, batch: &[Record]) -> Result<BatchOutcome, Error> {
        Ok(self.lock().tell_all(batch))
    }
}

impl Engine for MemoryLedger {
    fn totals(&self, of: &Selection<'_>) -> Result<Aggregates, Error> {
        let mut totals = Aggregates::default();
        for record in self.selected(of)? {
            totals.add_totals(told_apart(of, &record), &self.summary(&record));
        }
        Ok(totals)
    }

    fn series(&self, of: &Selection<'_>, by: Calendar) -> Result<Series, Error> {
        let selected = self.selected(of)?;
        let stretches = stretches(of.range, &selected, by.unit);
        let mut series = Series::over_stretches(&stretches, by.unit, by.zone)?;
        for record in &selected {
            let at = series.position(record.timestamp());
            if let Some(bucket) = at.and_then(|at| series.bucket_mut(at)) {
                bucket.usage_mut().add_totals(told_apart(of, record), &self.summary(record));
            }
        }
        series.trim(of.range);
        series.widen_gaps();
        Ok(series)
    }

    fn sessions(
        &self,
        of: &Selection<'_>,
        listing: Listing,
    ) -> Result<Option<Vec<Session>>, Error> {
        of.limits.check(Instant::now)?;
        Ok(Some(sessions::list(&self.all(), |record| self.summary(record), of, listing)))
    }

    fn blocks(&self, of: &Selection<'_>) -> Result<Vec<Block>, Error> {
        of.limits.check(Instant::now)?;
        Ok(sessions::blocks(&self.all(), |record| self.summary(record), of))
    }

    fn records<'a>(&'a self, of: &Selection<'a>, order: Order) -> Records<'a> {
        let mut selected = match self.selected(of) {
            Err(error) => return Box::new(iter::once(Err(error))),
            Ok(selected) => selected,
        };
        if matches!(order, Order::NewestFirst) {
            selected.reverse();
        }
        let (limits, mut left) = (of.limits.clone(), selected.into_iter());
        Box::new(iter::from_fn(move || {
            let next = left.next()?;
            Some(limits.check(Instant::now).map(|()| next).map_err(|kind| {
                // No more after an error.
                left = Vec::new().into_iter();
                kind.into()
            }))
        }))
    }

    fn priced_records<'a>(&'a self, of: &Selection<'a>, order: Order) -> PricedRecords<'a> {
        let priced = |record: Record| {
            let cost = self.cost(&record);
            (record, cost)
        };
        Box::new(self.records(of, order).map(move |record| record.map(priced)))
    }

    fn names(&self, label: Label, most: usize, limits: &Limits) -> Result<Vec<String>, Error> {
        limits.check(Instant::now)?;
        let kept = self.lock();
        let names = kept.records().map(|record| record.labels().names().reported(label).to_owned());
        let names: BTreeSet<_> = names.filter(|name| !name.is_empty()).collect();
        Ok(names.into_iter().take(most).collect())
    }

    fn bounds(&self, limits: &Limits) -> Result<Bounds, Error> {
        limits.check(Instant::now)?;
        let kept = self.lock();
        let times = || kept.records().map(Record::timestamp);
        Ok(Bounds::of(times().min().zip(times().max())))
    }

    fn seen(&self) -> Result<Seen, Error> {
        Ok(Seen::of(self.lock().changes().to_le_bytes()))
    }
}

/// The names of a record, with those of its tags by which totals are told apart.
pub(crate) fn told_apart(of: &Selection<'_>, record: &Record) -> Labels {
    record.labels().with_tags(record.context().tag_list().only(of.tags).tags())
}

/// The range, and where it lacks a bound the stretches of it that have records, with what lies between two of them
/// if that is not long.
fn stretches(range: TimeRange, oldest_first: &[Record], unit: Unit) -> Vec<TimeRange> {
    if range.start.is_some() && range.end.is_some() {
        return vec![range];
    }
    let times = || oldest_first.iter().map(|record| record.timestamp().as_micros());
    let Some((oldest, newest)) = times().next().zip(times().next_back()) else { return Vec::new() };
    let start = range.start.map_or(oldest, Timestamp::as_micros);
    let end = range.end.map_or(newest + 1, Timestamp::as_micros);
    let at = |micros| Some(Timestamp::from_micros(micros));
    let (mut stretches, mut from, mut to) = (Vec::new(), start, start);
    for time in times() {
        if time > to.saturating_add(longest_gap(unit)) {
            stretches.push(TimeRange { start: at(from), end: at(to) });
            from = time;
        }
        to = time + 1;
    }
    stretches.push(TimeRange { start: at(from), end: at(end) });
    stretches
}

/// 366 units, in microseconds.
fn longest_gap(unit: Unit) -> i64 {
    let days = match unit {
        Unit::QuarterHour => return 366 * 15 * 60 * 1_000_000,
        Unit::Hour => return 366 * 60 * 60 * 1_000_000,
        Unit::Day => 1,
        Unit::Week(_) => 7,
        Unit::Month => 31,
        Unit::Quarter => 92,
        Unit::Year => 366,
    };
    days * 366 * 24 * 60 * 60 * 1_000_000
}
