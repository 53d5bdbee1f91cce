//! Reading records back, a page at a time.

use std::collections::VecDeque;
use std::sync::{Arc, LazyLock};

use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};
use usage_core::{Counts, EventId, Filter, Record, RecordError, TimeRange, Timestamp};

use crate::Store;
use crate::columns::{self, NUMBERS};
use crate::error::{ReadError, StoreError};
use crate::labels::LabelSets;

/// A record as the ledger keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRecord {
    /// Its id, in the order of storing. Never used again for another record.
    pub id: i64,
    /// The record.
    pub record: Record,
}

/// How many records are read at a time. Between pages no transaction is open, so a slow reader
/// does not keep the write-ahead log from being recycled.
const PAGE: usize = 1_000;

/// Records from the newest to the oldest, read from the ledger as they are asked for.
///
/// Each page sees the ledger as it is then: what is stored meanwhile at an older time than the
/// page has reached is found, what is newer is not. After an error the iterator ends.
#[derive(Debug)]
pub struct Records<'a> {
    store: &'a Store,
    range: TimeRange,
    filter: &'a Filter,
    page: VecDeque<StoredRecord>,
    order: Order,
    /// Where the last page ended; `None` before the first.
    last: Option<(i64, i64)>,
    /// The names as of the last page, and by what a change of them is noticed.
    names: Option<((i64, i64), Arc<LabelSets>)>,
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

impl<'a> Records<'a> {
    pub(crate) fn new(store: &'a Store, range: TimeRange, filter: &'a Filter) -> Self {
        let (page, order) = (VecDeque::new(), Order::NewestFirst);
        Self { store, range, filter, page, order, last: None, names: None, finished: false }
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
        let (page, order, names) = self.store.read("read records from", |connection| {
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
            Ok((page, order, (mark, sets)))
        })?;
        self.order = order;
        self.names = Some(names);
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
        if self.page.is_empty()
            && !self.finished
            && let Err(error) = self.next_page()
        {
            self.finished = true;
            return Some(Err(error));
        }
        self.page.pop_front().map(Ok)
    }
}

/// The columns that [`stored_record`] reads by their place.
pub(crate) static SELECT_RECORDS: LazyLock<String> =
    LazyLock::new(|| format!("SELECT ts, id, label_set, event_id, {} FROM records", *NUMBERS));

pub(crate) fn stored_record(row: &Row<'_>, sets: &LabelSets) -> Result<StoredRecord, ReadError> {
    let id = row.get(1)?;
    let bad = |what: String| ReadError::Damaged(format!("record {id} has {what}"));
    let invalid = |error: RecordError| bad(format!("content that no record may have: {error}"));
    let label_set: i64 = row.get(2)?;
    let labels = sets.get(label_set).ok_or_else(|| ReadError::unknown_label_set(label_set))?;
    let numbers = columns::numbers(row, 4)?.map_err(bad)?;
    let counts = Counts::of(numbers, Timestamp::from_micros(row.get(0)?)).map_err(invalid)?;
    let record = Record::of(labels.clone(), counts);
    let record = match row.get::<_, Option<String>>(3)? {
        Some(event_id) => record.with_event_id(EventId::new(event_id).map_err(invalid)?),
        None => record,
    };
    Ok(StoredRecord { id, record })
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
        values.push(sets.ids_as_json(|names| filter.matches(names)).into());
    }
    sql.push_str(match order {
        Order::NewestFirst => " ORDER BY ts DESC, id DESC LIMIT ?",
        Order::OldestFirst { .. } => " ORDER BY ts, id LIMIT ?",
    });
    values.push(i64::try_from(PAGE).unwrap_or(i64::MAX).into());
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut page = VecDeque::with_capacity(PAGE);
    while let Some(row) = rows.next()? {
        page.push_back(stored_record(row, sets)?);
    }
    Ok(page)
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
