//! Writers that write all the time: each waits for the others and gets its turn.

use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;

use super::support::{Place, record, requests};

const WRITERS: usize = 8;
const TURNS: u64 = 20;
const BATCH: i64 = 300;

/// All go on until the slowest has had so many turns. Fair would be eight times as many in all;
/// with SQLite's own way of waiting it is a hundred times as many, or never comes to an end.
#[test]
fn nobody_is_left_waiting() {
    let place = Place::new();
    drop(place.open());
    let (all, satisfied) = (AtomicU64::new(0), AtomicUsize::new(0));
    let start = Barrier::new(WRITERS);
    thread::scope(|scope| {
        for _ in 0..WRITERS {
            scope.spawn(|| {
                let store = place.open();
                let batch: Vec<_> = (0..BATCH).map(|micros| record(micros, 1)).collect();
                start.wait();
                let mut turns = 0;
                while satisfied.load(Ordering::Relaxed) < WRITERS {
                    store.insert_batch(&batch).unwrap();
                    all.fetch_add(1, Ordering::Relaxed);
                    turns += 1;
                    if turns == TURNS {
                        satisfied.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let all = all.into_inner();
    assert!(all <= 4 * TURNS * WRITERS as u64, "{all} turns until each had {TURNS}");
    assert_eq!(requests(&place.open()), all * BATCH as u64);
}
