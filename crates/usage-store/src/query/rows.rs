//! Reading records back, a page at a time.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};
use usage_core::pricing::Billed;
use usage_core::{Filter, Label, Money, Record, TimeRange, Timestamp};

use crate::Store;
use crate::error::{ReadError, Result, StoreError};
use crate::ledger::contexts::Contexts;
use crate::ledger::labels::LabelSets;
use crate::ledger::readers::Stop;
use crate::ledger::records::{SELECT_RECORDS, record_of};
use crate::ledger::retained;
use crate::ledger::terms::Costs;
use crate::rollups::{each_checked_row, quarter_of};
use crate::write::event_ids::Place;
use crate::write::tellings::{self, Kept};

impl Store {
    /// The records of a range that pass the filter, newest first, read a page at a time.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let store = usage_store::Store::open(folder.path().join("usage.db"))?;
    /// use usage_core::{Filter, TimeRange};
    ///
    /// let filter = Filter::instance("router-1");
    /// for stored in store.records_by_period(TimeRange::ALL, &filter) {
    ///     println!("{}", usage_core::record::line::write(&stored?.record));
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn records_by_period<'a>(&'a self, range: TimeRange, filter: &'a Filter) -> Records<'a> {
        Records::new(self, range, filter)
    }

    /// Returns the tellings of a record, in an order of their own: what was said of its event, as far as it matters.
    /// Inserted into another ledger they come to the same record there, which is found by all its ids then; the record
    /// itself states two of them at most. The record alone where it was told in one way, or is not there any more.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn tellings(&self, of: &StoredRecord) -> Result<Vec<Record>> {
        let record = || vec![of.record.clone()];
        if of.record.event_id().is_none() {
            return Ok(record());
        }
        let place = Place { ts: of.record.timestamp().as_micros(), id: of.id };
        let Kept { told, unreadable } =
            self.read(DOING, |connection| Ok(tellings::read(connection, place)?))?;
        // What nobody can read is in the record.
        Ok(if told.is_empty() || unreadable > 0 { record() } else { told })
    }
}

/// A record as the ledger keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredRecord {
    /// Its id, in the order of storing. Never used again for another record.
    pub id: i64,
    /// The record.
    pub record: Record,
    /// Its cost by list price; `None` where it has no price, or is not priced yet.
    pub cost: Option<Money>,
}

/// The number of records that are read at a time. Between pages no transaction is open, so a slow
/// reader does not keep the write-ahead log from being recycled.
const PAGE: usize = 1_000;

const DOING: &str = "read records from";

/// Records from the newest to the oldest, read from the ledger as they are asked for.
///
/// Each page sees the ledger as it is then: what is stored meanwhile at an older time than the
/// page has reached is found, what is newer is not. After an error the iterator ends.
///
/// The quarters of an hour that it has passed are compared with what was stored in them. Where they
/// differ, as a page of the ledger is damaged, all records that can be read come first, and then the
/// error: who has not reached the end does not know that these are all, or that they are right.
#[derive(Debug)]
pub struct Records<'a> {
    store: &'a Store,
    range: TimeRange,
    filter: &'a Filter,
    page: VecDeque<StoredRecord>,
    order: Order,
    /// The place where the last page ended; `None` before the first.
    last: Option<(i64, i64)>,
    /// The quarters of an hour that are still to be checked.
    unchecked: Range<i64>,
    /// The first that was not right.
    damage: Option<StoreError>,
    /// The names as of the last page, and by what a change of them is noticed.
    names: Option<((i64, i64), Arc<LabelSets>)>,
    stop: Option<Stop>,
    finished: bool,
}

#[derive(Clone, Copy, Debug)]
enum Order {
    NewestFirst,
    OldestFirst {
        /// The first id that was not given yet when the first page was read; `None` before that.
        end_id: Option<i64>,
    },
}

impl Order {
    /// Splits the quarters of an hour that are still to be checked into those that were passed with a
    /// page, and the others. Not passed is the one in which a page ends: it is read in several.
    fn passed(self, unchecked: &Range<i64>, page: &VecDeque<StoredRecord>) -> [Range<i64>; 2] {
        let Range { start, end } = *unchecked;
        let Some(last) = page.back().filter(|_| page.len() == PAGE) else {
            return [start..end, end..end];
        };
        let reached = quarter_of(last.record.timestamp().as_micros());
        match self {
            Self::NewestFirst => {
                let reached = (reached + 1).clamp(start, end);
                [reached..end, start..reached]
            }
            Self::OldestFirst { .. } => {
                let reached = reached.clamp(start, end);
                [start..reached, reached..end]
            }
        }
    }
}

impl<'a> Records<'a> {
    pub(crate) fn new(store: &'a Store, range: TimeRange, filter: &'a Filter) -> Self {
        let (page, order) = (VecDeque::new(), Order::NewestFirst);
        let (unchecked, last, damage, names) = (quarters_of(range), None, None, None);
        let (stop, finished) = (None, false);
        Self { store, range, filter, page, order, last, unchecked, damage, names, stop, finished }
    }

    /// Ends them with an error when they are to stop.
    #[cfg(feature = "zones")]
    pub(crate) fn until(self, stop: Option<Stop>) -> Self {
        Self { stop, ..self }
    }

    /// The same records from the oldest to the newest, in the order in which they could be stored
    /// again. What is stored after the first page was read is left out, so that this ends however
    /// fast records come in, even if they are these.
    #[must_use]
    pub fn oldest_first(self) -> Self {
        Self { order: Order::OldestFirst { end_id: None }, ..self }
    }

    fn next_page(&mut self) -> Result<(), StoreError> {
        let (range, last, filter, order) = (self.range, self.last, self.filter, self.order);
        let known = &self.names;
        let (unchecked, is_damaged) = (&self.unchecked, self.damage.is_some());
        let stop = self.stop.as_ref();
        let (page, order, names, rest, damage) =
            self.store.read_until(DOING, stop, |connection| {
                let order = match order {
                    Order::OldestFirst { end_id: None } => {
                        Order::OldestFirst { end_id: Some(next_id(connection)?) }
                    }
                    settled => settled,
                };
                // There may be far more names than a page has records.
                let mark = LabelSets::mark(connection)?;
                let sets = match known {
                    Some((of, sets)) if *of == mark => Arc::clone(sets),
                    _ => Arc::new(LabelSets::read(connection)?),
                };
                let page = read_page(connection, range, last, filter, order, &sets)?;
                let [passed, rest] = order.passed(unchecked, &page);
                let damage = if is_damaged { None } else { damage_in(connection, passed)? };
                Ok((page, order, (mark, sets), rest, damage))
            })?;
        self.order = order;
        self.names = Some(names);
        self.unchecked = rest;
        let path = self.store.path();
        self.damage =
            self.damage.take().or(damage.map(|error| StoreError::read(DOING, path, error)));
        self.finished = page.len() < PAGE;
        if let Some(reached) = page.back() {
            self.last = Some((reached.record.timestamp().as_micros(), reached.id));
        }
        self.page = page;
        Ok(())
    }
}

impl Iterator for Records<'_> {
    type Item = Result<StoredRecord, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.page.is_empty()
                && !self.finished
                && let Err(error) = self.next_page()
            {
                self.finished = true;
                self.damage = None;
                return Some(Err(error));
            }
            match self.page.pop_front() {
                // Pages are of the right names; tags are looked at here.
                Some(stored)
                    if !self.filter.tags().is_empty()
                        && !self.filter.matches(&stored.record.names()) => {}
                Some(stored) => return Some(Ok(stored)),
                None if !self.finished => {}
                None => return self.damage.take().map(Err),
            }
        }
    }
}

/// Reads a row of [`SELECT_RECORDS`].
pub(crate) fn stored_record(
    connection: &Connection,
    row: &Row<'_>,
    sets: &LabelSets,
    contexts: &mut Contexts,
    costs: &mut Costs<'_>,
) -> Result<StoredRecord, ReadError> {
    let label_set: i64 = row.get(2)?;
    let labels = sets.get(label_set).ok_or_else(|| ReadError::unknown_label_set(label_set))?;
    let (record, terms) = record_of(connection, row, labels, contexts)?;
    let billed = || Billed::from(record.counts());
    let cost = terms.map(|terms| costs.of(terms, &billed())).transpose()?.flatten();
    Ok(StoredRecord { id: row.get(1)?, record, cost })
}

fn read_page(
    connection: &Connection,
    range: TimeRange,
    last: Option<(i64, i64)>,
    filter: &Filter,
    order: Order,
    sets: &LabelSets,
) -> Result<VecDeque<StoredRecord>, ReadError> {
    let mut sql = format!("{} WHERE ", *SELECT_RECORDS);
    let [start, end] = bounds(range);
    // One bound on the side where the page begins: given two, SQLite may search by the wrong one
    // and skip all pages before this one, row by row.
    let mut values: Vec<Value> = Vec::with_capacity(6);
    match order {
        Order::NewestFirst => {
            sql.push_str("ts >= ? AND (ts, id) < (?, ?)");
            let (ts, id) = last.unwrap_or((end, i64::MIN));
            values.extend([start, ts, id].map(Value::from));
        }
        Order::OldestFirst { end_id } => {
            sql.push_str("ts < ? AND (ts, id) > (?, ?) AND id < ?");
            let (ts, id) = last.unwrap_or((start, i64::MIN));
            values.extend([end, ts, id, end_id.unwrap_or(i64::MAX)].map(Value::from));
        }
    }
    if !filter.is_empty() {
        sql.push_str(" AND label_set IN (SELECT value FROM json_each(?))");
        let by_names = without_tags(filter);
        let ids = sets.ids_as_json(|names| by_names.matches(names));
        values.push(ids.map_err(rusqlite::Error::from)?.into());
    }
    sql.push_str(match order {
        Order::NewestFirst => " ORDER BY ts DESC, id DESC LIMIT ?",
        Order::OldestFirst { .. } => " ORDER BY ts, id LIMIT ?",
    });
    values.push(i64::try_from(PAGE).unwrap_or(i64::MAX).into());
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let (mut page, mut contexts) = (VecDeque::with_capacity(PAGE), Contexts::default());
    let mut costs = Costs::new(connection);
    while let Some(row) = rows.next()? {
        page.push_back(stored_record(connection, row, sets, &mut contexts, &mut costs)?);
    }
    Ok(page)
}

/// The names that a filter keeps, whatever the tags.
fn without_tags(filter: &Filter) -> Filter {
    let names = Label::ALL
        .into_iter()
        .flat_map(|label| filter.kept(label).iter().map(move |name| (label, name.as_str())));
    names.fold(Filter::new(), |kept, (label, name)| kept.keeping(label, name))
}

/// The quarters of an hour that a range has instants of.
pub(crate) fn quarters_of(range: TimeRange) -> Range<i64> {
    let all = [Timestamp::MIN_RECORD, Timestamp::END_RECORD].map(Timestamp::as_micros);
    let [start, end] = bounds(range).map(|bound| bound.clamp(all[0], all[1]));
    quarter_of(start)..quarter_of(end - 1) + 1
}

/// Returns the faults of the records of some quarters of an hour. Those that are about to be deleted, as their rollups
/// alone are kept, nobody can judge.
fn damage_in(
    connection: &Connection,
    quarters: Range<i64>,
) -> Result<Option<ReadError>, ReadError> {
    let rows_from = retained::rows_from(connection)?.map_or(i64::MIN, quarter_of);
    let quarters = quarters.start.max(rows_from)..quarters.end;
    if quarters.is_empty() {
        return Ok(None);
    }
    match each_checked_row(connection, &quarters, |_, _, _, _| {}) {
        Err(error) if error.is_damage() => Ok(Some(error)),
        result => result.map(|()| None),
    }
}

fn next_id(connection: &Connection) -> Result<i64, ReadError> {
    Ok(connection.query_row("SELECT next_record_id FROM ledger", [], |row| row.get(0))?)
}

/// A range as the two parameters of `ts >= ? AND ts < ?`. No record is at `i64::MAX`.
pub(crate) fn bounds(range: TimeRange) -> [i64; 2] {
    [
        range.start.map_or(i64::MIN, Timestamp::as_micros),
        range.end.map_or(i64::MAX, Timestamp::as_micros),
    ]
}
