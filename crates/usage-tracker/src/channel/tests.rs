//! Waking and closing, without an engine around them.

use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use usage_core::{LabelNames, Labels, Timestamp, TokenCounts, Usage};

use crate::policy::Overflow;

use super::*;
use crate::clock::SystemClock;

fn record(number: u64) -> Record {
    let names = LabelNames::new().with_instance("i").with_route("r").with_model("m");
    let tokens = TokenCounts::unclassified(number);
    Record::new(Labels::new(names).unwrap(), Usage::new(tokens, Timestamp::MIN_RECORD)).unwrap()
}

fn new(capacity: usize) -> (Sender, Receiver) {
    channel(capacity, TimeSource::System(SystemClock::new()), Overflow::Return)
}

#[test]
fn no_wake_up_is_lost_between_looking_and_parking() {
    // The taking thread parks whenever it finds nothing, with no nap to save it, and the sending
    // one sends again soon after the last record was taken: every round is a race of the two, with
    // a lead that sweeps over the moment between looking and parking.
    const ROUNDS: u64 = 50_000;
    // On a busy machine fewer will do.
    const LONGEST: Duration = Duration::from_secs(10);
    let (sender, mut receiver) = new(4);
    let (taken, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        let taker = scope.spawn(|| {
            let (mut held, mut books) = (Vec::new(), Books::default());
            while !is_over.load(Ordering::SeqCst) {
                if receiver.take(4, &mut held, &mut books) > 0 {
                    held.clear();
                    taken.store(books.counters.received, Ordering::SeqCst);
                } else {
                    receiver.park(&sender, Duration::MAX, || is_over.load(Ordering::SeqCst));
                }
            }
        });
        let end = || {
            is_over.store(true, Ordering::SeqCst);
            taker.thread().unpark();
        };
        sender.set_receiver_thread(taker.thread().clone());
        let next = record(1);
        let start = Instant::now();
        for round in 0..ROUNDS {
            let sent = Instant::now();
            if sent - start > LONGEST {
                break;
            }
            for _ in 0..round % 97 {
                std::hint::spin_loop();
            }
            sender.record(next.clone()).unwrap();
            let mut spins = 0;
            while taken.load(Ordering::SeqCst) <= round {
                spins += 1;
                if spins < 2_000 {
                    std::hint::spin_loop();
                    continue;
                }
                if sent.elapsed() > Duration::from_secs(60) {
                    // So that the scope can end.
                    end();
                    panic!("the taker sleeps with record {round} in the channel");
                }
                thread::yield_now();
            }
        }
        end();
    });
}

#[test]
fn park_does_not_sleep_when_it_is_called() {
    let (sender, receiver) = new(4);
    receiver.park(&sender, Duration::MAX, || true);
    sender.record(record(1)).unwrap();
    receiver.park(&sender, Duration::MAX, || false);
}

#[test]
fn a_sealed_channel_takes_nothing_and_shows_nothing() {
    let (sender, mut receiver) = new(3);
    let (mut held, mut books) = (Vec::new(), Books::default());
    assert!(receiver.seal(&sender, 0, &mut held, &mut books));
    assert_eq!((held.len(), books.state.empty_slots, sender.queued(&books)), (0, 3, 0));
    // A thread that saw it open and was held up.
    assert!(sender.queue.try_send(Aligned(Message::Record(record(1)))).is_err());
    // It can be sealed again.
    assert!(receiver.seal(&sender, 0, &mut held, &mut books));
    assert_eq!(books.state.empty_slots, 3);
}

#[test]
fn sealing_finds_late_records_wherever_they_are() {
    for before in 0..3 {
        let (sender, mut receiver) = new(3);
        let (mut held, mut books) = (Vec::new(), Books::default());
        for _ in 0..before {
            sender.queue.try_send(Aligned(Message::empty())).unwrap();
            books.state.empty_slots += 1;
        }
        sender.queue.try_send(Aligned(Message::Record(record(7)))).unwrap();
        assert_eq!(sender.queued(&books), 1);
        // Nowhere to put it yet: nothing moves out, and it is still counted.
        assert!(!receiver.seal(&sender, 0, &mut held, &mut books));
        assert_eq!((held.len(), sender.queued(&books)), (0, 1));
        assert!(receiver.seal(&sender, 1, &mut held, &mut books));
        assert_eq!(held, [record(7)]);
        assert_eq!((books.counters.received, sender.queued(&books)), (1, 0));
    }
}

#[test]
fn a_record_that_finds_the_receiver_gone_comes_back() {
    let (sender, receiver) = new(3);
    drop(receiver);
    let rejected = sender.record(record(1)).unwrap_err();
    assert_eq!(rejected.reason(), RejectReason::Closed);
    assert_eq!(sender.returned(), 1);
}

#[test]
fn no_late_record_is_stranded_however_the_threads_race() {
    const CAPACITY: usize = 64;
    for _ in 0..200 {
        let (sender, mut receiver) = new(CAPACITY);
        let (mut held, mut books) = (Vec::new(), Books::default());
        let start = std::sync::Barrier::new(4);
        let sent: usize = thread::scope(|scope| {
            let senders: Vec<_> = (0..3)
                .map(|_| {
                    scope.spawn(|| {
                        start.wait();
                        // Past the look at `closed` already, each of them, fifty times.
                        (0..50)
                            .filter(|n| {
                                sender.queue.try_send(Aligned(Message::Record(record(*n)))).is_ok()
                            })
                            .count()
                    })
                })
                .collect();
            start.wait();
            while !receiver.seal(&sender, 16, &mut held, &mut books) {}
            senders.into_iter().map(|sender| sender.join().unwrap()).sum()
        });
        assert_eq!(held.len(), sent);
        assert_eq!((books.state.empty_slots, sender.queued(&books)), (CAPACITY, 0));
    }
}
