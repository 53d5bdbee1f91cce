//! What the operating system has to say about a failure of SQLite's, which keeps the system's own words to itself.
//!
//! They are found by asking the system for the same again. No file of a database is opened for that: to close one drops
//! the locks that this process holds on it.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ffi;
use usage_core::Hint;

use super::SqliteErrorKind;

/// The endings of the files that SQLite has beside a database.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// The system's own reason, and the file or folder that it is about.
#[derive(Debug)]
pub(super) struct Cause {
    path: PathBuf,
    what: &'static str,
    source: io::Error,
}

impl Cause {
    /// Returns what may help.
    pub(super) fn hint(&self) -> Option<Hint> {
        Hint::of_io(&self.source).or((self.what == NO_LOCK).then_some(Hint::UseLocalFileSystem))
    }
}

/// As in `/x-wal cannot be opened: Permission denied (os error 13)`.
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.path.display(), self.what, self.source)
    }
}

const NO_LOCK: &str = "cannot be locked";

/// Asks the system why SQLite could not do something with a database; nothing where it sees no reason.
pub(super) fn cause(path: &Path, kind: SqliteErrorKind, code: i32) -> Option<Cause> {
    let path = &path.canonicalize().unwrap_or_else(|_| path.to_owned());
    match kind {
        SqliteErrorKind::CannotOpen | SqliteErrorKind::ReadOnly => {
            cause_of_access(path).or_else(|| too_many_files(path))
        }
        SqliteErrorKind::Io if is_of_locks(code) => no_locks(path),
        SqliteErrorKind::Io => cause_of_access(path).or_else(|| too_many_files(path)),
        SqliteErrorKind::Busy => no_locks(path),
        _ => None,
    }
}

/// Returns whether a code is of the family that tells of locks.
const fn is_of_locks(code: i32) -> bool {
    matches!(
        code,
        ffi::SQLITE_IOERR_LOCK
            | ffi::SQLITE_IOERR_UNLOCK
            | ffi::SQLITE_IOERR_RDLOCK
            | ffi::SQLITE_IOERR_CHECKRESERVEDLOCK
    )
}

fn cause_of_access(path: &Path) -> Option<Cause> {
    let of = |path: &Path, what, source| Some(Cause { path: path.to_owned(), what, source });
    let beside = BESIDE.map(|ending| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    });
    let mut is_one_missing = false;
    for file in std::iter::once(path).chain(beside.iter().map(PathBuf::as_path)) {
        match fs::metadata(file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && file != path => {
                is_one_missing = true;
            }
            Err(error) => return of(file, "cannot be opened", error),
            Ok(found) if !found.is_file() => {
                let error = io::Error::other("it is no file");
                return of(file, "cannot be opened", error);
            }
            Ok(_) => match access(file, Access::Read).and_then(|()| access(file, Access::Write)) {
                Ok(()) => {}
                Err(error) => return of(file, "cannot be opened", error),
            },
        }
    }
    let folder = path.parent().filter(|_| is_one_missing)?;
    let error = access(folder, Access::Write).err()?;
    of(folder, "cannot be written to", error)
}

/// As many further files are opened as SQLite needs at once, none of them of a database.
fn too_many_files(path: &Path) -> Option<Cause> {
    const NEEDED: usize = 6;
    let folder = path.parent()?;
    let opened: Result<Vec<_>, _> = (0..NEEDED).map(|_| File::open(folder)).collect();
    let (source, what) = (opened.err()?, "cannot be opened");
    Some(Cause { path: folder.to_owned(), what, source })
}

#[derive(Clone, Copy)]
enum Access {
    Read,
    Write,
}

#[cfg(unix)]
fn access(path: &Path, access: Access) -> io::Result<()> {
    use rustix::fs::{Access as Asked, AtFlags, CWD, accessat};
    let asked = match access {
        Access::Read => Asked::READ_OK,
        Access::Write => Asked::WRITE_OK,
    };
    Ok(accessat(CWD, path, asked, AtFlags::EACCESS)?)
}

#[cfg(not(unix))]
fn access(path: &Path, access: Access) -> io::Result<()> {
    match access {
        Access::Write if fs::metadata(path)?.permissions().readonly() => {
            Err(io::ErrorKind::PermissionDenied.into())
        }
        _ => Ok(()),
    }
}

/// Locks a file without a name in the same folder: SQLite calls a file system that has no locks busy.
#[cfg(unix)]
fn no_locks(path: &Path) -> Option<Cause> {
    use rustix::fs::{FlockOperation, fcntl_lock};
    let folder = path.parent()?;
    let file = tempfile::tempfile_in(folder).ok()?;
    let error = fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive).err()?;
    Some(Cause { path: path.to_owned(), what: NO_LOCK, source: error.into() })
}

#[cfg(not(unix))]
fn no_locks(_: &Path) -> Option<Cause> {
    None
}

/// Returns what SQLite was doing when reading or writing failed, by its own code.
pub(super) const fn doing(code: i32) -> &'static str {
    match code {
        ffi::SQLITE_IOERR_READ | ffi::SQLITE_IOERR_CORRUPTFS => "reading failed",
        ffi::SQLITE_IOERR_SHORT_READ => "the file ends too early",
        ffi::SQLITE_IOERR_WRITE => {
            "writing failed: the disk, a quota, or a limit to the size of files (`ulimit -f`)"
        }
        ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC => "syncing failed",
        ffi::SQLITE_IOERR_TRUNCATE => "it could not be shortened",
        ffi::SQLITE_IOERR_DELETE => "a file beside it could not be removed",
        ffi::SQLITE_IOERR_FSTAT | ffi::SQLITE_IOERR_ACCESS => "it could not be looked at",
        ffi::SQLITE_IOERR_NOMEM => "there is no memory left",
        ffi::SQLITE_IOERR_SHMSIZE => {
            "its shared memory could not grow: the disk, a quota, or a limit to the size of \
             files (`ulimit -f`)"
        }
        ffi::SQLITE_IOERR_SHMOPEN | ffi::SQLITE_IOERR_SHMMAP | ffi::SQLITE_IOERR_SHMLOCK => {
            "the file system has no shared memory for it"
        }
        _ if is_of_locks(code) => "locking failed",
        _ => "reading or writing failed",
    }
}

/// Returns whether a code says that there is no shared memory.
pub(super) const fn is_of_shared_memory(code: i32) -> bool {
    matches!(code, ffi::SQLITE_IOERR_SHMOPEN | ffi::SQLITE_IOERR_SHMMAP | ffi::SQLITE_IOERR_SHMLOCK)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(path: &Path) -> String {
        cause(path, SqliteErrorKind::CannotOpen, 0)
            .map_or_else(String::new, |cause| cause.to_string())
    }

    /// By what a path is, so that it does not depend on who runs the tests.
    #[test]
    fn the_system_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("usage.db");
        assert!(told(&path).contains("usage.db cannot be opened: No such file or directory"));
        fs::write(&path, "").unwrap();
        assert_eq!(told(&path), "");
        fs::create_dir(folder.path().join("usage.db-wal")).unwrap();
        assert!(told(&path).ends_with("usage.db-wal cannot be opened: it is no file"));
        let long = folder.path().join("x".repeat(253));
        fs::write(&long, "").unwrap();
        let cause = cause(&long, SqliteErrorKind::CannotOpen, 0).unwrap();
        assert!(cause.to_string().contains("-wal cannot be opened: "), "{cause}");
        assert_eq!(cause.hint(), Some(Hint::ShortenPath));
    }

    #[test]
    fn a_folder_with_locks_has_no_cause() {
        let folder = tempfile::tempdir().unwrap();
        assert!(cause(&folder.path().join("x"), SqliteErrorKind::Busy, 0).is_none());
    }
}
