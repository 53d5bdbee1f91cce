//! The cost of one record by the prices in force.

use super::{Billed, Kind, PriceList, Question, Unknown, cost};
use crate::{Money, Record};

/// Why a record has no cost.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoCost {
    /// No book of prices says what it costs.
    #[error("{why}")]
    Unknown {
        /// The fact that is not known.
        why: Unknown,
        /// The models that could be meant, `provider/model`, with a comma between them; may be empty.
        candidates: String,
    },
    /// Something was used of a kind that has no price.
    #[error("{0} has no price")]
    Kind(Kind),
}

/// Returns what a record costs by list price, exactly: the cost that a ledger with these prices tells of it.
///
/// # Errors
/// [`NoCost`] where it has none, which is not the same as a cost of zero.
pub fn cost_of(prices: &dyn PriceList, record: &Record) -> Result<Money, NoCost> {
    let billed = Billed::from(record.counts());
    if billed.is_nothing() {
        return Ok(Money::ZERO);
    }
    let quote = prices.quote(&Question::of(record));
    let terms = quote.terms.map_err(|why| NoCost::Unknown { why, candidates: quote.rule })?;
    let cost = cost(&terms, &billed);
    cost.map(Money::from_picos).map_err(|error| NoCost::Kind(error.kind))
}
