//! The usage of one request, as a caller states it.

use super::{Measure, Money, Outcome, Quality, TokenCounts};
use crate::Timestamp;

/// The usage of one request, as a caller states it: tokens, how it went, and when. Making a
/// [`Record`](super::Record) or [`Counts`](super::Counts) of it checks it.
///
/// A part that is more than what it is a part of, as reasoning over output, is cut to it, and the record is
/// [inconsistent](Measure::Inconsistent): whoever sent the numbers has added them up wrongly, and a request
/// is worth more than a refusal.
///
/// ```
/// use usage_core::{Counts, Measure, Outcome, Timestamp, TokenCounts, Usage};
///
/// let tokens = TokenCounts::new().with_input(1_200).with_output(450);
/// let usage = Usage::new(tokens, Timestamp::from_micros(0)).with_fallbacks(1).with_outcome(Outcome::Cancelled);
/// let counts = Counts::try_from(usage)?;
/// assert_eq!((counts.get(Measure::Output), counts.get(Measure::Cancelled)), (450, 1));
/// # Ok::<(), usage_core::RecordError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Usage {
    /// The tokens by kind.
    pub tokens: TokenCounts,
    /// The number of other routes that were tried before one answered.
    pub fallbacks: u64,
    /// The number of searches of the web that the provider made and bills.
    pub web_searches: u64,
    /// Its outcome.
    pub outcome: Outcome,
    /// The certainty of the counts.
    pub quality: Quality,
    /// The counts did not add up where they came from.
    pub is_inconsistent: bool,
    /// The cost that the source states.
    pub stated_cost: Option<Money>,
    /// Which telling of an event it is, where there are several: the higher one is right.
    pub revision: u32,
    /// The time when the request was handled.
    pub timestamp: Timestamp,
    /// Says whether its source has said when it was; else the time is that of its arrival.
    pub is_time_stated: bool,
}

impl Usage {
    /// A request that the first route answered.
    #[must_use]
    pub const fn new(tokens: TokenCounts, timestamp: Timestamp) -> Self {
        Self {
            tokens,
            fallbacks: 0,
            web_searches: 0,
            outcome: Outcome::Ok,
            quality: Quality::Reported,
            is_inconsistent: false,
            stated_cost: None,
            revision: 0,
            timestamp,
            is_time_stated: true,
        }
    }

    /// With so many other routes that were tried before one answered.
    #[must_use]
    pub const fn with_fallbacks(self, count: u64) -> Self {
        Self { fallbacks: count, ..self }
    }

    /// With so many searches of the web that the provider made and bills.
    #[must_use]
    pub const fn with_web_searches(self, count: u64) -> Self {
        Self { web_searches: count, ..self }
    }

    /// With how it went.
    #[must_use]
    pub const fn with_outcome(self, outcome: Outcome) -> Self {
        Self { outcome, ..self }
    }

    /// With how sure the counts are.
    #[must_use]
    pub const fn with_quality(self, quality: Quality) -> Self {
        Self { quality, ..self }
    }

    /// With what the source says that it cost.
    #[must_use]
    pub const fn with_stated_cost(self, cost: Money) -> Self {
        Self { stated_cost: Some(cost), ..self }
    }

    /// As this telling of an event: a higher one is right where they differ.
    #[must_use]
    pub const fn with_revision(self, revision: u32) -> Self {
        Self { revision, ..self }
    }

    /// A request with these numbers, in the order of [`Measure::ALL`]: for this project's crates.
    #[doc(hidden)]
    #[must_use]
    #[inline]
    pub fn from_numbers(numbers: [u32; Measure::NUMBERS], timestamp: Timestamp) -> Self {
        let [
            input,
            output,
            cache_read,
            cache_write,
            unclassified,
            reasoning,
            fallbacks,
            cache_write_long,
            input_audio,
            output_audio,
            cache_read_audio,
            web_searches,
        ] = numbers.map(u64::from);
        let tokens = TokenCounts {
            input,
            output,
            cache_read,
            cache_write,
            unclassified,
            reasoning,
            cache_write_long,
            input_audio,
            output_audio,
            cache_read_audio,
        };
        Self { fallbacks, web_searches, ..Self::new(tokens, timestamp) }
    }

    /// The numbers that it states, in the order of [`Measure::ALL`].
    #[inline]
    pub(super) const fn numbers(&self) -> [u64; Measure::NUMBERS] {
        let tokens = &self.tokens;
        [
            tokens.input,
            tokens.output,
            tokens.cache_read,
            tokens.cache_write,
            tokens.unclassified,
            tokens.reasoning,
            self.fallbacks,
            tokens.cache_write_long,
            tokens.input_audio,
            tokens.output_audio,
            tokens.cache_read_audio,
            self.web_searches,
        ]
    }

    /// The number of any measure. Of those that count requests it is 0 or 1.
    #[must_use]
    #[inline]
    pub const fn get(&self, measure: Measure) -> u64 {
        match measure {
            Measure::Fallbacks => self.fallbacks,
            Measure::WebSearches => self.web_searches,
            Measure::Errors => matches!(self.outcome, Outcome::Error) as u64,
            Measure::Cancelled => matches!(self.outcome, Outcome::Cancelled) as u64,
            Measure::Partial => matches!(self.quality, Quality::Partial) as u64,
            Measure::Estimated => matches!(self.quality, Quality::Estimated) as u64,
            Measure::Inconsistent => self.is_inconsistent as u64,
            Measure::Elsewhere | Measure::Priced => 0,
            Measure::Stated => self.stated_cost.is_some() as u64,
            tokens => self.tokens.get(tokens),
        }
    }

    /// With the number of a measure; for one that counts requests, with that being so of this one if it is not 0.
    /// Unchanged for [`Elsewhere`](Measure::Elsewhere) and [`Priced`](Measure::Priced), which only a ledger can tell,
    /// and for [`Stated`](Measure::Stated), which needs the amount.
    #[must_use]
    #[inline]
    pub const fn with(mut self, measure: Measure, count: u64) -> Self {
        match measure {
            Measure::Fallbacks => self.fallbacks = count,
            Measure::WebSearches => self.web_searches = count,
            _ if measure.is_requests() && count == 0 => {}
            Measure::Errors => self.outcome = Outcome::Error,
            Measure::Cancelled => self.outcome = Outcome::Cancelled,
            Measure::Partial => self.quality = Quality::Partial,
            Measure::Estimated => self.quality = Quality::Estimated,
            Measure::Inconsistent => self.is_inconsistent = true,
            Measure::Elsewhere | Measure::Stated | Measure::Priced => {}
            tokens => self.tokens = self.tokens.with(tokens, count),
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_measures_in_their_order() {
        let numbers = std::array::from_fn(|place| 100 + u32::try_from(place).unwrap());
        let usage = Usage::from_numbers(numbers, Timestamp::MIN_RECORD);
        assert_eq!(usage.numbers(), numbers.map(u64::from));
        let get = Measure::ALL.into_iter().map(|measure| usage.get(measure));
        assert!(get.take(Measure::NUMBERS).eq(usage.numbers()));
    }
}
