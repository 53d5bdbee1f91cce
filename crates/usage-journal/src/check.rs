//! Checking that the files of a journal are still where others will look for them. An open file can be
//! written and read after it was deleted or moved away, but nobody finds what lies in it later.

use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::disk::{Disk, DiskFile, write_all};
use crate::error::JournalError;
use crate::segment::{self, create_locked, is_at};
use crate::shared::{SegmentEpoch, Shared};

/// The most foreign files that are kept beside one segment.
const MOST_REPLACED: u32 = 1_000;

/// The result of checking the files of a journal.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct JournalCheck {
    /// The number of segments that were not where they should be, and were written there anew: nothing is
    /// lost.
    pub restored: u64,
    /// The number of records that are published and not stored, and would be lost with this process: their
    /// file was emptied, or is gone and cannot be written anew now.
    pub at_risk: u64,
    /// The fault that was found, mended or not; the last of several.
    pub error: Option<JournalError>,
}

/// A segment whose file was written anew.
type Restored<F> = (SegmentEpoch, Arc<F>);

/// Looks at every segment that is in use, and writes those anew that are gone. Nobody may append
/// meanwhile.
pub(crate) fn check<D: Disk>(
    shared: &Shared<D, D::File>,
) -> (JournalCheck, Vec<Restored<D::File>>) {
    let (mut checked, mut restored) = (JournalCheck::default(), Vec::new());
    let looked: Vec<_> = {
        let state = shared.state();
        let segments = state.segments.iter().filter(|segment| !segment.is_done());
        segments.map(|at| (at.epoch, at.path.clone(), Arc::clone(&at.file))).collect()
    };
    for (epoch, path, file) in looked {
        let gone = match is_at(&shared.disk, &path, &*file) {
            // Who keeps us from looking keeps others too.
            Err(error) => Some(JournalError::io("look for", &path, error)),
            Ok(true) => match shared.is_whole(&*file) {
                Ok(true) => None,
                Ok(false) => {
                    let error = io::Error::other("it was emptied while it was open");
                    Some(JournalError::io("rely on", &path, error))
                }
                Err(error) => Some(JournalError::io("read", &path, error)),
            },
            Ok(false) => {
                let error = io::Error::other("it was moved away or deleted while it was open");
                checked.error = Some(JournalError::io("find", &path, error));
                match restore(shared, epoch, &path, &*file) {
                    Ok(Some(file)) => {
                        checked.restored += 1;
                        restored.push((epoch, file));
                        None
                    }
                    // The reader has given it up in between.
                    Ok(None) => None,
                    Err(error) => Some(error),
                }
            }
        };
        let mut state = shared.state();
        if let Some(segment) = state.segments.iter_mut().find(|segment| segment.epoch == epoch) {
            segment.gone = gone.is_some();
        }
        drop(state);
        checked.error = gone.or(checked.error);
    }
    checked.at_risk = shared.state().at_risk();
    (checked, restored)
}

/// Writes a segment anew, under its own name: with its id and its generation, so that the ledger's
/// position goes on to hold, here and wherever the other file has gone.
fn restore<D: Disk>(
    shared: &Shared<D, D::File>,
    epoch: SegmentEpoch,
    path: &Path,
    file: &D::File,
) -> Result<Option<Arc<D::File>>, JournalError> {
    let Shared { disk, folder, options, .. } = shared;
    if !shared.is_whole(file).map_err(|error| JournalError::io("read", path, error))? {
        let error = io::Error::other("it was emptied, and moved away or deleted");
        return Err(JournalError::io("find", path, error));
    }
    let unfinished = path.with_extension(segment::UNFINISHED);
    let mut created = None;
    for _ in 0..segment::ATTEMPTS {
        created = create_locked(disk, folder, &unfinished, options.access)?;
        if created.is_some() {
            break;
        }
    }
    let Some(copy) = created else {
        let error = io::Error::from(io::ErrorKind::AlreadyExists);
        return Err(JournalError::io("create", &unfinished, error));
    };
    let written = copy_all(file, &copy, options.segment_bytes)
        .map_err(|error| JournalError::io("write", &unfinished, error));
    // The reader removes files of segments that it has taken out of the list, and no others: so what
    // was stored, and given up, does not come back here.
    let mut state = shared.state();
    let segment = state.segments.iter_mut().find(|segment| segment.epoch == epoch);
    let (Ok(()), Some(segment)) = (&written, segment) else {
        drop(state);
        drop(disk.remove(&unfinished));
        return written.map(|()| None);
    };
    let placed = rename_foreign_file(disk, path).and_then(|()| {
        let renamed = disk.rename(&unfinished, path);
        renamed.map_err(|error| JournalError::io("rename", &unfinished, error))
    });
    if let Err(error) = placed {
        drop(state);
        drop(disk.remove(&unfinished));
        return Err(error);
    }
    let copy = Arc::new(copy);
    segment.file = Arc::clone(&copy);
    segment.restored = true;
    drop(state);
    disk.sync_folder(folder).map_err(|error| JournalError::io("sync", folder, error))?;
    Ok(Some(copy))
}

/// Gives what lies at a path another name, one that nothing has: whatever it is, it is somebody's.
fn rename_foreign_file<D: Disk>(disk: &D, path: &Path) -> Result<(), JournalError> {
    let is_free = |path: &Path| is_nothing_at(disk, path);
    if is_free(path) {
        return Ok(());
    }
    let first = path.with_extension(segment::REPLACED);
    let numbered = (1..MOST_REPLACED).map(|number| first.with_added_extension(number.to_string()));
    let Some(renamed) = [first.clone()].into_iter().chain(numbered).find(|path| is_free(path))
    else {
        let error = io::Error::from(io::ErrorKind::AlreadyExists);
        return Err(JournalError::io("rename to", &first, error));
    };
    match disk.rename(path, &renamed) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(JournalError::io("rename", path, error))
        }
        // Or gone by itself.
        _ => Ok(()),
    }
}

fn is_nothing_at<D: Disk>(disk: &D, path: &Path) -> bool {
    matches!(disk.identity(path), Err(error) if error.kind() == io::ErrorKind::NotFound)
}

fn copy_all<F: DiskFile>(from: &F, to: &F, size: u64) -> io::Result<()> {
    to.allocate(size)?;
    let mut bytes = vec![0; 64 * 1024];
    let mut offset = 0;
    while offset < size {
        let read = crate::disk::read_full(from, &mut bytes, offset)?;
        let piece = bytes.get(..read).unwrap_or_default();
        if piece.is_empty() {
            break;
        }
        // What was never written is zeros there as well.
        if piece.iter().any(|&byte| byte != 0) {
            write_all(to, piece, offset)?;
        }
        offset += read as u64;
    }
    to.sync()
}
