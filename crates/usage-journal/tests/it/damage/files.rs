//! Files that are left alone, or renamed, and files that are damaged in other ways.

use std::io::ErrorKind;
use std::ops::ControlFlow;
use std::path::Path;

use usage_core::sink::{JournalSink, LedgerId, Position};
use usage_journal::{JournalWriter, SegmentState, replay, survey};

use super::{FOLDER, Segment, frames, ledger_id, records, replay_one, run, small};
use crate::sim::{Fault, SimDisk, SimLedger};

/// Both copies of the header changed, with their checksums right.
fn with_header(segment: &Segment, change: impl Fn(&mut [u8])) -> Vec<u8> {
    let mut bytes = segment.bytes.clone();
    for at in [0, 64] {
        change(&mut bytes[at..at + 60]);
        let checksum = crc32fast::hash(&bytes[at..at + 60]);
        bytes[at + 60..at + 64].copy_from_slice(&checksum.to_le_bytes());
    }
    bytes
}

fn states(disk: &SimDisk) -> Vec<SegmentState> {
    let id = LedgerId::from_bytes([7; 16]);
    let found = survey(disk, Path::new(FOLDER), id, &mut |_| None);
    found.segments.iter().map(|segment| segment.state).collect()
}

#[test]
fn what_belongs_elsewhere_is_kept_as_it_is() {
    let segment = Segment::fresh();
    let cases = [
        (with_header(&segment, |header| header[24] ^= 1), SegmentState::Foreign),
        // Somebody's copy of a segment under the name of another.
        (with_header(&segment, |header| header[8] ^= 1), SegmentState::Foreign),
        (with_header(&segment, |header| header[7] = 3), SegmentState::Newer),
    ];
    for (bytes, state) in cases {
        let (disk, ledger) = (SimDisk::new(), SimLedger::default());
        disk.put(&segment.path, &bytes);
        assert_eq!(states(&disk), [state]);
        let replayed = run(&disk, &ledger).unwrap();
        let (foreign, newer) = (replayed.foreign, replayed.newer);
        let found = if state == SegmentState::Newer { newer } else { foreign };
        assert_eq!(found, std::slice::from_ref(&segment.path), "{state:?}");
        assert!(ledger.content().records.is_empty());
        assert_eq!(disk.files(), [(segment.path.clone(), bytes)]);
    }
}

#[test]
fn what_cannot_be_read_is_put_aside_and_not_looked_at_again() {
    let segment = Segment::fresh();
    let (disk, ledger) = (SimDisk::new(), SimLedger::default());
    disk.put(&segment.path, b"a text");
    assert_eq!(states(&disk), [SegmentState::Unreadable]);
    let renamed = segment.path.with_extension("damaged");
    assert_eq!(run(&disk, &ledger).unwrap().unreadable, std::slice::from_ref(&renamed));
    assert!(run(&disk, &ledger).unwrap().unreadable.is_empty());
    assert_eq!(disk.files(), [(renamed, b"a text".to_vec())]);
}

#[test]
fn other_names_are_nobodys_and_unfinished_segments_are_removed() {
    let segment = Segment::fresh();
    let (disk, ledger) = (SimDisk::new(), SimLedger::default());
    let id = "00112233445566778899aabbccddeeff";
    let others = ["notes.txt", "x.segment", &format!("{id}.segment.bak"), &format!("{id}.damaged")];
    for name in others {
        disk.put(&Path::new(FOLDER).join(name), &segment.bytes);
    }
    disk.put(&Path::new(FOLDER).join(format!("{id}.new")), &segment.bytes);
    let replayed = run(&disk, &ledger).unwrap();
    assert_eq!((replayed.stored, replayed.unreadable.len()), (0, 0));
    assert_eq!(disk.files().len(), others.len());
}

/// Pages that a power loss has taken from the middle are zeros; what follows is still found.
#[test]
fn zeros_in_the_middle_are_no_end() {
    let segment = Segment::fresh();
    let mut bytes = segment.bytes.clone();
    bytes[segment.frames[1].bytes.clone()].fill(0);
    let outcome = replay_one(&segment.path, &bytes);
    assert_eq!(outcome.stored, segment.without(|index| index == 1));
    assert_eq!(outcome.replayed.lost, 1);
    assert_eq!(outcome.damage[0].offset, segment.frames[1].bytes.start as u64);
    assert_eq!(
        (outcome.damage[0].length, outcome.damage[0].records),
        (segment.frames[1].bytes.len() as u64, Some(1))
    );
}

/// Another write of the same segment's frame, out of place: nothing is stored twice.
#[test]
fn a_frame_that_is_there_twice_is_stored_once() {
    let segment = Segment::fresh();
    let mut bytes = segment.bytes.clone();
    let first = bytes[segment.frames[0].bytes.clone()].to_vec();
    let end = segment.ends();
    bytes[end..end + first.len()].copy_from_slice(&first);
    let outcome = replay_one(&segment.path, &bytes);
    assert_eq!(outcome.stored, segment.without(|_| false));
    assert_eq!(outcome.damage[0].offset, end as u64);
}

#[test]
fn a_ledger_that_stands_in_the_middle_of_a_frame_gets_the_rest_of_it() {
    let segment = Segment::fresh();
    assert_eq!(frames(&segment.bytes, 16).len(), 3);
    for sequence in 0..=16 {
        let (disk, ledger) = (SimDisk::new(), SimLedger::default());
        disk.put(&segment.path, &segment.bytes);
        let id = usage_core::sink::SegmentId::from_bytes(segment.bytes[8..24].try_into().unwrap());
        let position = Position { generation: 1, sequence };
        ledger.state().content.positions.insert(id, position);
        assert_eq!(ledger.sink(&disk).position(id).unwrap(), Some(position));
        run(&disk, &ledger).unwrap();
        assert_eq!(ledger.content().records, (sequence..16).collect::<Vec<_>>());
    }
}

/// Found by the model: of a damaged frame only those are lost that the ledger does not have.
#[test]
fn a_ledger_that_stands_in_the_middle_of_damage_misses_the_rest_of_it() {
    let mut segment = Segment::fresh();
    let at = segment.frames[0].bytes.end - 10;
    segment.bytes[at] ^= 1;
    let (disk, ledger) = (SimDisk::new(), SimLedger::default());
    disk.put(&segment.path, &segment.bytes);
    let id = usage_core::sink::SegmentId::from_bytes(segment.bytes[8..24].try_into().unwrap());
    let position = Position { generation: 1, sequence: 4 };
    ledger.state().content.positions.insert(id, position);
    let replayed = run(&disk, &ledger).unwrap();
    assert_eq!((replayed.stored, replayed.lost), (7, 5));
    assert_eq!(replayed.damage[0].damage.records, Some(5));
}

/// Pages that the disk will not give are damage in the end; what lies on other pages is stored.
#[test]
fn a_place_that_cannot_be_read_is_passed_over() {
    let disk = SimDisk::new();
    let mut options = small();
    options.segment_bytes = 32 * 1024;
    let (mut journal, _tail) =
        JournalWriter::create(disk.process(), Path::new(FOLDER), ledger_id(), options).unwrap();
    let mut next = 0;
    while next < 1_000 {
        next += journal.append(&records(next..next + 10)).unwrap() as u64;
    }
    let (path, bytes) = disk.files().pop().unwrap();
    let frames = frames(&bytes, next);
    let (other, ledger) = (SimDisk::new(), SimLedger::default());
    other.put(&path, &bytes);
    other.world().unreadable = 5_000..5_001;
    let replayed = run(&other, &ledger).unwrap();
    // The page, and what begins or ends in it.
    let hit = frames.iter().filter(|frame| frame.bytes.start < 8_192 && frame.bytes.end > 4_096);
    let lost = hit.map(|frame| frame.numbers.end - frame.numbers.start).sum::<u64>();
    assert_eq!((replayed.stored, replayed.lost), (next - lost, lost));
    assert_eq!(replayed.damage.iter().filter_map(|found| found.damage.records).sum::<u64>(), lost);
}

#[test]
fn a_file_that_cannot_be_opened_or_removed_keeps_nobody_from_starting() {
    let segment = Segment::fresh();
    for after in 1..20 {
        let (disk, ledger) = (SimDisk::new(), SimLedger::default());
        disk.put(&segment.path, &segment.bytes);
        disk.plan(after, Fault::Error(ErrorKind::PermissionDenied));
        let replayed = run(&disk, &ledger).unwrap();
        assert!(replayed.failed.len() <= 1, "{replayed:?}");
        disk.world().faults.clear();
        run(&disk, &ledger).unwrap();
        assert_eq!(ledger.content().records, (0..16).collect::<Vec<_>>(), "fault after {after}");
        assert!(disk.files().is_empty());
    }
}

#[test]
fn an_interrupted_replay_goes_on_where_it_was() {
    let segment = Segment::fresh();
    let (disk, ledger) = (SimDisk::new(), SimLedger::default());
    disk.put(&segment.path, &segment.bytes);
    let mut sink = ledger.sink(&disk);
    let stopped =
        replay(&disk, Path::new(FOLDER), &mut sink, 1, &mut |_| ControlFlow::Break(())).unwrap();
    assert!(stopped.interrupted);
    assert_eq!((stopped.stored, stopped.segments), (9, 0));
    let rest = run(&disk, &ledger).unwrap();
    assert_eq!((rest.stored, rest.segments), (7, 1));
}
