//! Reading somebody else's database, which may be in use, without a trace: nothing of it is
//! changed, and nothing is left beside it that was not there.
//!
//! How that goes depends on what lies beside it, and that changes while programs open and close
//! it. So each page of rows is read on a connection of its own, which also means that no lock
//! outlasts a page.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, ffi};
use tempfile::TempDir;

use super::error::{ImportError, QueryError};
use super::layout::Layout;
use crate::at_rest::{self, Stamp};
use crate::open::set_busy_timeout;
use crate::Fault;

/// Held while any origin is read: closing a descriptor of a file drops all locks that the process
/// has on it, and here files are opened past SQLite.
static READING: Mutex<()> = Mutex::new(());

/// How often to try again when another program opened or closed the origin meanwhile.
const TRIES: u32 = 50;
const PAUSE: Duration = Duration::from_millis(2);

/// The origin's database.
pub(super) struct Origin {
    /// Canonical, so that companion files are looked for where they lie.
    path: PathBuf,
    patience: Duration,
    /// What a crash left behind cannot be read in place.
    copy: Option<Copied>,
}

/// A copy in a folder of its own, which goes with it.
struct Copied {
    folder: TempDir,
}

/// How the origin can be read just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Nobody has it open: as a file that does not change.
    AtRest,
    /// It is in use in WAL mode, or a crash left both companions: its shared memory is read only.
    Shared,
    /// It is not in WAL mode, so a lock is all that readers leave.
    Locked,
    /// Somebody's log without the shared memory: after a crash, or of a program that wants it
    /// alone.
    LogOnly,
}

impl Origin {
    /// Looks for the origin's database. `ledger` is what it must not be.
    pub(super) fn find(
        path: &Path,
        ledger: Option<&Path>,
        patience: Duration,
    ) -> Result<Self, ImportError> {
        let found = path.canonicalize().and_then(|path| Ok((path.metadata()?, path)));
        let (file, path) = match found {
            Ok((file, path)) => (file, path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(ImportError::NotFound { path: path.to_owned() });
            }
            Err(error) => return Err(ImportError::io("look at", path, error)),
        };
        if ledger.is_some_and(|ledger| is_same_file(ledger, &path)) {
            return Err(ImportError::not_an_origin(&path, "it is this very ledger"));
        }
        if !file.is_file() {
            return Err(ImportError::not_an_origin(&path, "it is no file"));
        }
        if file.len() == 0 {
            return Err(ImportError::not_an_origin(&path, "it is empty"));
        }
        let origin = Self { path, patience, copy: None };
        origin.refuse_ledgers()?;
        Ok(origin)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Any ledger is refused before its file is opened past SQLite: this process may have it
    /// open.
    fn refuse_ledgers(&self) -> Result<(), ImportError> {
        let _guard = lock();
        let Ok(connection) = self.connect("immutable=1") else { return Ok(()) };
        match Layout::of(&connection) {
            // Whatever else is wrong will be found again where locks are respected.
            Err(QueryError::Ledger) => self.finish(Err(QueryError::Ledger)),
            _ => Ok(()),
        }
    }

    /// Runs a query in one read transaction.
    pub(super) fn read<T>(
        &mut self,
        query: &mut dyn FnMut(&Connection, Layout) -> Result<T, QueryError>,
    ) -> Result<T, ImportError> {
        for _ in 0..TRIES {
            let guard = lock();
            let read = self.try_to_read(query)?;
            drop(guard);
            if let Some(value) = read {
                return Ok(value);
            }
            // sleep: another program is opening or closing the file; there is nothing to wait for.
            thread::sleep(PAUSE);
        }
        Err(ImportError::Unsettled { path: self.path.clone() })
    }

    /// `None` if what was read may be wrong, or could not be read, because of what happened
    /// meanwhile.
    fn try_to_read<T>(
        &mut self,
        query: &mut dyn FnMut(&Connection, Layout) -> Result<T, QueryError>,
    ) -> Result<Option<T>, ImportError> {
        if let Some(copy) = &self.copy {
            return self.finish(in_transaction(copy.connect(), query)).map(Some);
        }
        let stamp = Stamp::of(&self.path);
        let way = self.way()?;
        let parameters = match way {
            Way::AtRest => "immutable=1",
            Way::Shared | Way::LogOnly => "readonly_shm=1",
            Way::Locked => "",
        };
        let result = in_transaction(self.connect(parameters), query);
        let error = match &result {
            Err(QueryError::Sqlite(error)) => Some((Fault::of(error), extended_code(error))),
            _ => None,
        };
        match (way, error) {
            (Way::AtRest, _) if !stamp.still_holds(&self.path) => Ok(None),
            // No reader has left a mark in the shared memory that this one could use. Somebody
            // has it open, so one mark more is no trace.
            (Way::Shared, Some((_, Some(ffi::SQLITE_READONLY_CANTINIT)))) => {
                match in_transaction(self.connect(""), query) {
                    Err(_) => Ok(None),
                    result => self.finish(result).map(Some),
                }
            }
            // What lies beside it has changed since that was looked at.
            (Way::Shared, Some((Fault::CannotOpen, _))) if self.way()? != way => Ok(None),
            // It is not locked, so its log belongs to nobody.
            (Way::LogOnly, Some((Fault::CannotOpen, _)))
            // Its journal would have to be played back into it.
            | (Way::Locked, Some((Fault::ReadOnly | Fault::CannotOpen, _))) => {
                self.copy = self.try_to_copy(stamp)?;
                Ok(None)
            }
            _ => self.finish(result).map(Some),
        }
    }

    fn finish<T>(&self, result: Result<T, QueryError>) -> Result<T, ImportError> {
        result.map_err(|error| match error {
            QueryError::Sqlite(source) if Fault::of(&source) == Fault::NotADatabase => {
                ImportError::not_an_origin(&self.path, "it is no SQLite database")
            }
            QueryError::Sqlite(source) => ImportError::unreadable(&self.path, source),
            QueryError::Ledger => ImportError::not_an_origin(&self.path, "it is a usage ledger"),
            QueryError::NotAnOrigin(what) => ImportError::not_an_origin(&self.path, what),
        })
    }

    fn way(&self) -> Result<Way, ImportError> {
        match (self.beside("-wal").exists(), self.beside("-shm").exists()) {
            (true, true) => Ok(Way::Shared),
            (true, false) => Ok(Way::LogOnly),
            (false, _) if self.is_in_wal_mode()? => Ok(Way::AtRest),
            (false, _) => Ok(Way::Locked),
        }
    }

    /// What the file's header says; SQLite only tells after it has made its companions.
    fn is_in_wal_mode(&self) -> Result<bool, ImportError> {
        let mut header = Vec::new();
        File::open(&self.path)
            .and_then(|file| file.take(20).read_to_end(&mut header))
            .map_err(|error| ImportError::io("read", &self.path, error))?;
        if !header.starts_with(b"SQLite format 3\0") {
            return Err(ImportError::not_an_origin(&self.path, "it is no SQLite database"));
        }
        Ok(header.get(19) == Some(&2))
    }

    /// Copies the file and its companions, unless something changes meanwhile.
    fn try_to_copy(&self, stamp: Stamp) -> Result<Option<Copied>, ImportError> {
        let of_companions =
            || ["-wal", "-journal"].map(|ending| Stamp::of(&self.beside(ending)));
        let before = of_companions();
        let folder =
            TempDir::new().map_err(|error| ImportError::io("copy", &self.path, error))?;
        let copied = Copied { folder };
        for ending in ["", "-wal", "-journal"] {
            match copy(&self.beside(ending), &copied.path(ending)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                result => {
                    result.map_err(|error| ImportError::io("copy", &self.path, error))?;
                }
            }
        }
        let is_settled = Stamp::of(&self.path) == stamp && of_companions() == before;
        Ok((is_settled && !self.beside("-shm").exists()).then_some(copied))
    }

    fn beside(&self, ending: &str) -> PathBuf {
        with_ending(&self.path, ending)
    }

    fn connect(&self, parameters: &str) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
            | OpenFlags::SQLITE_OPEN_URI
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(at_rest::uri(&self.path, parameters), flags)?;
        set_busy_timeout(&connection, self.patience)?;
        harden(&connection)?;
        Ok(connection)
    }
}

impl Copied {
    fn path(&self, ending: &str) -> PathBuf {
        with_ending(&self.folder.path().join("copy.db"), ending)
    }

    fn connect(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(self.path(""), flags)?;
        harden(&connection)?;
        Ok(connection)
    }
}

fn in_transaction<T>(
    connection: rusqlite::Result<Connection>,
    query: &mut dyn FnMut(&Connection, Layout) -> Result<T, QueryError>,
) -> Result<T, QueryError> {
    let connection = connection?;
    let transaction = connection.unchecked_transaction()?;
    let layout = Layout::of(&transaction)?;
    query(&transaction, layout)
}

/// The file may be damaged or made to do harm.
fn harden(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.pragma_update(None, "cell_size_check", true)
}

fn extended_code(error: &rusqlite::Error) -> Option<i32> {
    error.sqlite_error().map(|error| error.extended_code)
}

/// Not [`fs::copy`], which copies the permissions too: SQLite must be able to write to the copy.
fn copy(from: &Path, to: &Path) -> io::Result<u64> {
    io::copy(&mut File::open(from)?, &mut File::create_new(to)?)
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn lock() -> MutexGuard<'static, ()> {
    READING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether two paths lead to one file, by links of either kind.
fn is_same_file(a: &Path, b: &Path) -> bool {
    #[cfg(unix)]
    if let (Ok(a), Ok(b)) = (fs::metadata(a), fs::metadata(b)) {
        use std::os::unix::fs::MetadataExt;
        return (a.dev(), a.ino()) == (b.dev(), b.ino());
    }
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}
