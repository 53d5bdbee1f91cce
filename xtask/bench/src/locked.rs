//! Recording while somebody else has the ledger locked: nobody notices, and nothing is lost.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rusqlite::Connection;
use usage_core::format::format_count;
use usage_core::{Filter, TimeRange};
use usage_store::Store;
use usage_tracker::Tracker;

use crate::calls::{Calls, control, timed};
use crate::figures::{Latencies, aim, float, megabytes, time};
use crate::insert::fresh;
use crate::numbered::Numbered;
use crate::pace::Rate;
use crate::{Setup, process};

const RATES: [Rate; 2] = [Rate::PerSecond(1_000), Rate::PerSecond(20_000)];
const LONG: Duration = Duration::from_secs(120);
/// Aims: of `record`, in nanoseconds, and of what the memory grows by, in bytes.
const P999: u64 = 1_000_000;
const FLAT: u64 = 8_000_000;

/// One rate's figures.
struct Row {
    offered: u64,
    accepted: u64,
    stored: u64,
    ours: Latencies,
    control: Latencies,
    /// Voluntary switches of the recording and of the control thread, a thousand calls.
    switches: [f64; 2],
    /// Resident: before, a second in, half way, at the end of the lock, when all is stored.
    memory: [u64; 5],
}

pub(crate) fn run(setup: &Setup) -> Result<()> {
    let hold = setup.seconds(15);
    println!("another connection holds BEGIN IMMEDIATE for {hold:?}; one recording thread");
    println!("control: the same pacing without recording, half before and half after");
    let rows = RATES.iter().map(|rate| measure(setup, *rate, hold)).collect::<Result<Vec<_>>>()?;
    println!(
        "  {:<9} {:>9} {:>9} {:>5} | {:>8} {:>8} {:>8} | {:>8} {:>8} {:>8}",
        "records", "offered", "accepted", "lost", "p50", "p99.9", "max", "control", "p99.9", "max"
    );
    for (rate, row) in RATES.iter().zip(&rows) {
        println!(
            "  {rate:<9} {:>9} {:>9} {:>5} | {:>8} {:>8} {:>8} | {:>8} {:>8} {:>8}",
            format_count(row.offered),
            format_count(row.accepted),
            row.accepted - row.stored,
            time(row.ours.median()),
            time(row.ours.p999()),
            time(row.ours.max()),
            time(row.control.median()),
            time(row.control.p999()),
            time(row.control.max()),
        );
    }
    println!(
        "  {:<9} {:>8} {:>8} | {:>9} {:>9} {:>9} {:>11} {:>9}",
        "records", "waits", "control", "resident", "1 s in", "half way", "lock's end", "stored"
    );
    for (rate, row) in RATES.iter().zip(&rows) {
        let [before, early, half, end, stored] = row.memory.map(megabytes);
        println!(
            "  {rate:<9} {:>8.1} {:>8.1} | {before:>9} {early:>9} {half:>9} {end:>11} {stored:>9}",
            row.switches[0], row.switches[1],
        );
    }
    println!("  waits: how often the thread gave its processor up by itself, of 1,000 calls");
    tell_aims(&rows);
    Ok(())
}

fn tell_aims(rows: &[Row]) {
    let lost: u64 = rows.iter().map(|row| row.accepted - row.stored).sum();
    let back: u64 = rows.iter().map(|row| row.offered - row.accepted).sum();
    let p999 = rows.iter().map(|row| row.ours.p999()).max().unwrap_or(0);
    // A late thread does not sleep before its next call: a few more or fewer mean nothing.
    let waits = rows.iter().map(|row| row.switches[0] - row.switches[1]);
    let waits = waits.fold(f64::NEG_INFINITY, f64::max);
    let grown = rows.iter().map(|row| row.memory[3].saturating_sub(row.memory[1])).max();
    let grown = grown.unwrap_or(0);
    aim("no record lost", lost == 0, &format!("{lost}; {back} came back"));
    aim("p99.9 of record below 1 ms", p999 < P999, &time(p999));
    aim("no more waits than the control (20 of 1,000)", waits <= 20.0, &format!("{waits:.1} more"));
    aim("memory flat while locked (8 MB)", grown <= FLAT, &format!("{} more", megabytes(grown)));
}

fn measure(setup: &Setup, rate: Rate, hold: Duration) -> Result<Row> {
    let ledger = fresh(&setup.folder, "locked.db")?;
    let store = Store::open(&ledger)?;
    let tracker = Tracker::builder().start(store.clone())?;
    let source = Numbered::of(0)?;

    let control_before = control(rate, &source, hold / 2)?;
    let before = process::resident_bytes()?;
    let (calls, [early, half, end]) = while_locked(&ledger, hold, || {
        let start = Instant::now();
        let record = |record| tracker.record(record).is_ok();
        timed(rate, hold, &source, || start.elapsed() >= hold, record)
    })?;
    let control = control(rate, &source, hold / 2)?.and(&control_before);

    tracker.flush(LONG)?;
    let memory = [before, early, half, end, process::resident_bytes()?];
    let stored = store.report(TimeRange::ALL, &Filter::default())?.summary().requests;
    let _ = tracker.shutdown(LONG);
    Ok(Row {
        offered: calls.count(),
        accepted: calls.accepted,
        stored,
        switches: [&calls, &control]
            .map(|calls| 1e3 * float(calls.switches) / float(calls.count())),
        ours: Latencies::of(calls.times),
        control: Latencies::of(control.times),
        memory,
    })
}

/// Does the work while the ledger is locked; answers the resident memory a second in, half way
/// and at the end.
fn while_locked(
    ledger: &std::path::Path,
    hold: Duration,
    work: impl FnOnce() -> Result<Calls> + Send,
) -> Result<(Calls, [u64; 3])> {
    let locker = Connection::open(ledger)?;
    locker.execute_batch("BEGIN IMMEDIATE")?;
    let start = Instant::now();
    thread::scope(|scope| {
        let work = scope.spawn(work);
        let memory_at = |time: Duration| {
            // sleep: the lock is held for a time, and memory is looked at on the way.
            thread::sleep(time.saturating_sub(start.elapsed()));
            process::resident_bytes()
        };
        let early = memory_at(Duration::from_secs(1).min(hold / 4))?;
        let half = memory_at(hold / 2)?;
        let end = memory_at(hold)?;
        let calls = work.join().ok().context("a panic while recording")??;
        locker.execute_batch("ROLLBACK")?;
        Ok((calls, [early, half, end]))
    })
}
