//! Files that cannot be written. Root can write everything, so a child without privileges does it.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use usage_store::{SegmentState, SqliteErrorKind, Store, StoreError};

use super::child;
use super::support::{Place, orphan, record, records, requests, segments};

/// Runs a role as somebody whom permission bits stop.
fn unprivileged(role: &str, place: &Place) {
    // In a folder that anybody may enter, unlike the one this binary may lie in.
    let program = tempfile::tempdir().unwrap();
    fs::set_permissions(program.path(), Permissions::from_mode(0o755)).unwrap();
    let binary = program.path().join("it");
    fs::copy(std::env::current_exe().unwrap(), &binary).unwrap();
    let mut command = Command::new(&binary);
    command.args(child::ARGUMENTS).current_dir("/");
    if fs::metadata(place.folder()).unwrap().uid() == 0 {
        command.uid(NOBODY).gid(NOBODY);
    }
    match child::role(command, role, place.folder()).output() {
        Ok(output) => child::check(&output),
        Err(error) => child::skip(&format!("cannot run as another user: {error}")),
    }
}

const NOBODY: u32 = 65_534;

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Runs a role on an immutable ledger, in a folder where nothing can be made.
fn immutable(role: &str, mode: u32) {
    let place = Place::with_records(3);
    set_mode(&place.path, mode);
    set_mode(place.folder(), 0o555);
    unprivileged(role, &place);
    set_mode(place.folder(), 0o755);
    set_mode(&place.path, 0o600);
    assert_eq!(place.listing(), ["usage.db"]);
    assert_eq!(requests(&place.open()), 3);
}

#[test]
fn an_immutable_ledger_that_may_only_be_read() {
    immutable("read-only 3", 0o444);
}

/// The file could be written, but not what belongs beside it.
#[test]
fn an_immutable_ledger_in_a_read_only_folder() {
    immutable("read-only 3", 0o666);
}

#[test]
fn a_ledger_in_use_that_may_only_be_read() {
    let place = Place::with_records(3);
    set_mode(&place.path, 0o644);
    let store = place.open();
    store.insert_batch(&[record(5, 1)]).unwrap();
    set_mode(&place.path, 0o444);
    set_mode(place.folder(), 0o555);
    unprivileged("read-only 4", &place);
    store.insert_batch(&[record(6, 1)]).unwrap();
    assert_eq!(requests(&store), 5);
    set_mode(place.folder(), 0o755);
}

/// Checks that what waits can be looked at, where the journal may be read; and is not stored.
#[test]
fn a_journal_that_may_only_be_read() {
    let place = Place::with_records(3);
    let folder = orphan(&mut place.open(), &[record(7, 1), record(8, 1)]);
    segments(&folder).iter().for_each(|segment| set_mode(segment, 0o444));
    set_mode(&folder, 0o555);
    set_mode(&place.path, 0o444);
    set_mode(place.folder(), 0o555);
    unprivileged("waiting 2", &place);
    // Nor where it may not, and that is told.
    set_mode(&folder, 0o700);
    unprivileged("waiting denied", &place);
    set_mode(place.folder(), 0o755);
    set_mode(&place.path, 0o600);
    segments(&folder).iter().for_each(|segment| set_mode(segment, 0o600));
    assert_eq!(place.open().journals().recover().unwrap().stored, 2);
}

pub(crate) fn what_waits(place: &Path, expected: &str) {
    let store = Store::open_existing(place.join("usage.db")).unwrap();
    match expected.parse::<u64>() {
        Ok(expected) => assert_eq!(store.journals().backlog().unwrap().of_stopped(), expected),
        Err(_) => assert_eq!(
            store.journals().backlog().unwrap().of(SegmentState::Inaccessible).count(),
            1
        ),
    }
    let error = store.delete_all_records().unwrap_err();
    let folder = store.path().with_extension("db.journal");
    match error {
        StoreError::Journal { folder: of, .. } => {
            assert!(of.ends_with(folder.file_name().unwrap()));
        }
        error => assert_eq!(error.sqlite_kind(), Some(SqliteErrorKind::ReadOnly), "{error:?}"),
    }
    assert_eq!(requests(&store), 3);
}

pub(crate) fn in_a_read_only_folder(place: &Path, expected: &str) {
    let path = place.join("usage.db");
    let expected: u64 = expected.parse().unwrap();
    let store = Store::open_existing(&path).unwrap();
    assert_eq!(requests(&store), expected);
    let error = store.insert_batch(&[record(1, 1)]).unwrap_err();
    assert_eq!(error.sqlite_kind(), Some(SqliteErrorKind::ReadOnly), "{error:?}");
    assert_eq!(requests(&store), expected);
    assert_eq!(records(&store).len() as u64, expected);
    drop(store);
    // Who wants to write is told at once.
    let error = Store::open(&path).unwrap_err();
    assert_eq!(error.sqlite_kind(), Some(SqliteErrorKind::ReadOnly), "{error:?}");
    let text = usage_core::error::chain(&error);
    let told = format!("cannot open the ledger {}: it is read-only: ", path.display());
    assert!(text.starts_with(&told) && text.contains("Permission denied"), "{text}");
    assert_eq!(error.hint(), Some(usage_core::Hint::CheckPermissions));
}

#[test]
fn a_folder_where_no_ledger_can_be_made() {
    let place = Place::new();
    set_mode(place.folder(), 0o555);
    unprivileged("no-folder", &place);
    set_mode(place.folder(), 0o755);
    assert!(place.listing().is_empty());
}

pub(crate) fn below_a_read_only_folder(place: &Path) {
    for path in [place.join("usage.db"), place.join("new/usage.db")] {
        let error = Store::open(&path).unwrap_err();
        assert!(matches!(error, StoreError::Create { .. }), "{error:?}");
        let error = Store::open_existing(&path).unwrap_err();
        assert!(matches!(error, StoreError::NotFound { .. }), "{error:?}");
    }
}
