//! Tags in reports: from rollups where their keys are declared, and from records where they are not.

use chrono_tz::Tz;
use usage_core::ErrorKind;
use usage_core::period::Unit;
use usage_core::query::{Calendar, Selection};
use usage_core::stats::{Aggregates, Summary};
use usage_core::{Context, Engine, Filter, Record, TagKey, TimeRange};
use usage_store::doctor::{self, Depth, examine};
use usage_store::{PrunePlan, Store, StoreError};

use super::support::{KEEP_SUMS, Place, at, of_store, range, record_of, records};

const QUARTER: i64 = 900_000_000;

fn key(key: &str) -> TagKey {
    TagKey::new(key).unwrap()
}

/// Records of some hours, with tags of all kinds and without.
fn batch() -> Vec<Record> {
    let teams = ["a", "b", "c"];
    (0..120_usize)
        .map(|n| {
            let names = ["i", "p", "v", ["r", "s"][n % 2], "m"];
            let record = record_of(names, n as i64 * QUARTER / 3 + 5, 1 + n as u64);
            let team = ("team", teams[n % 3]);
            let env = ("env", ["prod", "test"][n / 3 % 2]);
            match n % 5 {
                0 => record,
                1 => record.with_context(Context::new("s", [team]).unwrap()),
                2 => record.with_context(Context::new("", [env]).unwrap()),
                _ => record.with_context(Context::new("", [team, env]).unwrap()),
            }
        })
        .collect()
}

/// Returns the answer to a question, record by record.
fn expected(all: &[Record], within: TimeRange, filter: &Filter, by: &[TagKey]) -> Aggregates {
    let mut expected = Aggregates::default();
    for record in all {
        if within.contains(record.timestamp()) && filter.matches(&record.names()) {
            let tags = record.context().tag_list().only(by);
            let labels = record.labels().with_tags(tags.tags());
            expected.add_totals(labels, &Summary::of(record));
        }
    }
    expected
}

fn check(store: &Store, all: &[Record]) {
    let [team, env, other] = ["team", "env", "other"].map(key);
    let filters = [
        Filter::new(),
        Filter::new().keeping_tag(team, "a"),
        Filter::new().keeping_tag(team, "a").keeping_tag(team, "b").keeping_tag(env, "prod"),
        Filter::new().keeping_tag(team, ""),
        Filter::new().keeping_tag(other, "x"),
    ];
    let ranges = [TimeRange::ALL, range(3 * QUARTER, 30 * QUARTER), range(7, 20 * QUARTER + 9)];
    for within in ranges {
        for filter in &filters {
            for by in [&[][..], &[team], &[env, team], &[other]] {
                let of = Selection::new(within, filter).told_apart_by(by);
                let expected = expected(all, within, filter, by);
                assert_eq!(Engine::totals(store, &of).unwrap(), expected, "{filter:?} {by:?}");
                let day = Calendar { unit: Unit::Day, zone: Tz::Asia__Kathmandu };
                let mut sum = Aggregates::default();
                let series = Engine::series(store, &of, day).unwrap();
                series.buckets().iter().for_each(|day| sum.merge(day.usage().clone()));
                assert_eq!(sum, expected, "{filter:?} {by:?}");
                let found = store.records_by_period(within, filter).count();
                assert_eq!(found as u64, expected.summary().requests);
            }
        }
    }
}

#[test]
fn declared_or_not_the_answers_are_the_same() {
    let place = Place::new();
    let store = place.open();
    let all = batch();
    store.insert_batch(&all[..60]).unwrap();
    let [team, env] = ["team", "env"].map(key);
    check(&store, &all[..60]);
    let declared = store.declare_tags(&[team]).unwrap();
    assert_eq!((declared.keys.as_slice(), declared.kept_before), (&[team][..], None));
    assert!(declared.changed > 20);
    check(&store, &all[..60]);
    // What comes afterwards is counted under them at once, by a program too that has not declared them.
    store.insert_batch(&all[60..90]).unwrap();
    place.open().insert_batch(&all[90..]).unwrap();
    check(&store, &all);
    store.declare_tags(&[env, team]).unwrap();
    check(&store, &all);
    let sets = || -> i64 {
        let sql = "SELECT count(*) FROM label_sets WHERE tags <> ''";
        place.connection().query_row(sql, [], |row| row.get(0)).unwrap()
    };
    assert!(sets() > 6);
    assert!(examine(&place.path, Depth::Full).unwrap().is_sound());
    assert_eq!(doctor::rebuild(&store).unwrap().changed, 0);
    assert_eq!(store.declare_tags(&[team, env]).unwrap().changed, 0, "the order says nothing");
    // And back: nothing of it is left.
    assert!(store.declare_tags(&[]).unwrap().changed > 0);
    assert!(store.tag_keys().unwrap().is_empty() && sets() == 0);
    check(&store, &all);
    let mut found = records(&store);
    found.reverse();
    assert_eq!(found, all);
    assert!(examine(&place.path, Depth::Full).unwrap().is_sound());
}

/// Where records are gone, rollups tell apart what was declared before, and the rest is refused rather than wrong.
#[test]
fn what_only_sums_are_left_of_is_told_apart_by_what_was_declared() {
    let place = Place::new();
    let store = place.open();
    let all = batch();
    let [team, env] = ["team", "env"].map(key);
    store.declare_tags(&[team]).unwrap();
    store.insert_batch(&all).unwrap();
    let plan = PrunePlan::new(&store, at(12 * QUARTER), &KEEP_SUMS).unwrap();
    store.delete(plan, |_| {}).unwrap();
    let everything = Filter::new();
    let by = |keys: &'static [&str]| -> Vec<TagKey> { keys.iter().map(|of| key(of)).collect() };
    let totals = |within: TimeRange, keys: &'static [&str]| {
        let keys = by(keys);
        Engine::totals(&store, &Selection::new(within, &everything).told_apart_by(&keys))
    };
    let of_team = expected(&all, TimeRange::ALL, &everything, &[team]);
    assert_eq!(totals(TimeRange::ALL, &["team"]).unwrap(), of_team);
    let error = totals(TimeRange::ALL, &["env"]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotKept);
    let text = error.to_string();
    assert!(text.contains("tag:env") && text.contains("1970-01-01T03:00:00Z"), "{text}");
    assert!(matches!(of_store(error), StoreError::TagsGone { .. }));
    let later = range(12 * QUARTER, 90 * QUARTER);
    assert_eq!(totals(later, &["env"]).unwrap(), expected(&all, later, &everything, &[env]));
    // Declared now, it is in the rollups from there on, whatever becomes of the records.
    let declared = store.declare_tags(&[team, env]).unwrap();
    assert_eq!(declared.kept_before, Some(at(12 * QUARTER)));
    let plan = PrunePlan::new(&store, at(24 * QUARTER), &KEEP_SUMS).unwrap();
    store.delete(plan, |_| {}).unwrap();
    assert_eq!(totals(later, &["env"]).unwrap(), expected(&all, later, &everything, &[env]));
    assert_eq!(totals(TimeRange::ALL, &["team"]).unwrap(), of_team);
    assert_eq!(totals(TimeRange::ALL, &["env"]).unwrap_err().kind(), ErrorKind::NotKept);
    assert!(examine(&place.path, Depth::Full).unwrap().is_sound());
}
