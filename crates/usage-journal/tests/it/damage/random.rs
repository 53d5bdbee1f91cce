//! Damage of any kind, at random: whatever it was, nobody is told that nothing is lost where something is.

use std::ops::Range;
use std::path::Path;

use super::{ReplayOfOne, Segment, run};
use crate::sim::{SimDisk, SimLedger};

/// Numbers that are the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        // xorshift64
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap()
    }

    fn range(&mut self, end: usize) -> Range<usize> {
        let start = self.below(end);
        start..(start + 1 + self.below(400)).min(end)
    }
}

/// Damages a file in one of the ways in which disks and people do.
fn damage(bytes: &mut Vec<u8>, written: usize, random: &mut Random) -> &'static str {
    let hit = random.range(written);
    match random.below(8) {
        0 => {
            bytes[hit].fill(0);
            "zeros"
        }
        1 => {
            bytes[hit].fill(0xFF);
            "ones"
        }
        2 => {
            bytes[hit].iter_mut().for_each(|byte| *byte = u8::try_from(random.below(256)).unwrap());
            "noise"
        }
        3 => {
            let bit = 1 << random.below(8);
            bytes[hit.start] ^= bit;
            "a bit"
        }
        4 => {
            let from = random.range(written);
            let from = from.start..(from.start + hit.len()).min(written);
            let copy = bytes[from].to_vec();
            bytes[hit.start..hit.start + copy.len().min(hit.len())]
                .copy_from_slice(&copy[..copy.len().min(hit.len())]);
            "a piece of elsewhere"
        }
        5 => {
            bytes.drain(hit);
            "a piece cut out"
        }
        6 => {
            let piece = bytes[hit.clone()].to_vec();
            bytes.splice(hit.start..hit.start, piece);
            "a piece twice"
        }
        _ => {
            bytes.truncate(hit.start);
            "the end cut off"
        }
    }
}

/// Replays a file into an empty ledger, whatever becomes of the file.
fn replayed(path: &Path, bytes: &[u8]) -> ReplayOfOne {
    let (disk, ledger) = (SimDisk::new(), SimLedger::default());
    disk.put(path, bytes);
    let replayed = run(&disk, &ledger).unwrap();
    let content = ledger.content();
    ReplayOfOne { replayed, stored: content.records, damage: content.damage }
}

/// Returns whether a replay tells that something is lost, or may be.
fn tells_of_a_loss(done: &ReplayOfOne) -> bool {
    done.replayed.lost > 0
        || done.damage.iter().any(|damage| damage.records.is_none())
        || !done.replayed.unreadable.is_empty()
        || !done.replayed.newer.is_empty()
        || !done.replayed.foreign.is_empty()
}

#[test]
fn where_something_is_lost_nobody_is_told_that_nothing_is() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut lost = 0;
    for (segment, is_used) in [(Segment::fresh(), false), (Segment::used_before(), true)] {
        let (whole, written) = (segment.without(|_| false), segment.ends());
        for _ in 0..5_000 {
            let mut bytes = segment.bytes.clone();
            let kind = damage(&mut bytes, written, &mut random);
            // What ends with a whole frame, and has nothing behind it, may have ended there.
            let ends = segment.frames.iter().map(|frame| frame.bytes.start);
            let is_end = |end: usize| {
                let rest = bytes.get(end..).unwrap_or_default();
                rest.iter().filter(|byte| **byte != 0).count() < 8
            };
            // Some bytes in empty space are a disk's. With nothing in it, it may never have been begun.
            if ends.clone().any(is_end) || bytes.iter().all(|byte| *byte == 0) {
                continue;
            }
            // In a segment that was used before, older frames lie behind the end: zeros are one there.
            let is_end = |start: usize| bytes[start..].iter().take(8).all(|byte| *byte == 0);
            if is_used && ends.clone().any(|end| end < bytes.len() && is_end(end)) {
                continue;
            }
            let done = replayed(&segment.path, &bytes);
            let is_whole = whole.iter().all(|number| done.stored.contains(number));
            let differs: Vec<_> = (0..bytes.len().min(segment.bytes.len()))
                .filter(|at| bytes[*at] != segment.bytes[*at])
                .collect();
            let hit = (differs.first(), differs.last(), written);
            assert!(is_whole || tells_of_a_loss(&done), "{kind} {hit:?}: {:?}", done.replayed);
            assert!(done.stored.iter().all(|number| whole.contains(number)), "{kind}");
            lost += usize::from(!is_whole);
        }
    }
    assert!(lost > 3_000, "{lost}");
}
