//! Notifying others of what became of records: the callback, and events.

use std::panic::{AssertUnwindSafe, catch_unwind};

use usage_core::Record;
use usage_core::sink::{BatchOutcome, Refusal, RefusalReason};

use crate::call::message;

/// Called for each record that the sink refused.
pub(crate) type OnRefused = Box<dyn FnMut(&Record, &Refusal) + Send>;

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
