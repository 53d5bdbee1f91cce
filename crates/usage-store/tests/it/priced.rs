//! Prices for tests: programs that come with books of some date, and ledgers that are priced by them.

use std::path::Path;
use std::sync::Arc;

use usage_core::pricing::{
    BookError, BookText, PriceList, Pricing, Question, Quote, Terms, Unknown, Validity,
};
use usage_core::query::{Listing, Selection};
use usage_core::{Engine, Filter, Measure, Money, Record, TimeRange, TokenCounts, Usage};
use usage_store::doctor::{Depth, examine};
use usage_store::{RepricePlan, RepriceScope, Store, StoreOptions};

use super::support::{Place, at, labels, stored};

/// A list in which each line of a book is `MODEL TERMS`, or `MODEL from MICROS TERMS`; `above N` goes before terms.
#[derive(Debug)]
pub(crate) struct Lines(Vec<String>);

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
pub(crate) struct Edition(&'static str, &'static str);

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
pub(crate) const MARCH: Edition =
    Edition("2026-03-01", "m1 in=1 out=2\nm2 in=3 out=4 read=.5\nm2 above 100 in=6 out=8 read=1");
pub(crate) const LATER: Edition = Edition("2027-01-01", "in a later form\nm1 in=7");
pub(crate) const MAY: Edition = Edition("2026-05-01", "m1 in=10 out=20\nm2 in=3 out=4 read=.5");

pub(crate) fn options(edition: Option<Edition>) -> StoreOptions {
    let mut options = StoreOptions::default();
    options.busy_timeout = super::support::DEADLINE;
    match edition {
        Some(edition) => options.with_pricing(Arc::new(edition)),
        None => options,
    }
}

pub(crate) fn open(place: &Place, edition: Option<Edition>) -> Store {
    options(edition).open(&place.path).unwrap()
}

pub(crate) fn usage_of(micros: i64, model: &str, input: u64, output: u64) -> Record {
    let tokens = TokenCounts::new().with_input(input).with_output(output);
    Record::new(labels(["i", "p", "v", "r", model]), Usage::new(tokens, at(micros))).unwrap()
}

pub(crate) fn dollars(picos: u128) -> Money {
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
pub(crate) fn of_rows(store: &Store) -> (u64, Money) {
    let costs: Vec<_> = stored(store).into_iter().filter_map(|stored| stored.cost).collect();
    (costs.len() as u64, costs.iter().fold(Money::ZERO, |sum, cost| sum.plus(*cost)))
}

pub(crate) fn is_sound(place: &Path) {
    let diagnosis = examine(place, Depth::Full).unwrap();
    assert!(diagnosis.is_sound(), "{diagnosis:#?}");
}

pub(crate) const MILLION: u128 = 1_000_000;

pub(crate) fn put(store: &Store, text: &str) {
    store.prices().put(text, at(1), "anna").unwrap();
}

pub(crate) fn plan_of(store: &Store, scope: RepriceScope) -> RepricePlan {
    plan(store, TimeRange::ALL, scope)
}

pub(crate) fn plan(store: &Store, range: TimeRange, scope: RepriceScope) -> RepricePlan {
    RepricePlan::new(store, range, &Filter::default(), scope).unwrap()
}
