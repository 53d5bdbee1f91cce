//! The files of a log as they lie in its folder: the one that is written, and those that it was before.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::file::FileId;

/// A file that was found.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) id: FileId,
    pub(super) bytes: u64,
    /// The time when it was written last, in nanoseconds.
    pub(super) modified: i64,
}

impl Found {
    /// `None` for what is no file, or cannot be looked at now.
    fn at(path: &Path) -> Option<Self> {
        let file = fs::metadata(path).ok().filter(Metadata::is_file)?;
        let modified = modified(&file);
        Some(Self { path: path.to_owned(), id: FileId::of(&file), bytes: file.len(), modified })
    }

    /// Opens it, if it is still the one that was found.
    pub(super) fn open(&self) -> Option<File> {
        let file = File::open(&self.path).ok()?;
        (FileId::of(&file.metadata().ok()?) == self.id).then_some(file)
    }

    pub(super) fn is_compressed(&self) -> bool {
        self.path.extension().is_some_and(|extension| COMPRESSED.iter().any(|of| extension == *of))
    }
}

/// Returns when a file was written last, in nanoseconds since 1970.
pub(super) fn modified(file: &Metadata) -> i64 {
    let since = file.modified().unwrap_or(SystemTime::UNIX_EPOCH).duration_since(UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

const COMPRESSED: [&str; 4] = ["gz", "bz2", "xz", "zst"];

/// The files of a log in its folder.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// The file that its path leads to; nothing for a moment while it is rotated.
    pub(super) current: Option<Found>,
    /// The files that it was before, the oldest first.
    pub(super) rotated: Vec<Found>,
}

impl Listing {
    pub(super) fn of(path: &Path) -> Self {
        let current = Found::at(path);
        // Dated names behind a link lie where it leads.
        let target = path.canonicalize().ok();
        let mut rotated: Vec<Found> = Vec::new();
        for of in [Some(path), target.as_deref()].into_iter().flatten() {
            let Some(name) = of.file_name() else { continue };
            let folder = of.parent().filter(|folder| !folder.as_os_str().is_empty());
            let entries = fs::read_dir(folder.unwrap_or(Path::new("."))).into_iter().flatten();
            for entry in entries.flatten() {
                if !is_rotated(&entry.file_name(), name) {
                    continue;
                }
                let Some(found) = Found::at(&entry.path()) else { continue };
                let is_known = |other: &Found| other.id == found.id;
                if !current.iter().chain(&rotated).any(is_known) {
                    rotated.push(found);
                }
            }
        }
        rotated.sort_by(|a, b| (a.modified, &b.path).cmp(&(b.modified, &a.path)));
        Self { current, rotated }
    }

    /// Returns whether another one has the same files under the same names.
    pub(super) fn is_as(&self, other: &Self) -> bool {
        self.names() == other.names()
    }

    fn names(&self) -> HashSet<(&Path, FileId)> {
        self.all().map(|found| (found.path.as_path(), found.id)).collect()
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Found> {
        self.rotated.iter().chain(&self.current)
    }
}

/// Returns whether a file would be taken for one of a log's by its name: for the log itself, or for what it was
/// before.
#[must_use]
pub fn may_be_of_log(log: &Path, file: &Path) -> bool {
    let target = log.canonicalize().ok();
    let folder_of = |path: &Path| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        folder.unwrap_or(Path::new(".")).canonicalize().ok()
    };
    [Some(log), target.as_deref()].into_iter().flatten().any(|of| {
        let (Some(name), Some(of_name)) = (file.file_name(), of.file_name()) else { return false };
        folder_of(file) == folder_of(of) && (name == of_name || is_rotated(name, of_name))
    })
}

/// Returns whether a file of that name can be what the log of another name was before: the same name with a number or a
/// time behind it or before its ending, or with another one in their place; compressed or not.
fn is_rotated(name: &OsStr, of: &OsStr) -> bool {
    let (name, of) = (name.to_string_lossy(), of.to_string_lossy());
    let name = COMPRESSED
        .iter()
        .find_map(|ending| name.strip_suffix(ending)?.strip_suffix('.'))
        .unwrap_or(&name);
    if name.strip_prefix(&*of).is_some_and(is_stamp) {
        return true;
    }
    if let Some((stem, ending)) = of.rsplit_once('.')
        && let Some(rest) = name.strip_prefix(stem)
        && rest.strip_suffix(ending).and_then(|rest| rest.strip_suffix('.')).is_some_and(is_stamp)
    {
        return true;
    }
    let without_digits = |name: &str| -> String {
        let mut text = name.replace(|c: char| c.is_ascii_digit(), "0");
        while text.contains("00") {
            text = text.replace("00", "0");
        }
        text
    };
    name != of
        && of.contains(|c: char| c.is_ascii_digit())
        && without_digits(name) == without_digits(&of)
}

/// `.1`, `-20261128`, `_2026-11-28T10:00:00Z`
fn is_stamp(text: &str) -> bool {
    let mut rest = text.chars();
    rest.next().is_some_and(|first| ".-_".contains(first))
        && rest.next().is_some_and(|first| first.is_ascii_digit())
        && rest.all(|c| c.is_ascii_digit() || ".-_:+TZ".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_rotated_files() {
        let is = |name: &str, of: &str| is_rotated(name.as_ref(), of.as_ref());
        for name in [
            "log.ndjson.1",
            "log.ndjson.12.gz",
            "log.ndjson-20261128",
            "log.ndjson.2026-11-28T10:00:00Z",
            "log-2026-11-28T18-30-00.000.ndjson",
            "log.1.ndjson",
        ] {
            assert!(is(name, "log.ndjson"), "{name}");
        }
        for name in [
            "log.ndjson",
            "log.ndjson.rejects",
            "log.ndjson.1.rejects",
            "log",
            "log2.ndjson",
            "x.1",
        ] {
            assert!(!is(name, "log.ndjson"), "{name}");
        }
        assert!(is("app-2026-11-27.log", "app-2026-11-28.log"));
        assert!(is("app-9.log", "app-10.log"));
        assert!(!is("app-2026-11-28.log", "app-2026-11-28.log"));
        assert!(!is("web-2026-11-28.log", "app-2026-11-28.log"));
    }
}
