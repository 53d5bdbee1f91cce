//! A journal that brings what it takes to the disk.

use std::io::ErrorKind;

use super::Live;
use crate::damage::{run, small};
use crate::sim::Fault;

fn synced() -> Live {
    let mut options = small();
    options.sync = true;
    Live::new(options)
}

#[test]
fn nothing_is_seen_before_it_is_synced() {
    let mut live = synced();
    live.append(0..5);
    live.journal.publish();
    assert_eq!(live.reader.load(10).unwrap(), 0);
    live.journal.sync().unwrap();
    assert_eq!(live.reader.load(10).unwrap(), 0);
    live.journal.publish();
    live.store_all();
    assert_eq!(live.stored(), [0, 1, 2, 3, 4]);
}

/// However many frames and segments there are, each is synced once, and none again.
#[test]
fn one_sync_serves_all_that_was_appended() {
    let mut live = synced();
    live.append(0..30);
    let files = live.disk.files().len() as u64;
    let before = live.disk.world().syncs;
    live.journal.sync().unwrap();
    assert!(live.disk.world().syncs - before <= files);
    let before = live.disk.world().syncs;
    live.journal.sync().unwrap();
    assert_eq!(live.disk.world().syncs, before);
    live.journal.publish();
    live.store_all();
    assert_eq!(live.stored(), (0..30).collect::<Vec<_>>());
}

/// Frames that a failed sync may or may not have brought to the disk are taken back, and
/// goes to another segment when it is given again. A later good sync of the same file says nothing.
#[test]
fn what_could_not_be_synced_is_in_the_journal_once_when_it_is_given_again() {
    let mut live = synced();
    live.append(0..5);
    live.journal.sync().unwrap();
    live.append(5..9);
    live.append(9..12);
    live.disk.plan(0, Fault::Error(ErrorKind::Other));
    let error = live.journal.sync().unwrap_err();
    assert_eq!(error.kept, 5);
    live.journal.publish();
    live.append(5..12);
    live.journal.sync().unwrap();
    live.journal.publish();
    assert_eq!(live.disk.files().len(), 2, "not where syncing failed");
    let (disk, ledger) = (live.disk.clone(), live.ledger.clone());
    drop((live.journal, live.reader));
    disk.world().lose_power(3);
    let replayed = run(&disk, &ledger).unwrap();
    assert_eq!((replayed.stored, replayed.lost, replayed.damage.len()), (12, 0, 0));
    let mut stored = ledger.content().records;
    stored.sort_unstable();
    assert_eq!(stored, (0..12).collect::<Vec<_>>());
}

/// A segment in which a sync failed is not used for another generation.
#[test]
fn a_segment_that_failed_is_not_used_again() {
    let mut live = synced();
    live.append(0..5);
    live.disk.plan(0, Fault::Error(ErrorKind::Other));
    assert_eq!(live.journal.sync().unwrap_err().kept, 0);
    let bad = live.disk.files().remove(0).0;
    live.append(0..5);
    live.journal.sync().unwrap();
    live.journal.publish();
    live.store_all();
    let mut sink = live.ledger.sink(&live.disk);
    live.reader.recycle(&mut sink).unwrap();
    assert!(live.disk.files().iter().all(|(path, _)| *path != bad));
    assert_eq!(live.stored(), [0, 1, 2, 3, 4]);
}

/// The header, and its name: without them a power loss leaves a file that nobody can read.
#[test]
fn a_segment_has_its_header_on_the_disk_before_it_has_its_name() {
    for sync in [false, true] {
        let mut options = small();
        options.sync = sync;
        for seed in 0..50 {
            let live = Live::new(options);
            let (disk, ledger) = (live.disk.clone(), live.ledger.clone());
            drop((live.journal, live.reader));
            disk.world().lose_power(seed);
            let replayed = run(&disk, &ledger).unwrap();
            assert_eq!((replayed.unreadable.len(), replayed.segments), (0, 1), "{replayed:?}");
        }
    }
}
