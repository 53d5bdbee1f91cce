//! A segment whose owner is gone.

use std::io;
use std::path::{Path, PathBuf};

use usage_core::sink::{Damage, JournalSink, LedgerId, Position, SegmentId};
use usage_core::{Error, ErrorKind};

use crate::disk::{Disk, DiskFile, read_full};
use crate::error::JournalError;
use crate::format::{HEADERS_BYTES, Header, Headers, HeadersError};
use crate::scan::StoredBatch;
use crate::scan::{Batch, Delivered, End, Scanner, Source};
use crate::segment::DAMAGED;

const READ_ATTEMPTS: u32 = 3;
/// The most times that the ledger may go back while one segment is stored.
const MOST_RETURNS: u32 = 8;
/// A longer file is never called blank: a hole has any length, and takes a day to be read.
const MOST_BLANK_BYTES: u64 = 64 * 1024 * 1024;

/// A segment whose owner is gone, being read.
pub(super) struct AbandonedSegment {
    header: Header,
    source: Source,
    path: PathBuf,
    end: End,
    header_damage: Option<Damage>,
    scanner: Scanner,
    batch: Batch,
    /// Set when nothing is left.
    ended: bool,
    /// Set when only a newer program can read what comes then.
    newer: bool,
    returns: u32,
}

/// The result of opening a file: what it turned out to be.
pub(super) enum Opened {
    Readable(Box<AbandonedSegment>),
    Foreign,
    Newer,
    /// Nothing was ever written to it, not even its header.
    Blank,
    /// It was renamed to this.
    Unreadable(PathBuf),
}

impl AbandonedSegment {
    pub(super) fn open<D: Disk>(
        disk: &D,
        path: &Path,
        file: &D::File,
        id: SegmentId,
        ledger: LedgerId,
    ) -> Result<Opened, JournalError> {
        let (headers, len) =
            read_headers(file).map_err(|error| JournalError::io("read", path, error))?;
        let Headers { header, damage } = match headers {
            Ok(headers) => headers,
            Err(HeadersError::Newer) => return Ok(Opened::Newer),
            Err(HeadersError::Unreadable)
                if is_blank(file, len)
                    .map_err(|error| JournalError::io("read", path, error))? =>
            {
                return Ok(Opened::Blank);
            }
            Err(HeadersError::Unreadable) => {
                let renamed = path.with_extension(DAMAGED);
                let result = disk.rename(path, &renamed);
                result.map_err(|error| JournalError::io("rename", path, error))?;
                return Ok(Opened::Unreadable(renamed));
            }
        };
        // A segment under another's name is somebody's copy.
        if header.ledger != ledger || header.segment != id {
            return Ok(Opened::Foreign);
        }
        let source = Source::of(&header, disk.boot());
        Ok(Opened::Readable(Box::new(Self {
            header,
            source,
            path: path.to_owned(),
            end: End::Unknown { len, size: header.size },
            header_damage: damage,
            scanner: Scanner::new(source),
            batch: Batch::new(),
            ended: false,
            newer: false,
            returns: 0,
        })))
    }

    /// Goes to the position that the ledger has stored.
    pub(super) fn seek(&mut self, position: Option<Position>) {
        let stands = Position::stands(position, self.header.generation);
        self.ended = stands.generation > self.header.generation;
        self.newer = false;
        self.scanner.restart(self.source);
        self.batch.place(self.header.segment, self.path.clone(), stands);
        // Once, with the first records.
        let at_start = stands == Position::start(self.header.generation);
        if let Some(damage) = self.header_damage.as_ref().filter(|_| at_start) {
            self.batch.add_damage(damage.clone());
        }
    }

    /// Reads and stores the next batch. Returns `None` when there is none.
    pub(super) fn step<F: DiskFile>(
        &mut self,
        file: &F,
        sink: &mut dyn JournalSink,
        max_batch: usize,
    ) -> Result<Option<StoredBatch>, Error> {
        loop {
            if self.ended {
                return Ok(None);
            }
            self.fill(file, max_batch);
            self.batch.number_damage();
            if self.batch.is_empty() {
                continue;
            }
            match self.batch.deliver(sink)? {
                Delivered::Stored(step) => {
                    self.batch.next(self.batch.end());
                    return Ok(Some(step));
                }
                Delivered::Behind(_) if self.returns == MOST_RETURNS => {
                    return Err(Error::new(
                        ErrorKind::Replaced,
                        "the ledger goes back again and again",
                    ));
                }
                // An older copy was put in its place: this segment has what comes then.
                Delivered::Behind(position) => {
                    self.returns += 1;
                    self.seek(Some(position));
                }
            }
        }
    }

    fn fill<F: DiskFile>(&mut self, file: &F, max_batch: usize) {
        for attempt in 0..=READ_ATTEMPTS {
            if attempt == READ_ATTEMPTS {
                self.scanner.tolerate();
            }
            if let Ok(ended) = self.batch.fill(&mut self.scanner, file, self.end, max_batch) {
                self.ended = ended;
                self.newer = self.batch.is_newer_behind();
                return;
            }
        }
        // Not reached: a tolerant scanner does not fail. If it did, this ends the reading.
        self.ended = true;
    }

    pub(super) const fn generation(&self) -> u64 {
        self.header.generation
    }

    /// Returns whether it goes on with what only a newer program can read, now that it ended.
    pub(super) const fn is_newer_behind(&self) -> bool {
        self.newer
    }

    /// Returns how many records of it the ledger must have, now that it ended.
    pub(super) const fn sequence(&self) -> u64 {
        self.batch.end().sequence
    }
}

/// Returns the headers and the length of a segment.
pub(crate) fn read_headers<F: DiskFile>(
    file: &F,
) -> io::Result<(Result<Headers, HeadersError>, u64)> {
    let mut bytes = [0; HEADERS_BYTES];
    let read = read_full(file, &mut bytes, 0)?;
    let headers = Headers::read(bytes.get(..read).unwrap_or_default());
    Ok((headers, file.len()?))
}

/// Returns whether a file has its space and nothing but zeros in it: a power loss came before anything of it
/// was on the disk. An empty file was emptied by somebody, and one that is too large is not read for it.
pub(crate) fn is_blank<F: DiskFile>(file: &F, len: u64) -> io::Result<bool> {
    if len == 0 || len > MOST_BLANK_BYTES {
        return Ok(false);
    }
    let mut bytes = vec![0; 64 * 1024];
    let mut offset = 0;
    while offset < len {
        let read = read_full(file, &mut bytes, offset)?;
        if read == 0 {
            break;
        }
        if bytes.iter().take(read).any(|&byte| byte != 0) {
            return Ok(false);
        }
        offset += read as u64;
    }
    Ok(true)
}
