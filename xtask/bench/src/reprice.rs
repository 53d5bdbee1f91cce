//! Pricing a whole ledger anew beside a tracker that records into it: nobody who records waits for it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use usage_core::{Filter, Measure, TimeRange, Timestamp};
use usage_store::{RepricePlan, RepriceScope, Store};
use usage_tracker::Tracker;

use crate::calls::{control, timed};
use crate::figures::{Latencies, aim, time};
use crate::insert::{fresh, priced};
use crate::numbered::Numbered;
use crate::pace::Rate;
use crate::{ROWS, Setup, workload};

const RATE: Rate = Rate::PerSecond(1_000);
const LONG: Duration = Duration::from_secs(600);
/// Of `record`, in nanoseconds.
const P999: u64 = 1_000_000;

pub(crate) fn run(setup: &Setup) -> Result<()> {
    let rows = setup.rows(ROWS);
    let path = fresh(&setup.folder, "reprice.db")?;
    {
        // By who knows no prices.
        let store = Store::open(&path)?;
        for batch in workload::records(rows, false)?.chunks(5_000) {
            store.insert_batch(batch)?;
        }
    }
    let store = priced(&path)?;
    let tracker = Tracker::builder().start(store.clone())?;
    let source = Numbered::of(0)?;
    let other = priced(&path)?;
    let (is_over, everything) = (AtomicBool::new(false), Filter::default());
    let control = control(RATE, &source, Duration::from_secs(5))?;
    let (calls, planned, took, done) = thread::scope(|scope| -> Result<_> {
        let recording = scope.spawn(|| {
            let over = || is_over.load(Ordering::Relaxed);
            timed(RATE, LONG / 4, &source, over, |record| tracker.record(record).is_ok())
        });
        let outcome = (|| -> Result<_> {
            let start = Instant::now();
            let plan =
                RepricePlan::new(&other, TimeRange::ALL, &everything, RepriceScope::Missing)?;
            let planned = start.elapsed();
            let start = Instant::now();
            let done = other.reprice(&plan, Timestamp::MIN_RECORD, "bench", |_| {})?;
            Ok((planned, start.elapsed(), done))
        })();
        is_over.store(true, Ordering::Relaxed);
        let calls = recording.join().ok().context("a panic while recording")??;
        let (planned, took, done) = outcome?;
        Ok((calls, planned, took, done))
    })?;
    tracker.flush(LONG)?;
    let accepted = calls.accepted;
    let sum = store.report(TimeRange::ALL, &everything)?.summary();
    ensure!(sum.requests == rows as u64 + accepted, "{} requests are there", sum.requests);
    ensure!(sum[Measure::Priced] >= done.after.priced, "{} are priced", sum[Measure::Priced]);
    let _ = tracker.shutdown(LONG);
    println!(
        "  {} rows looked at, {} changed: plan {planned:.1?}, carried out {took:.1?}",
        done.records, done.changed
    );
    let (ours, control) = (Latencies::of(calls.times), Latencies::of(control.times));
    println!(
        "  record at 1,000/s meanwhile: p50 {}, p99.9 {}, max {}; control p99.9 {}, max {}",
        time(ours.median()),
        time(ours.p999()),
        time(ours.max()),
        time(control.p999()),
        time(control.max())
    );
    aim("p99.9 of record below 1 ms", ours.p999() < P999, &time(ours.p999()));
    Ok(())
}
