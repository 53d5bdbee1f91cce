//! A copy of the ledger, taken while it is in use.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use tempfile::NamedTempFile;

use crate::error::{Fault, StoreError};
use crate::transaction::schema_version;
use crate::{Result, SCHEMA_VERSION, Store, StoreOptions, at_rest, open};

/// A copy that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Backup {
    /// Where it is, as an absolute path.
    pub path: PathBuf,
    /// How large it is.
    pub bytes: u64,
}

impl Store {
    /// Copies the ledger as it is at one instant into a file of its own, which is complete and on
    /// the disk when it appears at `path`, can be read by its owner alone, and is as small as it
    /// can be. Others write meanwhile and do not wait.
    ///
    /// The copy is a ledger: it can be opened, and moved to where the ledger was. It holds how far
    /// journals were stored when it was taken, but not what waits in them.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let store = usage_store::Store::open(folder.path().join("usage.db"))?;
    /// # let copy = folder.path().join("copy.db");
    /// use usage_store::Store;
    ///
    /// let backup = store.backup(&copy)?;
    /// assert_eq!(Store::open_existing(&backup.path)?.retention()?, store.retention()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Exists`] when there is something at that path: nothing is replaced. Else when
    /// the ledger cannot be read, or the copy not written; nothing is left of it then.
    pub fn backup(&self, path: impl AsRef<Path>) -> Result<Backup> {
        let path = open::absolute(path.as_ref())?;
        self.file().check()?;
        if path.symlink_metadata().is_ok() {
            return Err(StoreError::Exists { path });
        }
        let cannot_create = |source| StoreError::Create { path: path.clone(), source };
        // Beside the copy, so that it can be moved there in one step. Of mode 0600 from the start.
        let folder = path.parent().unwrap_or(Path::new("/"));
        let file = tempfile::Builder::new()
            .prefix(".usage-backup-")
            .suffix(".part")
            .tempfile_in(folder)
            .map_err(cannot_create)?;
        self.copy_into(&file, &path)?;
        let sync = |source| StoreError::Sync { path: path.clone(), source };
        file.as_file().sync_all().map_err(sync)?;
        let bytes = file.as_file().metadata().map_err(sync)?.len();
        publish(file, &path)?;
        sync_folder(folder).map_err(sync)?;
        Ok(Backup { path, bytes })
    }

    /// Lets SQLite write the content of the ledger into an empty file: in one read transaction, in
    /// the order of the tables, without what is free.
    fn copy_into(&self, file: &NamedTempFile, path: &Path) -> Result<()> {
        const DOING: &str = "copy the ledger";
        let of_ledger = |source| StoreError::sqlite(DOING, self.path(), source);
        let connection = self.connection_for_copying().map_err(of_ledger)?;
        let found = schema_version(&connection).map_err(of_ledger)?;
        if found != SCHEMA_VERSION {
            return Err(StoreError::VersionChanged { path: self.path().to_owned(), found });
        }
        let into = file.path().to_str().ok_or_else(|| {
            let reason = io::Error::new(ErrorKind::InvalidFilename, "its name is not Unicode");
            StoreError::Create { path: path.to_owned(), source: reason }
        })?;
        match connection.execute("VACUUM INTO ?1", [into]) {
            Ok(_) => Ok(()),
            Err(source) => Err(match Fault::of(&source) {
                // What is full or cannot be written is where the copy goes.
                Fault::Full | Fault::Io | Fault::ReadOnly | Fault::CannotOpen => {
                    StoreError::sqlite("copy the ledger to", path, source)
                }
                _ => of_ledger(source),
            }),
        }
    }

    /// A connection of its own: copying takes long, and cannot be done inside a transaction.
    fn connection_for_copying(&self) -> rusqlite::Result<Connection> {
        let in_use = || {
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(self.path(), flags)?;
            let busy_timeout = self.busy_timeout();
            let options = StoreOptions { busy_timeout, ..StoreOptions::default() };
            open::configure(&connection, &options)?;
            schema_version(&connection).map(|_| connection)
        };
        match in_use() {
            Err(error) if matches!(Fault::of(&error), Fault::ReadOnly | Fault::CannotOpen) => {
                at_rest::open(self.path()).ok_or(error)
            }
            result => result,
        }
    }
}

/// Gives the file its name, unless there is one of that name by now.
fn publish(file: NamedTempFile, path: &Path) -> Result<()> {
    match file.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {
            Err(StoreError::Exists { path: path.to_owned() })
        }
        Err(error) => Err(StoreError::Create { path: path.to_owned(), source: error.error }),
    }
}

/// So that the name is on the disk too.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
