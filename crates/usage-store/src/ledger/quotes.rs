//! Which terms records are priced by, remembered: a record of known names costs one look-up in memory, as long as it
//! is of a time and a size for which the answer holds.

use std::collections::hash_map::Entry;
use std::sync::Arc;

use rusqlite::Connection;
use rustc_hash::FxHashMap;
use usage_core::pricing::{Billed, PriceList, Pricing, Question, Terms, Validity};
use usage_core::{Money, Timestamp};

use super::{books, terms};

/// The price of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Priced {
    /// The terms that say so.
    pub(crate) terms: u64,
    /// By list price; `None` where there is no price.
    pub(crate) cost: Option<Money>,
}

/// Answers of the ledger's books, by the label sets that they are about.
#[derive(Clone, Debug, Default)]
pub(crate) struct Quotes {
    /// The books; `None` until they are asked for, and nothing in it where there are none that can be read.
    list: Option<Option<Arc<dyn PriceList>>>,
    by_label_set: FxHashMap<i64, OfLabelSet>,
}

/// The answers about a label set: the last one by itself, as it nearly always is the one.
#[derive(Clone, Debug)]
struct OfLabelSet {
    last: Known,
    others: Vec<Known>,
}

/// An answer, and for which times and sizes it holds.
#[derive(Clone, Debug)]
struct Known {
    validity: Validity,
    id: u64,
    terms: Option<Terms>,
}

/// So many other answers are remembered for each label set: of a price by the hour there is one for each part of each
/// day.
const MOST_OTHERS: usize = 3;

impl Quotes {
    pub(crate) fn len(&self) -> usize {
        self.by_label_set.len()
    }

    /// Takes over what another one has learned.
    pub(crate) fn extend(&mut self, other: Self) {
        if other.list.is_some() {
            self.list = other.list;
        }
        for (label_set, OfLabelSet { last, others }) in other.by_label_set {
            others.into_iter().chain([last]).for_each(|known| self.remember(label_set, known));
        }
    }

    fn remember(&mut self, label_set: i64, known: Known) {
        match self.by_label_set.entry(label_set) {
            Entry::Vacant(new) => {
                new.insert(OfLabelSet { last: known, others: Vec::new() });
            }
            Entry::Occupied(of_set) => {
                let OfLabelSet { last, others } = of_set.into_mut();
                if others.len() >= MOST_OTHERS {
                    others.remove(0);
                }
                others.push(std::mem::replace(last, known));
            }
        }
    }

    /// Returns the price of a record, if it is known.
    #[inline]
    pub(crate) fn known(&self, label_set: i64, at: Timestamp, billed: &Billed) -> Option<Priced> {
        let of_set = self.by_label_set.get(&label_set)?;
        let total_input = billed.total_input();
        let covers = |known: &&Known| known.validity.covers(at, total_input);
        let known = Some(&of_set.last).filter(covers).or_else(|| of_set.others.iter().find(covers));
        known.map(|known| known.priced(billed))
    }

    /// Asks the books for a price, which may add terms to the ledger, and books.
    pub(crate) fn ask(
        &mut self,
        connection: &Connection,
        pricing: &dyn Pricing,
        label_set: i64,
        (question, billed): (&Question<'_>, &Billed),
    ) -> rusqlite::Result<Option<Priced>> {
        let list = match &self.list {
            Some(list) => list,
            None => {
                books::put_shipped(connection, pricing)?;
                self.list.insert(books::list(connection, pricing)?)
            }
        };
        let Some(list) = list else { return Ok(None) };
        let quote = list.quote(question);
        let id = terms::id_of(connection, &quote)?;
        let known = Known { validity: quote.validity, id, terms: quote.terms.ok() };
        let priced = known.priced(billed);
        self.remember(label_set, known);
        Ok(Some(priced))
    }

    /// Returns whether the books are known, or that there are none.
    pub(crate) const fn has_list(&self) -> bool {
        self.list.is_some()
    }

    /// Starts with the books that another one knows.
    pub(crate) fn with_list_of(other: &Self) -> Self {
        Self { list: other.list.clone(), by_label_set: FxHashMap::default() }
    }
}

impl Known {
    fn priced(&self, billed: &Billed) -> Priced {
        let cost = terms::cost_by(self.terms.as_ref(), billed);
        Priced { terms: self.id, cost }
    }
}
