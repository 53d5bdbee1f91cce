//! Ledgers from strangers, and ledgers reached by another way than their path.

use std::fs;
use std::path::Path;

use usage_store::doctor::{Depth, examine};
use usage_store::{SqliteErrorKind, Store, StoreError, StoreOptions};

use super::support::{Place, orphan, record, requests};

const ENDLESS: &str = "AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) ";

/// Each would hang whoever reads from it.
#[test]
fn a_view_in_the_place_of_a_table_is_damage() {
    for (table, columns) in [
        ("records", "i AS ts, i AS id"),
        ("ledger", "i AS ledger_id, i AS label_generation"),
        ("journal_folders", "i AS path, i AS ledger, i AS file"),
        ("SETTINGS", "i AS name, i AS value"),
        ("rollups_all", "i AS number, i AS cells"),
        ("pragma_user_version", "i AS user_version"),
    ] {
        let place = Place::with_records(3);
        let connection = place.connection();
        if !table.starts_with("pragma") {
            connection.execute_batch(&format!("DROP TABLE {table}")).unwrap();
        }
        let sql = format!("CREATE VIEW {table} {ENDLESS} SELECT {columns} FROM n");
        connection.execute_batch(&sql).unwrap();
        drop(connection);
        for error in [
            Store::open_existing(&place.path).map(drop).unwrap_err(),
            Store::open(&place.path).map(drop).unwrap_err(),
            examine(&place.path, Depth::Usual).map(drop).unwrap_err(),
        ] {
            assert!(error.is_damage(), "{error}");
            assert!(error.to_string().contains(&table.to_lowercase()), "{error}");
        }
    }
}

/// Checks that what somebody has added beside our tables stays allowed.
#[test]
fn views_and_tables_of_other_names_are_left_alone() {
    let place = Place::with_records(3);
    let sql = "CREATE VIEW mine AS SELECT * FROM usage_records; CREATE TABLE notes (text);";
    place.connection().execute_batch(sql).unwrap();
    assert_eq!(requests(&place.open()), 3);
    assert!(examine(&place.path, Depth::Full).unwrap().is_sound());
}

#[test]
fn what_is_no_file_is_no_ledger() {
    let place = Place::new();
    let pipe = place.folder().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let socket = place.folder().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    for (path, expected) in [
        (pipe.as_path(), "a pipe"),
        (&socket, "a socket"),
        (Path::new("/dev/zero"), "a device"),
        (place.folder(), "a folder"),
    ] {
        for error in [
            Store::open_existing(path).map(drop).unwrap_err(),
            Store::open(path).map(drop).unwrap_err(),
            examine(path, Depth::Quick).map(drop).unwrap_err(),
        ] {
            assert!(
                matches!(error, StoreError::NotALedger { what, .. } if what == expected),
                "{error}"
            );
        }
    }
}

/// SQLite would look for what was written last beside this name, and not find it.
#[test]
fn a_file_with_two_names_is_not_written() {
    let place = Place::with_records(3);
    let other = place.folder().join("other.db");
    fs::hard_link(&place.path, &other).unwrap();
    for path in [&place.path, &other] {
        let error = Store::open(path).unwrap_err();
        assert!(matches!(error, StoreError::Linked { links: 2, .. }), "{error}");
        // Both names are in sight, and nothing is in a log.
        let store = Store::open_existing(path).unwrap();
        assert_eq!(requests(&store), 3);
        let error = store.insert_batch(&[record(9, 1)]).unwrap_err();
        assert!(matches!(error, StoreError::Linked { links: 2, .. }), "{error}");
        let error = store.journals().recover().unwrap_err();
        assert!(matches!(error, StoreError::Linked { links: 2, .. }), "{error}");
    }
    fs::remove_file(&other).unwrap();
    place.open().insert_batch(&[record(9, 1)]).unwrap();
}

#[test]
fn a_file_with_another_name_is_not_read_where_its_log_may_be_elsewhere() {
    let place = Place::with_records(3);
    let store = place.open();
    store.insert_batch(&[record(9, 1)]).unwrap();
    // The program that had it open before goes on.
    let beside = place.folder().join("beside.db");
    fs::hard_link(&place.path, &beside).unwrap();
    store.insert_batch(&[record(10, 1)]).unwrap();
    let refused = |path: &Path| {
        for error in [
            Store::open_existing(path).map(drop).unwrap_err(),
            examine(path, Depth::Quick).map(drop).unwrap_err(),
        ] {
            assert!(matches!(error, StoreError::Linked { links: 2, .. }), "{error}");
        }
    };
    refused(&beside);
    fs::remove_file(&beside).unwrap();
    drop(store);
    // Out of sight, nobody can know.
    let elsewhere = Place::new();
    fs::hard_link(&place.path, &elsewhere.path).unwrap();
    refused(&place.path);
    refused(&elsewhere.path);
    fs::remove_file(&elsewhere.path).unwrap();
    assert_eq!(requests(&place.open()), 5);
}

/// A link that leads to another ledger later: neither is mixed up with the other.
#[test]
fn a_link_that_changes_leads_nobody_astray() {
    let (one, two) = (Place::with_records(3), Place::with_records(5));
    let link = one.folder().join("link");
    std::os::unix::fs::symlink(&one.path, &link).unwrap();
    let store = Store::open(&link).unwrap();
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(&two.path, &link).unwrap();
    assert_eq!(requests(&store), 3);
    let error = store.insert_batch(&[record(9, 1)]).unwrap_err();
    assert!(matches!(error, StoreError::Replaced { .. }), "{error}");
    assert_eq!(requests(&Store::open_existing(&link).unwrap()), 5);
}

/// A ledger names folders that are no journals of its own: nothing in them is touched.
#[test]
fn a_folder_that_is_no_journal_of_the_ledger_is_left_alone() {
    let place = Place::new();
    let folder = place.folder().join("precious");
    let mut options = StoreOptions::default();
    options.journal_folder = Some(folder.clone());
    // The ledger remembers it.
    let mut store = options.open(&place.path).unwrap();
    orphan(&mut store, &[record(1, 1)]);
    drop(store);
    fs::remove_dir_all(&folder).unwrap();

    fs::create_dir(&folder).unwrap();
    let left_alone = |names: &[&str]| {
        let store = place.open();
        assert_eq!(store.journals().recover().unwrap().stored, 0);
        assert!(store.journals().backlog().unwrap().segments.is_empty());
        assert!(examine(&place.path, Depth::Usual).unwrap().is_sound());
        let mut found: Vec<_> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        found.sort();
        assert_eq!(found, names);
    };
    left_alone(&[]);
    // Of another ledger, and something that is called like a segment.
    let other = Place::new();
    let segments = orphan(&mut other.open(), &[record(1, 1)]);
    let segment = super::support::segments(&segments).remove(0);
    let foreign = segment.file_name().unwrap().to_str().unwrap();
    let junk = "ffffffffffffffffffffffffffffffff.segment";
    fs::copy(&segment, folder.join(foreign)).unwrap();
    fs::write(folder.join(junk), "precious").unwrap();
    left_alone(&[foreign, junk]);
    // So many zeros could be a segment that was just made.
    fs::write(folder.join(junk), [0; 4_096]).unwrap();
    left_alone(&[foreign, junk]);
    fs::remove_file(folder.join(junk)).unwrap();
    let pipe = folder.join(junk);
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    left_alone(&[foreign, junk]);
}

/// A trigger that calls what may do harm is as one that refuses.
#[test]
fn what_a_ledger_brings_along_may_do_no_harm() {
    let place = Place::with_records(3);
    let sql = "CREATE TRIGGER more AFTER INSERT ON records
               BEGIN SELECT load_extension('harm'); END";
    place.connection().execute_batch(sql).unwrap();
    let store = place.open();
    match store.insert_batch(&[record(9, 1)]) {
        Ok(outcome) => assert_eq!((outcome.stored, outcome.refused.len()), (0, 1)),
        Err(error) => assert_eq!(error.sqlite_kind(), Some(SqliteErrorKind::Other), "{error}"),
    }
    assert_eq!(requests(&store), 3);
}
