//! Waiting for one's turn to write.
//!
//! SQLite's writers do not queue: each looks again now and then, and whoever looks at the right
//! moment is next. With the busy time-out that SQLite brings, one that has waited for long looks
//! every 100 ms only, and hardly ever finds the ledger free while others write all the time: of
//! eight processes, one had a half of all turns and some had none for seconds. Here everybody
//! looks about as often, however long it has waited, so that all have the same chance.

use std::hash::{BuildHasher as _, RandomState};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::error::SqliteErrorKind;
use crate::ledger::connect::set_busy_timeout;

/// Begins an immediate transaction; waits for other writers, but not longer than `patience`.
pub(crate) fn begin(
    connection: &mut Connection,
    patience: Duration,
) -> rusqlite::Result<Transaction<'_>> {
    // Only here: within the transaction nobody is in the way.
    set_busy_timeout(connection, Duration::ZERO)?;
    let begun = wait(connection, patience);
    set_busy_timeout(connection, patience)?;
    begun
}

fn wait(connection: &Connection, patience: Duration) -> rusqlite::Result<Transaction<'_>> {
    let start = Instant::now();
    loop {
        match Transaction::new_unchecked(connection, TransactionBehavior::Immediate) {
            Err(error)
                if SqliteErrorKind::of(&error) == SqliteErrorKind::Busy
                    && start.elapsed() < patience =>
            {
                // sleep: a lock of another process; SQLite offers nothing to wait for.
                thread::sleep(pause());
            }
            begun => return begun,
        }
    }
}

/// About a millisecond, each time another: as long as a batch of some hundred records takes.
fn pause() -> Duration {
    let random = RandomState::new().hash_one(());
    Duration::from_micros(400 + random % 800)
}
