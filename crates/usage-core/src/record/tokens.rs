//! Token counts by kind, disjoint, with checked arithmetic.

use super::{Field, RecordError};

/// The largest count a record may carry, of tokens of one kind and of fallbacks.
///
/// Nine billion records of it still fit the signed 64-bit sums of the ledger.
pub const MAX_COUNT: u32 = 1_000_000_000;

/// The tokens of one request, split into **disjoint** kinds: their sum is the total.
///
/// The kinds are OpenTelemetry's for generative AI (input, output, cache read, cache creation,
/// reasoning), made disjoint because providers are not agreed: Anthropic's `input_tokens` leaves
/// out what came from the cache, OpenAI's `prompt_tokens` includes it. Subtract before recording
/// OpenAI's: `input = prompt_tokens - cached_tokens`.
///
/// ```
/// use usage_core::TokenCounts;
///
/// let tokens = TokenCounts::new()
///     .with_input(1_200)?
///     .with_cache_read(30_000)?
///     .with_output(450)?
///     .with_reasoning(120)?; // a part of the output, not added
/// assert_eq!(tokens.total(), 31_650);
/// # Ok::<(), usage_core::RecordError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TokenCounts {
    input: u32,
    output: u32,
    cache_read: u32,
    cache_write: u32,
    unclassified: u32,
    reasoning: u32,
}

fn checked(field: Field, count: u64) -> Result<u32, RecordError> {
    match u32::try_from(count) {
        Ok(count) if count <= MAX_COUNT => Ok(count),
        _ => Err(RecordError::TooLarge { field, count }),
    }
}

impl TokenCounts {
    /// No tokens at all.
    #[must_use]
    pub const fn new() -> Self {
        Self { input: 0, output: 0, cache_read: 0, cache_write: 0, unclassified: 0, reasoning: 0 }
    }

    /// A bare total whose kinds are not known. It cannot be combined with counts by kind, or
    /// nobody could tell whether the total holds them already.
    ///
    /// # Errors
    /// When the count is over [`MAX_COUNT`].
    pub fn unclassified(total: u64) -> Result<Self, RecordError> {
        Ok(Self { unclassified: checked(Field::Tokens, total)?, ..Self::new() })
    }

    /// Sets the input that did not come from a cache.
    ///
    /// # Errors
    /// When the count is over [`MAX_COUNT`], or these counts are a bare total.
    pub fn with_input(self, count: u64) -> Result<Self, RecordError> {
        Self { input: checked(Field::InputTokens, count)?, ..self }.check()
    }

    /// Sets the output, reasoning included.
    ///
    /// # Errors
    /// When the count is over [`MAX_COUNT`], or smaller than the reasoning already set, or these
    /// counts are a bare total.
    pub fn with_output(self, count: u64) -> Result<Self, RecordError> {
        Self { output: checked(Field::OutputTokens, count)?, ..self }.check()
    }

    /// Sets the input that was read from a cache.
    ///
    /// # Errors
    /// When the count is over [`MAX_COUNT`], or these counts are a bare total.
    pub fn with_cache_read(self, count: u64) -> Result<Self, RecordError> {
        Self { cache_read: checked(Field::CacheReadTokens, count)?, ..self }.check()
    }

    /// Sets the input that was written to a cache (OpenTelemetry: cache creation).
    ///
    /// # Errors
    /// When the count is over [`MAX_COUNT`], or these counts are a bare total.
    pub fn with_cache_write(self, count: u64) -> Result<Self, RecordError> {
        Self { cache_write: checked(Field::CacheWriteTokens, count)?, ..self }.check()
    }

    /// Sets how many of the output tokens were reasoning. Set the output first.
    ///
    /// # Errors
    /// When the count is over [`MAX_COUNT`], or more than the output it is a part of.
    pub fn with_reasoning(self, count: u64) -> Result<Self, RecordError> {
        Self { reasoning: checked(Field::ReasoningTokens, count)?, ..self }.check()
    }

    /// What must hold between the counts.
    fn check(self) -> Result<Self, RecordError> {
        let by_kind = self.input | self.output | self.cache_read | self.cache_write;
        if self.unclassified > 0 && by_kind > 0 {
            return Err(RecordError::MixedKinds { unclassified: self.unclassified });
        }
        if self.reasoning > self.output {
            return Err(RecordError::ReasoningOverOutput {
                reasoning: self.reasoning,
                output: self.output,
            });
        }
        Ok(self)
    }

    /// Input tokens that did not come from a cache.
    #[must_use]
    pub const fn input(&self) -> u32 {
        self.input
    }

    /// Output tokens, reasoning included.
    #[must_use]
    pub const fn output(&self) -> u32 {
        self.output
    }

    /// Input tokens read from a cache.
    #[must_use]
    pub const fn cache_read(&self) -> u32 {
        self.cache_read
    }

    /// Input tokens written to a cache.
    #[must_use]
    pub const fn cache_write(&self) -> u32 {
        self.cache_write
    }

    /// Tokens whose kind is not known.
    #[must_use]
    pub const fn unclassified_count(&self) -> u32 {
        self.unclassified
    }

    /// How many of the output tokens were reasoning. Never part of the total twice.
    #[must_use]
    pub const fn reasoning(&self) -> u32 {
        self.reasoning
    }

    /// All tokens: input, output, cache read, cache write and unclassified.
    #[must_use]
    pub fn total(&self) -> u64 {
        [self.input, self.output, self.cache_read, self.cache_write, self.unclassified]
            .into_iter()
            .map(u64::from)
            .sum()
    }
}
