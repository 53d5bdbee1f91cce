//! Entries of a journal's folder that are no journals: they stop nobody, and nobody waits for them.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use usage_core::sink::JournalSink;
use usage_journal::{Access, JournalWriter, Options, RealDisk};
use usage_store::{SegmentState, StoreError};

use super::support::{Place, journal, orphan, record, requests, segments};

/// A pipe that nobody writes to, a device without end, a folder, and links to them and to nowhere.
fn odd_entries(folder: &Path) -> usize {
    let at = |number: u32| folder.join(format!("{number:032x}.segment"));
    let made = Command::new("mkfifo").arg(at(1)).status().unwrap();
    assert!(made.success());
    symlink("/dev/zero", at(2)).unwrap();
    fs::create_dir(at(3)).unwrap();
    symlink(at(1), at(4)).unwrap();
    symlink(at(5), at(5)).unwrap();
    5
}

#[test]
fn are_skipped_counted_and_shown() {
    let place = Place::with_records(3);
    let mut store = place.open();
    let batch: Vec<_> = (10..20).map(|micros| record(micros, 1)).collect();
    let folder = orphan(&mut store, &batch);
    let odd = odd_entries(&folder);
    let waiting = store.journals().backlog().unwrap();
    assert_eq!((waiting.of_stopped(), waiting.of(SegmentState::Inaccessible).count()), (10, odd));
    assert!(waiting.of(SegmentState::Inaccessible).all(|entry| entry.damage.len() == 1));
    let recovered = store.journals().recover().unwrap();
    assert_eq!((recovered.stored, recovered.skipped.len()), (10, odd), "{recovered:?}");
    assert_eq!(requests(&store), 13);
    assert_eq!(segments(&folder).len(), odd, "they are left as they are");
    // What waits there, if it does, would come back after a deletion.
    let error = store.delete_all_records().unwrap_err();
    assert!(matches!(error, StoreError::Journal { .. }), "{error}");
}

/// It is counted and shown, stays under its name, and stops nobody; not even a deletion, as only the
/// newer program can store it, which then sees what was deleted.
#[test]
fn what_a_newer_program_wrote_is_left_where_it_is() {
    let place = Place::with_records(3);
    let mut store = place.open();
    let folder = orphan(&mut store, &[record(9, 1)]);
    let [segment] = segments(&folder).try_into().unwrap();
    let mut bytes = fs::read(&segment).unwrap();
    for copy in bytes[..128].chunks_mut(64) {
        copy[7] = 200;
        let checksum = crc32fast::hash(&copy[..60]);
        copy[60..].copy_from_slice(&checksum.to_le_bytes());
    }
    fs::write(&segment, &bytes).unwrap();
    let waiting = store.journals().backlog().unwrap();
    let newer: Vec<_> = waiting.of(SegmentState::Newer).collect();
    assert_eq!((newer.len(), newer[0].bytes), (1, bytes.len() as u64));
    assert_eq!(store.journals().recover().unwrap().newer, std::slice::from_ref(&segment));
    assert_eq!(store.delete_all_records().unwrap(), 3);
    assert_eq!(fs::read(&segment).unwrap(), bytes);
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// The journal lets in whom the ledger lets in.
#[test]
fn a_group_that_shares_the_ledger_shares_its_journal() {
    for (ledger, folder_mode, segment_mode) in [(0o600, 0o700, 0o600), (0o660, 0o770, 0o660)] {
        let place = Place::with_records(1);
        set_mode(&place.path, ledger);
        let mut store = place.open();
        let folder = store.journal_folder().unwrap();
        let mut options = Options::default();
        assert_eq!(store.is_shared_with_group(), ledger == 0o660);
        if store.is_shared_with_group() {
            options.access = Access::Group;
        }
        let id = store.id().unwrap();
        let (journal, tail) = JournalWriter::create(RealDisk, &folder, id, options).unwrap();
        assert_eq!(mode(&folder), folder_mode);
        let segments = segments(&folder);
        assert_eq!(segments.len(), 1);
        assert_eq!(mode(&segments[0]), segment_mode);
        drop(journal);
        tail.close(&mut store).unwrap();
        assert!(!folder.exists());
    }
}

/// With rights that the program would not give it, as for a group: it stays.
#[test]
fn a_folder_that_somebody_made_is_left() {
    let place = Place::with_records(1);
    let mut store = place.open();
    let folder = store.journal_folder().unwrap();
    fs::create_dir(&folder).unwrap();
    set_mode(&folder, 0o2770);
    drop(journal(&store, &folder, &[record(9, 1)]));
    assert_eq!(store.journals().recover().unwrap().stored, 1);
    assert_eq!((mode(&folder), fs::read_dir(&folder).unwrap().count()), (0o2770, 0));
}
