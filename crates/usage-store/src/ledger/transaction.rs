//! Write transactions: immediate, short, and checked against a ledger that changed underneath.

use std::hash::{BuildHasher as _, RandomState};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use usage_core::sink::LedgerId;

use crate::error::{SqliteErrorKind, WorkError, WriteError};
use crate::ledger::checkpoint::{self, Checkpoints};
use crate::ledger::connect::set_busy_timeout;
use crate::ledger::schema::SCHEMA_VERSION;

/// The writing connection, and which ledger it is to be.
#[derive(Debug)]
pub(crate) struct Ledger {
    pub(crate) connection: Connection,
    /// `None` where it is missing or damaged.
    pub(crate) id: Option<LedgerId>,
    /// The time to wait for other writers.
    pub(crate) patience: Duration,
    pub(crate) checkpoints: Checkpoints,
}

impl Ledger {
    pub(crate) fn new(connection: Connection, patience: Duration) -> Self {
        // What cannot be read now, the doctor names; it keeps nobody from opening the ledger.
        let id = ledger_id(&connection).unwrap_or(None);
        checkpoint::watch(&connection);
        Self { connection, id, patience, checkpoints: Checkpoints::default() }
    }

    /// Runs `work` in one immediate transaction, with the ledger's label generation, and commits.
    pub(crate) fn write<T, E, W: Into<WorkError<E>>>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>, i64) -> Result<T, W>,
    ) -> Result<T, WorkError<E>> {
        let transaction = begin(&mut self.connection, self.patience)?;
        let generation = check(&transaction, self.id)?;
        match work(&transaction, generation) {
            Ok(value) => {
                transaction.commit()?;
                Ok(value)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// As [`write`](Self::write), for work that only reads.
    pub(crate) fn read<T, E>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, WorkError<E>> {
        let transaction = self.connection.transaction()?;
        check(&transaction, self.id)?;
        Ok(work(&transaction)?)
    }
}

/// Begins an immediate transaction; waits for other writers, but not longer than `patience`.
pub(crate) fn begin(
    connection: &mut Connection,
    patience: Duration,
) -> rusqlite::Result<Transaction<'_>> {
    // Only here: within the transaction nobody is in the way.
    set_busy_timeout(connection, Duration::ZERO)?;
    let begun = take_write_lock(connection, patience);
    set_busy_timeout(connection, patience)?;
    begun
}

/// Takes SQLite's write lock, with a busy handler of its own.
///
/// SQLite's writers do not queue: each looks again now and then, and the one that looks at the right
/// moment is next. With the busy time-out that SQLite brings, one that has waited for long looks
/// every 100 ms only, and hardly ever finds the ledger free while others write all the time: of
/// eight processes, one had a half of all transactions and some had none for seconds. Here everybody
/// looks about as often, however long it has waited, so that all have the same chance.
fn take_write_lock(
    connection: &Connection,
    patience: Duration,
) -> rusqlite::Result<Transaction<'_>> {
    let start = Instant::now();
    loop {
        match Transaction::new_unchecked(connection, TransactionBehavior::Immediate) {
            Err(error)
                if SqliteErrorKind::of(&error) == SqliteErrorKind::Busy
                    && start.elapsed() < patience =>
            {
                // sleep: a lock of another process; SQLite offers nothing to wait for.
                thread::sleep(pause());
            }
            begun => return begun,
        }
    }
}

/// About a millisecond, each time another: as long as a batch of some hundred records takes.
fn pause() -> Duration {
    let random = RandomState::new().hash_one(());
    Duration::from_micros(400 + random % 800)
}

/// As [`Ledger::write`], but inside the caller's transaction where there is one: its own work is undone
/// alone when it fails.
pub(crate) fn nested<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
) -> Result<T, WriteError> {
    // A savepoint outside a transaction would begin a deferred one, whose later upgrade to
    // writing fails at once when another writer was faster.
    let (begin, commit, undo) = if connection.is_autocommit() {
        ("BEGIN IMMEDIATE", "COMMIT", "ROLLBACK")
    } else {
        (
            "SAVEPOINT usage_write",
            "RELEASE usage_write",
            "ROLLBACK TO usage_write; RELEASE usage_write",
        )
    };
    connection.execute_batch(begin)?;
    let result = check(connection, None).and_then(|_| Ok(work(connection)?)).and_then(|value| {
        connection.execute_batch(commit)?;
        Ok(value)
    });
    if result.is_err() && !(begin == "BEGIN IMMEDIATE" && connection.is_autocommit()) {
        // The first error is the one to report. SQLite rolls some failures back by itself.
        let _ = connection.execute_batch(undo);
    }
    result
}

/// The schema version as this connection's transaction sees it.
pub(crate) fn schema_version(connection: &Connection) -> rusqlite::Result<i32> {
    connection.prepare_cached("PRAGMA user_version")?.query_row([], |row| row.get(0))
}

/// The id of the ledger; `None` where it is missing or damaged.
pub(crate) fn ledger_id(connection: &Connection) -> rusqlite::Result<Option<LedgerId>> {
    let row = connection
        .prepare_cached("SELECT ledger_id FROM ledger")?
        .query_row([], |row| Ok(id_of(row.get_ref(0)?)))
        .optional()?;
    Ok(row.flatten())
}

fn id_of(value: ValueRef<'_>) -> Option<LedgerId> {
    value.as_blob().ok()?.try_into().ok().map(LedgerId::from_bytes)
}

/// The label generation of a ledger whose schema version is the one this program knows, and whose
/// id is still what it was when that is known, as this transaction sees it.
fn check(connection: &Connection, ledger: Option<LedgerId>) -> Result<i64, WriteError> {
    let found = schema_version(connection)?;
    if found != SCHEMA_VERSION {
        return Err(WriteError::VersionChanged { found });
    }
    let (generation, found) = connection
        .prepare_cached("SELECT label_generation, ledger_id FROM ledger")?
        .query_row([], |row| Ok((row.get(0)?, id_of(row.get_ref(1)?))))?;
    if ledger.is_some() && found != ledger {
        return Err(WriteError::Replaced);
    }
    Ok(generation)
}
