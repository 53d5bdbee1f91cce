//! Putting another file in the place of a ledger, and keeping what was there.
//!
//! Everything is laid ready in a folder first. Then it is carried out in steps that can be repeated, so that whoever
//! comes after a killed program leaves it done or undone.
//!
//! ```text
//! usage.db.restoring/      while it is made and carried out, locked by who does so
//!   new.db, new.db-wal     the files that come
//!   old.db, old.db-wal     further names of the files that go
//!   journal-0/             further names of the segments of a journal; `folder` says where they lie
//!   ready                  which number it gets: from now on it is carried out, before that it is undone
//! usage.db.replaced-2/     the same folder, when it is done
//! ```

use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use usage_journal::{Disk as _, RealDisk};

use crate::error::{Result, StoreError};
use crate::ledger::file::with_ending;
use crate::ledger::workshop::{LOCK, Workshop};

const RESTORING: &str = ".restoring";
const REPLACED: &str = ".replaced-";

const NEW: &str = "new.db";
const OLD: &str = "old.db";
const LOG: &str = "-wal";
const READY: &str = "ready";
const JOURNAL: &str = "journal-";
const FOLDER: &str = "folder";

/// A folder in which everything is laid ready. Dropped before it is carried out, it is gone.
#[derive(Debug)]
pub(crate) struct Swap {
    /// The ledger, without links.
    ledger: PathBuf,
    folder: PathBuf,
    _lock: File,
}

impl Swap {
    /// Begins with an empty folder beside the ledger, of which the path holds no links.
    pub(crate) fn begin(ledger: &Path) -> Result<Self> {
        settle(ledger)?;
        let failed = |source| StoreError::Restore { path: ledger.to_owned(), source };
        let folder = with_ending(ledger, RESTORING);
        let lock = make(ledger, &folder).map_err(|source| match source.kind() {
            ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists => {
                let by = "another restoration".to_owned();
                StoreError::InUse { path: ledger.to_owned(), by }
            }
            _ => failed(source),
        })?;
        Ok(Self { ledger: ledger.to_owned(), folder, _lock: lock })
    }

    /// The place of the file that is to come.
    pub(crate) fn new_file(&self) -> PathBuf {
        self.folder.join(NEW)
    }

    /// Takes what was kept as what is to come.
    pub(crate) fn bring_back(&self, kept: &Path) -> Result<()> {
        let name = with_ending(Path::new(OLD), LOG);
        let linked = link(&kept.join(OLD), &self.new_file())
            .and_then(|()| link_if_there(&kept.join(name), &with_ending(&self.new_file(), LOG)));
        linked.map_err(|source| self.failed(source))
    }

    /// Keeps the ledger, its write-ahead log and the segments in these folders.
    pub(crate) fn keep(&self, journals: &[PathBuf]) -> Result<()> {
        let old = self.folder.join(OLD);
        let kept = link_if_there(&self.ledger, &old)
            .and_then(|()| link_if_there(&with_ending(&self.ledger, LOG), &with_ending(&old, LOG)))
            .and_then(|()| {
                journals.iter().enumerate().try_for_each(|(number, from)| {
                    keep_segments(from, &self.folder.join(format!("{JOURNAL}{number}")))
                })
            });
        kept.map_err(|source| self.failed(source))
    }

    /// Puts the new file in the ledger's place; returns the folder with what was there. An earlier folder of that
    /// number is the one from which the new file comes, and goes.
    pub(crate) fn carry_out(self, number: u32) -> Result<PathBuf> {
        let written = || -> io::Result<PathBuf> {
            File::open(self.new_file())?.sync_all()?;
            let unnamed = self.folder.join("ready.new");
            let mut file = File::create(&unnamed)?;
            file.write_all(number.to_string().as_bytes())?;
            file.sync_all()?;
            fs::rename(&unnamed, self.folder.join(READY))?;
            RealDisk.sync_folder(&self.folder)?;
            sync_beside(&self.ledger)?;
            finish(&self.ledger, &self.folder)
        };
        written().map_err(|source| self.failed(source))
    }

    fn failed(&self, source: io::Error) -> StoreError {
        StoreError::Restore { path: self.ledger.clone(), source }
    }
}

impl Drop for Swap {
    fn drop(&mut self) {
        // One that is ready is for whoever comes next.
        if !self.folder.join(READY).exists() {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Carries out, or undoes, what a killed program has left; nothing where there is nothing, or who made it still runs.
pub(crate) fn settle(ledger: &Path) -> Result<()> {
    let folder = with_ending(ledger, RESTORING);
    if folder.symlink_metadata().is_err() {
        return Ok(());
    }
    let settled = || -> io::Result<()> {
        let lock = match File::options().read(true).write(true).open(folder.join(LOCK)) {
            Ok(lock) => lock,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        if lock.try_lock().is_err() {
            return Ok(());
        }
        if folder.join(READY).exists() {
            finish(ledger, &folder).map(drop)
        } else {
            fs::remove_dir_all(&folder)
        }
    };
    settled().map_err(|source| StoreError::Restore { path: ledger.to_owned(), source })
}

/// The folders with what was replaced, by number.
pub(crate) fn kept(ledger: &Path) -> Vec<(u32, PathBuf)> {
    let (Some(folder), Some(name)) = (ledger.parent(), ledger.file_name()) else {
        return Vec::new();
    };
    let mut prefix = name.to_owned();
    prefix.push(REPLACED);
    let prefix = prefix.as_encoded_bytes();
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<_> = entries
        .filter_map(|entry| {
            let name = entry.file_name();
            let number = name.as_encoded_bytes().strip_prefix(prefix)?;
            Some((str::from_utf8(number).ok()?.parse().ok()?, entry.path()))
        })
        .collect();
    found.sort();
    found
}

/// Returns whether a ledger is in a folder with what was replaced.
pub(crate) fn has_ledger(kept: &Path) -> bool {
    kept.join(OLD).is_file()
}

/// Makes the folder; it has its name only once it is locked.
fn make(ledger: &Path, folder: &Path) -> io::Result<File> {
    Workshop::within(ledger.parent().unwrap_or(Path::new("/")))?.rename(folder)
}

/// Carries it out; each step does nothing where it was done before.
fn finish(ledger: &Path, folder: &Path) -> io::Result<PathBuf> {
    let number = fs::read_to_string(folder.join(READY))?;
    let kept = with_ending(ledger, &format!("{REPLACED}{number}"));
    let (new, log) = (folder.join(NEW), with_ending(&folder.join(NEW), LOG));
    if new.exists() {
        // Those of the file that goes, or what was linked by who was killed here.
        for ending in [LOG, "-shm"] {
            remove_if_there(&with_ending(ledger, ending))?;
        }
        link_if_there(&log, &with_ending(ledger, LOG))?;
        sync_beside(ledger)?;
        fs::rename(&new, ledger)?;
        RealDisk.sync_folder(folder)?;
        sync_beside(ledger)?;
    }
    if kept.exists() {
        bring_segments_back(&kept)?;
        fs::remove_dir_all(&kept)?;
    }
    remove_if_there(&log)?;
    fs::rename(folder, &kept)?;
    sync_beside(ledger)?;
    for name in [READY, LOCK] {
        remove_if_there(&kept.join(name))?;
    }
    Ok(kept)
}

/// Gives the segments in a folder further names.
fn keep_segments(from: &Path, to: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(from) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut is_made = false;
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        let is_segment = path.extension().is_some_and(|ending| ending == "segment");
        if !is_segment || !entry.file_type()?.is_file() {
            continue;
        }
        if !is_made {
            private_folder(to)?;
            fs::write(to.join(FOLDER), from.as_os_str().as_encoded_bytes())?;
            is_made = true;
        }
        link(&path, &to.join(entry.file_name()))?;
    }
    Ok(())
}

/// Gives segments that were stored or removed since their names again.
fn bring_segments_back(kept: &Path) -> io::Result<()> {
    for entry in fs::read_dir(kept)? {
        let entry = entry?;
        if !entry.file_name().as_encoded_bytes().starts_with(JOURNAL.as_bytes()) {
            continue;
        }
        let Some(folder) = path_of(fs::read(entry.path().join(FOLDER))?) else { continue };
        private_folder(&folder)?;
        for segment in fs::read_dir(entry.path())? {
            let segment = segment?;
            let name = segment.file_name();
            if name != FOLDER && folder.join(&name).symlink_metadata().is_err() {
                link(&segment.path(), &folder.join(&name))?;
            }
        }
        RealDisk.sync_folder(&folder)?;
    }
    Ok(())
}

#[cfg(unix)]
fn path_of(bytes: Vec<u8>) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt as _;
    Some(std::ffi::OsString::from_vec(bytes).into())
}

#[cfg(not(unix))]
fn path_of(bytes: Vec<u8>) -> Option<PathBuf> {
    String::from_utf8(bytes).ok().map(PathBuf::from)
}

fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Gives a file a further name; copies it where the disk knows no such thing.
fn link(from: &Path, to: &Path) -> io::Result<()> {
    if fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    fs::copy(from, to)?;
    File::open(to)?.sync_all()
}

fn link_if_there(from: &Path, to: &Path) -> io::Result<()> {
    match from.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(_) => link(from, to),
    }
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn sync_beside(ledger: &Path) -> io::Result<()> {
    RealDisk.sync_folder(ledger.parent().unwrap_or(Path::new("/")))
}
