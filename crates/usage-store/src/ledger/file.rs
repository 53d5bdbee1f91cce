//! Files of SQLite databases: what lies beside one, how SQLite is to open one, and which file it is.
//!
//! For whoever reads somebody else's database, as an importer does, and must leave no trace on it.
//!
//! ```
//! use std::path::Path;
//! use usage_store::file;
//!
//! let path = Path::new("/var/lib/some gateway.db");
//! assert_eq!(file::with_ending(path, "-wal"), Path::new("/var/lib/some gateway.db-wal"));
//! assert_eq!(file::uri(path, "immutable=1"), "file:/var/lib/some%20gateway.db?immutable=1");
//! ```

use std::fmt::Write as _;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::ledger::schema::APPLICATION_ID;

/// The identity of a file on this machine: device and inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    /// Returns the identity of a file; `None` where the platform has no such thing.
    #[must_use]
    #[cfg(unix)]
    pub fn of(file: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt as _;
        Some(Self { device: file.dev(), inode: file.ino() })
    }

    /// Returns the identity of a file; `None` where the platform has no such thing.
    #[must_use]
    #[cfg(not(unix))]
    pub fn of(_: &Metadata) -> Option<Self> {
        None
    }

    /// Returns its 16 bytes: the device and then the inode, the highest byte first.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        (u128::from(self.device) << 64 | u128::from(self.inode)).to_be_bytes()
    }
}

/// Returns whether two paths lead to one file, by links of either kind.
#[must_use]
pub fn is_same_file(a: &Path, b: &Path) -> bool {
    matches!((a.metadata(), b.metadata()), (Ok(a), Ok(b)) if is_same(&a, &b))
        || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// Returns whether two files are one, as far as the platform tells files apart.
pub(crate) fn is_same(a: &Metadata, b: &Metadata) -> bool {
    FileId::of(a).is_some_and(|id| FileId::of(b) == Some(id))
}

/// By which a change of a file is noticed: its length, and when it was modified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileStamp {
    modified: Option<SystemTime>,
    bytes: Option<u64>,
}

impl FileStamp {
    /// Returns the stamp of what lies at a path now; one without anything where that cannot be said.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        let file = path.metadata().ok();
        Self {
            modified: file.as_ref().and_then(|file| file.modified().ok()),
            bytes: file.map(|file| file.len()),
        }
    }

    /// Returns whether what was read of a database since then was read from one that nobody has open and that
    /// did not change: it has no write-ahead log, and the same stamp.
    #[must_use]
    pub fn still_holds(self, path: &Path) -> bool {
        !write_ahead_log(path).exists() && Self::of(path) == self
    }

    /// Returns whether the file was written so long ago that a further change makes another stamp: clocks of
    /// file systems tick coarsely.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        const TICK: Duration = Duration::from_secs(2);
        self.modified.is_none_or(|at| at.elapsed().is_ok_and(|age| age > TICK))
    }

    /// Returns the stamp of a settled, immutable file.
    #[cfg(feature = "zones")]
    pub(crate) fn of_immutable_file(path: &Path) -> Option<Self> {
        let stamp = Self::of(path);
        let is_known = stamp.modified.is_some() && stamp.is_settled();
        (is_known && stamp.still_holds(path)).then_some(stamp)
    }
}

/// Returns a path with something added to its name, as SQLite names what lies beside a database: `-wal`.
#[must_use]
pub fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// The endings of what lies beside a ledger: three of SQLite's files, and the folder of its journal.
const COMPANIONS: [&str; 4] = ["-wal", "-shm", "-journal", ".journal"];

/// Returns the files and the folder that belong to a ledger, itself first, whether they are there or not.
#[must_use]
pub fn parts(ledger: &Path) -> [PathBuf; 5] {
    let ledger = ledger.canonicalize().unwrap_or_else(|_| ledger.to_owned());
    let [wal, shm, rollback, journal] = COMPANIONS.map(|ending| with_ending(&ledger, ending));
    [ledger, wal, shm, rollback, journal]
}

/// Returns the file that something at a path would be taken for a part of, as it is called like one.
pub(crate) fn owner_of(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let owners = COMPANIONS.iter().filter_map(|ending| name.strip_suffix(ending));
    owners.map(|owner| path.with_file_name(owner)).find(|owner| owner.is_file())
}

/// Returns the write-ahead log that belongs to a database: beside the file itself, wherever links lead. It
/// need not be there.
#[must_use]
pub fn write_ahead_log(path: &Path) -> PathBuf {
    match path.canonicalize() {
        Ok(real_path) => with_ending(&real_path, "-wal"),
        Err(_) => with_ending(path, "-wal"),
    }
}

/// Returns whether an SQLite database that begins with these bytes, a hundred of them, is marked as a ledger.
#[must_use]
pub fn is_marked_as_ledger(start: &[u8]) -> bool {
    /// The place of the mark, as SQLite's file format has it.
    const APPLICATION: usize = 68;
    start.get(APPLICATION..).is_some_and(|rest| rest.starts_with(&APPLICATION_ID.to_be_bytes()))
}

/// Returns a path as SQLite's URI, with parameters for opening it such as `immutable=1`; whatever is in the
/// path stands for itself.
#[must_use]
pub fn uri(path: &Path, parameters: &str) -> String {
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

/// Returns how many bytes a file has; none where that cannot be said.
pub(crate) fn bytes(path: &Path) -> u64 {
    path.metadata().map_or(0, |file| file.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_in_a_uri_is_only_a_path() {
        let uri = uri(Path::new("/a b/%?mode=rw#模.db"), "immutable=1");
        assert_eq!(uri, "file:/a%20b/%25%3Fmode%3Drw%23%E6%A8%A1.db?immutable=1");
    }

    #[test]
    #[cfg(unix)]
    fn the_log_lies_beside_the_file_a_link_leads_to() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("usage.db"), folder.path().join("link"));
        std::os::unix::fs::symlink(&path, &link).unwrap();
        std::fs::write(&path, "").unwrap();
        assert!(write_ahead_log(&link).ends_with("usage.db-wal"));
        assert_eq!(write_ahead_log(Path::new("/no/such")), Path::new("/no/such-wal"));
    }

    #[test]
    #[cfg(unix)]
    fn a_file_is_itself_by_all_its_names() {
        let folder = tempfile::tempdir().unwrap();
        let [path, link, other] = ["a", "b", "c"].map(|name| folder.path().join(name));
        std::fs::write(&path, "x").unwrap();
        std::fs::hard_link(&path, &link).unwrap();
        std::fs::copy(&path, &other).unwrap();
        assert!(is_same_file(&path, &link) && !is_same_file(&path, &other));
        let id = FileId { device: 1, inode: 0x0203 };
        assert_eq!(id.to_bytes(), [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 2, 3]);
    }
}
