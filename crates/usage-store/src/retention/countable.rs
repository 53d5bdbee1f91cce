//! A range that reports can count where only sums are left.

use usage_core::{TimeRange, Timestamp};

use super::steps::cut;
use crate::{Result, Store};

impl Store {
    /// A range whose ends are moved to the next whole quarter of an hour where they would cut one of
    /// which only sums are left; else as it is. For periods that end or begin at now, whose ends are
    /// on no quarter of an hour: a report of the range that comes back is not refused for its ends.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let store = usage_store::Store::open(folder.path().join("usage.db"))?;
    /// use usage_core::TimeRange;
    ///
    /// assert_eq!(store.countable(TimeRange::ALL)?, TimeRange::ALL);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn countable(&self, range: TimeRange) -> Result<TimeRange> {
        self.read("read the ledger", |connection| {
            let moved = |edge: Option<Timestamp>| -> rusqlite::Result<Option<Timestamp>> {
                let Some(at) = edge else { return Ok(None) };
                Ok(Some(cut(connection, at)?.map_or(at, |[_, next]| next)))
            };
            Ok(TimeRange { start: moved(range.start)?, end: moved(range.end)? })
        })
    }
}
