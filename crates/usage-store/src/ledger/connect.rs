//! Connections to a ledger's file, with this crate's settings.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::error::{Result, StoreError};
use crate::options::{StoreOptions, Synchronous};

/// The current folder may change, and SQLite takes some relative paths for something else:
/// `:memory:`, and what begins with `file:`.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).map_err(|source| StoreError::Find { path: path.to_owned(), source })
}

/// A connection to a ledger that was opened before, with this crate's settings.
pub(crate) fn configure(connection: &Connection, options: &StoreOptions) -> rusqlite::Result<()> {
    set_busy_timeout(connection, options.busy_timeout)?;
    distrust(connection)?;
    let synchronous = match options.synchronous {
        Synchronous::Normal => "NORMAL",
        Synchronous::Full => "FULL",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(())
}

/// Distrusts everything that a ledger brings along, such as triggers and views, as it may come from
/// a stranger: it gets to use only what SQLite calls harmless, and nobody gets to write past
/// SQLite's own checks.
pub(crate) fn distrust(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true).map(drop)
}

pub(crate) fn set_busy_timeout(
    connection: &Connection,
    patience: Duration,
) -> rusqlite::Result<()> {
    connection.busy_timeout(patience.min(LONGEST_PATIENCE))
}

/// As long as SQLite can count, which is three weeks: rusqlite panics beyond.
const LONGEST_PATIENCE: Duration = Duration::from_millis(i32::MAX as u64);

/// Page cache of each connection: enough for the upper pages of a large ledger.
const CACHE_KIB: i32 = 8_192;

/// Statements that each connection keeps: more than a batch with sessions and events that are told again needs, which
/// else would prepare some of them again and again.
const STATEMENTS: usize = 128;

pub(crate) fn flags() -> OpenFlags {
    // Never CREATE: a path that vanished must not come back as an empty file of mode 0644.
    OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

/// A connection that leaves the file as it is, a write-ahead log beside it included, until it is
/// ready.
pub(crate) fn connect(path: &Path, options: &StoreOptions) -> Result<Connection> {
    let open = || {
        let connection = Connection::open_with_flags(path, flags())?;
        // First of all, so that nothing below can answer "locked" at once.
        set_busy_timeout(&connection, options.busy_timeout)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        distrust(&connection)?;
        Ok(connection)
    };
    open().map_err(|source| StoreError::sqlite("open the ledger", path, source))
}
