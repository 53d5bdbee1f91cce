//! The files of a tree, found without ever being caught in it.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::agent::Agent;
use super::progress::hash;
use super::skipped::{SkipReason, Skipped};

/// Folders below a root; no agent comes near.
const MOST_DEPTH: usize = 24;

/// Files of a tree that are read: some 400 bytes of memory each until all of them are.
const MOST_FILES: usize = 2_000_000;

/// A file that was found.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    /// What tells the log from others, wherever it lies.
    pub(super) key: u64,
    pub(super) bytes: u64,
    /// When it was written last, in nanoseconds.
    pub(super) modified: i64,
}

/// The files of a tree.
#[derive(Debug, Default)]
pub(super) struct Walk {
    pub(super) files: Vec<Found>,
    pub(super) skipped: Skipped,
    /// Folders that were walked, and files of several names, by device and inode: links may lead to one again.
    walked: HashSet<(u64, u64)>,
    /// The places of logs in `files`.
    known: HashMap<u64, usize>,
}

impl Walk {
    /// Finds the files of these folders, or the ones named, that an agent takes.
    pub(super) fn of(agent: &dyn Agent, folders: &[PathBuf]) -> Self {
        let mut walk = Self::default();
        for folder in folders {
            match fs::metadata(folder) {
                Ok(file) if file.is_file() => walk.add(agent, folder.clone(), &file),
                Ok(of) if of.is_dir() => walk.folder(agent, folder, &of),
                Ok(_) => walk.skip(SkipReason::NoFile, folder),
                // An agent that was never run, or a part of it.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => walk.skip(reason_of(&error), folder),
            }
        }
        walk
    }

    /// Walks a folder, and what lies below it, without recursion.
    fn folder(&mut self, agent: &dyn Agent, folder: &Path, metadata: &Metadata) {
        self.walked.extend(id_of(metadata));
        let mut waiting = vec![(folder.to_owned(), 0)];
        while let Some((folder, depth)) = waiting.pop() {
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) => {
                    self.skip(reason_of(&error), &folder);
                    continue;
                }
            };
            for entry in entries {
                let Ok(entry) = entry else {
                    self.skip(SkipReason::Unreadable, &folder);
                    break;
                };
                let path = entry.path();
                let kind = entry.file_type();
                let is_folder = kind.as_ref().is_ok_and(fs::FileType::is_dir);
                let is_link = kind.as_ref().is_ok_and(fs::FileType::is_symlink);
                // What no agent takes is not even looked at.
                if !is_folder && !is_link && !agent.takes(&path) {
                    if is_packed(&path) && agent.takes(&path.with_extension("")) {
                        self.skip(SkipReason::Foreign, &path);
                    }
                    continue;
                }
                let metadata = match fs::metadata(&path) {
                    Ok(metadata) => metadata,
                    Err(error) if is_link && !agent.takes(&path) && is_missing(&error) => continue,
                    Err(error) => {
                        self.skip(reason_of(&error), &path);
                        continue;
                    }
                };
                if metadata.is_dir() {
                    let is_new = id_of(&metadata).is_none_or(|id| self.walked.insert(id));
                    match (is_new, depth < MOST_DEPTH) {
                        (true, true) => waiting.push((path, depth + 1)),
                        (true, false) => self.skip(SkipReason::TooDeep, &path),
                        (false, _) => self.skip(SkipReason::Link, &path),
                    }
                } else if agent.takes(&path) {
                    let has_names = is_link || has_names(&metadata);
                    let id = has_names.then(|| id_of(&metadata)).flatten();
                    match id.is_none_or(|id| self.walked.insert(id)) {
                        true => self.add(agent, path, &metadata),
                        // A thousand links to a large log would be a thousand large logs.
                        false => self.skip(SkipReason::Copy, &path),
                    }
                }
            }
        }
    }

    fn add(&mut self, agent: &dyn Agent, path: PathBuf, metadata: &Metadata) {
        if !metadata.is_file() {
            return self.skip(SkipReason::NoFile, &path);
        }
        if self.files.len() >= MOST_FILES {
            return self.skip(SkipReason::TooMany, &path);
        }
        let key = agent.key(&path);
        let mut found = Found { key, bytes: metadata.len(), modified: modified(metadata), path };
        if let Some(beside) = agent.beside(&found.path).and_then(|path| fs::metadata(path).ok()) {
            found.bytes += beside.len();
            found.modified = found.modified.max(modified(&beside));
        }
        match self.known.entry(key) {
            Entry::Vacant(place) => {
                place.insert(self.files.len());
                self.files.push(found);
            }
            Entry::Occupied(place) => {
                // The longer of two copies is the one that is read on; plain ones count as longer.
                let rank = |it: &Found| (!is_compressed(&it.path), it.bytes);
                let other = &mut self.files[*place.get()];
                if rank(&found) > rank(other) {
                    std::mem::swap(&mut found, other);
                }
                if agent.tells_totals() {
                    // What a copy says would be told twice.
                    return self.skip(SkipReason::Copy, &found.path);
                }
                found.key = hash(found.path.as_os_str().as_encoded_bytes());
                self.files.push(found);
            }
        }
    }

    fn skip(&mut self, reason: SkipReason, path: &Path) {
        self.skipped.add(reason, || path.display().to_string());
    }
}

/// Returns whether a file is compressed, by its name.
pub(super) fn is_compressed(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "zst")
}

/// Returns whether a file is compressed, in whatever way, by its name.
fn is_packed(path: &Path) -> bool {
    let endings = ["gz", "zst", "xz", "bz2", "zip"];
    path.extension().is_some_and(|extension| endings.iter().any(|ending| extension == *ending))
}

/// Returns when a file was written last, in nanoseconds since 1970.
pub(super) fn modified(file: &Metadata) -> i64 {
    let since = file.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    since.map_or(0, |since| i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

pub(super) fn reason_of(error: &io::Error) -> SkipReason {
    match error.kind() {
        io::ErrorKind::NotFound => SkipReason::Vanished,
        io::ErrorKind::PermissionDenied => SkipReason::NoPermission,
        _ if is_loop(error) => SkipReason::Link,
        _ => SkipReason::Unreadable,
    }
}

/// Returns whether a path leads through a link to itself.
#[cfg(unix)]
fn is_loop(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

#[cfg(not(unix))]
fn is_loop(_: &io::Error) -> bool {
    false
}

fn is_missing(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}

#[cfg(unix)]
#[allow(clippy::unnecessary_wraps, reason = "other systems have none")]
fn id_of(folder: &Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((folder.dev(), folder.ino()))
}

#[cfg(not(unix))]
fn id_of(_: &Metadata) -> Option<(u64, u64)> {
    None
}

/// Returns whether a file has several names.
#[cfg(unix)]
fn has_names(file: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    file.nlink() > 1
}

#[cfg(not(unix))]
fn has_names(_: &Metadata) -> bool {
    false
}
