//! Prices that are asked for again and again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::Money;
use crate::pricing::{Billed, PriceList, Question, Quote, cost};

/// So many answers are kept; then it begins anew.
const MOST: usize = 2_000;

/// A list of prices that remembers its answers: finding one reads through rules.
pub(super) struct CachedPrices {
    list: Arc<dyn PriceList>,
    /// By provider, model and tier.
    known: Mutex<HashMap<String, Vec<Quote>>>,
}

impl CachedPrices {
    pub(super) fn new(list: Arc<dyn PriceList>) -> Self {
        Self { list, known: Mutex::default() }
    }

    /// Returns what counts cost; `None` where they have no price. Without counts, whether there is a price at all.
    pub(super) fn cost(&self, asked: &Question<'_>, billed: &Billed) -> Option<Money> {
        // No name has NUL in it.
        let key = [asked.provider, asked.model, asked.tier].join("\0");
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let priced =
            |quote: &Quote| cost(quote.terms.as_ref().ok()?, billed).ok().map(Money::from_picos);
        let found = known.get(&key).into_iter().flatten();
        let mut found = found.filter(|quote| quote.validity.covers(asked.at, asked.total_input));
        if let Some(quote) = found.next() {
            return priced(quote);
        }
        let quote = self.list.quote(asked);
        let cost = priced(&quote);
        if known.len() >= MOST {
            known.clear();
        }
        let quotes = known.entry(key).or_default();
        if quotes.len() >= MOST {
            quotes.clear();
        }
        quotes.push(quote);
        cost
    }
}
