//! The appending end.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use usage_core::Record;
use usage_core::sink::LedgerId;

use crate::disk::{Disk, DiskFile, RealDisk, parent, write_all};
use crate::error::JournalError;
use crate::format::{END_MARK_BYTES, Encoder, FRAMES_START, Header, seed};
use crate::options::Options;
use crate::sabotage::{Sabotage, planted};
use crate::segment;
use crate::shared::{Mark, Segment, Shared, Use};
use crate::tail::Tail;

const START: Mark = Mark { offset: FRAMES_START, sequence: 0 };

/// The appending end of a journal. It has one owner, usually a thread of its own; a [`Tail`] reads
/// what it appends.
///
/// When it is dropped, what was appended but not published stays in its files for whoever opens the
/// ledger next.
pub struct Journal<D: Disk = RealDisk> {
    shared: Arc<Shared<D, D::File>>,
    encoder: Encoder,
    current: Current<D::File>,
    /// Segments that are full, of which the tail does not know yet.
    full: Vec<(Use, Mark)>,
}

/// The segment that is appended to.
struct Current<F> {
    used: Use,
    path: PathBuf,
    file: Arc<F>,
    seed: u32,
    end: Mark,
    /// Whether writing failed in a way that may last: the next frame goes elsewhere.
    bad: bool,
}

impl<D: Disk> Journal<D> {
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
    ) -> Result<(Self, Tail<D>), JournalError> {
        disk.create_folder(folder).map_err(|error| JournalError::io("create", folder, error))?;
        if options.sync {
            let parent = parent(folder);
            disk.sync_folder(parent).map_err(|error| JournalError::io("sync", parent, error))?;
        }
        let shared = Arc::new(Shared::new(disk, folder.to_owned(), ledger, options.fitted()));
        let current = begin(&shared)?;
        let tail = Tail::new(Arc::clone(&shared));
        Ok((Self { shared, encoder: Encoder::default(), current, full: Vec::new() }, tail))
    }

    /// Appends a prefix of `records` as one frame, with one write, and says how many it took: at
    /// least one, if there is one. The tail does not see them before [`Journal::publish`].
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
            self.full.push((self.current.used, self.current.end));
            self.current = next;
        }
        let sync = self.shared.options.sync;
        let current = &mut self.current;
        let frame = self.encoder.seal(current.seed, current.end.sequence, false);
        if let Err(error) = write(&*current.file, frame, current.end.offset, sync) {
            // A full disk may have room again, at this very place; other failures may last.
            let error = JournalError::io("write", &current.path, error);
            current.bad = !error.is_full();
            cut_back(&*current.file, current.end.offset);
            return Err(error);
        }
        current.end.offset += needed - END_MARK_BYTES as u64;
        current.end.sequence += taken as u64;
        Ok(taken)
    }

    /// From now on the tail sees what was appended.
    pub fn publish(&mut self) {
        let mut state = self.shared.state();
        for segment in &mut state.segments {
            if segment.used == self.current.used {
                segment.published = self.current.end;
            } else if let Some(&(_, end)) = self.full.iter().find(|(used, _)| *used == segment.used)
            {
                segment.published = end;
                segment.end = Some(end);
            }
        }
        self.full.clear();
    }

    /// What the journal's segments take on the disk, in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.shared.state().bytes
    }
}

impl<D: Disk> Drop for Journal<D> {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        for segment in &mut state.segments {
            if segment.used == self.current.used {
                segment.end = Some(self.current.end);
            } else if let Some(&(_, end)) = self.full.iter().find(|(used, _)| *used == segment.used)
            {
                segment.end = Some(end);
            }
        }
        state.finished = true;
    }
}

impl<D: Disk> fmt::Debug for Journal<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal")
            .field("folder", &self.shared.folder)
            .field("segment", &self.current.used)
            .field("end", &self.current.end)
            .finish_non_exhaustive()
    }
}

fn write<F: DiskFile>(file: &F, frame: &[u8], offset: u64, sync: bool) -> io::Result<()> {
    write_all(file, frame, offset)?;
    if sync { file.sync() } else { Ok(()) }
}

/// Takes back a frame of which something may have been written. Where this fails too, whoever reads
/// the segment finds a torn end and says so, unless the next frame overwrites it before.
fn cut_back<F: DiskFile>(file: &F, offset: u64) {
    drop(write_all(file, &[0; END_MARK_BYTES], offset));
}

/// Begins a segment: one that was used before, or a new one.
fn begin<D: Disk>(shared: &Shared<D, D::File>) -> Result<Current<D::File>, JournalError> {
    let spare = shared.state().spare.pop();
    let (used, path, file) = match spare {
        Some(spare) => reuse(shared, spare)?,
        None => make(shared)?,
    };
    let current = Current {
        used,
        path: path.clone(),
        file: Arc::clone(&file),
        seed: seed(used.segment, used.generation),
        end: START,
        bad: false,
    };
    let segment = Segment { used, path, file, published: START, end: None, stored: 0 };
    shared.state().segments.push_back(segment);
    Ok(current)
}

type Begun<F> = (Use, PathBuf, Arc<F>);

fn reuse<D: Disk>(
    shared: &Shared<D, D::File>,
    spare: Segment<D::File>,
) -> Result<Begun<D::File>, JournalError> {
    let Use { segment, generation } = spare.used;
    let next = if planted(Sabotage::ForgetGeneration) { generation } else { generation + 1 };
    let size = shared.options.segment_bytes;
    let header = Header::new(segment, shared.ledger, next, size, shared.disk.boot());
    match segment::begin(&*spare.file, header) {
        Ok(()) => Ok((Use { segment, generation: next }, spare.path, spare.file)),
        Err(error) => {
            let error = JournalError::io("write", &spare.path, error);
            shared.state().waste.push(spare);
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
        // Taken before it is made: the tail may ask at any time.
        state.bytes += size;
    }
    match segment::make(disk, folder, *ledger, options) {
        Ok(made) => Ok((Use { segment: made.id, generation: 1 }, made.path, Arc::new(made.file))),
        Err(error) => {
            shared.state().bytes -= size;
            Err(error)
        }
    }
}
