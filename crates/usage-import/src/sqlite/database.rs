//! Reading somebody else's database, which may be in use, without a trace: nothing of it is
//! changed, and nothing is left beside it that was not there.
//!
//! How that goes depends on what lies beside it, and that changes while programs open and close
//! it. So each page of rows is read on a connection of its own, which also means that no lock
//! outlasts a page. That is short, and has to be: whoever closes a database while it is being read
//! leaves its log to the next that opens it. To tidy up after them would change the file.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ffi};
use usage_store::file::{FileStamp, is_same_file, with_ending};
use usage_store::{SqliteErrorKind, StoreError};

use super::QueryError;
use super::connection::{self, cannot_begin, in_transaction, is_in_motion, refuse_ledgers};
use super::copied::Copied;
use crate::error::ImportError;

/// Held while any database is read: closing a descriptor of a file drops all locks that the process
/// has on it, and here files are opened past SQLite.
static READING: Mutex<()> = Mutex::new(());

/// The least number of times to try again when another program changed the file meanwhile.
const LEAST_TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(2);

/// How messages call a database.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// As in "ccrouter database".
    pub(crate) name: &'static str,
    /// What was tried, as in "read the ccrouter database".
    pub(crate) reading: &'static str,
}

/// The database of another program.
pub(crate) struct Database {
    kind: Kind,
    /// Canonical, so that companion files are looked for where they lie.
    path: PathBuf,
    patience: Duration,
    /// A copy of a database that cannot be read in place, as a crash left it behind.
    copy: Option<Copied>,
}

/// The outcome of trying to read it.
enum Attempt<T> {
    Read(T),
    /// Another program has it alone.
    Locked,
    /// It was changed meanwhile, so that what was read may be wrong; or there is a copy now.
    Changed,
}

impl Database {
    /// Looks for a database. `ledger` is what it must not be.
    pub(crate) fn find(
        kind: Kind,
        path: &Path,
        ledger: Option<&Path>,
        patience: Duration,
    ) -> Result<Self, ImportError> {
        let found = path.canonicalize().and_then(|path| Ok((path.metadata()?, path)));
        let (file, path) = match found {
            Ok((file, path)) => (file, path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(ImportError::NotFound { kind: kind.name, path: path.to_owned() });
            }
            Err(error) => return Err(io_error("look at", path, error)),
        };
        if ledger.is_some_and(|ledger| is_same_file(ledger, &path)) {
            return Err(not_an_origin(kind, &path, "it is this very ledger"));
        }
        if !file.is_file() {
            return Err(not_an_origin(kind, &path, "it is no file"));
        }
        if file.len() == 0 {
            return Err(not_an_origin(kind, &path, "it is empty"));
        }
        let database = Self { kind, path, patience, copy: None };
        database.refuse_ledgers()?;
        Ok(database)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Any ledger is refused before its file is opened past SQLite: this process may have it
    /// open.
    fn refuse_ledgers(&self) -> Result<(), ImportError> {
        let _guard = lock();
        let Ok(connection) = connection::read_only(&self.path, "immutable=1") else {
            return Ok(());
        };
        match refuse_ledgers(&connection) {
            // Whatever else is wrong will be found again where locks are respected.
            Err(QueryError::Ledger) => Err(self.not_an_origin("it is a usage ledger")),
            _ => Ok(()),
        }
    }

    /// Forgets a copy: the file has changed since, or may have.
    pub(crate) fn forget_copy(&mut self) {
        self.copy = None;
    }

    /// Runs a query in one read transaction.
    pub(crate) fn read<T>(
        &mut self,
        query: &mut dyn FnMut(&Connection) -> Result<T, QueryError>,
    ) -> Result<T, ImportError> {
        let (start, mut tries) = (Instant::now(), 0);
        loop {
            let guard = lock();
            let attempt = self.try_to_read(query)?;
            drop(guard);
            tries += 1;
            let is_over = start.elapsed() >= self.patience;
            match attempt {
                Attempt::Read(value) => return Ok(value),
                Attempt::Locked if is_over => {
                    let busy = ffi::Error::new(ffi::SQLITE_BUSY);
                    let busy = rusqlite::Error::SqliteFailure(busy, None);
                    return Err(self.unreadable(busy));
                }
                Attempt::Changed if is_over && tries >= LEAST_TRIES => {
                    return Err(ImportError::Unsettled { path: self.path.clone() });
                }
                // sleep: another program is at the file; nothing tells when it is done.
                Attempt::Locked | Attempt::Changed => thread::sleep(PAUSE),
            }
        }
    }

    fn try_to_read<T>(
        &mut self,
        query: &mut dyn FnMut(&Connection) -> Result<T, QueryError>,
    ) -> Result<Attempt<T>, ImportError> {
        if let Some(copy) = &self.copy {
            return self.finish(in_transaction(copy.connect(), query));
        }
        let stamp = FileStamp::of(&self.path);
        if !self.has("-wal") {
            return match self.is_in_wal_mode()? {
                true => self.read_immutable(stamp, query),
                false => self.read_locked(stamp, query),
            };
        }
        // Without it, SQLite would make the log anew when its last user has just removed it. With
        // it nobody removes it, or has the database alone.
        let Some(_stays) = self.keep_from_closing()? else { return Ok(Attempt::Locked) };
        match (self.has("-wal"), self.has("-shm")) {
            (true, true) => self.read_shared(query),
            (true, false) => self.read_copy(stamp),
            (false, _) => Ok(Attempt::Changed),
        }
    }

    /// Nobody has it open: reads it as a file that does not change.
    fn read_immutable<T>(
        &self,
        stamp: FileStamp,
        query: &mut dyn FnMut(&Connection) -> Result<T, QueryError>,
    ) -> Result<Attempt<T>, ImportError> {
        let result = in_transaction(connection::read_only(&self.path, "immutable=1"), query);
        if stamp.still_holds(&self.path) { self.finish(result) } else { Ok(Attempt::Changed) }
    }

    /// It is not in WAL mode: a lock is all that a reader needs, and all that it leaves.
    fn read_locked<T>(
        &mut self,
        stamp: FileStamp,
        query: &mut dyn FnMut(&Connection) -> Result<T, QueryError>,
    ) -> Result<Attempt<T>, ImportError> {
        match in_transaction(connection::read_only(&self.path, ""), query) {
            // A crash has left a journal, which would have to be played back into it.
            Err(QueryError::Sqlite(error))
                if SqliteErrorKind::of(&error) == SqliteErrorKind::ReadOnly =>
            {
                self.read_copy(stamp)
            }
            result => self.finish(result),
        }
    }

    /// It is in use, or a crash has left both companions. The shared memory is only read, which
    /// SQLite can do in both cases.
    fn read_shared<T>(
        &self,
        query: &mut dyn FnMut(&Connection) -> Result<T, QueryError>,
    ) -> Result<Attempt<T>, ImportError> {
        match in_transaction(connection::read_only(&self.path, "readonly_shm=1"), query) {
            // No reader has left a mark in the shared memory that this one could use. Somebody
            // has it open, so one mark more is no trace.
            Err(QueryError::Sqlite(error)) if cannot_begin(&error) => {
                match in_transaction(connection::read_only(&self.path, ""), query) {
                    Err(QueryError::Sqlite(error)) if cannot_begin(&error) => Ok(Attempt::Changed),
                    result => self.finish(result),
                }
            }
            Err(QueryError::Sqlite(error)) if is_in_motion(&error) => Ok(Attempt::Changed),
            result => self.finish(result),
        }
    }

    /// Repairs and reads a copy, as what a crash has left must be repaired.
    fn read_copy<T>(&mut self, stamp: FileStamp) -> Result<Attempt<T>, ImportError> {
        let copied = Copied::of(&self.path, stamp);
        self.copy = copied.map_err(|error| io_error("copy", &self.path, error))?;
        Ok(Attempt::Changed)
    }

    fn finish<T>(&self, result: Result<T, QueryError>) -> Result<Attempt<T>, ImportError> {
        let what = match result {
            Ok(value) => return Ok(Attempt::Read(value)),
            Err(QueryError::Sqlite(error))
                if SqliteErrorKind::of(&error) == SqliteErrorKind::Busy =>
            {
                return Ok(Attempt::Locked);
            }
            Err(QueryError::Sqlite(error))
                if SqliteErrorKind::of(&error) != SqliteErrorKind::NotADatabase =>
            {
                return Err(self.unreadable(error));
            }
            Err(QueryError::Sqlite(_)) => "it is no SQLite database".to_owned(),
            Err(QueryError::Ledger) => "it is a usage ledger".to_owned(),
            Err(QueryError::NotAnOrigin(what)) => what,
        };
        Err(self.not_an_origin(what))
    }

    fn has(&self, ending: &str) -> bool {
        self.beside(ending).exists()
    }

    /// Takes the lock of a reader on the whole file: whoever closes the database last then leaves
    /// its log where it is. `None` while somebody has the database alone.
    fn keep_from_closing(&self) -> Result<Option<File>, ImportError> {
        let file = File::open(&self.path).map_err(|error| io_error("read", &self.path, error))?;
        #[cfg(unix)]
        {
            use rustix::fs::{FlockOperation, fcntl_lock};
            use rustix::io::Errno;
            match fcntl_lock(&file, FlockOperation::NonBlockingLockShared) {
                Ok(()) => {}
                Err(Errno::AGAIN | Errno::ACCESS) => return Ok(None),
                Err(error) => return Err(io_error("lock", &self.path, error.into())),
            }
        }
        Ok(Some(file))
    }

    /// Returns whether the file's header names the write-ahead log; SQLite only tells after it has made its companions.
    fn is_in_wal_mode(&self) -> Result<bool, ImportError> {
        let mut header = Vec::new();
        File::open(&self.path)
            .and_then(|file| file.take(20).read_to_end(&mut header))
            .map_err(|error| io_error("read", &self.path, error))?;
        if !header.starts_with(b"SQLite format 3\0") {
            return Err(self.not_an_origin("it is no SQLite database"));
        }
        Ok(header.get(19) == Some(&2))
    }

    fn beside(&self, ending: &str) -> PathBuf {
        with_ending(&self.path, ending)
    }

    fn not_an_origin(&self, what: impl Into<String>) -> ImportError {
        not_an_origin(self.kind, &self.path, what)
    }

    fn unreadable(&self, source: rusqlite::Error) -> ImportError {
        let path = self.path.clone();
        let doing = self.kind.reading;
        ImportError::Unreadable(StoreError::Sqlite { doing, path, source: source.into() })
    }
}

fn not_an_origin(kind: Kind, path: &Path, what: impl Into<String>) -> ImportError {
    ImportError::NotAnOrigin { kind: kind.name, path: path.to_owned(), what: what.into() }
}

fn io_error(doing: &'static str, path: &Path, source: io::Error) -> ImportError {
    ImportError::Io { doing, path: path.to_owned(), source }
}

fn lock() -> MutexGuard<'static, ()> {
    READING.lock().unwrap_or_else(PoisonError::into_inner)
}
