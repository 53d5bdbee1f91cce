//! Deleting everything.

use usage_core::Timestamp;

use super::extent;
use super::prune::Deletion;
use super::space::bytes_on_disk;
use crate::{Result, Store, event_ids, retained, set_aside, sums};

/// What deleting everything would delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeleteAllPlan {
    /// How many records there are.
    pub records: u64,
    /// The oldest of them.
    pub oldest: Option<Timestamp>,
    /// The newest of them.
    pub newest: Option<Timestamp>,
}

impl Store {
    /// What [`delete_all`](Self::delete_all) would delete.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn plan_delete_all(&self) -> Result<DeleteAllPlan> {
        self.read("read the ledger", |connection| {
            let (records, oldest, newest) = extent(connection, "", [])?;
            Ok(DeleteAllPlan { records, oldest, newest })
        })
    }

    /// Deletes every record, every sum, every name and all that was set aside, in one transaction,
    /// and gives the space back. Records of any age are taken again from then on; how long they
    /// are to be kept stays as it was [stated](Self::set_retention).
    ///
    /// What waits in journals is [stored before](Self::recover_journals) and deleted with the rest.
    /// What a running process has taken but not stored yet is stored by it later.
    ///
    /// # Errors
    /// When the ledger cannot be written, or what waits in a journal cannot be stored. Nothing was
    /// deleted then, unless giving the space back is what failed.
    pub fn delete_all(&self) -> Result<Deletion> {
        // First, so that nothing that is deleted comes back.
        self.recover_all_journals()?;
        let bytes_before = bytes_on_disk(self.path());
        let records = self.write("delete all records from", |writer| {
            writer.ledger.write(|transaction, _| {
                let deleted = transaction.execute("DELETE FROM records", [])?;
                transaction.execute("DELETE FROM label_sets", [])?;
                sums::clear(transaction)?;
                set_aside::clear(transaction)?;
                event_ids::clear(transaction)?;
                retained::clear(transaction)?;
                // The positions of journals stay: without them, what was stored and is deleted now
                // would be stored again.
                // Other processes remember ids of label sets: this tells them to forget.
                transaction
                    .execute("UPDATE ledger SET label_generation = label_generation + 1", [])?;
                Ok(deleted as u64)
            })
        })?;
        Ok(Deletion { records, sums: 0, space: self.give_back(bytes_before)? })
    }

    /// Deletes every record and every name, gives the space back, and returns how many records
    /// they were.
    ///
    /// # Errors
    /// As [`delete_all`](Self::delete_all).
    pub fn delete_all_records(&self) -> Result<u64> {
        Ok(self.delete_all()?.records)
    }
}
