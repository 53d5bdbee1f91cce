//! The reader: it reads back what the writer has published, gives it to the ledger in batches, and gives the
//! space of what is stored back.

mod recycle;

pub(crate) use recycle::ledger_has;

use std::fmt;
use std::sync::Arc;

use usage_core::sink::{JournalSink, Position, SegmentId};
use usage_core::{Error, ErrorKind, Record};

use crate::check::{JournalCheck, check};
use crate::disk::{Disk, RealDisk};
use crate::error::JournalError;
use crate::scan::{Batch, Delivered, End, Scanner, Source, StoredBatch};
use crate::shared::{FrameOffset, SegmentEpoch, Shared};

/// The number of failures in a row after which what cannot be read is given up as damaged.
const READ_ATTEMPTS: u32 = 3;

/// The epoch of the scanner before it has read anything.
const NONE: SegmentEpoch = SegmentEpoch { segment: SegmentId::from_bytes([0; 16]), generation: 0 };

/// Reads what a [`JournalWriter`](crate::JournalWriter) has published, usually on another thread, stores it, and
/// gives space back.
///
/// When it is dropped without [`JournalReader::close`], everything stays in its files for whoever opens the
/// ledger next.
pub struct JournalReader<D: Disk = RealDisk> {
    shared: Arc<Shared<D, D::File>>,
    /// The segment that is being read.
    at: Option<SegmentEpoch>,
    scanner: Scanner,
    batch: Batch,
    /// Set while the batch is still to be stored.
    is_unstored: bool,
    /// The number of times in a row that reading failed.
    failures: u32,
    /// Segments whose files are gone, but not yet known to be gone for good.
    gone: Vec<SegmentId>,
    /// Segments that the ledger still remembers, and need not.
    forgotten: Vec<SegmentId>,
}

impl<D: Disk> JournalReader<D> {
    pub(crate) fn new(shared: Arc<Shared<D, D::File>>) -> Self {
        Self {
            shared,
            at: None,
            scanner: Scanner::new(Source::own(NONE)),
            batch: Batch::new(),
            is_unstored: false,
            failures: 0,
            gone: Vec::new(),
            forgotten: Vec::new(),
        }
    }

    /// Reads whole frames, all of one segment, until at least `max` records are held. When
    /// something is held already, reads nothing and returns the same as before.
    ///
    /// Returns how many records are held; 1 when that is only damage to be stored; 0 when nothing
    /// that was published is left.
    ///
    /// # Errors
    /// When reading failed. The next call tries again; what cannot be read again and again is
    /// damage in the end.
    pub fn load(&mut self, max: usize) -> Result<usize, JournalError> {
        while !self.is_unstored {
            let Some((epoch, end)) = self.advance() else { return Ok(0) };
            let state = self.shared.state();
            let Some(segment) = state.segments.iter().find(|segment| segment.epoch == epoch) else {
                return Ok(0);
            };
            let (file, path) = (Arc::clone(&segment.file), segment.path.clone());
            drop(state);
            let SegmentEpoch { segment, generation } = epoch;
            let from = Position { generation, sequence: self.scanner.sequence() };
            self.batch.place(segment, path.clone(), from);
            if self.failures >= READ_ATTEMPTS {
                self.scanner.tolerate();
            }
            if let Err(error) = self.batch.fill(&mut self.scanner, &*file, end, max) {
                self.failures += 1;
                return Err(JournalError::io("read", &path, error));
            }
            self.failures = 0;
            self.is_unstored = !self.batch.is_empty();
        }
        Ok(self.batch.records().len().max(1))
    }

    /// Finds what is to be read next: a segment, and how far.
    fn advance(&mut self) -> Option<(SegmentEpoch, End)> {
        let state = self.shared.state();
        let mut segments = state.segments.iter();
        // Segments go from the front only: when the one being read is gone, it was read.
        let at = segments.position(|segment| Some(segment.epoch) == self.at);
        if let Some(segment) = at.and_then(|at| state.segments.get(at)) {
            let end = segment.published;
            if self.scanner.offset() < end.offset {
                let end = End::Known { offset: end.offset, sequence: end.sequence };
                return Some((segment.epoch, end));
            }
            segment.end?;
        }
        let next = state.segments.iter().skip(at.map_or(0, |at| at + 1));
        let next = next
            .into_iter()
            .find(|segment| segment.published.sequence > 0 || segment.end.is_none())?;
        self.at = Some(next.epoch);
        self.scanner.restart(Source::own(next.epoch));
        let FrameOffset { offset, sequence } = next.published;
        (sequence > 0).then_some((next.epoch, End::Known { offset, sequence }))
    }

    /// Returns the records that were read last: still there after they were stored, until the next
    /// [`JournalReader::load`].
    #[must_use]
    pub fn held(&self) -> &[Record] {
        self.batch.records()
    }

    /// Stores what is held, with its position; then it is no longer held to be stored. When nothing
    /// is, does nothing.
    ///
    /// # Errors
    /// When it could not be stored now; it is still held. Of kind [`ErrorKind::Replaced`] also
    /// when the ledger has gone back behind what it had stored: it is an older copy.
    pub fn store(&mut self, sink: &mut dyn JournalSink) -> Result<StoredBatch, Error> {
        if !self.is_unstored {
            return Ok(StoredBatch::default());
        }
        match self.batch.deliver(sink)? {
            Delivered::Stored(step) => {
                self.is_unstored = false;
                let mut state = self.shared.state();
                let at = state.segments.iter_mut().find(|segment| Some(segment.epoch) == self.at);
                if let Some(segment) = at {
                    segment.stored = self.batch.end().sequence;
                }
                Ok(step)
            }
            Delivered::Behind(_) => Err(went_back()),
        }
    }

    /// Does as [`JournalWriter::check`](crate::JournalWriter::check) once the writer is gone; before, finds nothing.
    pub fn check(&mut self) -> JournalCheck {
        let finished = self.shared.state().finished;
        if finished { check(&self.shared).0 } else { JournalCheck::default() }
    }

    /// Returns how many records are published and not stored, and would be lost with this process: see
    /// [`JournalCheck::at_risk`].
    #[must_use]
    pub fn at_risk(&self) -> u64 {
        self.shared.state().at_risk()
    }

    /// Returns the space that the journal's segments take on the disk, in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.shared.state().bytes
    }
}

fn went_back() -> Error {
    Error::new(
        ErrorKind::Replaced,
        "the ledger has less than was stored: an older copy was put in its place",
    )
}

impl<D: Disk> fmt::Debug for JournalReader<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JournalReader")
            .field("folder", &self.shared.folder)
            .field("at", &self.at)
            .field("held", &self.batch.records().len())
            .field("is_unstored", &self.is_unstored)
            .finish_non_exhaustive()
    }
}
