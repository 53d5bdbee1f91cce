//! Pruning half of a ledger while others write and read.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use usage_core::stats::Summary;
use usage_core::{Filter, LabelNames, Labels, Record, TimeRange, Timestamp, TokenCounts, Usage};
use usage_store::Store;

use super::ledgers::{self, Built};
use super::{Told, millis, told};
use crate::insert::fresh;
use crate::{Setup, workload};

/// The middle of the year of the records.
const MIDDLE: Timestamp = Timestamp::from_micros(1_764_504_000_000_000);

pub(super) fn measure(setup: &Setup, built: &Built) -> Result<Told> {
    let path = fresh(&setup.folder, "full-pruned.db")?;
    fs::copy(&built.path, &path)?;
    let store = Store::open(&path)?;
    let recent =
        TimeRange { start: Some(MIDDLE), end: Some(Timestamp::from_micros(1_781_000_000_000_000)) };
    let sum = |range| -> Result<Summary> { Ok(store.report(range, &Filter::default())?.summary()) };
    let (kept, all) = (sum(recent)?, sum(TimeRange::ALL)?);
    let stop = AtomicBool::new(false);
    let (took, waits, wrong, reports) = thread::scope(|scope| -> Result<_> {
        let writer = scope.spawn(|| write(&path, &stop));
        let reader = scope.spawn(|| read(&path, &stop, recent, &kept));
        let start = Instant::now();
        let deleted = store.prune_records(MIDDLE);
        let took = start.elapsed();
        stop.store(true, Ordering::Release);
        let waits = writer.join().map_err(|_| anyhow::anyhow!("the writer panicked"))??;
        let (wrong, reports) =
            reader.join().map_err(|_| anyhow::anyhow!("the reader panicked"))??;
        ensure!(deleted? == all.requests - kept.requests, "not half was pruned");
        Ok((took, waits, wrong, reports))
    })?;
    let written = waits.len() as u64;
    let left = sum(TimeRange::ALL)?.requests;
    ensure!(
        left == kept.requests + written,
        "{left} records are left, not {}",
        kept.requests + written
    );
    ensure!(wrong == 0, "{wrong} of {reports} reports were wrong");
    let start = Instant::now();
    store.vacuum()?;
    let vacuumed = start.elapsed();
    drop(store);
    let fresh_bytes = fresh_bytes(&setup.folder, built.rows)?;
    let bytes = fs::metadata(&path)?.len();
    let share = bytes as f64 / fresh_bytes as f64;
    let wait = |share: f64| {
        let mut sorted = waits.clone();
        sorted.sort_unstable();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place")]
        let at = (sorted.len() as f64 * share) as usize;
        sorted.get(at).or(sorted.last()).copied().unwrap_or_default()
    };
    Ok(vec![
        told("prune half, with a writer and a reader", format!("{:.2} s", took.as_secs_f64())),
        told("  the writer's wait, p99.9", millis(wait(0.999))),
        told("  the writer's wait, longest", millis(wait(1.0))),
        told("  reports meanwhile, none wrong", reports.to_string()),
        told("vacuum afterwards", millis(vacuumed)),
        told("  the file beside a fresh one", format!("{share:.2} times")),
    ])
}

/// One record each millisecond, each in a transaction of its own; how long each took.
fn write(path: &Path, stop: &AtomicBool) -> Result<Vec<Duration>> {
    let store = Store::open(path)?;
    let names = LabelNames::new().with_instance("w").with_route("r").with_model("m");
    let labels = Labels::new(names)?;
    let (start, mut waits) = (Instant::now(), Vec::new());
    let mut due = Duration::ZERO;
    while !stop.load(Ordering::Acquire) {
        // After all others, and not in the range that is compared.
        let at = Timestamp::from_micros(1_790_000_000_000_000 + i64::try_from(waits.len())?);
        let record = Record::new(labels.clone(), Usage::new(TokenCounts::unclassified(1), at))?;
        let before = Instant::now();
        store.insert_batch(&[record])?;
        waits.push(before.elapsed());
        due += Duration::from_millis(1);
        // sleep: the rate; what comes late is made up for.
        thread::sleep(due.saturating_sub(start.elapsed()));
    }
    Ok(waits)
}

/// Five reports a second of what is not pruned; how many were wrong, of how many.
fn read(
    path: &Path,
    stop: &AtomicBool,
    range: TimeRange,
    kept: &Summary,
) -> Result<(usize, usize)> {
    let store = Store::open_existing(path)?;
    let (mut wrong, mut reports) = (0, 0);
    loop {
        wrong += usize::from(store.report(range, &Filter::default())?.summary() != *kept);
        reports += 1;
        if stop.load(Ordering::Acquire) {
            return Ok((wrong, reports));
        }
        // sleep: the rate.
        thread::sleep(Duration::from_millis(200));
    }
}

/// The size of a ledger that never had the rows that were pruned.
fn fresh_bytes(folder: &Path, rows: usize) -> Result<u64> {
    let path = fresh(folder, "full-fresh.db")?;
    let mut records = workload::records(rows, false)?;
    records.retain(|record| record.timestamp() >= MIDDLE);
    let store = Store::open(&path)?;
    ledgers::insert(&store, &records, 5_000)?;
    drop(store);
    Ok(fs::metadata(&path)?.len())
}
