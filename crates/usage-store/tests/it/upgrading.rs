//! When a ledger of an earlier version is migrated, and what copy is kept.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use usage_core::{Filter, TimeRange};
use usage_store::doctor::{Depth, examine};
use usage_store::{
    Migrate, MigrationPlan, MigrationStep, SCHEMA_VERSION, Store, StoreError, StoreOptions,
};

use super::child;
use super::support::{Place, requests};

const VERSION_4: &[u8] = include_bytes!("../fixtures/version-4.db");
const OLD: [&[u8]; 4] = [
    include_bytes!("../fixtures/version-2.db"),
    include_bytes!("../fixtures/version-3.db"),
    VERSION_4,
    include_bytes!("../fixtures/version-4-frozen.db"),
];

fn old(ledger: &[u8]) -> Place {
    let place = Place::new();
    fs::write(&place.path, ledger).unwrap();
    place
}

fn open_with(place: &Place, migrate: Migrate) -> Result<Store, StoreError> {
    let mut options = StoreOptions::default();
    options.migrate = migrate;
    options.open(&place.path)
}

fn copy_of(place: &Place) -> PathBuf {
    place.folder().join("usage.db.v4-backup")
}

/// A whole ledger of version 4 with so many records.
fn is_version_4(path: &Path, records: u64) {
    let diagnosis = examine(path, Depth::Full).unwrap();
    assert!(diagnosis.is_sound(), "{diagnosis:#?}");
    assert_eq!(diagnosis.file.schema_version, 4);
    assert_eq!(diagnosis.content.unwrap().records, records);
}

#[test]
fn reading_changes_nothing() {
    for ledger in OLD {
        let place = old(ledger);
        let error = Store::open_existing(&place.path).unwrap_err();
        assert!(matches!(error, StoreError::OlderVersion { .. }) && !error.is_damage(), "{error}");
        assert!(examine(&place.path, Depth::Full).unwrap().is_sound());
        assert!(MigrationPlan::new(&place.path, true).unwrap().is_needed());
        assert_eq!(place.listing(), ["usage.db"]);
        assert!(fs::read(&place.path).unwrap() == ledger);
    }
}

/// The same while a program of that version has it open.
#[test]
fn reading_one_in_use_changes_nothing() {
    let place = old(VERSION_4);
    let connection = place.connection();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = Store::open_existing(&place.path).unwrap_err();
    assert!(matches!(error, StoreError::OlderVersion { found: 4, .. }), "{error}");
    connection.execute_batch("COMMIT").unwrap();
    drop(connection);
    is_version_4(&place.path, 668);
}

#[test]
fn opening_to_write_makes_a_copy_first() {
    let place = old(VERSION_4);
    let store = place.open();
    let migrated = store.migrated().unwrap();
    assert_eq!((migrated.from, migrated.to), (4, SCHEMA_VERSION));
    assert_eq!(migrated.copy.as_deref(), Some(copy_of(&place).as_path()));
    assert_eq!(migrated.bytes_before, VERSION_4.len() as u64);
    assert_eq!(requests(&store), 668);
    drop(store);
    assert_eq!(place.listing(), ["usage.db", "usage.db.v4-backup"]);
    assert_eq!(copy_of(&place).metadata().unwrap().permissions().mode() & 0o777, 0o600);
    is_version_4(&copy_of(&place), 668);
    // Once: then it is up to date.
    let store = place.open();
    assert_eq!(store.migrated(), None);
    assert!(!MigrationPlan::new(&place.path, true).unwrap().is_needed());
}

/// Put back in its place, the copy is the ledger that it was; and is migrated again.
#[test]
fn the_copy_is_a_way_back() {
    let place = old(VERSION_4);
    let all = |store: &Store| store.report(TimeRange::ALL, &Filter::default()).unwrap();
    let report = all(&place.open());
    for _ in 0..3 {
        fs::rename(copy_of(&place), &place.path).unwrap();
        is_version_4(&place.path, 668);
        assert_eq!(all(&place.open()), report);
        assert_eq!(place.listing(), ["usage.db", "usage.db.v4-backup"]);
    }
}

#[test]
fn the_options_say_whether_and_how() {
    let place = old(VERSION_4);
    let len = VERSION_4.len() as u64;
    for migrate in [Migrate::Never, Migrate::Copy { up_to: len - 1 }] {
        let error = open_with(&place, migrate).unwrap_err();
        assert!(matches!(error, StoreError::OlderVersion { found: 4, .. }), "{error}");
        is_version_4(&place.path, 668);
        assert_eq!(place.listing(), ["usage.db"]);
    }
    drop(open_with(&place, Migrate::Copy { up_to: len }).unwrap());
    assert_eq!(place.listing(), ["usage.db", "usage.db.v4-backup"]);

    let place = old(VERSION_4);
    let store = open_with(&place, Migrate::InPlace).unwrap();
    assert_eq!(store.migrated().unwrap().copy, None);
    drop(store);
    assert_eq!(place.listing(), ["usage.db"]);
}

/// Neither a file nor a link that leads nowhere; and what a killed migration has left is used.
#[test]
fn no_copy_replaces_anything() {
    let place = old(VERSION_4);
    fs::write(copy_of(&place), "mine").unwrap();
    std::os::unix::fs::symlink("nowhere", place.folder().join("usage.db.v4-backup-2")).unwrap();
    let third = place.folder().join("usage.db.v4-backup-3");
    for _ in 0..2 {
        assert_eq!(place.open().migrated().unwrap().copy.as_ref(), Some(&third));
        fs::write(&place.path, VERSION_4).unwrap();
    }
    assert_eq!(fs::read(copy_of(&place)).unwrap(), b"mine");
    is_version_4(&third, 668);
    assert_eq!(place.listing().len(), 4);
}

#[test]
fn a_plan_is_carried_out_and_tells_how_far_it_is() {
    let place = old(VERSION_4);
    let plan = MigrationPlan::new(&place.path, true).unwrap();
    assert_eq!((plan.from, plan.to, plan.records), (4, SCHEMA_VERSION, 668));
    assert_eq!(plan.bytes, VERSION_4.len() as u64);
    assert!(plan.space > 2 * plan.bytes && plan.free.is_some_and(|free| free > plan.space));
    let mut steps = Vec::new();
    let migrated = plan.carry_out(&mut |step| steps.push(step)).unwrap().unwrap();
    assert_eq!(migrated.copy, Some(copy_of(&place)));
    let of = plan.bytes;
    assert_eq!(steps, [MigrationStep::Copying { bytes: of, of }, MigrationStep::Changing]);
    assert_eq!(plan.carry_out(&mut |_| {}).unwrap(), None);
    assert_eq!(place.listing(), ["usage.db", "usage.db.v4-backup"]);
}

/// Checks that what the old program commits before the migration begins is in the copy, to the last record.
#[test]
fn the_copy_holds_what_was_written_until_then() {
    let place = old(VERSION_4);
    let mut writer = place.connection();
    let transaction = writer.transaction().unwrap();
    transaction
        .execute_batch(
            "UPDATE set_aside SET reason = ''; UPDATE ledger SET next_record_id = 700;
             INSERT INTO imports VALUES ('/origin.db', 2, 77, 2, 0, 0)",
        )
        .unwrap();
    std::thread::scope(|scope| {
        let opening = scope.spawn(|| place.open());
        transaction.commit().unwrap();
        opening.join().unwrap();
    });
    let copy = rusqlite::Connection::open(copy_of(&place)).unwrap();
    let imports: i64 =
        copy.query_row("SELECT count(*) FROM imports", [], |row| row.get(0)).unwrap();
    assert_eq!(imports, 1);
}

#[test]
fn two_programs_at_once_make_one_copy() {
    let place = old(VERSION_4);
    child::all_at_once(&["upgrade".to_owned(), "upgrade".to_owned()], place.folder());
    is_version_4(&copy_of(&place), 668);
    // Of two that close at one moment each may take the other for somebody who goes on, and leave the log: whoever
    // closes next tidies up.
    assert_eq!(requests(&Store::open_existing(&place.path).unwrap()), 668);
    let names: Vec<_> =
        place.listing().into_iter().filter(|name| name.starts_with("usage")).collect();
    assert_eq!(names, ["usage.db", "usage.db.v4-backup"]);
}

/// In a child of it.
pub(crate) fn at_once(place: &Path) {
    child::wait_for_the_others(place);
    assert_eq!(requests(&Store::open(place.join("usage.db")).unwrap()), 668);
}
