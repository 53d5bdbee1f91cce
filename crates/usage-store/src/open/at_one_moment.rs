//! A look at a ledger as it is at one moment, which changes nothing of it.

use std::path::Path;

use rusqlite::Connection;

use crate::StoreOptions;
use crate::error::{Result, SqliteErrorKind, StoreError};
use crate::ledger::at_rest::{self, Stamp};
use crate::ledger::connect::connect;
use crate::ledger::identify::{Identity, identify};

/// How often a file at rest is read again because it was changed meanwhile.
const AT_REST_TRIES: usize = 3;

/// Runs work on a ledger of any version that this program knows, with that version.
pub(crate) fn at_one_moment<T>(
    path: &Path,
    work: impl Fn(&Connection, i32) -> Result<T>,
) -> Result<T> {
    let _ = super::expect_existing(path)?;
    for _ in 0..AT_REST_TRIES {
        // A file that nobody has open is read as a file: that leaves nothing beside it.
        let stamp = Stamp::of(path);
        let Some(mut connection) = at_rest::open(path) else { break };
        let result = in_transaction(&mut connection, path, &work);
        if stamp.still_holds(path) {
            return result;
        }
    }
    let connection = connect(path, &StoreOptions::default());
    match connection.and_then(|mut connection| in_transaction(&mut connection, path, &work)) {
        // In a folder that cannot be written, one that nobody has open.
        Err(error)
            if matches!(
                error.sqlite_kind(),
                Some(SqliteErrorKind::ReadOnly | SqliteErrorKind::CannotOpen)
            ) =>
        {
            let mut connection = at_rest::open(path).ok_or(error)?;
            in_transaction(&mut connection, path, &work)
        }
        result => result,
    }
}

fn in_transaction<T>(
    connection: &mut Connection,
    path: &Path,
    work: impl Fn(&Connection, i32) -> Result<T>,
) -> Result<T> {
    let failed = |source| StoreError::sqlite("examine the ledger", path, source);
    connection.pragma_update(None, "query_only", true).map_err(failed)?;
    let transaction = connection.transaction().map_err(failed)?;
    match identify(&transaction, path)? {
        Identity::Ledger(version) => work(&transaction, version),
        Identity::Empty => Err(StoreError::NotFound { path: path.to_owned() }),
    }
}
