//! Deleting records, and giving the space back.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension, Params, params};
use usage_core::Timestamp;

use crate::at_rest::write_ahead_log;
use crate::batch::Writer;
use crate::error::ReadError;
use crate::open::set_busy_timeout;
use crate::report::{COUNTS, summary};
use crate::sums::{self, Change};
use crate::transaction::WriteError;
use crate::{Result, Store, set_aside};

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

/// What a deletion has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// How many records went: those of the plan, and those that were stored since it was made
    /// and that it covers.
    pub records: u64,
    /// The space that was given back.
    pub space: VacuumOutcome,
}

/// The ledger's size on disk, its write-ahead log included, before and after space was given
/// back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// What a prune would delete: the plan that [`prune`](Self::prune) carries out.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let store = usage_store::Store::open(folder.path().join("usage.db"))?;
    /// use usage_core::Timestamp;
    ///
    /// let plan = store.plan_prune(Timestamp::from_micros(1_777_787_761_000_000))?;
    /// if plan.records > 0 {
    ///     assert!(store.prune(&plan)?.records >= plan.records);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn plan_prune(&self, before: Timestamp) -> Result<PrunePlan> {
        self.read("read the ledger", |connection| {
            let (records, oldest, newest) =
                extent(connection, "WHERE ts < ?1", [before.as_micros()])?;
            Ok(PrunePlan { before, records, oldest, newest })
        })
    }

    /// Carries out a plan: deletes the records older than its instant and gives the space back.
    /// Works in short transactions, so that other processes can write meanwhile.
    ///
    /// What waits in journals is [stored before](Self::recover_journals), so that nothing that is
    /// deleted comes back: the plan may grow by that. What a running process has taken but not
    /// stored yet is stored by it later, however old it is.
    ///
    /// # Errors
    /// When the ledger cannot be written, or what waits in a journal cannot be stored. What was
    /// deleted until then stays deleted; [`prune_with`](Self::prune_with) tells how much that is.
    pub fn prune(&self, plan: &PrunePlan) -> Result<Deletion> {
        self.prune_with(plan, |_| {})
    }

    /// As [`prune`](Self::prune), and tells after each transaction how many records are gone.
    ///
    /// # Errors
    /// As [`prune`](Self::prune).
    pub fn prune_with(&self, plan: &PrunePlan, mut gone: impl FnMut(u64)) -> Result<Deletion> {
        // First, so that nothing that is deleted comes back.
        self.recover_journals()?;
        let before = plan.before;
        let bytes_before = bytes_on_disk(self.path());
        let delete = |writer: &mut Writer| {
            writer.ledger.write(|transaction, _| delete_slice(transaction, before))
        };
        let records = self.in_slices("delete records from", delete, &mut gone)?;
        Ok(Deletion { records, space: self.give_back(bytes_before)? })
    }

    /// Deletes the records older than `before`, gives the space back, and returns how many they
    /// were. Works in short transactions, so that other processes can write meanwhile.
    ///
    /// # Errors
    /// When the ledger cannot be written. What was deleted until then stays deleted.
    pub fn prune_records(&self, before: Timestamp) -> Result<u64> {
        let plan = PrunePlan { before, records: 0, oldest: None, newest: None };
        Ok(self.prune(&plan)?.records)
    }

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

    /// Deletes every record, every name and all that was set aside, in one transaction, and gives
    /// the space back.
    ///
    /// What waits in journals is [stored before](Self::recover_journals) and deleted with the rest.
    /// What a running process has taken but not stored yet is stored by it later.
    ///
    /// # Errors
    /// When the ledger cannot be written, or what waits in a journal cannot be stored. Nothing was
    /// deleted then, unless giving the space back is what failed.
    pub fn delete_all(&self) -> Result<Deletion> {
        // First, so that nothing that is deleted comes back.
        self.recover_journals()?;
        let bytes_before = bytes_on_disk(self.path());
        let records = self.write("delete all records from", |writer| {
            writer.ledger.write(|transaction, _| {
                let deleted = transaction.execute("DELETE FROM records", [])?;
                transaction.execute("DELETE FROM label_sets", [])?;
                sums::clear(transaction)?;
                set_aside::clear(transaction)?;
                // The positions of journals stay: without them, what was stored and is deleted now
                // would be stored again.
                // Other processes remember ids of label sets: this tells them to forget.
                transaction
                    .execute("UPDATE ledger SET label_generation = label_generation + 1", [])?;
                Ok(deleted as u64)
            })
        })?;
        Ok(Deletion { records, space: self.give_back(bytes_before)? })
    }

    /// Deletes every record and every name, gives the space back, and returns how many records
    /// they were.
    ///
    /// # Errors
    /// As [`delete_all`](Self::delete_all).
    pub fn delete_all_records(&self) -> Result<u64> {
        Ok(self.delete_all()?.records)
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
        self.give_back(bytes_on_disk(self.path()))
    }

    fn give_back(&self, bytes_before: u64) -> Result<VacuumOutcome> {
        self.in_slices(
            "give space back from",
            |writer| free_pages(&writer.ledger.connection),
            &mut |_| {},
        )?;
        let patience = self.busy_timeout();
        let is_held_back = self
            .write("give space back from", |writer| shrink(&writer.ledger.connection, patience))?;
        Ok(VacuumOutcome { bytes_before, bytes_after: bytes_on_disk(self.path()), is_held_back })
    }

    /// Repeats work until there is none left to do; returns how much that was, and tells it after
    /// each time.
    fn in_slices(
        &self,
        doing: &'static str,
        work: impl Fn(&mut Writer) -> Result<u64, WriteError>,
        told: &mut dyn FnMut(u64),
    ) -> Result<u64> {
        let mut sum = 0;
        loop {
            let start = Instant::now();
            let done = self.write(doing, &work)?;
            if done == 0 {
                return Ok(sum);
            }
            sum += done;
            told(sum);
            // SQLite's writers do not queue but look again now and then. Without a pause between
            // two slices they would hardly ever find the ledger free.
            // sleep: their turn.
            thread::sleep((start.elapsed() / 4).min(LONGEST_PAUSE));
        }
    }
}

/// How many records there are, the oldest and the newest.
fn extent(
    connection: &Connection,
    condition: &str,
    parameters: impl Params,
) -> rusqlite::Result<(u64, Option<Timestamp>, Option<Timestamp>)> {
    let sql = format!("SELECT count(*), min(ts), max(ts) FROM records {condition}");
    connection.query_row(&sql, parameters, |row| {
        let (records, at) =
            (row.get::<_, i64>(0)?, |micros: Option<i64>| micros.map(Timestamp::from_micros));
        Ok((records.unsigned_abs(), at(row.get(1)?), at(row.get(2)?)))
    })
}

/// Gives up to [`PAGES`] free pages back; says how many.
fn free_pages(connection: &Connection) -> Result<u64, WriteError> {
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

/// Makes the file as small as the ledger has become, which happens at a checkpoint; says whether
/// somebody is in the way.
fn shrink(connection: &Connection, patience: Duration) -> Result<bool, WriteError> {
    set_busy_timeout(connection, SHRINK_PATIENCE.min(patience))?;
    // A row that says "busy" is no error: somebody is reading what would be cut off.
    let result = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
        row.get::<_, i64>(0).map(|busy| busy != 0)
    });
    set_busy_timeout(connection, patience)?;
    Ok(result?)
}

/// Deletes up to [`SLICE`] of the oldest records before an instant, and takes them out of the sums;
/// says how many.
fn delete_slice(connection: &Connection, before: Timestamp) -> rusqlite::Result<u64> {
    let before = before.as_micros();
    // The first record that stays for the next slice. Records lie in this order on disk.
    let next: Option<(i64, i64)> = connection
        .prepare_cached(
            "SELECT ts, id FROM records WHERE ts < ?1 ORDER BY ts, id LIMIT 1 OFFSET ?2",
        )?
        .query_row([before, SLICE], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (ts, id) = next.unwrap_or((before, i64::MIN));
    let mut change = Change::default();
    let mut statement = connection
        .prepare_cached(&format!("SELECT {COUNTS}, ts FROM records WHERE (ts, id) < (?1, ?2)"))?;
    let mut rows = statement.query([ts, id])?;
    while let Some(row) = rows.next()? {
        change.record(row.get(8)?, row.get(0)?, &summary(row).map_err(ReadError::into_sqlite)?);
    }
    change.count_out(connection)?;
    let deleted = connection
        .prepare_cached("DELETE FROM records WHERE (ts, id) < (?1, ?2)")?
        .execute(params![ts, id])?;
    Ok(deleted as u64)
}

fn bytes_on_disk(path: &Path) -> u64 {
    let bytes = |path: &Path| path.metadata().map_or(0, |file| file.len());
    bytes(path) + bytes(&write_ahead_log(path))
}
