//! Reports of ledgers of earlier versions: this one reports the same after their migration, to the
//! last number. The page beside the fixtures says how they were made.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono_tz::Tz;
use usage_core::period::Unit;
use usage_core::stats::{Aggregates, Summary};
use usage_core::{Filter, Label, Labels, Measure, Money, TimeRange, Timestamp};
use usage_prices::ShippedPrices;
use usage_store::doctor::{Advice, Depth, examine};
use usage_store::{RepricePlan, RepriceScope, SCHEMA_VERSION, Store, StoreOptions, doctor};

use super::priced;
use super::support::{Place, record, series_by, with_event};

/// Ledgers of version 5, with what the same command has printed of both.
const OF_VERSION_5: [&[u8]; 2] =
    [include_bytes!("../fixtures/version-5.db"), include_bytes!("../fixtures/version-5-frozen.db")];

/// Ledgers of version 4, and what its `usage report --by day,instance,profile,provider,route,model`
/// has printed, in UTC and as CSV.
const LEDGERS: [(&[u8], &str); 2] = [
    (include_bytes!("../fixtures/version-4.db"), include_str!("../fixtures/version-4.csv")),
    (
        include_bytes!("../fixtures/version-4-frozen.db"),
        include_str!("../fixtures/version-4-frozen.csv"),
    ),
];

const UNCLEAN: &str = include_str!("../fixtures/version-4-unclean.csv");

/// As large as a segment was made. The fixture ends where only zeros follow.
const SEGMENT_BYTES: u64 = 4 << 20;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// A ledger of version 4 whose program was killed while another one kept it from writing.
fn unclean() -> Place {
    let place = Place::new();
    let from = fixture("version-4-unclean");
    for name in ["usage.db", "usage.db-wal"] {
        fs::copy(from.join(name), place.folder().join(name)).unwrap();
    }
    let journal = place.folder().join("usage.db.journal");
    fs::create_dir(&journal).unwrap();
    for entry in fs::read_dir(from.join("usage.db.journal")).unwrap() {
        let entry = entry.unwrap();
        let path = journal.join(entry.file_name());
        fs::copy(entry.path(), &path).unwrap();
        fs::OpenOptions::new().write(true).open(path).unwrap().set_len(SEGMENT_BYTES).unwrap();
    }
    place
}

type Numbers = [u64; 9];

/// By the columns before the numbers.
type Rows = BTreeMap<String, Numbers>;

fn expected(csv: &str) -> Rows {
    let mut lines = csv.lines();
    assert_eq!(
        lines.next().unwrap(),
        "day,instance,profile,provider,route,model,requests,tokens,fallbacks,input_tokens,\
         output_tokens,cache_read_tokens,cache_write_tokens,unclassified_tokens,reasoning_tokens"
    );
    let mut rows = Rows::new();
    for line in lines {
        let fields: Vec<_> = line.split(',').collect();
        let (key, numbers) = fields.split_at(6);
        let numbers: Vec<u64> = numbers.iter().map(|number| number.parse().unwrap()).collect();
        rows.insert(key.join(","), numbers.try_into().unwrap());
    }
    rows
}

fn key(day: &str, labels: &Labels) -> String {
    let names = labels.names();
    let (instance, profile) = (names.get(Label::Instance), names.reported(Label::Profile));
    format!(
        "{day},{instance},{profile},{},{},{}",
        names.get(Label::Provider),
        names.get(Label::Route),
        names.get(Label::Model)
    )
}

fn numbers(of: &Summary) -> Numbers {
    [
        of.requests,
        of.tokens(),
        of[Measure::Fallbacks],
        of[Measure::Input],
        of[Measure::Output],
        of[Measure::CacheRead],
        of[Measure::CacheWrite],
        of[Measure::Unclassified],
        of[Measure::Reasoning],
    ]
}

fn add(rows: &mut Rows, day: &str, usage: &Aggregates) {
    for (labels, summary) in usage.groups() {
        let sum = rows.entry(key(day, labels)).or_default();
        sum.iter_mut().zip(numbers(summary)).for_each(|(sum, number)| *sum += number);
    }
}

/// Every way to the same numbers.
fn reports_are(store: &Store, csv: &str) {
    let expected = expected(csv);
    let (all, filter) = (TimeRange::ALL, Filter::default());
    let days = series_by(store, all, &filter, Unit::Day, Tz::UTC).unwrap();
    let (mut of_series, mut of_reports) = (Rows::new(), Rows::new());
    let mut sum = Aggregates::default();
    for day in days.buckets().iter().filter(|day| !day.usage().is_empty()) {
        let name = day.start().unwrap().to_rfc3339();
        add(&mut of_series, &name, day.usage());
        add(&mut of_reports, &name, &store.report(day.range(), &filter).unwrap());
        sum.merge(day.usage().clone());
    }
    assert_eq!(of_series, expected);
    assert_eq!(of_reports, expected);
    let report = store.report(all, &filter).unwrap();
    assert_eq!(report, sum);
    let of = |column: usize| expected.values().map(|row| row[column]).sum::<u64>();
    let totals = numbers(&report.summary());
    assert_eq!(totals, std::array::from_fn(of));
    for (model, requests) in by_model(&expected) {
        let filter = Filter::new().keeping(Label::Model, model);
        assert_eq!(store.report(all, &filter).unwrap().summary().requests, requests);
    }
}

fn by_model(rows: &Rows) -> BTreeMap<String, u64> {
    let mut models = BTreeMap::new();
    for (key, row) in rows {
        *models.entry(key.split(',').nth(5).unwrap().to_owned()).or_default() += row[0];
    }
    models
}

fn is_sound(path: &Path) {
    let diagnosis = examine(path, Depth::Full).unwrap();
    assert!(diagnosis.is_sound(), "{diagnosis:#?}");
    assert_eq!(diagnosis.file.schema_version, SCHEMA_VERSION);
}

#[test]
fn reports_stay_what_they_were() {
    for (ledger, csv) in LEDGERS {
        let place = Place::new();
        fs::write(&place.path, ledger).unwrap();
        let diagnosis = examine(&place.path, Depth::Full).unwrap();
        assert!(diagnosis.is_sound(), "{diagnosis:#?}");
        assert_eq!(diagnosis.advice, [Advice::OlderVersion(4)]);
        let store = place.open();
        reports_are(&store, csv);
        is_sound(&place.path);
        // They can be made again, but for what has no records.
        assert_eq!(doctor::rebuild(&store).unwrap().changed, 0);
        reports_are(&store, csv);
    }
}

/// Their records are not priced yet, and can be: but for those whose sums alone are left.
#[test]
fn ledgers_of_version_5_can_be_priced() {
    let csv = include_str!("../fixtures/version-5.csv");
    for (ledger, frozen) in OF_VERSION_5.into_iter().zip([0, 334]) {
        let place = Place::new();
        fs::write(&place.path, ledger).unwrap();
        let diagnosis = examine(&place.path, Depth::Full).unwrap();
        assert!(diagnosis.is_sound(), "{diagnosis:#?}");
        assert_eq!(diagnosis.advice, [Advice::OlderVersion(5)]);
        let options = StoreOptions::default().with_pricing(Arc::new(ShippedPrices));
        let store = options.open(&place.path).unwrap();
        reports_are(&store, csv);
        assert_eq!(priced::sums(&store), (0, Money::ZERO));
        is_sound(&place.path);
        let everything = Filter::default();
        let plan =
            RepricePlan::new(&store, TimeRange::ALL, &everything, RepriceScope::Missing).unwrap();
        assert_eq!((plan.records, plan.changed), (600 - frozen, 600 - frozen));
        assert_eq!(plan.skipped.map_or(0, |skipped| skipped.requests), frozen);
        assert!(plan.after.priced > 100, "{plan:#?}");
        store.reprice(&plan, plan_time(), "test", |_| {}).unwrap();
        assert_eq!(priced::sums(&store), (plan.after.priced, plan.after.cost));
        reports_are(&store, csv);
        is_sound(&place.path);
        assert_eq!(doctor::rebuild(&store).unwrap().changed, 0);
    }
}

fn plan_time() -> Timestamp {
    Timestamp::from_micros(1_795_000_000_000_000)
}

/// Checks that what finds event ids was migrated too: the same events are none again.
#[test]
fn event_ids_are_known_after_it() {
    let place = Place::new();
    fs::write(&place.path, LEDGERS[0].0).unwrap();
    let store = place.open();
    let kept: Vec<_> = super::support::records(&store)
        .into_iter()
        .filter(|record| record.event_id().is_some())
        .collect();
    assert!(kept.len() > 200, "{}", kept.len());
    let outcome = store.insert_batch(&kept).unwrap();
    assert_eq!((outcome.stored, outcome.duplicates), (0, kept.len() as u64));
    let other = with_event(record(1_777_787_761_000_000, 9), "a-new-one");
    assert_eq!(store.insert_batch(&[other]).unwrap().stored, 1);
}

/// A log that is still to be read and a journal that waits, of a program that was killed.
#[test]
fn what_waited_in_a_journal_is_stored_once() {
    let place = unclean();
    let diagnosis = examine(&place.path, Depth::Full).unwrap();
    assert!(diagnosis.is_sound(), "{diagnosis:#?}");
    assert_eq!(diagnosis.backlog.of_stopped(), 250);
    let store = place.open();
    let recovered = store.journals().recover().unwrap();
    assert_eq!((recovered.stored, recovered.duplicates, recovered.lost), (250, 0, 0));
    reports_are(&store, UNCLEAN);
    is_sound(&place.path);
    assert_eq!(store.journals().recover().unwrap().stored, 0);
    assert_eq!(store.journals().backlog().unwrap().segments, []);
}

/// Each object of the schema with its statement, on one line.
fn schema(place: &Place) -> BTreeMap<(String, String), String> {
    let connection = place.connection();
    let mut statement =
        connection.prepare("SELECT type, name, coalesce(sql, '') FROM sqlite_schema").unwrap();
    let object = |row: &rusqlite::Row<'_>| {
        let sql: String = row.get(2)?;
        Ok(((row.get(0)?, row.get(1)?), sql.split_whitespace().collect::<Vec<_>>().join(" ")))
    };
    statement.query_map([], object).unwrap().map(Result::unwrap).collect()
}

/// Whatever version it is from, a ledger has in the end what a new one has, and nothing else.
#[test]
fn each_version_becomes_what_a_new_ledger_is() {
    let new = Place::new();
    drop(new.open());
    let expected = schema(&new);
    let older = fs::read_dir(fixture("")).unwrap().map(|entry| entry.unwrap().path());
    let older: Vec<_> =
        older.filter(|path| path.extension().is_some_and(|db| db == "db")).collect();
    assert!(older.len() >= 6, "{older:?}");
    for ledger in older {
        let place = Place::new();
        fs::copy(&ledger, &place.path).unwrap();
        drop(place.open());
        assert_eq!(schema(&place), expected, "{}", ledger.display());
    }
}
