//! A batch on its way into the ledger, in one transaction: whole, but for the records that the
//! database itself refuses.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::{Connection, ErrorCode, ffi};
use usage_core::Record;
use usage_core::pricing::Pricing;
use usage_core::sink::{BatchOutcome, Refusal, RefusalReason};

use crate::error::{DamageCode, ReadError, WorkError, damage_of};
use crate::ledger::ids::{IdCache, PendingIds};
use crate::ledger::labels::{FIND_SET, INSERT_SET};
use crate::ledger::transaction::Ledger;
use crate::write::door;
use crate::write::insert::{Rows, insert_all};
use crate::write::quarantine;

/// The writer of a ledger, which remembers its names.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) ledger: Ledger,
    ids: IdCache,
}

impl Writer {
    pub(crate) fn new(ledger: Ledger, pricing: Option<Arc<dyn Pricing>>) -> Self {
        Self { ledger, ids: IdCache::with_pricing(pricing) }
    }

    /// Inserts a batch in one transaction, with the ids of what is known from the cache. A
    /// record that the database refuses is quarantined in the same transaction.
    ///
    /// `first` comes before, inside the transaction. If it fails, nothing else is done; it may be
    /// called again, in a new transaction, when the first one was rolled back. `last` comes behind, inside
    /// it too, and makes what is returned.
    pub(crate) fn insert_batch<T, E>(
        &mut self,
        batch: &[Record],
        mut first: impl FnMut(&Connection) -> Result<(), WorkError<E>>,
        mut last: impl FnMut(&Connection, BatchOutcome) -> rusqlite::Result<T>,
    ) -> Result<T, WorkError<E>> {
        let whole = self.in_transaction(&mut first, &mut |connection, ids| {
            let outcome = insert_all(connection, batch, ids)?;
            last(connection, outcome)
        });
        match whole {
            Err(WorkError::Inner(ReadError::Sqlite(error))) if is_refusal(&error) => {}
            result => return result,
        }
        // Some of it is refused. The others go on without it.
        let mut refused = BTreeMap::new();
        loop {
            let known = refused.len();
            let result = self.in_transaction(&mut first, &mut |connection, ids| {
                let keep = quarantine::record;
                let outcome = insert_one_by_one(connection, batch, ids, &mut refused, keep)?;
                last(connection, outcome)
            });
            if result.is_ok() || refused.len() == known {
                return result;
            }
        }
    }

    /// Inserts records that are in quarantine under these ids, and forgets there those that are in the
    /// ledger then; those that are refused again stay. `load` is called inside the transaction, so
    /// that nobody else takes them too.
    pub(crate) fn insert_again<E>(
        &mut self,
        mut load: impl FnMut(&Connection) -> rusqlite::Result<Vec<(i64, Record)>>,
    ) -> Result<BatchOutcome, WorkError<E>> {
        let mut refused = BTreeMap::new();
        loop {
            let known = refused.len();
            let result = self.in_transaction(&mut |_| Ok(()), &mut |connection, ids| {
                let (kept, batch): (Vec<_>, Vec<_>) = load(connection)?.into_iter().unzip();
                let stays = |_: &Connection, _: &Record, _: &str| Ok(());
                let outcome = insert_one_by_one(connection, &batch, ids, &mut refused, stays)?;
                let mut stays = outcome.refused.iter().peekable();
                for (index, id) in kept.into_iter().enumerate() {
                    match stays.next_if(|refusal| refusal.index == index) {
                        None => quarantine::forget(connection, id)?,
                        // It will not be taken, however old it is.
                        Some(Refusal {
                            reason:
                                reason
                                @ (RefusalReason::EventIdConflict | RefusalReason::EventIdDeleted),
                            ..
                        }) => quarantine::give_reason(connection, id, &reason.to_string())?,
                        Some(_) => {}
                    }
                }
                Ok(outcome)
            });
            if result.is_ok() || refused.len() == known {
                return result;
            }
        }
    }

    fn in_transaction<T, E>(
        &mut self,
        first: &mut dyn FnMut(&Connection) -> Result<(), WorkError<E>>,
        insert: &mut dyn FnMut(&Connection, &mut PendingIds<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, WorkError<E>> {
        let (cache, mut publish) = (&mut self.ids, None);
        cache.read_books(&self.ledger.connection);
        let outcome = self.ledger.write(|transaction, generation| -> Result<T, WorkError<E>> {
            first(transaction)?;
            let mut ids = cache.begin(generation);
            let outcome = insert(transaction, &mut ids)?;
            publish = Some(ids);
            Ok(outcome)
        });
        if let (true, Some(ids)) = (outcome.is_ok(), publish) {
            ids.commit();
        }
        outcome
    }
}

/// Inserts each record under a savepoint of its own and gives those that are refused to `keep`, with
/// the reason.
///
/// A trigger may roll the whole transaction back (`RAISE(ROLLBACK)`). Then this fails, but the
/// record is added to `refused`, whose records are not tried again the next time.
fn insert_one_by_one(
    connection: &Connection,
    batch: &[Record],
    ids: &mut PendingIds<'_>,
    refused: &mut BTreeMap<usize, String>,
    keep: impl Fn(&Connection, &Record, &str) -> rusqlite::Result<()>,
) -> rusqlite::Result<BatchOutcome> {
    let batch = &*door::taken(connection, batch)?;
    let mut rows = Rows::begin(connection)?;
    // A statement that cannot be prepared says nothing about a record.
    for statement in [&INSERT_SET, &FIND_SET] {
        drop(connection.prepare_cached(statement)?);
    }
    if batch.iter().any(|record| record.event_id().is_some()) {
        rows.known()?;
    }
    for (index, record) in batch.iter().enumerate() {
        let reason = match refused.get(&index) {
            Some(reason) => reason.clone(),
            None => {
                connection.prepare_cached("SAVEPOINT usage_record")?.execute([])?;
                match rows.insert(index, record, ids) {
                    Ok(()) => {
                        connection.prepare_cached("RELEASE usage_record")?.execute([])?;
                        continue;
                    }
                    Err(error) if !is_refusal(&error) => return Err(error),
                    Err(error) => {
                        let reason = reason_of(&error);
                        if connection.is_autocommit() {
                            refused.insert(index, reason);
                            return Err(error);
                        }
                        connection
                            .execute_batch("ROLLBACK TO usage_record; RELEASE usage_record")?;
                        ids.forget(record);
                        reason
                    }
                }
            }
        };
        keep(connection, record, &reason)?;
        rows.refuse(Refusal::new(index, RefusalReason::ByDatabase));
    }
    rows.finish()
}

/// Returns whether the database refuses a record for what it holds: the same record would be
/// refused again, whatever the state of the disk and of other connections.
fn is_refusal(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::StatementChangedRows(_) => true,
        // What a function or an overflow in a trigger comes to.
        rusqlite::Error::SqliteFailure(error, _) if error.extended_code == ffi::SQLITE_ERROR => {
            true
        }
        rusqlite::Error::SqliteFailure(error, _) => matches!(
            error.code,
            ErrorCode::ConstraintViolation | ErrorCode::TooBig | ErrorCode::TypeMismatch
        ),
        // What the record adds to has a price that nobody can read any more.
        error => {
            matches!(damage_of(error), Some((DamageCode::Prices | DamageCode::PricesNewer, _)))
        }
    }
}

fn reason_of(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::StatementChangedRows(_) => "a trigger left it out".to_owned(),
        error => error.to_string(),
    }
}
