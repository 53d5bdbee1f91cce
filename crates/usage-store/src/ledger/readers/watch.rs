//! Noticing that a ledger has changed without reading any of it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;

use super::Readers;
use crate::StoreOptions;
use crate::error::{Result, StoreError};
use crate::ledger::connect;
use crate::ledger::file::FileStamp;

/// A connection of its own, as SQLite tells each connection what others have done since it was opened.
pub(super) struct Watch {
    path: PathBuf,
    options: StoreOptions,
    /// Made when it is needed, with its number.
    connection: Mutex<(u64, Option<Connection>)>,
    /// The number of times that nothing could be said.
    unknown: AtomicU64,
}

impl Watch {
    pub(super) fn new(path: &Path, options: &StoreOptions) -> Self {
        let (connection, unknown) = (Mutex::default(), AtomicU64::default());
        Self { path: path.to_owned(), options: options.clone(), connection, unknown }
    }

    /// Returns a state that is like no other.
    fn never_again(&self) -> String {
        format!("unknown {}", self.unknown.fetch_add(1, Ordering::Relaxed))
    }

    /// The number of the connection, and what it says: another number whenever another connection has
    /// committed something.
    fn version(&self) -> rusqlite::Result<(u64, i64)> {
        // Whatever a panic has left, the next call finds out whether it works.
        let mut kept = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let (number, connection) = &mut *kept;
        if connection.is_none() {
            let opened = Connection::open_with_flags(&self.path, connect::flags())?;
            connect::configure(&opened, &self.options)?;
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
        let stamp = if self.immutable { FileStamp::of_immutable_file(&self.path) } else { None };
        let seen = match stamp {
            Some(stamp) => format!("{stamp:?}"),
            None => match self.watch.version() {
                Ok(version) => format!("{version:?}"),
                // Nobody can be asked: a log is written in place, and may be another one of the same length.
                Err(_) if self.immutable => self.watch.never_again(),
                Err(error) => return Err(StoreError::sqlite("read the ledger", &self.path, error)),
            },
        };
        self.file.check_real()?;
        Ok(seen.into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::ledger::file_id::OpenedFile;

    /// Where it cannot be opened as a database, as somebody may only read it.
    #[test]
    #[cfg(unix)]
    fn an_immutable_ledger_is_known_by_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("usage.db");
        crate::Store::open(&path).unwrap();
        let file = OpenedFile::at(&path).unwrap();
        let mut readers = Readers::new(&file, &StoreOptions::default(), true, None);
        // Nor can it be opened while somebody writes.
        readers.watch = Watch::new(&folder.path().join("none"), &StoreOptions::default());
        let writable = || std::fs::File::options().write(true).open(&path).unwrap();
        let written = |at: u64| {
            let at = SystemTime::UNIX_EPOCH + Duration::from_secs(at);
            writable().set_modified(at).unwrap();
        };
        written(60);
        let seen = readers.seen().unwrap();
        assert_eq!(readers.seen().unwrap(), seen);
        // Written a moment ago: perhaps again in the same moment. Should the machine take its time, once more.
        let is_doubted = |_| {
            writable().write_all(b"S").unwrap();
            readers.seen().unwrap() != readers.seen().unwrap()
        };
        assert!((0..100).any(is_doubted));
        // By a clock that is ahead.
        written(9_000_000_000);
        assert_ne!(readers.seen().unwrap(), readers.seen().unwrap());
        written(59);
        assert_ne!(readers.seen().unwrap(), seen);
        let store = crate::Store::open(&path).unwrap();
        store.delete_all_records().unwrap();
        written(60);
        assert_ne!(readers.seen().unwrap(), readers.seen().unwrap(), "a log is written in place");
    }

    /// Notices whether the log has grown or not.
    #[test]
    fn a_ledger_that_is_immutable_no_longer_is_asked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("usage.db");
        let store = crate::Store::open(&path).unwrap();
        let file = OpenedFile::at(&path).unwrap();
        let readers = Readers::new(&file, &StoreOptions::default(), true, None);
        store.delete_all_records().unwrap();
        let seen = readers.seen().unwrap();
        assert_eq!(readers.seen().unwrap(), seen);
        store.delete_all_records().unwrap();
        assert_ne!(readers.seen().unwrap(), seen);
    }

    /// A connection that was lost tells of a change rather than of none.
    #[test]
    fn another_connection_is_another_state() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("usage.db");
        let _store = crate::Store::open(&path).unwrap();
        let file = OpenedFile::at(&path).unwrap();
        let readers = Readers::new(&file, &StoreOptions::default(), false, None);
        let seen = readers.seen().unwrap();
        assert_eq!(readers.seen().unwrap(), seen);
        readers.watch.connection.lock().unwrap().1 = None;
        assert_ne!(readers.seen().unwrap(), seen);
    }
}
