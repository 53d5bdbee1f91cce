//! The scanner: it goes from frame to frame, and over what is damaged between them.

use std::io;

use memchr::memmem;
use usage_core::sink::{Damage, DamageReason};
use usage_core::{LabelInterner, Labels, Record};

use super::source::{End, Source};
use super::window::Window;
use crate::disk::DiskFile;
use crate::format::{
    END_MARK_BYTES, FRAME_HEADER_BYTES, FRAMES_START, FrameHeader, MAGIC, Undecodable, decode,
    payload_is_whole,
};

/// The most bytes of a damaged piece that are kept.
const KEPT_BYTES: u64 = 256 * 1024;
const SEARCHED_AT_ONCE: usize = 64 * 1024;
/// Label sets that are remembered from frame to frame.
const KNOWN_LABELS: usize = 4096;

/// The next thing in a segment.
#[derive(Debug)]
pub(crate) enum Item {
    /// A frame: its records have been appended, the first of them has this sequence.
    Frame { sequence: u64 },
    /// A frame that was not asked for.
    Skipped,
    /// Something else; what follows has the scanner's sequence.
    Damage(Damage),
    /// A piece that a power loss took, as it was not synced; what follows has the scanner's sequence.
    Unsynced,
    /// A frame that only a newer program can read. Nothing behind it is read.
    Newer,
    /// The end.
    End,
}

/// Reads a segment from its first frame on.
#[derive(Debug)]
pub(crate) struct Scanner {
    source: Source,
    offset: u64,
    sequence: u64,
    /// Set when the end of an abandoned segment was reached.
    ended: bool,
    /// Set when it was reported that the file is shorter than it should be.
    cut_reported: bool,
    window: Window,
    interner: LabelInterner,
    sets: Vec<Labels>,
}

impl Scanner {
    pub(crate) fn new(source: Source) -> Self {
        Self {
            source,
            offset: FRAMES_START,
            sequence: 0,
            ended: false,
            cut_reported: false,
            window: Window::default(),
            interner: LabelInterner::new(KNOWN_LABELS),
            sets: Vec::new(),
        }
    }

    /// Begins with another segment or generation, or again with the same.
    pub(crate) fn restart(&mut self, source: Source) {
        (self.source, self.offset, self.sequence) = (source, FRAMES_START, 0);
        (self.ended, self.cut_reported) = (false, false);
        self.window.forget();
    }

    /// Makes what cannot be read damage from now on, not an error.
    pub(crate) fn tolerate(&mut self) {
        self.window.tolerate();
    }

    /// Returns where the next item begins, in bytes.
    pub(crate) const fn offset(&self) -> u64 {
        self.offset
    }

    /// Returns the sequence of the next record.
    pub(crate) const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Returns the next item; frames with nothing from `wanted` on are not looked into.
    ///
    /// After an error it can be called again.
    pub(crate) fn next<F: DiskFile>(
        &mut self,
        file: &F,
        end: End,
        wanted: u64,
        out: &mut Vec<Record>,
    ) -> io::Result<Item> {
        let limit = end.offset();
        if self.ended || (matches!(end, End::Known { .. }) && self.offset >= limit) {
            return Ok(Item::End);
        }
        if let Some(header) = self.header_at(file, self.offset, limit)? {
            if header.sequence > self.sequence {
                return Ok(self.pass(
                    self.offset,
                    header.sequence,
                    Vec::new(),
                    DamageReason::MissingRecords,
                ));
            }
            return self.frame(file, limit, header, wanted, out);
        }
        match self.find(file, self.offset, limit)? {
            NextFrame::Frame { offset, sequence } => {
                if self.is_unsynced(file, offset, limit)? {
                    (self.offset, self.sequence) = (offset, sequence);
                    return Ok(Item::Unsynced);
                }
                let bytes = self.kept(file, offset)?;
                Ok(self.pass(offset, sequence, bytes, DamageReason::NoFrame))
            }
            NextFrame::Nothing { data_ends, written } => self.end(file, end, data_ends, written),
        }
    }

    fn header_at<F: DiskFile>(
        &mut self,
        file: &F,
        offset: u64,
        limit: u64,
    ) -> io::Result<Option<FrameHeader>> {
        let bytes = self.window.get(file, offset, FRAME_HEADER_BYTES, limit)?;
        let header = FrameHeader::parse(self.source.version, self.source.seed, bytes);
        Ok(header.filter(|header| header.sequence >= self.sequence))
    }

    fn frame<F: DiskFile>(
        &mut self,
        file: &F,
        limit: u64,
        header: FrameHeader,
        wanted: u64,
        out: &mut Vec<Record>,
    ) -> io::Result<Item> {
        let next = self.offset + header.frame_bytes();
        if next <= limit && header.next_sequence() <= wanted {
            (self.offset, self.sequence) = (next, header.next_sequence());
            return Ok(Item::Skipped);
        }
        let start = self.offset + FRAME_HEADER_BYTES as u64;
        let payload = self.window.get(file, start, header.length as usize, limit)?;
        let Source { version, seed, .. } = self.source;
        let result = if payload.len() < header.length as usize {
            Err(Undecodable::Damaged(DamageReason::ShortFrame))
        } else if payload_is_whole(seed, &header, payload) {
            let (interner, sets) = (&mut self.interner, &mut self.sets);
            decode(version, payload, header.records, interner, sets, out)
        } else {
            Err(Undecodable::Damaged(DamageReason::Checksum))
        };
        match result {
            Ok(()) => {
                (self.offset, self.sequence) = (next, header.next_sequence());
                Ok(Item::Frame { sequence: header.sequence })
            }
            Err(Undecodable::Newer) => {
                self.ended = true;
                Ok(Item::Newer)
            }
            Err(Undecodable::Damaged(reason)) => {
                let next = next.min(limit);
                if self.is_unsynced(file, next, limit)? {
                    (self.offset, self.sequence) = (next, header.next_sequence());
                    return Ok(Item::Unsynced);
                }
                let bytes = self.kept(file, next)?;
                Ok(self.pass(next, header.next_sequence(), bytes, reason))
            }
        }
    }

    /// Returns whether what lies before `offset` may be missing for the reason that it was not synced when
    /// the machine stopped: no later frame says that it was.
    fn is_unsynced<F: DiskFile>(&mut self, file: &F, offset: u64, limit: u64) -> io::Result<bool> {
        if !self.source.restarted {
            return Ok(false);
        }
        let mut at = offset;
        while at < limit {
            match self.header_at(file, at, limit)? {
                Some(header) if header.synced => return Ok(false),
                Some(header) => at += header.frame_bytes(),
                None => match self.find(file, at, limit)? {
                    NextFrame::Frame { offset, .. } => at = offset,
                    NextFrame::Nothing { .. } => break,
                },
            }
        }
        Ok(true)
    }

    /// Looks for the next place behind `from` where a frame begins.
    fn find<F: DiskFile>(&mut self, file: &F, from: u64, limit: u64) -> io::Result<NextFrame> {
        let mut at = from;
        let (mut data_ends, mut written) = (at, 0);
        while at < limit {
            let piece = self.window.get(file, at, SEARCHED_AT_ONCE, limit)?;
            if piece.is_empty() {
                break;
            }
            let length = piece.len();
            written += piece.iter().filter(|&&byte| byte != 0).count();
            if let Some(last) = piece.iter().rposition(|&byte| byte != 0) {
                data_ends = data_ends.max(at + last as u64 + 1);
            }
            let places = memmem::find_iter(piece, &MAGIC).map(|place| at + place as u64);
            let places: Vec<u64> = places.filter(|&place| place > from).collect();
            for offset in places {
                if let Some(header) = self.header_at(file, offset, limit)? {
                    return Ok(NextFrame::Frame { offset, sequence: header.sequence });
                }
            }
            // Overlapping, so that none is missed between two pieces.
            at += if length > MAGIC.len() { length - (MAGIC.len() - 1) } else { length } as u64;
        }
        Ok(NextFrame::Nothing { data_ends, written })
    }

    /// Says what kind of end it is where no frame follows.
    fn end<F: DiskFile>(
        &mut self,
        file: &F,
        end: End,
        data_ends: u64,
        written: usize,
    ) -> io::Result<Item> {
        let limit = end.offset();
        if let Some(sequence) = end.sequence() {
            let bytes = self.kept(file, limit)?;
            return Ok(self.pass(limit, sequence, bytes, DamageReason::NoFrame));
        }
        let mark = self.window.get(file, self.offset, END_MARK_BYTES, limit)?;
        // Where nothing older can lie behind the end, what may be of a frame there says that zeros are no end.
        let has_more = self.source.is_first_use && written >= FEWEST_OF_A_FRAME;
        let clean = mark.iter().all(|&byte| byte == 0) && !has_more;
        // After a power loss, what was written last may be there in part.
        if !clean && !self.source.restarted {
            let bytes = self.kept(file, data_ends)?;
            let damage =
                Damage { records: None, ..self.damage(data_ends, bytes, DamageReason::TornEnd) };
            // What lies behind is nothing, or older.
            self.offset = limit;
            return Ok(Item::Damage(damage));
        }
        self.ended = true;
        match end {
            End::Unknown { len, size } if len < size && !self.cut_reported => {
                self.cut_reported = true;
                let (length, reason) = (size - len, DamageReason::CutShort);
                let bytes = Vec::new();
                Ok(Item::Damage(Damage { offset: len, length, records: None, reason, bytes }))
            }
            _ => Ok(Item::End),
        }
    }

    /// Passes over what lies before `offset`, where the record of this sequence comes.
    fn pass(&mut self, offset: u64, sequence: u64, bytes: Vec<u8>, reason: DamageReason) -> Item {
        let damage = Damage {
            records: Some(sequence.saturating_sub(self.sequence)),
            ..self.damage(offset, bytes, reason)
        };
        (self.offset, self.sequence) = (offset, sequence);
        Item::Damage(damage)
    }

    fn damage(&self, end: u64, bytes: Vec<u8>, reason: DamageReason) -> Damage {
        let length = end.saturating_sub(self.offset);
        Damage { offset: self.offset, length, records: None, reason, bytes }
    }

    fn kept<F: DiskFile>(&mut self, file: &F, end: u64) -> io::Result<Vec<u8>> {
        let length = end.saturating_sub(self.offset).min(KEPT_BYTES);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        Ok(self.window.get(file, self.offset, length, end)?.to_vec())
    }
}

/// The bytes that are not zero in what is taken for the rest of a frame; fewer are a disk's.
const FEWEST_OF_A_FRAME: usize = 8;

enum NextFrame {
    /// A frame's header.
    Frame { offset: u64, sequence: u64 },
    /// None; behind `data_ends` all bytes are zero, and before it so many are not.
    Nothing { data_ends: u64, written: usize },
}
