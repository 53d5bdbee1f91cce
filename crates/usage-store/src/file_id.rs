//! Whether the file at a path still is the one that was opened.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::error::{Result, StoreError};

/// Which file lies at a path: device and inode. Where the platform has no such thing, all files are
/// alike.
///
/// Looking opens nothing. That matters: closing any descriptor of a database drops the locks that
/// this process holds on it.
#[derive(Clone, Debug)]
pub(crate) struct OpenedFile {
    path: PathBuf,
    real_path: PathBuf,
    id: (u64, u64),
}

impl OpenedFile {
    /// The file at that path now.
    pub(crate) fn at(path: &Path) -> Result<Self> {
        let real_path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        Ok(Self { path: path.to_owned(), real_path, id: id_at(path)? })
    }

    /// Where it lies, without links; so SQLite names the files beside it.
    pub(crate) fn real_path(&self) -> &Path {
        &self.real_path
    }

    /// Its write-ahead log.
    pub(crate) fn write_ahead_log(&self) -> PathBuf {
        let mut name = self.real_path.clone().into_os_string();
        name.push("-wal");
        name.into()
    }

    /// Whether its group may read and write it.
    #[cfg(unix)]
    pub(crate) fn is_shared_with_group(&self) -> bool {
        use std::os::unix::fs::PermissionsExt;
        const READ_AND_WRITE: u32 = 0o060;
        self.path
            .metadata()
            .is_ok_and(|file| file.permissions().mode() & READ_AND_WRITE == READ_AND_WRITE)
    }

    #[cfg(not(unix))]
    #[expect(clippy::unused_self, reason = "elsewhere a file has a group")]
    pub(crate) fn is_shared_with_group(&self) -> bool {
        false
    }

    /// Fails when the file at the path is another one by now.
    pub(crate) fn check(&self) -> Result<()> {
        if id_at(&self.path)? == self.id {
            return Ok(());
        }
        Err(replaced(&self.path, "was replaced by another file"))
    }
}

fn id_at(path: &Path) -> Result<(u64, u64)> {
    let file = path.metadata().map_err(|source| match source.kind() {
        ErrorKind::NotFound => replaced(path, "was deleted or moved away"),
        _ => StoreError::Find { path: path.to_owned(), source },
    })?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        Ok((file.dev(), file.ino()))
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        Ok((0, 0))
    }
}

fn replaced(path: &Path, what: &'static str) -> StoreError {
    StoreError::Replaced { path: path.to_owned(), what }
}
