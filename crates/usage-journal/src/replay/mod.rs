//! The replay: storing what stopped processes left in their segments, whose files are removed once the
//! ledger has them durably.

mod abandoned;

use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use usage_core::Error;
use usage_core::sink::{JournalSink, LedgerId, SegmentId};

use crate::disk::{Disk, sync_removals};
use crate::error::{Found, JournalError};
use crate::reader::ledger_has;
use crate::scan::StoredBatch;
use crate::segment::{LockResult, SegmentName, lock, remove_own};
use abandoned::{AbandonedSegment, Opened};
pub(crate) use abandoned::{is_blank, read_headers};

/// The number of segments that are stored before the ledger is made durable and their files are removed:
/// each of them is an open file.
const REMOVED_AT_ONCE: usize = 16;

/// The result of a replay.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Replayed {
    /// Segments that are wholly stored now.
    pub segments: u64,
    /// Records stored now.
    pub stored: u64,
    /// Records that told more of events that the ledger knew.
    pub amended: u64,
    /// Records whose event the ledger knew, and that say nothing new of it.
    pub duplicates: u64,
    /// Records that the ledger refuses for what they hold.
    pub refused: u64,
    /// Records that somebody else stored in the meantime.
    pub already: u64,
    /// Records that are known to be missing, by their sequence numbers.
    pub lost: u64,
    /// The pieces that could not be read, as they were handed to the ledger.
    pub damage: Vec<Found>,
    /// Segments that belong to a running process: left alone.
    pub live: u64,
    /// Segments of another ledger: left as they are.
    pub foreign: Vec<PathBuf>,
    /// Segments of a newer format, or in which a newer program's records come next: what this one
    /// can read of them is stored, and they are left as they are.
    pub newer: Vec<PathBuf>,
    /// Segments whose headers are both unreadable, under the names that they were given: nothing
    /// looks at them again.
    pub unreadable: Vec<PathBuf>,
    /// Segments that the operating system would not let be read or removed, or the folder that it would not
    /// let be listed. They are left to the next replay; nothing of them is stored twice.
    pub failed: Vec<JournalError>,
    /// Set when `watch` ended it early.
    pub interrupted: bool,
}

impl Replayed {
    fn add(&mut self, step: StoredBatch) {
        self.stored += step.outcome.stored;
        self.amended += step.outcome.amended;
        self.duplicates += step.outcome.duplicates;
        self.refused += step.outcome.refused.len() as u64;
        self.already += step.already;
        self.lost += step.lost;
        self.damage.extend(step.damage);
    }
}

/// Stores what others left in this folder: every segment whose owner is gone and which belongs to
/// this ledger, in batches of about `max_batch` records. `watch` is called after each batch and may
/// end it; what was stored stays so.
///
/// A folder that cannot be listed, and files that cannot be read, or belong elsewhere, are reported in the
/// answer and are no errors; a
/// folder that is missing has nothing in it. Several processes may do this at once.
///
/// # Errors
/// When the ledger could not be read or written. What was not stored is still there.
pub fn replay<D: Disk>(
    disk: &D,
    folder: &Path,
    sink: &mut dyn JournalSink,
    max_batch: usize,
    watch: &mut dyn FnMut(&Replayed) -> ControlFlow<()>,
) -> Result<Replayed, Error> {
    let mut names = match disk.list(folder) {
        Ok(names) => names,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Replayed::default()),
        Err(error) => {
            let failed = vec![JournalError::io("list", folder, error)];
            return Ok(Replayed { failed, ..Replayed::default() });
        }
    };
    names.sort();
    let ledger = sink.ledger_id()?;
    let mut run =
        Run { disk, folder, ledger, sink, watch, replayed: Replayed::default(), done: Vec::new() };
    for name in names {
        let path = folder.join(&name);
        match SegmentName::of(&name) {
            Some(SegmentName::Segment(id)) => run.segment(id, path, max_batch)?,
            Some(SegmentName::Unfinished) => run.unfinished(&path),
            None => {}
        }
        if run.replayed.interrupted {
            break;
        }
    }
    run.remove_done()?;
    // Not empty when others have something in it.
    drop(disk.remove_folder(folder));
    Ok(run.replayed)
}

struct Run<'a, D: Disk> {
    disk: &'a D,
    folder: &'a Path,
    ledger: LedgerId,
    sink: &'a mut dyn JournalSink,
    watch: &'a mut dyn FnMut(&Replayed) -> ControlFlow<()>,
    replayed: Replayed,
    done: Vec<Done<D::File>>,
}

/// A segment that is wholly stored, still locked.
struct Done<F> {
    id: SegmentId,
    generation: u64,
    /// The number of its records that the ledger must have.
    sequence: u64,
    path: PathBuf,
    locked: F,
}

impl<D: Disk> Run<'_, D> {
    fn segment(&mut self, id: SegmentId, path: PathBuf, max_batch: usize) -> Result<(), Error> {
        let file = match lock(self.disk, &path) {
            Ok(LockResult::Locked(file)) => file,
            Ok(LockResult::HeldByOwner) => {
                self.replayed.live += 1;
                return Ok(());
            }
            Ok(LockResult::Gone) => return Ok(()),
            Err(error) => {
                self.replayed.failed.push(JournalError::io("lock", &path, error));
                return Ok(());
            }
        };
        let mut segment = match AbandonedSegment::open(self.disk, &path, &file, id, self.ledger) {
            Ok(Opened::Readable(segment)) => segment,
            Ok(Opened::Foreign) => {
                self.replayed.foreign.push(path);
                return Ok(());
            }
            Ok(Opened::Newer) => {
                self.replayed.newer.push(path);
                return Ok(());
            }
            Ok(Opened::Blank) => {
                let locked = Done { id, generation: 0, sequence: 0, path, locked: file };
                self.done.push(locked);
                return Ok(());
            }
            Ok(Opened::Unreadable(renamed)) => {
                self.replayed.unreadable.push(renamed);
                return Ok(());
            }
            Err(error) => {
                self.replayed.failed.push(error);
                return Ok(());
            }
        };
        segment.seek(self.sink.position(id)?);
        while let Some(step) = segment.step(&file, self.sink, max_batch)? {
            self.replayed.add(step);
            if (self.watch)(&self.replayed).is_break() {
                self.replayed.interrupted = true;
                return Ok(());
            }
        }
        if segment.is_newer_behind() {
            self.replayed.newer.push(path);
            return Ok(());
        }
        let (generation, sequence) = (segment.generation(), segment.sequence());
        self.done.push(Done { id, generation, sequence, path, locked: file });
        if self.done.len() >= REMOVED_AT_ONCE { self.remove_done() } else { Ok(()) }
    }

    /// Removes a file whose maker died before it was a segment.
    fn unfinished(&mut self, path: &Path) {
        let removed = match lock(self.disk, path) {
            Ok(LockResult::Locked(_locked)) => self.disk.remove(path),
            Ok(LockResult::HeldByOwner | LockResult::Gone) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = removed {
            self.replayed.failed.push(JournalError::io("remove", path, error));
        }
    }

    /// Makes the ledger durable, and then removes the files of what is wholly stored; their
    /// positions last, see `JournalReader::recycle`.
    fn remove_done(&mut self) -> Result<(), Error> {
        if self.done.is_empty() {
            return Ok(());
        }
        self.sink.make_durable()?;
        let mut gone = Vec::new();
        for done in self.done.drain(..) {
            // If the ledger was put back in the meantime, the next replay stores it again.
            if done.sequence > 0 && !ledger_has(self.sink, done.id, done.generation, done.sequence)?
            {
                continue;
            }
            match remove_own(self.disk, &done.path, &done.locked) {
                Ok(true) => gone.push(done.id),
                // Moved away, and it may come back: the ledger must know it then.
                Ok(false) => {}
                Err(error) => {
                    self.replayed.failed.push(JournalError::io("remove", &done.path, error));
                }
            }
            self.replayed.segments += 1;
        }
        match sync_removals(self.disk, self.folder) {
            Ok(()) => gone.into_iter().try_for_each(|id| self.sink.forget(id)),
            Err(error) => {
                self.replayed.failed.push(JournalError::io("sync", self.folder, error));
                Ok(())
            }
        }
    }
}
