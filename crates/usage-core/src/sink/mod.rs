//! The places where batches of records go: the one thing that a writer of records and a keeper of records
//! must agree on. It lives here so that neither depends on the other.

use std::fmt;

use crate::record::Conflict;
use crate::{Error, Record};

mod damage;
mod journal;
mod progress;

pub use damage::{Damage, DamageReason};
pub use journal::{JournalSink, LedgerId, Position, Replay, ReplayOutcome, SegmentId};
pub use progress::Progress;

/// Takes batches of records for good.
///
/// ```
/// use usage_core::sink::{BatchOutcome, Sink};
/// use usage_core::{Error, Record};
///
/// /// Keeps everything in memory.
/// struct InMemory(Vec<Record>);
///
/// impl Sink for InMemory {
///     fn store(&mut self, batch: &[Record]) -> Result<BatchOutcome, Error> {
///         self.0.extend_from_slice(batch);
///         Ok(BatchOutcome::stored(batch.len() as u64))
///     }
/// }
/// ```
pub trait Sink: Send {
    /// Stores the batch, whole or not at all: after an error nothing of it is kept, and the same
    /// batch may be given again.
    ///
    /// Each record ends in exactly one of the outcome's four counts.
    ///
    /// # Errors
    /// When the batch could not be stored now. The caller keeps it and tries again.
    fn store(&mut self, batch: &[Record]) -> Result<BatchOutcome, Error>;

    /// The part of this sink that remembers how far journals are stored, if it has one. A writer of
    /// records then keeps a journal in front of it, so that nothing is lost when the process is
    /// killed or the sink fails for long.
    fn journal(&mut self) -> Option<&mut dyn JournalSink> {
        None
    }

    /// Returns what is wrong with the sink though it stores, in words for an operator: for example that
    /// its log cannot be brought into its file, and grows. A writer of records asks after each batch, so
    /// this must be cheap. `None`, the default, when nothing is.
    fn warning(&mut self) -> Option<String> {
        None
    }
}

/// The fate of each record of a batch, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BatchOutcome {
    /// Stored now.
    pub stored: u64,
    /// Told more of an event that was there already: its row says so now, and counts once.
    pub amended: u64,
    /// Not stored again: the event was there already, and the record says nothing new of it.
    pub duplicates: u64,
    /// Not stored, and why.
    pub refused: Vec<Refusal>,
}

impl BatchOutcome {
    /// Returns the outcome of a batch of which so many were stored and no others were there.
    #[must_use]
    pub const fn stored(count: u64) -> Self {
        Self { stored: count, amended: 0, duplicates: 0, refused: Vec::new() }
    }

    /// With so many that told more of events that were there already.
    #[must_use]
    pub fn with_amended(self, count: u64) -> Self {
        Self { amended: count, ..self }
    }

    /// With so many that were there already.
    #[must_use]
    pub fn with_duplicates(self, count: u64) -> Self {
        Self { duplicates: count, ..self }
    }

    /// With these that were refused.
    #[must_use]
    pub fn with_refused(self, refused: Vec<Refusal>) -> Self {
        Self { refused, ..self }
    }

    /// Returns the number of records it speaks of.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.stored + self.amended + self.duplicates + self.refused.len() as u64
    }
}

/// A record that was not stored, because of what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// Its place in the batch, from 0.
    pub index: usize,
    /// The reason.
    pub reason: RefusalReason,
    /// In what it contradicts what is known, for [`RefusalReason::EventIdConflict`].
    pub conflict: Option<Conflict>,
}

impl Refusal {
    /// A refusal of the record at that place of the batch.
    #[must_use]
    pub const fn new(index: usize, reason: RefusalReason) -> Self {
        Self { index, reason, conflict: None }
    }

    /// A refusal of the record at that place of the batch, as it contradicts what is known of its event.
    #[must_use]
    pub const fn contradicting(index: usize, conflict: Conflict) -> Self {
        let conflict = Some(conflict);
        Self { index, reason: RefusalReason::EventIdConflict, conflict }
    }

    /// Returns the reason in words that name the event of the refused record, and what it contradicts.
    ///
    /// ```
    /// use usage_core::record::Conflict;
    /// use usage_core::sink::Refusal;
    /// # use usage_core::{EventId, LabelNames, Labels, Measure, Record, Timestamp, TokenCounts, Usage};
    /// # let names = LabelNames::new().with_instance("i").with_route("r").with_model("m");
    /// # let usage = Usage::new(TokenCounts::new().with_output(12), Timestamp::from_micros(0));
    /// # let record = Record::new(Labels::new(names)?, usage)?.with_event_id(EventId::new("msg_1")?);
    /// let conflict = Conflict::new(Measure::Output, 10, 12);
    /// assert_eq!(
    ///     Refusal::contradicting(0, conflict).of(&record),
    ///     "the event_id \"msg_1\" is known for this instance_id, with different counts: \
    ///      output_tokens is known to be 10, not 12",
    /// );
    /// # Ok::<(), usage_core::RecordError>(())
    /// ```
    #[must_use]
    pub fn of(&self, record: &Record) -> String {
        match (self.conflict, record.event_id()) {
            (Some(conflict), Some(id)) => format!(
                "the event_id {:?} is known for this instance_id, with different counts: {conflict}",
                id.as_str()
            ),
            _ => self.reason.to_string(),
        }
    }
}

/// The reason why a keeper of records refuses one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusalReason {
    /// The event id is known, and both tellings claim to be reported, of one revision, with different counts.
    EventIdConflict,
    /// The event id is known, but its record was deleted while what it counted for was kept: it
    /// would be counted twice.
    EventIdDeleted,
    /// It is older than what the ledger still takes: records as old were deleted, and one that
    /// comes again would be counted twice. The keeper has quarantined it, to be tried again.
    BeforeHorizon,
    /// As [`BeforeHorizon`](Self::BeforeHorizon), but the quarantine is full: the record is lost.
    QuarantineFull,
    /// The ledger's database refuses this very record, for a reason of its own: a trigger or a
    /// constraint that somebody has added. The keeper has quarantined it, with that reason.
    ByDatabase,
}

impl RefusalReason {
    /// Returns whether the keeper has kept the record apart, so that it can be tried again.
    #[must_use]
    pub const fn is_quarantined(self) -> bool {
        matches!(self, Self::BeforeHorizon | Self::ByDatabase)
    }
}

impl fmt::Display for RefusalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EventIdConflict => {
                f.write_str("the event_id is known for this instance_id, with different counts")
            }
            Self::EventIdDeleted => {
                f.write_str("the event_id is known for this instance_id, its record was deleted")
            }
            Self::BeforeHorizon => {
                f.write_str("it is older than what was pruned from the ledger; it is quarantined")
            }
            Self::QuarantineFull => f.write_str(
                "it is older than what was pruned from the ledger, and the quarantine is full",
            ),
            Self::ByDatabase => f.write_str("the database refuses it; it is set aside"),
        }
    }
}
