//! The kinds of usage that have a price of their own.

use std::fmt;

/// A kind of usage that a provider counts and prices apart. Reasoning is output and costs what output costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Input tokens that no cache had a part in, but for audio.
    Input,
    /// Output tokens with reasoning, but for audio.
    Output,
    /// Input tokens read from a cache, but for audio.
    CacheRead,
    /// Input tokens written to a cache for the shorter lifetime.
    CacheWrite,
    /// Input tokens written to a cache for the longer lifetime.
    CacheWriteLong,
    /// Input tokens that are audio.
    InputAudio,
    /// Output tokens that are audio.
    OutputAudio,
    /// Input tokens that are audio and were read from a cache.
    CacheReadAudio,
    /// Searches of the web, a piece.
    WebSearches,
    /// Tokens of which only the total is known. They never have a price.
    Unclassified,
}

impl Kind {
    /// The number of kinds that can have a price.
    pub(crate) const PRICED: usize = 9;

    /// All that can have a price, in the order in which a book writes them.
    pub const ALL: [Self; Self::PRICED] = [
        Self::Input,
        Self::Output,
        Self::CacheRead,
        Self::CacheWrite,
        Self::CacheWriteLong,
        Self::InputAudio,
        Self::OutputAudio,
        Self::CacheReadAudio,
        Self::WebSearches,
    ];

    /// Returns the measure that it is, or is a part of, as in a record.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Output => "output",
            Self::CacheRead => "cache_read",
            Self::CacheWrite => "cache_write",
            Self::CacheWriteLong => "cache_write_long",
            Self::InputAudio => "input_audio",
            Self::OutputAudio => "output_audio",
            Self::CacheReadAudio => "cache_read_audio",
            Self::WebSearches => "web_searches",
            Self::Unclassified => "unclassified",
        }
    }

    /// Returns the word that stands for it in a book.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Input => "in",
            Self::Output => "out",
            Self::CacheRead => "read",
            Self::CacheWrite => "write",
            Self::CacheWriteLong => "long",
            Self::InputAudio => "in-audio",
            Self::OutputAudio => "out-audio",
            Self::CacheReadAudio => "read-audio",
            Self::WebSearches => "search",
            Self::Unclassified => "unclassified",
        }
    }

    /// Returns how many decimal places its price can have where people write it: dollars a million tokens, or a
    /// thousand searches.
    pub(crate) const fn places(self) -> usize {
        if matches!(self, Self::WebSearches) { 9 } else { 6 }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
