//! Token counts by kind, disjoint, as a caller states them.

use super::{Field, Measure, RecordError};

/// The tokens of one request, split into **disjoint** kinds: their sum is the total.
///
/// The kinds are OpenTelemetry's for generative AI (input, output, cache read, cache creation,
/// reasoning), made disjoint because providers are not agreed: Anthropic's `input_tokens` leaves
/// out what came from the cache, OpenAI's `prompt_tokens` includes it. Subtract before recording
/// OpenAI's: `input = prompt_tokens - cached_tokens`.
///
/// Any numbers may stand here; making a [`Record`](super::Record) of them [validates](Self::validate)
/// them.
///
/// ```
/// use usage_core::TokenCounts;
///
/// let tokens = TokenCounts::new()
///     .with_input(1_200)
///     .with_cache_read(30_000)
///     .with_reasoning(120) // a part of the output, not added
///     .with_output(450);
/// assert_eq!(tokens.total(), 31_650);
/// tokens.validate()?;
/// assert!(tokens.with_input(5_000_000_000).validate().is_err());
/// # Ok::<(), usage_core::RecordError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct TokenCounts {
    /// Input that did not come from a cache.
    pub input: u64,
    /// Output, reasoning included.
    pub output: u64,
    /// Input that was read from a cache.
    pub cache_read: u64,
    /// Input that was written to a cache (OpenTelemetry: cache creation).
    pub cache_write: u64,
    /// A bare total whose kinds are not known. It cannot be combined with counts by kind, or nobody could
    /// tell whether the total holds them already.
    pub unclassified: u64,
    /// The tokens of the output that were reasoning. Never part of the total twice.
    pub reasoning: u64,
    /// The tokens written to a cache for the longer lifetime (Anthropic: 1 hour, OpenAI: 12 hours).
    pub cache_write_long: u64,
    /// The tokens of the input that were audio.
    pub input_audio: u64,
    /// The tokens of the output that were audio.
    pub output_audio: u64,
    /// The tokens read from a cache that were audio.
    pub cache_read_audio: u64,
}

impl TokenCounts {
    /// No tokens at all.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            input: 0,
            output: 0,
            cache_read: 0,
            cache_write: 0,
            unclassified: 0,
            reasoning: 0,
            cache_write_long: 0,
            input_audio: 0,
            output_audio: 0,
            cache_read_audio: 0,
        }
    }

    /// A bare total whose kinds are not known.
    #[must_use]
    pub const fn unclassified(total: u64) -> Self {
        Self { unclassified: total, ..Self::new() }
    }

    /// With so much input that did not come from a cache.
    #[must_use]
    pub const fn with_input(self, count: u64) -> Self {
        Self { input: count, ..self }
    }

    /// With so much output, reasoning included.
    #[must_use]
    pub const fn with_output(self, count: u64) -> Self {
        Self { output: count, ..self }
    }

    /// With so much input that was read from a cache.
    #[must_use]
    pub const fn with_cache_read(self, count: u64) -> Self {
        Self { cache_read: count, ..self }
    }

    /// With so much input that was written to a cache.
    #[must_use]
    pub const fn with_cache_write(self, count: u64) -> Self {
        Self { cache_write: count, ..self }
    }

    /// With so much of the output that was reasoning.
    #[must_use]
    pub const fn with_reasoning(self, count: u64) -> Self {
        Self { reasoning: count, ..self }
    }

    /// With so much of what was written to a cache for the longer lifetime.
    #[must_use]
    pub const fn with_cache_write_long(self, count: u64) -> Self {
        Self { cache_write_long: count, ..self }
    }

    /// The count of one kind; 0 for a measure that is not tokens.
    #[must_use]
    #[inline]
    pub const fn get(&self, measure: Measure) -> u64 {
        match measure {
            Measure::Input => self.input,
            Measure::Output => self.output,
            Measure::CacheRead => self.cache_read,
            Measure::CacheWrite => self.cache_write,
            Measure::Unclassified => self.unclassified,
            Measure::Reasoning => self.reasoning,
            Measure::CacheWriteLong => self.cache_write_long,
            Measure::InputAudio => self.input_audio,
            Measure::OutputAudio => self.output_audio,
            Measure::CacheReadAudio => self.cache_read_audio,
            _ => 0,
        }
    }

    /// With the count of one kind; unchanged for a measure that is not tokens.
    #[must_use]
    pub const fn with(mut self, measure: Measure, count: u64) -> Self {
        match measure {
            Measure::Input => self.input = count,
            Measure::Output => self.output = count,
            Measure::CacheRead => self.cache_read = count,
            Measure::CacheWrite => self.cache_write = count,
            Measure::Unclassified => self.unclassified = count,
            Measure::Reasoning => self.reasoning = count,
            Measure::CacheWriteLong => self.cache_write_long = count,
            Measure::InputAudio => self.input_audio = count,
            Measure::OutputAudio => self.output_audio = count,
            Measure::CacheReadAudio => self.cache_read_audio = count,
            _ => {}
        }
        self
    }

    /// All tokens: the sum of the disjoint kinds and the bare total. Saturates.
    #[must_use]
    pub fn total(&self) -> u64 {
        let added = Measure::ALL.into_iter().filter(|measure| measure.is_added());
        added.fold(0, |sum, measure| sum.saturating_add(self.get(measure)))
    }

    /// Checks each count and what must hold between them. That a part is more than what it is a part of is no
    /// error: a record [says so](super::Usage) and counts the whole.
    ///
    /// # Errors
    /// When a count is over [`MAX_COUNT`](super::MAX_COUNT), or a bare total stands beside counts by kind.
    pub fn validate(&self) -> Result<(), RecordError> {
        check(|measure| self.get(measure))
    }
}

/// Checks what has to hold of the numbers of every record.
#[inline]
pub(super) fn check(get: impl Fn(Measure) -> u64) -> Result<(), RecordError> {
    let unclassified = get(Measure::Unclassified);
    for measure in Measure::ALL.into_iter().take(Measure::NUMBERS) {
        let count = get(measure);
        if count > u64::from(measure.max()) {
            // A line states a bare total as `tokens`.
            let is_bare = measure.is_bare_total();
            let field = if is_bare { Field::Tokens } else { Field::Count(measure) };
            return Err(RecordError::TooLarge { field, count, max: measure.max() });
        }
        if count > 0 && unclassified > 0 && measure.is_added() && !measure.is_bare_total() {
            return Err(RecordError::MixedKinds { unclassified });
        }
    }
    Ok(())
}
