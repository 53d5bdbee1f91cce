//! The findings of a look at a log.

use std::io;

use usage_core::record::line::MAX_LINE_BYTES;

use super::Gap;
use super::file::{Followed, read_at};

/// The number of bytes that are read at a time, of all files.
const MOST_BYTES: usize = 1 << 20;

/// The number of lines that are read at a time: what a writer beside the follower waits for.
const MOST_LINES: usize = 2_000;

/// A line of a log, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Entry {
    /// A line, without its line break.
    #[non_exhaustive]
    Line {
        /// Which it is of all that were taken, from 1.
        number: u64,
        /// Its bytes.
        text: Vec<u8>,
    },
    /// A part of a line that is longer than [`MAX_LINE_BYTES`].
    #[non_exhaustive]
    Part {
        /// Which line it will be of all that were taken, from 1.
        number: u64,
        /// Its bytes.
        text: Vec<u8>,
    },
    /// The end of a line that came in parts.
    #[non_exhaustive]
    TooLong {
        /// Which it is of all that were taken, from 1.
        number: u64,
    },
}

impl Entry {
    /// Makes a line.
    #[must_use]
    pub fn line(number: u64, text: impl Into<Vec<u8>>) -> Self {
        Self::Line { number, text: text.into() }
    }

    /// Makes a part of a line.
    #[must_use]
    pub fn part(number: u64, text: impl Into<Vec<u8>>) -> Self {
        Self::Part { number, text: text.into() }
    }

    /// Returns which line it is, or belongs to, of all that were taken, from 1.
    #[must_use]
    pub const fn number(&self) -> u64 {
        match self {
            Self::Line { number, .. } | Self::Part { number, .. } | Self::TooLong { number } => {
                *number
            }
        }
    }
}

/// The findings of a look at a log.
#[derive(Debug)]
pub struct Look {
    /// The new entries, in order.
    pub entries: Vec<Entry>,
    /// The lines that cannot be found any more.
    pub gaps: Vec<Gap>,
    /// Says whether nothing more is there for now.
    pub is_last: bool,
    /// For each entry, how far its file is read behind it.
    ends: Vec<End>,
    /// For each file, what was read of it.
    chunks: Vec<Vec<u8>>,
    before: u64,
    lines: u64,
    bytes: usize,
}

#[derive(Debug)]
struct End {
    /// Nothing where the file is there no more.
    file: Option<usize>,
    /// Of the chunk.
    bytes: usize,
    in_long: bool,
    /// The number of lines that were taken.
    lines: u64,
}

impl Look {
    pub(super) const fn new(lines: u64) -> Self {
        Self {
            entries: Vec::new(),
            gaps: Vec::new(),
            is_last: true,
            ends: Vec::new(),
            chunks: Vec::new(),
            before: lines,
            lines,
            bytes: 0,
        }
    }

    /// Takes the beginning of a line whose file is there no more.
    pub(super) fn end_without_file(&mut self, partial: Vec<u8>) {
        if !partial.is_empty() {
            self.lines += 1;
            let end = End { file: None, bytes: 0, in_long: false, lines: self.lines };
            self.push(Entry::Line { number: self.lines, text: partial }, end);
        }
    }

    /// Reads on in a file; whether nothing was there. The beginning of a line is taken for one where nothing is to
    /// come: the file has no name any more, or was left for another long ago.
    pub(super) fn read(
        &mut self,
        index: usize,
        followed: &mut Followed,
        is_over: bool,
    ) -> io::Result<bool> {
        let room = MOST_BYTES.saturating_sub(self.bytes);
        let chunk = read_at(&followed.file, followed.offset, room)?;
        // Cut and written anew between two looks: the next one finds out what became of it.
        if !followed.is_whole()? {
            self.chunks.push(Vec::new());
            self.is_last = false;
            return Ok(false);
        }
        let filled = chunk.len() == room || self.entries.len() >= MOST_LINES;
        self.bytes += chunk.len();
        let (mut at, mut in_long) = (0, followed.in_long);
        while at < chunk.len() && self.entries.len() < MOST_LINES {
            let rest = &chunk[at..];
            let end = rest.iter().position(|byte| *byte == b'\n');
            let text = &rest[..end.unwrap_or(rest.len())];
            let is_too_long = in_long || text.len() > MAX_LINE_BYTES;
            let is_end = end.is_some() || (is_over && !filled);
            if !is_end && !is_too_long {
                break;
            }
            at += text.len() + usize::from(end.is_some());
            if is_too_long {
                in_long = !is_end;
                if !text.is_empty() {
                    // Its end, if that is here, comes at once: both or neither.
                    let bytes = at - usize::from(end.is_some());
                    let end = End { file: Some(index), bytes, in_long: true, lines: self.lines };
                    self.push(Entry::part(self.lines + 1, text), end);
                }
            }
            if is_end {
                self.lines += 1;
                let number = self.lines;
                // Some editors begin a file with a byte order mark.
                let is_first =
                    followed.offset == 0 && at == text.len() + usize::from(end.is_some());
                let bom = if is_first { "\u{feff}".as_bytes() } else { b"" };
                let text = text.strip_prefix(bom).unwrap_or(text).to_vec();
                let entry = if is_too_long {
                    Entry::TooLong { number }
                } else {
                    Entry::Line { number, text }
                };
                let end = End { file: Some(index), bytes: at, in_long: false, lines: self.lines };
                self.push(entry, end);
            }
        }
        followed.partial = if in_long { Vec::new() } else { chunk[at..].to_vec() };
        if filled || self.entries.len() >= MOST_LINES {
            self.is_last = false;
            followed.partial.clear();
        }
        let is_at_end = self.is_last && at == 0;
        self.chunks.push(chunk);
        Ok(is_at_end)
    }

    /// Goes on behind the first entries; returns how many lines are taken then.
    pub(super) fn apply(&self, files: &mut [Followed], entries: usize) -> u64 {
        let mut lines = self.before;
        let mut last: Vec<Option<&End>> = vec![None; files.len()];
        for end in self.ends.iter().take(entries) {
            lines = end.lines;
            if let Some(last) = end.file.and_then(|file| last.get_mut(file)) {
                *last = Some(end);
            }
        }
        for ((followed, last), chunk) in files.iter_mut().zip(last).zip(&self.chunks) {
            if let Some(End { bytes, in_long, .. }) = last {
                followed.advance(&chunk[..*bytes]);
                (followed.in_long, followed.is_drained) = (*in_long, false);
            }
        }
        lines
    }

    fn push(&mut self, entry: Entry, end: End) {
        self.entries.push(entry);
        self.ends.push(end);
    }
}
