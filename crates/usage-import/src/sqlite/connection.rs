//! Connections to databases that may be damaged, or made to do harm.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, ffi};
use usage_store::file::uri;
use usage_store::{APPLICATION_ID, SqliteErrorKind};

use super::QueryError;

/// A connection that only reads, with parameters for how.
pub(super) fn read_only(path: &Path, parameters: &str) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(uri(path, parameters), flags)?;
    // Waiting is done between attempts, since what lies beside the file may change.
    connection.busy_timeout(Duration::ZERO)?;
    harden(&connection)?;
    Ok(connection)
}

/// A connection that plays back what a crash has left.
pub(super) fn repairing(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    harden(&connection)?;
    Ok(connection)
}

fn harden(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.pragma_update(None, "cell_size_check", true)
}

/// Runs a query in one read transaction, unless it is a ledger of ours.
pub(super) fn in_transaction<T>(
    connection: rusqlite::Result<Connection>,
    query: &mut dyn FnMut(&Connection) -> Result<T, QueryError>,
) -> Result<T, QueryError> {
    let connection = connection?;
    let transaction = connection.unchecked_transaction()?;
    refuse_ledgers(&transaction)?;
    query(&transaction)
}

/// Refuses what is a ledger of ours, or no database at all.
pub(super) fn refuse_ledgers(connection: &Connection) -> Result<(), QueryError> {
    let id: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(
        |error| {
            if SqliteErrorKind::of(&error) == SqliteErrorKind::NotADatabase {
                return QueryError::NotAnOrigin("it is no SQLite database".to_owned());
            }
            QueryError::from(error)
        },
    )?;
    if id == APPLICATION_ID { Err(QueryError::Ledger) } else { Ok(()) }
}

/// Returns whether a writer was just changing the shared memory: a reader that may not write it
/// cannot wait for its locks, and finds it as if it had to be repaired.
pub(super) fn is_in_motion(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error().map(|error| error.extended_code);
    code == Some(ffi::SQLITE_READONLY_RECOVERY)
}

/// Returns whether shared memory that is only read was not enough to begin a transaction.
pub(super) fn cannot_begin(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error().map(|error| error.extended_code);
    code == Some(ffi::SQLITE_READONLY_CANTINIT)
}
