//! Races: things that happen between two steps of another process.

use std::ops::ControlFlow;
use std::path::Path;

use usage_core::sink::JournalSink;
use usage_journal::{Disk, DiskFile, JournalWriter, replay};

use crate::damage::{FOLDER, ledger_id, records, run, small};
use crate::sim::{SimDisk, SimLedger};

fn abandon_segment(disk: &SimDisk) {
    let process = disk.process();
    let (mut journal, _tail) =
        JournalWriter::create(process, Path::new(FOLDER), ledger_id(), small()).unwrap();
    journal.append(&records(0..5)).unwrap();
}

/// Between opening a segment and locking it, another replay stores it, removes it, and has its
/// position forgotten: only the path tells that it is gone.
#[test]
fn a_segment_that_is_gone_when_its_lock_is_had_is_not_stored_again() {
    let (disk, ledger) = (SimDisk::new(), SimLedger::default());
    abandon_segment(&disk);
    let (other, same) = (disk.process(), ledger.clone());
    disk.after_open(move || {
        assert_eq!(run(&other, &same).unwrap().stored, 5);
    });
    assert_eq!(run(&disk, &ledger).unwrap().stored, 0);
    assert_eq!(ledger.content().records, [0, 1, 2, 3, 4]);
}

/// Between creating a segment and locking it, a replay takes it for a leftover.
#[test]
fn a_segment_that_is_cleaned_away_while_it_is_made_is_made_again() {
    let (disk, ledger) = (SimDisk::new(), SimLedger::default());
    let (other, same) = (disk.process(), ledger.clone());
    disk.after_open(move || drop(run(&other, &same).unwrap()));
    let folder = Path::new(FOLDER);
    let (mut journal, reader) =
        JournalWriter::create(disk.process(), folder, ledger_id(), small()).unwrap();
    journal.append(&records(0..5)).unwrap();
    drop((journal, reader));
    assert_eq!(run(&disk, &ledger).unwrap().stored, 5);
}

/// Somebody removes the file, and then the folder too.
#[test]
fn a_folder_that_is_removed_while_a_segment_is_made_is_made_again() {
    let (disk, ledger) = (SimDisk::new(), SimLedger::default());
    let mut options = small();
    options.max_bytes = u64::MAX;
    let (mut journal, mut reader) =
        JournalWriter::create(disk.process(), Path::new(FOLDER), ledger_id(), options).unwrap();
    disk.world().folder = false;
    let mut next = 0;
    while disk.files().len() < 2 {
        next += journal.append(&records(next..next + 9)).unwrap() as u64;
    }
    journal.publish();
    let mut sink = ledger.sink(&disk);
    while reader.load(100).unwrap() > 0 {
        reader.store(&mut sink).unwrap();
    }
    assert_eq!(ledger.content().records, (0..next).collect::<Vec<_>>());
}

/// While one replay stores a segment, another leaves it alone.
#[test]
fn two_replays_share_the_work() {
    let (disk, ledger) = (SimDisk::new(), SimLedger::default());
    abandon_segment(&disk);
    let mut sink = ledger.sink(&disk);
    let mut live = 0;
    let replayed = replay(&disk, Path::new(FOLDER), &mut sink, 1, &mut |_| {
        live += run(&disk.process(), &ledger).unwrap().live;
        ControlFlow::Continue(())
    });
    assert_eq!((replayed.unwrap().stored, live), (5, 1));
    assert_eq!(sink.ledger_id().unwrap(), ledger_id());
    assert_eq!(ledger.content().records, [0, 1, 2, 3, 4]);
}

/// Between removing what is stored and syncing the folder, another replay finds the folder empty and
/// removes it: for a replay as for an owner that closes its journal.
#[test]
fn a_folder_that_is_removed_before_it_is_synced_is_no_failure() {
    let (disk, ledger) = (SimDisk::new(), SimLedger::default());
    let remove_the_folder = || {
        let (other, same) = (disk.process(), ledger.clone());
        disk.before_sync(move || {
            assert!(other.world().folder);
            assert_eq!(run(&other, &same).unwrap().segments, 0);
            assert!(!other.world().folder);
        });
    };
    abandon_segment(&disk);
    remove_the_folder();
    let replayed = run(&disk, &ledger).unwrap();
    assert_eq!((replayed.stored, replayed.segments), (5, 1));
    assert!(replayed.failed.is_empty(), "{:?}", replayed.failed);
    assert!(ledger.content().positions.is_empty());

    let (mut journal, mut reader) =
        JournalWriter::create(disk.process(), Path::new(FOLDER), ledger_id(), small()).unwrap();
    journal.append(&records(5..9)).unwrap();
    journal.publish();
    drop(journal);
    let mut sink = ledger.sink(&disk);
    assert_eq!(reader.load(100).unwrap(), 4);
    reader.store(&mut sink).unwrap();
    remove_the_folder();
    reader.close(&mut sink).unwrap();
    assert!(ledger.content().positions.is_empty());
}

/// A reader locks a segment for a moment: a replay waits for it. For an owner it does not.
#[test]
fn a_reader_is_waited_for_and_an_owner_is_not() {
    let (disk, ledger) = (SimDisk::new(), SimLedger::default());
    abandon_segment(&disk);
    let (path, _) = disk.files().pop().unwrap();
    let reader = disk.process().open_read(&path).unwrap();
    assert!(reader.try_lock_shared().unwrap());
    let mut reader = Some(reader);
    disk.on_pause(move || drop(reader.take()));
    assert_eq!(run(&disk, &ledger).unwrap().stored, 5);

    let (_journal, _tail) =
        JournalWriter::create(disk.process(), Path::new(FOLDER), ledger_id(), small()).unwrap();
    disk.on_pause(|| panic!("waits for what does not end"));
    assert_eq!(run(&disk, &ledger).unwrap().live, 1);
}
