//! The trait of who reads a source, and what it gives.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::path::Path;

use usage_core::Record;
use usage_core::sink::{self, RefusalReason};
use usage_store::Store;

use crate::error::ImportError;

/// Reads a source of records, batch by batch, for [`run`](crate::run).
pub trait Importer {
    /// Returns the name under which a ledger remembers the source: its kind, a colon, and what tells it from
    /// others of its kind. `None` for a source that is read once, from its start to its end, and of which the
    /// ledger remembers nothing.
    fn source(&self) -> Option<String>;

    /// Returns the place up to which a cursor has dealt with the source; `None` where the source is not the
    /// one of which the cursor speaks, as it was made again: then all is read from the start.
    ///
    /// # Errors
    /// When the source cannot be read.
    fn resume(&mut self, cursor: &[u8]) -> Result<Option<Place>, ImportError>;

    /// Reads what comes behind a cursor, or the start where there is none: about as much as may be written
    /// to the ledger at a time. Where the ledger remembers nothing of the source, there is never a cursor, and
    /// this goes on behind what it gave before.
    ///
    /// # Errors
    /// When the source cannot be read.
    fn read(&mut self, after: Option<&[u8]>) -> Result<Batch, ImportError>;

    /// Returns whether the source may have more than when it was read to its end: a look that costs next to
    /// nothing, for those who ask again and again. Always, by default.
    fn may_have_more(&mut self) -> bool {
        true
    }

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

/// Records that another program keeps in a place of its own.
pub trait Origin {
    /// Who reads it.
    type Importer: Importer;

    /// The name of the program.
    const PROGRAM: &'static str;

    /// The place where the program keeps it, below the home folder, unless a person says otherwise.
    const BELOW_HOME: &'static str;

    /// Says why nothing can be imported from a path, if so, before a ledger is made for it.
    ///
    /// # Errors
    /// As [`open`](Self::open), and for whatever is wrong with what is there as a whole.
    fn check(path: &Path) -> Result<(), ImportError>;

    /// Looks for what is at a path; it must not be the ledger.
    ///
    /// # Errors
    /// When there is nothing, or something else.
    fn open(path: &Path, store: &Store) -> Result<Self::Importer, ImportError>;
}

/// The items that were read at a time.
#[derive(Debug, Default)]
pub struct Batch {
    /// The items that it holds, in order. Nothing, where the source has no more.
    pub items: Vec<Item>,
    /// The number of further items that were refused by the importer, which has told of them by itself.
    pub refused: u64,
    /// The parts that the source had and that nobody can read any more, in words.
    pub gaps: Vec<String>,
    /// The place where the source goes on behind it; `None` where that is where it went on before.
    pub cursor: Option<Vec<u8>>,
    /// The greatest number of items that come after it.
    pub left_at_most: u64,
    /// Says whether nothing comes after it for now.
    pub is_last: bool,
}

impl Batch {
    /// Returns whether there is anything to store: records, or how far the source is read.
    pub(crate) fn has_moved(&self) -> bool {
        !self.items.is_empty() || self.refused > 0 || self.cursor.is_some()
    }
}

/// A record of the source, or what could not become one.
#[derive(Debug)]
pub struct Item {
    /// The place where it stands.
    pub place: Place,
    /// The record, or why there is none.
    pub record: Result<Record, Refusal>,
}

/// The place where an item stands in its source, in the order of reading.
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

/// The reason why an item did not become a record of the ledger.
#[derive(Debug)]
pub struct Refusal(Why);

#[derive(Debug)]
enum Why {
    Item(Box<dyn Error + Send + Sync>),
    Ledger(sink::Refusal, Box<Record>),
}

impl Refusal {
    /// Wraps what is wrong with an item.
    pub fn new(why: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Why::Item(why.into()))
    }

    pub(crate) fn of_ledger(refusal: sink::Refusal, record: Record) -> Self {
        Self(Why::Ledger(refusal, Box::new(record)))
    }

    /// Returns why the ledger refuses it; `None` where it is no record at all.
    #[must_use]
    pub fn reason(&self) -> Option<RefusalReason> {
        self.by_ledger().map(|(_, refusal)| refusal.reason)
    }

    /// Returns the record that the ledger refuses, and what it says; `None` where it is no record at all.
    #[must_use]
    pub fn by_ledger(&self) -> Option<(&Record, &sink::Refusal)> {
        match &self.0 {
            Why::Item(_) => None,
            Why::Ledger(refusal, record) => Some((record, refusal)),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Why::Item(why) => why.fmt(f),
            // A ledger refuses on and on what is too old; an import tells of what is new to it.
            Why::Ledger(refusal, _) if refusal.reason == RefusalReason::BeforeHorizon => f.write_str(
                "it is older than what was pruned from the ledger; what no import has seen yet is \
                 quarantined",
            ),
            Why::Ledger(refusal, record) => f.write_str(&refusal.of(record)),
        }
    }
}
