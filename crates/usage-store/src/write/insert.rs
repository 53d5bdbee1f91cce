//! Putting records into the ledger.

use rusqlite::{CachedStatement, Connection};
use usage_core::sink::{BatchOutcome, Refusal, RefusalReason};
use usage_core::stats::Summary;
use usage_core::{EventId, Label, Record};

use crate::error::WriteError;
use crate::ledger::columns::{NUMBERS, hash_of_row};
use crate::ledger::ids::{IdCache, PendingIds, RowIds};
use crate::ledger::more::{COLUMNS as NUMBERED, More};
use crate::ledger::retained;
use crate::ledger::transaction;
use crate::rollups::Change;
use crate::write::event_ids::{Event, KnownIds};
use crate::write::quarantine;

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
/// use usage_core::{LabelNames, Labels, Record, Timestamp, TokenCounts, Usage};
/// use usage_store::{Inserted, insert_record};
///
/// let names = LabelNames::new()
///     .with_instance("router-1")
///     .with_route("think")
///     .with_model("claude-sonnet-4-5");
/// let labels = Labels::new(names)?;
/// let record = Record::new(labels, Usage::new(TokenCounts::unclassified(500), Timestamp::from_micros(0)))?;
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
        let mut ids = IdCache::default();
        insert_all(connection, std::slice::from_ref(record), &mut ids.begin(0))
    })
    .map(|outcome| match outcome.refused.first() {
        Some(refusal) => Inserted::Refused(refusal.reason),
        None if outcome.duplicates > 0 => Inserted::Duplicate,
        None => Inserted::Stored,
    })
}

/// The one place that inserts rows. The caller holds the write lock.
///
/// Event ids are looked up before any row goes in, and added after all of them, each time in the
/// order of their hashes: in a table that is far larger than the batch, records share pages then.
pub(crate) fn insert_all(
    connection: &Connection,
    batch: &[Record],
    ids: &mut PendingIds<'_>,
) -> rusqlite::Result<BatchOutcome> {
    let mut rows = Rows::begin(connection)?;
    if batch.len() >= AT_ONCE {
        rows.together = Some(InsertRows::prepare(connection, AT_ONCE)?);
    }
    let hashes = rows.hashes(batch)?;
    let verdicts = rows.verdicts(batch, &hashes)?;
    let mut stored = Vec::with_capacity(batch.len());
    for (index, (record, verdict)) in batch.iter().zip(verdicts).enumerate() {
        stored.push(rows.carry_out(index, record, verdict, ids)?);
    }
    for (hash, index) in hashes {
        if let (Some(known), Some(id)) = (&mut rows.known, stored[index]) {
            known.insert(hash, id, batch[index].timestamp().as_micros())?;
        }
    }
    rows.finish()
}

/// How many rows go in with one statement where there are as many: each costs less then.
const AT_ONCE: usize = 8;

/// A row that waits for others to go in with.
struct Waiting<'r> {
    id: i64,
    ids: RowIds,
    /// What it says besides its columns; empty where it does not.
    more: Vec<u8>,
    record: &'r Record,
}

/// What is to become of a record.
#[derive(Clone, Copy, Debug)]
enum Verdict {
    Store,
    Duplicate,
    Refuse(RefusalReason),
}

/// Rows on their way into the ledger, in one transaction.
pub(crate) struct Rows<'a, 'r> {
    connection: &'a Connection,
    statement: InsertRows<'a>,
    /// For [`AT_ONCE`] rows; nothing where each has to go in by itself, at once.
    together: Option<InsertRows<'a>>,
    waiting: Vec<Waiting<'r>>,
    /// Nothing until a record has an event id.
    known: Option<KnownIds<'a>>,
    first_id: i64,
    next_id: i64,
    /// Records older than this are not taken.
    records_from: i64,
    change: Change,
    outcome: BatchOutcome,
}

impl<'a, 'r> Rows<'a, 'r> {
    pub(crate) fn begin(connection: &'a Connection) -> rusqlite::Result<Self> {
        let first_id: i64 = connection
            .prepare_cached("SELECT next_record_id FROM ledger")?
            .query_row([], |row| row.get(0))?;
        let statement = InsertRows::prepare(connection, 1)?;
        let records_from = retained::records_from(connection)?.unwrap_or(i64::MIN);
        let (change, outcome) = (Change::default(), BatchOutcome::default());
        Ok(Self {
            connection,
            statement,
            together: None,
            waiting: Vec::new(),
            known: None,
            first_id,
            next_id: first_id,
            records_from,
            change,
            outcome,
        })
    }

    /// The known event ids, from the first time on that somebody asks.
    pub(crate) fn known(&mut self) -> rusqlite::Result<&mut KnownIds<'a>> {
        let known = match self.known.take() {
            Some(known) => known,
            None => KnownIds::begin(self.connection)?,
        };
        Ok(self.known.insert(known))
    }

    /// Inserts a record and its event id at once, unless it is there already. After an error it counts
    /// nowhere.
    pub(crate) fn insert(
        &mut self,
        index: usize,
        record: &'r Record,
        ids: &mut PendingIds<'_>,
    ) -> rusqlite::Result<()> {
        let mut event = Event::New;
        if record.event_id().is_some() {
            let (id, ts) = (self.next_id, record.timestamp().as_micros());
            let known = self.known()?;
            if let Some(hash) = known.hash_of(record) {
                event = known.find(hash, record)?;
                if matches!(self.verdict(event, record), Verdict::Store) {
                    self.known()?.insert(hash, id, ts)?;
                }
            }
        }
        let verdict = self.verdict(event, record);
        self.carry_out(index, record, verdict, ids).map(drop)
    }

    /// The hashes of the event ids of a batch, in their order, each with the place of its record.
    fn hashes(&mut self, batch: &[Record]) -> rusqlite::Result<Vec<(i64, usize)>> {
        if batch.iter().all(|record| record.event_id().is_none()) {
            return Ok(Vec::new());
        }
        let known = self.known()?;
        let mut hashes: Vec<_> = batch
            .iter()
            .enumerate()
            .filter_map(|(index, record)| Some((known.hash_of(record)?, index)))
            .collect();
        hashes.sort_unstable();
        Ok(hashes)
    }

    /// What is to become of each record of a batch, as if they were inserted one after the other.
    fn verdicts(
        &mut self,
        batch: &[Record],
        hashes: &[(i64, usize)],
    ) -> rusqlite::Result<Vec<Verdict>> {
        let mut verdicts: Vec<_> =
            batch.iter().map(|record| self.verdict(Event::New, record)).collect();
        // Those of one hash that are to be stored: hardly ever more than one.
        let mut earlier: Vec<&Record> = Vec::new();
        for alike in hashes.chunk_by(|(one, _), (other, _)| one == other) {
            earlier.clear();
            for &(hash, index) in alike {
                let record = &batch[index];
                let event = match earlier.iter().find(|earlier| is_same_event(earlier, record)) {
                    Some(earlier) if *earlier == record => Event::Same,
                    Some(_) => Event::Different,
                    None => self.known()?.find(hash, record)?,
                };
                verdicts[index] = self.verdict(event, record);
                if matches!(verdicts[index], Verdict::Store) {
                    earlier.push(record);
                }
            }
        }
        Ok(verdicts)
    }

    fn verdict(&self, event: Event, record: &Record) -> Verdict {
        match event {
            // It is counted already, unlike others that are as old.
            Event::Deleted => Verdict::Refuse(RefusalReason::EventIdDeleted),
            _ if record.timestamp().as_micros() < self.records_from => {
                Verdict::Refuse(RefusalReason::BeforeHorizon)
            }
            Event::New => Verdict::Store,
            Event::Same => Verdict::Duplicate,
            Event::Different => Verdict::Refuse(RefusalReason::EventIdConflict),
        }
    }

    /// Returns the id of a record that is stored.
    fn carry_out(
        &mut self,
        index: usize,
        record: &'r Record,
        verdict: Verdict,
        ids: &mut PendingIds<'_>,
    ) -> rusqlite::Result<Option<i64>> {
        match verdict {
            Verdict::Store => {}
            Verdict::Duplicate => {
                self.outcome.duplicates += 1;
                return Ok(None);
            }
            Verdict::Refuse(reason) => {
                let reason = match reason {
                    RefusalReason::BeforeHorizon => quarantine::add(self.connection, record)?,
                    reason => reason,
                };
                self.refuse(index, reason);
                return Ok(None);
            }
        }
        let (id, ids) = (self.next_id, ids.of(self.connection, record)?);
        let mut more = Vec::new();
        More::of(record, ids.tag_set).encode(&mut more);
        let (ts, packed) = (record.timestamp().as_micros(), (!more.is_empty()).then_some(&*more));
        let hash = hash_of_row(ts, id, ids.label_set, ids.session, packed);
        let row = Waiting { id, ids, more, record };
        if self.together.is_some() {
            self.waiting.push(row);
            self.put_together()?;
        } else {
            self.statement.execute(&[row])?;
        }
        self.change.record(ts, (ids.label_set, ids.session), hash, &Summary::of(record));
        self.next_id += 1;
        self.outcome.stored += 1;
        Ok(Some(id))
    }

    pub(crate) fn refuse(&mut self, index: usize, reason: RefusalReason) {
        self.outcome.refused.push(Refusal::new(index, reason));
    }

    /// Inserts those that wait, once they are as many as go in together.
    fn put_together(&mut self) -> rusqlite::Result<()> {
        if let Some(statement) = self.together.as_mut().filter(|_| self.waiting.len() == AT_ONCE) {
            statement.execute(&self.waiting)?;
            self.waiting.clear();
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> rusqlite::Result<BatchOutcome> {
        for row in std::mem::take(&mut self.waiting) {
            self.statement.execute(&[row])?;
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

/// Whether two records have the same event id, which is unique for an instance.
fn is_same_event(one: &Record, other: &Record) -> bool {
    one.event_id() == other.event_id()
        && one.labels().names().get(Label::Instance) == other.labels().names().get(Label::Instance)
}

/// The columns of a row: time, id, label set, event id, session, what else it says, and its numbers.
const COLUMNS: usize = FIRST_NUMBER + NUMBERED;
const FIRST_NUMBER: usize = 6;

/// The statement that inserts so many rows at once. What stands in a place already, mostly a zero, is not bound
/// there again: a statement keeps what is bound to it.
struct InsertRows<'a> {
    statement: CachedStatement<'a>,
    /// For each row the numbers that are bound; [`UNBOUND`] where nobody knows.
    numbers: Vec<[u64; NUMBERED]>,
    /// For each row whether an event id, a session and more is bound.
    has: Vec<[bool; 3]>,
}

const UNBOUND: u64 = u64::MAX;

impl<'a> InsertRows<'a> {
    fn prepare(connection: &'a Connection, rows: usize) -> rusqlite::Result<Self> {
        let row = format!("({})", ["?"; COLUMNS].join(", "));
        let values = vec![row; rows].join(", ");
        let sql = format!(
            "INSERT INTO records (ts, id, label_set, event_id, session, more, {}) VALUES {values}",
            *NUMBERS
        );
        let statement = connection.prepare_cached(&sql)?;
        let numbers = vec![[UNBOUND; NUMBERED]; rows];
        // A statement from the cache has nothing bound to it, as a new one.
        Ok(Self { statement, numbers, has: vec![[false; 3]; rows] })
    }

    fn execute(&mut self, rows: &[Waiting<'_>]) -> rusqlite::Result<()> {
        let Self { statement, numbers, has } = self;
        let bound = numbers.iter_mut().zip(has);
        for (at, (row, (bound, [has_id, has_session, has_more]))) in
            rows.iter().zip(bound).enumerate()
        {
            let Waiting { id, ids, more, record } = row;
            let first = at * COLUMNS + 1;
            // One by one: as a list of parameters each would go through a table of functions.
            statement.raw_bind_parameter(first, record.timestamp().as_micros())?;
            statement.raw_bind_parameter(first + 1, id)?;
            statement.raw_bind_parameter(first + 2, ids.label_set)?;
            let event_id = record.event_id().map(EventId::as_str);
            if event_id.is_some() || *has_id {
                statement.raw_bind_parameter(first + 3, event_id)?;
                *has_id = event_id.is_some();
            }
            if ids.session.is_some() || *has_session {
                statement.raw_bind_parameter(first + 4, ids.session)?;
                *has_session = ids.session.is_some();
            }
            if !more.is_empty() || *has_more {
                let more = (!more.is_empty()).then_some(more);
                statement.raw_bind_parameter(first + 5, more)?;
                *has_more = more.is_some();
            }
            let counts = record.counts().numbers().iter().zip(bound).enumerate();
            for (index, (number, bound)) in counts {
                if *bound != u64::from(*number) {
                    statement.raw_bind_parameter(first + FIRST_NUMBER + index, number)?;
                    *bound = u64::from(*number);
                }
            }
        }
        let inserted = statement.raw_execute()?;
        // A trigger may leave a row out without an error; it is not stored then.
        if inserted == rows.len() {
            Ok(())
        } else {
            Err(rusqlite::Error::StatementChangedRows(inserted))
        }
    }
}
