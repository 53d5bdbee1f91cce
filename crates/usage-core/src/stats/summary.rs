//! Totals of requests, tokens and fallbacks.

use crate::{Record, TokenCounts};

/// Tokens by kind, summed over records. The kinds are disjoint, see [`TokenCounts`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenTotals {
    /// Input that did not come from a cache.
    pub input: u64,
    /// Output, reasoning included.
    pub output: u64,
    /// Input read from a cache.
    pub cache_read: u64,
    /// Input written to a cache.
    pub cache_write: u64,
    /// Tokens whose kind is not known.
    pub unclassified: u64,
    /// How much of the output was reasoning; not part of the total twice.
    pub reasoning: u64,
}

impl TokenTotals {
    /// All tokens: input, output, cache read, cache write and unclassified.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.input
            .saturating_add(self.output)
            .saturating_add(self.cache_read)
            .saturating_add(self.cache_write)
            .saturating_add(self.unclassified)
    }

    const fn plus(&self, other: &Self) -> Self {
        Self {
            input: self.input.saturating_add(other.input),
            output: self.output.saturating_add(other.output),
            cache_read: self.cache_read.saturating_add(other.cache_read),
            cache_write: self.cache_write.saturating_add(other.cache_write),
            unclassified: self.unclassified.saturating_add(other.unclassified),
            reasoning: self.reasoning.saturating_add(other.reasoning),
        }
    }
}

impl From<&TokenCounts> for TokenTotals {
    fn from(counts: &TokenCounts) -> Self {
        Self {
            input: counts.input().into(),
            output: counts.output().into(),
            cache_read: counts.cache_read().into(),
            cache_write: counts.cache_write().into(),
            unclassified: counts.unclassified_count().into(),
            reasoning: counts.reasoning().into(),
        }
    }
}

/// What a group of records adds up to.
///
/// Sums saturate instead of wrapping. No ledger gets there: it takes more than three billion
/// records of the largest counts that are accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many requests.
    pub requests: u64,
    /// How many other routes were tried before the answering ones.
    pub fallbacks: u64,
    /// The tokens by kind.
    pub token_kinds: TokenTotals,
}

impl Summary {
    /// All tokens.
    #[must_use]
    pub const fn tokens(&self) -> u64 {
        self.token_kinds.total()
    }

    /// What one record comes to.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        Self {
            requests: 1,
            fallbacks: record.fallbacks().into(),
            token_kinds: record.tokens().into(),
        }
    }

    /// Counts one more record in.
    pub fn add(&mut self, record: &Record) {
        self.merge(&Self::of(record));
    }

    /// Counts in all that the other one has.
    pub const fn merge(&mut self, other: &Self) {
        self.requests = self.requests.saturating_add(other.requests);
        self.fallbacks = self.fallbacks.saturating_add(other.fallbacks);
        self.token_kinds = self.token_kinds.plus(&other.token_kinds);
    }
}
