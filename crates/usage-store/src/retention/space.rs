//! Giving the space of what was deleted back to the file system.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use super::slices::{Pace, passive_checkpoint};
use crate::ledger::checkpoint::free_pages;
use crate::ledger::connect::set_busy_timeout;
use crate::ledger::file::{bytes, write_ahead_log};
use crate::{Result, Store};

/// The number of pages given back in the first transaction, and at most in one.
const PAGES: Pace = Pace::new(100, 2_000);

/// The time to wait for the readers that keep the file from shrinking. Writers wait meanwhile.
const SHRINK_PATIENCE: Duration = Duration::from_millis(30);

/// The ledger's size on disk, its write-ahead log included, before and after space was given
/// back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VacuumOutcome {
    /// Bytes on disk before.
    pub bytes_before: u64,
    /// Bytes on disk now. More than before is possible, while the file is kept from shrinking.
    pub bytes_after: u64,
    /// Somebody was in the middle of reading or writing, so that the file could not shrink, or
    /// not by all there is. A later [`vacuum`](Store::vacuum) catches up.
    pub is_held_back: bool,
}

impl VacuumOutcome {
    /// The bytes that the file system got back.
    #[must_use]
    pub const fn bytes_given_back(&self) -> u64 {
        self.bytes_before.saturating_sub(self.bytes_after)
    }
}

impl Store {
    /// Gives the space of deleted records back to the file system, in short transactions, so
    /// that other processes can write meanwhile.
    ///
    /// Readers that are in the middle of a report keep the file from shrinking until they are
    /// done; a later call catches up.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn vacuum(&self) -> Result<VacuumOutcome> {
        self.give_back(bytes_on_disk(self.path()))
    }

    pub(super) fn give_back(&self, bytes_before: u64) -> Result<VacuumOutcome> {
        let patience = self.busy_timeout();
        self.in_slices("give space back from", PAGES, free_pages, &mut |_| {})?;
        let is_held_back = self.write("give space back from", |writer| {
            let connection = &writer.ledger.connection;
            // What is left for the last step, for which writers have to wait, is little.
            passive_checkpoint(connection)?;
            Ok(shrink(connection, patience)?)
        })?;
        Ok(VacuumOutcome { bytes_before, bytes_after: bytes_on_disk(self.path()), is_held_back })
    }
}

/// Makes the file as small as the ledger has become, which happens at a checkpoint; says whether
/// somebody is in the way.
fn shrink(connection: &Connection, patience: Duration) -> rusqlite::Result<bool> {
    set_busy_timeout(connection, SHRINK_PATIENCE.min(patience))?;
    // A row that says "busy" is no error: somebody is reading what would be cut off.
    let result = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
        row.get::<_, i64>(0).map(|busy| busy != 0)
    });
    set_busy_timeout(connection, patience)?;
    result
}

pub(super) fn bytes_on_disk(path: &Path) -> u64 {
    bytes(path) + bytes(&write_ahead_log(path))
}
