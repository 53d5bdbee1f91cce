//! Records that are priced as they are stored, by the books of the ledger.

use usage_core::pricing::{Kind, Unknown};
use usage_core::query::{Listing, Order, Selection};
use usage_core::{
    Context, Engine, Filter, Measure, Money, Quality, Record, TimeRange, TokenCounts, Usage,
};
use usage_store::doctor::{self, Depth, examine};
use usage_store::{BookPut, DamageCode, RepricePlan, RepriceScope, Store, StoreError, WhyMissing};

use super::priced::{
    LATER, MARCH, MAY, MILLION, dollars, is_sound, of_rows, open, plan_of, put, sums, usage_of,
};
use super::support::{Place, at, labels, open_patient, orphan, range, with_event};

#[test]
fn records_are_priced_as_they_are_stored() {
    let place = Place::new();
    let store = open(&place, Some(MARCH));
    let in_session = usage_of(5, "m1", 7, 1).with_context(Context::new("s", []).unwrap());
    let outcome = store
        .insert_batch(&[
            usage_of(1, "m1", 100, 10), // 100 x 1 + 10 x 2
            usage_of(2, "m2", 100, 1),  // 100 x 3 + 1 x 4: at the cliff
            usage_of(3, "m2", 101, 1),  // 101 x 6 + 1 x 8: beyond it
            usage_of(4, "other", 5, 5), // unknown
            in_session,                 // 7 x 1 + 1 x 2
        ])
        .unwrap();
    assert_eq!(outcome.stored, 5);
    let expected = (4, dollars((120 + 304 + 614 + 9) * MILLION));
    assert_eq!(sums(&store), expected);
    assert_eq!(of_rows(&store), expected);
    let everything = Filter::default();
    let selection = Selection::new(TimeRange::ALL, &everything);
    let [session] =
        store.sessions(&selection, Listing::default()).unwrap().unwrap().try_into().unwrap();
    assert_eq!(session.totals.cost, dollars(9 * MILLION));
    let costs: Vec<_> = Engine::priced_records(&store, &selection, Order::OldestFirst)
        .map(|record| record.unwrap().1.map(|cost| cost.picos() / MILLION))
        .collect();
    assert_eq!(costs, [Some(120), Some(304), Some(614), None, Some(9)]);
    is_sound(&place.path);
    // Part of a quarter of an hour is told from rows.
    let part = store.report(range(1, 3), &everything).unwrap().summary();
    assert_eq!((part[Measure::Priced], part.cost), (2, dollars(424 * MILLION)));
    // What goes takes its cost along.
    store.prune_records(at(3)).unwrap();
    assert_eq!(sums(&store), (2, dollars(623 * MILLION)));
    is_sound(&place.path);
    assert_eq!(doctor::rebuild(&store).unwrap().changed, 0);
    store.delete_all_records().unwrap();
    assert_eq!(sums(&store), (0, Money::ZERO));
    is_sound(&place.path);
}

/// Label sets of one model share answers, each of which holds for its sizes only.
#[test]
fn label_sets_of_one_model_are_priced_alike() {
    let place = Place::new();
    let store = open(&place, Some(MARCH));
    let of = |instance, micros, model, input| {
        let tokens = TokenCounts::new().with_input(input);
        let labels = labels([instance, "p", "v", "r", model]);
        Record::new(labels, Usage::new(tokens, at(micros))).unwrap()
    };
    let small_and_large =
        [of("a", 1, "m2", 100), of("b", 2, "m2", 101), of("c", 3, "m2", 100), of("c", 4, "m1", 9)];
    store.insert_batch(&small_and_large).unwrap();
    // What an earlier batch has learned holds in this one.
    store
        .insert_batch(&[of("d", 5, "m2", 101), of("e", 6, "m2", 100), of("f", 7, "m1", 1)])
        .unwrap();
    let expected = (7, dollars((3 * 300 + 2 * 606 + 9 + 1) * MILLION));
    assert_eq!(sums(&store), expected);
    assert_eq!(of_rows(&store), expected);
    is_sound(&place.path);
}

/// A kind that was used without a price leaves the whole request without one.
#[test]
fn a_missing_price_is_not_zero() {
    let place = Place::new();
    let store = open(&place, Some(MARCH));
    let tokens = TokenCounts::new().with_input(10).with_cache_read(5);
    let of = |model| {
        Record::new(labels(["i", "p", "v", "r", model]), Usage::new(tokens, at(1))).unwrap()
    };
    store
        .insert_batch(&[of("m1"), of("m2"), usage_of(2, "x", 1, 0), usage_of(3, "x", 1, 0)])
        .unwrap();
    assert_eq!(sums(&store), (1, dollars(32_500_000)));
    let missing = store.prices().missing(TimeRange::ALL, &Filter::default()).unwrap();
    let why = WhyMissing::Unknown { why: Unknown::Model, candidates: "m1, m2".to_owned() };
    let told: Vec<_> = missing.iter().map(|of| (&*of.model, of.requests, of.why.clone())).collect();
    assert_eq!(told, [("x", 2, why), ("m1", 1, WhyMissing::Kind(Kind::CacheRead))]);
}

/// A request that failed has used nothing: there is nothing to have a price for.
#[test]
fn nothing_costs_nothing() {
    let place = Place::new();
    let store = open(&place, Some(MARCH));
    store.insert_batch(&[usage_of(1, "<synthetic>", 0, 0), usage_of(2, "m1", 0, 0)]).unwrap();
    assert_eq!(sums(&store), (2, Money::ZERO));
    assert!(store.prices().missing(TimeRange::ALL, &Filter::default()).unwrap().is_empty());
    is_sound(&place.path);
}

/// The books lie in the ledger: whoever writes prices by them, and only a newer one takes their place.
#[test]
fn every_writer_prices_by_the_ledgers_books() {
    let place = Place::new();
    let one =
        |store: &Store, micros| store.insert_batch(&[usage_of(micros, "m1", 100, 0)]).unwrap();
    let old = open(&place, Some(MARCH));
    one(&old, 1); // 100
    let new = open(&place, Some(MAY));
    one(&new, 2); // 1,000
    // Both were open before.
    one(&old, 3); // 1,000: by the ledger's book, not its own
    assert_eq!(sums(&old), (3, dollars(2_100 * MILLION)));
    drop((old, new));
    let again = open(&place, Some(MARCH));
    one(&again, 4); // 1,000
    let without = open(&place, None);
    one(&without, 5);
    assert_eq!(sums(&without), (4, dollars(3_100 * MILLION)));
    let books = again.prices().books().unwrap();
    let told: Vec<_> = books.iter().map(|book| (&*book.book.date, book.is_in_force)).collect();
    assert_eq!(told, [("2026-05-01", true), ("2026-03-01", false)]);
    assert!(books[0].put_by.starts_with("usage "), "{}", books[0].put_by);
    assert!(
        books.iter().all(|book| book.is_whole && book.put_at.as_micros() > 1_700_000_000_000_000)
    );
    is_sound(&place.path);
}

#[test]
fn a_users_own_book_lies_above_the_others() {
    let place = Place::new();
    let (store, other) = (open(&place, Some(MARCH)), open(&place, Some(MARCH)));
    let one = |store: &Store, micros| store.insert_batch(&[usage_of(micros, "m1", 1, 0)]).unwrap();
    one(&other, 1); // 1
    let put = |text| store.prices().put(text, at(77), "anna").unwrap();
    assert!(
        matches!(put("m1 in=7"), BookPut::Put(book) if book.put_by == "anna" && book.put_at == at(77))
    );
    one(&other, 2); // 7, though it was open
    assert!(matches!(put("m1 in=7"), BookPut::Same(_)));
    assert!(matches!(put("m1 in=8"), BookPut::Put(_)));
    one(&store, 3); // 8
    assert!(
        matches!(put("date 2026-02-01\nm1 in=9"), BookPut::Older(book) if book.book.date == "2026-03-01")
    );
    assert!(matches!(put("date 2026-04-01\nm1 in=9"), BookPut::Put(_)));
    one(&other, 4); // 8
    assert_eq!(sums(&store), (4, dollars(24 * MILLION)));
    let error = store.prices().put("nonsense", at(1), "anna").unwrap_err();
    assert!(matches!(error, StoreError::NotABook { .. }), "{error:?}");
    let error = open(&place, None).prices().put("m1 in=7", at(1), "anna").unwrap_err();
    assert!(matches!(error, StoreError::WithoutPricing { .. }), "{error:?}");
    // A copy has all of it.
    let copy = Place::new();
    store.backup(&copy.path).unwrap();
    let copied = open(&copy, Some(MARCH));
    one(&copied, 5); // 8
    assert_eq!(sums(&copied), (5, dollars(32 * MILLION)));
}

/// A store that cannot read the ledger's books takes no others: its records are not priced yet.
#[test]
fn books_of_a_later_form_price_nothing() {
    let place = Place::new();
    let store = open(&place, Some(MARCH));
    let later = open(&place, Some(LATER));
    later.insert_batch(&[usage_of(1, "m1", 1, 0)]).unwrap();
    store.insert_batch(&[usage_of(2, "m1", 1, 0)]).unwrap();
    assert_eq!(sums(&store), (1, dollars(7 * MILLION)));
    assert!(store.prices().list().unwrap().is_none());
    let everything = Filter::default();
    let plan = RepricePlan::new(&store, TimeRange::ALL, &everything, RepriceScope::All);
    assert!(matches!(plan, Err(StoreError::UnreadableBooks { .. })), "{plan:?}");
    let missing = store.prices().missing(TimeRange::ALL, &everything).unwrap();
    assert_eq!((missing[0].requests, &missing[0].why), (1, &WhyMissing::NotYet));
    later.reprice(&plan_of(&later, RepriceScope::Missing), at(1), "a", |_| {}).unwrap();
    assert_eq!(sums(&store), (2, dollars(14 * MILLION)));
    is_sound(&place.path);
}

#[test]
fn damaged_books_price_nothing_until_they_are_put_in_again() {
    // Another text, bytes that are no text, and none at all.
    for content in ["'m1 in=9'", "CAST(x'6d31ff' AS TEXT)", "NULL"] {
        damaged_books(content);
    }
}

fn damaged_books(content: &str) {
    let place = Place::new();
    let store = open(&place, Some(MARCH));
    put(&store, "m1 in=7");
    store.insert_batch(&[usage_of(1, "m1", 1, 0)]).unwrap();
    drop(store);
    let damage = |name: &str| {
        let sql = format!("UPDATE books SET content = {content} WHERE name = '{name}'");
        place.connection().execute_batch(&sql).unwrap();
    };
    damage("own");
    let store = open(&place, Some(MARCH));
    store.insert_batch(&[usage_of(2, "m1", 1, 0)]).unwrap();
    assert_eq!(sums(&store), (1, dollars(7 * MILLION)));
    let diagnosis = examine(&place.path, Depth::Full).unwrap();
    let wrong: Vec<_> = diagnosis.checks.iter().flat_map(|check| &check.findings).collect();
    assert_eq!(wrong.len(), 1, "{wrong:#?}");
    assert!(wrong[0].what.ends_with("(own) is not what was put in"), "{wrong:#?}");
    put(&store, "m1 in=7");
    store.insert_batch(&[usage_of(3, "m1", 1, 0)]).unwrap();
    assert_eq!(sums(&store), (2, dollars(14 * MILLION)));
    is_sound(&place.path);
    // A shipped one comes again by itself.
    drop(store);
    damage("direct");
    let store = open(&place, Some(MARCH));
    store.insert_batch(&[usage_of(4, "m2", 1, 0)]).unwrap();
    assert_eq!(sums(&store), (3, dollars(17 * MILLION)));
    is_sound(&place.path);
    // Also where its name is what is damaged.
    drop(store);
    place
        .connection()
        .execute_batch(
            "UPDATE books SET name = 'dirfct' WHERE name = 'direct' AND content IS NOT NULL",
        )
        .unwrap();
    let store = open(&place, Some(MARCH));
    store.insert_batch(&[usage_of(5, "m2", 1, 0)]).unwrap();
    assert_eq!(sums(&store), (4, dollars(20 * MILLION)));
    is_sound(&place.path);
}

/// Damaged terms are an error wherever a cost is needed, and never another number.
#[test]
fn damaged_terms_are_noticed() {
    for sql in [
        "UPDATE terms SET prices = 'in=2 out=2'",
        "UPDATE terms SET unknown = 'model', prices = ''",
        "DELETE FROM terms",
        "UPDATE terms SET checksum = checksum + 1",
    ] {
        let place = Place::new();
        let store = open(&place, Some(MARCH));
        store
            .insert_batch(&[usage_of(1, "m1", 100, 10), usage_of(900_000_001, "m1", 1, 0)])
            .unwrap();
        drop(store);
        place.connection().execute_batch(sql).unwrap();
        let store = open(&place, Some(MARCH));
        let everything = Filter::default();
        let is_damage = |error: StoreError| {
            assert_eq!(error.damage(), Some(DamageCode::Prices), "{sql}: {error:?}");
        };
        is_damage(store.report(range(0, 2), &everything).unwrap_err());
        is_damage(
            store.records_by_period(TimeRange::ALL, &everything).next().unwrap().unwrap_err(),
        );
        is_damage(store.prune_records(at(2)).unwrap_err());
        let plan = RepricePlan::new(&store, TimeRange::ALL, &everything, RepriceScope::All);
        is_damage(plan.unwrap_err());
        // Sums need no terms.
        assert_eq!(
            store.report(TimeRange::ALL, &everything).unwrap().summary()[Measure::Priced],
            2
        );
        let diagnosis = examine(&place.path, Depth::Full).unwrap();
        let wrong =
            |name| !diagnosis.checks.iter().find(|check| check.name == name).unwrap().is_passed();
        assert!(wrong("records"), "{sql}: {diagnosis:#?}");
        assert_eq!(wrong("prices"), !sql.starts_with("DELETE"), "{sql}");
        // Others go in all the same; not priced yet where their own terms are the damaged ones.
        assert_eq!(store.insert_batch(&[usage_of(2, "m1", 1, 0)]).unwrap().stored, 1, "{sql}");
        let is_found = sql.contains("checksum");
        let priced = store.report(TimeRange::ALL, &everything).unwrap().summary()[Measure::Priced];
        assert_eq!(priced, if is_found { 2 } else { 3 }, "{sql}");
        // What nobody can say any more is unknown then, and the rest goes on.
        let rebuilt = doctor::rebuild(&store).unwrap();
        assert_eq!(rebuilt.unpriced, 2, "{sql}: {rebuilt:?}");
        assert_eq!(sums(&store).0, if is_found { 0 } else { 1 }, "{sql}");
        is_sound(&place.path);
        assert_eq!(store.prune_records(at(2)).unwrap(), 1, "{sql}");
        store.insert_batch(&[usage_of(900_000_003, "m1", 1, 0)]).unwrap();
        assert_eq!(of_rows(&store), sums(&store), "{sql}");
        is_sound(&place.path);
    }
}

/// Nobody can say what a record with damaged terms has come to so far, so what is told of it is kept apart; what came
/// with it goes in.
#[test]
fn what_is_told_of_a_record_with_damaged_terms_is_quarantined() {
    let place = Place::new();
    let told = |input| {
        let usage = Usage::new(TokenCounts::new().with_input(input), at(9));
        let quality = if input > 1 { Quality::Reported } else { Quality::Partial };
        let names = labels(["i", "p", "v", "r", "m2"]);
        with_event(Record::new(names, usage.with_quality(quality)).unwrap(), "e")
    };
    open(&place, Some(MARCH)).insert_batch(&[told(1)]).unwrap();
    place.connection().execute_batch("UPDATE terms SET rule = 'another'").unwrap();
    let store = open(&place, Some(MARCH));
    let outcome = store.insert_batch(&[told(2), usage_of(5, "m1", 1, 0)]).unwrap();
    assert_eq!((outcome.stored, outcome.amended, outcome.refused.len()), (1, 0, 1), "{outcome:?}");
    let reason: String = place
        .connection()
        .query_row("SELECT reason FROM set_aside WHERE kind = 'record'", [], |row| row.get(0))
        .unwrap();
    assert!(reason.contains("terms"), "{reason}");
    assert_eq!(sums(&store).0, 2);
}

/// A row that is told more is priced anew: by the counts and names that it has then.
#[test]
fn what_is_told_more_is_priced_anew() {
    let place = Place::new();
    let store = open(&place, Some(MARCH));
    let of = |input, quality| {
        let tokens = TokenCounts::new().with_input(input).with_output(1);
        let usage = Usage::new(tokens, at(9)).with_quality(quality);
        with_event(Record::new(labels(["i", "p", "v", "r", "m2"]), usage).unwrap(), "e")
    };
    store.insert_batch(&[of(100, Quality::Partial)]).unwrap();
    assert_eq!(sums(&store), (1, dollars(304 * MILLION)));
    assert_eq!(store.insert_batch(&[of(200, Quality::Reported)]).unwrap().amended, 1);
    assert_eq!(sums(&store), (1, dollars(1_208 * MILLION)));
    assert_eq!(of_rows(&store), sums(&store));
    is_sound(&place.path);
    // By a store without prices, it is not priced any more; never by other ones.
    let without = open(&place, None);
    let more = of(200, Quality::Reported).with_alias_id(usage_core::EventId::new("a").unwrap());
    assert_eq!(without.insert_batch(&[more]).unwrap().amended, 1);
    assert_eq!(sums(&store), (0, Money::ZERO));
    is_sound(&place.path);
}

/// What a stopped program left is priced by the ledger's books, whoever stores it.
#[test]
fn journals_are_priced_by_who_stores_them() {
    for (edition, expected) in [(Some(MARCH), (2, 210)), (Some(MAY), (2, 2_100)), (None, (0, 0))] {
        let place = Place::new();
        let mut store = open_patient(&place.path);
        orphan(&mut store, &[usage_of(1, "m1", 200, 0), usage_of(2, "m1", 10, 0)]);
        drop(store);
        let store = open(&place, edition);
        assert_eq!(store.journals().recover().unwrap().stored, 2);
        assert_eq!(sums(&store), (expected.0, dollars(expected.1 * MILLION)));
    }
}
