//! Noticing that a ledger has changed without reading any of it.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;

use super::Readers;
use crate::StoreOptions;
use crate::error::{Result, StoreError};
use crate::ledger::at_rest::Stamp;
use crate::ledger::open;

/// A connection of its own, as SQLite tells each connection what others have done since it was opened.
pub(super) struct Watch {
    path: PathBuf,
    options: StoreOptions,
    /// Made when it is needed, with its number.
    connection: Mutex<(u64, Option<Connection>)>,
}

impl Watch {
    pub(super) fn new(path: &Path, options: &StoreOptions) -> Self {
        Self { path: path.to_owned(), options: options.clone(), connection: Mutex::default() }
    }

    /// The number of the connection, and what it says: another number whenever another connection has
    /// committed something.
    fn version(&self) -> rusqlite::Result<(u64, i64)> {
        // Whatever a panic has left, the next call finds out whether it works.
        let mut kept = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let (number, connection) = &mut *kept;
        if connection.is_none() {
            let opened = Connection::open_with_flags(&self.path, open::flags())?;
            open::configure(&opened, &self.options)?;
            (*number, *connection) = (*number + 1, Some(opened));
        }
        let version = connection.as_ref().map_or(Ok(0), |connection| {
            connection.pragma_query_value(None, "data_version", |row| row.get(0))
        });
        if version.is_err() {
            *connection = None;
        }
        Ok((*number, version?))
    }
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").finish_non_exhaustive()
    }
}

impl Readers {
    /// By what a change of the ledger is noticed. Fails where another file is the ledger by now.
    pub(crate) fn seen(&self) -> Result<Vec<u8>> {
        self.file.check_real()?;
        let seen = if self.at_rest {
            // Nobody else can be asked.
            format!("{:?}", Stamp::of_ledger(&self.path))
        } else {
            let version = self.watch.version();
            let doing = "read the ledger";
            format!("{:?}", version.map_err(|e| StoreError::sqlite(doing, &self.path, e))?)
        };
        self.file.check_real()?;
        Ok(seen.into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::file_id::OpenedFile;

    /// Where it cannot be opened as a database, as somebody may only read it.
    #[test]
    fn a_ledger_at_rest_is_known_by_its_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("usage.db");
        crate::Store::open(&path).unwrap();
        let file = OpenedFile::at(&path).unwrap();
        let readers = Readers::new(&file, &StoreOptions::default(), true);
        let seen = readers.seen().unwrap();
        assert_eq!(readers.seen().unwrap(), seen);
        let store = crate::Store::open(&path).unwrap();
        store.delete_all_records().unwrap();
        // What was written lies in a log that was not there.
        assert_ne!(readers.seen().unwrap(), seen);
    }

    /// A connection that was lost tells of a change rather than of none.
    #[test]
    fn another_connection_is_another_state() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("usage.db");
        let _store = crate::Store::open(&path).unwrap();
        let file = OpenedFile::at(&path).unwrap();
        let readers = Readers::new(&file, &StoreOptions::default(), false);
        let seen = readers.seen().unwrap();
        assert_eq!(readers.seen().unwrap(), seen);
        readers.watch.connection.lock().unwrap().1 = None;
        assert_ne!(readers.seen().unwrap(), seen);
    }
}
