//! A folder in which something is made that is not to be seen before it is done, and that a killed program does not
//! leave for ever.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

const PREFIX: &str = ".usage-making-";
/// The file that is locked as long as somebody works in the folder.
pub(crate) const LOCK: &str = "lock";

/// A folder of mode 0700, locked by this process. Dropped, it is gone.
#[derive(Debug)]
pub(crate) struct Workshop {
    folder: TempDir,
    lock: File,
}

impl Workshop {
    /// Makes one in a folder. What killed programs have left there goes.
    pub(crate) fn within(folder: &Path) -> io::Result<Self> {
        sweep(folder);
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(folder)?;
        let lock = File::create_new(folder.path().join(LOCK))?;
        lock.lock()?;
        Ok(Self { folder, lock })
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Gives it a name that it keeps, unless there is something of that name; still locked.
    pub(crate) fn rename(self, to: &Path) -> io::Result<File> {
        fs::rename(self.folder.path(), to)?;
        // It is not there any more to be removed.
        let _: PathBuf = self.folder.keep();
        Ok(self.lock)
    }
}

/// Removes folders that nobody works in. One that was just made and is not locked yet may go too: who made it fails
/// then, and has lost nothing.
fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_one = entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes());
        let is_free =
            || File::open(entry.path().join(LOCK)).is_ok_and(|lock| lock.try_lock().is_ok());
        if is_one && is_free() {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
