//! Putting records into the ledger.

use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params};
use usage_core::sink::{BatchOutcome, Refusal, RefusalReason};
use usage_core::stats::Summary;
use usage_core::{EventId, Record};

use crate::sums::Change;
use crate::transaction::{self, WriteError};
use crate::{labels, retained};

/// What became of a record that was inserted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Inserted {
    /// It is in the ledger now.
    Stored,
    /// It was there already: its event id is known, with the same content.
    Duplicate,
    /// It was not stored.
    Refused(RefusalReason),
}

/// Inserts one record, on a connection of its own or inside the caller's transaction, and in
/// either case whole or not at all.
///
/// For people who have their own connection to a ledger that a [`Store`](crate::Store) has opened
/// once; a batch through [`Store::insert_batch`](crate::Store::insert_batch) is far cheaper a
/// record.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("usage.db");
/// # usage_store::Store::open(&path)?;
/// use rusqlite::TransactionBehavior;
/// use usage_core::{LabelNames, Labels, Record, Timestamp, TokenCounts};
/// use usage_store::{Inserted, insert_record};
///
/// let labels = Labels::new(LabelNames {
///     instance_id: "router-1",
///     route: "think",
///     model: "claude-sonnet-4-5",
///     ..LabelNames::default()
/// })?;
/// let record = Record::new(labels, TokenCounts::unclassified(500)?, 0, Timestamp::from_micros(0))?;
///
/// let mut connection = rusqlite::Connection::open(&path)?;
/// assert_eq!(insert_record(&connection, &record)?, Inserted::Stored);
///
/// // Immediate, because a transaction that has begun to read cannot wait for a writer any more.
/// let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
/// insert_record(&transaction, &record)?;
/// transaction.commit()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// SQLite's own, and [`WriteError::VersionChanged`] when the ledger has another schema version
/// than this program. Nothing was stored then.
pub fn insert_record(connection: &Connection, record: &Record) -> Result<Inserted, WriteError> {
    transaction::nested(connection, |connection| {
        let mut label_id = |record: &Record| labels::id_of(connection, record.labels());
        insert_all(connection, std::slice::from_ref(record), &mut label_id)
    })
    .map(|outcome| match outcome.refused.first() {
        Some(refusal) => Inserted::Refused(refusal.reason),
        None if outcome.duplicates > 0 => Inserted::Duplicate,
        None => Inserted::Stored,
    })
}

/// The one place that inserts rows. The caller holds the write lock.
pub(crate) fn insert_all(
    connection: &Connection,
    batch: &[Record],
    label_id: &mut dyn FnMut(&Record) -> rusqlite::Result<i64>,
) -> rusqlite::Result<BatchOutcome> {
    let mut rows = if batch.len() < AT_ONCE {
        Rows::begin(connection)?
    } else {
        Rows::begin_together(connection)?
    };
    for (index, record) in batch.iter().enumerate() {
        rows.insert(index, record, label_id)?;
    }
    rows.finish()
}

/// How many rows go in with one statement where there are as many: each costs less then.
const AT_ONCE: usize = 8;

/// A row that waits for others to go in with.
type Waiting<'r> = (i64, i64, &'r Record);

/// Rows on their way into the ledger, in one transaction.
pub(crate) struct Rows<'a, 'r> {
    connection: &'a Connection,
    statement: CachedStatement<'a>,
    /// For [`AT_ONCE`] rows; nothing where each has to go in by itself.
    together: Option<CachedStatement<'a>>,
    waiting: Vec<Waiting<'r>>,
    first_id: i64,
    next_id: i64,
    /// Records older than this are not taken.
    records_from: i64,
    change: Change,
    outcome: BatchOutcome,
}

impl<'a, 'r> Rows<'a, 'r> {
    /// Each row goes in by itself, at once.
    pub(crate) fn begin(connection: &'a Connection) -> rusqlite::Result<Self> {
        let first_id: i64 = connection
            .prepare_cached("SELECT next_record_id FROM ledger")?
            .query_row([], |row| row.get(0))?;
        let statement = connection.prepare_cached(&insert_sql(1))?;
        let records_from = retained::records_from(connection)?.unwrap_or(i64::MIN);
        let (change, outcome) = (Change::default(), BatchOutcome::default());
        Ok(Self {
            connection,
            statement,
            together: None,
            waiting: Vec::new(),
            first_id,
            next_id: first_id,
            records_from,
            change,
            outcome,
        })
    }

    /// Rows without an event id may go in together, before [`finish`](Self::finish) is done.
    fn begin_together(connection: &'a Connection) -> rusqlite::Result<Self> {
        let together = connection.prepare_cached(&insert_sql(AT_ONCE))?;
        Ok(Self { together: Some(together), ..Self::begin(connection)? })
    }

    /// Inserts a record, unless it is there already. After an error it counts nowhere.
    pub(crate) fn insert(
        &mut self,
        index: usize,
        record: &'r Record,
        label_id: &mut dyn FnMut(&Record) -> rusqlite::Result<i64>,
    ) -> rusqlite::Result<()> {
        let ts = record.timestamp().as_micros();
        if ts < self.records_from {
            self.refuse(index, RefusalReason::BeforeHorizon);
            return Ok(());
        }
        match find_event(self.connection, record)? {
            Event::New => {
                let label_set = label_id(record)?;
                let row = (self.next_id, label_set, record);
                // One that has an id may be looked for by the next record already.
                if self.together.is_some() && record.event_id().is_none() {
                    self.waiting.push(row);
                    self.put_together()?;
                } else {
                    insert_rows(&mut self.statement, &[row])?;
                }
                self.change.record(ts, self.next_id, label_set, &Summary::of(record));
                self.next_id += 1;
                self.outcome.stored += 1;
            }
            Event::Same => self.outcome.duplicates += 1,
            Event::Different => self.refuse(index, RefusalReason::EventIdConflict),
        }
        Ok(())
    }

    pub(crate) fn refuse(&mut self, index: usize, reason: RefusalReason) {
        self.outcome.refused.push(Refusal { index, reason });
    }

    /// Inserts those that wait, once they are as many as go in together.
    fn put_together(&mut self) -> rusqlite::Result<()> {
        if let Some(statement) = self.together.as_mut().filter(|_| self.waiting.len() == AT_ONCE) {
            insert_rows(statement, &self.waiting)?;
            self.waiting.clear();
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> rusqlite::Result<BatchOutcome> {
        for row in std::mem::take(&mut self.waiting) {
            insert_rows(&mut self.statement, &[row])?;
        }
        if self.next_id != self.first_id {
            self.connection
                .prepare_cached("UPDATE ledger SET next_record_id = ?1")?
                .execute([self.next_id])?;
            self.change.count_in(self.connection)?;
        }
        Ok(self.outcome)
    }
}

fn insert_sql(rows: usize) -> String {
    let row = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let rows = vec![row; rows].join(", ");
    format!(
        "INSERT INTO records (ts, id, label_set, input, output, cache_read, cache_write, \
         unclassified, reasoning, fallbacks, event_id) VALUES {rows}"
    )
}

/// The columns of a row.
const COLUMNS: usize = 11;

fn insert_rows(insert: &mut CachedStatement<'_>, rows: &[Waiting<'_>]) -> rusqlite::Result<()> {
    for (at, (id, label_set, record)) in rows.iter().enumerate() {
        let (first, tokens) = (at * COLUMNS + 1, record.tokens());
        // One by one: as a list of parameters each would go through a table of functions.
        insert.raw_bind_parameter(first, record.timestamp().as_micros())?;
        insert.raw_bind_parameter(first + 1, id)?;
        insert.raw_bind_parameter(first + 2, label_set)?;
        let counts = [
            tokens.input(),
            tokens.output(),
            tokens.cache_read(),
            tokens.cache_write(),
            tokens.unclassified_count(),
            tokens.reasoning(),
            record.fallbacks(),
        ];
        for (index, count) in counts.into_iter().enumerate() {
            insert.raw_bind_parameter(first + 3 + index, count)?;
        }
        insert.raw_bind_parameter(first + 10, record.event_id().map(EventId::as_str))?;
    }
    let inserted = insert.raw_execute()?;
    // A trigger may leave a row out without an error; it is not stored then.
    if inserted == rows.len() {
        Ok(())
    } else {
        Err(rusqlite::Error::StatementChangedRows(inserted))
    }
}

/// What the ledger knows of a record's event id.
enum Event {
    New,
    Same,
    Different,
}

/// The columns are read by their place in [`is_same`].
pub(crate) const FIND_EVENT: &str = "SELECT r.ts, r.input, r.output, r.cache_read, r.cache_write, r.unclassified, r.reasoning, \
     r.fallbacks, l.profile, l.provider, l.route, l.model \
     FROM records AS r CROSS JOIN label_sets AS l ON l.id = r.label_set \
     WHERE r.event_id = ?1 AND l.instance_id = ?2";

fn find_event(connection: &Connection, record: &Record) -> rusqlite::Result<Event> {
    let Some(event_id) = record.event_id() else {
        return Ok(Event::New);
    };
    let names = record.labels().names();
    // An event id is unique for an instance; other instances may have used it too.
    let found = connection
        .prepare_cached(FIND_EVENT)?
        .query_row(params![event_id.as_str(), names.instance_id], |row| is_same(row, record))
        .optional()?;
    Ok(match found {
        None => Event::New,
        Some(true) => Event::Same,
        Some(false) => Event::Different,
    })
}

fn is_same(row: &Row<'_>, record: &Record) -> rusqlite::Result<bool> {
    let (names, tokens) = (record.labels().names(), record.tokens());
    let numbers = [
        record.timestamp().as_micros(),
        tokens.input().into(),
        tokens.output().into(),
        tokens.cache_read().into(),
        tokens.cache_write().into(),
        tokens.unclassified_count().into(),
        tokens.reasoning().into(),
        record.fallbacks().into(),
    ];
    for (index, number) in numbers.into_iter().enumerate() {
        if row.get::<_, i64>(index)? != number {
            return Ok(false);
        }
    }
    let texts = [names.profile, names.provider, names.route, names.model];
    for (index, text) in texts.into_iter().enumerate() {
        if row.get_ref(numbers.len() + index)?.as_str()? != text {
            return Ok(false);
        }
    }
    Ok(true)
}
