//! Recording with names that are registered once.

use std::fmt;
use std::sync::Arc;

use usage_core::{Counts, EventId, Labels, Record, Timestamp, TokenCounts, Usage};

use crate::channel::LabelId;
use crate::error::HandleError;
use crate::shared::Shared;

/// Records requests with the same names. Cheap to clone and to send to other threads.
///
/// It does not keep the tracker alive: after a shutdown its records come back.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
    labels: Labels,
    /// `None` when too many names are registered: the handle then works as usual, a little slower.
    label_id: Option<LabelId>,
}

impl Handle {
    pub(crate) fn new(shared: Arc<Shared>, labels: Labels) -> Self {
        let label_id = shared.sender.register(&labels);
        Self { shared, labels, label_id }
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
            Some(label_id) => sender.record_registered(label_id, &self.labels, counts),
            None => sender.record(Record::of(self.labels.clone(), counts)),
        }?)
    }

    /// Records a request that has an id, so that it is stored once however often it is recorded.
    /// The same id must come with the same content, the time included.
    ///
    /// # Errors
    /// As [`record`](Self::record).
    pub fn record_event(&self, event_id: EventId, usage: Usage) -> Result<(), HandleError> {
        let record = Record::new(self.labels.clone(), usage)?;
        Ok(self.shared.sender.record(record.with_event_id(event_id))?)
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
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("labels", &self.labels).finish_non_exhaustive()
    }
}
