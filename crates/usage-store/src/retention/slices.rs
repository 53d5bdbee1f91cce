//! Long work in short transactions, so that other writers come in between.

use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::error::{StoreError, WorkError};
use crate::write::batch::Writer;
use crate::{Result, Store};

/// The time that a transaction is to take. Who waits for the lock looks about every millisecond.
const LONG: Duration = Duration::from_millis(6);

/// A pause that nobody who waits sleeps through: the longest time between two looks is 1.2 ms.
const SHORTEST_PAUSE: Duration = Duration::from_millis(3);

/// A slice that had to wait for others itself need not wait for them again.
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

/// Slices bring what they have written from the write-ahead log into the file themselves, between
/// two transactions, when it is so many pages: sooner than a writer would do it after its commit,
/// who would then wait for our pages.
const PAGES_IN_LOG: i64 = 500;

/// Less than this is not worth a transaction, however long that takes: with very many names each
/// takes its time for the rollups alone.
const LEAST: i64 = 200;

/// The amount that is done in one transaction: as much as takes about [`LONG`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    pub(super) amount: i64,
    most: i64,
}

impl Pace {
    pub(super) const fn new(first: i64, most: i64) -> Self {
        Self { amount: first, most }
    }

    /// More next time, or less, but never by more than the double or the half: a disk may be slow
    /// once.
    fn learn(&mut self, took: Duration) {
        let (took, long) = (took.as_micros().max(1), LONG.as_micros());
        let amount = self.amount.unsigned_abs();
        let fitting = u128::from(amount).saturating_mul(long) / took;
        let fitting = u64::try_from(fitting).unwrap_or(u64::MAX).clamp(amount / 2, amount * 2);
        self.amount =
            i64::try_from(fitting).unwrap_or(i64::MAX).clamp(LEAST.min(self.most), self.most);
    }
}

impl Store {
    /// Repeats work until there is none left to do; returns how much that was, and calls `on_progress` with it
    /// after each time. Work gets how much it may do, and says how much it has done.
    pub(super) fn in_slices<W: Into<WorkError<StoreError>>>(
        &self,
        doing: &'static str,
        mut pace: Pace,
        work: impl Fn(&Connection, i64) -> Result<u64, W>,
        on_progress: &mut dyn FnMut(u64),
    ) -> Result<u64> {
        let mut sum = 0;
        loop {
            let mut begun = Instant::now();
            let start = begun;
            let done: u64 = self.write(doing, |writer| {
                writer.ledger.write(|transaction, _| {
                    begun = Instant::now();
                    work(transaction, pace.amount)
                })
            })?;
            let took = begun.elapsed();
            if done == 0 {
                return Ok(sum);
            }
            pace.learn(took);
            sum += done;
            on_progress(sum);
            self.write::<_, StoreError>(doing, empty_log)?;
            // SQLite's writers do not queue but look again now and then. Without a pause between
            // two slices they would hardly ever find the ledger free.
            // sleep: other writers come in here.
            thread::sleep((start.elapsed() / 2).clamp(SHORTEST_PAUSE, LONGEST_PAUSE));
        }
    }
}

/// Brings what is in the write-ahead log into the file if it is much, as far as nobody is in the
/// way. Others write meanwhile.
fn empty_log<E>(writer: &mut Writer) -> Result<(), WorkError<E>> {
    let connection = &writer.ledger.connection;
    // Does nothing but look.
    let pages: i64 = connection
        .prepare_cached("PRAGMA wal_checkpoint(NOOP)")?
        .query_row([], |row| Ok(row.get::<_, i64>(1)? - row.get::<_, i64>(2)?))?;
    if pages >= PAGES_IN_LOG {
        passive_checkpoint(connection)?;
    }
    Ok(())
}

/// Brings what is in the write-ahead log into the file, as far as nobody is in the way, and without
/// being in the way of anybody.
pub(super) fn passive_checkpoint(connection: &Connection) -> rusqlite::Result<()> {
    // A row that says "busy" is no error.
    connection.prepare_cached("PRAGMA wal_checkpoint(PASSIVE)")?.query_row([], |_| Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_become_as_long_as_they_may() {
        // A microsecond for each.
        let mut pace = Pace::new(10, 1_000_000);
        for _ in 0..40 {
            pace.learn(Duration::from_micros(pace.amount.unsigned_abs()));
        }
        assert_eq!(pace.amount, 6_000);
        // A slow disk, once.
        pace.learn(Duration::from_secs(9));
        assert_eq!(pace.amount, 3_000);
        let mut pace = Pace::new(10, 500);
        for _ in 0..40 {
            pace.learn(Duration::ZERO);
        }
        assert_eq!(pace.amount, 500);
        for _ in 0..40 {
            pace.learn(Duration::from_secs(1));
        }
        assert_eq!(pace.amount, LEAST);
    }
}
