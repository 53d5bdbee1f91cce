//! Records that are not what was stored: whoever reads them itself notices, and the doctor does.

use std::fs;

use chrono_tz::Tz;
use usage_core::period::Unit;
use usage_core::stats::Summary;
use usage_core::{Filter, Hint, Label, Record, TimeRange};
use usage_store::doctor::{Depth, examine};
use usage_store::{
    DeleteRangePlan, PruneOptions, PrunePlan, Store, StoreError, StoredRecord, doctor,
};

use super::support::{Place, at, range, record_of, requests, series_by, series_of_all, stored};

const QUARTER: i64 = 900_000_000;
const DAY: i64 = 96 * QUARTER;

/// Four records in each of some quarters of an hour, four minutes apart.
fn ledger() -> Place {
    let place = Place::new();
    let batch: Vec<_> = (0..80_i64)
        .map(|n| {
            let names = ["i", "p", "v", ["r1", "r2"][n as usize % 2], "m"];
            record_of(names, n / 4 * QUARTER * 2 + n % 4 * 240_000_000, 1_000 + n as u64)
        })
        .collect();
    place.open().insert_batch(&batch).unwrap();
    place
}

/// Damage to the third record of the sixth quarter of an hour that has any, or to its neighbours.
const DAMAGE: [&str; 9] = [
    "UPDATE records SET unclassified = unclassified - 1000 WHERE id = 23",
    "UPDATE records SET input = unclassified, unclassified = 0 WHERE id = 23",
    "UPDATE records SET fallbacks = 3 WHERE id = 23",
    "UPDATE records SET ts = ts + 1 WHERE id = 23",
    "UPDATE records SET id = 1000 WHERE id = 23; UPDATE ledger SET next_record_id = 1001",
    "UPDATE records SET label_set = 3 - label_set WHERE id = 23",
    "UPDATE records SET ts = ts + 3600000000 WHERE id = 23",
    "DELETE FROM records WHERE id = 23",
    "DELETE FROM records WHERE id BETWEEN 21 AND 24",
];

/// The beginning of the quarter of an hour that is damaged.
const DAMAGED: i64 = 5 * 2 * QUARTER;

fn is_damaged<T: std::fmt::Debug>(result: Result<T, StoreError>, what: &str) {
    let error = result.expect_err(what);
    assert!(error.is_damage(), "{what}: {error:?}");
    let text = error.to_string();
    assert!(text.contains("1970-01-01T02:30:00Z"), "{text}");
    assert_eq!(error.hint(), Some(Hint::CheckRecords));
}

#[test]
fn a_report_that_cuts_a_damaged_quarter_of_an_hour_is_refused() {
    let (all, filter) = (Filter::default(), Filter::instance("i"));
    for damage in DAMAGE {
        let place = ledger();
        let store = place.open();
        let whole = [range(0, DAMAGED), range(DAMAGED, DAMAGED + QUARTER), range(5, DAMAGED)];
        let before = whole.map(|range| store.report(range, &all).unwrap());
        place.connection().execute_batch(damage).unwrap();
        // Whichever part is asked for: where the damaged record was nobody can say.
        for cut in [
            range(DAMAGED + 1, DAY),
            range(0, DAMAGED + 1),
            range(0, DAMAGED + QUARTER - 1),
            range(DAMAGED + 500_000_000, DAMAGED + 600_000_000),
        ] {
            for filter in [&all, &filter] {
                is_damaged(store.report(cut, filter), damage);
            }
            let error = series_by(&store, cut, &all, Unit::Hour, Tz::UTC).unwrap_err();
            assert!(error.to_string().contains("1970-01-01T02:30:00Z"), "{error}");
            assert!(series_of_all(&store, cut, Unit::Hour, Tz::UTC).is_err());
        }
        // Rollups have what was stored.
        for (range, before) in whole.into_iter().zip(before) {
            assert_eq!(store.report(range, &all).unwrap(), before, "{damage}");
        }
        let diagnosis = examine(&place.path, Depth::Full).unwrap();
        assert!(!diagnosis.is_sound(), "{damage}");
    }
}

/// Zones whose days begin within a quarter of an hour make one of two buckets of it, both checked once.
#[test]
fn a_quarter_of_an_hour_in_two_buckets_is_right() {
    let place = ledger();
    let store = place.open();
    // Monrovia was 44 minutes and 30 seconds behind.
    let zone = Tz::Africa__Monrovia;
    let series = series_by(&store, TimeRange::ALL, &Filter::default(), Unit::Hour, zone).unwrap();
    let mut sum = Summary::default();
    series.buckets().iter().for_each(|bucket| sum.merge(&bucket.usage().summary()));
    assert_eq!(sum.requests, 80);
    assert!(series.buckets().iter().all(|bucket| !bucket.usage().is_empty()));
}

fn read(
    store: &Store,
    range: TimeRange,
    filter: &Filter,
) -> [Vec<Result<StoredRecord, StoreError>>; 2] {
    let newest: Vec<_> = store.records_by_period(range, filter).collect();
    let oldest: Vec<_> = store.records_by_period(range, filter).oldest_first().collect();
    [newest, oldest]
}

/// All that can be read, and then why that is not all, or not right.
#[test]
fn records_end_with_an_error_where_any_is_damaged() {
    let other = Filter::new().keeping(Label::Route, "r1");
    for damage in DAMAGE {
        let place = ledger();
        let store = place.open();
        place.connection().execute_batch(damage).unwrap();
        let there = requests_of_rows(&place);
        for (range, filter) in [
            (TimeRange::ALL, &Filter::default()),
            (TimeRange::ALL, &other),
            (range(DAMAGED + QUARTER - 1, DAY), &other),
            (range(0, DAMAGED + 1), &other),
        ] {
            for mut rows in read(&store, range, filter) {
                let last = rows.pop().unwrap();
                is_damaged(last, damage);
                assert!(rows.iter().all(Result::is_ok));
                if (range, filter) == (TimeRange::ALL, &Filter::default()) {
                    assert_eq!(rows.len(), there, "{damage}");
                }
            }
        }
        // What is not asked for does not matter.
        for sound in [range(0, DAMAGED), range(DAMAGED + 8 * QUARTER, DAY)] {
            for rows in read(&store, sound, &Filter::default()) {
                assert!(!rows.is_empty() && rows.iter().all(Result::is_ok), "{damage}");
            }
        }
    }
}

fn requests_of_rows(place: &Place) -> usize {
    let count: i64 =
        place.connection().query_row("SELECT count(*) FROM records", [], |row| row.get(0)).unwrap();
    count as usize
}

/// Quarters of an hour over many pages, and pages over many quarters.
#[test]
fn damage_is_found_in_whatever_page_it_lies() {
    let place = Place::new();
    let store = place.open();
    let ts = |n: i64| if n < 2_500 { n } else { n * QUARTER / 300 };
    let batch: Vec<Record> =
        (0..5_000).map(|n| record_of(["i", "", "", "r", "m"], ts(n), 7)).collect();
    store.insert_batch(&batch).unwrap();
    for rows in read(&store, TimeRange::ALL, &Filter::default()) {
        assert!(rows.len() == 5_000 && rows.iter().all(Result::is_ok));
    }
    for id in [1, 999, 1_000, 1_001, 2_500, 2_501, 3_700, 4_999, 5_000] {
        let set = |tokens: i64| {
            let sql = format!("UPDATE records SET unclassified = {tokens} WHERE id = {id}");
            place.connection().execute_batch(&sql).unwrap();
        };
        set(3);
        for rows in read(&store, TimeRange::ALL, &Filter::default()) {
            let wrong: Vec<_> = rows.iter().map(Result::is_err).collect();
            assert!(wrong[5_000] && !wrong[..5_000].contains(&true), "record {id}");
        }
        set(7);
    }
}

/// Checks that rows about to be deleted, as their rollups alone are kept, are no damage.
#[test]
fn rows_without_a_use_are_not_compared() {
    let place = ledger();
    let sql = format!(
        "UPDATE retention SET rows_from = {DAMAGED}, records_from = {DAMAGED};
         DELETE FROM records WHERE ts < {DAMAGED} AND id % 2 = 0"
    );
    place.connection().execute_batch(&sql).unwrap();
    let store = place.open();
    assert_eq!(stored(&store).len(), 70);
    assert_eq!(requests(&store), 80);
}

/// Nothing of what a deletion leaves behind is wrong: it stops where records are not what was stored.
#[test]
fn a_deletion_stops_at_damage() {
    let all = TimeRange::ALL;
    for damage in DAMAGE {
        for (start, end) in [
            (i64::MIN, DAMAGED + QUARTER),
            (i64::MIN, DAMAGED + 1),
            (i64::MIN, DAMAGED + QUARTER - 1),
            (i64::MIN, DAMAGED + 9 * QUARTER + 1),
            (DAMAGED - QUARTER, DAMAGED + QUARTER),
            (DAMAGED + 1, DAMAGED + 5 * QUARTER),
        ] {
            let place = ledger();
            let store = place.open();
            place.connection().execute_batch(damage).unwrap();
            let before = store.report(all, &Filter::default()).unwrap();
            let error = if start == i64::MIN {
                store
                    .delete(
                        PrunePlan::new(&store, at(end), &PruneOptions::default()).unwrap().insist(),
                        |_| {},
                    )
                    .unwrap_err()
            } else {
                let plan = DeleteRangePlan::new(&store, at(start), at(end)).unwrap();
                store.delete(plan, |_| {}).unwrap_err()
            };
            assert!(error.is_damage(), "{damage}: {error:?}");
            let after = store.report(all, &Filter::default()).unwrap();
            assert_eq!(after, before, "{damage}, {start}..{end}");
            // With the records as they are now for the truth it goes on.
            doctor::rebuild(&store).unwrap();
            store
                .delete(
                    PrunePlan::new(&store, at(end), &PruneOptions::default()).unwrap().insist(),
                    |_| {},
                )
                .unwrap();
            assert!(examine(&place.path, Depth::Full).unwrap().is_sound(), "{damage}");
        }
    }
}

/// Bits of the file itself, wherever records lie.
#[test]
fn a_flipped_bit_in_the_records_gives_no_other_number() {
    let place = ledger();
    let (cut, filter) = (range(QUARTER / 2, DAMAGED + 600_000_000), Filter::default());
    let (report, rows, pages) = {
        let store = place.open();
        let connection = place.connection();
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        let root: i64 = connection
            .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'records'", [], |row| {
                row.get(0)
            })
            .unwrap();
        let pages = root as usize - 1..root as usize;
        (store.report(cut, &filter).unwrap(), stored(&store), pages)
    };
    let sound = fs::read(&place.path).unwrap();
    assert_eq!(sound[pages.start * 4_096], 10, "one leaf has all of them");
    let (mut refused, mut given) = (0, 0);
    for byte in (pages.start * 4_096..pages.end * 4_096).step_by(5) {
        if sound[byte] == 0 {
            continue;
        }
        let mut wrong = sound.clone();
        wrong[byte] ^= 1 << (byte % 8);
        fs::write(&place.path, &wrong).unwrap();
        let Ok(store) = Store::open_existing(&place.path) else { continue };
        match store.report(cut, &filter) {
            Ok(found) => {
                assert_eq!(found, report, "byte {byte}");
                given += 1;
            }
            Err(error) => {
                assert!(error.is_damage(), "byte {byte}: {error:?}");
                refused += 1;
            }
        }
        let found: Result<Vec<_>, _> = store.records_by_period(TimeRange::ALL, &filter).collect();
        match found {
            Ok(found) => assert_eq!(found, rows, "byte {byte}"),
            Err(error) => assert!(error.is_damage(), "byte {byte}: {error:?}"),
        }
    }
    assert!(refused > 20 && given > 20, "{refused} {given}");
}
