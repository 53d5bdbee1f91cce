//! The threads that handle requests: each record has the next number.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::Result;
use usage_core::{LabelNames, Labels, Record, Timestamp, TokenCounts, Usage};
use usage_tracker::{RejectReason, Tracker};

use crate::settings::Settings;

/// The time of record number 0: 2026-05-01 in UTC.
const FROM: i64 = 1_777_593_600_000_000;

pub(crate) struct Recorder {
    tracker: Arc<Tracker>,
    labels: Labels,
    rate: Option<u64>,
    next: AtomicU64,
    returned: Mutex<Vec<(u64, u64)>>,
}

impl Recorder {
    pub(crate) fn new(tracker: Arc<Tracker>, settings: &Settings) -> Result<Self> {
        let labels = Labels::new(
            LabelNames::new()
                .with_instance(&settings.instance)
                .with_provider("provider")
                .with_route("route")
                .with_model("model"),
        )?;
        let (next, returned) = (AtomicU64::new(0), Mutex::default());
        Ok(Self { tracker, labels, rate: settings.rate, next, returned })
    }

    /// Records so many on threads of their own, one after the other on each.
    pub(crate) fn start(self: &Arc<Self>, threads: u64, records: u64) -> Vec<JoinHandle<()>> {
        (0..threads)
            .map(|thread| {
                let this = Arc::clone(self);
                // The first ones take what cannot be shared out evenly.
                let share = records / threads + u64::from(thread < records % threads);
                thread::spawn(move || this.record(share))
            })
            .collect()
    }

    /// Records so many, at the pace that was asked for, until the tracker is closed.
    pub(crate) fn record(&self, records: u64) {
        let start = Instant::now();
        for done in 0..records {
            if let Some(rate) = self.rate {
                let due = Duration::from_nanos(done * 1_000_000_000 / rate.max(1));
                // sleep: requests come at this rate.
                thread::sleep(due.saturating_sub(start.elapsed()));
            }
            if !self.record_one() {
                return;
            }
        }
    }

    /// `false` when the tracker is closed.
    fn record_one(&self) -> bool {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let at = Timestamp::from_micros(FROM.saturating_add_unsigned(number));
        let usage = Usage::new(TokenCounts::unclassified(number), at);
        let Ok(record) = Record::new(self.labels.clone(), usage) else {
            // Past the last number that a record can carry.
            return false;
        };
        let Err(rejected) = self.tracker.record(record) else { return true };
        let mut returned = self.returned.lock().unwrap_or_else(PoisonError::into_inner);
        match returned.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => returned.push((number, number)),
        }
        rejected.reason() != RejectReason::Closed
    }

    /// The numbers that came back.
    pub(crate) fn returned(&self) -> Vec<(u64, u64)> {
        self.returned.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
