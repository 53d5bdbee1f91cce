//! Reading a ledger that nobody has open as an immutable file, as SQLite calls it.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::ledger::connect::distrust;
use crate::ledger::file::{FileStamp, is_marked_as_ledger, uri, write_ahead_log};
use crate::ledger::schema::SCHEMA_VERSION;

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
    let connection = Connection::open_with_flags(uri(path, "immutable=1"), flags).ok()?;
    distrust(&connection).ok()?;
    Some(connection)
}

/// Returns whether the file, which nobody has open, is marked as a ledger of this version of the schema: sooner found
/// out than by SQLite, which reads all of the schema first.
pub(crate) fn is_current(path: &Path) -> bool {
    /// The name at the beginning of a file, and the place of the version, as SQLite's file format has them.
    const MAGIC: &[u8; 16] = b"SQLite format 3\0";
    const USER_VERSION: usize = 60;
    let mut header = [0; 100];
    if !cfg!(unix)
        || write_ahead_log(path).exists()
        || File::open(path).and_then(|mut file| file.read_exact(&mut header)).is_err()
    {
        return false;
    }
    let is_version = header[USER_VERSION..].starts_with(&SCHEMA_VERSION.to_be_bytes());
    header.starts_with(MAGIC) && is_version && is_marked_as_ledger(&header)
}

/// The outcome of reading an immutable file.
pub(crate) enum Attempt<T> {
    /// It was immutable all the time.
    Read(T),
    /// It was changed meanwhile: what was read counts for nothing.
    Changed,
    /// It is not immutable: somebody has it open.
    InUse,
}

/// The number of times that an immutable file is read again because it was changed meanwhile.
pub(crate) const TRIES: usize = 3;

/// Reads a ledger as an immutable file, with nothing left beside it.
pub(crate) fn read<T>(path: &Path, work: impl FnOnce(&mut Connection) -> T) -> Attempt<T> {
    let stamp = FileStamp::of(path);
    let Some(mut connection) = open(path) else { return Attempt::InUse };
    let result = work(&mut connection);
    if stamp.still_holds(path) { Attempt::Read(result) } else { Attempt::Changed }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_file_with_a_log_is_not_immutable() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("usage.db");
        crate::Store::open(&path).unwrap();
        let stamp = FileStamp::of(&path);
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
    }
}
