//! Every bit flipped and every length cut: damage costs what it hit, and is reported as that.

mod bits;
mod cuts;
mod files;
mod newer;
mod random;

use std::ops::{ControlFlow, Range};
use std::path::{Path, PathBuf};

use usage_core::sink::Damage;
use usage_journal::{JournalWriter, Options, Replayed, replay};

use crate::sim::{LedgerFault, SimDisk, SimLedger, record};

pub(crate) const FOLDER: &str = "journal";

/// A segment on its own, and what is in it.
struct Segment {
    path: PathBuf,
    bytes: Vec<u8>,
    frames: Vec<Frame>,
}

#[derive(Clone, Debug)]
struct Frame {
    bytes: Range<usize>,
    numbers: Range<u64>,
}

pub(crate) fn small() -> Options {
    let mut options = Options::default();
    (options.segment_bytes, options.frame_bytes) = (0, 200);
    options
}

pub(crate) fn ledger_id() -> usage_core::sink::LedgerId {
    usage_core::sink::LedgerId::from_bytes([7; 16])
}

pub(crate) fn records(numbers: Range<u64>) -> Vec<usage_core::Record> {
    numbers.map(record).collect()
}

impl Segment {
    /// Three frames in a segment that is used for the first time.
    fn fresh() -> Self {
        let disk = SimDisk::new();
        let (mut journal, _tail) =
            JournalWriter::create(disk.clone(), Path::new(FOLDER), ledger_id(), small()).unwrap();
        Self::with_three_frames(&disk, &mut journal, 0)
    }

    /// Four frames in a segment that was full of others before.
    fn used_before() -> Self {
        let (disk, ledger) = (SimDisk::new(), SimLedger::default());
        let mut sink = ledger.sink(&disk);
        let (mut journal, mut reader) =
            JournalWriter::create(disk.clone(), Path::new(FOLDER), ledger_id(), small()).unwrap();
        // Full twice over: the first segment is a spare, and the second is full.
        let mut number = 0;
        while disk.files().len() < 2 {
            number += journal.append(&records(number..number + 5)).unwrap() as u64;
        }
        journal.publish();
        while reader.load(50).unwrap() > 0 {
            reader.store(&mut sink).unwrap();
        }
        reader.recycle(&mut sink).unwrap();
        let first = disk.files();
        while disk.files().iter().zip(&first).filter(|(now, then)| now == then).count() > 0 {
            number += journal.append(&records(number..number + 5)).unwrap() as u64;
        }
        // The append that began it is one more frame of it.
        Self::with_three_frames(&disk, &mut journal, number)
    }

    fn with_three_frames(disk: &SimDisk, journal: &mut JournalWriter<SimDisk>, first: u64) -> Self {
        let before = disk.files();
        let mut number = first;
        for count in [9, 1, 6] {
            assert_eq!(journal.append(&records(number..number + count)).unwrap() as u64, count);
            number += count;
        }
        let (path, bytes) = disk.files().into_iter().find(|file| !before.contains(file)).unwrap();
        let frames = frames(&bytes, number);
        Self { path, bytes, frames }
    }

    fn ends(&self) -> usize {
        self.frames.last().unwrap().bytes.end
    }

    /// Returns what is stored of it when the frames in `hit` are lost.
    fn without(&self, hit: impl Fn(usize) -> bool) -> Vec<u64> {
        let frames = self.frames.iter().enumerate().filter(|(index, _)| !hit(*index));
        frames.flat_map(|(_, frame)| frame.numbers.clone()).collect()
    }
}

/// From frame to frame, as their headers say; the last record has the number before `end`.
fn frames(bytes: &[u8], end: u64) -> Vec<Frame> {
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    // The highest bit of a length is a flag.
    let number = |at: usize| u64::from(word(at) & 0x7FFF_FFFF);
    let (mut at, mut found) = (128, Vec::new());
    while bytes[at..].starts_with(b"\xF7USG") {
        let next = at + 28 + usize::try_from(number(at + 4)).unwrap();
        found.push((at..next, number(at + 16)));
        at = next;
    }
    let mut first = end - found.iter().map(|(_, count)| count).sum::<u64>();
    let frames = found.into_iter().map(|(bytes, count)| {
        let numbers = first..first + count;
        first += count;
        Frame { bytes, numbers }
    });
    frames.collect()
}

/// The result of replaying one file.
struct ReplayOfOne {
    replayed: Replayed,
    stored: Vec<u64>,
    damage: Vec<Damage>,
}

pub(crate) fn run(disk: &SimDisk, ledger: &SimLedger) -> Result<Replayed, usage_core::Error> {
    let mut sink = ledger.sink(disk);
    replay(disk, Path::new(FOLDER), &mut sink, 4, &mut |_| ControlFlow::Continue(()))
}

/// Replays one file into an empty ledger.
fn replay_one(path: &Path, bytes: &[u8]) -> ReplayOfOne {
    let (disk, ledger) = (SimDisk::new(), SimLedger::default());
    disk.put(path, bytes);
    let replayed = run(&disk, &ledger).unwrap();
    let content = ledger.content();
    assert_eq!(content.invented, 0);
    assert!(content.positions.is_empty(), "forgotten once its file is gone");
    let reported: Vec<_> = replayed.damage.iter().map(|found| found.damage.clone()).collect();
    assert_eq!(reported, content.damage, "reported is what was handed over");
    assert_eq!(replayed.stored, content.records.len() as u64);
    assert!(disk.files().iter().all(|(path, _)| path.extension().unwrap() == "damaged"));
    ReplayOfOne { replayed, stored: content.records, damage: content.damage }
}

impl ReplayOfOne {
    /// Checks that it is the same when each commit seems to fail: nothing is stored, or reported, twice.
    fn again_with_errors(&self, path: &Path, bytes: &[u8]) {
        let (disk, ledger) = (SimDisk::new(), SimLedger::default());
        disk.put(path, bytes);
        // More often than there are batches.
        for _ in 0..8 {
            ledger.state().faults.plan(0, LedgerFault::After);
            drop(run(&disk, &ledger));
        }
        ledger.state().faults.clear();
        run(&disk, &ledger).unwrap();
        let again = ledger.content();
        assert_eq!(again.records, self.stored);
        assert_eq!(again.damage, self.damage);
    }
}
