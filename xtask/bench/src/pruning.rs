//! Recording while another process deletes half of the ledger.

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use usage_core::format::format_count;
use usage_core::{Filter, Record, TimeRange};
use usage_store::Store;
use usage_tracker::Tracker;

use crate::calls::{Calls, timed};
use crate::figures::{Latencies, aim, time};
use crate::insert::fresh;
use crate::numbered::Numbered;
use crate::pace::{Rate, nanos};
use crate::{Setup, workload};

const ROWS: usize = 2_000_000;
const RATE: Rate = Rate::PerSecond(1_000);
const LONG: Duration = Duration::from_secs(120);
/// About how long it takes.
const ABOUT: Duration = Duration::from_secs(60);
/// The instance of the numbered records, and of no other.
const OURS: &str = "run-0";
/// The aim for `record` while the ledger is pruned, in nanoseconds.
const P999: u64 = 1_000_000;

/// The outcome of all rounds together.
#[derive(Default)]
struct Outcome {
    /// Each prune, in nanoseconds.
    took: Vec<u64>,
    deleted: u64,
    rows: u64,
    stored: u64,
    ours: Calls,
    control: Calls,
}

pub(crate) fn run(setup: &Setup) -> Result<()> {
    let records = workload::records(setup.rows(ROWS), false)?;
    let mut outcome = Outcome::default();
    // One prune is over too soon for a thousandth of the calls to be more than one.
    for _ in 0..setup.rounds {
        outcome = measure(setup, &records, outcome)?;
    }
    let Outcome { took, deleted, rows, stored, ours, control } = outcome;
    let took = Latencies::of(took);
    let (offered, accepted) = (ours.count(), ours.accepted);
    let lost = accepted.saturating_sub(stored);
    let [ours, control] = [ours, control].map(|calls| Latencies::of(calls.times));
    println!(
        "{} times, `usage prune` deleted {} of {} rows while records came at {RATE};",
        setup.rounds,
        format_count(deleted / setup.rounds as u64),
        format_count(rows / setup.rounds as u64),
    );
    println!(
        "that took {} (median), {} at most; below, all rounds together",
        time(took.median()),
        time(took.max()),
    );
    println!(
        "  {:<8} {:>9} {:>9} {:>9} {:>6} | {:>9} {:>9} {:>9}",
        "", "offered", "accepted", "stored", "lost", "p50", "p99.9", "max"
    );
    for (name, counts, times) in [
        ("ours", [offered, accepted, stored, lost].map(format_count), &ours),
        ("control", [(); 4].map(|()| String::new()), &control),
    ] {
        let [offered, accepted, stored, lost] = counts;
        println!(
            "  {name:<8} {offered:>9} {accepted:>9} {stored:>9} {lost:>6} | {:>9} {:>9} {:>9}",
            time(times.median()),
            time(times.p999()),
            time(times.max()),
        );
    }
    println!("  control: another thread at the same time that does all but recording");
    aim("no record lost", lost == 0, &lost.to_string());
    aim("p99.9 of record below 1 ms", ours.p999() < P999, &time(ours.p999()));
    Ok(())
}

/// One round more.
fn measure(setup: &Setup, records: &[Record], before: Outcome) -> Result<Outcome> {
    let ledger = fresh(&setup.folder, "pruned.db")?;
    let store = Store::open(&ledger)?;
    for batch in records.chunks(5_000) {
        store.insert_batch(batch)?;
    }
    let rows = records.len() as u64;
    let middle = records.get(records.len() / 2).context("no rows to prune")?.timestamp();
    let oldest = middle.to_utc().context("a time of our own")?.to_rfc3339();
    let mut prune = Command::new(&setup.usage);
    prune.arg("--quiet").arg("--db").arg(&ledger).args(["prune", "--before", &oldest]);

    // Younger than all that is pruned, as records of now are.
    let source = Numbered::of(0)?.starting_at(middle.as_micros());
    let tracker = Tracker::builder().start(store.clone())?;
    let over = AtomicBool::new(false);
    let is_over = || over.load(Ordering::Acquire);
    let (took, ours, control) = thread::scope(|scope| -> Result<_> {
        let recording = scope.spawn(|| {
            timed(RATE, ABOUT, &source, is_over, |record| tracker.record(record).is_ok())
        });
        let control = scope.spawn(|| timed(RATE, ABOUT, &source, is_over, |_| true));
        let start = Instant::now();
        let status = prune.status();
        let took = nanos(start.elapsed());
        over.store(true, Ordering::Release);
        ensure!(status.is_ok_and(|status| status.success()), "usage prune has failed");
        let join = |thread: thread::ScopedJoinHandle<'_, _>| {
            thread.join().ok().context("a panic while recording")?
        };
        Ok((took, join(recording)?, join(control)?))
    })?;
    tracker.flush(LONG)?;
    ensure!(tracker.shutdown(LONG).is_clean(), "not everything was stored");

    let requests = |filter: &Filter| -> Result<u64> {
        Ok(store.report(TimeRange::ALL, filter)?.summary().requests)
    };
    let stored = requests(&Filter::instance(OURS))?;
    let left = requests(&Filter::default())? - stored;
    let mut all = before;
    all.took.push(took);
    Ok(Outcome {
        deleted: all.deleted + rows - left,
        rows: all.rows + rows,
        stored: all.stored + stored,
        ours: all.ours.and(&ours),
        control: all.control.and(&control),
        took: all.took,
    })
}
