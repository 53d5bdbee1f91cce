//! What comes of one body: its records, and what of it is none.

use std::collections::BTreeMap;

use usage_core::Record;
use usage_core::record::UnknownFields;

use crate::otlp::Signal;

/// Reasons that an answer gives at most.
const MOST_REASONS: usize = 5;

/// The records that a body tells of, and what of it is none.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Batch {
    /// The signal, if it is telemetry; `None` where it does not say which.
    pub signal: Option<Signal>,
    /// The records.
    pub records: Vec<Record>,
    /// The number of records that were taken; 0 before.
    pub accepted: u64,
    /// The number of items that should be records and are none.
    pub rejected: u64,
    /// What was wrong with the first of those.
    pub reasons: Vec<String>,
    /// What there was of each source.
    pub sources: BTreeMap<String, Seen>,
    /// Events, spans and metrics that tell of no request, or of those again, by their names.
    pub not_added: UnknownFields,
    /// Attributes that look like counts and are in no table, and fields that no record has, by their names.
    pub unknown: UnknownFields,
}

/// Counts of what there was of one source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Seen {
    /// Records.
    pub records: u64,
    /// Items that should be records and are none.
    pub rejected: u64,
    /// Events and spans with counts that are totals, or tell of the same requests again.
    pub totals: u64,
    /// Events and spans about something else.
    pub other: u64,
    /// Metrics.
    pub metrics: u64,
}

impl Seen {
    /// Counts in what there was elsewhere.
    pub(crate) const fn merge(&mut self, other: &Self) {
        self.records += other.records;
        self.rejected += other.rejected;
        self.totals += other.totals;
        self.other += other.other;
        self.metrics += other.metrics;
    }
}

impl Batch {
    /// Returns the counts of a source.
    pub(crate) fn source(&mut self, instance: &str) -> &mut Seen {
        self.sources.entry(instance.to_owned()).or_default()
    }

    /// Adds a record.
    pub(crate) fn add(&mut self, record: Record) {
        let instance = record.names().get(usage_core::Label::Instance).to_owned();
        self.source(&instance).records += 1;
        self.records.push(record);
    }

    /// Counts an item that should be a record and is none.
    pub(crate) fn reject(&mut self, instance: &str, why: String) {
        self.source(instance).rejected += 1;
        self.rejected += 1;
        if self.reasons.len() < MOST_REASONS {
            self.reasons.push(why);
        }
    }

    /// Returns in one line what was wrong; nothing where nothing was.
    pub(crate) fn complaint(&self) -> Option<String> {
        let rest = self.rejected.saturating_sub(self.reasons.len() as u64);
        let more = if rest > 0 { format!("; and {rest} more") } else { String::new() };
        (self.rejected > 0).then(|| self.reasons.join("; ") + &more)
    }
}
