//! The books as those who keep records ask for them.

use std::fmt::Write as _;
use std::sync::Arc;

use usage_core::Timestamp;
use usage_core::pricing::{BookError, BookText, PriceList, Pricing, Question, Quote, Unknown};

use crate::answer::{Answer, Query, Why};
use crate::book::{Book, TIERS};
use crate::prices::{Prices, TEXTS};

/// The books that come with this crate, for a keeper of records that holds books itself.
///
/// ```
/// use usage_core::Timestamp;
/// use usage_core::pricing::{Pricing, Question};
/// use usage_prices::ShippedPrices;
///
/// let list = ShippedPrices.list(&ShippedPrices.shipped())?;
/// let at = Timestamp::from_micros(1_795_000_000_000_000); // in November 2026
/// let quote = list.quote(&Question::new("anthropic", "claude-sonnet-4-5", at));
/// assert_eq!(quote.rule, "anthropic/claude-sonnet-4-5 by ^claude-sonnet-4-5");
/// # Ok::<(), usage_core::pricing::BookError>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ShippedPrices;

/// The names of the shipped books, the highest first.
const DIRECT: (&str, u8) = ("direct", 1);
const OPENROUTER: (&str, u8) = ("openrouter", 2);

impl Pricing for ShippedPrices {
    fn shipped(&self) -> Vec<BookText> {
        let shipped = Prices::shipped();
        let names = [DIRECT, OPENROUTER].into_iter().zip(TEXTS).zip(shipped.books());
        names
            .map(|((name, text), book)| BookText::new(name, (book.version(), book.date()), *text))
            .collect()
    }

    fn book(&self, text: &str) -> Result<BookText, BookError> {
        let (book, name) = read(text)?;
        let text = text.to_owned();
        Ok(BookText::new(name, (book.version(), book.date()), text))
    }

    fn list(&self, books: &[BookText]) -> Result<Arc<dyn PriceList>, BookError> {
        let mut sorted: Vec<_> = books.iter().collect();
        sorted.sort_by_key(|book| std::cmp::Reverse(book.rank));
        let mut prices = Prices::default();
        for text in sorted {
            if !prices.with_shipped(&text.text) {
                prices = prices.with(read(&text.text)?.0);
            }
        }
        Ok(Arc::new(prices))
    }
}

/// Reads a book, and tells by its content which one it is.
fn read(text: &str) -> Result<(Book, (&'static str, u8)), BookError> {
    if !text.starts_with("usage-prices ") {
        return Ok((Book::from_toml(text)?, (BookText::OWN, 0)));
    }
    let book = Book::read(text)?;
    let is_openrouter = book.providers.iter().all(|provider| &*provider.id == OPENROUTER.0);
    Ok((book, if is_openrouter { OPENROUTER } else { DIRECT }))
}

impl PriceList for Prices {
    fn quote(&self, question: &Question<'_>) -> Quote {
        let query = Query {
            provider: question.provider,
            model: question.model,
            tier: question.tier,
            micros: question.at.as_micros(),
            total_input: question.total_input,
        };
        let (answer, validity) = self.find_with_validity(&query);
        match answer {
            Answer::Found(found) => {
                let rule = &found.rule;
                let mut text = rule.to_string();
                if rule.tier != TIERS[0] {
                    let _ = write!(text, ", {}", rule.tier);
                }
                if rule.above > 0 {
                    let _ = write!(text, ", above {} of input", rule.above);
                }
                if rule.by_hour {
                    text.push_str(", by the hour");
                }
                let since = rule.since.map(Timestamp::from_micros);
                Quote::known(found.terms, (text, rule.book.clone()), since, validity)
            }
            Answer::Unknown { why, candidates } => {
                let why = match why {
                    Why::Provider => Unknown::Provider,
                    Why::Model => Unknown::Model,
                    Why::Tier => Unknown::Tier,
                    Why::Price => Unknown::Price,
                };
                Quote::unknown(why, candidates.join(", "), validity)
            }
            Answer::Doubtful { candidates } => {
                Quote::unknown(Unknown::Doubt, candidates.join(", "), validity)
            }
        }
    }
}
