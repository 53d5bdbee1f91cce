//! A file that is being made beside where it is to be: complete and on the disk when it gets its
//! name.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::{Duration, SystemTime};

use rusqlite::OpenFlags;
use tempfile::NamedTempFile;
use usage_journal::{Disk as _, RealDisk};

use crate::error::{Result, StoreError};
use crate::ledger::file::uri;

const PREFIX: &str = ".usage-copy-";
/// The prefix of the parts that versions before the locks made.
const PREFIX_WITHOUT_LOCK: &str = ".usage-backup-";
const SUFFIX: &str = ".part";

/// The age at which nobody can be writing a part without a lock any more.
const ABANDONED: Duration = Duration::from_hours(24);

/// A file of mode 0600 without its final name. Dropped, it is gone. Locked while it is made, so
/// that parts which killed processes have left can be told from it.
#[derive(Debug)]
pub(crate) struct Part {
    file: NamedTempFile,
}

impl Part {
    /// An empty one in the folder of `path`. What killed processes have left there goes.
    pub(crate) fn beside(path: &Path) -> Result<Self> {
        let folder = path.parent().unwrap_or(Path::new("/"));
        let cannot_create = |error: io::Error| {
            // Without the name of the part, which says nothing to anybody.
            let inner =
                error.get_ref().and_then(|error| error.source()?.downcast_ref::<io::Error>());
            let code = inner.and_then(io::Error::raw_os_error);
            let source = code.map_or(error, io::Error::from_raw_os_error);
            StoreError::Create { path: path.to_owned(), source }
        };
        loop {
            let file = tempfile::Builder::new()
                .prefix(PREFIX)
                .suffix(SUFFIX)
                .tempfile_in(folder)
                .map_err(cannot_create)?;
            lock(file.as_file()).map_err(cannot_create)?;
            // By the clock of that disk.
            sweep(folder, file.as_file().metadata().and_then(|metadata| metadata.modified()).ok());
            // Somebody may have swept it away before it was locked.
            if file.path().try_exists().map_err(cannot_create)? {
                return Ok(Self { file });
            }
        }
    }

    /// Its name for SQLite, as a URI. SQLite takes no locks on it: nobody else knows the file, and
    /// on some platforms its locks and the one of [`Part`] would be in each other's way.
    pub(crate) fn uri(&self) -> String {
        uri(self.file.path(), if cfg!(unix) { "nolock=1" } else { "" })
    }

    /// For opening what [`uri`](Self::uri) names.
    pub(crate) fn flags() -> OpenFlags {
        OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_URI
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
    }

    /// Returns whether a file holds the very same bytes.
    pub(crate) fn is_same_as(&self, path: &Path) -> io::Result<bool> {
        if !path.symlink_metadata()?.is_file() {
            return Ok(false);
        }
        let (mut one, mut other) = (File::open(self.file.path())?, File::open(path)?);
        if one.metadata()?.len() != other.metadata()?.len() {
            return Ok(false);
        }
        let (mut bytes, mut others) = (vec![0; CHUNK], vec![0; CHUNK]);
        loop {
            let (len, other_len) = (fill(&mut one, &mut bytes)?, fill(&mut other, &mut others)?);
            if bytes[..len] != others[..other_len] {
                return Ok(false);
            }
            if len == 0 {
                return Ok(true);
            }
        }
    }

    /// Brings it to the disk and gives it its name; says how large it is. On the disk too when this
    /// returns. Fails with [`StoreError::Exists`] when there is something of that name.
    pub(crate) fn publish(self, path: &Path) -> Result<u64> {
        let sync = |source| StoreError::Sync { path: path.to_owned(), source };
        self.file.as_file().sync_all().map_err(sync)?;
        let bytes = self.file.as_file().metadata().map_err(sync)?.len();
        match self.file.persist_noclobber(path) {
            Ok(_) => {}
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {
                return Err(StoreError::Exists { path: path.to_owned() });
            }
            Err(error) => {
                return Err(StoreError::Create { path: path.to_owned(), source: error.error });
            }
        }
        RealDisk.sync_folder(path.parent().unwrap_or(Path::new("/"))).map_err(sync)?;
        Ok(bytes)
    }
}

const CHUNK: usize = 1 << 20;

fn fill(file: &mut File, bytes: &mut [u8]) -> io::Result<usize> {
    let mut len = 0;
    while len < bytes.len() {
        match io::Read::read(file, &mut bytes[len..])? {
            0 => break,
            read => len += read,
        }
    }
    Ok(len)
}

/// Removes what killed processes have left: files with the names of parts which nobody holds. What
/// cannot be looked at is left to others.
fn sweep(folder: &Path, now: Option<SystemTime>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        if is_left_over(&path, now).unwrap_or(false) {
            // Whoever comes next tries again.
            let _ = fs::remove_file(&path);
        }
    }
}

fn is_left_over(path: &Path, now: Option<SystemTime>) -> Option<bool> {
    let name = path.file_name()?.to_str()?;
    if let Some(part) = name.strip_suffix("-wal").filter(|name| name.ends_with(SUFFIX)) {
        // What SQLite has left beside a part that is gone.
        return Some(part.starts_with(PREFIX) && !path.with_file_name(part).exists());
    }
    let name = name.strip_suffix(SUFFIX)?;
    let has_lock = name.starts_with(PREFIX);
    if !(has_lock || name.starts_with(PREFIX_WITHOUT_LOCK)) {
        return None;
    }
    let found = path.symlink_metadata().ok()?;
    if !found.is_file() {
        return None;
    }
    if has_lock {
        let file = OpenOptions::new().read(true).write(true).open(path).ok()?;
        return Some(file.try_lock().is_ok());
    }
    Some(now?.duration_since(found.modified().ok()?).ok()? > ABANDONED)
}

/// Windows locks what a file holds, so that SQLite could not write to it; there, nobody removes a
/// file that somebody has open.
fn lock(file: &File) -> io::Result<()> {
    if cfg!(unix) { file.lock() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    #[cfg(unix)]
    fn what_nobody_holds_is_swept_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let (at, path) = (folder.path(), folder.path().join("copy.db"));
        let held = Part::beside(&path).unwrap();
        let kept = [".usage-copy-mine", ".usage-backup-new.part", "x.part", "usage.db"];
        for name in [".usage-copy-dead.part", ".usage-backup-old.part"].iter().chain(&kept) {
            fs::write(at.join(name), "").unwrap();
        }
        std::os::unix::fs::symlink("usage.db", at.join(".usage-copy-link.part")).unwrap();
        let file = OpenOptions::new().write(true).open(at.join(".usage-backup-old.part")).unwrap();
        let created = file.metadata().unwrap().modified().unwrap();
        file.set_modified(created - ABANDONED - Duration::from_mins(1)).unwrap();

        let other = Part::beside(&path).unwrap();
        let mut left = kept.map(str::to_owned).to_vec();
        left.push(".usage-copy-link.part".to_owned());
        left.extend(
            [&held, &other]
                .map(|part| part.file.path().file_name().unwrap().to_str().unwrap().to_owned()),
        );
        left.sort();
        assert_eq!(names(at), left);
        assert_eq!(other.publish(&path).unwrap(), 0);
        assert!(matches!(held.publish(&path), Err(StoreError::Exists { .. })));
    }

    #[test]
    fn the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("copy.db");
        let part = Part::beside(&path).unwrap();
        fs::write(part.file.path(), vec![7; CHUNK + 3]).unwrap();
        let mut bytes = vec![7; CHUNK + 3];
        let is_same = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            part.is_same_as(&path).unwrap()
        };
        assert!(is_same(&bytes));
        bytes[CHUNK + 1] = 8;
        assert!(!is_same(&bytes) && !is_same(&bytes[..CHUNK]) && !is_same(b""));
        assert!(!part.is_same_as(folder.path()).unwrap());
    }
}
