//! Counts of what came in since the server started, so that what is not known is seen by name.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};
use usage_core::record::UnknownFields;
use usage_core::sink::{Refusal, RefusalReason};

use crate::batch::{Batch, Seen};

/// Sources that are told apart; more are counted together.
const MOST_SOURCES: usize = 200;
/// The name for those.
const OTHERS: &str = "(other)";

/// Counts of what came in.
#[derive(Debug, Default)]
pub(crate) struct Received(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    sources: BTreeMap<String, Seen>,
    not_added: UnknownFields,
    unknown: UnknownFields,
    refused: BTreeMap<&'static str, u64>,
}

impl Received {
    /// Counts in a batch that was taken.
    pub(crate) fn add(&self, batch: &Batch) {
        let counts = &mut *self.lock();
        for (instance, seen) in &batch.sources {
            let is_known = counts.sources.contains_key(instance);
            let has_room = counts.sources.len() < MOST_SOURCES;
            let name = if is_known || has_room { instance.as_str() } else { OTHERS };
            counts.sources.entry(name.to_owned()).or_default().merge(seen);
        }
        counts.not_added.merge(&batch.not_added);
        counts.unknown.merge(&batch.unknown);
    }

    /// Counts a record that the ledger refused later.
    pub(crate) fn refused(&self, refusal: &Refusal) {
        *self.lock().refused.entry(word(refusal.reason)).or_default() += 1;
    }

    /// Returns the counts of each source.
    pub(crate) fn sources(&self) -> Vec<(String, Seen)> {
        self.lock().sources.iter().map(|(name, seen)| (name.clone(), *seen)).collect()
    }

    /// Returns all of it, as status shows it.
    pub(crate) fn to_json(&self) -> Value {
        let counts = self.lock();
        let sources = counts.sources.iter().map(|(instance, seen)| {
            json!({
                "instance": instance,
                "records": seen.records,
                "rejected": seen.rejected,
                "totals": seen.totals,
                "other": seen.other,
                "metrics": seen.metrics,
            })
        });
        json!({
            "sources": sources.collect::<Vec<_>>(),
            "not_added": by_name(&counts.not_added),
            "unknown_names": by_name(&counts.unknown),
            "refused_by_ledger": counts.refused,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn by_name(names: &UnknownFields) -> Value {
    let known: Map<_, _> =
        names.by_name().map(|(name, count)| (name.to_owned(), count.into())).collect();
    json!({ "by_name": known, "others": names.others() })
}

const fn word(reason: RefusalReason) -> &'static str {
    match reason {
        RefusalReason::EventIdConflict => "conflict",
        RefusalReason::EventIdDeleted => "deleted",
        RefusalReason::BeforeHorizon => "before_horizon",
        RefusalReason::QuarantineFull => "quarantine_full",
        _ => "by_database",
    }
}
