//! The list of segments that both ends of a journal share.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use usage_core::sink::{LedgerId, SegmentId};

use crate::disk::DiskFile;
use crate::options::Options;

/// The offset of a frame: a place between two frames of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameOffset {
    /// The offset in bytes from the start of the file.
    pub(crate) offset: u64,
    /// The number of records that come before it.
    pub(crate) sequence: u64,
}

/// A segment in one of its generations: its file is used again, under the next generation, once the ledger has
/// what was in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SegmentEpoch {
    pub(crate) segment: SegmentId,
    pub(crate) generation: u64,
}

/// A segment of this journal.
#[derive(Debug)]
pub(crate) struct Segment<F> {
    pub(crate) epoch: SegmentEpoch,
    pub(crate) path: PathBuf,
    pub(crate) file: Arc<F>,
    /// The reader may read up to here.
    pub(crate) published: FrameOffset,
    /// Its end, once nothing more will be appended.
    pub(crate) end: Option<FrameOffset>,
    /// The number of its records that the ledger has.
    pub(crate) stored: u64,
    /// Set when its file failed: it is not used again.
    pub(crate) bad: bool,
    /// Set when its file was emptied, or is not where others look for it.
    pub(crate) gone: bool,
    /// Set when it was written anew: the other file may come back, and then the ledger must know it.
    pub(crate) restored: bool,
}

impl<F> Segment<F> {
    /// Returns whether nothing more comes, and the ledger has everything.
    pub(crate) fn is_done(&self) -> bool {
        self.end.is_some_and(|end| self.stored >= end.sequence)
    }
}

/// The segments of a journal, by what is done with them next. The lock over it is never held while a file is
/// written or the ledger is asked.
#[derive(Debug)]
pub(crate) struct SegmentList<F> {
    /// The segments in use, in the order in which they were begun.
    pub(crate) segments: VecDeque<Segment<F>>,
    /// Segments that are stored durably, and ready for their next generation.
    pub(crate) spare: Vec<Segment<F>>,
    /// Segments whose files are to be removed.
    pub(crate) retired: Vec<Segment<F>>,
    /// The space that all of them take on the disk, in bytes.
    pub(crate) bytes: u64,
    /// Set once the writer is gone.
    pub(crate) finished: bool,
}

impl<F> SegmentList<F> {
    /// Returns how many records would be lost with this process, as their file is gone.
    pub(crate) fn at_risk(&self) -> u64 {
        let gone = self.segments.iter().filter(|segment| segment.gone);
        gone.map(|segment| segment.published.sequence.saturating_sub(segment.stored)).sum()
    }
}

/// All that the two ends of a journal share.
#[derive(Debug)]
pub(crate) struct Shared<D, F> {
    pub(crate) disk: D,
    pub(crate) folder: PathBuf,
    pub(crate) ledger: LedgerId,
    pub(crate) options: Options,
    state: Mutex<SegmentList<F>>,
}

impl<D, F> Shared<D, F> {
    pub(crate) fn new(disk: D, folder: PathBuf, ledger: LedgerId, options: Options) -> Self {
        let state = SegmentList {
            segments: VecDeque::new(),
            spare: Vec::new(),
            retired: Vec::new(),
            bytes: 0,
            finished: false,
        };
        Self { disk, folder, ledger, options, state: Mutex::new(state) }
    }

    /// Returns whether a segment's file has all its length: one that was emptied has not.
    pub(crate) fn is_whole(&self, file: &impl DiskFile) -> io::Result<bool> {
        Ok(file.len()? >= self.options.segment_bytes)
    }

    /// Locks the list. A panic of the other end leaves nothing half done in it.
    pub(crate) fn state(&self) -> MutexGuard<'_, SegmentList<F>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
