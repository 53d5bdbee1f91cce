//! A look at a ledger as it is at one moment, which changes nothing of it.

use std::path::Path;

use rusqlite::Connection;

use crate::StoreOptions;
use crate::error::{Result, StoreError};
use crate::ledger::connect::connect;
use crate::ledger::foreign_log;
use crate::ledger::identify::{Identity, identify};
use crate::ledger::immutable::{self, Attempt};

/// Runs work on a ledger of any version that this program knows, with that version.
pub(crate) fn at_one_moment<T>(
    path: &Path,
    work: impl Fn(&Connection, i32) -> Result<T>,
) -> Result<T> {
    let _ = super::expect_existing(path)?;
    for _ in 0..immutable::TRIES {
        match immutable::read(path, |connection| in_transaction(connection, path, &work)) {
            Attempt::Read(result) => return result,
            Attempt::Changed => {}
            Attempt::InUse => break,
        }
    }
    let connection = connect(path, &StoreOptions::default());
    let connection = connection
        .and_then(|connection| foreign_log::check(&connection, path).map(|()| connection));
    match connection.and_then(|mut connection| in_transaction(&mut connection, path, &work)) {
        // In a folder that cannot be written, one that nobody has open.
        Err(error) if error.is_unopenable() => {
            let mut connection = immutable::open(path).ok_or(error)?;
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
