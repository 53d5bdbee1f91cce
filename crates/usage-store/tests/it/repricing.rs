//! Records that are priced anew: planned, carried out whole or not at all, and told.

use std::path::Path;

use usage_core::{Context, Filter, Money, Record, TimeRange};
use usage_store::{PricedSum, RepricePlan, RepriceScope, doctor};

use super::priced::{
    MARCH, MILLION, dollars, is_sound, of_rows, open, options, plan, put, sums, usage_of,
};
use super::support::{KEEP_SUMS, Place, at, open_patient, range};

const QUARTER: i64 = 900_000_000;

#[test]
fn pricing_anew_is_planned_carried_out_and_told() {
    let place = Place::new();
    let without = open(&place, None);
    let session = |record: Record| record.with_context(Context::new("s", []).unwrap());
    without
        .insert_batch(&[session(usage_of(1, "m1", 100, 0)), usage_of(QUARTER, "m2", 10, 0)])
        .unwrap();
    let store = open(&place, Some(MARCH));
    store.insert_batch(&[usage_of(2, "m1", 1, 0), usage_of(2 * QUARTER, "x", 4, 0)]).unwrap();
    assert_eq!(sums(&store), (1, dollars(MILLION)));
    let missing = plan(&store, TimeRange::ALL, RepriceScope::Missing);
    assert_eq!((missing.records, missing.changed, missing.before), (3, 2, PricedSum::default()));
    assert_eq!((missing.after.priced, missing.after.cost), (2, dollars(130 * MILLION)));
    let models: Vec<_> =
        missing.models.iter().map(|of| (&*of.model, of.requests, of.changed)).collect();
    assert_eq!(models, [("m1", 1, 1), ("m2", 1, 1), ("x", 1, 0)]);
    assert_eq!(sums(&store), (1, dollars(MILLION)), "a plan changes nothing");
    let mut seen = Vec::new();
    let done = store.reprice(&missing, at(5), "anna", |rows| seen.push(rows)).unwrap();
    assert_eq!((done.records, done.changed, done.after), (3, 2, missing.after));
    assert_eq!(seen.last(), Some(&2));
    assert_eq!(sums(&store), (3, dollars(131 * MILLION)));
    assert_eq!(of_rows(&store), sums(&store));
    is_sound(&place.path);
    assert!(plan(&store, TimeRange::ALL, RepriceScope::All).is_empty());
    // By a book of one's own, a part of the time alone.
    put(&store, "m1 in=3\nx in=2");
    let part = plan(&store, range(0, QUARTER), RepriceScope::All);
    assert_eq!((part.records, part.changed), (2, 2));
    assert_eq!(
        (part.before.cost, part.after.cost),
        (dollars(101 * MILLION), dollars(303 * MILLION))
    );
    store.reprice(&part, at(6), "bert", |_| {}).unwrap();
    assert_eq!(sums(&store), (3, dollars(333 * MILLION)));
    let of_x = Filter::new().keeping(usage_core::Label::Model, "x");
    let plan = RepricePlan::new(&store, TimeRange::ALL, &of_x, RepriceScope::All).unwrap();
    store.reprice(&plan, at(7), "bert", |_| {}).unwrap();
    assert_eq!(sums(&store), (4, dollars(341 * MILLION)));
    is_sound(&place.path);
    assert_eq!(doctor::rebuild(&store).unwrap().changed, 0);
    let told = store.prices().repricings().unwrap();
    let by: Vec<_> =
        told.iter().map(|of| (of.at, &*of.by, &*of.what, of.outcome.changed)).collect();
    assert_eq!(
        by,
        [
            (at(7), "bert", "all, model=x", 1),
            (at(6), "bert", "all", 2),
            (at(5), "anna", "missing", 2)
        ]
    );
    assert_eq!(told[1].range, range(0, QUARTER));
    assert_eq!(told[1].outcome.before.cost, dollars(101 * MILLION));
    assert_eq!(told[1].books, "own own ; direct edition 2026-03-01");
}

/// Sums whose records are gone stay what they were, and are named.
#[test]
fn what_has_no_records_is_not_priced_anew() {
    let place = Place::new();
    let store = open(&place, Some(MARCH));
    let session = |record: Record| record.with_context(Context::new("s", []).unwrap());
    store
        .insert_batch(&[
            session(usage_of(1, "m1", 100, 0)),
            session(usage_of(3 * QUARTER, "m1", 10, 0)),
        ])
        .unwrap();
    let pruned = usage_store::PrunePlan::new(&store, at(2 * QUARTER), &KEEP_SUMS).unwrap();
    store.delete(pruned, |_| {}).unwrap();
    assert_eq!(sums(&store), (2, dollars(110 * MILLION)));
    put(&store, "m1 in=2");
    let plan = plan(&store, TimeRange::ALL, RepriceScope::All);
    let skipped = plan.skipped.unwrap();
    assert_eq!((skipped.requests, skipped.from, skipped.until), (1, at(0), at(QUARTER)));
    assert_eq!((plan.records, plan.changed), (1, 1));
    store.reprice(&plan, at(5), "anna", |_| {}).unwrap();
    assert_eq!(sums(&store), (2, dollars(120 * MILLION)));
    is_sound(&place.path);
    assert_eq!(doctor::rebuild(&store).unwrap().changed, 0);
    assert_eq!(sums(&store), (2, dollars(120 * MILLION)));
}

/// A closed ledger of so many records over two months that are not priced yet.
pub(crate) fn unpriced(count: i64) -> Place {
    let place = Place::new();
    let store = open_patient(&place.path);
    let of = |n: i64| {
        let record = usage_of(n * 5_200_000_000_000 / count, "m1", 2, 0);
        if n % 3 == 0 {
            record.with_context(Context::new(&format!("s{}", n % 50), []).unwrap())
        } else {
            record
        }
    };
    let all: Vec<_> = (0..count).map(of).collect();
    all.chunks(20_000).for_each(|batch| drop(store.insert_batch(batch).unwrap()));
    place
}

/// Returns whether all records of such a ledger are priced; of some alone never.
pub(crate) fn is_priced(place: &Place, count: u64) -> bool {
    is_sound(&place.path);
    let store = open_patient(&place.path);
    let told = store.prices().repricings().unwrap();
    let sums = sums(&store);
    assert_eq!(of_rows(&store), sums);
    match sums.0 {
        0 => assert_eq!((sums.1, told.len()), (Money::ZERO, 0)),
        priced => {
            assert_eq!((priced, sums.1), (count, dollars(2 * MILLION * u128::from(count))));
            assert_eq!((told.len(), told[0].outcome.changed), (1, count));
        }
    }
    sums.0 > 0
}

/// In a child: prices all of a ledger anew by prices of its own.
pub(crate) fn reprice_all(ledger: &Path) {
    let store = options(Some(MARCH)).open(ledger).unwrap();
    let plan = plan(&store, TimeRange::ALL, RepriceScope::All);
    store.reprice(&plan, at(1), "child", |_| {}).unwrap();
}
