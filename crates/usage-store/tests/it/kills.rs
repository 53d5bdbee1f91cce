//! Processes that are killed in the middle of changing the whole ledger, in transactions that only
//! the store knows, leave it whole. All other kills belong to the stories about faults.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use usage_core::{Filter, TimeRange};
use usage_store::doctor::{Depth, examine};
use usage_store::{SCHEMA_VERSION, Store, doctor};

use super::child;
use super::migration::WITHOUT_V4;
use super::repricing;
use super::support::{Place, record_of, scan};

/// The number of times that each is killed; `USAGE_TEST_KILLS` says otherwise.
const KILLS: u32 = 4;

/// Enough for the kill to come in the middle.
const RECORDS: i64 = 60_000;

fn kills() -> u32 {
    env::var("USAGE_TEST_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(KILLS)
}

/// A ledger of many records over two months, changed past the store.
fn ledger(sql: &str) -> Place {
    let place = Place::new();
    let store = place.open();
    let records: Vec<_> = (0..RECORDS)
        .map(|n| {
            let route = ["r1", "r2", "r3", "r4", "r5"][n as usize % 5];
            record_of(["i", "p", "v", route, "m"], n * 86_000_000, n as u64 % 1_000)
        })
        .collect();
    records.chunks(20_000).for_each(|batch| drop(store.insert_batch(batch).unwrap()));
    drop(store);
    place.connection().execute_batch(sql).unwrap();
    assert_eq!(place.listing(), ["usage.db"]);
    place
}

/// In a child: does one thing to a ledger.
#[expect(clippy::print_stdout, reason = "the parent reads it")]
pub(crate) fn change(place: &Path, what: &str) {
    println!("{}", child::READY);
    let store = Store::open(place.join("usage.db")).unwrap();
    match what {
        "migrate" => {}
        "rebuild" => drop(doctor::rebuild(&store).unwrap()),
        "vacuum" => drop(store.vacuum().unwrap()),
        "reprice" => repricing::reprice_all(&place.join("usage.db")),
        _ => panic!("no such work: {what}"),
    }
}

/// Has a child change a copy of a ledger and kills it after a while, or lets it come to its end.
/// Answers the copy, and for how long the child went on, if it did come to its end.
fn killed(of: &Place, what: &str, after: Option<Duration>) -> (Place, Option<Duration>) {
    let copy = Place::new();
    fs::copy(&of.path, &copy.path).unwrap();
    let mut child = child::command(&format!("change {what}"), copy.folder()).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains(child::READY) {
        line.clear();
        assert!(output.read_line(&mut line).unwrap() > 0, "the child has not begun");
    }
    let start = Instant::now();
    if let Some(after) = after {
        // sleep: so that the kill comes at another moment each time.
        thread::sleep(after);
        // It may have come to its end already.
        let _ = child.kill();
    }
    let status = child.wait().unwrap();
    assert!(after.is_some() || status.success(), "{status}");
    (copy, status.success().then(|| start.elapsed()))
}

/// Kills at moments that are spread over the time that it takes, and once more, ever earlier, where
/// all of them came too late because it took longer when the time was taken.
fn each_kill(of: &Place, what: &str, whole: impl Fn(&Place)) {
    let (copy, takes) = killed(of, what, None);
    whole(&copy);
    let (takes, kills) = (takes.unwrap(), kills());
    let spread = (0..kills).map(|kill| takes * (2 * kill + 1) / (2 * kills + 2));
    let earlier = (4..32).map(|times| takes / 2_u32.pow(times));
    let mut is_hit = false;
    for (kill, after) in (0..).zip(spread.chain(earlier)) {
        if kill >= kills && is_hit {
            return;
        }
        let (copy, end) = killed(of, what, Some(after));
        is_hit |= end.is_none();
        whole(&copy);
    }
    assert!(is_hit, "no {what} was killed in the middle");
}

fn number(place: &Place, sql: &str) -> i64 {
    place.connection().query_row(sql, [], |row| row.get(0)).unwrap()
}

/// All that there is to know of a sound ledger with so many records.
fn is_sound(place: &Place, records: u64) {
    let diagnosis = examine(&place.path, Depth::Full).unwrap();
    assert!(diagnosis.is_sound(), "{diagnosis:#?}");
    assert_eq!(diagnosis.content.unwrap().records, records);
}

fn rollups(place: &Place) -> i64 {
    number(
        place,
        "SELECT (SELECT count(*) FROM rollups_quarter) + (SELECT count(*) FROM rollups_day)
              + (SELECT count(*) FROM rollups_month) + (SELECT count(*) FROM rollups_all)",
    )
}

/// The ledger has the old version or the new one, and before it is changed there is a whole copy.
fn is_migrated_or_not(place: &Place, old: i32, records: i64) {
    let version = number(place, "PRAGMA user_version");
    assert!(version == i64::from(SCHEMA_VERSION) || version == i64::from(old), "{version}");
    is_sound(place, records as u64);
    let copy = place.folder().join(format!("usage.db.v{old}-backup"));
    assert!(copy.exists() || version == i64::from(old));
    let is_copied = || {
        let connection = rusqlite::Connection::open(&copy).unwrap();
        let (version, check, found): (i32, String, i64) = connection
            .query_row(
                "SELECT (SELECT user_version FROM pragma_user_version),
                        (SELECT quick_check FROM pragma_quick_check),
                        (SELECT count(*) FROM records)",
                [],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
            .unwrap();
        assert_eq!((version, check.as_str(), found), (old, "ok", records));
    };
    if copy.exists() {
        is_copied();
    }
    // Whoever opens it next goes on, and leaves one copy and nothing half done.
    let report = place.open().report(TimeRange::ALL, &Filter::default()).unwrap();
    assert_eq!(report.summary().requests, records as u64);
    is_copied();
    let mut names = place.listing();
    if version == i64::from(SCHEMA_VERSION) {
        // A part may be left of a copy that was made a second time: nothing needed another one.
        names.retain(|name| !name.ends_with(".part"));
    }
    assert_eq!(names, ["usage.db", &format!("usage.db.v{old}-backup")]);
}

#[test]
fn a_migration_leaves_the_old_or_the_new_version() {
    let place = ledger(&format!("{WITHOUT_V4} PRAGMA user_version = 3"));
    each_kill(&place, "migrate", |copy| {
        let version = number(copy, "PRAGMA user_version");
        let tables = "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'rollup%'";
        assert_eq!(number(copy, tables), if version == 3 { 0 } else { 6 });
        is_migrated_or_not(copy, 3, RECORDS);
    });
}

/// Most of it is the copy: 20 megabytes of what lies beside the records.
#[test]
fn a_migration_of_version_4_leaves_that_or_the_new_version() {
    let place = Place::new();
    fs::write(&place.path, include_bytes!("../fixtures/version-4.db")).unwrap();
    let sql = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
               INSERT INTO set_aside (kind, content, reason)
               SELECT 'journal', randomblob(20000), 'of no use' FROM n";
    place.connection().execute_batch(sql).unwrap();
    each_kill(&place, "migrate", |copy| is_migrated_or_not(copy, 4, 668));
}

#[test]
fn a_rebuild_leaves_the_old_or_the_new_sums() {
    let without = "DELETE FROM rollups_quarter; DELETE FROM rollups_all;
                   DELETE FROM rollups_day; DELETE FROM rollups_month; UPDATE ledger SET rollups = NULL;";
    let place = ledger(without);
    let all = rollups(&killed(&place, "rebuild", None).0);
    assert!(all > 10_000);
    each_kill(&place, "rebuild", |copy| {
        let rollups = rollups(copy);
        assert!(rollups == 0 || rollups == all, "{rollups} of {all}");
        doctor::rebuild(&copy.open()).unwrap();
        is_sound(copy, RECORDS as u64);
    });
}

#[test]
fn pricing_anew_leaves_all_old_or_all_new_prices() {
    const COUNT: u64 = 12_000;
    let place = repricing::unpriced(COUNT as i64);
    assert!(!repricing::is_priced(&place, COUNT));
    assert!(repricing::is_priced(&killed(&place, "reprice", None).0, COUNT));
    each_kill(&place, "reprice", |copy| {
        if !repricing::is_priced(copy, COUNT) {
            repricing::reprice_all(&copy.path);
            assert!(repricing::is_priced(copy, COUNT));
        }
    });
}

#[test]
fn a_vacuum_leaves_everything() {
    let place = ledger("DELETE FROM records WHERE id <= 45000");
    doctor::rebuild(&place.open()).unwrap();
    each_kill(&place, "vacuum", |copy| {
        is_sound(copy, 15_000);
        let store = copy.open();
        let filter = Filter::default();
        let report = store.report(TimeRange::ALL, &filter).unwrap();
        assert_eq!(report, scan(&store, TimeRange::ALL, &filter));
    });
}
