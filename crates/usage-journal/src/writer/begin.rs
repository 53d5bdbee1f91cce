//! Beginning a segment: one that was used before, or a new one. Either way there is a header on the
//! disk before a record follows, so that a power loss never leaves one that cannot be read.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::current::{Current, START};
use crate::disk::Disk;
use crate::error::JournalError;
use crate::format::{Header, seed};
use crate::segment::{self, is_at};
use crate::shared::{Segment, SegmentEpoch, Shared};

/// Begins a segment: one that was used before, or a new one.
pub(super) fn begin<D: Disk>(
    shared: &Shared<D, D::File>,
) -> Result<Current<D::File>, JournalError> {
    let (epoch, path, file) = loop {
        let spare = shared.state().spare.pop();
        match spare {
            // Somebody has taken it away or emptied it meanwhile.
            Some(spare) if !is_usable(shared, &spare).unwrap_or(false) => {
                shared.state().retired.push(spare);
            }
            Some(spare) => break reuse(shared, spare)?,
            None => break make(shared)?,
        }
    };
    let current = Current {
        epoch,
        path: path.clone(),
        file: Arc::clone(&file),
        seed: seed(epoch.segment, epoch.generation),
        end: START,
        synced: START,
        bad: false,
    };
    let segment = Segment {
        epoch,
        path,
        file,
        published: START,
        end: None,
        stored: 0,
        bad: false,
        gone: false,
        restored: false,
    };
    shared.state().segments.push_back(segment);
    Ok(current)
}

fn is_usable<D: Disk>(shared: &Shared<D, D::File>, spare: &Segment<D::File>) -> io::Result<bool> {
    Ok(is_at(&shared.disk, &spare.path, &*spare.file)? && shared.is_whole(&*spare.file)?)
}

type Begun<F> = (SegmentEpoch, PathBuf, Arc<F>);

fn reuse<D: Disk>(
    shared: &Shared<D, D::File>,
    spare: Segment<D::File>,
) -> Result<Begun<D::File>, JournalError> {
    let SegmentEpoch { segment, generation } = spare.epoch;
    let next = generation + 1;
    let size = shared.options.segment_bytes;
    let header = Header::new(segment, shared.ledger, next, size, shared.disk.boot());
    // Not synced by itself: a power loss leaves this header or the one before, and of that generation
    // the ledger has everything durably.
    match segment::begin(&*spare.file, header) {
        Ok(()) => Ok((SegmentEpoch { segment, generation: next }, spare.path, spare.file)),
        Err(error) => {
            let error = JournalError::io("write", &spare.path, error);
            shared.state().retired.push(spare);
            Err(error)
        }
    }
}

fn make<D: Disk>(shared: &Shared<D, D::File>) -> Result<Begun<D::File>, JournalError> {
    let Shared { disk, folder, ledger, options, .. } = shared;
    let size = options.segment_bytes;
    {
        let mut state = shared.state();
        if state.bytes + size > options.max_bytes {
            let (folder, bytes) = (folder.clone(), state.bytes);
            return Err(JournalError::Full { folder, bytes, max_bytes: options.max_bytes });
        }
        // Taken before it is made: the reader may ask at any time.
        state.bytes += size;
    }
    match segment::make(disk, folder, *ledger, options) {
        Ok(made) => {
            Ok((SegmentEpoch { segment: made.id, generation: 1 }, made.path, Arc::new(made.file)))
        }
        Err(error) => {
            shared.state().bytes -= size;
            Err(error)
        }
    }
}
