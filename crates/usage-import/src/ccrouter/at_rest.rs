//! Noticing that a file changed while it was read as one that does not.

use std::fmt::Write as _;
use std::path::Path;
use std::time::SystemTime;

use super::copied::with_ending;

/// By which a change of the file is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileStamp {
    modified: Option<SystemTime>,
    bytes: Option<u64>,
}

impl FileStamp {
    pub(super) fn of(path: &Path) -> Self {
        let file = path.metadata().ok();
        Self {
            modified: file.as_ref().and_then(|file| file.modified().ok()),
            bytes: file.map(|file| file.len()),
        }
    }

    /// Whether what was read since then was read from a file that nobody has open.
    pub(super) fn still_holds(self, path: &Path) -> bool {
        !with_ending(path, "-wal").exists() && Self::of(path) == self
    }
}

/// Returns a path as SQLite's URI, with parameters for opening it.
pub(super) fn uri(path: &Path, parameters: &str) -> String {
    let mut uri = String::from("file:");
    for &byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' => uri.push(byte.into()),
            _ if byte.is_ascii_alphanumeric() => uri.push(byte.into()),
            // Writing to a string cannot fail.
            _ => drop(write!(uri, "%{byte:02X}")),
        }
    }
    uri + "?" + parameters
}
