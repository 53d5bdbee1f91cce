//! The segment that is appended to.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::disk::{DiskFile, write_all};
use crate::error::JournalError;
use crate::format::{END_MARK_BYTES, FRAMES_START};
use crate::shared::{FrameOffset, SegmentEpoch};

pub(super) const START: FrameOffset = FrameOffset { offset: FRAMES_START, sequence: 0 };

/// The segment that is appended to, or one that is full and not published yet.
pub(super) struct Current<F> {
    pub(super) epoch: SegmentEpoch,
    pub(super) path: PathBuf,
    pub(super) file: Arc<F>,
    pub(super) seed: u32,
    pub(super) end: FrameOffset,
    /// It is known to be on the disk up to here.
    pub(super) synced: FrameOffset,
    /// Set when writing or syncing failed in a way that may last: the next frame goes elsewhere.
    pub(super) bad: bool,
}

impl<F: DiskFile> Current<F> {
    /// Writes a frame, with the end mark behind it, of so many records. When that fails, nothing of
    /// it is there.
    pub(super) fn write(&mut self, frame: &[u8], records: usize) -> Result<(), JournalError> {
        if let Err(error) = write_all(&*self.file, frame, self.end.offset) {
            // A full disk may have room again, at this very place; other failures may last.
            let error = JournalError::io("write", &self.path, error);
            self.bad = !error.is_full();
            // Takes back what may have been written of it. Where this fails too, whoever reads the
            // segment finds a torn end and says so, unless the next frame overwrites it before.
            drop(write_all(&*self.file, &[0; END_MARK_BYTES], self.end.offset));
            return Err(error);
        }
        self.end.offset += (frame.len() - END_MARK_BYTES) as u64;
        self.end.sequence += records as u64;
        Ok(())
    }

    /// Returns whether all of it is known to be on the disk.
    pub(super) fn is_synced(&self) -> bool {
        self.synced == self.end
    }

    /// Brings all of it to the disk.
    pub(super) fn sync(&mut self) -> Result<(), JournalError> {
        if !self.is_synced() {
            self.file.sync().map_err(|error| JournalError::io("sync", &self.path, error))?;
            self.synced = self.end;
        }
        Ok(())
    }

    /// Takes back what is not known to be on the disk, for good: a sync that failed may have brought
    /// any part of it there, and the next one would say that all is well. Nothing more comes here.
    ///
    /// Every byte is overwritten, or a reader would find the frames behind the first. Only when the
    /// disk fails in this as well, and the power goes off, can what was taken back come again.
    pub(super) fn take_back(&mut self) {
        self.bad = true;
        if self.is_synced() {
            return;
        }
        let end = self.end.offset + END_MARK_BYTES as u64;
        drop(wipe(&*self.file, self.synced.offset, end).and_then(|()| self.file.sync()));
        self.end = self.synced;
    }
}

fn wipe<F: DiskFile>(file: &F, mut offset: u64, end: u64) -> io::Result<()> {
    const ZEROS: [u8; 4096] = [0; 4096];
    while offset < end {
        let length =
            usize::try_from(end - offset).map_or(ZEROS.len(), |left| left.min(ZEROS.len()));
        write_all(file, ZEROS.get(..length).unwrap_or_default(), offset)?;
        offset += length as u64;
    }
    Ok(())
}
