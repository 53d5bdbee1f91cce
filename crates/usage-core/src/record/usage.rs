//! What one request used: as a caller states it, and checked.

use super::{MAX_COUNT, Measure, RecordError, TokenCounts, tokens};
use crate::Timestamp;

/// What one request used, as a caller states it: tokens, how it went, and when. Making a
/// [`Record`](super::Record) or [`Counts`] of it checks it.
///
/// ```
/// use usage_core::{Counts, Measure, Timestamp, TokenCounts, Usage};
///
/// let tokens = TokenCounts::new().with_input(1_200).with_output(450);
/// let usage = Usage::new(tokens, Timestamp::from_micros(0)).with_fallbacks(1);
/// let counts = Counts::try_from(usage)?;
/// assert_eq!(counts.get(Measure::Output), 450);
/// # Ok::<(), usage_core::RecordError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Usage {
    /// The tokens by kind.
    pub tokens: TokenCounts,
    /// The number of other routes that were tried before one answered.
    pub fallbacks: u64,
    /// When the request was handled.
    pub timestamp: Timestamp,
}

impl Usage {
    /// A request that the first route answered.
    #[must_use]
    pub const fn new(tokens: TokenCounts, timestamp: Timestamp) -> Self {
        Self { tokens, fallbacks: 0, timestamp }
    }

    /// With so many other routes that were tried before one answered.
    #[must_use]
    pub const fn with_fallbacks(self, count: u64) -> Self {
        Self { fallbacks: count, ..self }
    }

    /// The count of any measure.
    #[must_use]
    #[inline]
    pub const fn get(&self, measure: Measure) -> u64 {
        match measure {
            Measure::Fallbacks => self.fallbacks,
            tokens => self.tokens.get(tokens),
        }
    }

    /// With the count of any measure.
    #[must_use]
    #[inline]
    pub const fn with(mut self, measure: Measure, count: u64) -> Self {
        match measure {
            Measure::Fallbacks => self.fallbacks = count,
            tokens => self.tokens = self.tokens.with(tokens, count),
        }
        self
    }
}

/// The checked numbers of a record, and when: a record without its names.
///
/// Small and `Copy`, so that it can be handed over by itself where the names are known already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Counts {
    numbers: [u32; Measure::COUNT],
    timestamp: Timestamp,
}

impl Counts {
    /// The counts of these numbers, in the order of [`Measure::ALL`], whose number grows: for this project's crates.
    ///
    /// # Errors
    /// When a number is over [`MAX_COUNT`](super::MAX_COUNT), the tokens are not
    /// [valid](TokenCounts::validate), or the time is outside 1970 to 2100.
    #[doc(hidden)]
    #[inline]
    pub fn of(numbers: [u32; Measure::COUNT], timestamp: Timestamp) -> Result<Self, RecordError> {
        let fits = numbers.iter().all(|&number| number <= MAX_COUNT);
        if fits && tokens::fit_together(&numbers) && timestamp.is_recordable() {
            Ok(Self { numbers, timestamp })
        } else {
            Err(refusal(|measure| numbers[measure as usize].into(), timestamp))
        }
    }

    /// No counts at all, at the first instant that a record may carry.
    pub const NONE: Self = Self { numbers: [0; Measure::COUNT], timestamp: Timestamp::MIN_RECORD };

    /// The number of one measure.
    #[must_use]
    #[inline]
    pub const fn get(&self, measure: Measure) -> u32 {
        self.numbers[measure as usize]
    }

    /// All numbers, in the order of [`Measure::ALL`].
    #[must_use]
    #[inline]
    pub const fn numbers(&self) -> &[u32; Measure::COUNT] {
        &self.numbers
    }

    /// When the request was handled.
    #[must_use]
    #[inline]
    pub const fn timestamp(&self) -> Timestamp {
        self.timestamp
    }

    /// The tokens by kind.
    #[must_use]
    pub fn tokens(&self) -> TokenCounts {
        let all = Measure::ALL.into_iter();
        all.fold(TokenCounts::new(), |tokens, measure| {
            tokens.with(measure, self.get(measure).into())
        })
    }
}

/// # Errors
/// When a count is over [`MAX_COUNT`](super::MAX_COUNT), the tokens are not
/// [valid](TokenCounts::validate), or the time is outside 1970 to 2100.
impl TryFrom<Usage> for Counts {
    type Error = RecordError;

    #[inline]
    fn try_from(usage: Usage) -> Result<Self, RecordError> {
        let (stated, timestamp) = (Measure::ALL.map(|measure| usage.get(measure)), usage.timestamp);
        // One bit tells whether any is over the limit, and the loop over all of them has no branch.
        let limit = u64::from(MAX_COUNT);
        let over = stated.iter().fold(0, |over, count| over | count | limit.wrapping_sub(*count));
        #[expect(clippy::cast_possible_truncation, reason = "larger ones are over the limit")]
        let numbers = stated.map(|count| count as u32);
        if over >> 63 == 0 && tokens::fit_together(&numbers) && timestamp.is_recordable() {
            Ok(Self { numbers, timestamp })
        } else {
            Err(refusal(|measure| usage.get(measure), timestamp))
        }
    }
}

/// Returns why these counts are refused. Out of line: it is long, and records that are taken pass it by.
#[cold]
#[inline(never)]
fn refusal(get: impl Fn(Measure) -> u64, timestamp: Timestamp) -> RecordError {
    tokens::check(get).err().unwrap_or(RecordError::OutOfRange { timestamp })
}
