//! Giving space back: a segment whose records the ledger has durably is used again or removed.

use usage_core::Error;
use usage_core::sink::{JournalSink, Position, SegmentId};

use super::{JournalReader, went_back};
use crate::disk::{Disk, sync_removals};
use crate::error::JournalError;
use crate::segment::remove_own;
use crate::shared::{SegmentEpoch, SegmentList, Shared};

/// The number of segments that are kept ready to be used again.
const SPARE: usize = 2;

/// A segment whose records the ledger must have, and their number.
type Promised = (SegmentEpoch, u64);

impl<D: Disk> JournalReader<D> {
    /// Makes the ledger durable when whole segments have been stored, and then uses them again or
    /// deletes them. Cheap when there are none.
    ///
    /// # Errors
    /// When the ledger could not be made durable, or a file could not be removed. What is left is
    /// tried again by the next call. Of kind
    /// [`Replaced`](usage_core::ErrorKind::Replaced) also when the ledger has gone back
    /// behind what it had stored.
    pub fn recycle(&mut self, sink: &mut dyn JournalSink) -> Result<(), Error> {
        let done = self.done();
        if !done.is_empty() {
            make_durable(&done, sink)?;
            self.take(&done, SPARE);
        }
        self.clean(sink)
    }

    /// Ends the journal. Segments that are wholly stored are made durable and deleted, and the folder too when
    /// nothing else is in it. The others stay for whoever opens the ledger next.
    ///
    /// Drop the [`JournalWriter`](crate::JournalWriter) first: the segment that it appends to is not touched.
    ///
    /// # Errors
    /// As [`JournalReader::recycle`]; then what is stored is left as well, which does no harm.
    pub fn close(mut self, sink: &mut dyn JournalSink) -> Result<(), Error> {
        let done = self.done();
        // What was never used needs no ledger to be given up.
        let (unused, used): (Vec<_>, Vec<_>) =
            done.into_iter().partition(|(epoch, records)| epoch.generation == 1 && *records == 0);
        self.take(&unused, 0);
        let durable = if used.is_empty() { Ok(()) } else { make_durable(&used, sink) };
        if durable.is_ok() {
            self.take(&used, 0);
        }
        {
            let mut state = self.shared.state();
            let spare = std::mem::take(&mut state.spare);
            state.retired.extend(spare);
        }
        let cleaned = self.clean(sink);
        // Not empty when others have something in it.
        drop(self.shared.disk.remove_folder(&self.shared.folder));
        durable.and(cleaned)
    }

    /// Returns the segments that nothing more will come to and that the ledger has.
    fn done(&self) -> Vec<Promised> {
        let state = self.shared.state();
        let done = state.segments.iter().filter(|segment| segment.is_done());
        done.map(|segment| (segment.epoch, segment.end.map_or(0, |end| end.sequence))).collect()
    }

    /// Takes segments out of use; `spare` of them are kept for the next generation.
    fn take(&self, done: &[Promised], spare: usize) {
        let mut state = self.shared.state();
        let spare = if state.finished { 0 } else { spare };
        let SegmentList { segments, spare: spares, retired, .. } = &mut *state;
        for (epoch, _) in done {
            let at = segments.iter().position(|segment| segment.epoch == *epoch);
            let Some(segment) = at.and_then(|at| segments.remove(at)) else { continue };
            let whole = !segment.bad && !segment.gone && !segment.restored;
            let reusable = whole && spares.len() < spare;
            if reusable { spares.push(segment) } else { retired.push(segment) }
        }
    }

    /// Removes the files of segments that are out of use, and then their positions: the other way
    /// round, a crash between the two would store them again. Between them the folder is synced,
    /// or a power loss could bring the files back.
    fn clean(&mut self, sink: &mut dyn JournalSink) -> Result<(), Error> {
        self.remove()?;
        while let Some(&segment) = self.forgotten.last() {
            sink.forget(segment)?;
            self.forgotten.pop();
        }
        Ok(())
    }

    fn remove(&mut self) -> Result<(), JournalError> {
        let Shared { disk, folder, options, .. } = &*self.shared;
        loop {
            let Some(segment) = self.shared.state().retired.pop() else { break };
            match remove_own(disk, &segment.path, &segment.file) {
                Err(error) => {
                    let error = JournalError::io("remove", &segment.path, error);
                    self.shared.state().retired.push(segment);
                    return Err(error);
                }
                Ok(removed) => {
                    self.shared.state().bytes -= options.segment_bytes;
                    // Another file of this segment may come back: the ledger must know it then.
                    if removed && !segment.restored {
                        self.gone.push(segment.epoch.segment);
                    }
                }
            }
        }
        if !self.gone.is_empty() {
            sync_removals(disk, folder).map_err(|error| JournalError::io("sync", folder, error))?;
            self.forgotten.append(&mut self.gone);
        }
        Ok(())
    }
}

/// Makes sure that a power loss takes nothing of these segments from the ledger.
fn make_durable(done: &[Promised], sink: &mut dyn JournalSink) -> Result<(), Error> {
    sink.make_durable()?;
    for (epoch, records) in done.iter().filter(|(_, records)| *records > 0) {
        if !ledger_has(sink, epoch.segment, epoch.generation, *records)? {
            return Err(went_back());
        }
    }
    Ok(())
}

/// Returns whether the ledger has as many records of this generation, or a newer one.
pub(crate) fn ledger_has(
    sink: &mut dyn JournalSink,
    segment: SegmentId,
    generation: u64,
    records: u64,
) -> Result<bool, Error> {
    let end = Position { generation, sequence: records };
    Ok(sink.position(segment)? >= Some(end))
}
