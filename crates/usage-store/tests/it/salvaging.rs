//! Taking out what is left of files of which little is left, or that never were ledgers.

use std::fs;
use std::path::Path;

use usage_store::salvage::{Salvaged, salvage};
use usage_store::{Store, StoreError};

use super::support::{Place, requests};

const PAGE: usize = 4_096;
const RECORDS: i64 = 2_000;

/// A salvage of these bytes, and how many requests are in the new ledger.
fn of(bytes: &[u8]) -> Result<(Salvaged, u64), StoreError> {
    let place = Place::new();
    fs::write(&place.path, bytes).unwrap();
    let new = place.folder().join("new.db");
    let salvaged = salvage(&place.path, &new);
    if salvaged.is_err() {
        assert_eq!(place.listing(), ["usage.db"]);
    }
    let salvaged = salvaged?;
    assert!(salvaged.is_sound, "{salvaged:?}");
    Ok((salvaged, requests(&Store::open_existing(&new).unwrap())))
}

fn whole() -> Vec<u8> {
    fs::read(Place::with_records(RECORDS).path).unwrap()
}

#[test]
fn a_file_that_never_was_a_ledger() {
    let other = Place::new();
    other.connection().execute_batch("CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)").unwrap();
    let other = fs::read(&other.path).unwrap();
    for (bytes, expected) in [
        (&[][..], "empty"),
        (&b"# A page of text\n".repeat(700), "something in which nothing of a ledger is"),
        (&[0; 5 * PAGE], "something in which nothing of a ledger is"),
        (&other, "something in which nothing of a ledger is"),
    ] {
        let error = of(bytes).unwrap_err();
        let is_told = matches!(error, StoreError::NotALedger { what, .. } if what == expected);
        assert!(is_told, "{expected}: {error:?}");
    }
}

/// Pages that are not there are missing, though no page is damaged.
#[test]
fn a_file_that_was_cut() {
    let whole = whole();
    for pages in [1, 2, 20, whole.len() / PAGE - 10, whole.len() / PAGE - 1] {
        let (salvaged, requests) = of(&whole[..pages * PAGE]).unwrap();
        assert!(requests <= RECORDS as u64, "{pages}");
        assert!(!salvaged.is_complete(), "{pages} pages, {requests} requests: {salvaged:?}");
    }
    assert!(of(&whole).unwrap().0.is_complete());
}

/// Whatever is where, it is no error.
#[test]
fn pages_that_are_out_of_place() {
    let whole = whole();
    let pages: Vec<&[u8]> = whole.chunks(PAGE).collect();
    let reversed: Vec<u8> = pages.iter().rev().flat_map(|page| page.to_vec()).collect();
    let behind_the_first: Vec<u8> =
        pages[..1].iter().chain(pages[1..].iter().rev()).flat_map(|page| page.to_vec()).collect();
    for (what, bytes) in [
        ("without the first", &whole[PAGE..]),
        ("shifted by half a page", &whole[PAGE / 2..]),
        ("in reverse", &reversed),
        ("in reverse but for the first", &behind_the_first),
    ] {
        match of(bytes) {
            Ok((salvaged, _)) => assert!(!salvaged.is_complete(), "{what}: {salvaged:?}"),
            Err(error) => {
                assert!(matches!(error, StoreError::NotALedger { .. }), "{what}: {error:?}");
            }
        }
    }
}

/// An earlier version has fewer tables; that none of theirs is there is no damage.
#[test]
fn a_ledger_of_an_earlier_version() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    for name in ["version-5.db", "version-5-frozen.db"] {
        let (salvaged, requests) = of(&fs::read(fixtures.join(name)).unwrap()).unwrap();
        assert!(salvaged.is_complete(), "{name}: {salvaged:?}");
        assert_eq!(requests, 600, "{name}");
    }
}

/// Neither may the new ledger be taken for a part of another file, nor a log that is left over for one of the new ledger;
/// a copy neither.
#[test]
fn a_place_where_files_would_be_mixed_up() {
    let place = Place::with_records(1);
    fs::write(place.folder().join("new.db-wal"), "what a killed program has left").unwrap();
    let store = place.open();
    for (name, why) in [
        ("usage.db-journal", "it would be taken for a part of "),
        ("usage.db.journal", "it would be taken for a part of "),
        ("new.db", "new.db-wal is of a ledger that was moved or deleted"),
    ] {
        let new = place.folder().join(name);
        let errors = [store.backup(&new).unwrap_err(), salvage(&place.path, &new).unwrap_err()];
        for error in errors {
            let source = std::error::Error::source(&error).map(ToString::to_string);
            assert!(source.is_some_and(|source| source.contains(why)), "{name}: {error:?}");
        }
        assert!(!new.exists(), "{name}");
    }
}
