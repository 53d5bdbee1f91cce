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

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Level, Metadata, Subscriber};

    use super::*;

    /// Keeps the level of each event and the numbers that it tells.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<(Level, String, u64)>>>);

    impl Subscriber for Kept {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }
        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }
        fn record(&self, _: &Id, _: &Record<'_>) {}
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn event(&self, event: &Event<'_>) {
            event.record(&mut Numbers(*event.metadata().level(), self));
        }
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }

    struct Numbers<'a>(Level, &'a Kept);

    impl Visit for Numbers<'_> {
        fn record_u64(&mut self, field: &Field, value: u64) {
            self.1.0.lock().unwrap().push((self.0, field.name().to_owned(), value));
        }
        fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
    }

    /// What a sink refuses and keeps, and what it could not keep, is never silent.
    #[test]
    fn quarantined_and_lost_records_are_told_by_events() {
        let told = |reasons: &[RefusalReason]| {
            let refused = reasons.iter().enumerate();
            let refused = refused.map(|(index, reason)| Refusal::new(index, *reason)).collect();
            let kept = Kept::default();
            tracing::subscriber::with_default(kept.clone(), || {
                notify_refused(&mut None, &[], &BatchOutcome::default().with_refused(refused));
            });
            std::mem::take(&mut *kept.0.lock().unwrap())
        };
        let quarantined = |count| (Level::WARN, "quarantined".to_owned(), count);
        let lost = |count| (Level::ERROR, "lost".to_owned(), count);
        assert_eq!(told(&[RefusalReason::BeforeHorizon; 3]), [quarantined(3)]);
        assert_eq!(
            told(&[RefusalReason::ByDatabase, RefusalReason::QuarantineFull]),
            [quarantined(1), lost(1)]
        );
        assert_eq!(told(&[RefusalReason::EventIdConflict]), []);
    }
}
