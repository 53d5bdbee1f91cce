//! The cost of counts by unit prices.

use super::{Kind, Terms};
use crate::{Counts, Measure};

/// The counts that a request is billed for: disjoint kinds of tokens with their parts, as a record has them.
///
/// `input`, `output`, `cache_read`, `cache_write` and `unclassified` are disjoint; `cache_write_long` is a part of
/// `cache_write`, and each audio a part of its kind. A part that is larger than its whole counts as the whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the measures of a record, by their names")]
pub struct Billed {
    pub input: u64,
    pub output: u64,
    pub cache_read: u64,
    pub cache_write: u64,
    pub cache_write_long: u64,
    pub input_audio: u64,
    pub output_audio: u64,
    pub cache_read_audio: u64,
    pub unclassified: u64,
    pub web_searches: u64,
}

impl Billed {
    /// Returns the input with all that caches had to do with, which decides about cliffs.
    #[must_use]
    pub const fn total_input(&self) -> u64 {
        self.input.saturating_add(self.cache_read).saturating_add(self.cache_write)
    }

    /// Returns whether there is nothing that could have a price, as of a request that failed.
    #[must_use]
    #[inline]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// The kinds, each with what is its alone.
    fn kinds(&self) -> [(Kind, u64); Kind::PRICED + 1] {
        let split = |whole: u64, part: u64| (whole - part.min(whole), part.min(whole));
        let (input, input_audio) = split(self.input, self.input_audio);
        let (output, output_audio) = split(self.output, self.output_audio);
        let (cache_read, cache_read_audio) = split(self.cache_read, self.cache_read_audio);
        let (cache_write, cache_write_long) = split(self.cache_write, self.cache_write_long);
        [
            (Kind::Input, input),
            (Kind::Output, output),
            (Kind::CacheRead, cache_read),
            (Kind::CacheWrite, cache_write),
            (Kind::CacheWriteLong, cache_write_long),
            (Kind::InputAudio, input_audio),
            (Kind::OutputAudio, output_audio),
            (Kind::CacheReadAudio, cache_read_audio),
            (Kind::WebSearches, self.web_searches),
            (Kind::Unclassified, self.unclassified),
        ]
    }
}

impl From<&Counts> for Billed {
    #[inline]
    fn from(counts: &Counts) -> Self {
        Self::by(|measure| counts.get(measure).into())
    }
}

impl Billed {
    /// Takes each count from somewhere.
    #[must_use]
    #[inline]
    pub fn by(count: impl Fn(Measure) -> u64) -> Self {
        Self {
            input: count(Measure::Input),
            output: count(Measure::Output),
            cache_read: count(Measure::CacheRead),
            cache_write: count(Measure::CacheWrite),
            cache_write_long: count(Measure::CacheWriteLong),
            input_audio: count(Measure::InputAudio),
            output_audio: count(Measure::OutputAudio),
            cache_read_audio: count(Measure::CacheReadAudio),
            unclassified: count(Measure::Unclassified),
            web_searches: count(Measure::WebSearches),
        }
    }
}

/// A kind was used that has no price, so that the request as a whole has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} has no price")]
#[non_exhaustive]
pub struct NotPriced {
    /// The first such kind.
    pub kind: Kind,
}

/// Returns the cost in pico-dollars (10^-12 US dollars), exactly.
///
/// ```
/// use usage_core::pricing::{Billed, Kind, cost};
///
/// let terms = "in=3 out=15 read=.3".parse()?;
/// let billed = Billed { input: 1_000, cache_read: 50_000, output: 200, ..Billed::default() };
/// // 1,000 x 3,000,000 + 50,000 x 300,000 + 200 x 15,000,000
/// assert_eq!(cost(&terms, &billed), Ok(21_000_000_000)); // $0.021
///
/// let written = Billed { cache_write: 1, ..billed };
/// assert_eq!(cost(&terms, &written).unwrap_err().kind, Kind::CacheWrite);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`NotPriced`] where there is something of a kind that has no price: a missing price is not zero.
pub fn cost(terms: &Terms, billed: &Billed) -> Result<u128, NotPriced> {
    let mut sum = 0;
    for (kind, count) in billed.kinds().into_iter().filter(|(_, count)| *count > 0) {
        let price = terms.price(kind).ok_or(NotPriced { kind })?;
        // Nine times 2^64 times 2^60 at most.
        sum += u128::from(count) * u128::from(price);
    }
    Ok(sum)
}
