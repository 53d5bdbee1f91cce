//! Many threads, a sink that misbehaves, snapshots all the while, and a shutdown in the middle.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::time::Duration;

use usage_core::TokenCounts;
use usage_core::sink::{BatchOutcome, Refusal, RefusalReason, Sink};
use usage_core::{Error, Record};
use usage_tracker::{HandleError, Stats, Tracker};

use crate::common::{LONG, balanced, labels, number, numbers, record, until};

const THREADS: u64 = 8;

/// The fate of each record that the sink acknowledged.
#[derive(Default)]
struct Books {
    stored: Vec<u64>,
    duplicates: Vec<u64>,
    refused: Vec<u64>,
}

/// Fails and panics by turns; counts some records as duplicates and refuses others.
struct Flaky {
    books: Arc<Mutex<Books>>,
    calls: u64,
}

impl Sink for Flaky {
    fn store(&mut self, batch: &[Record]) -> Result<BatchOutcome, Error> {
        self.calls += 1;
        match self.calls % 7 {
            2 | 3 => return Err(Error::other("flaky")),
            5 => panic!("flaky"),
            _ => {}
        }
        let mut outcome = BatchOutcome::default();
        let mut books = self.books.lock().unwrap();
        for (index, record) in batch.iter().enumerate() {
            match number(record) % 11 {
                3 => {
                    outcome.duplicates += 1;
                    books.duplicates.push(number(record));
                }
                7 => {
                    let reason = RefusalReason::EventIdConflict;
                    outcome.refused.push(Refusal::new(index, reason));
                    books.refused.push(number(record));
                }
                _ => {
                    outcome.stored += 1;
                    books.stored.push(number(record));
                }
            }
        }
        Ok(outcome)
    }
}

/// The answers that one recording thread got.
#[derive(Default)]
struct Seen {
    taken: Vec<u64>,
    back: Vec<u64>,
}

fn record_until_closed(tracker: &Tracker, thread: u64, closed: &AtomicBool) -> Seen {
    let handle = tracker.handle(labels());
    let mut seen = Seen::default();
    let mut after_close = 0;
    for nth in 0.. {
        let number = thread + nth * THREADS;
        // All three ways, by turns.
        let rejected = match nth % 3 {
            0 => tracker.record(record(number)).err(),
            1 => match handle.record(TokenCounts::unclassified(number)) {
                Ok(()) => None,
                Err(HandleError::Rejected(rejected)) => Some(rejected),
                Err(error) => panic!("{error}"),
            },
            _ => tracker.record_blocking(record(number), Duration::from_micros(50)).err(),
        };
        match rejected {
            None => seen.taken.push(number),
            Some(rejected) => seen.back.push(self::number(&rejected.into_record())),
        }
        if closed.load(Ordering::SeqCst) {
            after_close += 1;
            if after_close == 20 {
                break;
            }
        }
    }
    seen
}

/// One run; answers the final accounts.
fn run(round: u64) -> Stats {
    let books = Arc::new(Mutex::new(Books::default()));
    let tracker = Tracker::builder()
        .buffer_size(16)
        .max_batch(40)
        .channel_capacity(if round.is_multiple_of(2) { 64 } else { 4_096 })
        .flush_timeout(Duration::from_millis(2))
        .retry_back_off(Duration::from_micros(50), Duration::from_micros(200))
        .start(Flaky { books: Arc::clone(&books), calls: round })
        .unwrap();
    let (closed, snapshots) = (AtomicBool::new(false), AtomicU64::new(0));
    let start = Barrier::new(usize::try_from(THREADS).unwrap() + 2);

    let (seen, report) = std::thread::scope(|scope| {
        let (tracker, closed, start, snapshots) = (&tracker, &closed, &start, &snapshots);
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                scope.spawn(move || {
                    start.wait();
                    record_until_closed(tracker, thread, closed)
                })
            })
            .collect();
        let watcher = scope.spawn(move || {
            start.wait();
            let mut last = 0;
            while !closed.load(Ordering::SeqCst) {
                let stats = balanced(tracker);
                assert!(stats.submitted >= last, "records disappeared");
                last = stats.submitted;
                snapshots.fetch_add(1, Ordering::SeqCst);
            }
        });
        start.wait();
        // Closed in the middle of it all: when some records are stored, some tries have failed and
        // some snapshots are taken, at a different point each round.
        until("the stress is one", || {
            let stats = tracker.stats();
            let is_stress = stats.stored >= 100 + round * 10 && stats.retries >= 2;
            watcher.is_finished()
                || (is_stress && snapshots.load(Ordering::SeqCst) >= 3 + round * 5)
        });
        // Every fourth time with too little time to write everything.
        let deadline = if round % 4 == 3 { Duration::ZERO } else { LONG };
        let mut report = tracker.shutdown(deadline);
        while !report.finished {
            let next = tracker.shutdown(LONG);
            report.unstored.extend(next.unstored);
            (report.stats, report.finished) = (next.stats, next.finished);
        }
        closed.store(true, Ordering::SeqCst);
        watcher.join().unwrap();
        (threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>(), report)
    });

    let books = books.lock().unwrap();
    let stats = balanced(&tracker);
    assert_eq!(stats.stored, books.stored.len() as u64);
    assert_eq!(stats.duplicates, books.duplicates.len() as u64);
    let back: Vec<_> = seen.iter().flat_map(|seen| seen.back.iter().copied()).collect();
    assert_eq!(stats.returned, (back.len() + report.unstored.len()) as u64);
    assert_eq!(stats.refused, stats.returned + books.refused.len() as u64);
    assert_eq!((stats.dropped, stats.pending), (0, 0));

    // Every record that was taken is in exactly one place, and those that came back are in none.
    let mut taken: Vec<_> = seen.iter().flat_map(|seen| seen.taken.iter().copied()).collect();
    let mut acknowledged =
        [&books.stored[..], &books.duplicates, &books.refused, &numbers(&report.unstored)].concat();
    taken.sort_unstable();
    acknowledged.sort_unstable();
    assert_eq!(acknowledged, taken);
    assert_eq!(stats.submitted, (taken.len() + back.len()) as u64);
    stats
}

#[test]
fn every_record_ends_in_exactly_one_place_and_every_snapshot_balances() {
    let mut total = Stats::default();
    for round in 0..12 {
        let stats = run(round);
        total.stored += stats.stored;
        total.returned += stats.returned;
        total.retries += stats.retries;
    }
    // The stress was one.
    assert!(total.stored > 1_000 && total.returned > 1_000 && total.retries > 12, "{total:?}");
}
