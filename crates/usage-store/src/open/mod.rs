//! Opening a ledger: making it, telling it from other files.
//!
//! All of this happens on one connection, the later writing one, before there is any other.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ffi};

use crate::error::{Result, SqliteErrorKind, StoreError};
use crate::ledger::connect::{configure, connect};
use crate::ledger::file::{owner_of, with_ending};
use crate::ledger::file_id::OpenedFile;
use crate::ledger::identify::{Identity, OlderImmutable, identify, refuse_untouched};
use crate::ledger::schema::SCHEMA_VERSION;
use crate::ledger::{foreign_log, immutable, swap};
use crate::options::{Migrate, StoreOptions};

use self::migration::{Migrated, ensure_wal, fill, prepare_empty};

mod at_one_moment;
pub(crate) mod migration;

pub(crate) use at_one_moment::at_one_moment;

/// Before 3.51.3, two connections that write or checkpoint at once in WAL mode can corrupt a
/// database (<https://sqlite.org/wal.html>, "The WAL-Reset Bug").
const OLDEST_SOUND_SQLITE: i32 = 3_051_003;

/// Held while a fresh file is made and while one is looked for: closing any descriptor of a file
/// drops all locks that this process has on it, so no other thread may open the file through
/// SQLite before the one that made it has closed it.
static MAKING: Mutex<()> = Mutex::new(());

/// Makes the folder and the file where they are missing, then opens the ledger, and migrates it as
/// the options say.
pub(crate) fn create(path: &Path, options: &StoreOptions) -> Result<Opened> {
    if !exists(path)? {
        let _guard = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
        refuse_place(path)?;
        make_folder(path)?;
        make_file(path)?;
    }
    decide(refuse_others(path)?, path, options.migrate)?;
    let (mut connection, file) = connect_for_writing(path, options)?;
    if let Identity::Empty = identify(&connection, path)? {
        prepare_empty(&connection, options.busy_timeout)
            .map_err(|source| StoreError::sqlite("create the ledger", path, source))?;
        fill(&mut connection, path, &file)?;
    }
    let migrated = migration::by_the_way(&mut connection, &file, path, options)?;
    Ok(Opened { connection: ready(connection, path, options)?, file, immutable: false, migrated })
}

/// A connection to a file that is there, which may be a ledger or still be empty, and the file.
pub(crate) fn for_writing(path: &Path, options: &StoreOptions) -> Result<(Connection, OpenedFile)> {
    settle(path)?;
    refuse_others(path)?;
    connect_for_writing(path, options)
}

fn connect_for_writing(path: &Path, options: &StoreOptions) -> Result<(Connection, OpenedFile)> {
    let file = OpenedFile::at(path)?;
    file.check_writable()?;
    let connection = connect(path, options)?;
    if connection.is_readonly("main").unwrap_or(false) {
        return Err(read_only("open the ledger", path));
    }
    foreign_log::check(&connection, path)?;
    Ok((connection, file))
}

/// A ledger that was opened.
pub(crate) struct Opened {
    pub(crate) connection: Connection,
    pub(crate) file: OpenedFile,
    /// It can only be read, and only while nobody has it open, see [`immutable::open`].
    pub(crate) immutable: bool,
    /// It was of an earlier version.
    pub(crate) migrated: Option<Migrated>,
}

/// Opens a ledger that exists and is of this version; makes and changes nothing.
pub(crate) fn existing(path: &Path, options: &StoreOptions) -> Result<Opened> {
    let (file, older) = expect_existing(path)?;
    decide(older, path, Migrate::Never)?;
    let opened = |connection, immutable| Opened { connection, file, immutable, migrated: None };
    match in_use(path, options) {
        Err(error) if error.is_unopenable() => {
            let connection = immutable::open(path).ok_or(error)?;
            expect_this_version(&connection, path)?;
            Ok(opened(connection, true))
        }
        connection => Ok(opened(connection?, false)),
    }
}

/// Refuses an older ledger that is not to be migrated, while it is immutable.
fn decide(older: Option<OlderImmutable>, path: &Path, migrate: Migrate) -> Result<()> {
    if let Some(OlderImmutable { connection, version }) = older {
        migration::with_copy(&connection, path, version, migrate)?;
    }
    Ok(())
}

/// A connection to a ledger that is there, in the usual way.
pub(crate) fn in_use(path: &Path, options: &StoreOptions) -> Result<Connection> {
    let connection = connect(path, options)?;
    // First, as nothing that is read with the log of another file says anything.
    foreign_log::check(&connection, path)?;
    expect_this_version(&connection, path)?;
    ready(connection, path, options)
}

fn expect_this_version(connection: &Connection, path: &Path) -> Result<()> {
    match identify(connection, path)? {
        Identity::Ledger(SCHEMA_VERSION) => Ok(()),
        Identity::Ledger(found) => Err(StoreError::OlderVersion { path: path.to_owned(), found }),
        // Made, by another process perhaps, but not filled yet.
        Identity::Empty => Err(StoreError::NotFound { path: path.to_owned() }),
    }
}

fn exists(path: &Path) -> Result<bool> {
    settle(path)?;
    let _guard = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    path.try_exists().map_err(|source| StoreError::Find { path: path.to_owned(), source })
}

/// Leaves a restoration that was killed done or undone.
fn settle(path: &Path) -> Result<()> {
    swap::settle(&path.canonicalize().unwrap_or_else(|_| path.to_owned()))
}

/// Makes the folder of a ledger, mode 0700, where it is missing.
pub(crate) fn make_folder(path: &Path) -> Result<()> {
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
        Err(error)
            if error.kind() == ErrorKind::AlreadyExists
                && let Ok(target) = dangling(path) =>
        {
            let why = format!("it is a link to {}, where there is nothing", target.display());
            let source = std::io::Error::new(ErrorKind::NotFound, why);
            Err(StoreError::Create { path: path.to_owned(), source })
        }
        // Another process made it first: as good.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(source) => Err(StoreError::Create { path: path.to_owned(), source }),
    }
}

/// Refuses a path at which a new file would be taken for a part of another database, or the log of another for a part
/// of the new one.
pub(crate) fn refuse_place(path: &Path) -> Result<()> {
    let refused = |why: String| {
        let source = std::io::Error::other(why);
        Err(StoreError::Create { path: path.to_owned(), source })
    };
    check_length(path)?;
    if let Some(owner) = owner_of(path) {
        return refused(format!("it would be taken for a part of {}", owner.display()));
    }
    // SQLite would throw it away as that of another file, or play it back. Looked at first: another process may be
    // making both.
    let log = with_ending(path, "-wal");
    if log.metadata().is_ok_and(|log| log.len() > 0) && !path.exists() {
        return refused(format!(
            "{} is of a ledger that was moved or deleted: move it there, or away",
            log.display()
        ));
    }
    Ok(())
}

/// Refuses a path that is too long for what SQLite puts beside it: an empty file would be left there.
fn check_length(path: &Path) -> Result<()> {
    /// The longest path that SQLite opens, with an ending, in bytes.
    const LONGEST: usize = 512;
    let beside = with_ending(path, "-journal");
    let source = match beside.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::InvalidFilename => error,
        _ if beside.as_os_str().len() > LONGEST => ErrorKind::InvalidFilename.into(),
        _ => return Ok(()),
    };
    Err(StoreError::Create { path: path.to_owned(), source })
}

/// Follows a symbolic link that leads to nothing; an error for everything else.
fn dangling(path: &Path) -> std::io::Result<PathBuf> {
    let target = path.read_link()?;
    match path.metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(target),
        _ => Err(ErrorKind::AlreadyExists.into()),
    }
}

/// Refuses whatever can be refused without opening it for writing.
fn refuse_others(path: &Path) -> Result<Option<OlderImmutable>> {
    check_sqlite(rusqlite::version_number())?;
    refuse_untouched(path)
}

fn check_sqlite(version: i32) -> Result<()> {
    if version < OLDEST_SOUND_SQLITE {
        return Err(StoreError::OldSqlite { version });
    }
    Ok(())
}

/// Sees to it that something is there which may be a ledger, perhaps an older, immutable one; opens nothing for
/// writing.
pub(crate) fn expect_existing(path: &Path) -> Result<(OpenedFile, Option<OlderImmutable>)> {
    if !exists(path)? {
        return Err(StoreError::NotFound { path: path.to_owned() });
    }
    let older = refuse_others(path)?;
    let file = OpenedFile::at(path)?;
    file.check_readable()?;
    Ok((file, older))
}

pub(crate) fn ready(
    connection: Connection,
    path: &Path,
    options: &StoreOptions,
) -> Result<Connection> {
    let configure = || {
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
        configure(&connection, options)?;
        match ensure_wal(&connection, options.busy_timeout) {
            // It can be read all the same.
            Err(error) if SqliteErrorKind::of(&error).is_unopenable() => Ok(()),
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
