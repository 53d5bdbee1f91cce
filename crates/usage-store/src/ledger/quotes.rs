//! Which terms records are priced by, remembered: a record of known names costs one look-up in memory, as long as it
//! is of a time and a size for which the answer holds.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use rusqlite::Connection;
use rustc_hash::FxHashMap;
use usage_core::pricing::{Billed, PriceList, Pricing, Question, Terms, Validity};
use usage_core::{Money, Timestamp};

use super::books::{self, ReadBooks};
use super::terms;

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
    by_label_set: FxHashMap<i64, Answers>,
    /// The same by provider, model and tier, with a NUL between them: most label sets share these with others.
    by_names: HashMap<Box<str>, Answers>,
}

/// The answers to a question at different times: the last one by itself, as it nearly always is the one.
#[derive(Clone, Debug)]
struct Answers {
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

/// So many other answers are remembered to each question: of a price by the hour there is one for each part of each
/// day.
const MOST_OTHERS: usize = 3;

impl Quotes {
    pub(crate) fn len(&self) -> usize {
        self.by_label_set.len() + self.by_names.len()
    }

    /// Takes over what another one has learned.
    pub(crate) fn extend(&mut self, other: Self) {
        if other.list.is_some() {
            self.list = other.list;
        }
        for (label_set, answers) in other.by_label_set {
            answers.each(|known| remember(&mut self.by_label_set, label_set, known));
        }
        for (names, answers) in other.by_names {
            answers.each(|known| remember(&mut self.by_names, names.clone(), known));
        }
    }

    /// Returns the price of a record, if it is known.
    #[inline]
    pub(crate) fn known(&self, label_set: i64, at: Timestamp, billed: &Billed) -> Option<Priced> {
        Some(self.by_label_set.get(&label_set)?.at(at, billed)?.priced(billed))
    }

    /// Asks for a price, which may add terms to the ledger, and books. The books, of which some may have been read
    /// before, are asked only what neither these answers nor others say of the same names.
    pub(crate) fn ask(
        &mut self,
        others: &Self,
        (connection, pricing, read): (&Connection, &dyn Pricing, Option<&ReadBooks>),
        label_set: i64,
        (question, billed): (&Question<'_>, &Billed),
    ) -> rusqlite::Result<Option<Priced>> {
        let names = [question.provider, question.model, question.tier].join("\0");
        let of = |quotes: &Self| quotes.by_names.get(&*names)?.at(question.at, billed).cloned();
        let known = match of(self).or_else(|| of(others)) {
            Some(known) => known,
            None => {
                if self.list.is_none() {
                    self.list.clone_from(&others.list);
                }
                let Some(known) = self.of_books((connection, pricing, read), question)? else {
                    return Ok(None);
                };
                remember(&mut self.by_names, names.into(), known.clone());
                known
            }
        };
        let priced = known.priced(billed);
        remember(&mut self.by_label_set, label_set, known);
        Ok(Some(priced))
    }

    /// Asks the books; `None` where there are none that can be read.
    fn of_books(
        &mut self,
        (connection, pricing, read): (&Connection, &dyn Pricing, Option<&ReadBooks>),
        question: &Question<'_>,
    ) -> rusqlite::Result<Option<Known>> {
        let list = match &self.list {
            Some(list) => list,
            None => {
                books::put_shipped(connection, pricing)?;
                self.list.insert(ReadBooks::list_now(read, connection, pricing)?)
            }
        };
        let Some(list) = list else { return Ok(None) };
        let quote = list.quote(question);
        // By damaged terms nothing is priced; it is as if nobody had been asked yet.
        let Some(id) = terms::id_of(connection, &quote)? else { return Ok(None) };
        Ok(Some(Known { validity: quote.validity, id, terms: quote.terms.ok() }))
    }
}

impl Answers {
    /// Returns the one that holds at a time, for counts.
    #[inline]
    fn at(&self, at: Timestamp, billed: &Billed) -> Option<&Known> {
        let total_input = billed.total_input();
        let covers = |known: &&Known| known.validity.covers(at, total_input);
        Some(&self.last).filter(covers).or_else(|| self.others.iter().find(covers))
    }

    /// Hands them out, the last one at the end.
    fn each(self, give: impl FnMut(Known)) {
        self.others.into_iter().chain([self.last]).for_each(give);
    }
}

fn remember<K: Eq + Hash>(
    all: &mut HashMap<K, Answers, impl BuildHasher>,
    question: K,
    known: Known,
) {
    match all.entry(question) {
        Entry::Vacant(new) => {
            new.insert(Answers { last: known, others: Vec::new() });
        }
        Entry::Occupied(answers) => {
            let Answers { last, others } = answers.into_mut();
            if others.len() >= MOST_OTHERS {
                others.remove(0);
            }
            others.push(std::mem::replace(last, known));
        }
    }
}

impl Known {
    fn priced(&self, billed: &Billed) -> Priced {
        let cost = terms::cost_by(self.terms.as_ref(), billed);
        Priced { terms: self.id, cost }
    }
}
