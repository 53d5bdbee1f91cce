//! The writer: it appends frames to the current segment, syncs them where that is asked for, and publishes
//! them to the reader. Nothing of a frame is published before it is whole in its file.

mod begin;
mod current;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use usage_core::Record;
use usage_core::sink::LedgerId;

use self::begin::begin;
use self::current::Current;
use crate::check::{JournalCheck, check};
use crate::disk::{Disk, RealDisk, parent};
use crate::error::{JournalError, SyncError};
use crate::format::Encoder;
use crate::options::Options;
use crate::reader::JournalReader;
use crate::shared::Shared;

/// Appends records to a journal. It has one owner, usually a thread of its own; a [`JournalReader`] reads
/// what it appends.
///
/// When it is dropped, what was appended but not published stays in its files for whoever opens the
/// ledger next.
pub struct JournalWriter<D: Disk = RealDisk> {
    shared: Arc<Shared<D, D::File>>,
    encoder: Encoder,
    current: Current<D::File>,
    /// Segments that are full, of which the reader does not know yet, in order.
    full: Vec<Current<D::File>>,
    /// The number of records that were appended since the last time that something was published.
    appended: usize,
}

impl<D: Disk> JournalWriter<D> {
    /// Makes a journal in this folder, which is made where it is missing, with its first segment.
    /// Others may have theirs in the same folder.
    ///
    /// # Errors
    /// When the folder or the segment could not be made.
    pub fn create(
        disk: D,
        folder: &Path,
        ledger: LedgerId,
        options: Options,
    ) -> Result<(Self, JournalReader<D>), JournalError> {
        disk.create_folder(folder, options.access)
            .map_err(|error| JournalError::io("create", folder, error))?;
        // Others may have made it a moment ago. Where the folder above may not be looked into, that
        // matters only to who was promised more.
        let parent = parent(folder);
        let synced = disk.sync_folder(parent);
        if options.sync {
            synced.map_err(|error| JournalError::io("sync", parent, error))?;
        }
        let shared = Arc::new(Shared::new(disk, folder.to_owned(), ledger, options.fitted()));
        let current = begin(&shared)?;
        let reader = JournalReader::new(Arc::clone(&shared));
        Ok((
            Self { shared, encoder: Encoder::default(), current, full: Vec::new(), appended: 0 },
            reader,
        ))
    }

    /// Appends a prefix of `records` as one frame, with one write. Returns how many it took: at
    /// least one, if there is one. The reader does not see them before [`JournalWriter::publish`].
    ///
    /// # Errors
    /// When they could not be written; [`JournalError::is_full`] tells whether for want of space.
    /// Then nothing of them is in the journal, and they may be given again.
    pub fn append(&mut self, records: &[Record]) -> Result<usize, JournalError> {
        if records.is_empty() {
            return Ok(0);
        }
        let options = &self.shared.options;
        let taken = self.encoder.encode(records, options.frame_bytes);
        let needed = self.encoder.frame_len();
        if self.current.bad || self.current.end.offset + needed > options.segment_bytes {
            let next = begin(&self.shared)?;
            self.full.push(std::mem::replace(&mut self.current, next));
        }
        let current = &mut self.current;
        let synced = current.is_synced();
        let frame = self.encoder.seal(current.seed, current.end.sequence, synced);
        current.write(frame, taken)?;
        self.appended += taken;
        Ok(taken)
    }

    /// Syncs all that was appended, at once, so that a power loss does not take it either. Does nothing
    /// without [`Options::sync`].
    ///
    /// # Errors
    /// When it could not be synced. The first [`SyncError::kept`] records of those appended since
    /// the last [`JournalWriter::publish`] are safe and stay; the others are not in the journal any more,
    /// and may be given again, to go to another segment.
    pub fn sync(&mut self) -> Result<(), SyncError> {
        if !self.shared.options.sync {
            return Ok(());
        }
        let mut segments = self.full.iter_mut().chain([&mut self.current]);
        let failed = segments.find_map(|segment| Some((segment.sync().err()?, segment)));
        let Some((source, failed)) = failed else { return Ok(()) };
        // In order: what comes after it goes as well.
        for segment in [failed].into_iter().chain(segments) {
            let before = segment.end.sequence;
            segment.take_back();
            let taken_back = usize::try_from(before - segment.end.sequence).unwrap_or(usize::MAX);
            self.appended = self.appended.saturating_sub(taken_back);
        }
        Err(SyncError { kept: self.appended, source })
    }

    /// Publishes what was appended, with [`Options::sync`] what of it was synced: from now on the reader sees
    /// it.
    pub fn publish(&mut self) {
        let sync = self.shared.options.sync;
        let mut state = self.shared.state();
        for segment in &mut state.segments {
            if segment.epoch == self.current.epoch {
                segment.published = if sync { self.current.synced } else { self.current.end };
                segment.bad = self.current.bad;
            } else if let Some(full) = self.full.iter().find(|full| full.epoch == segment.epoch)
                && (!sync || full.is_synced())
            {
                segment.published = full.end;
                segment.end = Some(full.end);
                segment.bad = full.bad;
            }
        }
        drop(state);
        self.full.retain(|full| sync && !full.is_synced());
        self.appended = 0;
    }

    /// Checks that the files are still where others will find them. A file that was moved away or deleted
    /// is written anew, under its own name; after one that was emptied a new segment is begun. Cheap when
    /// all is well: a few questions to the operating system a segment. To be called when everything
    /// that was appended is published.
    pub fn check(&mut self) -> JournalCheck {
        let (mut checked, restored) = check(&self.shared);
        for (epoch, file) in restored {
            let mut own = self.full.iter_mut().chain([&mut self.current]);
            if let Some(segment) = own.find(|segment| segment.epoch == epoch) {
                segment.file = file;
            }
        }
        let state = self.shared.state();
        let current = state.segments.iter().find(|segment| segment.epoch == self.current.epoch);
        let gone = current.is_some_and(|segment| segment.gone);
        drop(state);
        if gone {
            self.current.bad = true;
            match begin(&self.shared) {
                Ok(next) => {
                    self.full.push(std::mem::replace(&mut self.current, next));
                    // It ends where it was published, and is given up when that is stored or lost.
                    self.publish();
                }
                Err(error) => checked.error = Some(error),
            }
        }
        checked
    }

    /// Returns the space that the journal's segments take on the disk, in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.shared.state().bytes
    }
}

impl<D: Disk> Drop for JournalWriter<D> {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        for segment in &mut state.segments {
            if segment.epoch == self.current.epoch {
                segment.end = Some(self.current.end);
            } else if let Some(full) = self.full.iter().find(|full| full.epoch == segment.epoch) {
                segment.end = Some(full.end);
            }
        }
        state.finished = true;
    }
}

impl<D: Disk> fmt::Debug for JournalWriter<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JournalWriter")
            .field("folder", &self.shared.folder)
            .field("segment", &self.current.epoch)
            .field("end", &self.current.end)
            .finish_non_exhaustive()
    }
}
