//! A copy of the ledger, taken while it is in use.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use crate::error::{SqliteErrorKind, StoreError};
use crate::ledger::part::Part;
use crate::ledger::transaction::schema_version;
use crate::ledger::{connect, immutable};
use crate::open::refuse_place;
use crate::{Result, SCHEMA_VERSION, Store, StoreOptions};

/// A copy that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Backup {
    /// The place where it is, as an absolute path.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
}

/// Gives the copy an epoch of its own, which tells it from the original: so that the log of one is not taken for that
/// of the other.
fn begin_epoch(part: &Part) -> rusqlite::Result<()> {
    let copy = Connection::open_with_flags(part.uri(), Part::flags())?;
    // Without locks there can be no file that is shared with others.
    copy.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    copy.execute("UPDATE ledger SET epoch = randomblob(16)", [])?;
    copy.close().map_err(|(_, error)| error)
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
    /// let copy = Store::open_existing(&backup.path)?;
    /// assert_eq!(copy.retention().read()?, store.retention().read()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Exists`] when there is something at that path: nothing is replaced. Else when
    /// the ledger cannot be read, or the copy not written; nothing is left of it then.
    pub fn backup(&self, path: impl AsRef<Path>) -> Result<Backup> {
        let path = connect::absolute(path.as_ref())?;
        self.file().check()?;
        if path.symlink_metadata().is_ok() {
            return Err(StoreError::Exists { path });
        }
        refuse_place(&path)?;
        // Beside the copy, so that it can be moved there in one step.
        let part = Part::beside(&path)?;
        self.copy_into(&part, &path)?;
        let bytes = part.publish(&path)?;
        Ok(Backup { path, bytes })
    }

    /// Lets SQLite write the content of the ledger into an empty file: in one read transaction, in
    /// the order of the tables, without what is free.
    fn copy_into(&self, part: &Part, path: &Path) -> Result<()> {
        const DOING: &str = "copy the ledger";
        let of_ledger = |source| StoreError::sqlite(DOING, self.path(), source);
        let connection = self.connection_for_copying().map_err(of_ledger)?;
        let found = schema_version(&connection).map_err(of_ledger)?;
        if found != SCHEMA_VERSION {
            return Err(StoreError::VersionChanged { path: self.path().to_owned(), found });
        }
        match connection.execute("VACUUM INTO ?1", [part.uri()]) {
            Ok(_) => begin_epoch(part)
                .map_err(|source| StoreError::sqlite("copy the ledger to", path, source)),
            Err(source) => Err(match SqliteErrorKind::of(&source) {
                // What is full or cannot be written is where the copy goes.
                SqliteErrorKind::Full
                | SqliteErrorKind::Io
                | SqliteErrorKind::ReadOnly
                | SqliteErrorKind::CannotOpen => {
                    StoreError::sqlite("copy the ledger to", path, source)
                }
                _ => of_ledger(source),
            }),
        }
    }

    /// A connection of its own: copying takes long, and cannot be done inside a transaction.
    fn connection_for_copying(&self) -> rusqlite::Result<Connection> {
        let in_use = || {
            // The copy is named by a URI.
            let flags = connect::flags() | OpenFlags::SQLITE_OPEN_URI;
            let connection = Connection::open_with_flags(self.file().real_path(), flags)?;
            let busy_timeout = self.busy_timeout();
            let options = StoreOptions { busy_timeout, ..StoreOptions::default() };
            connect::configure(&connection, &options)?;
            schema_version(&connection).map(|_| connection)
        };
        match in_use() {
            Err(error) if SqliteErrorKind::of(&error).is_unopenable() => {
                immutable::open(self.path()).ok_or(error)
            }
            result => result,
        }
    }
}
