//! The check that the file at a path still is the one that was opened.

use std::fs::Metadata;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::error::{Result, StoreError};
use crate::ledger::file::{FileId, with_ending};

/// Which file lies at a path: device and inode. Where the platform has no such thing, all files are
/// alike.
///
/// Looking opens nothing. That matters: closing any descriptor of a database drops the locks that
/// this process holds on it.
#[derive(Clone, Debug)]
pub(crate) struct OpenedFile {
    path: PathBuf,
    real_path: PathBuf,
    id: Option<FileId>,
    /// The number of names it had when it was opened.
    links: u64,
}

impl OpenedFile {
    /// The file at that path now.
    pub(crate) fn at(path: &Path) -> Result<Self> {
        let real_path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let found = look(path)?;
        Ok(Self {
            path: path.to_owned(),
            real_path,
            id: FileId::of(&found),
            links: links_of(&found),
        })
    }

    /// Returns the id that tells it from other files of this machine.
    pub(crate) fn id(&self) -> Option<FileId> {
        self.id
    }

    /// Fails when the file had several names and could have its write-ahead log beside another one
    /// than this.
    pub(crate) fn check_readable(&self) -> Result<()> {
        if self.links <= 1 || self.has_no_other_log().unwrap_or(false) {
            return Ok(());
        }
        Err(self.linked())
    }

    /// As [`check`](Self::check); fails also when the file had several names as it was opened.
    /// Whoever opens it by a name that it gets later is refused.
    pub(crate) fn check_writable(&self) -> Result<()> {
        if self.links > 1 {
            return Err(self.linked());
        }
        self.check()
    }

    fn linked(&self) -> StoreError {
        StoreError::Linked { path: self.path.clone(), links: self.links }
    }

    /// Returns whether all names of the file are in one folder, with no write-ahead log beside the others.
    fn has_no_other_log(&self) -> Option<bool> {
        let mut found = 0;
        for entry in self.real_path.parent()?.read_dir().ok()? {
            let path = entry.ok()?.path();
            let is_it = |file: Metadata| file.is_file() && FileId::of(&file) == self.id;
            if path.symlink_metadata().is_ok_and(is_it) {
                found += 1;
                if path != self.real_path && with_ending(&path, "-wal").exists() {
                    return Some(false);
                }
            }
        }
        Some(found == self.links)
    }

    /// The place where it lies, without links; so SQLite names the files beside it.
    pub(crate) fn real_path(&self) -> &Path {
        &self.real_path
    }

    /// Its write-ahead log.
    pub(crate) fn write_ahead_log(&self) -> PathBuf {
        with_ending(&self.real_path, "-wal")
    }

    /// Returns whether its group may read and write it.
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
        self.check_at(&self.path)
    }

    /// As [`check`](Self::check), where links led when it was opened: one that leads elsewhere by now changes
    /// nothing for those who read on.
    pub(crate) fn check_real(&self) -> Result<()> {
        self.check_at(&self.real_path)
    }

    fn check_at(&self, path: &Path) -> Result<()> {
        if FileId::of(&look(path)?) == self.id {
            return Ok(());
        }
        Err(replaced(path, "was replaced by another file"))
    }
}

fn look(path: &Path) -> Result<Metadata> {
    path.metadata().map_err(|source| match source.kind() {
        ErrorKind::NotFound => replaced(path, "was deleted or moved away"),
        _ => StoreError::Find { path: path.to_owned(), source },
    })
}

#[cfg(unix)]
fn links_of(file: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(file)
}

#[cfg(not(unix))]
fn links_of(_: &Metadata) -> u64 {
    1
}

fn replaced(path: &Path, what: &'static str) -> StoreError {
    StoreError::Replaced { path: path.to_owned(), what }
}
