//! A copy of a database, for what a crash left behind and must be repaired to be read.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tempfile::TempDir;
use usage_store::file::{FileStamp, with_ending};

use super::connection;

/// A copy in a folder of its own, which goes with it.
pub(super) struct Copied {
    folder: TempDir,
}

impl Copied {
    /// Copies the file and its companions; `None` if something changed meanwhile. `stamp` is from
    /// before anything was looked at.
    pub(super) fn of(path: &Path, stamp: FileStamp) -> io::Result<Option<Self>> {
        let of_companions =
            || ["-wal", "-journal"].map(|ending| FileStamp::of(&with_ending(path, ending)));
        let before = of_companions();
        let copied = Self { folder: TempDir::new()? };
        for ending in ["", "-wal", "-journal"] {
            match copy(&with_ending(path, ending), &with_ending(&copied.path(), ending)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                result => result?,
            }
        }
        let is_settled = FileStamp::of(path) == stamp && of_companions() == before;
        let is_in_use = with_ending(path, "-shm").exists();
        Ok((is_settled && !is_in_use).then_some(copied))
    }

    pub(super) fn connect(&self) -> rusqlite::Result<Connection> {
        connection::repairing(&self.path())
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("copy.db")
    }
}

/// Not [`std::fs::copy`], which copies the permissions too: SQLite must be able to write to it.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    io::copy(&mut File::open(from)?, &mut File::create_new(to)?).map(drop)
}
