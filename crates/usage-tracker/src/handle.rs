//! Recording with names that are registered once.

use std::fmt;
use std::sync::Arc;

use usage_core::{
    Context, Counts, EventId, Labels, Record, RecordError, Timestamp, TokenCounts, Usage,
};

use crate::channel::LabelId;
use crate::error::HandleError;
use crate::shared::Shared;

/// Records requests with the same names, and in the same session. Cheap to clone and to send to other threads.
///
/// It does not keep the tracker alive: after a shutdown its records come back.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
    labels: Labels,
    /// `None` when too many names are registered: the handle then works as usual, a little slower.
    label_id: Option<LabelId>,
    context: Context,
}

impl Handle {
    pub(crate) fn new(shared: Arc<Shared>, labels: Labels) -> Self {
        let label_id = shared.sender.register(&labels);
        Self { shared, labels, label_id, context: Context::NONE }
    }

    /// Makes a handle with the same names that records in this session, whose id may be empty for none.
    /// Keeps the tags. Its records allocate as little as others: make it once for a session, and keep it
    /// as long as the session lasts.
    ///
    /// ```
    /// # use usage_core::Error;
    /// # use usage_core::sink::{BatchOutcome, Sink};
    /// # use usage_core::{LabelNames, Labels, Record, TokenCounts};
    /// # use usage_tracker::Tracker;
    /// # struct Nowhere;
    /// # impl Sink for Nowhere {
    /// #     fn store(&mut self, batch: &[Record]) -> Result<BatchOutcome, Error> {
    /// #         Ok(BatchOutcome::stored(batch.len() as u64))
    /// #     }
    /// # }
    /// # let names = LabelNames::new().with_instance("i").with_route("r").with_model("m");
    /// let tracker = Tracker::builder().start(Nowhere)?;
    /// let handle = tracker.handle(Labels::new(names)?);
    /// let session = handle.with_session("4f6e")?;
    /// session.record(TokenCounts::unclassified(1_200))?;
    /// assert_eq!(session.context().session_id(), "4f6e");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the id is one that no record may have, as [`Context::new`].
    pub fn with_session(&self, session_id: &str) -> Result<Self, RecordError> {
        let context = Context::new(session_id, self.context.tags())?;
        Ok(self.with_context(context))
    }

    /// Makes a handle with the same names that records in this session and with these tags.
    #[must_use]
    pub fn with_context(&self, context: Context) -> Self {
        let (shared, labels) = (Arc::clone(&self.shared), self.labels.clone());
        Self { shared, labels, label_id: self.label_id, context }
    }

    /// Records a request that was handled now, by the tracker's clock, and that the first route answered.
    /// Waits for nothing but the channel's own short lock, and allocates nothing once the channel has been
    /// full once.
    ///
    /// # Errors
    /// When a count is too large or the clock outside the years a record may carry; when the
    /// channel is full or the tracker is shut down, and then the record is in the error.
    #[inline]
    pub fn record(&self, tokens: TokenCounts) -> Result<(), HandleError> {
        self.record_usage(Usage::new(tokens, self.now()))
    }

    /// Records a request, with all that is known of it.
    ///
    /// # Errors
    /// As [`record`](Self::record).
    #[inline]
    pub fn record_usage(&self, usage: Usage) -> Result<(), HandleError> {
        let counts = Counts::try_from(usage)?;
        let sender = &self.shared.sender;
        Ok(match self.label_id {
            Some(label_id) => {
                sender.record_registered(label_id, &self.labels, &self.context, counts)
            }
            None => sender.record(self.record_of(counts)),
        }?)
    }

    /// Records a request that has an id, so that it is stored once however often it is recorded. Where
    /// it is told more than once, [`Usage::revision`] says which telling is right.
    ///
    /// # Errors
    /// As [`record`](Self::record).
    pub fn record_event(&self, event_id: EventId, usage: Usage) -> Result<(), HandleError> {
        let record = self.record_of(Counts::try_from(usage)?);
        Ok(self.shared.sender.record(record.with_event_id(event_id))?)
    }

    /// Records a request that has an id, and another by which others tell of it: its provider's message and
    /// request, say.
    ///
    /// # Errors
    /// As [`record`](Self::record).
    pub fn record_event_with_alias(
        &self,
        event_id: EventId,
        alias_id: EventId,
        usage: Usage,
    ) -> Result<(), HandleError> {
        let record = self.record_of(Counts::try_from(usage)?);
        let record = record.with_event_id(event_id).with_alias_id(alias_id);
        Ok(self.shared.sender.record(record)?)
    }

    fn record_of(&self, counts: Counts) -> Record {
        Record::of(self.labels.clone(), counts).with_context(self.context.clone())
    }

    /// Returns the present by the tracker's clock.
    #[must_use]
    #[inline]
    pub fn now(&self) -> Timestamp {
        self.shared.sender.clock.now()
    }

    /// Returns the names.
    #[must_use]
    pub const fn labels(&self) -> &Labels {
        &self.labels
    }

    /// Returns the session and the tags.
    #[must_use]
    pub const fn context(&self) -> &Context {
        &self.context
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("labels", &self.labels)
            .field("context", &self.context)
            .finish_non_exhaustive()
    }
}
