//! Files that are read as a whole, since they are written anew with each change.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use super::progress::Progress;
use super::skipped::SkipReason;
use super::told::Told;

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 256 * 1024 * 1024;

/// The largest file beside a log that is read for what it says of the log.
const MAX_BESIDE: u64 = 64 * 1024 * 1024;

/// Reads a log as a whole; `None` for what is too large, which is told. It is read again when it has changed.
pub(super) fn read_whole(
    file: &Path,
    progress: &mut Progress,
    told: &mut Told<'_>,
) -> io::Result<Option<Vec<u8>>> {
    let text = read_at_most(file, MAX_FILE)?;
    progress.offset = u64::MAX;
    if text.is_none() {
        told.skip(SkipReason::LongLine);
    }
    Ok(text)
}

/// Reads a file beside a log; nothing, where there is none of use.
pub(super) fn read_beside(file: &Path) -> Vec<u8> {
    read_at_most(file, MAX_BESIDE).ok().flatten().unwrap_or_default()
}

fn read_at_most(file: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
    // Opening a pipe would wait for ever.
    if !fs::metadata(file)?.is_file() {
        return Err(io::Error::from(io::ErrorKind::NotFound));
    }
    let mut text = Vec::new();
    File::open(file)?.take(most + 1).read_to_end(&mut text)?;
    if text.len() as u64 > most {
        return Ok(None);
    }
    let bom = "\u{feff}".as_bytes();
    if text.starts_with(bom) {
        text.drain(..bom.len());
    }
    Ok(Some(text))
}

/// Returns the name of the folder that a file lies in, so many levels up: 1 is its own folder.
pub(super) fn folder_name(file: &Path, levels: usize) -> String {
    let folder = file.ancestors().nth(levels).and_then(Path::file_name);
    folder.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Returns a file's name without an ending, empty where it has another one.
pub(super) fn stem<'f>(file: &'f Path, ending: &str) -> &'f str {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.strip_suffix(ending).unwrap_or_default()
}
