//! The reading connections: a pool of a few, made when they are needed, each used by one query at
//! a time.

mod pool;
#[cfg(feature = "zones")]
mod watch;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::Connection;

use crate::StoreOptions;
use crate::error::{ReadError, Result, StoreError};
use crate::ledger::connect;
use crate::ledger::file_id::OpenedFile;
use crate::ledger::immutable::{self, Attempt};
use crate::ledger::schema::SCHEMA_VERSION;
use crate::ledger::transaction::schema_version;

use self::pool::{NoConnection, Pool};

#[derive(Debug)]
pub(crate) struct Readers {
    path: PathBuf,
    /// The file that was opened.
    file: OpenedFile,
    /// The ledger could only be opened as an immutable file.
    immutable: bool,
    #[cfg(feature = "zones")]
    watch: watch::Watch,
    pool: Pool<SqliteConnectionManager>,
}

/// Says whether nobody waits for the answer any more.
#[derive(Clone)]
pub(crate) struct Stop(Arc<dyn Fn() -> bool + Send + Sync>);

impl Stop {
    #[cfg(any(test, feature = "zones"))]
    pub(crate) fn when(is_over: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(is_over))
    }

    pub(crate) fn is_over(&self) -> bool {
        (self.0)()
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stop").finish_non_exhaustive()
    }
}

/// A query asks after that many steps of SQLite's machine, which take some tens of microseconds.
const STEPS: i32 = 1_000;

impl Readers {
    /// With connections to a file, of which one may be there already.
    pub(crate) fn new(
        file: &OpenedFile,
        options: &StoreOptions,
        immutable: bool,
        first: Option<Connection>,
    ) -> Self {
        // Past links: one that is changed later leads to another ledger.
        let path = file.real_path();
        let settings = options.clone();
        let manager = SqliteConnectionManager::file(path)
            .with_flags(connect::flags())
            .with_init(move |connection| connect::configure(connection, &settings));
        let pool = Pool::new(options.readers, options.busy_timeout, manager, first);
        Self {
            path: path.to_owned(),
            file: file.clone(),
            immutable,
            #[cfg(feature = "zones")]
            watch: watch::Watch::new(path, options),
            pool,
        }
    }

    /// Runs a query in one read transaction, so that all of it sees one state of the ledger. It ends early
    /// when it is to stop.
    pub(crate) fn read<T>(
        &self,
        doing: &'static str,
        stop: Option<&Stop>,
        query: impl Fn(&Connection) -> Result<T, ReadError>,
    ) -> Result<T> {
        // A kept connection goes on reading a file that was replaced, a new one reads the other file. Afterwards
        // too: it may have been made in between.
        self.file.check_real()?;
        let answer = self.read_file(doing, stop, query)?;
        self.file.check_real()?;
        Ok(answer)
    }

    fn read_file<T>(
        &self,
        doing: &'static str,
        stop: Option<&Stop>,
        query: impl Fn(&Connection) -> Result<T, ReadError>,
    ) -> Result<T> {
        let tries = if self.immutable { immutable::TRIES } else { 0 };
        for _ in 0..tries {
            match immutable::read(&self.path, |connection| in_transaction(connection, stop, &query))
            {
                Attempt::Read(result) => {
                    return result.map_err(|error| StoreError::read(doing, &self.path, error));
                }
                Attempt::Changed => {}
                // Somebody may have opened it since, which makes it readable in the usual way.
                Attempt::InUse => match self.read_in_use(doing, stop, &query) {
                    // And may have closed it at this very moment.
                    Err(error) if error.is_unopenable() => {}
                    result => return result,
                },
            }
        }
        self.read_in_use(doing, stop, &query)
    }

    fn read_in_use<T>(
        &self,
        doing: &'static str,
        stop: Option<&Stop>,
        query: impl Fn(&Connection) -> Result<T, ReadError>,
    ) -> Result<T> {
        let result = self.pool.with(stop, |connection| in_transaction(connection, stop, query));
        match result {
            Ok(result) => result.map_err(|error| StoreError::read(doing, &self.path, error)),
            Err(NoConnection::Stopped) => Err(StoreError::Stopped { path: self.path.clone() }),
            Err(NoConnection::Busy) => Err(StoreError::ReadersBusy { path: self.path.clone() }),
            Err(NoConnection::Failed(source)) => Err(StoreError::sqlite(doing, &self.path, source)),
        }
    }
}

fn in_transaction<T>(
    connection: &mut Connection,
    stop: Option<&Stop>,
    query: impl Fn(&Connection) -> Result<T, ReadError>,
) -> Result<T, ReadError> {
    // Also where there is none: a query that has panicked leaves its own behind.
    let stop = stop.cloned();
    connection.progress_handler(STEPS, stop.map(|stop| move || stop.is_over()))?;
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
    use std::path::Path;
    use std::time::Duration;

    use super::*;

    fn readers(path: &Path) -> Readers {
        let options = StoreOptions {
            busy_timeout: Duration::from_millis(1),
            readers: 1,
            ..StoreOptions::default()
        };
        Readers::new(&OpenedFile::at(path).unwrap(), &options, false, None)
    }

    #[test]
    fn connections_come_back_and_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("usage.db");
        let _store = crate::Store::open(&path).unwrap();
        let readers = readers(&path);
        let inner = readers.read("read", None, |_| Ok(readers.read("read", None, |_| Ok(()))));
        assert!(matches!(inner.unwrap(), Err(StoreError::ReadersBusy { .. })));
        let failed = readers.read("read", None, |_| Err::<(), _>(ReadError::unknown_label_set(1)));
        assert!(failed.unwrap_err().is_damage());
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            readers.read("read", None, |_| -> Result<(), ReadError> { panic!("on purpose") })
        }));
        assert!(panicked.is_err());
        readers.read("read", None, |_| Ok(())).unwrap();
        assert_eq!(readers.pool.counts(), (1, 1));
    }

    /// A query over a file that turned out not to be immutable is done again.
    #[test]
    #[cfg(unix)]
    fn a_file_that_changes_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("usage.db");
        crate::Store::open(&path).unwrap();
        let file = OpenedFile::at(&path).unwrap();
        let readers = Readers::new(&file, &StoreOptions::default(), true, None);
        let (runs, kept) = (Cell::new(0), RefCell::new(None));
        let query = |keep_open: bool| {
            runs.set(0);
            let in_use = || {
                let store = crate::Store::open(&path).unwrap();
                let sql = "CREATE TABLE IF NOT EXISTS more AS SELECT randomblob(20000)";
                let grown: Result<()> = store
                    .write("grow", |writer| Ok(writer.ledger.connection.execute_batch(sql)?));
                grown.unwrap();
                *kept.borrow_mut() = keep_open.then_some(store);
            };
            let result = readers.read("read", None, |_| {
                runs.set(runs.get() + 1);
                if runs.get() == 1 {
                    in_use();
                }
                Ok(runs.get())
            });
            (result.unwrap(), readers.pool.counts().0)
        };
        // Immutable again, the second time as well; then in use, and read as such.
        assert_eq!(query(false), (2, 0));
        assert_eq!(readers.read("read", None, |_| Ok(1)).unwrap(), 1);
        assert_eq!(query(true), (2, 1));
    }

    /// In the middle of a query, and only that one.
    #[test]
    fn a_query_that_is_to_stop_ends() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        const ENDLESS: &str = "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("usage.db");
        let _store = crate::Store::open(&path).unwrap();
        let readers = readers(&path);
        let asked = Arc::new(AtomicUsize::new(0));
        let stop = {
            let asked = Arc::clone(&asked);
            Stop::when(move || asked.fetch_add(1, Ordering::Relaxed) == 100)
        };
        let endless = |connection: &Connection| {
            Ok(connection.query_row(ENDLESS, [], |row| row.get::<_, i64>(0))?)
        };
        let error = readers.read("read the ledger", Some(&stop), endless).unwrap_err();
        assert!(matches!(error, StoreError::Stopped { .. }), "{error:?}");
        assert_eq!(asked.load(Ordering::Relaxed), 101);
        let numbers = "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n \
                       LIMIT 100000) SELECT count(*) FROM n";
        let counted = readers
            .read("read", None, |of| Ok(of.query_row(numbers, [], |row| row.get::<_, i64>(0))?));
        assert_eq!(counted.unwrap(), 100_000);
        assert_eq!(asked.load(Ordering::Relaxed), 101);
    }

    /// The reason why there is no connection, at once, and not only that there is none.
    #[test]
    fn a_ledger_that_vanished_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("usage.db");
        crate::Store::open(&path).unwrap();
        let readers = readers(&path);
        std::fs::remove_file(&path).unwrap();
        let error = readers.read("read the ledger", None, |_| Ok(())).unwrap_err();
        assert!(matches!(error, StoreError::Replaced { .. }), "{error:?}");
        assert!(!path.exists(), "nothing is made in its place");
    }
}
