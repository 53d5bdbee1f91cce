//! The measurement, as one function that others can call.
//!
//! Ours and bare take turns in short rounds of one run, on the same threads' schedule, so that a
//! noisy moment of the machine meets both. The bare channel carries a value of a record's size and
//! is emptied by a thread with the writer's own discipline: it never waits inside flume, naps a
//! millisecond, takes one value at a time, and drops them.

use std::error::Error;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use usage_core::{LabelNames, Labels, Record, TokenCounts, Usage};
use usage_store::Store;
use usage_tracker::{DEFAULT_CHANNEL_CAPACITY, Durability, Handle, Tracker};

use crate::pace::{Beat, Rate};

/// Nothing takes as long as this.
const LONG: Duration = Duration::from_secs(60);

/// The plan of a measurement.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// Says whether there is a journal.
    pub(super) durability: Durability,
    /// The rate of the records.
    pub(super) rate: Rate,
    /// By how many threads.
    pub(super) threads: usize,
    /// The number of rounds that each of ours and bare get.
    pub(super) rounds: usize,
    /// The time that a paced round takes.
    pub(super) round: Duration,
    /// The number of records of a flat-out round, of all threads together.
    pub(super) burst: usize,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            durability: Durability::Journaled,
            rate: Rate::FlatOut,
            threads: 1,
            rounds: 10,
            round: Duration::from_millis(500),
            burst: 40_000,
        }
    }
}

/// Nanoseconds a call, with what reading the timer before and after it takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    /// The median.
    pub(super) p50: u64,
    /// One call in a hundred takes longer.
    pub(super) p99: u64,
}

/// The result of a plan.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// `Handle::record`, the clock included.
    pub(super) ours: Cost,
    /// `flume::Sender::try_send`.
    pub(super) bare: Cost,
    /// The time that reading the timer twice takes at the median; it is in all the figures.
    pub(super) timer: u64,
    /// The number of records, or bare values, that came back because a channel was full.
    pub(super) came_back: u64,
}

impl Row {
    /// Ours by bare, at the median.
    pub(super) fn ratio_p50(&self) -> f64 {
        ratio(self.ours.p50, self.bare.p50)
    }

    /// Ours by bare at the median, with the timer taken off both.
    pub(super) fn net_ratio_p50(&self) -> f64 {
        ratio(self.ours.p50.saturating_sub(self.timer), self.bare.p50.saturating_sub(self.timer))
    }

    /// Ours by bare, at the 99th percentile.
    pub(super) fn ratio_p99(&self) -> f64 {
        ratio(self.ours.p99, self.bare.p99)
    }
}

#[expect(clippy::cast_precision_loss, reason = "nanoseconds of one call")]
fn ratio(ours: u64, bare: u64) -> f64 {
    ours as f64 / bare.max(1) as f64
}

/// Measures one plan, with the tracker in front of a real ledger.
///
/// # Errors
/// When a thread cannot be started, or the ledger does not store.
pub(super) fn measure(plan: &Plan, ledger: Store) -> Result<Row, Box<dyn Error>> {
    let timer = timer_cost();
    let tracker = Tracker::builder().durability(plan.durability).start(ledger)?;
    let handles = (0..plan.threads)
        .map(|thread| {
            let route = format!("route-{thread}");
            let names = LabelNames::new()
                .with_instance("bench")
                .with_provider("anthropic")
                .with_route(&route)
                .with_model("claude-sonnet-4-5");
            Ok(tracker.handle(Labels::new(names)?))
        })
        .collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    let tokens = TokenCounts::unclassified(1_234);
    let bare = Bare::start();

    let (mut ours_ns, mut bare_ns, mut came_back) = (Vec::new(), Vec::new(), 0);
    // The first round warms up and lets both queues grow.
    for round in 0..=plan.rounds {
        let record = |handle: &Handle| {
            let usage = Usage::new(black_box(tokens), handle.now()).with_fallbacks(black_box(1));
            handle.record_usage(usage).is_ok()
        };
        let (ours, ours_back) = run_round(plan, &handles, record);
        // All is stored, so that the bare channel's round is not disturbed by it.
        tracker.flush(LONG)?;
        let send = |sender: &flume::Sender<Value>| sender.try_send(black_box([7; WORDS])).is_ok();
        let (other, bare_back) = run_round(plan, &vec![bare.sender.clone(); plan.threads], send);
        settle(|| bare.sender.is_empty());
        if round > 0 {
            ours_ns.extend(ours);
            bare_ns.extend(other);
            came_back += ours_back + bare_back;
        }
    }
    bare.stop();
    let report = tracker.shutdown(LONG);
    if !report.is_clean() {
        return Err(format!("not everything was stored: {:?}", report.stats).into());
    }
    Ok(Row { ours: cost(ours_ns), bare: cost(bare_ns), timer, came_back })
}

/// Every thread calls `call` at the plan's rate; answers what each call took, and how many failed.
fn run_round<T: Sync>(
    plan: &Plan,
    targets: &[T],
    call: impl Fn(&T) -> bool + Sync,
) -> (Vec<u64>, u64) {
    let start = Barrier::new(plan.threads);
    let (start, call) = (&start, &call);
    let results: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = targets
            .iter()
            .map(|target| {
                scope.spawn(move || {
                    let count = match plan.rate {
                        Rate::FlatOut => plan.burst / plan.threads,
                        paced @ Rate::PerSecond(_) => {
                            let gap = paced.gap(plan.threads).as_nanos().max(1);
                            let count = plan.round.as_nanos() / gap;
                            usize::try_from(count).unwrap_or(usize::MAX)
                        }
                    };
                    let mut times = Vec::with_capacity(count);
                    let mut failed = 0;
                    start.wait();
                    let mut beat = Beat::new(plan.rate, plan.threads);
                    for _ in 0..count {
                        beat.wait();
                        let before = Instant::now();
                        let ok = call(target);
                        let took = before.elapsed();
                        times.push(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
                        failed += u64::from(!ok);
                    }
                    (times, failed)
                })
            })
            .collect();
        workers.into_iter().filter_map(|worker| worker.join().ok()).collect()
    });
    let failed = results.iter().map(|(_, failed)| failed).sum();
    (results.into_iter().flat_map(|(times, _)| times).collect(), failed)
}

fn settle(done: impl Fn() -> bool) {
    while !done() {
        // sleep: between rounds, so that waiting does not load the machine.
        thread::sleep(Duration::from_millis(1));
    }
}

/// Measures the time that reading the timer twice takes, at the median.
fn timer_cost() -> u64 {
    let mut times: Vec<_> = (0..10_000)
        .map(|_| {
            let before = Instant::now();
            u64::try_from(before.elapsed().as_nanos()).unwrap_or(u64::MAX)
        })
        .collect();
    times.sort_unstable();
    times[times.len() / 2]
}

fn cost(mut times: Vec<u64>) -> Cost {
    times.sort_unstable();
    let at = |share: usize| {
        let index = (times.len() * share / 100).min(times.len().saturating_sub(1));
        times.get(index).copied().unwrap_or(0)
    };
    Cost { p50: at(50), p99: at(99) }
}

/// As large as a record.
type Value = [u64; WORDS];
const WORDS: usize = size_of::<Record>() / 8;
const _: () = assert!(size_of::<Value>() == size_of::<Record>());

/// A flume channel and a thread that empties it.
struct Bare {
    sender: flume::Sender<Value>,
    stop: Arc<AtomicBool>,
    thread: thread::JoinHandle<()>,
}

impl Bare {
    fn start() -> Self {
        let (sender, receiver) = flume::bounded::<Value>(DEFAULT_CHANNEL_CAPACITY);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            while !stopped.load(Ordering::Acquire) {
                while let Ok(value) = receiver.try_recv() {
                    black_box(value);
                }
                thread::park_timeout(Duration::from_millis(1));
            }
        });
        Self { sender, stop, thread }
    }

    fn stop(self) {
        self.stop.store(true, Ordering::Release);
        // It does nothing that could panic.
        let _ = self.thread.join();
    }
}
