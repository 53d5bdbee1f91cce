//! The age of a record when it is in the journal: what a kill can cost at most.
//!
//! A thread records and notes when; another one looks at `stats().journaled` every 100 us and
//! notes for how long each record (flat out: each 64th) that it finds covered had been recorded.
//! So ages are up to that much too high. The control is the same without a tracker: the first
//! thread counts, a third one publishes the count whenever it has napped for a millisecond. What
//! it shows beyond a millisecond is the machine's.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use usage_store::Store;
use usage_tracker::{Overflow, Tracker};

use crate::Setup;
use crate::figures::{Latencies, time};
use crate::insert::fresh;
use crate::numbered::Numbered;
use crate::pace::{Beat, Rate, nanos};

const LOOK: Duration = Duration::from_micros(100);
const NAP: Duration = Duration::from_millis(1);
const LONG: Duration = Duration::from_secs(60);
/// The number of records that may be on their way at once; more than a channel and a batch hold.
const ON_THE_WAY: usize = 1 << 18;

pub(super) fn run(setup: &Setup, rates: &[Rate]) -> Result<()> {
    let round = setup.seconds(15) / u32::try_from(setup.rounds)?;
    println!("\nthe age of a record when it is in the journal, seen by a look each 100 us");
    println!(
        "  {:<10} | {:>10} {:>10} {:>10} | {:>10} {:>10} {:>10}",
        "records", "median", "p99.9", "max", "control", "p99.9", "max"
    );
    let source = Numbered::of(0)?;
    for rate in rates {
        let (mut ours, mut control) = (Vec::new(), Vec::new());
        for _ in 0..setup.rounds {
            let store = Store::open(fresh(&setup.folder, "age.db")?)?;
            let tracker = Tracker::builder().overflow(Overflow::Wait(LONG)).start(store)?;
            let take = |number| Ok(tracker.record(source.record(number)?)?);
            ours.extend(ages(*rate, round, take, || tracker.stats().journaled)?);
            ensure!(tracker.shutdown(LONG).is_clean(), "not everything was stored");
            control.extend(control_ages(*rate, round, &source)?);
        }
        let (ours, control) = (Latencies::of(ours), Latencies::of(control));
        println!(
            "  {rate:<10} | {:>10} {:>10} {:>10} | {:>10} {:>10} {:>10}",
            time(ours.median()),
            time(ours.p999()),
            time(ours.max()),
            time(control.median()),
            time(control.p999()),
            time(control.max()),
        );
    }
    println!("  control: a counter that a thread publishes after each nap of 1 ms, seen alike");
    Ok(())
}

fn control_ages(rate: Rate, round: Duration, source: &Numbered) -> Result<Vec<u64>> {
    let (taken, published, over) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Acquire) {
                published.store(taken.load(Ordering::Acquire), Ordering::Release);
                // sleep: what a thread that drains a channel does when it is empty.
                thread::sleep(NAP);
            }
        });
        let take = |number| {
            std::hint::black_box(source.record(number)?);
            // As a full channel would.
            while rate == Rate::FlatOut && number >= published.load(Ordering::Acquire) + 65_536 {
                thread::yield_now();
            }
            taken.store(number + 1, Ordering::Release);
            Ok(())
        };
        let ages = ages(rate, round, take, || published.load(Ordering::Acquire));
        over.store(true, Ordering::Release);
        ages
    })
}

/// Takes records for a while and answers how old they were when they were covered.
fn ages(
    rate: Rate,
    round: Duration,
    take: impl Fn(u64) -> Result<()> + Sync,
    covered: impl Fn() -> u64,
) -> Result<Vec<u64>> {
    let taken_at: Vec<AtomicU64> = (0..ON_THE_WAY).map(|_| AtomicU64::new(0)).collect();
    let slot = |number: u64| &taken_at[usize::try_from(number).unwrap_or(0) % ON_THE_WAY];
    let start = Instant::now();
    let count = AtomicU64::new(u64::MAX);
    thread::scope(|scope| {
        let recording = scope.spawn(|| -> Result<()> {
            let mut beat = Beat::new(rate, 1);
            let mut number = 0;
            while start.elapsed() < round {
                beat.wait();
                slot(number).store(nanos(start.elapsed()), Ordering::Release);
                take(number)?;
                number += 1;
            }
            count.store(number, Ordering::Release);
            Ok(())
        });
        let (mut ages, mut seen) = (Vec::new(), 0);
        let each = if rate == Rate::FlatOut { 64 } else { 1 };
        while seen < count.load(Ordering::Acquire) && start.elapsed() < round + LONG {
            let end = covered();
            let now = nanos(start.elapsed());
            for number in (seen..end).filter(|number| number % each == 0) {
                ages.push(now.saturating_sub(slot(number).load(Ordering::Acquire)));
            }
            seen = end;
            // sleep: looking all the time would take a processor from what is looked at.
            thread::sleep(LOOK);
        }
        recording.join().ok().context("a panic while recording")??;
        ensure!(seen == count.load(Ordering::Acquire), "some were never covered");
        Ok(ages)
    })
}
