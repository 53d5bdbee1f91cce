//! A batch: consecutive frames that are stored in one transaction, exactly once.

use std::io;
use std::path::PathBuf;

use usage_core::sink::{
    BatchOutcome, Damage, JournalSink, Position, Replay, ReplayOutcome, SegmentId,
};
use usage_core::{Error, Record};

use super::scanner::{Item, Scanner};
use super::source::End;
use crate::disk::DiskFile;
use crate::error::Found;

/// The result of storing a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredBatch {
    /// The fates of the records that were stored now. Its indices are those of [`JournalReader::held`](crate::JournalReader::held).
    pub outcome: BatchOutcome,
    /// The number of records that the ledger had already: an earlier call that seemed to fail had stored
    /// them.
    pub already: u64,
    /// The pieces that could not be read, as they were handed to the ledger.
    pub damage: Vec<Found>,
    /// The number of records that are known to be missing, by their sequence numbers.
    pub lost: u64,
}

/// Consecutive frames of one segment.
#[derive(Debug)]
pub(crate) struct Batch {
    segment: SegmentId,
    path: PathBuf,
    from: Position,
    to: Position,
    records: Vec<Record>,
    /// For each frame, the index of its first record, and that record's sequence.
    frames: Vec<(usize, u64)>,
    damage: Vec<Damage>,
    /// For each damage, the sequence of what follows.
    damage_ends: Vec<u64>,
    /// The sequence of what follows what a power loss took; 0 where it took nothing.
    unsynced_end: u64,
    /// Set when a frame follows that only a newer program can read.
    newer: bool,
}

/// The result of handing a batch to the ledger.
#[derive(Debug)]
pub(crate) enum Delivered {
    /// The ledger has it.
    Stored(StoredBatch),
    /// The ledger stands before it, so it does not fit.
    Behind(Position),
}

impl Batch {
    /// Makes an empty batch, to be placed before use.
    pub(crate) fn new() -> Self {
        let nowhere = Position { generation: 0, sequence: 0 };
        Self {
            segment: SegmentId::from_bytes([0; 16]),
            path: PathBuf::new(),
            from: nowhere,
            to: nowhere,
            records: Vec::new(),
            frames: Vec::new(),
            damage: Vec::new(),
            damage_ends: Vec::new(),
            unsynced_end: 0,
            newer: false,
        }
    }

    /// Empties it and places it at this position of this segment.
    pub(crate) fn place(&mut self, segment: SegmentId, path: PathBuf, from: Position) {
        (self.segment, self.path) = (segment, path);
        self.next(from);
    }

    /// Empties it and places it at this position of the same segment.
    pub(crate) fn next(&mut self, from: Position) {
        (self.from, self.to) = (from, from);
        self.records.clear();
        self.frames.clear();
        self.damage.clear();
        self.damage_ends.clear();
        (self.unsynced_end, self.newer) = (0, false);
    }

    /// Adds damage that lies before everything else.
    pub(crate) fn add_damage(&mut self, damage: Damage) {
        self.damage.push(damage);
        self.damage_ends.push(self.to.sequence);
    }

    /// Reads until at least `max` records are in it. Returns `true` when the end was reached.
    ///
    /// # Errors
    /// When reading failed and nothing is in it.
    pub(crate) fn fill<F: DiskFile>(
        &mut self,
        scanner: &mut Scanner,
        file: &F,
        end: End,
        max: usize,
    ) -> io::Result<bool> {
        // What is damaged at the end comes in two pieces that belong together.
        while self.records.len() < max.max(1) || self.ends_damaged() {
            let index = self.records.len();
            match scanner.next(file, end, self.from.sequence, &mut self.records) {
                Ok(Item::Frame { sequence }) => self.add_frame(index, sequence),
                Ok(Item::Skipped) => continue,
                Ok(Item::Damage(damage)) => self.add_found(damage, scanner.sequence()),
                Ok(Item::Unsynced) => self.unsynced_end = scanner.sequence(),
                Ok(Item::Newer) => {
                    self.newer = true;
                    return Ok(true);
                }
                Ok(Item::End) => return Ok(true),
                Err(error) if self.is_empty() => return Err(error),
                Err(_) => return Ok(false),
            }
            self.to.sequence = self.to.sequence.max(scanner.sequence());
        }
        Ok(false)
    }

    /// Adds a frame that was read; it may begin before what is wanted.
    fn add_frame(&mut self, index: usize, sequence: u64) {
        let known = self.from.sequence.saturating_sub(sequence);
        let known = usize::try_from(known).unwrap_or(usize::MAX).min(self.records.len() - index);
        self.records.drain(index..index + known);
        self.frames.push((index, sequence + known as u64));
    }

    fn add_found(&mut self, mut damage: Damage, ends: u64) {
        // What is before this batch was handed to the ledger with an earlier one; what took no
        // number was not.
        let (from, numbered) = (self.from.sequence, damage.records.is_some_and(|count| count > 0));
        if ends > from || (ends == from && !numbered) {
            // The ledger may have the first of them already.
            damage.records = damage.records.map(|count| count.min(ends - from));
            self.damage.push(damage);
            self.damage_ends.push(ends);
        }
    }

    /// Returns whether its last piece is damage of which it is not known how many records it hit: that of
    /// the end.
    fn ends_damaged(&self) -> bool {
        self.damage.last().is_some_and(|damage| damage.records.is_none())
    }

    /// Gives damage that took no sequence number one of its own, so that it is handed to the ledger once. For
    /// abandoned segments only.
    pub(crate) fn number_damage(&mut self) {
        if self.ends_damaged() || (!self.damage.is_empty() && self.to == self.from) {
            self.to.sequence += 1;
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.records.is_empty() && self.damage.is_empty() && self.unsynced_end <= self.from.sequence
    }

    /// Returns whether a frame follows that only a newer program can read.
    pub(crate) const fn is_newer_behind(&self) -> bool {
        self.newer
    }

    pub(crate) fn records(&self) -> &[Record] {
        &self.records
    }

    pub(crate) const fn end(&self) -> Position {
        self.to
    }

    /// Stores it, or the part of it that the ledger does not have.
    pub(crate) fn deliver(&self, sink: &mut dyn JournalSink) -> Result<Delivered, Error> {
        let mut from = self.from;
        loop {
            let first = self.index_of(from.sequence);
            let replay = Replay {
                segment: self.segment,
                from,
                to: self.to,
                records: self.records.get(first..).unwrap_or_default(),
                damage: self.damage_from(from),
            };
            match sink.replay(&replay)? {
                ReplayOutcome::Stored(mut outcome) => {
                    for refusal in &mut outcome.refused {
                        refusal.index += first;
                    }
                    return Ok(Delivered::Stored(self.step(outcome, first)));
                }
                ReplayOutcome::Moved(to) if to >= self.to => {
                    return Ok(Delivered::Stored(
                        self.step(BatchOutcome::default(), self.records.len()),
                    ));
                }
                // Of this generation, as it is before the end.
                ReplayOutcome::Moved(to) if to > from => from = to,
                ReplayOutcome::Moved(to) => return Ok(Delivered::Behind(to)),
            }
        }
    }

    fn step(&self, outcome: BatchOutcome, already: usize) -> StoredBatch {
        let (already, damage) = (already as u64, self.found().collect());
        StoredBatch { outcome, already, damage, lost: self.lost() }
    }

    /// Returns the pieces that could not be read.
    pub(crate) fn found(&self) -> impl Iterator<Item = Found> {
        let found = |damage: &Damage| Found { path: self.path.clone(), damage: damage.clone() };
        self.damage.iter().map(found)
    }

    /// Returns how many records are known to be missing: the gaps between those that are here.
    fn lost(&self) -> u64 {
        let last = self.damage_ends.iter().copied().max().unwrap_or(self.from.sequence);
        let last = last.max(self.frames_end()).max(self.unsynced_end);
        (last - self.from.sequence).saturating_sub(self.records.len() as u64)
    }

    fn frames_end(&self) -> u64 {
        self.frames.last().map_or(self.from.sequence, |&(index, sequence)| {
            sequence + (self.records.len() - index) as u64
        })
    }

    /// Returns the index of the first record whose sequence is not before `sequence`.
    fn index_of(&self, sequence: u64) -> usize {
        let frame = self.frames.partition_point(|&(_, first)| first <= sequence);
        let next = self.frames.get(frame).map_or(self.records.len(), |&(index, _)| index);
        match frame.checked_sub(1).and_then(|before| self.frames.get(before)) {
            Some(&(index, first)) => {
                let inside = usize::try_from(sequence - first).unwrap_or(usize::MAX);
                index.saturating_add(inside).min(next)
            }
            None => 0,
        }
    }

    fn damage_from(&self, from: Position) -> &[Damage] {
        if from == self.from {
            return &self.damage;
        }
        let first = self.damage_ends.partition_point(|&ends| ends <= from.sequence);
        self.damage.get(first..).unwrap_or_default()
    }
}
