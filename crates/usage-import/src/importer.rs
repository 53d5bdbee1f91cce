//! The trait of who reads a source, and what it gives.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;

use usage_core::Record;
use usage_core::sink::RefusalReason;

use crate::error::ImportError;

/// Reads a source of records, batch by batch, for [`run`](crate::run).
pub trait Importer {
    /// Returns the name under which a ledger remembers the source: its kind, a colon, and what tells it from
    /// others of its kind.
    fn source(&self) -> String;

    /// Returns the place up to which a cursor has dealt with the source; `None` where the source is not the
    /// one of which the cursor speaks, as it was made again: then all is read from the start.
    ///
    /// # Errors
    /// When the source cannot be read.
    fn resume(&mut self, cursor: &[u8]) -> Result<Option<Place>, ImportError>;

    /// Reads what comes behind a cursor, or the start where there is none: about as much as may be written
    /// to the ledger at a time.
    ///
    /// # Errors
    /// When the source cannot be read.
    fn read(&mut self, after: Option<&[u8]>) -> Result<Batch, ImportError>;

    /// Returns how often each of these records occurs before the batch that was read last, where the source
    /// has no event ids and its records are told by their content. `None`, as by default, where they are
    /// told by their event ids alone.
    ///
    /// # Errors
    /// When the source cannot be read.
    fn occurrences(
        &mut self,
        _records: &[Record],
    ) -> Result<Option<HashMap<Record, u64>>, ImportError> {
        Ok(None)
    }
}

/// What was read at a time.
#[derive(Debug)]
pub struct Batch {
    /// What it holds, in order. Nothing, where the source has no more.
    pub items: Vec<Item>,
    /// Where the source goes on behind it.
    pub cursor: Vec<u8>,
    /// How many items come after it at most.
    pub left_at_most: u64,
    /// Whether nothing comes after it for now.
    pub is_last: bool,
}

/// A record of the source, or what could not become one.
#[derive(Debug)]
pub struct Item {
    /// Where it stands.
    pub place: Place,
    /// What it is.
    pub record: Result<Record, Refusal>,
}

/// Where an item stands in its source, in the order of reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Place {
    /// The row of a table with that id.
    Row(i64),
    /// A line of a file, from 1.
    Line(u64),
}

/// As a complaint names it behind the source.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Row(id) => write!(f, "row {id}"),
            Self::Line(number) => write!(f, "{number}"),
        }
    }
}

/// Why an item did not become a record of the ledger.
#[derive(Debug)]
pub struct Refusal(Why);

#[derive(Debug)]
enum Why {
    Item(Box<dyn Error + Send + Sync>),
    Ledger(RefusalReason),
}

impl Refusal {
    /// Wraps what is wrong with an item.
    pub fn new(why: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Why::Item(why.into()))
    }

    pub(crate) const fn of_ledger(reason: RefusalReason) -> Self {
        Self(Why::Ledger(reason))
    }

    /// Returns why the ledger refuses it; `None` where it is no record at all.
    #[must_use]
    pub const fn reason(&self) -> Option<RefusalReason> {
        match self.0 {
            Why::Item(_) => None,
            Why::Ledger(reason) => Some(reason),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Why::Item(why) => why.fmt(f),
            // A ledger refuses on and on what is too old; an import tells of what is new to it.
            Why::Ledger(RefusalReason::BeforeHorizon) => f.write_str(
                "it is older than what was pruned from the ledger; what no import has seen yet is \
                 quarantined",
            ),
            Why::Ledger(reason) => reason.fmt(f),
        }
    }
}
