//! Space on the disk, and what a journal may take of it.

use std::io::ErrorKind;

use super::Live;
use crate::damage::{records, small};
use crate::sim::Fault;

/// A frame that was torn by a full disk is overwritten by the next attempt.
#[test]
fn a_full_disk_loses_nothing() {
    let mut live = Live::new(small());
    live.append(0..5);
    live.disk.plan(0, Fault::Error(ErrorKind::StorageFull));
    let error = live.journal.append(&records(5..9)).unwrap_err();
    assert!(error.is_full(), "{error}");
    live.journal.publish();
    live.store_all();
    assert_eq!(live.stored(), [0, 1, 2, 3, 4]);
    live.append(5..9);
    live.journal.publish();
    live.store_all();
    assert_eq!(live.stored(), (0..9).collect::<Vec<_>>());
    assert_eq!(live.disk.files().len(), 1, "in the same segment");
}

#[test]
fn a_disk_without_space_for_another_segment_is_full_until_there_is() {
    let mut live = Live::new(small());
    live.disk.world().space = 0;
    let (mut next, before) = (0, live.reader.bytes());
    let error = loop {
        match live.journal.append(&records(next..next + 9)) {
            Ok(taken) => next += taken as u64,
            Err(error) => break error,
        }
    };
    assert!(error.is_full(), "{error}");
    assert_eq!((live.reader.bytes(), live.disk.files().len()), (before, 1));
    live.disk.world().space = u64::MAX / 2;
    live.append(next..next + 9);
    live.journal.publish();
    live.store_all();
    assert_eq!(live.stored(), (0..next + 9).collect::<Vec<_>>());
}

#[test]
fn a_write_that_fails_otherwise_goes_to_another_segment() {
    let mut live = Live::new(small());
    live.append(0..5);
    live.disk.plan(0, Fault::Error(ErrorKind::Other));
    assert!(!live.journal.append(&records(5..9)).unwrap_err().is_full());
    live.append(5..9);
    live.journal.publish();
    live.store_all();
    assert_eq!(live.stored(), (0..9).collect::<Vec<_>>());
    assert_eq!(live.disk.files().len(), 2);
}

#[test]
fn a_journal_takes_no_more_than_it_may_and_gives_it_back() {
    let mut options = small();
    options.max_bytes = 3 * 4_000;
    let mut live = Live::new(options);
    let mut next = 0;
    let error = loop {
        match live.journal.append(&records(next..next + 20)) {
            Ok(taken) => next += taken as u64,
            Err(error) => break error,
        }
        assert!(live.reader.bytes() <= options.max_bytes);
    };
    assert!(error.is_full() && error.to_string().contains("journal"), "{error}");
    let files = live.disk.files();
    assert_eq!(files.len(), 3);
    assert_eq!(live.reader.bytes(), files.iter().map(|(_, bytes)| bytes.len() as u64).sum::<u64>());
    // Over when the ledger takes records again.
    live.journal.publish();
    live.store_all();
    let mut sink = live.ledger.sink(&live.disk);
    live.reader.recycle(&mut sink).unwrap();
    for _ in 0..3 {
        live.append(next..next + 100);
        next += 100;
        live.journal.publish();
        live.store_all();
        live.reader.recycle(&mut sink).unwrap();
    }
    assert_eq!(live.stored(), (0..next).collect::<Vec<_>>());
    assert!(live.reader.bytes() <= options.max_bytes);
    drop(live.journal);
    live.reader.close(&mut sink).unwrap();
    assert!(live.disk.files().is_empty());
    assert!(live.ledger.content().positions.is_empty(), "nothing is remembered of what is gone");
}

/// Spares wait for the next burst, but not many of them.
#[test]
fn at_most_two_spares_are_kept() {
    let mut live = Live::new(small());
    live.append(0..2_000);
    live.journal.publish();
    assert!(live.disk.files().len() > 5);
    live.store_all();
    let mut sink = live.ledger.sink(&live.disk);
    live.reader.recycle(&mut sink).unwrap();
    assert_eq!(live.disk.files().len(), 3);
    assert_eq!(live.ledger.content().positions.len(), 3);
}
