//! Deleting records, and giving the space back.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension, params};
use usage_core::Timestamp;

use crate::at_rest::write_ahead_log;
use crate::open::set_busy_timeout;
use crate::transaction::{self, WriteError};
use crate::{Result, Store};

/// How many records a prune deletes in one transaction, so that other writers get their turn.
const SLICE: i64 = 5_000;

/// How many pages are given back in one transaction.
const PAGES: i64 = 1_000;

/// A slice that had to wait for others itself need not wait for them again.
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// How long to wait for the readers that keep the file from shrinking. Writers wait meanwhile.
const SHRINK_PATIENCE: Duration = Duration::from_millis(50);

/// What a prune would delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrunePlan {
    /// Everything older than this goes; this very instant stays.
    pub before: Timestamp,
    /// How many records that is.
    pub records: u64,
    /// The oldest of them.
    pub oldest: Option<Timestamp>,
    /// The newest of them.
    pub newest: Option<Timestamp>,
}

/// The ledger's size on disk, its write-ahead log included, before and after space was given
/// back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VacuumOutcome {
    /// Bytes on disk before.
    pub bytes_before: u64,
    /// Bytes on disk now. More than before is possible, while readers keep the file from
    /// shrinking.
    pub bytes_after: u64,
}

impl Store {
    /// What [`prune_records`](Self::prune_records) would delete.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let store = usage_store::Store::open(folder.path().join("usage.db"))?;
    /// use usage_core::Timestamp;
    ///
    /// let plan = store.plan_prune(Timestamp::from_micros(1_777_787_761_000_000))?;
    /// if plan.records > 0 {
    ///     assert!(store.prune_records(plan.before)? >= plan.records);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn plan_prune(&self, before: Timestamp) -> Result<PrunePlan> {
        self.read("read the ledger", |connection| {
            let (records, oldest, newest): (i64, Option<i64>, Option<i64>) = connection.query_row(
                "SELECT count(*), min(ts), max(ts) FROM records WHERE ts < ?1",
                [before.as_micros()],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )?;
            Ok(PrunePlan {
                before,
                records: records.unsigned_abs(),
                oldest: oldest.map(Timestamp::from_micros),
                newest: newest.map(Timestamp::from_micros),
            })
        })
    }

    /// Deletes the records older than `before`, gives the space back, and returns how many they
    /// were. Works in short transactions, so that other processes can write meanwhile.
    ///
    /// # Errors
    /// When the ledger cannot be written. What was deleted until then stays deleted.
    pub fn prune_records(&self, before: Timestamp) -> Result<u64> {
        let deleted = self.in_slices("delete records from", |connection| {
            transaction::write(connection, |transaction, _| delete_slice(transaction, before))
        })?;
        self.vacuum()?;
        Ok(deleted)
    }

    /// Deletes every record and every name, gives the space back, and returns how many records
    /// they were.
    ///
    /// # Errors
    /// When the ledger cannot be written. Nothing was deleted then, unless giving the space back
    /// is what failed.
    pub fn delete_all_records(&self) -> Result<u64> {
        let deleted = self.write("delete all records from", |connection| {
            transaction::write(connection, |transaction, _| {
                let deleted = transaction.execute("DELETE FROM records", [])?;
                transaction.execute("DELETE FROM label_sets", [])?;
                // Other processes remember ids of label sets: this tells them to forget.
                transaction
                    .execute("UPDATE ledger SET label_generation = label_generation + 1", [])?;
                Ok(deleted as u64)
            })
        })?;
        self.vacuum()?;
        Ok(deleted)
    }

    /// Gives the space of deleted records back to the file system, in short transactions, so
    /// that other processes can write meanwhile.
    ///
    /// Readers that are in the middle of a report keep the file from shrinking until they are
    /// done; a later call catches up.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn vacuum(&self) -> Result<VacuumOutcome> {
        let bytes_before = bytes_on_disk(self.path());
        self.in_slices("give space back from", free_pages)?;
        let patience = self.busy_timeout();
        self.write("give space back from", |connection| shrink(connection, patience))?;
        Ok(VacuumOutcome { bytes_before, bytes_after: bytes_on_disk(self.path()) })
    }

    /// Repeats work until there is none left to do; returns how much that was.
    fn in_slices(
        &self,
        doing: &'static str,
        work: impl Fn(&mut Connection) -> Result<u64, WriteError>,
    ) -> Result<u64> {
        let mut sum = 0;
        loop {
            let start = Instant::now();
            let done = self.write(doing, &work)?;
            if done == 0 {
                return Ok(sum);
            }
            sum += done;
            // SQLite's writers do not queue but look again now and then. Without a pause between
            // two slices they would hardly ever find the ledger free.
            // sleep: their turn.
            thread::sleep((start.elapsed() / 4).min(LONGEST_PAUSE));
        }
    }
}

/// Gives up to [`PAGES`] free pages back; says how many.
fn free_pages(connection: &mut Connection) -> Result<u64, WriteError> {
    // Each row is a page that was moved to the end and cut off; a statement that is not stepped
    // to its end frees one only.
    let mut statement = connection.prepare(&format!("PRAGMA incremental_vacuum({PAGES})"))?;
    let mut rows = statement.query([])?;
    let mut freed = 0;
    while rows.next()?.is_some() {
        freed += 1;
    }
    Ok(freed)
}

/// Makes the file as small as the ledger has become, which happens at a checkpoint.
fn shrink(connection: &mut Connection, patience: Duration) -> Result<(), WriteError> {
    set_busy_timeout(connection, SHRINK_PATIENCE.min(patience))?;
    // A row that says "busy" is no error: somebody is reading what would be cut off.
    let result = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    set_busy_timeout(connection, patience)?;
    Ok(result?)
}

/// Deletes up to [`SLICE`] of the oldest records before an instant; says how many.
fn delete_slice(connection: &Connection, before: Timestamp) -> rusqlite::Result<u64> {
    let before = before.as_micros();
    // The first record that stays for the next slice. Records lie in this order on disk.
    let next: Option<(i64, i64)> = connection
        .prepare_cached(
            "SELECT ts, id FROM records WHERE ts < ?1 ORDER BY ts, id LIMIT 1 OFFSET ?2",
        )?
        .query_row([before, SLICE], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let deleted = match next {
        Some((ts, id)) => connection
            .prepare_cached("DELETE FROM records WHERE (ts, id) < (?1, ?2)")?
            .execute(params![ts, id])?,
        None => {
            connection.prepare_cached("DELETE FROM records WHERE ts < ?1")?.execute([before])?
        }
    };
    Ok(deleted as u64)
}

fn bytes_on_disk(path: &Path) -> u64 {
    let bytes = |path: &Path| path.metadata().map_or(0, |file| file.len());
    bytes(path) + bytes(&write_ahead_log(path))
}
