//! The ledger: one writing connection, a few reading ones.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use usage_core::Record;
use usage_core::pricing::Pricing;
use usage_core::sink::{BatchOutcome, LedgerId};

use crate::error::{ReadError, Result, StoreError, WorkError};
use crate::ledger::connect::absolute;
use crate::ledger::file_id::OpenedFile;
use crate::ledger::journal_folders::JournalFolder;
use crate::ledger::readers::{Readers, Stop};
use crate::ledger::transaction::{Ledger, ledger_id};
use crate::open::migration::Migrated;
use crate::open::{self, Opened};
use crate::options::StoreOptions;
use crate::write::batch::Writer;

pub(crate) mod across;
mod append;
pub(crate) mod backup;
mod durable;
mod pseudonyms;
pub(crate) mod reconciled;
mod tags;

use self::durable::Log;

impl StoreOptions {
    /// Opens the ledger with these options, and makes it where it is missing.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open(&self, path: impl AsRef<Path>) -> Result<Store> {
        let path = absolute(path.as_ref())?;
        let opened = open::create(&path, self)?;
        Store::over(path, opened, self, false)
    }

    /// Opens a ledger that exists with these options, and makes none; changes nothing, and so migrates none.
    ///
    /// # Errors
    /// As [`Store::open_existing`].
    pub fn open_existing(&self, path: impl AsRef<Path>) -> Result<Store> {
        let path = absolute(path.as_ref())?;
        let opened = open::existing(&path, self)?;
        // An immutable one is opened for each question anew.
        let for_reading = !opened.immutable;
        Store::over(path, opened, self, for_reading)
    }
}

/// A usage ledger on disk.
///
/// Clones share one ledger: give one to a tracker and keep another for reports. Writers take
/// turns, readers do not wait for them. Several processes may have the same ledger open, on a
/// local disk: SQLite's locks do not work over network file systems.
#[derive(Clone, Debug)]
pub struct Store(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    file: OpenedFile,
    log: Log,
    migrated: Option<Migrated>,
    journal_folder: JournalFolder,
    options: StoreOptions,
    /// Made when something is written first: who only reads needs no connection for it.
    writer: OnceLock<Mutex<Writer>>,
    readers: Readers,
}

impl Store {
    /// Opens the ledger with the default [options](StoreOptions::open); makes the folder (mode 0700)
    /// and the file (0600) where they are missing. A ledger of an earlier version is migrated as [`StoreOptions::migrate`] says: by
    /// default after a copy, which [`migrated`](Self::migrated) names.
    ///
    /// # Errors
    /// When the folder or the file cannot be made, the file is something else, the ledger was
    /// written by a newer version of this program, which leaves it untouched, or by an earlier one
    /// and is not to be migrated by the way ([`StoreError::OlderVersion`]).
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        StoreOptions::default().open(path)
    }

    /// Opens a ledger that exists, and makes none; changes nothing, and so migrates none.
    ///
    /// Who may only read the ledger can open it as well: then reports work, and writing fails
    /// with [`SqliteErrorKind::ReadOnly`](crate::SqliteErrorKind::ReadOnly). Where a writer has the ledger open, its
    /// companion files must be readable too, which they are when the ledger is.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none, or only an empty file;
    /// [`StoreError::OlderVersion`] when it is of an earlier version, see
    /// [`MigrationPlan`](crate::MigrationPlan); else as [`open`](Self::open).
    pub fn open_existing(path: impl AsRef<Path>) -> Result<Self> {
        StoreOptions::default().open_existing(path)
    }

    fn over(
        path: PathBuf,
        opened: Opened,
        options: &StoreOptions,
        for_reading: bool,
    ) -> Result<Self> {
        let Opened { connection, file, immutable, migrated } = opened;
        // What was opened in between could be another file than the one that is watched.
        file.check()?;
        let journal_folder = JournalFolder::new(&file, options)?;
        let writer = OnceLock::new();
        // What is read first is read on the connection that is there already.
        let first = if for_reading {
            Some(connection)
        } else {
            writer.get_or_init(|| Mutex::new(writer_on(connection, options)));
            None
        };
        let readers = Readers::new(&file, options, immutable, first);
        let (log, options) = (Log::default(), options.clone());
        let shared = Shared { path, file, log, migrated, journal_folder, options, writer, readers };
        Ok(Self(Arc::new(shared)))
    }

    /// The migration that opening the ledger came with, if it was of an earlier version.
    #[must_use]
    pub fn migrated(&self) -> Option<&Migrated> {
        self.0.migrated.as_ref()
    }

    /// The place where the ledger lives, as an absolute path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// The reason why the write-ahead log cannot be brought into the ledger's file, if it cannot: then it grows
    /// with every batch. What is stored is safe all the same, as long as the log can be written.
    pub(crate) fn failing_checkpoint(&self) -> Option<String> {
        let writer = lock(self.0.writer.get()?);
        writer.ledger.checkpoints.failing().map(str::to_owned)
    }

    /// Inserts a batch in one transaction, whole or not at all.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("usage.db");
    /// use usage_core::{EventId, LabelNames, Labels, Record, Timestamp, TokenCounts, Usage};
    /// use usage_store::Store;
    ///
    /// let names = LabelNames::new()
    ///     .with_instance("router-1")
    ///     .with_route("think")
    ///     .with_model("claude-sonnet-4-5");
    /// let labels = Labels::new(names)?;
    /// let record = Record::new(labels, Usage::new(TokenCounts::unclassified(500), Timestamp::from_micros(0)))?
    ///     .with_event_id(EventId::new("req_1")?);
    ///
    /// let store = Store::open(&path)?;
    /// let outcome = store.insert_batch(&[record.clone(), record])?;
    /// assert_eq!((outcome.stored, outcome.duplicates), (1, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the batch could not be stored; nothing of it was. After [`SqliteErrorKind::Busy`],
    /// [`SqliteErrorKind::Full`] and [`SqliteErrorKind::Io`] the same batch may succeed later. What the database itself
    /// refuses, by a trigger or a constraint that somebody has added, is no error: such records are
    /// quarantined in the same transaction, see [`RefusalReason::ByDatabase`].
    ///
    /// [`SqliteErrorKind::Busy`]: crate::SqliteErrorKind::Busy
    /// [`SqliteErrorKind::Full`]: crate::SqliteErrorKind::Full
    /// [`SqliteErrorKind::Io`]: crate::SqliteErrorKind::Io
    /// [`RefusalReason::ByDatabase`]: usage_core::sink::RefusalReason::ByDatabase
    pub fn insert_batch(&self, batch: &[Record]) -> Result<BatchOutcome> {
        self.insert_batch_between(batch, |_| Ok(()), |_, outcome| Ok(outcome))
    }

    /// As [`insert_batch`](Self::insert_batch), with work before it and behind it in the same
    /// transaction.
    pub(crate) fn insert_batch_between<T, E: From<StoreError>>(
        &self,
        batch: &[Record],
        first: impl FnMut(&Connection) -> Result<(), WorkError<E>>,
        last: impl FnMut(&Connection, BatchOutcome) -> rusqlite::Result<T>,
    ) -> Result<T, E> {
        self.write("write to the ledger", |writer| writer.insert_batch(batch, first, last))
    }

    /// Runs a query in one read transaction, so that all of it sees one state of the ledger.
    pub(crate) fn read<T>(
        &self,
        doing: &'static str,
        query: impl Fn(&Connection) -> Result<T, ReadError>,
    ) -> Result<T> {
        self.0.readers.read(doing, None, query)
    }

    /// As [`read`](Self::read), until it is to stop.
    pub(crate) fn read_until<T>(
        &self,
        doing: &'static str,
        stop: Option<&Stop>,
        query: impl Fn(&Connection) -> Result<T, ReadError>,
    ) -> Result<T> {
        self.0.readers.read(doing, stop, query)
    }

    /// By what a change of the ledger is noticed.
    #[cfg(feature = "zones")]
    pub(crate) fn state(&self) -> Result<Vec<u8>> {
        self.0.readers.seen()
    }

    /// Returns how long is waited for another connection's lock.
    #[must_use]
    pub fn busy_timeout(&self) -> Duration {
        self.0.options.busy_timeout
    }

    /// The list prices that were given, if any.
    pub(crate) fn pricing(&self) -> Option<&Arc<dyn Pricing>> {
        self.0.options.pricing.as_ref()
    }

    /// The ledger's id; `None` where it is missing or damaged. Who only reads makes no connection for writing: where
    /// nothing may be written, there can be none.
    pub(crate) fn known_id(&self) -> Result<Option<LedgerId>> {
        match self.0.writer.get() {
            Some(writer) => Ok(lock(writer).ledger.id),
            None => self.read("read the ledger", |connection| Ok(ledger_id(connection)?)),
        }
    }

    pub(crate) fn file(&self) -> &OpenedFile {
        &self.0.file
    }

    pub(crate) fn log(&self) -> &Log {
        &self.0.log
    }

    pub(crate) fn folder_of_journal(&self) -> &JournalFolder {
        &self.0.journal_folder
    }

    /// Runs work on the writing connection, if the ledger's file still is what it was. What the work breaks off
    /// with comes back as it is.
    pub(crate) fn write<T, E: From<StoreError>>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&mut Writer) -> Result<T, WorkError<E>>,
    ) -> Result<T, E> {
        let writer = &mut *self.writer()?;
        self.0.file.check_writable()?;
        let result = work(writer);
        writer.ledger.checkpoints.note(&writer.ledger.connection);
        result.map_err(|error| error.at(doing, &self.0.path))
    }

    fn writer(&self) -> Result<MutexGuard<'_, Writer>> {
        if let Some(writer) = self.0.writer.get() {
            return Ok(lock(writer));
        }
        // What cannot be written, or was replaced, is said as such and not as what SQLite makes of it.
        self.0.file.check_writable()?;
        let options = &self.0.options;
        let connection = open::in_use(self.0.file.real_path(), options)?;
        // Somebody else may have made one meanwhile: that is the one then.
        Ok(lock(self.0.writer.get_or_init(|| Mutex::new(writer_on(connection, options)))))
    }
}

fn writer_on(connection: Connection, options: &StoreOptions) -> Writer {
    Writer::new(Ledger::new(connection, options.busy_timeout), options.pricing.clone())
}

fn lock(writer: &Mutex<Writer>) -> MutexGuard<'_, Writer> {
    // A panic while it was held has rolled the transaction back; the cache publishes only
    // what was committed.
    writer.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use usage_core::{Filter, LabelNames, Labels, TimeRange, Timestamp, TokenCounts, Usage};

    use super::*;
    use crate::{SqliteErrorKind, Synchronous};

    fn batch(count: i64) -> Vec<Record> {
        let names = LabelNames::new().with_instance("i").with_route("r").with_model("m");
        let labels = Labels::new(names).unwrap();
        let at = Timestamp::from_micros;
        let record = |micros| {
            Record::new(labels.clone(), Usage::new(TokenCounts::new(), at(micros))).unwrap()
        };
        (0..count).map(record).collect()
    }

    /// Disks that are really full belong to the stories about faults.
    #[test]
    fn a_full_database_stores_nothing_of_a_batch() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("usage.db")).unwrap();
        store.insert_batch(&batch(10)).unwrap();
        let limit = |pages: i64| {
            let writer = store.writer().unwrap();
            writer.ledger.connection.pragma_update(None, "max_page_count", pages).unwrap();
        };
        limit(1); // As many as there are.
        let large = batch(5_000);
        for _ in 0..2 {
            let error = store.insert_batch(&large).unwrap_err();
            assert_eq!(error.sqlite_kind(), Some(SqliteErrorKind::Full), "{error:?}");
            assert!(usage_core::error::chain(&error).ends_with(": the disk is full"), "{error:?}");
        }
        let requests =
            || store.report(TimeRange::ALL, &Filter::default()).unwrap().summary().requests;
        assert_eq!(requests(), 10);
        limit(1_000_000);
        assert_eq!(store.insert_batch(&large).unwrap().stored, 5_000);
        assert_eq!(requests(), 5_010);
    }

    #[test]
    fn synchronous_is_set_on_every_connection() {
        for (synchronous, expected) in [(Synchronous::Normal, 1_i64), (Synchronous::Full, 2)] {
            let folder = tempfile::tempdir().unwrap();
            let options = StoreOptions { synchronous, ..StoreOptions::default() };
            let store = options.open(folder.path().join("usage.db")).unwrap();
            let of = |connection: &Connection| -> rusqlite::Result<i64> {
                connection.pragma_query_value(None, "synchronous", |row| row.get(0))
            };
            assert_eq!(of(&store.writer().unwrap().ledger.connection).unwrap(), expected);
            assert_eq!(store.read("read", |reader| Ok(of(reader)?)).unwrap(), expected);
        }
    }

    /// Not even to know what waits in journals, or the ledger's id.
    #[test]
    fn who_only_reads_makes_no_connection_for_writing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("usage.db");
        let id = Store::open(&path).unwrap().id().unwrap();
        let store = Store::open_existing(&path).unwrap();
        std::fs::create_dir(folder.path().join("usage.db.journal")).unwrap();
        assert_eq!(store.journals().backlog().unwrap().bytes(), 0);
        assert_eq!(store.id().unwrap(), id);
        assert!(store.0.writer.get().is_none());
    }

    #[test]
    fn a_poisoned_lock_is_no_obstacle() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("usage.db")).unwrap();
        let panicked = std::thread::scope(|scope| {
            scope
                .spawn(|| {
                    let mut writer = store.writer().unwrap();
                    let transaction = writer.ledger.connection.transaction().unwrap();
                    crate::insert_record(&transaction, &batch(1)[0]).unwrap();
                    panic!("on purpose");
                })
                .join()
        });
        assert!(panicked.is_err());
        store.insert_batch(&batch(2)).unwrap();
        assert_eq!(store.delete_all_records().unwrap(), 2);
    }
}
