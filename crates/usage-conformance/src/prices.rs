//! Prices of any model, for engines that know costs.

use std::sync::Arc;

use usage_core::Timestamp;
use usage_core::pricing::{
    BookError, BookText, PriceList, Pricing, Question, Quote, Terms, Unknown, Validity,
};

/// A list in which any model has a price that its name, its tier, the day and the size of its input decide about, and
/// some have none; and the book of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct AnyPrices;

/// Beyond so much input another price holds.
const CLIFF: u64 = 2;

const DAY: i64 = 24 * 60 * 60 * 1_000_000;

impl PriceList for AnyPrices {
    fn quote(&self, question: &Question<'_>) -> Quote {
        let of_name =
            question.model.bytes().chain(question.tier.bytes()).map(u64::from).sum::<u64>();
        if of_name.is_multiple_of(5) || question.provider.is_empty() && of_name.is_multiple_of(3) {
            return Quote::unknown(Unknown::Model, format!("v/{of_name}"), Validity::ALWAYS);
        }
        let day = question.at.as_micros().div_euclid(DAY);
        let is_large = question.total_input > CLIFF;
        let price = of_name * 7 + day.unsigned_abs() % 11 + if is_large { 1_000 } else { 0 };
        let mut validity = Validity::ALWAYS;
        let sizes = if is_large { CLIFF + 1..=u64::MAX } else { 0..=CLIFF };
        validity.narrow(&(day * DAY..(day + 1) * DAY), &sizes);
        let text = format!("in={price} out={price}.000001 read=.5 write=2 search=0");
        let terms: Terms = text.parse().expect("these are prices");
        let since = Timestamp::from_micros(day * DAY);
        Quote::known(terms, (format!("by {of_name}"), "any".to_owned()), Some(since), validity)
    }
}

impl Pricing for AnyPrices {
    fn shipped(&self) -> Vec<BookText> {
        vec![BookText::new(("direct", 1), ("any", "2026-01-01"), "any")]
    }

    fn book(&self, _text: &str) -> Result<BookText, BookError> {
        Err(BookError::new(0, "there is only one"))
    }

    fn list(&self, _books: &[BookText]) -> Result<Arc<dyn PriceList>, BookError> {
        Ok(Arc::new(*self))
    }
}
