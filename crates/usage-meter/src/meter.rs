//! The meter of one request.

use std::sync::Arc;

#[cfg(feature = "budgets")]
use usage_core::Record;
#[cfg(feature = "budgets")]
use usage_core::budget::Permit;
use usage_core::{EventId, LabelNames, RecordError};
use usage_providers::{Dialect, End, Hints, Part, RequestMeter, RequestPart};
use usage_tracker::{Handle, HandleError, Tracker};

/// The shortest id of a response that is taken for one that no other response has. Ollama's are
/// `chatcmpl-` and up to three digits.
const LEAST_ID_BYTES: usize = 16;

/// Follows one request of a client, over retries and fallbacks, and records what it used: exactly
/// once, whichever way it ends. Dropped before its end, it records what had arrived by then.
///
/// | what happens | call | recorded |
/// |---|---|---|
/// | the response came to its end | [`finish`](Self::finish) with [`End::Complete`] | all of it; as failed where the provider says so |
/// | the connection broke, or there was no response | `finish` with [`End::Failed`] | what had arrived, as failed |
/// | the client went away | none: the meter is dropped | what had arrived, as cancelled |
/// | another attempt at the same provider | [`retry`](Self::retry) | nothing yet |
/// | another provider or model | [`fall_back`](Self::fall_back) | nothing yet; the end counts it |
///
/// It copies no text, and keeps at most 64 KiB.
///
/// ```
/// # use std::sync::Arc;
/// # use usage_core::Error;
/// # use usage_core::sink::{BatchOutcome, Sink};
/// # use usage_core::{LabelNames, Record};
/// # use usage_meter::{End, Meter};
/// # use usage_tracker::Tracker;
/// # struct Nowhere;
/// # impl Sink for Nowhere {
/// #     fn store(&mut self, batch: &[Record]) -> Result<BatchOutcome, Error> {
/// #         Ok(BatchOutcome::stored(batch.len() as u64))
/// #     }
/// # }
/// let tracker = Arc::new(Tracker::builder().start(Nowhere)?);
/// let names = LabelNames::new().with_instance("gateway-1").with_route("chat");
///
/// let mut meter = Meter::new(&tracker, names.with_provider("openai").with_model("gpt-5"))?;
/// // The first provider is overloaded.
/// meter.fall_back(names.with_provider("azure").with_model("gpt-5"))?;
/// meter.feed(br#"{"id":"chatcmpl-9nKfAbPYlWRcNm3vbEVoJg","model":"gpt-5-2026-08-01",
///     "usage":{"prompt_tokens":10,"completion_tokens":2,"total_tokens":12}}"#);
/// let recorded = meter.finish(End::Complete)?;
/// assert_eq!((recorded[0].part.counts.total(), recorded[0].part.fallbacks), (12, 1));
/// assert_eq!(tracker.stats().submitted, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "a meter that is dropped records its request as cancelled"]
pub struct Meter {
    tracker: Arc<Tracker>,
    request: RequestMeter,
    /// Under which names requests are sent, and from which attempt on. Never empty.
    routes: Vec<(u32, Handle)>,
    id: Option<EventId>,
    /// Says whether what answers is an error, whatever it says.
    has_failed: bool,
    /// What a gate of budgets gave for the request, until it is recorded.
    #[cfg(feature = "budgets")]
    permit: Option<Permit>,
}

impl Meter {
    /// Begins a request. The names are those that it is sent under; the model, which must be named,
    /// is the one that was asked for, and gives way to the one that answers.
    ///
    /// # Errors
    /// When a name is one that no record may have.
    pub fn new(tracker: &Arc<Tracker>, names: LabelNames<'_>) -> Result<Self, RecordError> {
        let handle = tracker.handle_for(names)?;
        Ok(Self {
            tracker: Arc::clone(tracker),
            request: RequestMeter::new("", Hints::new()),
            routes: vec![(0, handle)],
            id: None,
            has_failed: false,
            #[cfg(feature = "budgets")]
            permit: None,
        })
    }

    /// Keeps the permit that a [gate](usage_core::budget::Gate) of budgets gave for the request, and settles it when the
    /// request is recorded, whichever way that ends.
    #[cfg(feature = "budgets")]
    pub fn with_permit(mut self, permit: Permit) -> Self {
        self.permit = Some(permit);
        self
    }

    /// Sets the id of the event where the provider gives it none. It must be the gateway's own: of
    /// two requests of one id only one is recorded.
    pub fn with_id(mut self, id: EventId) -> Self {
        self.id = Some(id);
        self
    }

    /// Sets the dialect of the response, where it is known. [`usage_providers::detect`] knows it by
    /// host and path; what the response looks like goes before it.
    pub fn with_dialect(mut self, dialect: Dialect) -> Self {
        self.hint(|hints| hints.dialect = Some(dialect));
        self
    }

    /// Reads the next bytes of the response, uncompressed.
    pub fn feed(&mut self, chunk: &[u8]) {
        self.request.feed(chunk);
    }

    /// Gives the attempt up and begins another one, at the same provider.
    pub fn retry(&mut self) {
        self.has_failed = false;
        self.request.retry(Hints::new());
    }

    /// Gives the attempt up and begins another one, under other names.
    ///
    /// # Errors
    /// When a name is one that no record may have. The attempt then goes on.
    pub fn fall_back(&mut self, names: LabelNames<'_>) -> Result<(), RecordError> {
        let handle = self.tracker.handle_for(names)?;
        self.has_failed = false;
        self.request.fall_back(Hints::new());
        self.routes.push((self.request.attempt(), handle));
        Ok(())
    }

    /// Ends the request, records it, and returns what was recorded: the answer first.
    ///
    /// # Errors
    /// When the tracker did not take a record: the first of them.
    pub fn finish(mut self, end: End) -> Result<Vec<RequestPart>, HandleError> {
        self.record(end)
    }

    /// Ends the request where nobody waits for what becomes of its records: the tracker counts those
    /// that it does not take.
    #[cfg(feature = "http-body")]
    pub(crate) fn close(mut self, end: End) {
        self.record_or_warn(end);
    }

    /// Notes that what answers is an error, whatever it says.
    #[cfg(feature = "http-body")]
    pub(crate) const fn mark_failed(&mut self) {
        self.has_failed = true;
    }

    /// Adds to what is known of the response beforehand.
    pub(crate) fn hint(&mut self, add: impl FnOnce(&mut Hints)) {
        if let Some(hints) = self.request.hints_mut() {
            add(hints);
        }
    }

    fn record_or_warn(&mut self, end: End) {
        if let Err(HandleError::Invalid(error)) = self.record(end) {
            tracing::warn!(%error, "a request could not be recorded");
        }
    }

    fn record(&mut self, end: End) -> Result<Vec<RequestPart>, HandleError> {
        let end = if self.has_failed && end == End::Complete { End::Failed } else { end };
        let parts = self.request.end(end);
        let mut taken = Ok(());
        for (at, part) in parts.iter().enumerate() {
            taken = taken.and(self.record_part(part, at == 0));
        }
        #[cfg(feature = "budgets")]
        drop(self.permit.take());
        let malformed = self.request.malformed();
        if malformed > 0 && !parts.is_empty() {
            tracing::warn!(malformed, "events of a response could not be read");
        }
        taken.map(|()| parts)
    }

    fn record_part(&self, told: &RequestPart, is_answer: bool) -> Result<(), HandleError> {
        let RequestPart { part, revision, .. } = told;
        let route = self.routes.iter().rfind(|(since, _)| since <= revision);
        let Some((_, route)) = route else { return Ok(()) };
        let asked = route.labels().names();
        let handle = self.tracker.handle_for(part.names(asked))?;
        let usage = part.usage(handle.now()).with_revision(*revision);
        match self.event_id(part, is_answer) {
            Some(id) => handle.record_event(id, usage),
            None => handle.record_usage(usage),
        }?;
        #[cfg(feature = "budgets")]
        if let Some(permit) = &self.permit {
            let record = Record::new(handle.labels().clone(), usage)?;
            permit.count(&record, &*self.tracker);
        }
        Ok(())
    }

    fn event_id(&self, part: &Part, is_answer: bool) -> Option<EventId> {
        let own = part.response_id.as_deref().is_some_and(|id| id.len() >= LEAST_ID_BYTES);
        if own { part.event_id() } else { self.id.clone().filter(|_| is_answer) }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.record_or_warn(End::Cancelled);
    }
}

#[cfg(all(test, feature = "http-body"))]
mod tests {
    use usage_core::Error;
    #[cfg(not(feature = "budgets"))]
    use usage_core::Record;
    use usage_core::sink::{BatchOutcome, Sink};
    use usage_providers::Outcome;

    use super::*;

    struct Nowhere;

    impl Sink for Nowhere {
        fn store(&mut self, batch: &[Record]) -> Result<BatchOutcome, Error> {
            Ok(BatchOutcome::stored(batch.len() as u64))
        }
    }

    #[test]
    fn what_is_marked_as_failed_stays_so_until_the_next_attempt() {
        let tracker = Arc::new(Tracker::builder().start(Nowhere).unwrap());
        let names = LabelNames::new().with_instance("i").with_route("r").with_model("m");
        let outcome = |retried: bool| {
            let mut meter = Meter::new(&tracker, names).unwrap();
            meter.mark_failed();
            if retried {
                meter.retry();
            }
            meter.finish(End::Complete).unwrap()[0].part.outcome
        };
        assert_eq!((outcome(false), outcome(true)), (Outcome::Error, Outcome::Ok));
    }
}
