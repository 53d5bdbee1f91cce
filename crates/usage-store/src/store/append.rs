//! Appending what comes next from a source: its records, and how far it is stored, in one transaction.

use rusqlite::Connection;
use usage_core::Record;
use usage_core::sink::BatchOutcome;

use crate::Store;
use crate::error::{ReadError, Result};
use crate::write::append::{Append, Appended, Broken};
use crate::write::sources::{self, Source};

impl Store {
    /// Returns how far a source is stored; `None` where nothing of it ever was.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn source(&self, name: &str) -> Result<Option<Source>> {
        self.read("read the ledger", |connection| {
            sources::read(connection, name).map_err(ReadError::from)
        })
    }

    /// Appends what comes next from a source, and moves the source, whole or not at all: however often
    /// and by however many the same is appended, it is stored once.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let store = usage_store::Store::open(folder.path().join("usage.db"))?;
    /// use usage_store::{Append, Appended};
    ///
    /// let next = Append {
    ///     source: "file:/var/log/gateway.ndjson",
    ///     from: None,
    ///     to: b"1024",
    ///     counts: Default::default(),
    ///     records: &[],
    ///     known: Default::default(),
    /// };
    /// assert!(matches!(store.append(&next)?, Appended::Stored(..)));
    /// assert!(matches!(store.append(&next)?, Appended::Moved(Some(_))));
    /// assert_eq!(store.source(next.source)?.unwrap().cursor, b"1024");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`insert_batch`](Self::insert_batch).
    pub fn append(&self, append: &Append<'_>) -> Result<Appended> {
        let mut lacking: Vec<usize> = (0..append.records.len()).collect();
        loop {
            let whole = lacking.len() == append.records.len();
            let some: Vec<Record>;
            let batch = if whole {
                append.records
            } else {
                some = lacking.iter().map(|&index| append.records[index].clone()).collect();
                &some
            };
            let first = |connection: &Connection| append.begin(connection, &lacking);
            let last = |connection: &Connection, outcome: BatchOutcome| {
                let outcome = append.outcome_of(&outcome, &lacking, connection)?;
                let counts = append.counts.plus(&outcome);
                if append.from == Some(append.to) {
                    sources::count(connection, append.source, counts)?;
                } else {
                    sources::advance(connection, append.source, append.to, Some(counts))?;
                }
                let source = Source { cursor: append.to.to_vec(), counts };
                Ok(Appended::Stored(outcome, source))
            };
            match self.insert_batch_between(batch, first, last) {
                Ok(appended) | Err(Broken::Appended(appended)) => return Ok(appended),
                Err(Broken::Lacking(others)) => lacking = others,
                Err(Broken::Failed(error)) => return Err(error),
            }
        }
    }
}
