//! The reading connections: a pool of a few, made when they are needed, each used by one query at
//! a time.

use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use r2d2::{NopErrorHandler, Pool, PooledConnection};
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::Connection;
use scheduled_thread_pool::ScheduledThreadPool;

use crate::at_rest::{self, Stamp};
use crate::error::{ReadError, Result, StoreError};
use crate::schema::SCHEMA_VERSION;
use crate::transaction::schema_version;
use crate::{StoreOptions, open};

#[derive(Debug)]
pub(crate) struct Readers {
    path: PathBuf,
    /// The ledger could only be opened as a file at rest.
    at_rest: bool,
    /// Taken when it is dropped.
    pool: Option<Pool<SqliteConnectionManager>>,
    /// The thread on which the pool makes connections.
    maker: Maker,
}

/// How often a file at rest is read again because it was changed meanwhile.
const AT_REST_TRIES: usize = 3;

impl Readers {
    pub(crate) fn new(path: &Path, options: &StoreOptions, at_rest: bool) -> Self {
        let settings = options.clone();
        let manager = SqliteConnectionManager::file(path)
            .with_flags(open::flags())
            .with_init(move |connection| open::configure(connection, &settings));
        // The pool panics at none at all.
        let patience = options.busy_timeout.clamp(Duration::from_millis(1), open::LONGEST_PATIENCE);
        let maker = Maker::new();
        let pool = Pool::builder()
            .max_size(options.readers.max(1))
            .min_idle(Some(0))
            .connection_timeout(patience)
            // A connection to a file does not go bad by waiting.
            .test_on_check_out(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .thread_pool(Arc::clone(&maker.0))
            // Why there is no connection is told to who asked for it.
            .error_handler(Box::new(NopErrorHandler))
            .build_unchecked(manager);
        Self { path: path.to_owned(), at_rest, pool: Some(pool), maker }
    }

    /// Runs a query in one read transaction, so that all of it sees one state of the ledger.
    pub(crate) fn read<T>(
        &self,
        doing: &'static str,
        query: impl Fn(&Connection) -> Result<T, ReadError>,
    ) -> Result<T> {
        let failed = |error| StoreError::read(doing, &self.path, error);
        let tries = if self.at_rest { AT_REST_TRIES } else { 0 };
        for _ in 0..tries {
            let stamp = Stamp::of(&self.path);
            // Somebody may have opened it since, which makes it readable in the usual way.
            let Some(mut connection) = at_rest::open(&self.path) else { break };
            let result = in_transaction(&mut connection, &query);
            if stamp.still_holds(&self.path) {
                return result.map_err(failed);
            }
        }
        in_transaction(&mut *self.connection(doing)?, &query).map_err(failed)
    }

    fn connection(&self, doing: &'static str) -> Result<PooledConnection<SqliteConnectionManager>> {
        // The pool would try for as long as for a busy one, and then say only that it took long.
        if let Err(source) = self.path.metadata() {
            return Err(StoreError::Find { path: self.path.clone(), source });
        }
        let pool = self.pool.as_ref().ok_or(());
        pool.and_then(|pool| pool.get().map_err(drop)).map_err(|()| {
            let connected = Connection::open_with_flags(&self.path, open::flags());
            // Opening alone looks at nothing yet.
            match connected.and_then(|connection| schema_version(&connection)) {
                Ok(_) => StoreError::ReadersBusy { path: self.path.clone() },
                Err(source) => StoreError::sqlite(doing, &self.path, source),
            }
        })
    }
}

/// Closes the connections before the last [`Store`](crate::Store) of a ledger is gone: whoever
/// opens or copies the file next finds it complete, without companions.
impl Drop for Readers {
    fn drop(&mut self) {
        self.pool = None;
        self.maker.finish();
    }
}

/// The thread on which the pool makes connections. Just after it has made one, it still holds the
/// pool for a moment.
struct Maker(Arc<ScheduledThreadPool>);

impl Maker {
    fn new() -> Self {
        let name = "usage-reader-{}";
        Self(Arc::new(
            ScheduledThreadPool::builder().num_threads(1).thread_name_pattern(name).build(),
        ))
    }

    /// Waits until it has let go of everything: jobs are done one after the other.
    fn finish(&self) {
        let (done, is_done) = mpsc::channel::<()>();
        self.0.execute(move || drop(done));
        let _ = is_done.recv();
    }
}

impl std::fmt::Debug for Maker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Maker")
    }
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

    use super::*;

    fn readers(path: &Path) -> Readers {
        let options = StoreOptions {
            busy_timeout: Duration::from_millis(50),
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
        let state = readers.pool.as_ref().unwrap().state();
        assert_eq!((state.connections, state.idle_connections), (1, 1));
    }

    #[test]
    fn a_waiting_query_gets_the_connection_that_becomes_free() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("usage.db");
        let _store = crate::Store::open(&path).unwrap();
        let options =
            StoreOptions { busy_timeout: Duration::MAX, readers: 1, ..StoreOptions::default() };
        let readers = Readers::new(&path, &options, false);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..50).for_each(|_| readers.read("read", |_| Ok(())).unwrap()));
            }
        });
        assert_eq!(readers.pool.as_ref().unwrap().state().connections, 1);
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
            (result.unwrap(), readers.pool.as_ref().unwrap().state().connections)
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
