//! The two ends of a journal of one's own.

mod space;
mod synced;

use std::path::Path;

use usage_core::ErrorKind;
use usage_journal::{JournalReader, JournalWriter, Options};

use crate::damage::{FOLDER, ledger_id, records, small};
use crate::sim::{LedgerFault, SimDisk, SimLedger};

struct Live {
    disk: SimDisk,
    ledger: SimLedger,
    journal: JournalWriter<SimDisk>,
    reader: JournalReader<SimDisk>,
}

impl Live {
    fn new(options: Options) -> Self {
        let disk = SimDisk::new();
        let folder = Path::new(FOLDER);
        let (journal, reader) =
            JournalWriter::create(disk.clone(), folder, ledger_id(), options).unwrap();
        Self { disk, ledger: SimLedger::default(), journal, reader }
    }

    fn append(&mut self, numbers: std::ops::Range<u64>) {
        let all = records(numbers);
        let mut rest = &all[..];
        while !rest.is_empty() {
            let taken = self.journal.append(rest).unwrap();
            rest = &rest[taken..];
        }
    }

    fn store_all(&mut self) {
        let mut sink = self.ledger.sink(&self.disk);
        while self.reader.load(10).unwrap() > 0 {
            let step = self.reader.store(&mut sink).unwrap();
            assert_eq!((step.lost, step.damage), (0, Vec::new()));
        }
    }

    fn stored(&self) -> Vec<u64> {
        self.ledger.content().records
    }
}

#[test]
fn nothing_is_seen_before_it_is_published() {
    let mut live = Live::new(small());
    live.append(0..5);
    assert_eq!(live.reader.load(10).unwrap(), 0);
    live.journal.publish();
    assert_eq!(live.reader.load(10).unwrap(), 5);
    // More comes, but what is held is held.
    live.append(5..7);
    live.journal.publish();
    assert_eq!(live.reader.load(10).unwrap(), 5);
    live.store_all();
    assert_eq!(live.stored(), [0, 1, 2, 3, 4, 5, 6]);
    assert_eq!(live.reader.held(), records(5..7), "still there after it was stored");
}

#[test]
fn a_commit_that_seemed_to_fail_is_not_made_again() {
    let mut live = Live::new(small());
    live.append(0..5);
    live.journal.publish();
    assert_eq!(live.reader.load(10).unwrap(), 5);
    live.ledger.state().faults.plan(0, LedgerFault::After);
    let mut sink = live.ledger.sink(&live.disk);
    live.reader.store(&mut sink).unwrap_err();
    let step = live.reader.store(&mut sink).unwrap();
    assert_eq!((step.already, step.outcome.stored), (5, 0));
    assert_eq!(live.stored(), [0, 1, 2, 3, 4]);
}

#[test]
fn a_ledger_that_went_back_is_told_from_one_that_is_busy() {
    let mut live = Live::new(small());
    let copy = live.ledger.content();
    live.append(0..5);
    live.journal.publish();
    live.store_all();
    live.ledger.restore(&copy);
    live.append(5..6);
    live.journal.publish();
    live.reader.load(10).unwrap();
    let mut sink = live.ledger.sink(&live.disk);
    let error = live.reader.store(&mut sink).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Replaced);
    assert!(live.stored().is_empty());
}

/// A segment that was stored is given up only while the ledger still has it.
#[test]
fn a_ledger_that_went_back_loses_no_segment() {
    let mut live = Live::new(small());
    let copy = live.ledger.content();
    live.append(0..1_000);
    live.journal.publish();
    live.store_all();
    live.ledger.restore(&copy);
    let files = live.disk.files();
    let mut sink = live.ledger.sink(&live.disk);
    let error = live.reader.recycle(&mut sink).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Replaced);
    assert_eq!(live.disk.files(), files);
    drop(live.journal);
    live.reader.close(&mut sink).unwrap_err();
    let replayed = crate::damage::run(&live.disk, &live.ledger).unwrap();
    assert_eq!((replayed.stored, replayed.lost), (1_000, 0));
}

/// Damage in a segment of this process is known to the record, even at its end.
#[test]
fn damage_in_ones_own_segment_costs_what_it_hit() {
    let mut live = Live::new(small());
    live.append(0..5);
    live.append(5..8);
    live.journal.publish();
    let (path, mut bytes) = live.disk.files().pop().unwrap();
    let second = 128 + 28 + usize::from(bytes[132]);
    assert!(bytes[second..].starts_with(b"\xF7USG"));
    bytes[second] ^= 1;
    live.disk.overwrite(&path, &bytes);
    assert_eq!(live.reader.load(10).unwrap(), 5);
    let mut sink = live.ledger.sink(&live.disk);
    let step = live.reader.store(&mut sink).unwrap();
    assert_eq!((step.outcome.stored, step.lost), (5, 3));
    let damage = &step.damage[0].damage;
    assert_eq!((damage.offset, damage.records), (second as u64, Some(3)));
    let text = step.damage[0].to_string();
    assert!(
        text.contains(&format!("bytes at {second}: ")) && text.ends_with("(3 records)"),
        "{text}"
    );
    // It goes on behind.
    live.append(8..10);
    live.journal.publish();
    live.store_all();
    assert_eq!(live.stored(), [0, 1, 2, 3, 4, 8, 9]);
}

/// A reader tries again, and does not wait for a bad place for ever.
#[test]
fn a_place_that_cannot_be_read_does_not_stop_the_tail() {
    let mut live = Live::new(small());
    live.append(0..5);
    live.journal.publish();
    live.store_all();
    live.append(5..8);
    live.journal.publish();
    live.disk.world().unreadable = 128..4_000;
    let fails = |live: &mut Live| live.reader.load(10).is_err();
    assert!(fails(&mut live) && fails(&mut live));
    // What was only a passing failure costs nothing.
    live.disk.world().unreadable = 0..0;
    assert_eq!(live.reader.load(10).unwrap(), 3);
    live.store_all();

    live.append(8..10);
    live.journal.publish();
    live.disk.world().unreadable = 128..4_000;
    assert!(fails(&mut live) && fails(&mut live) && fails(&mut live));
    assert_eq!(live.reader.load(10).unwrap(), 1, "damage only");
    assert!(live.reader.held().is_empty());
    let mut sink = live.ledger.sink(&live.disk);
    assert_eq!(live.reader.store(&mut sink).unwrap().lost, 2);
    assert_eq!(live.reader.load(10).unwrap(), 0);
    assert_eq!(live.stored(), (0..8).collect::<Vec<_>>());
}

#[test]
fn a_journal_that_is_still_there_keeps_its_segment() {
    let mut live = Live::new(small());
    live.append(0..5);
    live.journal.publish();
    live.store_all();
    let mut sink = live.ledger.sink(&live.disk);
    live.reader.close(&mut sink).unwrap();
    live.journal.append(&records(5..6)).unwrap();
    drop(live.journal);
    let replayed = crate::damage::run(&live.disk, &live.ledger).unwrap();
    assert_eq!((replayed.stored, replayed.damage.len()), (1, 0));
    assert_eq!(live.ledger.content().records, [0, 1, 2, 3, 4, 5]);
}

#[test]
fn what_was_not_stored_stays_when_the_tail_is_closed() {
    let mut live = Live::new(small());
    live.append(0..5);
    live.journal.publish();
    live.store_all();
    live.append(5..9);
    live.journal.publish();
    let mut sink = live.ledger.sink(&live.disk);
    drop(live.journal);
    live.reader.close(&mut sink).unwrap();
    let replayed = crate::damage::run(&live.disk, &live.ledger).unwrap();
    assert_eq!((replayed.stored, replayed.segments), (4, 1));
    assert_eq!(live.ledger.content().records, (0..9).collect::<Vec<_>>());
    assert!(live.disk.files().is_empty());
}
