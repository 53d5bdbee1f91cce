//! Why a record is refused.

use std::fmt;

use super::MAX_COUNT;
use crate::Timestamp;

/// A field of a record, under the name that the record line gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Field {
    /// `instance_id`
    InstanceId,
    /// `profile`
    Profile,
    /// `provider`
    Provider,
    /// `route`
    Route,
    /// `model`
    Model,
    /// `tokens`
    Tokens,
    /// `input_tokens`
    InputTokens,
    /// `output_tokens`
    OutputTokens,
    /// `cache_read_tokens`
    CacheReadTokens,
    /// `cache_write_tokens`
    CacheWriteTokens,
    /// `reasoning_tokens`
    ReasoningTokens,
    /// `fallbacks`
    Fallbacks,
    /// `timestamp`
    Timestamp,
    /// `event_id`
    EventId,
}

impl Field {
    /// Every field, in the order of the record line.
    pub const ALL: [Self; 14] = [
        Self::InstanceId,
        Self::Profile,
        Self::Provider,
        Self::Route,
        Self::Model,
        Self::Tokens,
        Self::InputTokens,
        Self::OutputTokens,
        Self::CacheReadTokens,
        Self::CacheWriteTokens,
        Self::ReasoningTokens,
        Self::Fallbacks,
        Self::Timestamp,
        Self::EventId,
    ];

    /// The field's name in the record line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InstanceId => "instance_id",
            Self::Profile => "profile",
            Self::Provider => "provider",
            Self::Route => "route",
            Self::Model => "model",
            Self::Tokens => "tokens",
            Self::InputTokens => "input_tokens",
            Self::OutputTokens => "output_tokens",
            Self::CacheReadTokens => "cache_read_tokens",
            Self::CacheWriteTokens => "cache_write_tokens",
            Self::ReasoningTokens => "reasoning_tokens",
            Self::Fallbacks => "fallbacks",
            Self::Timestamp => "timestamp",
            Self::EventId => "event_id",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a record was refused. Each message names the field, what was wrong and what is accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// A name that must not be empty is.
    #[error("{field} must not be empty")]
    Empty {
        /// Which name.
        field: Field,
    },
    /// A text is longer than it may be.
    #[error("{field} has {bytes} bytes, at most {max} are accepted")]
    TooLong {
        /// Which text.
        field: Field,
        /// Its length.
        bytes: usize,
        /// The longest accepted.
        max: usize,
    },
    /// A text holds a NUL character.
    #[error("{field} holds a NUL character")]
    Nul {
        /// Which text.
        field: Field,
    },
    /// A count is over [`MAX_COUNT`].
    #[error("{field} is {count}, at most {MAX_COUNT} is accepted")]
    TooLarge {
        /// Which count.
        field: Field,
        /// What it was.
        count: u64,
    },
    /// Counts by kind beside a total whose kinds are not known.
    #[error("counts by kind cannot be added to the unclassified total of {unclassified}")]
    MixedKinds {
        /// The bare total.
        unclassified: u32,
    },
    /// More reasoning than the output it is a part of.
    #[error(
        "reasoning_tokens is {reasoning}, more than the output_tokens of {output} it is part of"
    )]
    ReasoningOverOutput {
        /// The reasoning tokens.
        reasoning: u32,
        /// The output tokens.
        output: u32,
    },
    /// The timestamp is outside the years 1970 to 2099.
    #[error("timestamp {timestamp} is outside 1970-01-01T00:00:00Z to 2100-01-01T00:00:00Z")]
    OutOfRange {
        /// What it was.
        timestamp: Timestamp,
    },
}
