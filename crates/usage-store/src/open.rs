//! Opening a ledger: making it, telling it from other files, bringing it up to date.
//!
//! All of this happens on one connection, the later writing one, before there is any other.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, ffi};

use crate::at_rest;
use crate::error::{Fault, Result, StoreError};
use crate::file_id::OpenedFile;
use crate::identify::{Identity, identify, refuse_untouched};
use crate::migrate::{ensure_wal, migrate, prepare_empty};
use crate::schema::SCHEMA_VERSION;
use crate::{StoreOptions, Synchronous};

/// Before 3.51.3, two connections that write or checkpoint at once in WAL mode can corrupt a
/// database (<https://sqlite.org/wal.html>, "The WAL-Reset Bug").
const OLDEST_SOUND_SQLITE: i32 = 3_051_003;

/// Held while a fresh file is made and while one is looked for: closing any descriptor of a file
/// drops all locks that this process has on it, so no other thread may open the file through
/// SQLite before the one that made it has closed it.
static MAKING: Mutex<()> = Mutex::new(());

/// The current folder may change, and SQLite takes some relative paths for something else:
/// `:memory:`, and what begins with `file:`.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).map_err(|source| StoreError::Find { path: path.to_owned(), source })
}

/// Makes the folder and the file where they are missing, then opens and migrates the ledger.
pub(crate) fn create(path: &Path, options: &StoreOptions) -> Result<(Connection, OpenedFile)> {
    if !exists(path)? {
        let _guard = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
        make_folder(path)?;
        make_file(path)?;
    }
    refuse_others(path)?;
    let file = OpenedFile::at(path)?;
    let mut connection = connect(path, options)?;
    if connection.is_readonly("main").unwrap_or(false) {
        return Err(read_only("open the ledger", path));
    }
    match identify(&connection, path)? {
        Identity::Ledger(SCHEMA_VERSION) => {}
        Identity::Ledger(_) => migrate(&mut connection, path)?,
        Identity::Empty => {
            prepare_empty(&connection, options.busy_timeout)
                .map_err(|source| StoreError::sqlite("create the ledger", path, source))?;
            migrate(&mut connection, path)?;
        }
    }
    Ok((ready(connection, path, options)?, file))
}

/// A ledger that was there.
pub(crate) struct Existing {
    pub(crate) connection: Connection,
    pub(crate) file: OpenedFile,
    /// It can only be read, and only while nobody has it open, see [`at_rest::open`].
    pub(crate) at_rest: bool,
}

/// Opens and migrates a ledger that exists; makes nothing.
pub(crate) fn existing(path: &Path, options: &StoreOptions) -> Result<Existing> {
    expect_existing(path)?;
    let file = OpenedFile::at(path)?;
    match existing_in_use(path, options) {
        Err(error) if matches!(error.fault(), Some(Fault::ReadOnly | Fault::CannotOpen)) => {
            let connection = at_rest::open(path).ok_or(error)?;
            match identify(&connection, path)? {
                Identity::Ledger(SCHEMA_VERSION) => {
                    Ok(Existing { connection, file, at_rest: true })
                }
                Identity::Ledger(_) => Err(read_only("migrate the ledger", path)),
                Identity::Empty => Err(StoreError::NotFound { path: path.to_owned() }),
            }
        }
        opened => Ok(Existing { connection: opened?, file, at_rest: false }),
    }
}

fn existing_in_use(path: &Path, options: &StoreOptions) -> Result<Connection> {
    let mut connection = connect(path, options)?;
    match identify(&connection, path)? {
        Identity::Ledger(SCHEMA_VERSION) => {}
        Identity::Ledger(_) => migrate(&mut connection, path)?,
        // Made, by another process perhaps, but not filled yet.
        Identity::Empty => return Err(StoreError::NotFound { path: path.to_owned() }),
    }
    ready(connection, path, options)
}

/// A connection to a ledger that was opened before, with this crate's settings.
pub(crate) fn configure(connection: &Connection, options: &StoreOptions) -> rusqlite::Result<()> {
    set_busy_timeout(connection, options.busy_timeout)?;
    let synchronous = match options.synchronous {
        Synchronous::Normal => "NORMAL",
        Synchronous::Full => "FULL",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(())
}

pub(crate) fn set_busy_timeout(
    connection: &Connection,
    patience: Duration,
) -> rusqlite::Result<()> {
    connection.busy_timeout(patience.min(LONGEST_PATIENCE))
}

/// As long as SQLite can count, which is three weeks: rusqlite panics beyond.
const LONGEST_PATIENCE: Duration = Duration::from_millis(i32::MAX as u64);

/// Page cache of each connection: enough for the upper pages of a large ledger.
const CACHE_KIB: i32 = 8_192;

pub(crate) fn flags() -> OpenFlags {
    // Never CREATE: a path that vanished must not come back as an empty file of mode 0644.
    OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

fn exists(path: &Path) -> Result<bool> {
    let _guard = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    path.try_exists().map_err(|source| StoreError::Find { path: path.to_owned(), source })
}

fn make_folder(path: &Path) -> Result<()> {
    let Some(folder) = path.parent() else { return Ok(()) };
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|source| StoreError::Create { path: folder.to_owned(), source })
}

fn make_file(path: &Path) -> Result<()> {
    let mut file = fs::OpenOptions::new();
    file.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    match file.open(path) {
        Ok(_) => Ok(()),
        // Another process made it first: as good.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(source) => Err(StoreError::Create { path: path.to_owned(), source }),
    }
}

/// What can be refused without opening it for writing.
fn refuse_others(path: &Path) -> Result<()> {
    check_sqlite(rusqlite::version_number())?;
    if path.is_dir() {
        return Err(StoreError::NotALedger { path: path.to_owned(), what: "a folder" });
    }
    refuse_untouched(path)
}

fn check_sqlite(version: i32) -> Result<()> {
    if version < OLDEST_SOUND_SQLITE {
        return Err(StoreError::OldSqlite { version });
    }
    Ok(())
}

/// Sees to it that something is there which may be a ledger; opens nothing for writing.
pub(crate) fn expect_existing(path: &Path) -> Result<()> {
    if !exists(path)? {
        return Err(StoreError::NotFound { path: path.to_owned() });
    }
    refuse_others(path)
}

/// A connection that leaves the file as it is, a write-ahead log beside it included, until it is
/// [`ready`].
pub(crate) fn connect(path: &Path, options: &StoreOptions) -> Result<Connection> {
    let open = || {
        let connection = Connection::open_with_flags(path, flags())?;
        // First of all, so that nothing below can answer "locked" at once.
        set_busy_timeout(&connection, options.busy_timeout)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        Ok(connection)
    };
    open().map_err(|source| StoreError::sqlite("open the ledger", path, source))
}

fn ready(connection: Connection, path: &Path, options: &StoreOptions) -> Result<Connection> {
    let configure = || {
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
        configure(&connection, options)?;
        match ensure_wal(&connection, options.busy_timeout) {
            // It can be read all the same.
            Err(error) if matches!(Fault::of(&error), Fault::ReadOnly | Fault::CannotOpen) => {
                Ok(())
            }
            result => result,
        }
    };
    configure().map_err(|source| StoreError::sqlite("open the ledger", path, source))?;
    Ok(connection)
}

fn read_only(doing: &'static str, path: &Path) -> StoreError {
    let source = rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_READONLY), None);
    StoreError::sqlite(doing, path, source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_sqlite_is_refused() {
        assert!(check_sqlite(3_051_003).is_ok() && check_sqlite(3_060_000).is_ok());
        let error = check_sqlite(3_051_002).unwrap_err();
        assert_eq!(
            error.to_string(),
            "SQLite 3.51.2 is linked, at least 3.51.3 is needed: older ones can corrupt a ledger"
        );
    }

    #[test]
    fn the_linked_sqlite_is_sound() {
        assert!(check_sqlite(rusqlite::version_number()).is_ok());
    }
}
