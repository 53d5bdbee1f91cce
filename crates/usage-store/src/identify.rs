//! Telling a ledger from other files, without leaving a trace on what is not ours.

use std::path::Path;

use rusqlite::Connection;

use crate::at_rest;
use crate::error::{Fault, Result, StoreError};
use crate::schema::{APPLICATION_ID, SCHEMA_VERSION};

/// What a database that may be opened says it is.
pub(crate) enum Identity {
    /// No tables and no marks: nobody's yet.
    Empty,
    /// A ledger of that schema version, not newer than this program.
    Ledger(i32),
}

/// Says what the database is, or refuses it.
pub(crate) fn identify(connection: &Connection, path: &Path) -> Result<Identity> {
    let (application_id, version, tables) = marks(connection).map_err(|source| {
        if Fault::of(&source) == Fault::NotADatabase {
            return StoreError::NotALedger { path: path.to_owned(), what: "no SQLite database" };
        }
        StoreError::sqlite("open the ledger", path, source)
    })?;
    match (application_id, version, tables) {
        (0, 0, 0) => Ok(Identity::Empty),
        (APPLICATION_ID, 1..=SCHEMA_VERSION, _) => Ok(Identity::Ledger(version)),
        (APPLICATION_ID, ..=0, _) => {
            let what = format!("it has schema version {version}");
            Err(StoreError::Damaged { path: path.to_owned(), what })
        }
        (APPLICATION_ID, found, _) => {
            Err(StoreError::NewerVersion { path: path.to_owned(), found })
        }
        _ => {
            let what = "another program's SQLite database";
            Err(StoreError::NotALedger { path: path.to_owned(), what })
        }
    }
}

/// Application id, schema version and number of tables, all of the same moment: read one after
/// the other, a ledger that is being made would look like somebody else's database.
fn marks(connection: &Connection) -> rusqlite::Result<(i32, i32, i64)> {
    connection.query_row(
        "SELECT (SELECT application_id FROM pragma_application_id),
                (SELECT user_version FROM pragma_user_version),
                (SELECT count(*) FROM sqlite_schema)",
        [],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
}

/// Refuses what is certainly no ledger of ours before SQLite touches anything: opening it for
/// real would leave companion files beside it, or play a journal back into it.
pub(crate) fn refuse_untouched(path: &Path) -> Result<()> {
    // SQLite takes a file of one byte for an empty one, and would fill it.
    if path.metadata().is_ok_and(|file| file.len() == 1) {
        return Err(StoreError::NotALedger { path: path.to_owned(), what: "no SQLite database" });
    }
    let Some(connection) = at_rest::open(path) else { return Ok(()) };
    match identify(&connection, path) {
        Err(error @ (StoreError::NotALedger { .. } | StoreError::NewerVersion { .. })) => {
            Err(error)
        }
        // Damage included: without locks, what another process is just writing looks like it.
        _ => Ok(()),
    }
}
