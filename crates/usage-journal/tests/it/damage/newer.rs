//! Records of a newer program are left to it; a file that a power loss never let be written holds nothing.

use std::path::Path;

use usage_journal::{SegmentState, SurveyedSegment, survey};

use super::{FOLDER, Segment, ledger_id, run};
use crate::sim::{SimDisk, SimLedger};

/// Changes the payload of a frame, and makes its checksums right.
fn change(segment: &mut Segment, frame: usize, change: impl Fn(&mut [u8])) {
    let range = segment.frames[frame].bytes.clone();
    let seed = crc32fast::hash(&[&segment.bytes[8..24], &segment.bytes[40..48]].concat());
    let checksum = |bytes: &[u8]| {
        let mut hasher = crc32fast::Hasher::new_with_initial(seed);
        hasher.update(bytes);
        hasher.finalize().to_le_bytes()
    };
    let frame = &mut segment.bytes[range];
    change(&mut frame[28..]);
    let payload = checksum(&frame[28..]);
    frame[20..24].copy_from_slice(&payload);
    let header = checksum(&frame[..24]);
    frame[24..28].copy_from_slice(&header);
}

fn look(disk: &SimDisk, ledger: &SimLedger) -> SurveyedSegment {
    let positions = ledger.content().positions;
    let position = &mut |id| positions.get(&id).copied();
    let mut found = survey(disk, Path::new(FOLDER), ledger_id(), position);
    assert_eq!(found.segments.len(), 1);
    found.segments.remove(0)
}

/// A feature, and a name, that this program does not know.
#[test]
fn records_of_a_newer_program_are_left_to_it_in_their_place() {
    for at in [0, 2] {
        let mut segment = Segment::fresh();
        change(&mut segment, 1, |payload| payload[at] |= 0x40);
        let (disk, ledger) = (SimDisk::new(), SimLedger::default());
        disk.put(&segment.path, &segment.bytes);
        let found = look(&disk, &ledger);
        assert_eq!((found.state, found.records, found.damage.len()), (SegmentState::Newer, 9, 0));
        for stored in [9, 0] {
            let replayed = run(&disk, &ledger).unwrap();
            assert_eq!(replayed.newer, std::slice::from_ref(&segment.path));
            assert_eq!(
                (replayed.stored, replayed.lost, replayed.damage.len(), replayed.segments),
                (stored, 0, 0, 0)
            );
        }
        assert_eq!(ledger.content().records, (0..9).collect::<Vec<_>>());
        assert_eq!(disk.files(), [(segment.path.clone(), segment.bytes.clone())]);
        assert_eq!(
            (look(&disk, &ledger).state, look(&disk, &ledger).records),
            (SegmentState::Newer, 0)
        );
    }
}

#[test]
fn a_segment_that_was_never_written_is_nothing() {
    let segment = Segment::fresh();
    let (disk, ledger) = (SimDisk::new(), SimLedger::default());
    disk.put(&segment.path, &vec![0; segment.bytes.len()]);
    let found = look(&disk, &ledger);
    assert_eq!((found.state, found.records, found.damage.len()), (SegmentState::Abandoned, 0, 0));
    let replayed = run(&disk, &ledger).unwrap();
    assert_eq!((replayed.unreadable.len(), replayed.damage.len(), replayed.segments), (0, 0, 1));
    assert!(disk.files().is_empty());
}
