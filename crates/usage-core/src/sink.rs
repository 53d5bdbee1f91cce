//! Where batches of records go: the one thing that a writer of records and a keeper of records
//! must agree on. It lives here so that neither depends on the other.

use std::error::Error;
use std::fmt;

use crate::Record;

/// Takes batches of records for good.
///
/// ```
/// use usage_core::Record;
/// use usage_core::sink::{BatchOutcome, Sink, SinkError};
///
/// /// Keeps everything in memory.
/// struct InMemory(Vec<Record>);
///
/// impl Sink for InMemory {
///     fn store(&mut self, batch: &[Record]) -> Result<BatchOutcome, SinkError> {
///         self.0.extend_from_slice(batch);
///         Ok(BatchOutcome { stored: batch.len() as u64, ..BatchOutcome::default() })
///     }
/// }
/// ```
pub trait Sink: Send {
    /// Stores the batch, whole or not at all: after an error nothing of it is kept, and the same
    /// batch may be given again.
    ///
    /// Each record ends in exactly one of the outcome's three counts.
    ///
    /// # Errors
    /// When the batch could not be stored now. The caller keeps it and tries again.
    fn store(&mut self, batch: &[Record]) -> Result<BatchOutcome, SinkError>;
}

/// What became of the records of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchOutcome {
    /// Stored now.
    pub stored: u64,
    /// Not stored again: the same event id with the same content was there already.
    pub duplicates: u64,
    /// Not stored, and why.
    pub refused: Vec<Refusal>,
}

impl BatchOutcome {
    /// How many records it speaks of.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.stored + self.duplicates + self.refused.len() as u64
    }
}

/// A record that was not stored, because of what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its place in the batch, from 0.
    pub index: usize,
    /// Why.
    pub reason: RefusalReason,
}

/// Why a keeper of records refuses one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusalReason {
    /// The event id is known, with other content.
    EventIdConflict,
}

impl fmt::Display for RefusalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EventIdConflict => {
                f.write_str("the event_id is known for this instance_id, with different content")
            }
        }
    }
}

/// Why a batch could not be stored now.
#[derive(Debug)]
pub struct SinkError(Box<dyn Error + Send + Sync>);

impl SinkError {
    /// Wraps the keeper's own error.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}

impl fmt::Display for SinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Error for SinkError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}
