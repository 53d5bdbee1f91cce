//! The ledger as an engine: what every engine has to get right, and what only a ledger on disk can get wrong.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use usage_conformance::{AnyPrices, Subject, check};
use usage_core::query::{Limits, Order, Selection};
use usage_core::{Engine, Error, ErrorKind, Filter, Label, TimeRange};
use usage_store::{PrunePlan, Store, StoreError, StoreOptions};

use super::support::{DEADLINE, KEEP_SUMS, Place, at, open_patient, orphan, record, record_of};

#[test]
fn the_ledger_is_an_engine() {
    check(24, || {
        let place = Place::new();
        let store = place.open();
        Subject::new(store.clone(), store).keeping(place)
    });
}

/// With prices, whatever they are: by names, tiers, days and sizes.
#[test]
fn the_ledger_knows_what_its_records_cost() {
    check(16, || {
        let place = Place::new();
        let mut options = StoreOptions::default();
        options.busy_timeout = DEADLINE;
        let options = options.with_pricing(Arc::new(AnyPrices));
        let store = options.open(&place.path).unwrap();
        Subject::new(store.clone(), store).priced_by(AnyPrices).keeping(place)
    });
}

/// As a gateway records and a view in another process reads.
#[test]
fn so_it_is_for_another_process_than_the_one_that_records() {
    check(4, || {
        let place = Place::new();
        let (sink, engine) = (place.open(), open_patient(&place.path));
        Subject::new(engine, sink).keeping(place)
    });
}

fn engine(store: &Store) -> &dyn Engine {
    store
}

#[test]
fn bounds_know_what_is_kept_and_what_is_taken() {
    const QUARTER: i64 = 900_000_000;
    let place = Place::new();
    let store = place.open();
    store.insert_batch(&[record(5, 1), record(3 * QUARTER + 7, 1)]).unwrap();
    let none = Limits::none();
    let bounds = engine(&store).bounds(&none).unwrap();
    assert_eq!((bounds.oldest, bounds.newest), (Some(at(5)), Some(at(3 * QUARTER + 7))));
    assert_eq!((bounds.accepts_from, bounds.has_rows_from), (None, None));
    store.prune_records(at(QUARTER)).unwrap();
    let bounds = engine(&store).bounds(&none).unwrap();
    assert_eq!(bounds.oldest, Some(at(3 * QUARTER + 7)));
    assert_eq!(bounds.accepts_from, Some(at(QUARTER)));
    assert_eq!(engine(&store).horizon(&none).unwrap(), Some(at(QUARTER)));
}

/// Those that are there come first. Of a time that has no such rollups all is there.
#[test]
fn records_end_with_an_error_where_only_sums_are_left() {
    const QUARTER: i64 = 900_000_000;
    let (place, filter) = (Place::new(), Filter::new());
    let store = place.open();
    store.insert_batch(&[record(5, 1), record(3 * QUARTER + 7, 1)]).unwrap();
    let told = |start: Option<i64>, end: Option<i64>, order| -> Vec<_> {
        let of = Selection::new(TimeRange { start: start.map(at), end: end.map(at) }, &filter);
        let records = engine(&store).records(&of, order);
        records.map(|of| of.map(|of| of.timestamp()).map_err(|error| error.kind())).collect()
    };
    let (old, new) = (Ok(at(5)), Ok(at(3 * QUARTER + 7)));
    assert_eq!(told(None, None, Order::OldestFirst), [old, new]);
    store.delete(PrunePlan::new(&store, at(2 * QUARTER), &KEEP_SUMS).unwrap(), |_| {}).unwrap();
    let gone = Err(ErrorKind::NotKept);
    for order in [Order::OldestFirst, Order::NewestFirst] {
        assert_eq!(told(None, None, order), [new, gone]);
        assert_eq!(told(Some(0), Some(2 * QUARTER), order), [gone]);
        assert_eq!(told(Some(6), Some(7), order), [gone]);
        assert_eq!(told(Some(2 * QUARTER), None, order), [new]);
        assert_eq!(told(Some(QUARTER), None, order), [new], "there was nothing either");
        assert_eq!(told(None, Some(0), order), []);
        assert_eq!(told(Some(6), Some(6), order), []);
    }
}

/// Whoever only asks from when on records are taken waits for no rows, and hears it of a ledger whose rollups are
/// damaged.
#[test]
fn the_horizon_is_told_without_reading_sums_or_rows() {
    let place = Place::new();
    let store = place.open();
    store.insert_batch(&[record(5, 1)]).unwrap();
    store.prune_records(at(3)).unwrap();
    let sql = "UPDATE rollups_quarter SET cells = zeroblob(20); UPDATE rollups_day SET number = 7";
    place.connection().execute_batch(sql).unwrap();
    let none = Limits::none();
    assert_eq!(engine(&store).bounds(&none).unwrap_err().kind(), ErrorKind::Corrupt);
    assert_eq!(engine(&store).horizon(&none).unwrap(), Some(at(3)));
}

/// An error of the ledger can be taken out again by those who know it.
#[test]
fn errors_have_a_kind_and_keep_what_they_wrap() {
    let (place, filter) = (Place::with_records(5), Filter::new());
    let store = place.open();
    let of = Selection::new(TimeRange::ALL, &filter);
    let sql = "UPDATE rollups_month SET cells = zeroblob(20)";
    place.connection().execute_batch(sql).unwrap();
    let error = engine(&store).totals(&of).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.to_string().contains(" is damaged: "), "{error}");
    let source = error.into_inner().downcast::<StoreError>().unwrap();
    assert!(source.is_damage());
    std::fs::remove_file(&place.path).unwrap();
    let kind = engine(&store).seen().unwrap_err().kind();
    assert_eq!(kind, ErrorKind::Replaced);
}

/// Checks that what waits in a journal is in no answer, and said.
#[test]
fn freshness_tells_what_waits() {
    let place = Place::new();
    let mut store = place.open();
    orphan(&mut store, &[record(1, 1), record(2, 1)]);
    let freshness = engine(&store).freshness(&Limits::none()).unwrap();
    assert_eq!((freshness.backlog_of_stopped, freshness.backlog_of_running), (2, 0));
}

/// Whoever writes, also past the program, and also where the file has changed hands.
#[test]
fn a_change_is_noticed_whoever_makes_it() {
    let place = Place::with_records(3);
    let store = place.open();
    let seen = engine(&store).seen().unwrap();
    let connection = Connection::open(&place.path).unwrap();
    let other = engine(&store).seen().unwrap();
    assert_eq!(other, seen, "a reader changes nothing");
    connection.execute_batch("CREATE TABLE notes (text TEXT)").unwrap();
    assert!(engine(&store).changed(&seen).unwrap());
    drop(connection);
    let seen = engine(&store).seen().unwrap();
    store.delete_all_records().unwrap();
    assert!(engine(&store).changed(&seen).unwrap());
}

/// Each way to ask, also where connections to the old file are at hand, and before and after one is made.
#[test]
fn a_ledger_that_was_replaced_or_deleted_answers_nothing() {
    let (place, filter) = (Place::with_records(3), Filter::new());
    let (store, other, unread) = (place.open(), Place::with_records(7), place.open());
    let of = Selection::new(TimeRange::ALL, &filter);
    let seen = engine(&store).seen().unwrap();
    assert_eq!(engine(&store).totals(&of).unwrap().summary().requests, 3);
    let none = Limits::none();
    let check = || {
        for engine in [engine(&store), engine(&unread)] {
            let kinds = [
                engine.totals(&of).err(),
                engine.records(&of, Order::NewestFirst).next().and_then(Result::err),
                engine.names(Label::Model, 9, &none).err(),
                engine.bounds(&none).err(),
                engine.horizon(&none).err(),
                engine.freshness(&none).err(),
                engine.seen().err(),
                engine.changed(&seen).err(),
            ];
            let kinds = kinds.map(|error| error.as_ref().map(Error::kind));
            assert_eq!(kinds, [Some(ErrorKind::Replaced); 8]);
        }
    };
    std::fs::rename(&other.path, &place.path).unwrap();
    check();
    std::fs::remove_file(&place.path).unwrap();
    check();
}

/// Also where the name that it should be is told by no other.
#[test]
fn a_damaged_name_is_not_told() {
    let place = Place::new();
    let store = place.open();
    let models = ["m1", "m2"].map(|model| record_of(["i", "", "", "r", model], 1, 1));
    store.insert_batch(&models).unwrap();
    for (wrong, most) in [("m9", 9), ("m1", 9), ("m9", 1)] {
        let sql = format!("UPDATE label_sets SET model = '{wrong}', route = 's' WHERE id = 2");
        place.connection().execute_batch(&sql).unwrap();
        let error = engine(&store).names(Label::Model, most, &Limits::none()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    }
}

/// Also from a ledger with more names than are asked for.
#[test]
fn names_are_read_as_far_as_they_are_asked_for() {
    let place = Place::new();
    let store = place.open();
    let models = ["c", "a", "b"].map(|model| record_of(["i", "", "", "r", model], 1, 1));
    store.insert_batch(&models).unwrap();
    let soon = Limits::none().with_deadline(Instant::now() + Duration::from_secs(600));
    assert_eq!(engine(&store).names(Label::Model, 2, &soon).unwrap(), ["a", "b"]);
    let late = Limits::none().with_deadline(Instant::now());
    let kind = engine(&store).names(Label::Model, 2, &late).unwrap_err().kind();
    assert_eq!(kind, ErrorKind::DeadlineExceeded);
}
