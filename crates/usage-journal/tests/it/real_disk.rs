//! Journals on the operating system's files.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::thread;
#[cfg(unix)]
use std::time::{Duration, Instant};

use tempfile::tempdir;
use usage_core::Record;
use usage_core::sink::LedgerId;
use usage_journal::{
    JournalReader, JournalWriter, Options, RealDisk, Replayed, SegmentState, replay, survey,
};

use crate::damage::{ledger_id, records, small};
use crate::sim::{SimDisk, SimLedger, SimSink};

fn create(folder: &Path, options: Options) -> (JournalWriter, JournalReader) {
    JournalWriter::create(RealDisk, folder, ledger_id(), options).unwrap()
}

fn replay_all(folder: &Path, sink: &mut SimSink) -> Replayed {
    replay(&RealDisk, folder, sink, 100, &mut |_| ControlFlow::Continue(())).unwrap()
}

fn sink() -> (SimLedger, SimSink) {
    let ledger = SimLedger::default();
    (ledger.clone(), ledger.sink(&SimDisk::new()))
}

fn append(journal: &mut JournalWriter, mut rest: &[Record]) {
    while !rest.is_empty() {
        let taken = journal.append(rest).unwrap();
        rest = &rest[taken..];
    }
}

#[test]
fn the_files_are_the_owners_alone_and_have_their_space() {
    let parent = tempdir().unwrap();
    let folder = parent.path().join("a/b.journal");
    let (_journal, reader) = create(&folder, Options::default());
    let file = fs::read_dir(&folder).unwrap().next().unwrap().unwrap();
    let name = file.file_name().into_string().unwrap();
    assert!(name.len() == 32 + ".segment".len() && name.ends_with(".segment"), "{name}");
    let metadata = file.metadata().unwrap();
    assert_eq!(metadata.len(), 4 << 20);
    assert_eq!(reader.bytes(), 4 << 20);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    }
}

#[test]
fn what_a_running_process_owns_is_left_alone_and_stored_when_it_is_gone() {
    let parent = tempdir().unwrap();
    let folder = parent.path().join("journal");
    let (ledger, mut sink) = sink();
    let (mut journal, reader) = create(&folder, small());
    append(&mut journal, &records(0..200));
    let look = || survey(&RealDisk, &folder, ledger_id(), &mut |_| None).segments;
    let count = |state| look().iter().filter(|s| s.state == state).map(|s| s.records).sum::<u64>();
    assert_eq!(count(SegmentState::Live), 200);
    let replayed = replay_all(&folder, &mut sink);
    assert_eq!((replayed.stored, replayed.live), (0, look().len() as u64));
    drop((journal, reader));
    assert_eq!(count(SegmentState::Abandoned), 200);
    let replayed = replay_all(&folder, &mut sink);
    assert_eq!((replayed.stored, replayed.live), (200, 0));
    // Each segment stands alone: they come in any order.
    let mut stored = ledger.content().records;
    stored.sort_unstable();
    assert_eq!(stored, (0..200).collect::<Vec<_>>());
    assert!(!folder.exists(), "nothing is left, not even the folder");
}

#[test]
fn two_threads_and_two_journals_in_one_folder() {
    let parent = tempdir().unwrap();
    let folder = parent.path().join("journal");
    let ledger = SimLedger::default();
    thread::scope(|scope| {
        for process in 0..2_u64 {
            let (mut journal, mut reader) = create(&folder, small());
            let mut sink = ledger.sink(&SimDisk::new());
            let appending = scope.spawn(move || {
                for first in (process * 3_000..(process + 1) * 3_000).step_by(30) {
                    append(&mut journal, &records(first..first + 30));
                    journal.publish();
                }
            });
            scope.spawn(move || {
                loop {
                    let finished = appending.is_finished();
                    if reader.load(100).unwrap() > 0 {
                        reader.store(&mut sink).unwrap();
                        reader.recycle(&mut sink).unwrap();
                    } else if finished {
                        break;
                    } else {
                        thread::yield_now();
                    }
                }
                reader.close(&mut sink).unwrap();
            });
        }
    });
    let mut stored = ledger.content().records;
    stored.sort_unstable();
    assert_eq!(stored, (0..6_000).collect::<Vec<_>>());
    assert!(!folder.exists());
}

#[test]
fn a_segment_of_the_usual_size_comes_back() {
    let parent = tempdir().unwrap();
    let folder = parent.path().join("journal");
    let (ledger, mut sink) = sink();
    let mut options = Options::default();
    options.sync = true;
    let (mut journal, reader) = create(&folder, options);
    let first = records(0..100_000);
    assert!(journal.append(&first).unwrap() < first.len(), "one frame is not that large");
    append(&mut journal, &records(100_000..110_000));
    drop((journal, reader));
    let replayed = replay_all(&folder, &mut sink);
    assert_eq!(replayed.stored, ledger.content().records.len() as u64);
    assert!(ledger.content().records.ends_with(&(100_000..110_000).collect::<Vec<_>>()));
    assert!(replayed.damage.is_empty());
}

#[test]
fn a_folder_that_is_not_there_has_nothing_in_it() {
    let parent = tempdir().unwrap();
    let folder = parent.path().join("journal");
    let (_, mut sink) = sink();
    assert_eq!(replay_all(&folder, &mut sink).segments, 0);
    let id = LedgerId::from_bytes([0; 16]);
    assert!(survey(&RealDisk, &folder, id, &mut |_| None).segments.is_empty());
}

/// A hole of a terabyte is no segment, and nobody reads it to find that out.
#[cfg(unix)]
#[test]
fn an_endless_file_keeps_nobody_from_starting() {
    let parent = tempdir().unwrap();
    let path = parent.path().join("00112233445566778899aabbccddeeff.segment");
    fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
    let start = Instant::now();
    let found = survey(&RealDisk, parent.path(), ledger_id(), &mut |_| None).segments;
    assert_eq!((found[0].state, found[0].bytes), (SegmentState::Unreadable, 1 << 40));
    let (_, mut sink) = sink();
    assert_eq!(replay_all(parent.path(), &mut sink).unreadable, [path.with_extension("damaged")]);
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

#[test]
fn an_error_says_what_was_done_to_which_path() {
    let parent = tempdir().unwrap();
    let file = parent.path().join("file");
    fs::write(&file, "").unwrap();
    let error =
        JournalWriter::create(RealDisk, &file.join("journal"), ledger_id(), small()).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("cannot create") && text.contains("file/journal"), "{text}");
    assert!(!error.is_full());
}
