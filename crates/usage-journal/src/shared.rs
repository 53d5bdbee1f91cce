//! What the two ends of a journal have in common.

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
    /// In bytes from the start.
    pub(crate) offset: u64,
    /// How many records come before.
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
    /// Up to where the reader may read.
    pub(crate) published: FrameOffset,
    /// Where it ends for good, once nothing more will be appended.
    pub(crate) end: Option<FrameOffset>,
    /// How many of its records the ledger has.
    pub(crate) stored: u64,
    /// Whether its file failed, and is not to be used again.
    pub(crate) bad: bool,
    /// Whether its file was emptied, or is not where others look for it.
    pub(crate) gone: bool,
    /// Whether it was written anew: the other file may come back, and then the ledger must know it.
    pub(crate) restored: bool,
}

impl<F> Segment<F> {
    /// Whether nothing more comes, and the ledger has everything.
    pub(crate) fn is_done(&self) -> bool {
        self.end.is_some_and(|end| self.stored >= end.sequence)
    }
}

/// The segments of a journal, by what is done with them next. The lock over it is never held while a file is
/// written or the ledger is asked.
#[derive(Debug)]
pub(crate) struct SegmentList<F> {
    /// In the order in which they were begun.
    pub(crate) segments: VecDeque<Segment<F>>,
    /// Used before, stored durably, and ready for their next generation.
    pub(crate) spare: Vec<Segment<F>>,
    /// Stored durably, and waiting for their files to be removed.
    pub(crate) retired: Vec<Segment<F>>,
    /// What all of them take on the disk.
    pub(crate) bytes: u64,
    /// Whether the appending end is gone.
    pub(crate) finished: bool,
}

impl<F> SegmentList<F> {
    /// How many records would be lost with this process, as their file is gone.
    pub(crate) fn at_risk(&self) -> u64 {
        let gone = self.segments.iter().filter(|segment| segment.gone);
        gone.map(|segment| segment.published.sequence.saturating_sub(segment.stored)).sum()
    }
}

/// What the two ends of a journal have in common.
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

    /// Whether a segment's file has all its length: one that was emptied has not.
    pub(crate) fn is_whole(&self, file: &impl DiskFile) -> io::Result<bool> {
        Ok(file.len()? >= self.options.segment_bytes)
    }

    /// A panic at the other end leaves nothing half done here.
    pub(crate) fn state(&self) -> MutexGuard<'_, SegmentList<F>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
