//! Keeping everybody else out of a ledger, whatever is in it, and saying who is in the way.

use std::fs::{self, Metadata};
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::error::{Result, SqliteErrorKind, StoreError};
use crate::ledger::connect::{distrust, flags, set_busy_timeout};

/// Time enough for who is about to close it.
const PATIENCE: Duration = Duration::from_secs(2);

/// Nobody else has the ledger open, and nobody can open it, as long as this lives.
#[derive(Debug)]
pub(crate) struct Hold {
    pub(crate) connection: Connection,
}

impl Hold {
    /// Takes it, unless somebody has the ledger open. Changes nothing of it, damaged or not; of what is no database,
    /// which nobody can have open, nothing is held.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when somebody has.
    pub(crate) fn of(path: &Path) -> Result<Self> {
        let open = || {
            let connection = Connection::open_with_flags(path, flags())?;
            set_busy_timeout(&connection, PATIENCE)?;
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
            distrust(&connection)?;
            connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
            Ok(connection)
        };
        let connection: Connection =
            open().map_err(|source| StoreError::sqlite("open the ledger", path, source))?;
        match connection.execute_batch("BEGIN EXCLUSIVE") {
            Err(error) if SqliteErrorKind::of(&error) == SqliteErrorKind::Busy => {
                Err(StoreError::InUse { path: path.to_owned(), by: users(path) })
            }
            Err(error) if SqliteErrorKind::of(&error) == SqliteErrorKind::ReadOnly => {
                Err(StoreError::sqlite("open the ledger", path, error))
            }
            _ => Ok(Self { connection }),
        }
    }
}

/// The bytes of a file on which SQLite takes its locks.
const LOCKED: std::ops::RangeInclusive<u64> = 0x4000_0000..=0x4000_01ff;

/// Returns who has a database open, as far as that can be found out: names of programs with their process ids.
fn users(path: &Path) -> String {
    let ids = path.metadata().map_or_else(|_| Vec::new(), |file| locked_by(&file));
    let mut users = Vec::new();
    for id in ids {
        let name = fs::read_to_string(format!("/proc/{id}/comm")).unwrap_or_default();
        users.push(format!("{} (process {id})", name.trim()).trim().to_owned());
    }
    if users.is_empty() { "another process".to_owned() } else { users.join(", ") }
}

/// Returns the processes that have locks of SQLite's on a file, as Linux tells them.
#[cfg(unix)]
fn locked_by(file: &Metadata) -> Vec<u32> {
    let inode = format!(":{}", std::os::unix::fs::MetadataExt::ino(file));
    let locks = fs::read_to_string("/proc/locks").unwrap_or_default();
    let mut ids: Vec<_> = locks.lines().filter_map(|line| locker(line, &inode)).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

#[cfg(not(unix))]
fn locked_by(_: &Metadata) -> Vec<u32> {
    Vec::new()
}

/// Reads a line such as `1: POSIX  ADVISORY  READ 4711 08:01:1234 1073741826 1073742335`.
fn locker(line: &str, inode: &str) -> Option<u32> {
    let mut words = line.split_whitespace().skip(4);
    let id = words.next()?.parse().ok()?;
    let is_it = words.next()?.ends_with(inode);
    let first: u64 = words.next()?.parse().ok()?;
    (is_it && LOCKED.contains(&first) && id != std::process::id()).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_locks_a_file_is_read_from_the_systems_list() {
        let line = "1: POSIX  ADVISORY  READ 4711 08:01:1234 1073741826 1073742335";
        assert_eq!(locker(line, ":1234"), Some(4711));
        for other in [":234", ":12345"] {
            assert_eq!(locker(line, other), None, "{other}");
        }
        let whole = "2: FLOCK  ADVISORY  WRITE 4711 08:01:1234 0 EOF";
        let waits = "3: -> POSIX  ADVISORY  READ 4711 08:01:1234 1073741826 1073742335";
        assert_eq!([whole, waits, ""].map(|line| locker(line, ":1234")), [None; 3]);
    }

    #[test]
    fn nobody_gets_in_while_it_is_held() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("usage.db");
        let store = crate::Store::open(&path).unwrap();
        assert!(matches!(Hold::of(&path), Err(StoreError::InUse { .. })));
        drop(store);
        let hold = Hold::of(&path).unwrap();
        let options = crate::StoreOptions { busy_timeout: Duration::ZERO, ..Default::default() };
        assert!(options.open(&path).is_err());
        drop(hold);
        options.open(&path).unwrap();
    }
}
