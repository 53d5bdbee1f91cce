//! The process that is killed.

use std::io::{Write, stdout};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use usage_store::Store;
use usage_tracker::{Overflow, Tracker};

use crate::numbered::Numbered;
use crate::pace::{Beat, Rate};

/// Should nobody kill it.
const LONGEST: Duration = Duration::from_secs(60);

/// Records numbered records and tells how many are in the journal, until it is killed.
pub(crate) fn record_until_killed(arguments: &[String]) -> Result<()> {
    let [ledger, run, rate] = arguments else { anyhow::bail!("LEDGER RUN RATE") };
    let (source, rate) = (Numbered::of(run.parse()?)?, Rate::parse(rate)?);
    // One thread records, and nothing comes back: the first so many records are in the journal.
    let tracker =
        Tracker::builder().overflow(Overflow::Wait(LONGEST)).start(Store::open(ledger)?)?;
    thread::scope(|scope| {
        scope.spawn(|| -> Result<()> {
            let mut beat = Beat::new(rate, 1);
            for number in 0.. {
                beat.wait();
                tracker.record(source.record(number)?)?;
            }
            Ok(())
        });
        tell(&tracker).context("nobody has killed it")
    })
}

fn tell(tracker: &Tracker) -> Result<()> {
    let (start, mut told) = (Instant::now(), 0);
    while start.elapsed() < LONGEST {
        let stats = tracker.stats();
        ensure!(!stats.degraded, "degraded: {:?}", stats.last_error);
        if stats.journaled > told {
            told = stats.journaled;
            // One write a line: it is told whole or not at all.
            stdout().write_all(format!("{told}\n").as_bytes())?;
        }
        // sleep: looking all the time would take the recording thread's processor.
        thread::sleep(Duration::from_micros(100));
    }
    anyhow::bail!("not killed within {LONGEST:?}")
}
