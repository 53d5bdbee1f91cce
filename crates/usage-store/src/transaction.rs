//! Write transactions: immediate, short, and checked against a ledger that changed underneath.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::schema::SCHEMA_VERSION;

/// Why a write transaction was rolled back. Nothing of it was stored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// SQLite failed.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// Since this program opened the ledger, another one has migrated it.
    #[error(
        "the ledger was migrated to schema version {found} by another program, this one knows \
         version {SCHEMA_VERSION}"
    )]
    VersionChanged {
        /// The version it has now.
        found: i32,
    },
}

/// Runs `work` in one immediate transaction, with the ledger's label generation, and commits.
pub(crate) fn write<T>(
    connection: &mut Connection,
    work: impl FnOnce(&Transaction<'_>, i64) -> rusqlite::Result<T>,
) -> Result<T, WriteError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let generation = check_version(&transaction)?;
    let value = work(&transaction, generation)?;
    transaction.commit()?;
    Ok(value)
}

/// As [`write()`], but inside the caller's transaction where there is one: its own work is undone
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
    let result = check_version(connection).and_then(|_| Ok(work(connection)?)).and_then(|value| {
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

/// The label generation of a ledger whose schema version is the one this program knows, now that
/// nobody can change either.
fn check_version(connection: &Connection) -> Result<i64, WriteError> {
    let found = schema_version(connection)?;
    if found != SCHEMA_VERSION {
        return Err(WriteError::VersionChanged { found });
    }
    let generation = connection
        .prepare_cached("SELECT label_generation FROM ledger")?
        .query_row([], |row| row.get(0))?;
    Ok(generation)
}
