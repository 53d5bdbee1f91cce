//! What one request used: a record without its names.

use super::{Field, MAX_COUNT, RecordError, TokenCounts};
use crate::Timestamp;

/// What one request used: tokens, fallbacks, and when. A record adds the names.
///
/// Small and `Copy`, with everything checked, so that it can be handed over by itself where the
/// names are known already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Usage {
    tokens: TokenCounts,
    fallbacks: u32,
    timestamp: Timestamp,
}

impl Usage {
    /// Checks what is not checked already.
    ///
    /// # Errors
    /// When `fallbacks` is over [`MAX_COUNT`] or `timestamp` is outside 1970 to 2100.
    #[inline]
    pub const fn new(
        tokens: TokenCounts,
        fallbacks: u32,
        timestamp: Timestamp,
    ) -> Result<Self, RecordError> {
        if fallbacks > MAX_COUNT {
            let count = fallbacks as u64;
            return Err(RecordError::TooLarge { field: Field::Fallbacks, count });
        }
        if !timestamp.is_recordable() {
            return Err(RecordError::OutOfRange { timestamp });
        }
        Ok(Self { tokens, fallbacks, timestamp })
    }

    /// The tokens by kind.
    #[must_use]
    pub const fn tokens(&self) -> &TokenCounts {
        &self.tokens
    }

    /// How many other routes were tried before one answered.
    #[must_use]
    pub const fn fallbacks(&self) -> u32 {
        self.fallbacks
    }

    /// When the request was handled.
    #[must_use]
    pub const fn timestamp(&self) -> Timestamp {
        self.timestamp
    }
}
