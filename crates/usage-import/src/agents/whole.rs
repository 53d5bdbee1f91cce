//! Files that are read as a whole, since they are written anew with each change.

use std::fs::{self, File};
use std::io::{self, Read};
use std::ops::Deref;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::progress::Progress;
use super::skipped::SkipReason;
use super::told::Told;

/// The largest file that is read, in bytes.
const MAX_FILE: u64 = 256 * 1024 * 1024;

/// The largest file beside a log that is read for what it says of the log.
const MAX_BESIDE: u64 = 64 * 1024 * 1024;

/// From this size on files are read one at a time, whatever the number of threads.
const LARGE: usize = 16 * 1024 * 1024;

/// Held by whoever has a large file in memory.
static LARGE_ONE: Mutex<()> = Mutex::new(());

/// A file as a whole.
pub(super) struct Whole {
    text: Vec<u8>,
    _alone: Option<MutexGuard<'static, ()>>,
}

impl Deref for Whole {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.text
    }
}

/// Reads a log as a whole; `None` for what is too large, which is told. It is read again when it has changed.
pub(super) fn read_whole(
    file: &Path,
    progress: &mut Progress,
    told: &mut Told<'_>,
) -> io::Result<Option<Whole>> {
    let text = read_at_most(file, MAX_FILE)?;
    progress.offset = u64::MAX;
    if text.is_none() {
        told.skip(SkipReason::LongLine);
    }
    Ok(text)
}

/// Reads a file beside a log; nothing, where there is none of use.
pub(super) fn read_beside(file: &Path) -> Vec<u8> {
    read_at_most(file, MAX_BESIDE).ok().flatten().map_or_else(Vec::new, |whole| whole.text)
}

fn read_at_most(file: &Path, most: u64) -> io::Result<Option<Whole>> {
    // Opening a pipe would wait for ever.
    let metadata = fs::metadata(file)?;
    if !metadata.is_file() {
        return Err(io::Error::from(io::ErrorKind::NotFound));
    }
    // Most that are too large say so beforehand.
    if metadata.len() > most {
        return Ok(None);
    }
    let length = usize::try_from(metadata.len()).unwrap_or(0);
    let alone = (length > LARGE).then(|| LARGE_ONE.lock().unwrap_or_else(PoisonError::into_inner));
    let mut text = Vec::with_capacity(length + 1);
    File::open(file)?.take(most + 1).read_to_end(&mut text)?;
    if text.len() as u64 > most {
        return Ok(None);
    }
    let bom = "\u{feff}".as_bytes();
    if text.starts_with(bom) {
        text.drain(..bom.len());
    }
    Ok(Some(Whole { text, _alone: alone }))
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
