//! Files that are taken away, emptied or replaced under a journal that has them open.

use std::fs::{self, File};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use tempfile::{TempDir, tempdir};
use usage_core::error::chain;
use usage_journal::{JournalReader, JournalWriter, RealDisk, replay};

use crate::damage::{ledger_id, records, small};
use crate::sim::{SimDisk, SimLedger, SimSink};

struct Live {
    parent: TempDir,
    journal: JournalWriter,
    reader: JournalReader,
    next: u64,
}

impl Live {
    fn new() -> Self {
        let parent = tempdir().unwrap();
        let folder = parent.path().join("journal");
        let (journal, reader) =
            JournalWriter::create(RealDisk, &folder, ledger_id(), small()).unwrap();
        Self { parent, journal, reader, next: 0 }
    }

    fn folder(&self) -> PathBuf {
        self.parent.path().join("journal")
    }

    fn append(&mut self, count: u64) {
        let end = self.next + count;
        while self.next < end {
            self.next += self.journal.append(&records(self.next..end)).unwrap() as u64;
        }
        self.journal.publish();
    }

    fn segments(&self) -> Vec<PathBuf> {
        segments(&self.folder())
    }

    /// Stores all that was published, and answers how many records are missing.
    fn store_all(&mut self, sink: &mut SimSink) -> u64 {
        let mut lost = 0;
        while self.reader.load(100).unwrap() > 0 {
            lost += self.reader.store(sink).unwrap().lost;
        }
        lost
    }

    /// The process is killed; what does the next one find?
    fn killed(self) -> (Vec<u64>, TempDir) {
        let folder = self.folder();
        drop((self.journal, self.reader));
        (replayed(&folder), self.parent)
    }
}

fn empty(path: &Path) {
    File::options().write(true).open(path).unwrap().set_len(0).unwrap();
}

fn segments(folder: &Path) -> Vec<PathBuf> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut names: Vec<_> =
        names.filter(|path| path.extension().is_some_and(|name| name == "segment")).collect();
    names.sort();
    names
}

fn replayed(folder: &Path) -> Vec<u64> {
    let ledger = SimLedger::default();
    let mut sink = ledger.sink(&SimDisk::new());
    replay(&RealDisk, folder, &mut sink, 10, &mut |_| ControlFlow::Continue(())).unwrap();
    let content = ledger.content();
    assert_eq!(content.invented, 0);
    let mut stored = content.records;
    stored.sort_unstable();
    stored
}

fn all(count: u64) -> Vec<u64> {
    (0..count).collect()
}

#[test]
fn a_healthy_journal_is_left_as_it_is() {
    let mut live = Live::new();
    live.append(300);
    let before = live.segments();
    let watched = live.journal.check();
    assert_eq!((watched.restored, watched.at_risk), (0, 0));
    assert!(watched.error.is_none());
    assert_eq!(live.segments(), before);
}

#[test]
fn what_is_deleted_is_written_anew() {
    for whole_folder in [false, true] {
        let mut live = Live::new();
        live.append(300);
        let count = live.segments().len() as u64;
        if whole_folder {
            fs::remove_dir_all(live.folder()).unwrap();
        } else {
            live.segments().iter().for_each(|path| fs::remove_file(path).unwrap());
        }
        let watched = live.journal.check();
        assert_eq!((watched.restored, watched.at_risk), (count, 0), "{watched:?}");
        assert!(chain(&watched.error.unwrap()).contains("deleted"));
        assert!(live.journal.check().error.is_none(), "all is well again");
        live.append(100);
        assert_eq!(live.killed().0, all(400));
    }
}

/// The folder goes elsewhere, with all in it, and comes back when all is stored: the ledger still knows
/// how far it has these segments.
#[test]
fn what_is_moved_away_is_stored_once_though_it_comes_back() {
    let mut live = Live::new();
    live.append(300);
    let elsewhere = live.parent.path().join("elsewhere");
    fs::rename(live.folder(), &elsewhere).unwrap();
    assert_eq!(live.journal.check().at_risk, 0);
    live.append(10);
    let folder = live.folder();
    let ledger = SimLedger::default();
    let mut sink = ledger.sink(&SimDisk::new());
    drop(live.journal);
    while live.reader.load(100).unwrap() > 0 {
        live.reader.store(&mut sink).unwrap();
    }
    live.reader.close(&mut sink).unwrap();
    assert!(!folder.exists());
    fs::rename(&elsewhere, &folder).unwrap();
    replay(&RealDisk, &folder, &mut sink, 10, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(ledger.content().records, all(310));
}

#[test]
fn what_is_put_in_its_place_is_kept_aside() {
    let mut live = Live::new();
    live.append(20);
    let segment = live.segments().remove(0);
    fs::remove_file(&segment).unwrap();
    fs::write(&segment, "somebody's").unwrap();
    assert_eq!(live.journal.check().restored, 1);
    assert_eq!(fs::read(segment.with_extension("replaced")).unwrap(), b"somebody's");
    // And what was put there before is not lost to what is put there later.
    fs::remove_file(&segment).unwrap();
    fs::write(&segment, "somebody else's").unwrap();
    assert_eq!(live.journal.check().restored, 1);
    assert_eq!(fs::read(segment.with_extension("replaced")).unwrap(), b"somebody's");
    assert_eq!(fs::read(segment.with_extension("replaced.1")).unwrap(), b"somebody else's");
    live.append(20);
    assert_eq!(live.killed().0, all(40));
}

/// The records of an emptied segment are lost and counted; those that come are safe.
#[test]
fn after_an_emptied_segment_comes_another() {
    let mut live = Live::new();
    live.append(9);
    empty(&live.segments()[0]);
    let watched = live.journal.check();
    assert_eq!((watched.at_risk, watched.restored), (9, 0));
    assert!(chain(&watched.error.unwrap()).contains("emptied"));
    live.append(11);
    assert_eq!(live.segments().len(), 2);
    // This process tells what is lost, and is then at ease.
    let ledger = SimLedger::default();
    let mut sink = ledger.sink(&SimDisk::new());
    let lost = live.store_all(&mut sink);
    assert_eq!((lost, live.reader.at_risk()), (9, 0));
    assert_eq!(ledger.content().records, (9..20).collect::<Vec<_>>());
    assert!(live.journal.check().error.is_none());
}

/// No record goes to an emptied segment, whether it was to be stored or to be used again.
#[test]
fn an_emptied_segment_is_not_used_again() {
    for spare in [false, true] {
        let mut live = Live::new();
        let ledger = SimLedger::default();
        let mut sink = ledger.sink(&SimDisk::new());
        live.append(300);
        if spare {
            assert_eq!(live.store_all(&mut sink), 0);
            live.reader.recycle(&mut sink).unwrap();
        }
        live.segments().iter().for_each(|path| empty(path));
        let lost = if spare { 0 } else { 300 };
        assert_eq!(live.journal.check().at_risk, lost);
        assert_eq!(live.store_all(&mut sink), lost);
        live.reader.recycle(&mut sink).unwrap();
        for _ in 0..2 {
            live.append(300);
            let watched = live.journal.check();
            assert!(watched.at_risk == 0 && watched.error.is_none(), "{spare}: {watched:?}");
        }
        assert_eq!(live.killed().0, (300..900).collect::<Vec<_>>());
    }
}

/// Nobody looked while it was gone, so its path was found empty when it was to be removed.
#[test]
fn what_was_moved_away_before_it_was_given_up_is_not_stored_again() {
    let mut live = Live::new();
    let ledger = SimLedger::default();
    let mut sink = ledger.sink(&SimDisk::new());
    live.append(300);
    assert_eq!(live.store_all(&mut sink), 0);
    let (folder, elsewhere) = (live.folder(), live.parent.path().join("elsewhere"));
    fs::rename(&folder, &elsewhere).unwrap();
    live.reader.recycle(&mut sink).unwrap();
    drop(live.journal);
    live.reader.close(&mut sink).unwrap();
    fs::rename(&elsewhere, &folder).unwrap();
    replay(&RealDisk, &folder, &mut sink, 10, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(ledger.content().records, all(300));
}

#[test]
fn what_was_moved_away_from_a_replay_is_not_stored_again() {
    let mut live = Live::new();
    live.append(9);
    let (folder, segment) = (live.folder(), live.segments().remove(0));
    let elsewhere = live.parent.path().join("elsewhere");
    drop((live.journal, live.reader));
    let ledger = SimLedger::default();
    let mut sink = ledger.sink(&SimDisk::new());
    replay(&RealDisk, &folder, &mut sink, 10, &mut |_| {
        fs::rename(&segment, &elsewhere).unwrap();
        ControlFlow::Continue(())
    })
    .unwrap();
    fs::create_dir_all(&folder).unwrap();
    fs::rename(&elsewhere, &segment).unwrap();
    replay(&RealDisk, &folder, &mut sink, 10, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(ledger.content().records, all(9));
}

/// A segment in use was replaced, and nobody has looked since: what lies there is somebody's.
#[test]
fn a_foreign_file_is_not_removed() {
    let mut live = Live::new();
    let ledger = SimLedger::default();
    let mut sink = ledger.sink(&SimDisk::new());
    live.append(9);
    live.store_all(&mut sink);
    let segment = live.segments().remove(0);
    fs::remove_file(&segment).unwrap();
    fs::write(&segment, "somebody's").unwrap();
    drop(live.journal);
    live.reader.close(&mut sink).unwrap();
    assert_eq!(fs::read(segment).unwrap(), b"somebody's");
}

/// Segments that the reader has stored and given up do not come back.
#[test]
fn what_was_stored_is_not_written_anew() {
    let mut live = Live::new();
    live.append(300);
    let ledger = SimLedger::default();
    let mut sink = ledger.sink(&SimDisk::new());
    live.store_all(&mut sink);
    fs::remove_dir_all(live.folder()).unwrap();
    // Only the one that is appended to.
    assert_eq!(live.journal.check().restored, 1);
    live.reader.recycle(&mut sink).unwrap();
    live.append(300);
    let stored = ledger.content();
    let folder = live.folder();
    drop((live.journal, live.reader));
    let again = SimLedger::default();
    again.restore(&stored);
    let mut sink = again.sink(&SimDisk::new());
    replay(&RealDisk, &folder, &mut sink, 10, &mut |_| ControlFlow::Continue(())).unwrap();
    let mut all_stored = again.content().records;
    all_stored.sort_unstable();
    assert_eq!(all_stored, all(600));
}

/// A segment that cannot be written anew is at risk, and no longer when it can.
#[test]
fn what_cannot_be_written_anew_is_at_risk_until_it_can() {
    let mut live = Live::new();
    live.append(9);
    fs::remove_dir_all(live.folder()).unwrap();
    fs::write(live.folder(), "in the way").unwrap();
    for _ in 0..2 {
        let watched = live.journal.check();
        assert_eq!((watched.at_risk, watched.restored), (9, 0));
        assert!(watched.error.is_some());
    }
    fs::remove_file(live.folder()).unwrap();
    let watched = live.journal.check();
    assert_eq!((watched.at_risk, watched.restored), (0, 1));
    live.append(1);
    assert_eq!(live.killed().0, all(10));
}
