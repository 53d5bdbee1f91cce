//! The number of records a second that are recorded *and stored* for as long as they keep coming:
//! from the first one until a flush says that the ledger has them all.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use usage_core::Record;
use usage_core::format::format_count;
use usage_tracker::{Durability, Overflow, Tracker};

use crate::figures::aim;
use crate::insert::{fresh, priced};
use crate::rounds::{Times, interleaved, ratio};
use crate::{Setup, process, workload, yardstick};

const ROWS: usize = 2_000_000;
/// Nothing comes back before this, nor ever.
const LONG: Duration = Duration::from_secs(600);
/// The number of times as many records as the yardstick.
const AIM: f64 = 6.0;

/// One way of ours to store the records.
pub(crate) struct Way {
    name: &'static str,
    durability: Durability,
    threads: usize,
    /// For how much of the time the tracker's two threads were on a processor, round by round.
    busy: [Vec<f64>; 2],
    /// For how long the whole process was, round by round.
    processor: Times,
}

impl Way {
    pub(crate) fn new(name: &'static str, durability: Durability, threads: usize) -> Self {
        let (busy, processor) = ([Vec::new(), Vec::new()], Times::default());
        Self { name, durability, threads, busy, processor }
    }
}

pub(crate) fn run(setup: &Setup) -> Result<()> {
    let records = workload::records(setup.rows(ROWS), false)?;
    let timestamps = yardstick::timestamps(&records);
    let mut ways = [
        ("journaled, 1 thread", Durability::Journaled, 1),
        ("journaled, 8 threads", Durability::Journaled, 8),
        ("batched, 1 thread", Durability::Batched, 1),
        ("batched, 8 threads", Durability::Batched, 8),
    ]
    .map(|(name, durability, threads)| Way::new(name, durability, threads));
    println!(
        "{} records without event ids, {} rounds; times are until all are stored",
        format_count(records.len() as u64),
        setup.rounds
    );

    let mut processor = Times::default();
    let mut old = || {
        let path = fresh(&setup.folder, "yardstick.db")?;
        let mut connection = yardstick::open(&path, "FULL")?;
        let (start, before) = (Instant::now(), process::all_processor_time()?);
        yardstick::insert(&mut connection, &records, &timestamps)?;
        let took = start.elapsed();
        processor.push(process::all_processor_time()? - before);
        Ok(took)
    };
    let [a, b, c, d] = ways.each_mut().map(|way| || store_all(&setup.folder, &records, way));
    let (mut a, mut b, mut c, mut d) = (a, b, c, d);
    let times = interleaved(setup.rounds, &mut [&mut old, &mut a, &mut b, &mut c, &mut d])?;
    show(&ways, &times, &processor, records.len());
    Ok(())
}

pub(crate) fn store_all(folder: &Path, records: &[Record], way: &mut Way) -> Result<Duration> {
    let store = priced(fresh(folder, "ours.db")?)?;
    let tracker = Tracker::builder()
        .durability(way.durability)
        .overflow(Overflow::Wait(LONG))
        .start(store)?;
    let (start, before) = (Instant::now(), process::all_processor_time()?);
    // Requests come in the order of time, and whichever thread is free takes the next.
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some(record) = records.get(next.fetch_add(1, Ordering::Relaxed)) {
            // What came back would be missed at the end.
            let _ = tracker.record(record.clone());
        }
    };
    thread::scope(|scope| {
        for _ in 0..way.threads {
            scope.spawn(work);
        }
    });
    tracker.flush(LONG)?;
    let took = start.elapsed();
    way.processor.push(process::all_processor_time()? - before);
    for (thread, busy) in ["usage-journal", "usage-writer"].iter().zip(&mut way.busy) {
        busy.push(process::processor_time(thread)?.as_secs_f64() / took.as_secs_f64());
    }
    let end = tracker.shutdown(LONG);
    ensure!(end.is_clean() && end.stats.stored == records.len() as u64, "lost: {:?}", end.stats);
    Ok(took)
}

fn show(ways: &[Way], times: &[Times], processor: &Times, records: usize) {
    println!(
        "  {:<20} {:>9} {:<22} {:>10} {:>5} {:>12} {:>11}",
        "", "records/s", "  the yardstick's", "processor", "", "journal busy", "writer busy"
    );
    let each = |processor: &Times| 1e9 / processor.per_second(records);
    println!(
        "  {:<20} {:>9.0} {:<22} {:>7.0} ns",
        "yardstick, FULL",
        times[0].per_second(records),
        "",
        each(processor),
    );
    let (mut least, mut least_processor) = (f64::INFINITY, f64::INFINITY);
    for (way, of_way) in ways.iter().zip(&times[1..]) {
        let (ratio, of_processor) = (ratio(&times[0], of_way), ratio(processor, &way.processor));
        if way.durability == Durability::Journaled {
            least = least.min(ratio.median);
            least_processor = least_processor.min(of_processor.median);
        }
        let [journal, writer] = way.busy.each_ref().map(|shares| 100.0 * median(shares));
        println!(
            "  {:<20} {:>9.0} {:<22} {:>7.0} ns {:>5.1} {journal:>10.0} % {writer:>9.0} %",
            way.name,
            of_way.per_second(records),
            ratio.to_string(),
            each(&way.processor),
            of_processor.median,
        );
    }
    println!("  processor: of all threads, a record, and how many times the yardstick takes that");
    println!("  busy: for how much of the time the tracker's own threads were on a processor");
    let number = format!("{least:.1} times ({least_processor:.1} by processor time)");
    aim("journaled, at least 6 times the yardstick", least >= AIM, &number);
}

fn median(shares: &[f64]) -> f64 {
    let mut sorted = shares.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}
