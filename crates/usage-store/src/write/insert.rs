//! Putting records into the ledger: the one place that inserts rows.
//!
//! [`insert_all`] takes a batch through these steps, in one transaction of its caller:
//!
//! 1. The ids of all records are hashed and sorted ([`Rows::hashes`]), and looked up in that order: what
//!    becomes of each record is known before a row goes in (`verdict.rs`).
//! 2. Each new record becomes a row: its names under numbers (`ledger/ids.rs`), what no column holds as bytes
//!    (`ledger/more.rs`), and with others into one statement (`insert_rows.rs`).
//! 3. The ids of the new rows are added to the known ones.
//! 4. Records of events that the ledger knows, or that an earlier record of the batch has brought, are joined
//!    with those (`join.rs`).
//! 5. What came and went is counted into the rollups, once for the batch (`rollups/delta.rs`).

use std::borrow::Cow;

use rusqlite::Connection;
use usage_core::Record;
use usage_core::sink::{BatchOutcome, Refusal, RefusalReason};

use crate::error::WriteError;
use crate::ledger::columns::hash_of_row;
use crate::ledger::ids::{IdCache, PendingIds};
use crate::ledger::more::More;
use crate::ledger::retained;
use crate::ledger::transaction;
use crate::rollups::Delta;
use crate::write::before_horizon;
use crate::write::door;
use crate::write::event_ids::KnownIds;
use crate::write::insert_rows::{InsertRows, PendingRow};
use crate::write::verdict::Verdict;
use crate::write::ways::Ways;

/// The outcome of inserting a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Inserted {
    /// It is in the ledger now.
    Stored,
    /// It told more of an event that was there already: its row says so now.
    Amended,
    /// It was there already, and the record says nothing new.
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
        None if outcome.amended > 0 => Inserted::Amended,
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
    let batch = &*door::taken(connection, batch)?;
    let mut rows = Rows::begin(connection)?;
    if batch.len() >= AT_ONCE {
        rows.together = Some(InsertRows::prepare(connection, AT_ONCE)?);
        rows.delta.reserve(batch.len().min(MOST_ROOM));
    }
    let mut hashes = rows.hashes(batch)?;
    let verdicts = rows.verdicts(batch, &hashes)?;
    let mut stored = Vec::with_capacity(batch.len());
    let mut known = Vec::new();
    for (index, (record, verdict)) in batch.iter().zip(verdicts).enumerate() {
        if matches!(verdict, Verdict::Join) {
            known.push(index);
        }
        stored.push(rows.carry_out(index, record, verdict, ids)?);
    }
    // Two ids of one record may share a hash.
    hashes.dedup_by_key(|(hash, index, _)| (*hash, *index));
    for (hash, index, _) in hashes {
        if let (Some(known), Some(id)) = (&mut rows.known, stored[index]) {
            known.insert(hash, id, batch[index].timestamp().as_micros())?;
        }
    }
    for index in known {
        rows.join(index, &batch[index], ids)?;
    }
    rows.finish()
}

/// The number of rows that go in with one statement where there are as many: each costs less then.
const AT_ONCE: usize = 8;

/// The most records of a batch for whose sums there is room from the beginning: many may come to one sum.
const MOST_ROOM: usize = 5_000;

/// Rows on their way into the ledger, in one transaction.
pub(crate) struct Rows<'a, 'r> {
    pub(super) connection: &'a Connection,
    statement: InsertRows<'a>,
    /// For [`AT_ONCE`] rows; nothing where each has to go in by itself, at once.
    together: Option<InsertRows<'a>>,
    pending: Vec<PendingRow<'r>>,
    /// Room for what rows say besides their columns, to be used again.
    spare: Vec<Vec<u8>>,
    /// Nothing until a record has an event id.
    pub(super) known: Option<KnownIds<'a>>,
    first_id: i64,
    pub(super) next_id: i64,
    /// Records older than this are not taken.
    pub(super) records_from: i64,
    delta: Delta,
    /// The rows that others have taken the place of.
    pub(super) gone: Delta,
    /// The ways that told of sessions first.
    pub(super) ways: Ways,
    pub(super) outcome: BatchOutcome,
}

impl<'a, 'r> Rows<'a, 'r> {
    pub(crate) fn begin(connection: &'a Connection) -> rusqlite::Result<Self> {
        let first_id: i64 = connection
            .prepare_cached("SELECT next_record_id FROM ledger")?
            .query_row([], |row| row.get(0))?;
        let statement = InsertRows::prepare(connection, 1)?;
        let records_from = retained::records_from(connection)?.unwrap_or(i64::MIN);
        let (delta, outcome) = (Delta::default(), BatchOutcome::default());
        Ok(Self {
            connection,
            statement,
            together: None,
            pending: Vec::new(),
            spare: Vec::new(),
            known: None,
            first_id,
            next_id: first_id,
            records_from,
            delta,
            gone: Delta::default(),
            ways: Ways::default(),
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

    /// Inserts a record and its event id at once, or tells more of what is there. After an error it counts
    /// nowhere.
    pub(crate) fn insert(
        &mut self,
        index: usize,
        record: &'r Record,
        ids: &mut PendingIds<'_>,
    ) -> rusqlite::Result<()> {
        if record.event_id().is_some() {
            return self.join(index, record, ids);
        }
        let verdict = self.verdict_of_new(record, false);
        self.carry_out(index, record, verdict, ids).map(drop)
    }

    /// Returns the id of a record that is stored.
    pub(super) fn carry_out(
        &mut self,
        index: usize,
        record: &'r Record,
        verdict: Verdict,
        ids: &mut PendingIds<'_>,
    ) -> rusqlite::Result<Option<i64>> {
        match verdict {
            Verdict::Store { .. } if self.reconcile(record)? => self.outcome.duplicates += 1,
            Verdict::Store { is_elsewhere } => {
                let counts = record.counts().with_elsewhere(is_elsewhere);
                let record = match is_elsewhere {
                    false => Cow::Borrowed(record),
                    true => Cow::Owned(record.clone().with_counts(counts)),
                };
                let id = self.put(record, ids)?;
                self.outcome.stored += 1;
                return Ok(Some(id));
            }
            Verdict::Duplicate => self.outcome.duplicates += 1,
            Verdict::Join => {}
            Verdict::Refuse(reason) => {
                let reason = match reason {
                    RefusalReason::BeforeHorizon => before_horizon::add(self.connection, record)?,
                    reason => reason,
                };
                self.refuse(Refusal::new(index, reason));
            }
        }
        Ok(None)
    }

    /// Puts a row in, now or together with others, and counts it; returns its id.
    pub(super) fn put(
        &mut self,
        record: Cow<'r, Record>,
        ids: &mut PendingIds<'_>,
    ) -> rusqlite::Result<i64> {
        let (id, ids, pending) = (self.next_id, ids.of(self.connection, &record)?, ids);
        let priced = pending.price(self.connection, ids.label_set, &record)?;
        let (terms, cost) = priced.map_or((None, None), |it| (Some(it.terms), it.cost));
        let mut more = self.spare.pop().unwrap_or_default();
        more.clear();
        // Most have no more than that, and finding it out so costs less.
        if ids.tag_set.is_some() || record.alias_id().is_some() || !record.counts().is_usual() {
            More { terms, ..More::of(&record, ids.tag_set) }.encode(&mut more);
        } else if let Some(terms) = terms {
            More::encode_terms(terms, &mut more);
        }
        let (ts, packed) = (record.timestamp().as_micros(), (!more.is_empty()).then_some(&*more));
        let hash = hash_of_row(ts, id, ids.label_set, ids.session, packed);
        let row = PendingRow { id, ids, more, record };
        // Where it goes in by itself, it counts once it is in.
        if self.together.is_some() {
            let under = (row.ids.label_set, row.ids.session);
            self.delta.new_record(under, hash, (&row.record, cost));
            self.pending.push(row);
            self.put_together()?;
        } else {
            self.statement.execute(std::slice::from_ref(&row))?;
            let under = (row.ids.label_set, row.ids.session);
            self.delta.new_record(under, hash, (&row.record, cost));
        }
        self.next_id += 1;
        Ok(id)
    }

    /// Returns whether another way has told of the record's session first. What this one tells is kept to be held
    /// against that, and counts nowhere else.
    pub(super) fn reconcile(&mut self, record: &Record) -> rusqlite::Result<bool> {
        if !self.ways.is_second(self.connection, record)? {
            return Ok(false);
        }
        let known = self.known()?;
        let hash = record.event_id().map(|id| known.hash(record, id));
        hash.into_iter().for_each(|hash| self.ways.tell(hash, record));
        Ok(true)
    }

    pub(crate) fn refuse(&mut self, refusal: Refusal) {
        self.outcome.refused.push(refusal);
    }

    /// Inserts those that wait, once they are as many as go in together.
    fn put_together(&mut self) -> rusqlite::Result<()> {
        if let Some(statement) = self.together.as_mut().filter(|_| self.pending.len() == AT_ONCE) {
            statement.execute(&self.pending)?;
            self.spare.extend(self.pending.drain(..).map(|row| row.more));
        }
        Ok(())
    }

    /// Inserts those that wait.
    pub(super) fn put_rest(&mut self) -> rusqlite::Result<()> {
        for row in std::mem::take(&mut self.pending) {
            self.statement.execute(&[row])?;
        }
        Ok(())
    }

    pub(crate) fn finish(mut self) -> rusqlite::Result<BatchOutcome> {
        self.put_rest()?;
        // What tells of a known event comes behind the others.
        self.outcome.refused.sort_by_key(|refusal| refusal.index);
        if self.next_id != self.first_id {
            self.connection
                .prepare_cached("UPDATE ledger SET next_record_id = ?1")?
                .execute([self.next_id])?;
            self.delta.count_in(self.connection)?;
            // Behind it: what came and went in this batch is in both.
            self.gone.count_out(self.connection)?;
        }
        self.ways.write(self.connection)?;
        Ok(self.outcome)
    }
}
