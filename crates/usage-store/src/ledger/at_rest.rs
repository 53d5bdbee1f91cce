//! Reading a ledger that nobody has open as a file like any other.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
#[cfg(feature = "zones")]
use std::time::Duration;
use std::time::SystemTime;

use rusqlite::{Connection, OpenFlags};

use crate::ledger::connect::distrust;
use crate::ledger::schema::{APPLICATION_ID, SCHEMA_VERSION};

/// Opens a ledger that nobody has open as a file that does not change: reads nothing but the
/// file, makes nothing, takes no locks. `None` where there is a write-ahead log, which the file
/// does not make sense without.
pub(crate) fn open(path: &Path) -> Option<Connection> {
    if !cfg!(unix) || write_ahead_log(path).exists() {
        return None;
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(immutable_uri(path), flags).ok()?;
    distrust(&connection).ok()?;
    Some(connection)
}

/// Whether the file, which nobody has open, is marked as a ledger of this version of the schema: sooner found out
/// than by SQLite, which reads all of the schema first.
pub(crate) fn is_current(path: &Path) -> bool {
    /// What SQLite's file format says: its name, and where the two marks are.
    const MAGIC: &[u8; 16] = b"SQLite format 3\0";
    const USER_VERSION: usize = 60;
    const APPLICATION: usize = 68;
    let mut header = [0; 100];
    if !cfg!(unix)
        || write_ahead_log(path).exists()
        || File::open(path).and_then(|mut file| file.read_exact(&mut header)).is_err()
    {
        return false;
    }
    let is = |at: usize, mark: i32| header[at..].starts_with(&mark.to_be_bytes());
    header.starts_with(MAGIC) && is(USER_VERSION, SCHEMA_VERSION) && is(APPLICATION, APPLICATION_ID)
}

/// By which a change of the file is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    modified: Option<SystemTime>,
    bytes: Option<u64>,
}

impl Stamp {
    pub(crate) fn of(path: &Path) -> Self {
        let file = path.metadata().ok();
        Self {
            modified: file.as_ref().and_then(|file| file.modified().ok()),
            bytes: file.map(|file| file.len()),
        }
    }

    /// Of a file that has no log; `None` also where it was written so recently that it could be written again
    /// without a difference: clocks of file systems tick coarsely.
    #[cfg(feature = "zones")]
    pub(crate) fn of_file_at_rest(path: &Path) -> Option<Self> {
        const TICK: Duration = Duration::from_secs(2);
        let stamp = Self::of(path);
        let age = stamp.modified?.elapsed().ok()?;
        (age > TICK && stamp.still_holds(path)).then_some(stamp)
    }

    /// Whether what was read since then was read from a file at rest.
    pub(crate) fn still_holds(self, path: &Path) -> bool {
        !write_ahead_log(path).exists() && Self::of(path) == self
    }
}

/// The write-ahead log that belongs to a ledger: beside the file itself, wherever links lead. It
/// need not be there.
pub(crate) fn write_ahead_log(path: &Path) -> PathBuf {
    let mut name = path.canonicalize().unwrap_or_else(|_| path.to_owned()).into_os_string();
    name.push("-wal");
    name.into()
}

fn immutable_uri(path: &Path) -> String {
    uri(path, "immutable=1")
}

/// A path as SQLite's URI, with parameters for opening it.
pub(crate) fn uri(path: &Path, parameters: &str) -> String {
    let mut uri = String::from("file:");
    for &byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' => uri.push(byte.into()),
            _ if byte.is_ascii_alphanumeric() => uri.push(byte.into()),
            // Writing to a string cannot fail.
            _ => drop(write!(uri, "%{byte:02X}")),
        }
    }
    uri + "?" + parameters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_in_a_uri_is_only_a_path() {
        let uri = immutable_uri(Path::new("/a b/%?mode=rw#模.db"));
        assert_eq!(uri, "file:/a%20b/%25%3Fmode%3Drw%23%E6%A8%A1.db?immutable=1");
    }

    #[test]
    fn a_current_ledger_is_known_by_its_first_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("usage.db");
        assert!(!is_current(&path));
        let store = crate::Store::open(&path).unwrap();
        store.delete_all_records().unwrap();
        assert!(!is_current(&path), "in use");
        drop(store);
        assert!(is_current(&path));
        for (pragma, value) in [("user_version", SCHEMA_VERSION - 1), ("application_id", 7)] {
            let connection = Connection::open(&path).unwrap();
            let before: i32 =
                connection.pragma_query_value(None, pragma, |row| row.get(0)).unwrap();
            connection.pragma_update(None, pragma, value).unwrap();
            drop(connection);
            assert!(!is_current(&path), "{pragma}");
            Connection::open(&path).unwrap().pragma_update(None, pragma, before).unwrap();
            assert!(is_current(&path));
        }
        std::fs::write(&path, "SQLite format 3").unwrap();
        assert!(!is_current(&path), "too short");
    }

    #[test]
    fn a_file_with_a_log_is_not_at_rest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("usage.db");
        crate::Store::open(&path).unwrap();
        let stamp = Stamp::of(&path);
        assert!(open(&path).is_some() && stamp.still_holds(&path));
        let store = crate::Store::open(&path).unwrap();
        store.delete_all_records().unwrap();
        assert!(open(&path).is_none() && !stamp.still_holds(&path));
        drop(store);
        assert!(open(&path).is_some() && !stamp.still_holds(&path));
    }

    #[test]
    #[cfg(unix)]
    fn the_log_lies_beside_the_file_a_link_leads_to() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("usage.db"), folder.path().join("link"));
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let _store = crate::Store::open(&path).unwrap();
        assert!(open(&link).is_none());
        assert!(write_ahead_log(&link).ends_with("usage.db-wal"));
        assert_eq!(write_ahead_log(Path::new("/no/such")), Path::new("/no/such-wal"));
    }
}
