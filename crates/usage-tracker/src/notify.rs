//! Calling the sink, and notifying others of what came of it: the callback, and events.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use usage_core::error::chain;
use usage_core::sink::{BatchOutcome, JournalSink, Refusal, RefusalReason, Sink};
use usage_core::{Error, ErrorKind, Record};

/// Called for each record that the sink refused.
pub(crate) type OnRefused = Box<dyn FnMut(&Record, &Refusal) + Send>;

/// A failure in words, and what kind it is.
pub(crate) type Failure = (ErrorKind, String);

/// Calls the sink. A panic counts as a failure: the contract is all or nothing, so nothing was
/// kept.
pub(crate) fn call<T>(act: impl FnOnce() -> Result<T, Error>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(act))
        .map_err(|panic| {
            let text = format!("the sink panicked: {}", message(&*panic));
            (ErrorKind::Other, text)
        })
        .and_then(|result| result.map_err(|error| (error.kind(), chain(&error))))
}

/// Returns the part of the sink that remembers how far journals are stored.
pub(crate) fn positions(sink: &mut dyn Sink) -> Result<&mut dyn JournalSink, Error> {
    sink.journal().ok_or_else(|| Error::other("the sink keeps no positions of journals any more"))
}

/// Notifies of each refused record of a batch.
pub(crate) fn notify_refused(
    on_refused: &mut Option<OnRefused>,
    batch: &[Record],
    outcome: &BatchOutcome,
) {
    let quarantined = quarantined(outcome);
    if quarantined > 0 {
        tracing::warn!(
            quarantined,
            "usage records were refused and are quarantined; is a clock wrong?"
        );
    }
    let full = |refusal: &&Refusal| refusal.reason == RefusalReason::QuarantineFull;
    let lost = outcome.refused.iter().filter(full).count();
    if lost > 0 {
        tracing::error!(lost, "usage records were refused and lost: the quarantine is full");
    }
    let Some(on_refused) = on_refused else { return };
    for refusal in &outcome.refused {
        if let Some(record) = batch.get(refusal.index) {
            let call = AssertUnwindSafe(|| on_refused(record, refusal));
            if let Err(panic) = catch_unwind(call) {
                tracing::error!(panic = message(&*panic), "the on_refused callback panicked");
            }
        }
    }
}

/// Returns how many records of a batch the sink has quarantined.
pub(crate) fn quarantined(outcome: &BatchOutcome) -> usize {
    outcome.refused.iter().filter(|refusal| refusal.reason.is_quarantined()).count()
}

/// Notifies that a sink did not account for its batch. Returns the words.
pub(crate) fn notify_unexplained(batch: u64, outcome: &BatchOutcome, unexplained: u64) -> String {
    let spoken_of = outcome.total();
    let error = format!("the sink's outcome speaks of {spoken_of} records for a batch of {batch}");
    tracing::error!(batch, unexplained, "{error}");
    error
}

/// Notifies that records were lost, if any were.
pub(crate) fn notify_lost(lost: usize, error: Option<&str>) {
    if lost > 0 {
        tracing::error!(lost, error, "usage records were lost: the tracker could not store them");
    }
}

/// Returns the text of a panic.
pub(crate) fn message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
