//! Inserting batches, library against library.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use usage_core::{Filter, Record, TimeRange, Timestamp};
use usage_prices::ShippedPrices;
use usage_store::{Store, StoreOptions};

use crate::rounds::{interleaved, ratio};
use crate::{ROWS, Setup, workload, yardstick};

/// Rows a transaction on our side.
const BATCHES: [usize; 2] = [500, 5_000];

pub(crate) fn run(setup: &Setup) -> Result<()> {
    for with_event_ids in [false, true] {
        let records = workload::records(setup.rows(ROWS), with_event_ids)?;
        let timestamps = yardstick::timestamps(&records);
        println!("{}:", if with_event_ids { "with event ids" } else { "without event ids" });
        for synchronous in yardstick::SYNCHRONOUS {
            let mut old = || insert_old(&setup.folder, &records, &timestamps, synchronous);
            let mut ours = BATCHES.map(|batch| {
                let (folder, records) = (&setup.folder, &records);
                move || insert_ours(folder, records, batch)
            });
            let [small, large] = &mut ours;
            let times = interleaved(setup.rounds, &mut [&mut old, small, large])?;
            println!(
                "  yardstick, {synchronous:<6} {:>9.0} rows/s",
                times[0].per_second(records.len())
            );
            for (batch, times_of_batch) in BATCHES.iter().zip(&times[1..]) {
                println!(
                    "  {batch:>5} a batch     {:>9.0} rows/s   {}",
                    times_of_batch.per_second(records.len()),
                    ratio(&times[0], times_of_batch)
                );
            }
        }
    }
    Ok(())
}

fn insert_old(
    folder: &Path,
    records: &[Record],
    timestamps: &[String],
    synchronous: &str,
) -> Result<Duration> {
    let path = fresh(folder, "yardstick.db")?;
    let mut connection = yardstick::open(&path, synchronous)?;
    let start = Instant::now();
    yardstick::insert(&mut connection, records, timestamps)?;
    Ok(start.elapsed())
}

pub(crate) fn insert_ours(folder: &Path, records: &[Record], batch: usize) -> Result<Duration> {
    let store = priced(fresh(folder, "ours.db")?)?;
    let start = Instant::now();
    for batch in records.chunks(batch) {
        store.insert_batch(batch)?;
    }
    let took = start.elapsed();
    let found = store.report(TimeRange::ALL, &Filter::default())?.summary().requests;
    ensure!(found == records.len() as u64, "{found} of {} records are stored", records.len());
    Ok(took)
}

/// Opens a ledger as the command does: records are priced as they are stored.
pub(crate) fn priced(path: impl AsRef<Path>) -> Result<Store> {
    let options = StoreOptions::default().with_pricing(Arc::new(ShippedPrices));
    let store = options.open(path)?;
    // The models of the workload are nobody's.
    let own = "[[price]]\nmodel = \"model-*\"\ninput = \"3\"\noutput = \"15\"\ncache_read = \"0.3\"\n\
               cache_write = \"3.75\"\n";
    store.prices().put(own, Timestamp::MIN_RECORD, "bench")?;
    Ok(store)
}

/// A path at which nothing is left of an earlier database or its journal.
pub(crate) fn fresh(folder: &Path, name: &str) -> Result<std::path::PathBuf> {
    for suffix in ["", "-wal", "-shm"] {
        match std::fs::remove_file(folder.join(format!("{name}{suffix}"))) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    match std::fs::remove_dir_all(folder.join(format!("{name}.journal"))) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(folder.join(name)),
    }
}
