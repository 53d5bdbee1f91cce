//! Pages of a ledger that are not what was written: nobody shows less than there is without saying so, and all that is
//! left can be taken out.

use std::collections::BTreeSet;
use std::env;
use std::fs;

use usage_core::record::line;
use usage_core::{Context, Filter, Record, TagSet, TimeRange};
use usage_store::doctor::{Depth, examine};
use usage_store::restore::restore;
use usage_store::salvage::{Salvaged, salvage};
use usage_store::{PrunePlan, Store, StoreError};

use super::support::{KEEP_SUMS, Place, at, record_of, records, requests, with_event};

const PAGE: usize = 4_096;
const QUARTER: i64 = 900_000_000;
const RECORDS: u64 = 2_000;

/// The number of damages in each ledger; `USAGE_TEST_DAMAGES` says otherwise.
const DAMAGES: u64 = 12;

/// Pseudo-random numbers, the same each time.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % most
    }

    fn bytes(&mut self, bytes: &mut [u8]) {
        bytes.iter_mut().for_each(|byte| *byte = self.below(256) as u8);
    }
}

fn event(n: i64) -> Record {
    let names = ["i", "p", "v", ["r1", "r2"][n as usize % 2], ["m1", "m2", "m3"][n as usize % 3]];
    let record = record_of(names, n * QUARTER / 7, 1_000 + n as u64);
    let session = format!("session-{}", n / 50);
    let record = match n % 3 {
        0 => record.with_context(Context::of(&session, TagSet::default()).unwrap()),
        _ => record,
    };
    if n % 2 == 0 { with_event(record, &format!("req_{n}")) } else { record }
}

/// Two thousand records with sessions and event ids; or the same with the sums alone of the older half.
fn ledger(is_frozen: bool) -> Place {
    let place = Place::new();
    let store = place.open();
    let batch: Vec<_> = (0..RECORDS as i64).map(event).collect();
    store.insert_batch(&batch).unwrap();
    if is_frozen {
        let before = at(1_000 * QUARTER / 7);
        store.delete(PrunePlan::new(&store, before, &KEEP_SUMS).unwrap(), |_| {}).unwrap();
    }
    drop(store);
    place
}

/// Damages a page in one of the ways in which disks and programs do; returns which.
fn damage(bytes: &mut [u8], random: &mut Random) -> String {
    let pages = bytes.len() / PAGE;
    let number = random.below(pages);
    let start = number * PAGE;
    let kind = random.below(7);
    match kind {
        0 => bytes[start..start + PAGE].fill(0),
        1 => random.bytes(&mut bytes[start..start + PAGE]),
        2 => bytes[start + PAGE / 2..start + PAGE].fill(0),
        3 => {
            let other = random.below(pages) * PAGE;
            bytes.copy_within(other..other + PAGE, start);
        }
        4 => {
            let sector = start + random.below(8) * 512;
            random.bytes(&mut bytes[sector..sector + 512]);
        }
        5 => {
            let bit = random.below(PAGE * 8);
            bytes[start + bit / 8] ^= 1 << (bit % 8);
        }
        _ => {
            let byte = start + random.below(PAGE);
            bytes[byte] = random.below(256) as u8;
        }
    }
    format!("page {} of {pages}, kind {kind}", number + 1)
}

fn damages() -> u64 {
    env::var("USAGE_TEST_DAMAGES").ok().and_then(|count| count.parse().ok()).unwrap_or(DAMAGES)
}

/// What reading a ledger in a way that has an end came to, or the error.
type Read<T> = Result<T, StoreError>;

fn reported(path: &std::path::Path) -> Read<(u64, u64)> {
    let store = Store::open_existing(path)?;
    let summary = store.report(TimeRange::ALL, &Filter::default())?.summary();
    Ok((summary.requests, summary.tokens()))
}

fn exported(path: &std::path::Path) -> Read<BTreeSet<String>> {
    let store = Store::open_existing(path)?;
    let filter = Filter::default();
    let records = store.records_by_period(TimeRange::ALL, &filter);
    records.map(|stored| Ok(line::write(&stored?.record))).collect()
}

fn without_ids(export: &BTreeSet<String>) -> Vec<&str> {
    export.iter().map(|line| line.split(",\"event_id\"").next().unwrap()).collect()
}

/// Whatever the damage, each way of reading gives all there is, or fails with damage; and the doctor knows when one
/// does.
#[test]
fn nobody_shows_less_than_there_is() {
    let mut random = Random(0x5eed);
    for is_frozen in [false, true] {
        let place = ledger(is_frozen);
        let whole = fs::read(&place.path).unwrap();
        let all = (reported(&place.path).unwrap(), exported(&place.path).unwrap());
        assert_eq!(all.0.0, RECORDS);
        let ids = without_ids(&all.1);
        for number in 0..damages() {
            let mut bytes = whole.clone();
            let what = format!("{is_frozen} {number}: {}", damage(&mut bytes, &mut random));
            fs::write(&place.path, &bytes).unwrap();
            let mut is_refused = false;
            match reported(&place.path) {
                Ok(report) => assert_eq!(report, all.0, "{what}"),
                Err(error) => is_refused |= refused(&error, &what),
            }
            match exported(&place.path) {
                // Event ids have a check of their own, which the doctor makes.
                Ok(export) if without_ids(&export) == ids => is_refused |= export != all.1,
                Ok(export) => panic!("{what}: {:?}", export.difference(&all.1).collect::<Vec<_>>()),
                Err(error) => is_refused |= refused(&error, &what),
            }
            match examine(&place.path, Depth::Usual) {
                Ok(diagnosis) => {
                    assert!(!(is_refused && diagnosis.is_sound()), "{what}: the doctor says sound");
                }
                Err(error) => drop(refused(&error, &what)),
            }
            for companion in ["usage.db-wal", "usage.db-shm"] {
                let _ = fs::remove_file(place.folder().join(companion));
            }
        }
    }
}

/// Returns true. What is no ledger any more, by its first page, is an error of its own.
fn refused(error: &StoreError, what: &str) -> bool {
    let is_other = matches!(
        error,
        StoreError::NotALedger { .. }
            | StoreError::NewerVersion { .. }
            | StoreError::OlderVersion { .. }
            | StoreError::NotFound { .. }
    );
    assert!(error.is_damage() || is_other, "{what}: {error:?}");
    true
}

/// What is taken out of a damaged ledger passes the doctor, holds nothing that was not there, and what is missing is
/// told.
#[test]
fn what_is_left_is_taken_out() {
    let mut random = Random(0xca11);
    for is_frozen in [false, true] {
        let place = ledger(is_frozen);
        let whole = fs::read(&place.path).unwrap();
        let all = exported(&place.path).unwrap();
        let new = place.folder().join("new.db");
        let mut taken = 0;
        for number in 0..damages() {
            let mut bytes = whole.clone();
            let what = format!("{is_frozen} {number}: {}", damage(&mut bytes, &mut random));
            fs::write(&place.path, &bytes).unwrap();
            let salvaged =
                salvage(&place.path, &new).unwrap_or_else(|error| panic!("{what}: {error:?}"));
            assert!(fs::read(&place.path).unwrap() == bytes, "{what}: it was changed");
            assert!(salvaged.is_sound, "{what}: {:?}", wrong(&new));
            check(&salvaged, &new, &all, &what);
            taken += salvaged.records;
            fs::remove_file(&new).unwrap();
        }
        // A page is some 40 of 2,000 records.
        let of_all = damages() * all.len() as u64;
        assert!(taken * 100 >= of_all * 97, "{taken} of {of_all}");
    }
}

fn wrong(path: &std::path::Path) -> Vec<String> {
    let checks = examine(path, Depth::Full).unwrap().checks;
    let findings = checks.iter().flat_map(|check| &check.findings);
    findings.map(|finding| format!("{}: {}", finding.place, finding.what)).collect()
}

fn check(salvaged: &Salvaged, new: &std::path::Path, all: &BTreeSet<String>, what: &str) {
    let store = Store::open_existing(new).unwrap();
    let found: BTreeSet<String> = records(&store).iter().map(line::write).collect();
    let is_other = |found: &&String| !all.contains(*found);
    // A bit may have changed what a record says; then it is told that something has.
    let others: Vec<_> = found.iter().filter(is_other).collect();
    let is_told = salvaged.lost_names + salvaged.lost_context + salvaged.changed_ids > 0
        || !salvaged.changed.is_empty()
        || !salvaged.missing.is_empty();
    // Without any old sum nobody can tell.
    let has_sums = salvaged.tables.iter().all(|table| table.name != "rollups_all");
    let has_ids = salvaged.tables.iter().any(|of| of.name == "event_ids" && !of.has_damage());
    assert!(
        others.is_empty() || is_told || !has_sums || !has_ids,
        "{what}: {others:?} {salvaged:?}"
    );
    if found.len() < all.len() {
        assert!(!salvaged.is_complete(), "{what}: {} of {}", found.len(), all.len());
        assert!(salvaged.ids_without_record != Some(0), "{what}");
    }
    if salvaged.is_complete() {
        assert_eq!((requests(&store), found.len()), (RECORDS, all.len()), "{what}");
    }
}

/// A ledger that nothing is wrong with comes out as it is, with its log.
#[test]
fn a_sound_ledger_is_taken_out_as_it_is() {
    for is_frozen in [false, true] {
        let place = ledger(is_frozen);
        let store = place.open();
        store.insert_batch(&[event(2_500)]).unwrap();
        let killed = Place::new();
        for name in ["usage.db", "usage.db-wal"] {
            fs::copy(place.folder().join(name), killed.folder().join(name)).unwrap();
        }
        let new = killed.folder().join("new.db");
        let salvaged = salvage(&killed.path, &new).unwrap();
        assert!(salvaged.is_complete() && salvaged.is_sound, "{salvaged:?} {:?}", wrong(&new));
        let of_new = Store::open_existing(&new).unwrap();
        let report = |store: &Store| store.report(TimeRange::ALL, &Filter::default()).unwrap();
        assert_eq!(report(&of_new), report(&store));
        assert_eq!(records(&of_new), records(&store));
        assert_eq!(of_new.id().unwrap(), store.id().unwrap());
        assert_eq!(of_new.retention().read().unwrap(), store.retention().read().unwrap());
        drop((store, of_new));
        assert!(matches!(salvage(&killed.path, &new), Err(StoreError::Exists { .. })));
        assert_eq!(killed.listing(), ["new.db", "usage.db", "usage.db-wal"]);
        // And goes where the damaged one was.
        restore(&place.path, &new).unwrap();
        assert_eq!(requests(&place.open()), RECORDS + 1);
    }
}
