//! A record of one handled request, and what may be in it.

#[cfg(feature = "csv")]
pub mod csv;
mod error;
mod event_id;
mod label;
mod labels;
pub mod line;
mod measure;
mod raw;
mod tokens;
mod usage;

pub use error::{Field, LineError, RecordError};
pub use event_id::{EventId, MAX_EVENT_ID_BYTES};
pub use label::{DEFAULT_PROFILE, Label};
pub use labels::{LabelInterner, LabelNames, Labels, MAX_NAME_BYTES};
pub use measure::Measure;
pub use tokens::{MAX_COUNT, TokenCounts};
pub use usage::{Counts, Usage};

use crate::Timestamp;

/// One handled request: who handled it, what it cost, how it went, and when.
///
/// Sixty-four bytes that are cheap to move and to clone: the names are shared, see [`Labels`].
///
/// ```
/// use usage_core::{Label, LabelNames, Labels, Record, Timestamp, TokenCounts, Usage};
///
/// let names = LabelNames::new()
///     .with_instance("router-1")
///     .with_provider("anthropic")
///     .with_route("think")
///     .with_model("claude-sonnet-4-5");
/// let when = Timestamp::from_micros(1_777_787_761_000_000);
/// let usage = Usage::new(TokenCounts::unclassified(31_650), when).with_fallbacks(1);
/// let record = Record::new(Labels::new(names)?, usage)?;
/// assert_eq!(record.tokens().total(), 31_650);
/// assert_eq!(record.labels().names().reported(Label::Profile), "default");
/// # Ok::<(), usage_core::RecordError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    labels: Labels,
    counts: Counts,
    event_id: Option<EventId>,
}

impl Record {
    /// A record without an event id.
    ///
    /// # Errors
    /// When the usage is not valid, see [`Counts::try_from`].
    pub fn new(labels: Labels, usage: Usage) -> Result<Self, RecordError> {
        Ok(Self::of(labels, usage.try_into()?))
    }

    /// A record without an event id, of counts that have been checked.
    #[must_use]
    pub const fn of(labels: Labels, counts: Counts) -> Self {
        Self { labels, counts, event_id: None }
    }

    /// The same record, made idempotent: a ledger stores one record for an `event_id` of an
    /// instance, however often it is handed over.
    #[must_use]
    pub fn with_event_id(self, event_id: EventId) -> Self {
        Self { event_id: Some(event_id), ..self }
    }

    /// The names.
    #[must_use]
    pub const fn labels(&self) -> &Labels {
        &self.labels
    }

    /// The numbers, and when.
    #[must_use]
    #[inline]
    pub const fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The tokens by kind.
    #[must_use]
    pub fn tokens(&self) -> TokenCounts {
        self.counts.tokens()
    }

    /// Returns how many other routes were tried before this one answered.
    #[must_use]
    pub const fn fallbacks(&self) -> u32 {
        self.counts.get(Measure::Fallbacks)
    }

    /// When the request was handled.
    #[must_use]
    pub const fn timestamp(&self) -> Timestamp {
        self.counts.timestamp()
    }

    /// Returns what makes the record idempotent, if anything does.
    #[must_use]
    pub const fn event_id(&self) -> Option<&EventId> {
        self.event_id.as_ref()
    }
}

/// Checks what holds of every text in a record: at most `max` bytes, and no NUL.
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
