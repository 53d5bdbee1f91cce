//! The trait of an agent whose logs are read.

use std::io;
use std::path::{Path, PathBuf};

use super::counted::Counted;
use super::places::Places;
use super::progress::{Progress, hash};
use super::told::Told;

/// A coding agent, and how its logs are read. One file or folder of this crate implements it for each.
pub trait Agent: Send + Sync {
    /// Returns the name: the word on the command line, the instance of its records, and the kind of its sources.
    fn name(&self) -> &'static str;

    /// Returns the name as people write it.
    fn title(&self) -> &'static str;

    /// Returns where it may keep its logs on a machine. Most of that need not be there.
    fn roots(&self, places: &Places<'_>) -> Vec<PathBuf>;

    /// Returns the folders, or files, below a root that are walked; the root itself by default.
    fn folders(&self, root: &Path) -> Vec<PathBuf> {
        vec![root.to_owned()]
    }

    /// Returns whether a file is one of its logs, by its path alone.
    fn takes(&self, path: &Path) -> bool;

    /// Returns what tells a log from others, wherever it lies: by default its path. A log of the same key that is
    /// found elsewhere is read on where it was read to.
    fn key(&self, path: &Path) -> u64 {
        hash(path.as_os_str().as_encoded_bytes())
    }

    /// Returns a file beside a log that may hold a part of it, as SQLite's `-wal`: the log has changed when that has.
    fn beside(&self, _path: &Path) -> Option<PathBuf> {
        None
    }

    /// Returns the total that the agent itself states of a session, where the log has said it and [`read`](Self::read)
    /// has remembered it in its [`memory`](Progress::memory).
    fn counted(&self, _memory: &[u8]) -> Option<Counted> {
        None
    }

    /// Returns whether its logs say only what a session has come to, so that by how much it has grown is told. Then
    /// all its logs are one source, wherever they lie, and what is remembered of a log outlives it: nothing could be
    /// told twice and be known again.
    fn tells_totals(&self) -> bool {
        false
    }

    /// Reads what is new in a log, and tells of it; see [`read_lines`](super::read_lines) for logs of lines. Called
    /// when the file has another size, or another time of writing, than when it was read last.
    ///
    /// # Errors
    /// When the file cannot be read. What was told until then stays.
    fn read(&self, file: &Path, progress: &mut Progress, told: &mut Told<'_>) -> io::Result<()>;
}
