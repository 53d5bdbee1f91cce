//! The way in which a ledger is examined.

use usage_core::Timestamp;

/// The thoroughness with which a ledger is examined. Either way every record is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Depth {
    /// All that SQLite can check (`PRAGMA integrity_check`), and all rollups.
    Full,
    /// All that SQLite can check, and the rollups of the last 40 days, or of the last million records
    /// if that is less. Rollups are written together with their records, so that those of long ago
    /// have hardly become wrong since they were compared last.
    #[default]
    Usual,
    /// As [`Usual`](Self::Usual), without comparing indexes with their tables
    /// (`PRAGMA quick_check`) and the known event ids with the records, which is most of the work on
    /// a large ledger whose records have event ids.
    Quick,
}

/// The way in which a ledger is examined. Made of a [`Depth`] where nothing else is to be said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExamineOptions {
    /// The thoroughness of the examination.
    pub depth: Depth,
    /// The instant taken for now: with it, whatever lies far from now is reported, records and an instant before which the
    /// ledger refuses them.
    pub now: Option<Timestamp>,
}

impl ExamineOptions {
    /// Returns the options for examining so thoroughly, without a now.
    #[must_use]
    pub const fn new(depth: Depth) -> Self {
        Self { depth, now: None }
    }

    /// Sets what is taken for now.
    #[must_use]
    pub const fn with_now(self, now: Timestamp) -> Self {
        Self { now: Some(now), ..self }
    }
}

impl From<Depth> for ExamineOptions {
    fn from(depth: Depth) -> Self {
        Self::new(depth)
    }
}
