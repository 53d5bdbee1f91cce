//! A shutdown in the middle of recording on many threads.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use driver::{Audit, DEADLINE, recover};
use usage_core::{LabelNames, Labels, Record, Timestamp, TokenCounts, Usage};
use usage_store::StoreOptions;
use usage_tracker::Tracker;

use super::lock;
use crate::fixture::Fixture;

const THREADS: u64 = 8;
const EACH: u64 = 5_000;

/// Records on one thread until the tracker is closed; which of them were taken.
fn record(tracker: &Tracker, thread: u64) -> Vec<u64> {
    let names = LabelNames::new().with_instance("i").with_route("r").with_model("m");
    let labels = Labels::new(names).unwrap();
    (thread * EACH..(thread + 1) * EACH)
        .filter(|number| {
            let tokens = TokenCounts::unclassified(*number);
            let at = Timestamp::from_micros(i64::try_from(*number).unwrap());
            tracker.record(Record::new(labels.clone(), Usage::new(tokens, at)).unwrap()).is_ok()
        })
        .collect()
}

#[test]
fn what_was_taken_is_stored_or_in_the_journal() {
    for seed in 0..12 {
        let mut random = fastrand::Rng::with_seed(seed);
        let fixture = Fixture::new();
        let ledger = fixture.path("usage.db");
        // A shutdown waits for no longer than SQLite does.
        let mut options = StoreOptions::default();
        options.busy_timeout = Duration::from_millis(5);
        let store = options.open(&ledger).unwrap();
        let tracker = Tracker::builder().channel_capacity(2_048).start(store).unwrap();
        let over = AtomicBool::new(false);
        // Every third time with the ledger locked, so that all must stay in the journal.
        let locked = (seed % 3 == 0).then(|| lock(&fixture));
        let mut taken: Vec<u64> = thread::scope(|scope| {
            let looking = scope.spawn(|| {
                let mut looks = 0_u64;
                while !over.load(Ordering::Relaxed) {
                    let stats = tracker.stats();
                    assert!(stats.is_balanced(), "seed {seed}: {stats:?}");
                    looks += 1;
                }
                looks
            });
            let tracker = &tracker;
            let recording: Vec<_> =
                (0..THREADS).map(|thread| scope.spawn(move || record(tracker, thread))).collect();
            let moment = random.u64(0..THREADS * EACH);
            let start = Instant::now();
            while tracker.stats().submitted < moment {
                assert!(start.elapsed() < DEADLINE, "seed {seed}: {:?}", tracker.stats());
                thread::yield_now();
            }
            let report = tracker.shutdown(Duration::from_millis(random.u64(0..20)));
            assert!(report.stats.is_balanced(), "seed {seed}: {report:?}");
            let taken = recording.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
            over.store(true, Ordering::Relaxed);
            assert!(looking.join().unwrap() > 0);
            taken
        });
        drop(locked);
        // An impatient one may have left the sink at work.
        let report = tracker.shutdown(DEADLINE);
        let stats = &report.stats;
        assert!(report.finished && report.is_safe(), "seed {seed}: {report:?}");
        assert_eq!(taken.len() as u64, stats.stored + stats.in_journal, "seed {seed}: {stats:?}");
        assert_eq!(stats.dropped, 0, "seed {seed}");
        assert_eq!(taken.len() as u64, stats.submitted - stats.returned, "seed {seed}");
        let in_journal = stats.in_journal;
        drop(tracker);

        let stats = recover(&ledger).unwrap();
        assert_eq!(stats.recovered.stored, in_journal, "seed {seed}");
        taken.sort_unstable();
        assert!(Audit::of(&ledger).unwrap().numbers("i") == taken, "seed {seed}");
    }
}
