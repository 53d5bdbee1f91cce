//! Deleting everything.

use rusqlite::Connection;
use usage_core::{TimeRange, Timestamp};

use super::extent::extent;
use super::progress::Progress;
use super::steps::kept_in;
use crate::error::ReadError;
use crate::ledger::{deleted, retained};
use crate::rollups::{self, Seen, Totals, total};
use crate::write::{event_ids, quarantine};
use crate::{Result, Store};

/// The plan of deleting everything, with what it would delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteAllPlan {
    /// The number of records.
    pub records: u64,
    /// The oldest of them.
    pub oldest: Option<Timestamp>,
    /// The newest of them.
    pub newest: Option<Timestamp>,
    /// Of how many quarters of an hour only rollups are left.
    pub rollups: u64,
    /// The number of requests that these rollups count.
    pub requests: u64,
    /// The time when the first of these quarters begins, and the last one ends.
    pub summed: Option<[Timestamp; 2]>,
    /// The number of records in quarantine.
    pub quarantined: u64,
}

impl DeleteAllPlan {
    /// Returns what deleting everything would delete: a plan for [`Store::delete`].
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn new(store: &Store) -> Result<Self> {
        store.read("read the ledger", |connection| {
            let (records, oldest, newest) = extent(connection, "", [])?;
            let kept = kept_in(connection, &(i64::MIN..i64::MAX))?;
            let (rollups, requests, summed) = (kept.quarters, kept.requests, kept.extent);
            let quarantined = quarantine::count(connection)?;
            Ok(Self { records, oldest, newest, rollups, requests, summed, quarantined })
        })
    }
}

impl Store {
    /// Deletes every record, every rollup, every name and all that is in quarantine, in one transaction.
    pub(super) fn delete_everything(
        &self,
        progress: &mut Progress,
        on_progress: &mut dyn FnMut(u64),
    ) -> Result<()> {
        *progress = self.write("delete all records from", |writer| {
            writer.ledger.write(|transaction, _| -> Result<_, ReadError> {
                let kept = kept_in(transaction, &(i64::MIN..i64::MAX))?;
                note_deleted(transaction)?;
                let deleted = transaction.execute("DELETE FROM records", [])?;
                transaction.execute_batch(
                    "DELETE FROM label_sets; DELETE FROM session_sums; DELETE FROM sessions; \
                     DELETE FROM tag_sets; DELETE FROM tellings; DELETE FROM amendments; \
                     DELETE FROM repricings",
                )?;
                rollups::clear(transaction)?;
                quarantine::clear(transaction)?;
                event_ids::clear(transaction)?;
                retained::clear(transaction)?;
                // The positions of journals stay: without them, what was stored and is deleted now
                // would be stored again.
                // Other processes remember ids of label sets: this tells them to forget.
                transaction
                    .execute("UPDATE ledger SET label_generation = label_generation + 1", [])?;
                let (rollups, requests) = (kept.quarters, kept.requests);
                Ok(Progress { records: deleted as u64, rollups, requests })
            })
        })?;
        on_progress(progress.records);
        Ok(())
    }
}

/// Keeps what all comes to, for whoever counts. Rollups that cannot be read stop nobody from deleting them.
fn note_deleted(connection: &Connection) -> rusqlite::Result<()> {
    let (mut totals, mut seen) = (Totals::default(), Seen::default());
    let read = total(connection, TimeRange::ALL, &mut totals, &mut seen)
        .and_then(|()| Ok(seen.check(connection)?));
    if read.is_ok() { deleted::add(connection, totals.drain()) } else { Ok(()) }
}
