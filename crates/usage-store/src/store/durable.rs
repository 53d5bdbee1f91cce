//! Making what was committed safe from a power loss.
//!
//! What is committed lies in the write-ahead log until a checkpoint has copied it into the database
//! and synced that. Under `synchronous=NORMAL` nobody syncs the log at a commit.
//!
//! A sync that fails is reported once. The operating system then counts the pages as written, though they
//! are not on the disk, and the next sync of them succeeds. So after one that failed only a checkpoint
//! counts, which writes them anew, into the database.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use usage_journal::{Disk as _, RealDisk};

use crate::Store;
use crate::error::{Result, StoreError};
use crate::ledger::file::is_same;

/// The write-ahead log as it is synced.
#[derive(Debug, Default)]
pub(crate) struct Log(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Kept open: an open file learns of every write that failed since it was opened, whoever's it
    /// was and whoever was notified; one that is opened later does not.
    file: Option<File>,
    /// Says whether a sync failed, and no checkpoint has succeeded since.
    failed: bool,
}

impl State {
    /// The log that lies at the path now.
    fn open(&mut self, path: &Path) -> io::Result<&File> {
        let is_same = match &self.file {
            // Where files have no identity, it is opened each time.
            Some(file) => is_same(&file.metadata()?, &path.metadata()?),
            None => false,
        };
        let file = match self.file.take().filter(|_| is_same) {
            Some(file) => file,
            // To open and close the log drops no locks: SQLite's are on the database and on the
            // `-shm` file. Windows flushes only what was opened for writing.
            None => OpenOptions::new().read(true).write(true).open(path)?,
        };
        Ok(self.file.insert(file))
    }
}

impl Store {
    /// Brings all that was committed to the disk itself, and makes sure that it is the file that
    /// others will find.
    pub(crate) fn sync(&self) -> Result<()> {
        self.sync_with(File::sync_data)?;
        self.file().check()
    }

    /// From now on a failed write of the log is noticed by the next sync. Where it cannot be opened
    /// now, that will say so.
    pub(crate) fn watch_log(&self) {
        let mut state = self.log().0.lock().unwrap_or_else(PoisonError::into_inner);
        drop(state.open(&self.file().write_ahead_log()));
    }

    fn sync_with(&self, sync: impl FnOnce(&File) -> io::Result<()>) -> Result<()> {
        let path = self.file().write_ahead_log();
        let mut state = self.log().0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.failed {
            self.write_anew(&path)?;
            state.failed = false;
        }
        let failed = |source| StoreError::Sync { path: path.clone(), source };
        let file = match state.open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return self.without_log(),
            Err(error) => return Err(failed(error)),
        };
        if let Err(error) = sync(file) {
            state.failed = true;
            return Err(failed(error));
        }
        path.parent().map_or(Ok(()), |folder| RealDisk.sync_folder(folder)).map_err(failed)
    }

    /// Copies all of the log into the database, and syncs that.
    fn write_anew(&self, log: &Path) -> Result<()> {
        let (busy, frames, copied) =
            self.write::<_, StoreError>("write to the ledger", |writer| {
                let row = |row: &rusqlite::Row<'_>| {
                    Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
                };
                let connection = &writer.ledger.connection;
                Ok(connection.query_row("PRAGMA wal_checkpoint(FULL)", [], row)?)
            })?;
        if busy == 0 && frames == copied {
            return Ok(());
        }
        let source = io::Error::new(
            ErrorKind::ResourceBusy,
            "an earlier sync of it failed, and a reader keeps it from being written anew",
        );
        Err(StoreError::Sync { path: log.to_owned(), source })
    }

    /// While a connection is open, its log is there. Without one, what was committed last lies in a
    /// file that nobody will find.
    fn without_log(&self) -> Result<()> {
        let mode: String = self.write::<_, StoreError>("read the ledger", |writer| {
            let connection = &writer.ledger.connection;
            Ok(connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?)
        })?;
        // Where the file system has no memory to share, SQLite does without, and syncs by itself.
        if mode != "wal" {
            return Ok(());
        }
        let what = "lost its write-ahead log";
        Err(StoreError::Replaced { path: self.path().to_owned(), what })
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;
    use usage_core::{LabelNames, Labels, Record, Timestamp, TokenCounts, Usage};

    use super::*;

    /// The second sync succeeds, as it does after a failed one, but it has written nothing.
    #[test]
    fn a_good_sync_after_a_failed_one_does_not_count() {
        let folder = tempfile::tempdir().unwrap();
        let options = crate::StoreOptions {
            busy_timeout: std::time::Duration::from_millis(10),
            ..Default::default()
        };
        let store = options.open(folder.path().join("usage.db")).unwrap();
        let names = LabelNames::new().with_instance("i").with_route("r").with_model("m");
        let labels = Labels::new(names).unwrap();
        let record = Record::new(labels, Usage::new(TokenCounts::new(), Timestamp::from_micros(1)));
        // A reader that stays where the ledger was keeps the log from being copied as a whole.
        let reader = Connection::open(store.path()).unwrap();
        reader.execute_batch("BEGIN; SELECT count(*) FROM records").unwrap();
        store.insert_batch(&[record.unwrap()]).unwrap();
        let error = store.sync_with(|_| Err(io::Error::other("the disk"))).unwrap_err();
        assert!(matches!(error, StoreError::Sync { .. }), "{error}");
        for _ in 0..2 {
            let error = store.sync().unwrap_err();
            assert!(matches!(error, StoreError::Sync { .. }), "{error}");
        }
        reader.execute_batch("COMMIT").unwrap();
        store.sync().unwrap();
        let log = store.file().write_ahead_log();
        let copied: i64 =
            reader.query_row("PRAGMA wal_checkpoint(NOOP)", [], |row| row.get(2)).unwrap_or(0);
        assert!(copied > 0, "{} was copied", log.display());
        store.sync().unwrap();
    }

    /// Another log at the path, as after the last connection closed, is the one that is synced.
    #[test]
    fn the_log_that_lies_there_is_synced() {
        let folder = tempfile::tempdir().unwrap();
        let (log, mut state) = (folder.path().join("log"), State::default());
        std::fs::write(&log, "").unwrap();
        let metadata = state.open(&log).unwrap().metadata().unwrap();
        assert_eq!(metadata.len(), 0);
        std::fs::write(folder.path().join("other"), "longer").unwrap();
        std::fs::rename(folder.path().join("other"), &log).unwrap();
        assert_eq!(state.open(&log).unwrap().metadata().unwrap().len(), 6);
        std::fs::remove_file(&log).unwrap();
        assert_eq!(state.open(&log).unwrap_err().kind(), ErrorKind::NotFound);
    }
}
