//! A record of one handled request, and what may be in it.

mod context;
mod counts;
#[cfg(feature = "csv")]
pub mod csv;
mod error;
mod event_id;
mod join;
mod label;
mod labels;
pub mod line;
mod line_error;
mod measure;
mod money;
mod outcome;
mod raw;
mod tags;
mod tier;
mod tokens;
mod unknown;
mod usage;
mod way;

pub use context::Context;
pub use counts::Counts;
pub use error::{Field, RecordError};
pub use event_id::{EventId, MAX_EVENT_ID_BYTES};
pub use join::{Conflict, MAX_TELLINGS, Tellings};
pub use label::{DEFAULT_PROFILE, Label};
pub use labels::{LabelInterner, LabelNames, Labels, MAX_NAME_BYTES};
pub use line_error::LineError;
pub use measure::{MAX_COUNT, MAX_SEARCHES, Measure};
pub use money::{Money, MoneyError};
pub use outcome::{Outcome, Quality};
pub use tags::{MAX_TAG_KEY_BYTES, MAX_TAG_VALUE_BYTES, MAX_TAGS, TagKey, TagSet, Tags};
pub use tier::Tier;
pub use tokens::TokenCounts;
pub use unknown::UnknownFields;
pub use usage::Usage;
pub use way::Way;

use crate::Timestamp;

/// One handled request: who handled it, what it cost, how it went, and when.
///
/// Cheap to move and to clone: the names are shared, see [`Labels`], and so are a session and tags, see
/// [`Context`].
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
    /// Few have one: a pointer, so that a record is moved faster.
    alias_id: Option<Box<EventId>>,
    context: Context,
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
        Self { labels, counts, event_id: None, alias_id: None, context: Context::NONE }
    }

    /// The same record, made idempotent: a ledger stores one record for an `event_id` of an
    /// instance, however often it is handed over.
    #[must_use]
    pub fn with_event_id(self, event_id: EventId) -> Self {
        Self { event_id: Some(event_id), ..self }
    }

    /// The same record, whose event has another id too, by which others tell of it. Without effect where it has no
    /// event id.
    #[must_use]
    pub fn with_alias_id(self, alias_id: EventId) -> Self {
        let alias_id = (self.event_id.is_some() && self.event_id.as_ref() != Some(&alias_id))
            .then(|| Box::new(alias_id));
        Self { alias_id, ..self }
    }

    /// The same record, in this session and with these tags.
    #[must_use]
    pub fn with_context(self, context: Context) -> Self {
        Self { context, ..self }
    }

    /// The same record with other numbers.
    #[must_use]
    pub const fn with_counts(mut self, counts: Counts) -> Self {
        self.counts = counts;
        self
    }

    /// The same record with other names.
    #[must_use]
    pub fn with_labels(self, labels: Labels) -> Self {
        Self { labels, ..self }
    }

    /// The names.
    #[must_use]
    pub const fn labels(&self) -> &Labels {
        &self.labels
    }

    /// The names, with the tags beside them: what filters and groupings look at.
    #[must_use]
    pub fn names(&self) -> LabelNames<'_> {
        self.labels.names().with_tags(self.context.tag_list())
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

    /// The time when the request was handled.
    #[must_use]
    pub const fn timestamp(&self) -> Timestamp {
        self.counts.timestamp()
    }

    /// Returns what makes the record idempotent, if anything does.
    #[must_use]
    pub const fn event_id(&self) -> Option<&EventId> {
        self.event_id.as_ref()
    }

    /// Returns the other id of its event, if it has one.
    #[must_use]
    pub fn alias_id(&self) -> Option<&EventId> {
        self.alias_id.as_deref()
    }

    /// Returns the ids of its event: its event id, and the other one if it has that too.
    pub fn ids(&self) -> impl Iterator<Item = &EventId> {
        self.event_id().into_iter().chain(self.alias_id())
    }

    /// The session that it belongs to, and its tags.
    #[must_use]
    pub const fn context(&self) -> &Context {
        &self.context
    }
}

/// Checks what holds of every text in a record: at most `max` bytes, and no NUL.
fn check_text(field: Field, text: &str, max: usize) -> Result<(), RecordError> {
    if text.len() > max {
        return Err(RecordError::TooLong { field, bytes: text.len(), max });
    }
    if text.as_bytes().contains(&0) {
        return Err(RecordError::Nul { field });
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests;
