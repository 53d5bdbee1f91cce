//! The files of segments: their names, making one, and getting hold of one.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use usage_core::sink::{LedgerId, SegmentId};

use crate::disk::{Access, Disk, DiskFile, write_all};
use crate::error::JournalError;
use crate::format::{END_MARK_BYTES, HEADERS_BYTES, Header};
use crate::options::Options;

/// The extension of a segment that has its lock and its header.
pub(crate) const EXTENSION: &str = "segment";
/// The extension of one that is still being made.
pub(crate) const UNFINISHED: &str = "new";
/// The extension of one that cannot be read.
pub(crate) const DAMAGED: &str = "damaged";
/// The extension of a foreign file that lay where a segment in use belongs.
pub(crate) const REPLACED: &str = "replaced";

pub(crate) const ATTEMPTS: usize = 8;

/// The kind of a file in a journal's folder, as its name says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SegmentName {
    Segment(SegmentId),
    Unfinished,
}

impl SegmentName {
    pub(crate) fn of(name: &OsStr) -> Option<Self> {
        let (stem, extension) = name.to_str()?.split_once('.')?;
        let id = parse_id(stem)?;
        match extension {
            EXTENSION => Some(Self::Segment(id)),
            UNFINISHED => Some(Self::Unfinished),
            _ => None,
        }
    }
}

fn parse_id(hex: &str) -> Option<SegmentId> {
    let digits = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if hex.len() != 32 || !hex.as_bytes().iter().all(digits) {
        return None;
    }
    let mut bytes = [0; 16];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(SegmentId::from_bytes(bytes))
}

/// A new segment: locked, with its space and its header, under its final name.
#[derive(Debug)]
pub(crate) struct Made<F> {
    pub(crate) id: SegmentId,
    pub(crate) path: PathBuf,
    pub(crate) file: F,
}

/// Makes a segment.
pub(crate) fn make<D: Disk>(
    disk: &D,
    folder: &Path,
    ledger: LedgerId,
    options: &Options,
) -> Result<Made<D::File>, JournalError> {
    for _ in 0..ATTEMPTS {
        let id =
            disk.random().map_err(|error| JournalError::io("name a segment in", folder, error))?;
        let id = SegmentId::from_bytes(id);
        let unfinished = folder.join(format!("{id}.{UNFINISHED}"));
        let Some(file) = create_locked(disk, folder, &unfinished, options.access)? else {
            continue;
        };
        let path = folder.join(format!("{id}.{EXTENSION}"));
        let size = options.segment_bytes;
        let header = Header::new(id, ledger, 1, size, disk.boot());
        let finished = finish(disk, folder, (&unfinished, &path), &file, header);
        if let Err(error) = finished {
            // Under whichever name it is; if this fails too, somebody's replay removes it.
            drop(disk.remove(&unfinished));
            drop(disk.remove(&path));
            return Err(error);
        }
        return Ok(Made { id, path, file });
    }
    let error = io::Error::other("whatever is created there is removed at once");
    Err(JournalError::io("create a segment in", folder, error))
}

/// Creates and locks a file. Returns `None` when somebody took it for a leftover in between.
pub(crate) fn create_locked<D: Disk>(
    disk: &D,
    folder: &Path,
    path: &Path,
    access: Access,
) -> Result<Option<D::File>, JournalError> {
    let file = match disk.create_new(path, access) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // Whoever found the folder empty has removed it.
            let made = disk.create_folder(folder, access);
            return made.map(|()| None).map_err(|error| JournalError::io("create", folder, error));
        }
        Err(error) => return Err(JournalError::io("create", path, error)),
    };
    let locked = file.try_lock().and_then(|locked| Ok(locked && is_at(disk, path, &file)?));
    match locked {
        Ok(true) => Ok(Some(file)),
        Ok(false) => Ok(None),
        Err(error) => {
            drop(disk.remove(path));
            Err(JournalError::io("lock", path, error))
        }
    }
}

fn finish<D: Disk>(
    disk: &D,
    folder: &Path,
    (unfinished, path): (&Path, &Path),
    file: &D::File,
    header: Header,
) -> Result<(), JournalError> {
    file.allocate(header.size).map_err(|error| JournalError::io("allocate", unfinished, error))?;
    begin(file, header).map_err(|error| JournalError::io("write", unfinished, error))?;
    // Before it has its name: what is called a segment has a header, whatever happens.
    file.sync().map_err(|error| JournalError::io("sync", unfinished, error))?;
    disk.rename(unfinished, path).map_err(|error| JournalError::io("rename", unfinished, error))?;
    disk.sync_folder(folder).map_err(|error| JournalError::io("sync", folder, error))
}

/// Writes the header with the end mark behind it, in one piece, so that nothing older follows it.
pub(crate) fn begin<F: DiskFile>(file: &F, header: Header) -> io::Result<()> {
    let mut bytes = [0; HEADERS_BYTES + END_MARK_BYTES];
    bytes[..HEADERS_BYTES].copy_from_slice(&header.to_bytes());
    write_all(file, &bytes, 0)
}

/// The result of locking a file that another process made.
#[derive(Debug)]
pub(crate) enum LockResult<F> {
    /// This process holds the lock now.
    Locked(F),
    /// Its owner holds the lock: a running process writes to it.
    HeldByOwner,
    /// The file is gone, or another one lies at its path.
    Gone,
}

/// Opens and locks the file at `path`.
pub(crate) fn lock<D: Disk>(disk: &D, path: &Path) -> io::Result<LockResult<D::File>> {
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            disk.pause();
        }
        // Opened again each time: that is how the shared lock below is let go.
        let file = match disk.open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(LockResult::Gone),
            Err(error) => return Err(error),
        };
        if file.try_lock()? {
            let there = is_at(disk, path, &file)?;
            return Ok(if there { LockResult::Locked(file) } else { LockResult::Gone });
        }
        // Only an owner keeps it from being shared. A reader's lock is short, and worth a wait.
        if !file.try_lock_shared()? {
            break;
        }
    }
    Ok(LockResult::HeldByOwner)
}

/// Returns whether the path leads to this very file.
pub(crate) fn is_at<D: Disk>(disk: &D, path: &Path, file: &D::File) -> io::Result<bool> {
    match disk.identity(path) {
        Ok(identity) => Ok(identity == file.identity()?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Removes the file, if the path leads to this very one. Returns `false` when somebody has moved it away
/// and may bring it back; another file that lies there now is left alone.
pub(crate) fn remove_own<D: Disk>(disk: &D, path: &Path, file: &D::File) -> io::Result<bool> {
    if !is_at(disk, path, file)? {
        return Ok(false);
    }
    match disk.remove(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        removed => removed.map(|()| true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reused file shows nothing of its last generation behind the new header.
    #[test]
    fn a_segment_begins_with_a_clean_end() {
        let file = tempfile::tempfile().unwrap();
        write_all(&file, &[0xF7; 200], 0).unwrap();
        let (segment, ledger) = (SegmentId::from_bytes([1; 16]), LedgerId::from_bytes([2; 16]));
        let header = Header::new(segment, ledger, 2, 200, 0);
        begin(&file, header).unwrap();
        let mut bytes = [1; 200];
        assert_eq!(crate::disk::read_full(&file, &mut bytes, 0).unwrap(), 200);
        assert_eq!(bytes[..HEADERS_BYTES], header.to_bytes());
        assert_eq!(bytes[HEADERS_BYTES..HEADERS_BYTES + END_MARK_BYTES], [0; END_MARK_BYTES]);
    }

    #[test]
    fn only_full_names_are_segments() {
        let id = "00112233445566778899aabbccddeeff";
        let named = |name: &str| SegmentName::of(OsStr::new(name));
        let segment = named(&format!("{id}.segment"));
        assert!(matches!(segment, Some(SegmentName::Segment(found)) if found.to_string() == id));
        assert_eq!(named(&format!("{id}.new")), Some(SegmentName::Unfinished));
        for other in ["", ".segment", "x.segment", &format!("{id}.segment.bak"), &id.to_uppercase()]
        {
            assert_eq!(named(other), None, "{other}");
        }
    }
}
