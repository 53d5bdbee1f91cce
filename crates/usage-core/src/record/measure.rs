//! The numbers of a record, as one list: lines, CSV, JSON, the ledger's columns, journals and rollups take
//! names and order from here.

use std::fmt;

/// The largest count a record may state, of tokens of one kind and of fallbacks.
///
/// Nine billion records of it still fit the signed 64-bit sums of the ledger.
pub const MAX_COUNT: u32 = 1_000_000_000;

/// The most searches that a record may state.
pub const MAX_SEARCHES: u32 = 1_000_000;

/// One number that records add up to, beside the requests that they are.
///
/// The first [`NUMBERS`](Self::NUMBERS) are numbers that a record states; the others count the requests of
/// which something is so, and of one record they are 0 or 1.
///
/// The order is that of the numbers in journals and ledgers: a new measure comes last, so that what is on disk
/// keeps its meaning.
///
/// ```
/// use usage_core::Measure;
///
/// assert_eq!(Measure::CacheRead.name(), "cache_read");
/// assert_eq!(Measure::CacheRead.field(), "cache_read_tokens");
/// assert_eq!(Measure::Reasoning.part_of(), Some(Measure::Output));
/// let added: Vec<_> = Measure::ALL.into_iter().filter(|measure| measure.is_added()).collect();
/// assert_eq!(added.len(), 5); // disjoint kinds, whose sum is the total
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Measure {
    /// Input tokens that did not come from a cache.
    Input,
    /// Output tokens, reasoning included.
    Output,
    /// Input tokens read from a cache.
    CacheRead,
    /// Input tokens written to a cache (OpenTelemetry: cache creation).
    CacheWrite,
    /// Tokens of a bare total, whose kinds are not known.
    Unclassified,
    /// Output tokens that were reasoning.
    Reasoning,
    /// Other routes that were tried before one answered.
    Fallbacks,
    /// Tokens written to a cache for the longer of a provider's lifetimes (Anthropic: 1 hour, OpenAI: 12 hours).
    CacheWriteLong,
    /// Input tokens that were audio.
    InputAudio,
    /// Output tokens that were audio.
    OutputAudio,
    /// Audio tokens that were read from a cache.
    CacheReadAudio,
    /// Searches of the web by the provider, which bills each.
    WebSearches,
    /// Requests that failed.
    Errors,
    /// Requests that were cancelled before their end.
    Cancelled,
    /// Requests whose counts are a placeholder, or of a part.
    Partial,
    /// Requests whose counts are guessed.
    Estimated,
    /// Requests whose counts did not add up.
    Inconsistent,
    /// Requests that another instance has recorded too, under the same event id.
    Elsewhere,
    /// Requests whose source has stated a cost.
    Stated,
    /// Requests that have a list price, by what keeps them: no record says so itself.
    Priced,
}

/// The relation of a measure to the others.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Tokens of one of the disjoint kinds.
    Tokens,
    /// A total of tokens of unknown kinds, which no others stand beside.
    BareTotal,
    /// Tokens that are counted in another measure too.
    PartOf(Measure),
    /// Something else that is counted.
    Other,
    /// Requests of which something is so.
    Requests,
}

impl Measure {
    /// All there are, in their order.
    pub const ALL: [Self; 20] = [
        Self::Input,
        Self::Output,
        Self::CacheRead,
        Self::CacheWrite,
        Self::Unclassified,
        Self::Reasoning,
        Self::Fallbacks,
        Self::CacheWriteLong,
        Self::InputAudio,
        Self::OutputAudio,
        Self::CacheReadAudio,
        Self::WebSearches,
        Self::Errors,
        Self::Cancelled,
        Self::Partial,
        Self::Estimated,
        Self::Inconsistent,
        Self::Elsewhere,
        Self::Stated,
        Self::Priced,
    ];

    /// Their number.
    pub const COUNT: usize = Self::ALL.len();

    /// The number of them, from the first on, that a record states as numbers.
    pub const NUMBERS: usize = Self::WebSearches as usize + 1;

    /// The number of the numbers that a record states, from the first on, that most records have: the others are rare.
    pub(crate) const USUAL: usize = Self::Fallbacks as usize + 1;

    /// Name, name as a field, role.
    const fn about(self) -> (&'static str, &'static str, Role) {
        match self {
            Self::Input => ("input", "input_tokens", Role::Tokens),
            Self::Output => ("output", "output_tokens", Role::Tokens),
            Self::CacheRead => ("cache_read", "cache_read_tokens", Role::Tokens),
            Self::CacheWrite => ("cache_write", "cache_write_tokens", Role::Tokens),
            Self::Unclassified => ("unclassified", "unclassified_tokens", Role::BareTotal),
            Self::Reasoning => ("reasoning", "reasoning_tokens", Role::PartOf(Self::Output)),
            Self::Fallbacks => ("fallbacks", "fallbacks", Role::Other),
            Self::CacheWriteLong => {
                ("cache_write_long", "cache_write_long_tokens", Role::PartOf(Self::CacheWrite))
            }
            Self::InputAudio => ("input_audio", "input_audio_tokens", Role::PartOf(Self::Input)),
            Self::OutputAudio => {
                ("output_audio", "output_audio_tokens", Role::PartOf(Self::Output))
            }
            Self::CacheReadAudio => {
                ("cache_read_audio", "cache_read_audio_tokens", Role::PartOf(Self::CacheRead))
            }
            Self::WebSearches => ("web_searches", "web_searches", Role::Other),
            Self::Errors => ("errors", "errors", Role::Requests),
            Self::Cancelled => ("cancelled", "cancelled", Role::Requests),
            Self::Partial => ("partial", "partial", Role::Requests),
            Self::Estimated => ("estimated", "estimated", Role::Requests),
            Self::Inconsistent => ("inconsistent", "inconsistent", Role::Requests),
            Self::Elsewhere => ("elsewhere", "elsewhere", Role::Requests),
            Self::Stated => ("stated", "stated_requests", Role::Requests),
            Self::Priced => ("priced", "priced_requests", Role::Requests),
        }
    }

    /// Its name: a column of the ledger, and among the token kinds of reports in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.about().0
    }

    /// Its name as a field of the record line and of reports, and as a column of CSV, where tokens are named as such.
    #[must_use]
    pub const fn field(self) -> &'static str {
        self.about().1
    }

    /// Returns whether it counts tokens.
    #[must_use]
    pub const fn is_tokens(self) -> bool {
        matches!(self.about().2, Role::Tokens | Role::BareTotal | Role::PartOf(_))
    }

    /// Returns whether it counts requests of which something is so.
    #[must_use]
    pub const fn is_requests(self) -> bool {
        matches!(self.about().2, Role::Requests)
    }

    /// The largest number of it that a record may state.
    #[must_use]
    pub const fn max(self) -> u32 {
        match self {
            Self::WebSearches => MAX_SEARCHES,
            _ if self.is_requests() => 1,
            _ => MAX_COUNT,
        }
    }

    /// Returns whether it is one of the disjoint kinds, the unknown one included: their sum is the total.
    #[must_use]
    pub const fn is_added(self) -> bool {
        matches!(self.about().2, Role::Tokens | Role::BareTotal)
    }

    /// Returns whether it is a bare total, which has no kinds of tokens beside it.
    #[must_use]
    pub const fn is_bare_total(self) -> bool {
        matches!(self.about().2, Role::BareTotal)
    }

    /// The measure that it is a part of, and never more than.
    #[must_use]
    pub const fn part_of(self) -> Option<Self> {
        match self.about().2 {
            Role::PartOf(whole) => Some(whole),
            _ => None,
        }
    }
}

/// The name as a field.
impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.field())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_in_the_list_is_the_number() {
        for (index, measure) in Measure::ALL.into_iter().enumerate() {
            assert_eq!(measure as usize, index);
            assert!(measure.part_of().is_none_or(Measure::is_added));
            assert_eq!(measure.is_requests(), index >= Measure::NUMBERS);
        }
    }
}
