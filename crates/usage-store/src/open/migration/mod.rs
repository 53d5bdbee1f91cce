//! Bringing a ledger of an earlier version up to date: when, with what copy, and in which order.
//!
//! All of it happens while no other program can write: the copy is the ledger as it was just before
//! it changed, to the last record.

mod copy;
mod plan;
mod steps;

use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction};

use crate::error::{Result, StoreError};
use crate::ledger::file_id::OpenedFile;
use crate::ledger::identify::{Identity, identify};
use crate::ledger::schema::SCHEMA_VERSION;
use crate::ledger::transaction;
use crate::options::{Migrate, StoreOptions};

pub use plan::MigrationPlan;
pub(crate) use plan::free;
pub(crate) use steps::{ensure_wal, fill, prepare_empty};

/// A migration that was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Migrated {
    /// The version of the schema that the ledger had.
    pub from: i32,
    /// The one it has now.
    pub to: i32,
    /// The ledger as it was, unless no copy was asked for.
    pub copy: Option<PathBuf>,
    /// The size of the ledger before, in bytes.
    pub bytes_before: u64,
    /// The size of the ledger after, in bytes, what still lies in its write-ahead log included.
    pub bytes_after: u64,
}

/// A step of a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MigrationStep {
    /// The copy is being made.
    Copying {
        /// The number of bytes copied so far.
        bytes: u64,
        /// The number of bytes of the whole copy.
        of: u64,
    },
    /// The ledger is being changed.
    Changing,
}

/// Migrates a ledger that is being opened for writing, as far as the options allow.
pub(crate) fn by_the_way(
    connection: &mut Connection,
    file: &OpenedFile,
    path: &Path,
    options: &StoreOptions,
) -> Result<Option<Migrated>> {
    let found = match identify(connection, path)? {
        Identity::Ledger(found) if found < SCHEMA_VERSION => found,
        _ => return Ok(None),
    };
    let with_copy = with_copy(connection, path, found, options.migrate)?;
    carry_out(connection, file, path, with_copy, &mut |_| {})
}

/// Returns whether a copy is made before a ledger of that version is migrated; fails if it is not
/// to be migrated.
pub(crate) fn with_copy(
    connection: &Connection,
    path: &Path,
    found: i32,
    migrate: Migrate,
) -> Result<bool> {
    match migrate {
        Migrate::InPlace => return Ok(false),
        Migrate::Copy { up_to } => {
            let bytes = plan::bytes(connection)
                .map_err(|source| StoreError::sqlite("migrate the ledger", path, source))?;
            if bytes <= up_to {
                return Ok(true);
            }
        }
        Migrate::Never => {}
    }
    Err(StoreError::OlderVersion { path: path.to_owned(), found })
}

/// Migrates the ledger in one transaction, if it still is of an older version. It waits for other
/// writers as long as the connection does.
fn carry_out(
    connection: &mut Connection,
    file: &OpenedFile,
    path: &Path,
    with_copy: bool,
    on_progress: &mut dyn FnMut(MigrationStep),
) -> Result<Option<Migrated>> {
    let failed = |source| StoreError::sqlite("migrate the ledger", path, source);
    let patience: i64 =
        connection.pragma_query_value(None, "busy_timeout", |row| row.get(0)).map_err(failed)?;
    let patience = std::time::Duration::from_millis(patience.unsigned_abs());
    file.check_writable()?;
    let transaction = transaction::begin(connection, patience).map_err(failed)?;
    // Only now is it certain: another process may have been faster.
    let from = match identify(&transaction, path)? {
        Identity::Ledger(from) if from < SCHEMA_VERSION => from,
        _ => return Ok(None),
    };
    let bytes_before = plan::bytes(&transaction).map_err(failed)?;
    plan::space(bytes_before, with_copy).check(file.real_path(), path)?;
    let copy =
        with_copy.then(|| copy::take(file.real_path(), path, from, on_progress)).transpose()?;
    on_progress(MigrationStep::Changing);
    if let Err(error) = changed(transaction, path, file, from) {
        if let Some(copy) = copy {
            copy.discard();
        }
        return Err(error);
    }
    let bytes_after = plan::bytes(connection).map_err(failed)?;
    let copy = copy.map(|copy| copy.path);
    Ok(Some(Migrated { from, to: SCHEMA_VERSION, copy, bytes_before, bytes_after }))
}

/// Carries the steps out and commits them. When this fails the ledger is what it was.
fn changed(transaction: Transaction<'_>, path: &Path, file: &OpenedFile, from: i32) -> Result<()> {
    steps::carry_out(&transaction, path, file, from)?;
    transaction.commit().map_err(|source| StoreError::sqlite("migrate the ledger", path, source))
}
