//! The cost of a journal that survives a power loss: [`Durability::Synced`] beside
//! [`Durability::Journaled`], in records a second until all are in the journal, and in calls of
//! `flush_to_journal` a second, each after one record.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use usage_core::Record;
use usage_store::Store;
use usage_tracker::{Durability, Overflow, Tracker};

use crate::insert::fresh;
use crate::rounds::{interleaved, ratio};
use crate::{Setup, workload};

const ROWS: usize = 1_000_000;
/// The number of times that a flush is waited for in a round.
const FLUSHES: usize = 2_000;
/// Nothing comes back before this, nor ever.
const LONG: Duration = Duration::from_secs(600);

pub(crate) fn run(setup: &Setup) -> Result<()> {
    let records = workload::records(setup.rows(ROWS), false)?;
    println!(
        "  {:<34} {:>12} {:>12}   {:<28}",
        "", "Journaled", "Synced", "Synced beside Journaled"
    );
    for (threads, name) in [(1, "1 thread"), (8, "8 threads")] {
        for (what, each) in [("records/s", false), ("flushes/s", true)] {
            let records = if each { &records[..FLUSHES.min(records.len())] } else { &records[..] };
            let side =
                |durability| move || round(&setup.folder, records, durability, threads, each);
            let mut journaled = side(Durability::Journaled);
            let mut synced = side(Durability::Synced);
            let times = interleaved(setup.rounds, &mut [&mut journaled, &mut synced])?;
            println!(
                "  {:<34} {:>12.0} {:>12.0}   {:.3} ({:.3} to {:.3})",
                format!("{what}, {name}"),
                times[0].per_second(records.len()),
                times[1].per_second(records.len()),
                ratio(&times[0], &times[1]).median,
                ratio(&times[0], &times[1]).min,
                ratio(&times[0], &times[1]).max,
            );
        }
    }
    println!(
        "  records: until all are in the journal; flushes: one after each record, by its thread"
    );
    Ok(())
}

/// Measures the time it takes until all of them are in the journal; with `each`, one by one.
fn round(
    folder: &Path,
    records: &[Record],
    durability: Durability,
    threads: usize,
    each: bool,
) -> Result<Duration> {
    let store = Store::open(fresh(folder, "ours.db")?)?;
    let tracker =
        Tracker::builder().durability(durability).overflow(Overflow::Wait(LONG)).start(store)?;
    let start = Instant::now();
    let next = AtomicUsize::new(0);
    let work = || -> Result<()> {
        while let Some(record) = records.get(next.fetch_add(1, Ordering::Relaxed)) {
            // What came back would be missed at the end.
            let _ = tracker.record(record.clone());
            if each {
                tracker.flush_to_journal(LONG)?;
            }
        }
        Ok(())
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| {
            thread.join().map_err(|_| anyhow::anyhow!("a recording thread panicked"))?
        })
    })?;
    tracker.flush_to_journal(LONG)?;
    let took = start.elapsed();
    let end = tracker.shutdown(LONG);
    ensure!(end.is_clean() && end.stats.stored == records.len() as u64, "lost: {:?}", end.stats);
    Ok(took)
}
