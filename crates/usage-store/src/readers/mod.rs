//! The reading connections: a pool of a few, made when they are needed, each used by one query at
//! a time.

mod pool;

use std::path::{Path, PathBuf};

use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::Connection;

use crate::at_rest::{self, Stamp};
use crate::error::{Fault, ReadError, Result, StoreError};
use crate::schema::SCHEMA_VERSION;
use crate::transaction::schema_version;
use crate::{StoreOptions, open};

use self::pool::{NoConnection, Pool};

#[derive(Debug)]
pub(crate) struct Readers {
    path: PathBuf,
    /// The ledger could only be opened as a file at rest.
    at_rest: bool,
    pool: Pool<SqliteConnectionManager>,
}

/// How often a file at rest is read again because it was changed meanwhile.
const AT_REST_TRIES: usize = 3;

impl Readers {
    pub(crate) fn new(path: &Path, options: &StoreOptions, at_rest: bool) -> Self {
        let settings = options.clone();
        let manager = SqliteConnectionManager::file(path)
            .with_flags(open::flags())
            .with_init(move |connection| open::configure(connection, &settings));
        let pool = Pool::new(options.readers, options.busy_timeout, manager);
        Self { path: path.to_owned(), at_rest, pool }
    }

    /// Runs a query in one read transaction, so that all of it sees one state of the ledger.
    pub(crate) fn read<T>(
        &self,
        doing: &'static str,
        query: impl Fn(&Connection) -> Result<T, ReadError>,
    ) -> Result<T> {
        let tries = if self.at_rest { AT_REST_TRIES } else { 0 };
        for _ in 0..tries {
            let stamp = Stamp::of(&self.path);
            // Somebody may have opened it since, which makes it readable in the usual way.
            let Some(mut connection) = at_rest::open(&self.path) else {
                match self.read_in_use(doing, &query) {
                    // And may have closed it at this very moment.
                    Err(error) if is_unreadable(&error) => continue,
                    result => return result,
                }
            };
            let result = in_transaction(&mut connection, &query);
            if stamp.still_holds(&self.path) {
                return result.map_err(|error| StoreError::read(doing, &self.path, error));
            }
        }
        self.read_in_use(doing, &query)
    }

    fn read_in_use<T>(
        &self,
        doing: &'static str,
        query: impl Fn(&Connection) -> Result<T, ReadError>,
    ) -> Result<T> {
        // SQLite would say only that it cannot be opened.
        if let Err(source) = self.path.metadata() {
            return Err(StoreError::Find { path: self.path.clone(), source });
        }
        let result = self.pool.with(|connection| in_transaction(connection, query));
        match result {
            Ok(result) => result.map_err(|error| StoreError::read(doing, &self.path, error)),
            Err(NoConnection::Busy) => Err(StoreError::ReadersBusy { path: self.path.clone() }),
            Err(NoConnection::Failed(source)) => Err(StoreError::sqlite(doing, &self.path, source)),
        }
    }
}

/// Whether SQLite could not open it, or what belongs beside it.
fn is_unreadable(error: &StoreError) -> bool {
    matches!(error.fault(), Some(Fault::CannotOpen | Fault::ReadOnly))
}

fn in_transaction<T>(
    connection: &mut Connection,
    query: impl Fn(&Connection) -> Result<T, ReadError>,
) -> Result<T, ReadError> {
    let transaction = connection.transaction()?;
    // Under another schema the query could fail strangely, or answer wrongly.
    let found = schema_version(&transaction)?;
    if found != SCHEMA_VERSION {
        return Err(ReadError::VersionChanged(found));
    }
    let value = query(&transaction)?;
    transaction.commit()?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::time::Duration;

    use super::*;

    fn readers(path: &Path) -> Readers {
        let options = StoreOptions {
            busy_timeout: Duration::from_millis(1),
            readers: 1,
            ..StoreOptions::default()
        };
        Readers::new(path, &options, false)
    }

    #[test]
    fn connections_come_back_and_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("usage.db");
        let _store = crate::Store::open(&path).unwrap();
        let readers = readers(&path);
        let inner = readers.read("read", |_| Ok(readers.read("read", |_| Ok(()))));
        assert!(matches!(inner.unwrap(), Err(StoreError::ReadersBusy { .. })));
        let failed = readers.read("read", |_| Err::<(), _>(ReadError::unknown_label_set(1)));
        assert!(failed.unwrap_err().is_damage());
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            readers.read("read", |_| -> Result<(), ReadError> { panic!("on purpose") })
        }));
        assert!(panicked.is_err());
        readers.read("read", |_| Ok(())).unwrap();
        assert_eq!(readers.pool.counts(), (1, 1));
    }

    /// A query over a file that turned out not to rest is done again.
    #[test]
    #[cfg(unix)]
    fn a_file_that_changes_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("usage.db");
        crate::Store::open(&path).unwrap();
        let readers = Readers::new(&path, &StoreOptions::default(), true);
        let (runs, kept) = (Cell::new(0), RefCell::new(None));
        let query = |keep_open: bool| {
            runs.set(0);
            let in_use = || {
                let store = crate::Store::open(&path).unwrap();
                let sql = "CREATE TABLE IF NOT EXISTS more AS SELECT randomblob(20000)";
                let grown = store
                    .write("grow", |writer| Ok(writer.ledger.connection.execute_batch(sql)?));
                grown.unwrap();
                *kept.borrow_mut() = keep_open.then_some(store);
            };
            let result = readers.read("read", |_| {
                runs.set(runs.get() + 1);
                if runs.get() == 1 {
                    in_use();
                }
                Ok(runs.get())
            });
            (result.unwrap(), readers.pool.counts().0)
        };
        // At rest again, the second time as well; then in use, and read as such.
        assert_eq!(query(false), (2, 0));
        assert_eq!(readers.read("read", |_| Ok(1)).unwrap(), 1);
        assert_eq!(query(true), (2, 1));
    }

    /// Why there is no connection, at once, and not only that there is none.
    #[test]
    fn a_ledger_that_vanished_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("usage.db");
        let error = readers(&path).read("read the ledger", |_| Ok(())).unwrap_err();
        assert!(matches!(error, StoreError::Find { .. }), "{error:?}");
        assert!(!path.exists(), "nothing is made in its place");
    }
}
