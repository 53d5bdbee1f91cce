//! One file of a log: how far it is read, and how it is known again under another name.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;

use super::fnv::fnv;

/// So much of a file's beginning tells it from others.
const HEAD: usize = 1_024;

/// So much before the place up to which it is read tells that it is still what was read.
const TAIL: usize = 256;

/// Device and inode; the same for all where there are none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct FileId(u64, u64);

impl FileId {
    #[cfg(unix)]
    pub(super) fn of(file: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self(file.dev(), file.ino())
    }

    #[cfg(not(unix))]
    pub(super) fn of(_: &Metadata) -> Self {
        Self(0, 0)
    }
}

/// Returns whether no name leads to a file any more.
#[cfg(unix)]
pub(super) fn is_deleted(file: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    file.nlink() == 0
}

#[cfg(not(unix))]
pub(super) fn is_deleted(_: &Metadata) -> bool {
    false
}

/// The place up to which a file is read. This much is remembered from run to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) id: FileId,
    /// Behind the last line that was taken.
    pub(super) offset: u64,
    /// Hashes of its beginning, and of what lies before the offset.
    pub(super) marks: [u64; 2],
    /// Says whether the offset lies within a line that is too long.
    pub(super) in_long: bool,
    /// Says whether it was read to its end when another file had taken its place.
    pub(super) is_drained: bool,
}

impl Place {
    pub(super) const BYTES: usize = 41;

    pub(super) fn write(&self, to: &mut Vec<u8>) {
        let [head, tail] = self.marks;
        for number in [self.id.0, self.id.1, self.offset, head, tail] {
            to.extend(number.to_be_bytes());
        }
        to.push(u8::from(self.in_long) | u8::from(self.is_drained) << 1);
    }

    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (numbers, flags) = bytes.split_at_checked(Self::BYTES - 1)?;
        let mut numbers = numbers.chunks(8).map(|bytes| bytes.try_into().map(u64::from_be_bytes));
        let mut next = || numbers.next()?.ok();
        let flags = *flags.first()?;
        Some(Self {
            id: FileId(next()?, next()?),
            offset: next()?,
            marks: [next()?, next()?],
            in_long: flags & 1 != 0,
            is_drained: flags & 2 != 0,
        })
    }
}

/// A file that is open, and read on and on.
#[derive(Clone, Debug)]
pub(super) struct Followed {
    pub(super) file: Arc<File>,
    pub(super) id: FileId,
    pub(super) offset: u64,
    head: Vec<u8>,
    tail: Vec<u8>,
    pub(super) in_long: bool,
    pub(super) is_drained: bool,
    /// The bytes behind the offset that were seen: the beginning of a line.
    pub(super) partial: Vec<u8>,
    /// Its length in bytes when it was looked at last.
    pub(super) seen: u64,
}

impl Followed {
    /// From its start, or from an offset on.
    pub(super) fn new(file: File, id: FileId, offset: u64) -> io::Result<Self> {
        let file = Arc::new(file);
        let (head, tail) = marks_at(&file, offset)?.unwrap_or_default();
        let offset = if head.is_empty() { 0 } else { offset };
        Ok(Self {
            file,
            id,
            offset,
            head,
            tail,
            in_long: false,
            is_drained: false,
            partial: Vec::new(),
            seen: offset,
        })
    }

    /// As one that was read until there, if it is that one.
    pub(super) fn resume(file: File, id: FileId, place: &Place) -> io::Result<Option<Self>> {
        let Some((head, tail)) = marks_at(&file, place.offset)? else { return Ok(None) };
        if [fnv(&head), fnv(&tail)] != place.marks {
            return Ok(None);
        }
        let (in_long, is_drained) = (place.in_long, place.is_drained);
        let (offset, file, partial) = (place.offset, Arc::new(file), Vec::new());
        let seen = offset;
        Ok(Some(Self { file, id, offset, head, tail, in_long, is_drained, partial, seen }))
    }

    pub(super) fn place(&self) -> Place {
        Place {
            id: self.id,
            offset: self.offset,
            marks: [fnv(&self.head), fnv(&self.tail)],
            in_long: self.in_long,
            is_drained: self.is_drained,
        }
    }

    /// Returns whether a file has all that was read of this one.
    pub(super) fn is_same_as(&self, file: &File) -> io::Result<bool> {
        let marks = marks_at(file, self.offset)?;
        Ok(marks.is_some_and(|(head, tail)| head == self.head && tail == self.tail))
    }

    /// Returns whether it still has what was read of it: it was not cut, nor written anew.
    pub(super) fn is_whole(&self) -> io::Result<bool> {
        self.is_same_as(&self.file)
    }

    /// Returns whether another file, of so many bytes, holds what this one begins with: it is a copy of it, perhaps one
    /// that is being made.
    pub(super) fn is_copied_to(&self, copy: &File, bytes: u64) -> io::Result<bool> {
        let marks = marks_at(copy, bytes)?;
        Ok(marks.is_some() && marks == marks_at(&self.file, bytes)?)
    }

    /// Goes on behind bytes that were read at the offset.
    pub(super) fn advance(&mut self, bytes: &[u8]) {
        let room = HEAD.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(&bytes[..room]);
        let keep = TAIL.saturating_sub(bytes.len()).min(self.tail.len());
        self.tail.drain(..self.tail.len() - keep);
        self.tail.extend_from_slice(&bytes[bytes.len().saturating_sub(TAIL)..]);
        self.offset += bytes.len() as u64;
    }
}

/// Returns the marks that tell a file that is read up to an offset; `None` where it is shorter.
fn marks_at(file: &File, offset: u64) -> io::Result<Option<(Vec<u8>, Vec<u8>)>> {
    let least = |most: usize| usize::try_from(offset).map_or(most, |offset| offset.min(most));
    let (head, tail) = (least(HEAD), least(TAIL));
    let (start, end) = (read_at(file, 0, head)?, read_at(file, offset - tail as u64, tail)?);
    Ok((start.len() == head && end.len() == tail).then_some((start, end)))
}

/// Reads so many bytes from an offset, fewer where the file ends before.
pub(super) fn read_at(mut file: &File, offset: u64, most: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(offset))?;
    file.take(most as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}
