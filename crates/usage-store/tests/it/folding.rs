//! Months with more names than rollups are kept of: what is beyond the limit counts under `(other)`.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use rusqlite::Connection;
use usage_core::period::Unit;
use usage_core::query::Selection;
use usage_core::stats::{Aggregates, Series};
use usage_core::{Context, Engine, Filter, Label, LabelNames, Labels, Record, TagKey, TimeRange};
use usage_store::doctor::{Depth, examine};
use usage_store::status::StatusLimits;
use usage_store::{PruneOptions, PrunePlan, Store, StoreError, doctor};

use super::support::{KEEP_SUMS, Place, at, record_of, scan, series_by};

const QUARTER: i64 = 900_000_000;
const HOUR: i64 = 4 * QUARTER;
const DAY: i64 = 24 * HOUR;

/// The lowest limit there is.
const LIMIT: u64 = 100;

fn limited() -> Place {
    let place = Place::new();
    drop(place.open());
    let sql = format!("INSERT INTO settings VALUES ('label_sets_a_month', '{LIMIT}')");
    place.connection().execute_batch(&sql).unwrap();
    place
}

/// A record of a model of so many, one after the other in the days of a month.
fn of_model(n: i64, ts: i64) -> Record {
    record_of(["i", "p", "v", "r", &format!("m{n}")], ts, 10 + n.unsigned_abs())
}

/// 150 models in each of three months, 50 of them in all, and some of them often.
fn many_models(store: &Store) {
    for month in 0..3 {
        let batch = |from: i64, to: i64| -> Vec<_> {
            let ts = |n: i64| month * 31 * DAY + n % 19 * DAY + n * 7 * QUARTER / 3;
            (from..to).map(|n| of_model(if n < 50 { n } else { n + month * 100 }, ts(n))).collect()
        };
        for (from, to) in [(0, 60), (60, 130), (40, 150), (100, 150), (0, 150)] {
            store.insert_batch(&batch(from, to)).unwrap();
        }
    }
}

fn number(connection: &Connection, sql: &str) -> u64 {
    connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap().unsigned_abs()
}

fn models(names: &[&str]) -> Filter {
    names.iter().fold(Filter::new(), |filter, name| filter.keeping(Label::Model, *name))
}

fn sound(place: &Place) {
    let diagnosis = examine(&place.path, Depth::Full).unwrap();
    assert!(diagnosis.is_sound(), "{diagnosis:#?}");
}

fn days(store: &Store, filter: &Filter) -> Vec<Aggregates> {
    let series: Series = series_by(store, TimeRange::ALL, filter, Unit::Day, Tz::UTC).unwrap();
    series.buckets().iter().map(|day| day.usage().clone()).collect()
}

/// Totals are right, names beyond the limit are shown as one, and whoever asks for one of them gets it.
#[test]
fn totals_stay_right_and_filters_too() {
    let place = limited();
    let store = place.open();
    many_models(&store);
    sound(&place);
    let all = scan(&store, TimeRange::ALL, &Filter::default());
    let report = store.report(TimeRange::ALL, &Filter::default()).unwrap();
    assert_eq!(report.summary(), all.summary());
    let shown = |report: &Aggregates, model: &str| {
        report.groups().any(|(labels, _)| labels.names().get(Label::Model) == model)
    };
    assert!(shown(&report, "(other)") && shown(&report, "m5") && !shown(&report, "m149"));
    let diagnosis = examine(&place.path, Depth::Usual).unwrap();
    assert_eq!(diagnosis.content.unwrap().folded_label_sets, 3 * (150 - LIMIT));
    let status = store.status(&StatusLimits::at(at(90 * DAY))).unwrap();
    assert_eq!(status.content.folded_label_sets, 3 * (150 - LIMIT));

    let ranges = [
        TimeRange::ALL,
        TimeRange { start: Some(at(3 * DAY + 5)), end: Some(at(9 * DAY + HOUR)) },
        TimeRange { start: Some(at(20 * DAY)), end: Some(at(70 * DAY)) },
        TimeRange { start: Some(at(QUARTER)), end: Some(at(QUARTER + 9)) },
    ];
    let instance = Filter::new().keeping(Label::Instance, "i");
    for filter in [models(&["m149"]), models(&["m5", "m149", "m349", "x"]), models(&["m120"])] {
        for range in ranges {
            assert_eq!(
                store.report(range, &filter).unwrap(),
                scan(&store, range, &filter),
                "{range:?} {filter:?}"
            );
        }
        let mut sum = Aggregates::default();
        days(&store, &filter).into_iter().for_each(|day| sum.merge(day));
        assert_eq!(sum, scan(&store, TimeRange::ALL, &filter));
    }
    for range in ranges {
        let report = store.report(range, &instance).unwrap();
        assert_eq!(report.summary(), scan(&store, range, &instance).summary());
    }
    // What stands for others can be asked for, too.
    let others = store.report(TimeRange::ALL, &models(&["(other)"])).unwrap().summary();
    assert!(others.requests > 0 && others.requests < all.summary().requests);
}

/// Rollups have no more names than they may, whatever it is that is different each time.
#[test]
fn no_name_is_without_a_limit() {
    for column in 0..5 {
        let place = limited();
        let store = place.open();
        for batch in 0..5 {
            let batch: Vec<_> = (0..200_i64)
                .map(|n| {
                    let name = format!("n{}", batch * 150 + n);
                    let mut names = ["i", "p", "v", "r", "m"];
                    names[column] = &name;
                    record_of(names, n * QUARTER, 5)
                })
                .collect();
            store.insert_batch(&batch).unwrap();
        }
        let report = store.report(TimeRange::ALL, &Filter::default()).unwrap();
        assert_eq!(report.summary().requests, 1_000);
        assert!(report.groups().count() as u64 <= LIMIT + LIMIT / 10 + 1, "column {column}");
        sound(&place);
        let one = Filter::new().keeping(Label::ALL[column], "n799");
        assert_eq!(store.report(TimeRange::ALL, &one).unwrap().summary().requests, 1);
        assert_eq!(doctor::rebuild(&store).unwrap().changed, 0);
    }
}

/// Checks that what was counted under another name is counted out there; a month that is gone is forgotten.
#[test]
fn what_was_folded_is_counted_out() {
    let place = limited();
    let store = place.open();
    many_models(&store);
    for before in [5 * DAY + 7, 20 * DAY, 33 * DAY, 50 * DAY] {
        store.prune_records(at(before)).unwrap();
        sound(&place);
        let filter = Filter::default();
        let expected = scan(&store, TimeRange::ALL, &filter).summary();
        assert_eq!(store.report(TimeRange::ALL, &filter).unwrap().summary(), expected);
        let rebuilt = doctor::rebuild(&store).unwrap();
        assert_eq!(rebuilt.changed, 0);
    }
    let folded = "SELECT count(DISTINCT month) FROM rollups_folded";
    assert_eq!(number(&place.connection(), folded), 2);
    // A month that was full has room again, and its folded names stay folded.
    many_models(&store);
    sound(&place);
    store
        .delete(
            PrunePlan::new(&store, at(400 * DAY), &PruneOptions::default()).unwrap().insist(),
            |_| {},
        )
        .unwrap();
    assert_eq!(number(&place.connection(), "SELECT count(*) FROM rollups_folded"), 0);
    assert_eq!(number(&place.connection(), "SELECT count(*) FROM rollups_month"), 0);
    let rebuilt = doctor::rebuild(&store).unwrap();
    assert!(rebuilt.names_removed >= 200, "{rebuilt:?}");
    assert_eq!(number(&place.connection(), "SELECT count(*) FROM label_sets"), 0);
    sound(&place);
}

/// A rebuild decides anew where nothing was decided.
#[test]
fn a_rebuild_folds_as_well() {
    let place = limited();
    let store = place.open();
    many_models(&store);
    let before = store.report(TimeRange::ALL, &Filter::default()).unwrap().summary();
    let sql = "DELETE FROM rollups_folded; DELETE FROM rollups_quarter; DELETE FROM rollups_day;
               DELETE FROM rollups_month; DELETE FROM rollups_all; UPDATE ledger SET rollups = NULL";
    place.connection().execute_batch(sql).unwrap();
    doctor::rebuild(&store).unwrap();
    sound(&place);
    let report = store.report(TimeRange::ALL, &Filter::default()).unwrap();
    assert_eq!(report.summary(), before);
    let folded = "SELECT count(*) FROM rollups_folded";
    assert_eq!(number(&place.connection(), folded), 3 * (150 - LIMIT));
    assert_eq!(doctor::rebuild(&store).unwrap().changed, 0);
    // A limit that was lowered, or a ledger from before there was one.
    let sql = "UPDATE settings SET value = '120'; DELETE FROM rollups_folded";
    place.connection().execute_batch(sql).unwrap();
    doctor::rebuild(&store).unwrap();
    sound(&place);
    assert_eq!(number(&place.connection(), folded), 3 * 30);
}

/// Without records nobody can tell folded names apart, and whoever asks is told.
#[test]
fn a_filter_is_never_short() {
    let place = limited();
    let store = place.open();
    many_models(&store);
    let before = store.report(TimeRange::ALL, &Filter::default()).unwrap();
    let known = store.report(TimeRange::ALL, &models(&["m5"])).unwrap();
    let plan = PrunePlan::new(&store, at(20 * DAY), &KEEP_SUMS).unwrap();
    store.delete(plan, |_| {}).unwrap();
    sound(&place);
    assert_eq!(store.report(TimeRange::ALL, &Filter::default()).unwrap(), before);
    assert_eq!(store.report(TimeRange::ALL, &models(&["m5"])).unwrap(), known);
    let error = store.report(TimeRange::ALL, &models(&["m149"])).unwrap_err();
    assert!(
        matches!(error, StoreError::NamesFolded { names: 1, .. }) && !error.is_damage(),
        "{error:?}"
    );
    let expected = "what was asked for is counted under (other) in part (combinations of names: 1), and \
                    the records before 1970-01-21T00:00:00Z that could tell it apart were deleted";
    assert_eq!(error.to_string(), expected);
    let since = TimeRange { start: Some(at(20 * DAY)), end: None };
    let found = store.report(since, &models(&["m149"])).unwrap();
    assert_eq!(found, scan(&store, since, &models(&["m149"])));
    let rebuilt = doctor::rebuild(&store).unwrap();
    assert_eq!((rebuilt.changed, rebuilt.names_removed), (0, 0));
}

/// The records that tell folded names apart are those that were stored.
#[test]
fn a_filter_over_damaged_records_is_refused() {
    for damage in [
        "UPDATE records SET unclassified = 1 WHERE label_set = 149",
        "DELETE FROM records WHERE label_set = 149",
        "UPDATE records SET label_set = 148 WHERE label_set = 149",
    ] {
        let place = limited();
        let store = place.open();
        many_models(&store);
        let known = store.report(TimeRange::ALL, &models(&["m5"])).unwrap();
        assert!(store.report(TimeRange::ALL, &models(&["m147"])).is_ok());
        place.connection().execute_batch(damage).unwrap();
        let error = store.report(TimeRange::ALL, &models(&["m147"])).unwrap_err();
        assert!(error.is_damage(), "{damage}: {error:?}");
        assert_eq!(store.report(TimeRange::ALL, &models(&["m5"])).unwrap(), known);
    }
}

/// Whatever becomes of what says which names are folded: no report is short for it.
#[test]
fn a_filter_over_other_folded_names_is_refused() {
    for damage in [
        "UPDATE rollups_folded SET label_set = 5 WHERE label_set = 148 AND month = 23640",
        "UPDATE rollups_folded SET into_set = 5 WHERE label_set = 148 AND month = 23640",
        "UPDATE rollups_folded SET month = 23643 WHERE label_set = 148 AND month = 23640",
        "DELETE FROM rollups_folded WHERE label_set = 148 AND month = 23640",
        "DELETE FROM rollups_folded WHERE month = 23640",
        "INSERT INTO rollups_folded VALUES (23640, 3, 4)",
    ] {
        let place = limited();
        let store = place.open();
        many_models(&store);
        let [one, plain] = [models(&["m147"]), Filter::default()];
        assert_eq!(store.report(TimeRange::ALL, &one).unwrap().summary().requests, 3);
        let before = store.report(TimeRange::ALL, &plain).unwrap();
        place.connection().execute_batch(damage).unwrap();
        let error = store.report(TimeRange::ALL, &one).unwrap_err();
        assert!(error.is_damage(), "{damage}: {error:?}");
        assert_eq!(store.report(TimeRange::ALL, &plain).unwrap(), before);
        assert!(!examine(&place.path, Depth::Quick).unwrap().is_sound(), "{damage}");
        doctor::rebuild(&store).unwrap();
        sound(&place);
        let found = store.report(TimeRange::ALL, &one).unwrap();
        assert_eq!(found, scan(&store, TimeRange::ALL, &one), "{damage}");
    }
}

/// Names that nothing uses are removed, and who remembers their ids finds out.
#[test]
fn unused_names_are_removed() {
    let place = Place::new();
    let (store, other) = (place.open(), place.open());
    let batch: Vec<_> = (0..20).map(|n| of_model(n, n * DAY)).collect();
    other.insert_batch(&batch).unwrap();
    store.delete(PrunePlan::new(&store, at(5 * DAY), &KEEP_SUMS).unwrap(), |_| {}).unwrap();
    assert_eq!(doctor::rebuild(&store).unwrap().names_removed, 0, "sums use them");
    store.prune_records(at(8 * DAY)).unwrap();
    assert_eq!(doctor::rebuild(&store).unwrap().names_removed, 8);
    sound(&place);
    // The ids that it has in memory are those of names that are gone.
    let again: Vec<_> = (0..20).map(|n| of_model(n, 30 * DAY + n)).collect();
    assert_eq!(other.insert_batch(&again).unwrap().stored, 20);
    sound(&place);
    let expected = scan(&store, TimeRange::ALL, &Filter::default());
    assert_eq!(store.report(TimeRange::ALL, &Filter::default()).unwrap(), expected);
    assert_eq!(doctor::rebuild(&store).unwrap().names_removed, 0);
}

/// Checks that what tells least about what was used goes first: tags, then users, then projects; models are told apart
/// still.
#[test]
fn models_are_folded_last() {
    let team = TagKey::new("team").unwrap();
    let record = |n: i64, kind: usize| {
        let all = [format!("u{n}"), format!("p{n}"), format!("t{n}")];
        let of = |at: usize| if at <= kind { all[at].as_str() } else { "" };
        let model = format!("m{}", n % 2);
        let names = LabelNames::new().with_instance("i").with_route("r").with_model(&model);
        let names = match kind {
            2 => names.with_user("u").with_project("p"),
            _ => names.with_user(of(0)).with_project(of(1)),
        };
        let record = record_of(["i", "p", "v", "r", "m"], n * 1_000, 1);
        let context = Context::new("", [("team", if kind == 2 { of(2) } else { "" })]).unwrap();
        record.with_labels(Labels::new(names).unwrap()).with_context(context)
    };
    // Users alone; users and projects; tags alone.
    for kind in 0..3 {
        let place = limited();
        let store = place.open();
        store.declare_tags(&[team]).unwrap();
        let batch: Vec<_> = (0..400).map(|n| record(n, kind)).collect();
        store.insert_batch(&batch).unwrap();
        sound(&place);
        let by = [team];
        let everything = Filter::default();
        let of = Selection::new(TimeRange::ALL, &everything).told_apart_by(&by);
        let totals = Engine::totals(&store, &of).unwrap();
        assert_eq!(totals.summary().requests, 400);
        let (mut models, mut folded) = (BTreeMap::<String, u64>::new(), 0);
        for (labels, totals) in totals.groups() {
            let names = labels.names();
            *models.entry(names.get(Label::Model).to_owned()).or_default() += totals.requests;
            let first =
                if kind == 2 { names.tags().get("team") } else { Some(names.get(Label::User)) };
            folded += if first == Some("(other)") { totals.requests } else { 0 };
        }
        assert_eq!(models.into_values().collect::<Vec<_>>(), [200; 2], "{kind}");
        assert_eq!(folded, 300, "{kind}");
        // Whoever asks for one of them gets it, from the records.
        let one = match kind {
            2 => Filter::new().keeping_tag(team, "t350"),
            _ => Filter::new().keeping(Label::User, "u350"),
        };
        assert_eq!(store.report(TimeRange::ALL, &one).unwrap().summary().requests, 1, "{kind}");
        let plan = PrunePlan::new(&store, at(500_000), &KEEP_SUMS).unwrap();
        store.delete(plan, |_| {}).unwrap();
        sound(&place);
    }
}
