//! Rollups that are wrong: found by the doctor, made again from the records.

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use chrono_tz::Tz;
use rusqlite::Connection;
use usage_core::period::Unit;
use usage_core::stats::{Series, Summary};
use usage_core::{Filter, Hint, TimeRange};
use usage_store::doctor::{Check, Depth, Diagnosis, Place as Where, Remedy, examine};
use usage_store::{PrunePlan, doctor};

use super::support::{Place, at, record, record_of, records, scan, series_of_all};

const DAY: i64 = 86_400_000_000;
const QUARTER: i64 = 900_000_000;

/// Records of some names over three months, a few in each of many quarters of an hour.
fn ledger() -> Place {
    let place = Place::new();
    let batch: Vec<_> = (0..400_i64)
        .map(|n| {
            let names = ["i", "p", "v", ["r1", "r2", "r3"][n as usize % 3], "m"];
            record_of(names, n / 4 * (DAY * 3 / 4 + 7), 700_000_000 + n as u64)
        })
        .collect();
    place.open().insert_batch(&batch).unwrap();
    place
}

/// Another ledger with the same content.
fn copy(place: &Place) -> Place {
    let copy = Place::new();
    fs::copy(&place.path, &copy.path).unwrap();
    copy
}

/// The rollups before an instant are all there is any more of their time.
fn freeze(place: &Place, before: i64) {
    assert_eq!(before % QUARTER, 0);
    let sql = format!(
        "UPDATE retention SET rows_from = {before}, records_from = {before};
         DELETE FROM records WHERE ts < {before}"
    );
    place.connection().execute_batch(&sql).unwrap();
}

fn check(diagnosis: &Diagnosis) -> &Check {
    diagnosis.checks.iter().find(|check| check.name == "sums").unwrap()
}

fn full(place: &Place) -> Diagnosis {
    examine(&place.path, Depth::Full).unwrap()
}

fn number(connection: &Connection, sql: &str) -> i64 {
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// Whatever is changed in rollups or in what they sum up: found, put right, and as a scan says then.
#[test]
fn what_does_not_agree_is_found_and_made_again() {
    for sql in [
        "UPDATE records SET input = 1, unclassified = 0 WHERE id = 7",
        "UPDATE records SET fallbacks = fallbacks + 1 WHERE id = 400",
        "UPDATE records SET ts = ts + 86400000000 WHERE id = 1",
        "UPDATE records SET label_set = 2 WHERE id = 1",
        // What changes no total: a record's time within its quarter of an hour, its id, its names.
        "UPDATE records SET ts = ts + 1 WHERE id = 7",
        "UPDATE records SET id = 402 WHERE id = 7; UPDATE ledger SET next_record_id = 403",
        "UPDATE records SET unclassified = 9 WHERE id IN (5, 6);
         UPDATE records SET label_set = label_set % 3 + 1 WHERE id = 5",
        "DELETE FROM records WHERE id = 100",
        "INSERT INTO records SELECT ts, 401, label_set, 0, 0, 0, 0, 9, 0, 0, NULL,
         NULL, NULL FROM records
         WHERE id = 3; UPDATE ledger SET next_record_id = 402",
        "DELETE FROM rollups_quarter WHERE number = (SELECT max(number) FROM rollups_quarter)",
        "DELETE FROM rollups_all WHERE number = 0",
        "DELETE FROM rollups_day WHERE number = 0",
        "DELETE FROM rollups_month",
        "INSERT INTO rollups_day SELECT number + 1000, cells FROM rollups_day WHERE number = 0",
        "INSERT INTO rollups_quarter VALUES (-5, x'')",
        "INSERT INTO rollup_pieces VALUES (2, 0, 7, (SELECT cells FROM rollups_quarter))",
        "INSERT INTO rollup_pieces VALUES (2, 1000, 7, x'0102030405')",
        "UPDATE ledger SET rollups = NULL",
        "UPDATE ledger SET rollups = x'00'",
        "UPDATE rollups_quarter SET cells = zeroblob(4) WHERE number = 0",
        "UPDATE rollups_month SET number = number + 100",
        "UPDATE rollups_all SET cells = (SELECT cells FROM rollups_quarter) WHERE number = 0",
    ] {
        let place = ledger();
        assert!(full(&place).is_sound());
        place.connection().execute_batch(sql).unwrap();
        let before = fs::read(&place.path).unwrap();
        let diagnosis = full(&place);
        assert!(fs::read(&place.path).unwrap() == before, "the doctor changes nothing");
        let found = check(&diagnosis);
        assert!(!found.findings.is_empty(), "{sql}");
        assert_eq!(diagnosis.wrong(), found.wrong(), "{sql}: {diagnosis:#?}");
        assert!(found.findings.iter().all(|finding| finding.remedy == Remedy::Rebuild), "{sql}");

        let store = place.open();
        let rebuilt = doctor::rebuild(&store).unwrap();
        assert!(rebuilt.changed > 0 && rebuilt.lost.is_empty() && rebuilt.kept == 0, "{sql}");
        assert!(full(&place).is_sound(), "{sql}");
        let report = store.report(TimeRange::ALL, &Filter::default()).unwrap();
        assert_eq!(report, scan(&store, TimeRange::ALL, &Filter::default()), "{sql}");
        assert_eq!(report.summary().requests, rebuilt.records, "{sql}");
        // Nothing is left to do, and nothing is written.
        assert_eq!(doctor::rebuild(&store).unwrap().changed, 0, "{sql}");
    }
}

/// Each byte of each sum, a bit of it: by its checksum, and by no other check.
#[test]
fn a_flipped_bit_in_any_sum_is_found() {
    let place = Place::new();
    place.open().insert_batch(&[record_of(["i", "", "", "r", "m"], 5, 300)]).unwrap();
    let mut flipped = 0;
    for table in ["rollups_quarter", "rollups_day", "rollups_month", "rollups_all"] {
        let cells: Vec<u8> = {
            let sql = format!("SELECT cells FROM {table}");
            place.connection().query_row(&sql, [], |row| row.get(0)).unwrap()
        };
        let set = |cells: &[u8]| {
            let sql = format!("UPDATE {table} SET cells = ?1");
            place.connection().execute(&sql, [cells]).unwrap();
        };
        for bit in (0..cells.len() * 8).step_by(3) {
            let mut wrong = cells.clone();
            wrong[bit / 8] ^= 1 << (bit % 8);
            set(&wrong);
            let diagnosis = full(&place);
            assert!(!check(&diagnosis).is_passed(), "{table}, bit {bit}");
            assert_eq!(diagnosis.wrong(), check(&diagnosis).wrong());
            flipped += 1;
        }
        set(&cells);
    }
    assert!(flipped > 80 && full(&place).is_sound());
}

/// Bits of the file itself, wherever a sum or a record lies.
#[test]
fn a_flipped_bit_in_the_file_is_found_where_it_changes_a_number() {
    let place = ledger();
    let sound = fs::read(&place.path).unwrap();
    let connection = place.connection();
    let cells: Vec<Vec<u8>> = ["rollups_quarter", "rollups_day", "rollups_month", "rollups_all"]
        .map(|table| {
            let sql = format!("SELECT cells FROM {table} ORDER BY number LIMIT 1 OFFSET 1");
            connection.query_row(&sql, [], |row| row.get(0)).unwrap()
        })
        .into();
    drop(connection);
    // Counts of records, as SQLite writes integers of four bytes.
    let counts = [111_u32, 200, 399].map(|n| (700_000_000 + n).to_be_bytes().to_vec());
    for bytes in cells.iter().chain(&counts) {
        // Where pages were split, old copies lie about that nobody reads.
        let windows = sound.windows(bytes.len()).enumerate();
        let places: Vec<_> =
            windows.filter(|(_, window)| window == bytes).map(|(at, _)| at).collect();
        for bit in [0, 3, bytes.len() * 8 - 1] {
            let is_found = |at: &usize| {
                let mut wrong = sound.clone();
                wrong[at + bit / 8] ^= 1 << (bit % 8);
                fs::write(&place.path, &wrong).unwrap();
                !check(&full(&place)).is_passed()
            };
            assert!(places.iter().any(is_found), "{bytes:x?} at {places:?}, bit {bit}");
        }
    }
    fs::write(&place.path, &sound).unwrap();
    assert!(full(&place).is_sound());
}

/// By default what is recent is compared, and with `Full` the rest.
#[test]
fn what_is_long_ago_is_compared_when_asked_for() {
    let place = ledger();
    let old = "UPDATE records SET unclassified = 7 WHERE id IN (1, 5)";
    place.connection().execute_batch(old).unwrap();
    for depth in [Depth::Usual, Depth::Quick] {
        assert!(examine(&place.path, depth).unwrap().is_sound());
    }
    assert_eq!(check(&full(&place)).wrong(), 2);
    let new = "UPDATE records SET unclassified = 7 WHERE id = 400;
               UPDATE rollups_month SET cells = x'' WHERE number = (SELECT max(number) FROM rollups_month)";
    place.connection().execute_batch(new).unwrap();
    for depth in [Depth::Usual, Depth::Quick] {
        assert_eq!(check(&examine(&place.path, depth).unwrap()).wrong(), 2);
    }
    assert_eq!(check(&full(&place)).wrong(), 4);
}

/// Whatever becomes of a rollup, or of all of them: no report is given that has less, or more, than there
/// is. The range is one that reads them.
#[test]
fn a_report_does_without_no_sum() {
    const LATE: i64 = 70 * DAY;
    let place = ledger();
    let early = TimeRange { start: None, end: Some(at(LATE)) };
    let quarters = TimeRange { start: Some(at(QUARTER)), end: Some(at(95 * QUARTER)) };
    let days = TimeRange { start: Some(at(DAY)), end: Some(at(25 * DAY)) };
    let filter = Filter::default();
    // As all were when there were half as many records.
    let older = {
        let place = Place::new();
        let store = place.open();
        let earlier: Vec<_> = records(&ledger().open())
            .into_iter()
            .filter(|record| record.timestamp().as_micros() % 2 == 0)
            .collect();
        store.insert_batch(&earlier).unwrap();
        place
    };
    let attach = format!("ATTACH '{}' AS older; ", older.path.display());
    let (mut refused, mut given) = (0, 0);
    for table in ["rollups_quarter", "rollups_day", "rollups_month", "rollups_all"] {
        for change in [
            format!("DELETE FROM {table}"),
            format!("DELETE FROM {table} WHERE number = (SELECT min(number) FROM {table})"),
            format!("DELETE FROM {table} WHERE number = (SELECT max(number) FROM {table})"),
            format!("DELETE FROM {table} WHERE number % 2 = 0"),
            format!("UPDATE {table} SET number = -number - 1"),
            format!("UPDATE {table} SET number = number + 1000000"),
            format!("INSERT INTO {table} SELECT number + 500000, cells FROM {table}"),
            format!("INSERT OR REPLACE INTO main.{table} SELECT * FROM older.{table}"),
            "UPDATE ledger SET rollups = NULL".to_owned(),
            "UPDATE ledger SET rollups = (SELECT rollups FROM older.ledger)".to_owned(),
        ] {
            let copy = copy(&place);
            let store = copy.open();
            let ask = || {
                let reports = [TimeRange::ALL, early, quarters, days]
                    .map(|range| store.report(range, &filter).ok().map(|report| report.summary()));
                let series = [TimeRange::ALL, days]
                    .map(|range| series_of_all(&store, range, Unit::Day, Tz::UTC).ok())
                    .map(|series| series.map(|series| sum_of(&series)));
                [reports.to_vec(), series.to_vec()].concat()
            };
            let before = ask();
            copy.connection().execute_batch(&format!("{attach}{change}")).unwrap();
            let after = ask();
            for (before, after) in before.iter().zip(&after) {
                assert!(after.is_none() || after == before, "{change}: {before:?}, {after:?}");
                refused += u32::from(after.is_none());
                given += u32::from(after.is_some());
            }
            // Nobody reads what is far from where there is anything else.
            let is_far = ["rollups_month", "rollups_all"].contains(&table)
                && change.starts_with("INSERT INTO");
            assert_eq!(!is_far, after.contains(&None), "{change}");
            let error = series_of_all(&store, TimeRange::ALL, Unit::Day, Tz::UTC).err();
            assert!(error.is_none_or(|error| error.hint() == Some(Hint::RebuildRollups)));
            doctor::rebuild(&store).unwrap();
            assert_eq!(ask(), before, "{change}");
            assert!(full(&copy).is_sound(), "{change}");
        }
    }
    assert!(refused > 100 && given > 20, "{refused} {given}");
}

fn sum_of(series: &Series) -> Summary {
    let mut sum = Summary::default();
    series.buckets().iter().for_each(|bucket| sum.merge(&bucket.usage().summary()));
    sum
}

/// Flipped bits in the pages from which SQLite finds the rollups.
#[test]
fn a_flipped_bit_where_sums_are_found_gives_no_smaller_report() {
    let place = ledger();
    let expected = place.open().report(TimeRange::ALL, &Filter::default()).unwrap();
    let connection = place.connection();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    let pages: Vec<usize> = connection
        .prepare("SELECT rootpage FROM sqlite_schema WHERE name LIKE 'rollup%' OR name = 'ledger'")
        .unwrap()
        .query_map([], |row| row.get::<_, i64>(0).map(|page| page as usize))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    drop(connection);
    assert_eq!(pages.len(), 7);
    let sound = fs::read(&place.path).unwrap();
    let mut refused = 0;
    let ranges = [TimeRange::ALL, TimeRange { start: None, end: Some(at(400 * DAY)) }];
    for page in pages {
        for byte in (0..20).chain(4_000..4_040) {
            for bit in [0, 1, 3, 7] {
                let at_byte = (page - 1) * 4_096 + byte;
                // Without writing the file anew each time.
                poke(&place.path, at_byte, sound[at_byte] ^ (1 << bit));
                if let Ok(store) = usage_store::Store::open_existing(&place.path) {
                    for range in ranges {
                        match store.report(range, &Filter::default()) {
                            Ok(report) => {
                                assert!(report == expected, "page {page}, {byte}, {bit}");
                            }
                            Err(_) => refused += 1,
                        }
                        let series = series_of_all(&store, range, Unit::Day, Tz::UTC);
                        if let Ok(series) = series {
                            assert_eq!(
                                sum_of(&series),
                                expected.summary(),
                                "{page}, {byte}, {bit}"
                            );
                        }
                    }
                }
                poke(&place.path, at_byte, sound[at_byte]);
            }
        }
    }
    assert!(refused > 100, "{refused}");
}

/// Writes one byte of a ledger that nobody has open.
fn poke(path: &Path, at: usize, byte: u8) {
    let mut file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(at as u64)).unwrap();
    file.write_all(&[byte]).unwrap();
}

/// Numbers out of their order in a page: going through all finds what a search may not.
#[test]
fn a_search_that_misses_a_sum_gives_no_smaller_report() {
    let place = Place::new();
    let at_quarter = |number: i64| at(number * QUARTER);
    let batch: Vec<_> = (0..40).map(|n| record(at_quarter(n).as_micros(), 1)).collect();
    place.open().insert_batch(&batch).unwrap();
    let root: i64 = place
        .connection()
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'rollups_quarter'", [], |row| {
            row.get(0)
        })
        .unwrap();
    let page = (usize::try_from(root).unwrap() - 1) * 4_096;
    let sound = fs::read(&place.path).unwrap();
    assert_eq!(sound[page], 13, "a leaf that has all of them");
    let mut refused = 0;
    for swapped in 0..39 {
        let mut wrong = sound.clone();
        // Pointers of two bytes each, in the order of the numbers.
        let pointers = page + 8 + 2 * swapped;
        wrong[pointers..pointers + 4].rotate_left(2);
        fs::write(&place.path, &wrong).unwrap();
        let store = usage_store::Store::open_existing(&place.path).unwrap();
        for (from, to) in (0..40).flat_map(|from| [(from, from + 1), (from, 40), (0, from + 1)]) {
            let range = TimeRange { start: Some(at_quarter(from)), end: Some(at_quarter(to)) };
            match store.report(range, &Filter::default()) {
                Ok(report) => assert_eq!(report.summary().requests, (to - from).unsigned_abs()),
                Err(_) => refused += 1,
            }
        }
    }
    assert!(refused > 39, "{refused}");
}

/// A day knows of its quarters of an hour that are missing: where these cannot be made again, neither the
/// day nor its month forgets them.
#[test]
fn days_whose_quarters_vanished_are_kept() {
    let place = ledger();
    let store = place.open();
    let before = store.report(TimeRange::ALL, &Filter::default()).unwrap();
    freeze(&place, 30 * DAY);
    let gone = "DELETE FROM rollups_quarter WHERE number < 96";
    place.connection().execute_batch(gone).unwrap();
    assert!(!full(&place).is_sound());
    let rebuilt = doctor::rebuild(&store).unwrap();
    let day = TimeRange { start: Some(at(0)), end: Some(at(DAY)) };
    assert_eq!(rebuilt.lost, [day]);
    assert_eq!(store.report(TimeRange::ALL, &Filter::default()).unwrap(), before);
    let of_all = series_of_all(&store, TimeRange::ALL, Unit::Month, Tz::UTC);
    assert!(of_all.is_err() || sum_of(&of_all.unwrap()) == before.summary());
}

/// Findings say which stretch of time, and how it differs.
#[test]
fn findings_name_the_stretch() {
    let place = ledger();
    let sql = "UPDATE records SET unclassified = 7 WHERE id = 1;
               DELETE FROM rollups_day WHERE number = 3;
               UPDATE rollups_all SET cells = x'' WHERE number = 0;
               INSERT INTO rollups_month VALUES (24312, (SELECT cells FROM rollups_month))";
    place.connection().execute_batch(sql).unwrap();
    let diagnosis = full(&place);
    let found: Vec<_> = check(&diagnosis)
        .findings
        .iter()
        .map(|finding| format!("{}: {}", finding.place, finding.what))
        .collect();
    assert_eq!(
        found,
        [
            "sums of the quarter of an hour from 1970-01-01T00:00Z: they do not agree with the \
             records",
            "sums of all names in the quarter of an hour from 1970-01-01T00:00Z: they cannot be \
             read",
            "sums of the day 1970-01-04 (UTC): they are missing, those of its quarters of an hour \
             are there",
            "sums of the month 1970-01 (UTC): they do not agree with those of its days",
            "sums of the month 2026-01 (UTC): they cannot be read",
        ]
    );
}

/// Checks that what is left of records that were deleted is kept by a rebuild, and what is made of
/// it is made again.
#[test]
fn sums_without_records_are_kept() {
    let place = ledger();
    let store = place.open();
    let before = store.report(TimeRange::ALL, &Filter::default()).unwrap();
    freeze(&place, 30 * DAY);
    assert!(full(&place).is_sound(), "{:#?}", full(&place));
    assert_eq!(store.report(TimeRange::ALL, &Filter::default()).unwrap(), before);
    let sql = "DELETE FROM rollups_day WHERE number < 10; DELETE FROM rollups_month;
               DELETE FROM rollups_all WHERE number < 500;
               DELETE FROM rollups_quarter WHERE number > 30 * 96";
    place.connection().execute_batch(sql).unwrap();
    let found = full(&place);
    assert!(check(&found).findings.iter().all(|finding| finding.remedy == Remedy::Rebuild));
    let rebuilt = doctor::rebuild(&store).unwrap();
    assert_eq!((rebuilt.kept, rebuilt.quarters, rebuilt.records), (40, 60, 240));
    assert!(rebuilt.lost.is_empty() && full(&place).is_sound());
    assert_eq!(store.report(TimeRange::ALL, &Filter::default()).unwrap(), before);
}

/// A quarter of an hour of which nothing is left but bytes that cannot be read: it is named, and
/// what the day and the month still know is not thrown away. All else is made again.
#[test]
fn what_is_lost_is_said() {
    let place = ledger();
    let store = place.open();
    let before = store.report(TimeRange::ALL, &Filter::default()).unwrap();
    freeze(&place, 30 * DAY);
    let sql = "UPDATE rollups_quarter SET cells = x'' WHERE number = 0;
               DELETE FROM rollups_day WHERE number = 3;
               UPDATE records SET unclassified = unclassified";
    place.connection().execute_batch(sql).unwrap();
    let rebuilt = doctor::rebuild(&store).unwrap();
    let lost = TimeRange { start: Some(at(0)), end: Some(at(QUARTER)) };
    assert_eq!((rebuilt.lost.as_slice(), rebuilt.changed), (&[lost][..], 1));
    let diagnosis = full(&place);
    let [finding] = &check(&diagnosis).findings[..] else { panic!("{diagnosis:#?}") };
    assert_eq!(finding.remedy, Remedy::Restore);
    assert!(matches!(&finding.place, Where::Rollups(of) if of.ends_with("1970-01-01T00:00Z")));
    assert_eq!(store.report(TimeRange::ALL, &Filter::default()).unwrap(), before);
}

/// Names that are gone cannot be made again from rollups.
#[test]
fn names_that_only_sums_refer_to() {
    let place = ledger();
    freeze(&place, 90 * DAY);
    place.connection().execute_batch("DELETE FROM records").unwrap();
    doctor::rebuild(&place.open()).unwrap();
    assert!(full(&place).is_sound());
    place.connection().execute_batch("DELETE FROM label_sets WHERE route = 'r2'").unwrap();
    let diagnosis = full(&place);
    assert!(check(&diagnosis).findings.iter().all(|finding| finding.remedy == Remedy::Restore));
    assert!(check(&diagnosis).wrong() > 20, "{diagnosis:#?}");
}

/// A record that counts what none can count keeps its rollups as they are: all or nothing.
#[test]
fn damaged_records_stop_a_rebuild() {
    for sql in [
        "UPDATE records SET input = -1 WHERE id = 300",
        "UPDATE records SET ts = -1 WHERE id = 300",
        "UPDATE records SET ts = 4102444800000000 WHERE id = 300",
    ] {
        let place = ledger();
        place.connection().execute_batch(sql).unwrap();
        place.connection().execute_batch("DELETE FROM rollups_month").unwrap();
        let error = doctor::rebuild(&place.open()).unwrap_err();
        assert!(error.is_damage(), "{error:?}");
        assert!(error.to_string().contains("a record has a "), "{error}");
        assert_eq!(number(&place.connection(), "SELECT count(*) FROM rollups_month"), 0);
    }
}

/// Checks that what is counted in comes out again, to the last row, in whatever order.
#[test]
fn nothing_is_left_of_what_was_deleted() {
    let place = ledger();
    let store = place.open();
    for before in [5 * QUARTER, 20 * DAY + 5, 60 * DAY, 400 * DAY] {
        store
            .delete(
                PrunePlan::new(&store, at(before), &usage_store::PruneOptions::default())
                    .unwrap()
                    .insist(),
                |_| {},
            )
            .unwrap();
        assert!(full(&place).is_sound());
        let filter = Filter::default();
        let report = store.report(TimeRange::ALL, &filter).unwrap();
        assert_eq!(report, scan(&store, TimeRange::ALL, &filter));
    }
    for table in ["rollups_quarter", "rollups_day", "rollups_month", "rollups_all"] {
        assert_eq!(number(&place.connection(), &format!("SELECT count(*) FROM {table}")), 0);
    }
}
