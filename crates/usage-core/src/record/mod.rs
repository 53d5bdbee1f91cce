//! A record of one handled request, and what may be in it.

pub mod csv;
mod error;
mod event_id;
mod labels;
pub mod line;
mod raw;
mod tokens;
mod usage;

pub use error::{Field, RecordError};
pub use event_id::{EventId, MAX_EVENT_ID_BYTES};
pub use labels::{DEFAULT_PROFILE, LabelInterner, LabelNames, Labels, MAX_NAME_BYTES};
pub use tokens::{MAX_COUNT, TokenCounts};
pub use usage::Usage;

use crate::Timestamp;

/// One handled request: who handled it, what it cost, how it went, and when.
///
/// Sixty-four bytes that are cheap to move and to clone: the names are shared, see [`Labels`].
///
/// ```
/// use usage_core::{LabelNames, Labels, Record, Timestamp, TokenCounts};
///
/// let labels = Labels::new(LabelNames {
///     instance_id: "router-1",
///     provider: "anthropic",
///     route: "think",
///     model: "claude-sonnet-4-5",
///     ..LabelNames::default()
/// })?;
/// let when = Timestamp::from_micros(1_777_787_761_000_000);
/// let record = Record::new(labels, TokenCounts::unclassified(31_650)?, 1, when)?;
/// assert_eq!(record.tokens().total(), 31_650);
/// assert_eq!(record.labels().names().reported_profile(), "default");
/// # Ok::<(), usage_core::RecordError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    labels: Labels,
    usage: Usage,
    event_id: Option<EventId>,
}

impl Record {
    /// A record without an event id.
    ///
    /// # Errors
    /// When `fallbacks` is over [`MAX_COUNT`] or `timestamp` is outside 1970 to 2100.
    pub fn new(
        labels: Labels,
        tokens: TokenCounts,
        fallbacks: u32,
        timestamp: Timestamp,
    ) -> Result<Self, RecordError> {
        Ok(Self::of(labels, Usage::new(tokens, fallbacks, timestamp)?))
    }

    /// A record without an event id, of usage that has been checked.
    #[must_use]
    pub const fn of(labels: Labels, usage: Usage) -> Self {
        Self { labels, usage, event_id: None }
    }

    /// The same record, made idempotent: a ledger stores one record for an `event_id` of an
    /// instance, however often it is handed over.
    #[must_use]
    pub fn with_event_id(self, event_id: EventId) -> Self {
        Self { event_id: Some(event_id), ..self }
    }

    /// The five names.
    #[must_use]
    pub const fn labels(&self) -> &Labels {
        &self.labels
    }

    /// The tokens by kind.
    #[must_use]
    pub const fn tokens(&self) -> &TokenCounts {
        self.usage.tokens()
    }

    /// How many other routes were tried before this one answered.
    #[must_use]
    pub const fn fallbacks(&self) -> u32 {
        self.usage.fallbacks()
    }

    /// When the request was handled.
    #[must_use]
    pub const fn timestamp(&self) -> Timestamp {
        self.usage.timestamp()
    }

    /// What makes the record idempotent, if anything does.
    #[must_use]
    pub const fn event_id(&self) -> Option<&EventId> {
        self.event_id.as_ref()
    }
}

/// What holds of every text in a record: at most `max` bytes, and no NUL.
fn check_text(field: Field, text: &str, max: usize) -> Result<(), RecordError> {
    if text.len() > max {
        return Err(RecordError::TooLong { field, bytes: text.len(), max });
    }
    if text.bytes().any(|byte| byte == 0) {
        return Err(RecordError::Nul { field });
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests;
