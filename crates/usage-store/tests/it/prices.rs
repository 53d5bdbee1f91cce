//! What records cost by list price, from the books of the ledger to every sum.

use std::path::Path;
use std::sync::Arc;

use usage_core::pricing::{
    BookError, BookText, Kind, PriceList, Pricing, Question, Quote, Terms, Unknown, Validity,
};
use usage_core::query::{Listing, Order, Selection};
use usage_core::{
    Context, Engine, Filter, Measure, Money, Quality, Record, TimeRange, TokenCounts, Usage,
};
use usage_store::doctor::{self, Depth, examine};
use usage_store::{
    BookPut, DamageCode, PricedSum, RepricePlan, RepriceScope, Store, StoreError, StoreOptions,
    WhyMissing,
};

use super::support::{
    KEEP_SUMS, Place, at, labels, open_patient, orphan, range, stored, with_event,
};

/// A list in which each line of a book is `MODEL TERMS`, or `MODEL from MICROS TERMS`; `above N` goes before terms.
#[derive(Debug)]
struct Lines(Vec<String>);

impl PriceList for Lines {
    fn quote(&self, question: &Question<'_>) -> Quote {
        let mut validity = Validity::ALWAYS;
        let mut found = None;
        for line in self.0.iter().flat_map(|text| text.lines()) {
            let Some(rest) = line.strip_prefix(&format!("{} ", question.model)) else { continue };
            let (from, rest) = match rest.strip_prefix("from ") {
                Some(rest) => {
                    rest.split_once(' ').map(|(from, rest)| (from.parse().unwrap(), rest)).unwrap()
                }
                None => (i64::MIN, rest),
            };
            let (above, rest) = match rest.strip_prefix("above ") {
                Some(rest) => rest
                    .split_once(' ')
                    .map(|(above, rest)| (above.parse().unwrap(), rest))
                    .unwrap(),
                None => (0, rest),
            };
            let micros = question.at.as_micros();
            let is_it = from <= micros && (above == 0 || question.total_input > above);
            // Whatever differs around it.
            let times = if micros < from { i64::MIN..from } else { from..i64::MAX };
            let sizes = if question.total_input > above { above + 1..=u64::MAX } else { 0..=above };
            let all = Validity::ALWAYS;
            validity.narrow(&times, if above == 0 { &all.total_input } else { &sizes });
            if is_it {
                found = Some((rest.parse::<Terms>().unwrap(), line.to_owned()));
            }
        }
        match found {
            Some((terms, rule)) => Quote::known(terms, (rule, "lines".to_owned()), None, validity),
            None => Quote::unknown(Unknown::Model, "m1, m2".to_owned(), validity),
        }
    }
}

/// A program that comes with a book of some date.
#[derive(Debug)]
struct Edition(&'static str, &'static str);

impl Pricing for Edition {
    fn shipped(&self) -> Vec<BookText> {
        vec![BookText::new(("direct", 1), ("edition", self.0), self.1)]
    }

    fn book(&self, text: &str) -> Result<BookText, BookError> {
        match text.strip_prefix("date ").and_then(|rest| rest.split_once('\n')) {
            Some((date, text)) => {
                Ok(BookText::new(("direct", 1), ("edition", date), text.to_owned()))
            }
            None if text.contains("nonsense") => Err(BookError::new(1, "nonsense")),
            None => Ok(BookText::new(("own", 0), ("own", ""), text.to_owned())),
        }
    }

    fn list(&self, books: &[BookText]) -> Result<Arc<dyn PriceList>, BookError> {
        let mut books = books.to_vec();
        books.sort_by_key(|book| std::cmp::Reverse(book.rank));
        if self.0 < LATER.0 && books.iter().any(|book| book.text.contains("later form")) {
            return Err(BookError::new(1, "of a later form"));
        }
        Ok(Arc::new(Lines(books.into_iter().map(|book| book.text.into_owned()).collect())))
    }
}

/// Dollars a million tokens are pico-dollars a token, times a million.
const MARCH: Edition =
    Edition("2026-03-01", "m1 in=1 out=2\nm2 in=3 out=4 read=.5\nm2 above 100 in=6 out=8 read=1");
const LATER: Edition = Edition("2027-01-01", "in a later form\nm1 in=7");
const MAY: Edition = Edition("2026-05-01", "m1 in=10 out=20\nm2 in=3 out=4 read=.5");

fn options(edition: Option<Edition>) -> StoreOptions {
    let mut options = StoreOptions::default();
    options.busy_timeout = super::support::DEADLINE;
    match edition {
        Some(edition) => options.with_pricing(Arc::new(edition)),
        None => options,
    }
}

fn open(place: &Place, edition: Option<Edition>) -> Store {
    options(edition).open(&place.path).unwrap()
}

fn usage_of(micros: i64, model: &str, input: u64, output: u64) -> Record {
    let tokens = TokenCounts::new().with_input(input).with_output(output);
    Record::new(labels(["i", "p", "v", "r", model]), Usage::new(tokens, at(micros))).unwrap()
}

fn dollars(picos: u128) -> Money {
    Money::from_picos(picos)
}

/// Priced requests and cost of all that there is, the same in every way to it.
pub(crate) fn sums(store: &Store) -> (u64, Money) {
    let everything = Filter::default();
    let all = store.report(TimeRange::ALL, &everything).unwrap().summary();
    let selection = Selection::new(TimeRange::ALL, &everything);
    let sessions = store.sessions(&selection, Listing::default()).unwrap().unwrap();
    for session in &sessions {
        assert!(session.totals.cost <= all.cost);
    }
    (all[Measure::Priced], all.cost)
}

/// The same from the rows one by one.
fn of_rows(store: &Store) -> (u64, Money) {
    let costs: Vec<_> = stored(store).into_iter().filter_map(|stored| stored.cost).collect();
    (costs.len() as u64, costs.iter().fold(Money::ZERO, |sum, cost| sum.plus(*cost)))
}

pub(crate) fn is_sound(place: &Path) {
    let diagnosis = examine(place, Depth::Full).unwrap();
    assert!(diagnosis.is_sound(), "{diagnosis:#?}");
}

const MILLION: u128 = 1_000_000;

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
    let place = Place::new();
    let store = open(&place, Some(MARCH));
    put(&store, "m1 in=7");
    store.insert_batch(&[usage_of(1, "m1", 1, 0)]).unwrap();
    drop(store);
    let damage = |name: &str| {
        let sql = format!("UPDATE books SET content = 'm1 in=9' WHERE name = '{name}'");
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
            assert_eq!(error.damage(), Some(DamageCode::Prices), "{sql}: {error:?}")
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
    }
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

fn put(store: &Store, text: &str) {
    store.prices().put(text, at(1), "anna").unwrap();
}

fn plan_of(store: &Store, scope: RepriceScope) -> RepricePlan {
    plan(store, TimeRange::ALL, scope)
}

fn plan(store: &Store, range: TimeRange, scope: RepriceScope) -> RepricePlan {
    RepricePlan::new(store, range, &Filter::default(), scope).unwrap()
}

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
