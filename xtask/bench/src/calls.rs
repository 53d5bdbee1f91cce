//! The times of single calls that a thread makes at a steady rate.

use std::time::{Duration, Instant};

use anyhow::Result;
use usage_core::Record;

use crate::numbered::Numbered;
use crate::pace::{Beat, Rate, nanos};
use crate::process;

/// The findings of a paced thread.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    /// Nanoseconds a call.
    pub(crate) times: Vec<u64>,
    /// The number of calls that took their record.
    pub(crate) accepted: u64,
    /// The number of times that the thread gave the processor up by itself.
    pub(crate) switches: u64,
}

impl Calls {
    pub(crate) const fn count(&self) -> u64 {
        self.times.len() as u64
    }

    /// Together with others.
    pub(crate) fn and(mut self, other: &Self) -> Self {
        self.times.extend(&other.times);
        self.accepted += other.accepted;
        self.switches += other.switches;
        self
    }
}

/// Gives numbered records to `call` at a steady rate until it is over, for about `about` long.
/// Only the call is timed, not the making of the record.
pub(crate) fn timed(
    rate: Rate,
    about: Duration,
    source: &Numbered,
    over: impl Fn() -> bool,
    call: impl Fn(Record) -> bool,
) -> Result<Calls> {
    let gap = rate.gap(1).as_nanos().max(1_000);
    // Memory that is there before, so that neither the times nor the process grow on the way.
    let mut times = vec![1; usize::try_from(about.as_nanos() / gap)? + 1_000];
    times.clear();
    let (mut accepted, mut number) = (0, 0);
    let switches = process::voluntary_switches()?;
    let mut beat = Beat::new(rate, 1);
    while !over() {
        let record = source.record(number)?;
        beat.wait();
        let before = Instant::now();
        let ok = call(record);
        let took = before.elapsed();
        times.push(nanos(took));
        accepted += u64::from(ok);
        number += 1;
    }
    Ok(Calls { times, accepted, switches: process::voluntary_switches()? - switches })
}

/// The control: all of it but recording.
pub(crate) fn control(rate: Rate, source: &Numbered, time: Duration) -> Result<Calls> {
    let start = Instant::now();
    timed(
        rate,
        time,
        source,
        || start.elapsed() >= time,
        |record| {
            drop(std::hint::black_box(record));
            true
        },
    )
}
