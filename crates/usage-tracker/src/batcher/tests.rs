//! The rule at its exact boundaries, and as properties over any sequence of events.

use std::time::Duration;

use proptest::prelude::*;

use usage_core::ErrorKind;

use super::{Batcher, Limits, Step};
use crate::accounts::Phase;
use crate::retry::BackOff;

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const LIMITS: Limits = Limits {
    threshold: 5,
    max_batch: 12,
    flush_timeout: ms(100),
    back_off: BackOff::new(ms(10), ms(35)),
};

fn fail(batcher: &mut Batcher, now: Duration) {
    batcher.failed(now, ErrorKind::Other, 1.0);
}

/// Makes a batcher that has had a backlog since then.
fn with_backlog_since(since: Duration) -> Batcher {
    let mut batcher = Batcher::new(LIMITS);
    batcher.next(since, 1, Phase::Running);
    batcher
}

#[test]
fn with_nothing_to_do_it_is_idle_until_it_is_closed() {
    let mut batcher = Batcher::new(LIMITS);
    assert_eq!(batcher.next(ms(0), 0, Phase::Running), Step::Idle);
    assert_eq!(batcher.next(ms(999), 0, Phase::Flushing), Step::Idle);
    assert_eq!(batcher.next(ms(999), 0, Phase::Closing), Step::Finished);
    assert_eq!(batcher.next(ms(999), 1, Phase::Closing), Step::Write);
}

#[test]
fn memory_takes_what_there_is_up_to_the_largest_batch() {
    let mut batcher = Batcher::new(LIMITS);
    assert_eq!(batcher.room(0), 12);
    assert_eq!(batcher.room(7), 5);
    assert_eq!(batcher.room(12), 0);
    assert_eq!(batcher.room(99), 0);
    assert_eq!(batcher.next(ms(0), 12, Phase::Running), Step::Write);
}

#[test]
fn a_batch_is_due_at_the_threshold() {
    for (backlog, step) in [(4, Step::WaitUntil(ms(100))), (5, Step::Write), (6, Step::Write)] {
        assert_eq!(with_backlog_since(ms(0)).next(ms(0), backlog, Phase::Running), step);
    }
}

#[test]
fn a_batch_is_due_when_its_first_record_has_waited_long_enough() {
    let mut batcher = with_backlog_since(ms(50));
    assert_eq!(batcher.next(ms(140), 2, Phase::Running), Step::WaitUntil(ms(150)));
    assert_eq!(batcher.next(ms(149), 2, Phase::Running), Step::WaitUntil(ms(150)));
    assert_eq!(batcher.next(ms(150), 2, Phase::Running), Step::Write);
    assert_eq!(batcher.next(ms(151), 2, Phase::Running), Step::Write);
}

#[test]
fn the_time_counts_afresh_for_each_batch() {
    let mut batcher = with_backlog_since(ms(50));
    assert!(!batcher.succeeded());
    assert_eq!(batcher.next(ms(500), 0, Phase::Running), Step::Idle);
    assert_eq!(batcher.next(ms(500), 1, Phase::Running), Step::WaitUntil(ms(600)));
    assert_eq!(batcher.next(ms(599), 1, Phase::Running), Step::WaitUntil(ms(600)));
    assert_eq!(batcher.next(ms(600), 1, Phase::Running), Step::Write);
}

/// Records that were lost to damage wait no more, and what comes then is not taken for them.
#[test]
fn the_time_does_not_count_while_nothing_waits() {
    let mut batcher = with_backlog_since(ms(50));
    assert_eq!(batcher.next(ms(60), 0, Phase::Running), Step::Idle);
    assert_eq!(batcher.next(ms(140), 1, Phase::Running), Step::WaitUntil(ms(240)));
}

#[test]
fn nobody_waits_while_it_flushes_or_closes() {
    for phase in [Phase::Flushing, Phase::Closing] {
        assert_eq!(with_backlog_since(ms(0)).next(ms(0), 1, phase), Step::Write);
        assert_eq!(with_backlog_since(ms(0)).next(ms(0), 21, phase), Step::Write);
    }
}

#[test]
fn a_failed_batch_waits_twice_as_long_each_time_up_to_the_limit() {
    let mut batcher = with_backlog_since(ms(0));
    assert!(!batcher.is_retrying());
    let mut now = ms(1_000);
    for wait in [10, 20, 35, 35, 35] {
        fail(&mut batcher, now);
        assert!(batcher.is_retrying());
        let retry_at = now + ms(wait);
        for phase in [Phase::Running, Phase::Flushing, Phase::Closing] {
            assert_eq!(batcher.next(retry_at - ms(1), 14, phase), Step::WaitUntil(retry_at));
            assert_eq!(batcher.next(retry_at, 14, phase), Step::Write);
            assert_eq!(batcher.next(retry_at + ms(1), 14, phase), Step::Write);
        }
        assert_eq!(batcher.room(5), 0);
        now = retry_at;
    }
    assert!(batcher.succeeded());
    assert!(!batcher.is_retrying());
    assert_eq!(batcher.room(0), 12);
    // Success resets the back-off.
    batcher.next(now, 1, Phase::Running);
    fail(&mut batcher, now);
    assert_eq!(batcher.next(now, 1, Phase::Running), Step::WaitUntil(now + ms(10)));
}

#[test]
fn who_begins_to_wait_gets_a_retry_at_once_and_the_back_off_starts_afresh() {
    let mut batcher = with_backlog_since(ms(0));
    for _ in 0..3 {
        fail(&mut batcher, ms(0));
    }
    assert_eq!(batcher.next(ms(3), 5, Phase::Closing), Step::WaitUntil(ms(35)));
    batcher.retry_now(ms(3));
    assert_eq!(batcher.next(ms(3), 5, Phase::Closing), Step::Write);
    fail(&mut batcher, ms(3));
    assert_eq!(batcher.next(ms(3), 5, Phase::Closing), Step::WaitUntil(ms(13)));
}

#[test]
fn without_a_failed_batch_there_is_nothing_to_retry() {
    let mut batcher = with_backlog_since(ms(0));
    batcher.retry_now(ms(3));
    assert!(!batcher.is_retrying());
    assert_eq!(batcher.next(ms(3), 1, Phase::Running), Step::WaitUntil(ms(100)));
}

/// A thread that sleeps until so many records wait misses nothing, and is not woken for nothing.
#[test]
fn what_it_says_changes_where_it_says_so() {
    for backlog in 0..5 {
        let mut batcher = with_backlog_since(ms(0));
        let changes_at = batcher.changes_at(backlog);
        let now = batcher.next(ms(1), backlog, Phase::Running);
        for more in backlog..changes_at.min(9) {
            assert_eq!(with_backlog_since(ms(0)).next(ms(1), more, Phase::Running), now);
        }
        assert_ne!(with_backlog_since(ms(0)).next(ms(1), changes_at, Phase::Running), now);
    }
    let mut failed = with_backlog_since(ms(0));
    fail(&mut failed, ms(0));
    assert_eq!(failed.changes_at(3), u64::MAX);
}

#[test]
fn endless_waits_do_not_overflow() {
    let forever = Limits {
        flush_timeout: Duration::MAX,
        back_off: BackOff::new(Duration::MAX, Duration::MAX),
        ..LIMITS
    };
    let mut batcher = Batcher::new(forever);
    batcher.next(ms(1), 1, Phase::Running);
    assert_eq!(batcher.next(ms(2), 1, Phase::Running), Step::WaitUntil(Duration::MAX));
    fail(&mut batcher, ms(2));
    fail(&mut batcher, ms(3));
    let Step::WaitUntil(retry_at) = batcher.next(ms(4), 1, Phase::Running) else { panic!() };
    assert!(retry_at >= Duration::MAX / 2);
}

/// An event that a writer meets from outside.
#[derive(Clone, Debug)]
enum Event {
    /// Records arrive in the queue.
    Arrive(usize),
    /// Time passes.
    Pass(Duration),
    /// The next tries of the sink fail.
    Break(usize),
    /// Somebody waits for what is there.
    Flush,
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        4 => (0..40_usize).prop_map(Event::Arrive),
        4 => (0..150_u64).prop_map(|millis| Event::Pass(ms(millis))),
        1 => (1..6_usize).prop_map(Event::Break),
        1 => Just(Event::Flush),
    ];
    prop::collection::vec(event, 0..60)
}

/// Returns limits, and the shortest and the longest wait before a retry.
fn limits() -> impl Strategy<Value = (Limits, [Duration; 2])> {
    (1..20_usize, 0..30_usize, 1..120_u64, 1..20_u64, 0..60_u64).prop_map(
        |(threshold, more, timeout, min, longer)| {
            let waits = [ms(min), ms(min + longer)];
            let limits = Limits {
                threshold,
                max_batch: threshold + more,
                flush_timeout: ms(timeout),
                back_off: BackOff::new(waits[0], waits[1]),
            };
            (limits, waits)
        },
    )
}

/// A writer around the batcher, with numbers for records and a list for a sink. It checks each
/// step against the rule as the user reads it, not as the batcher computes it.
struct World {
    limits: Limits,
    waits: [Duration; 2],
    batcher: Batcher,
    now: Duration,
    phase: Phase,
    /// Each record with when it was taken.
    queue: std::collections::VecDeque<u32>,
    held: Vec<(u32, Duration)>,
    written: Vec<u32>,
    arrived: u32,
    failures_to_come: usize,
    /// The batch as it failed, when, and the wait that was asked for then.
    failed: Option<(Vec<u32>, Duration)>,
    last_wait: Option<Duration>,
}

impl World {
    fn new((limits, waits): (Limits, [Duration; 2])) -> Self {
        Self {
            limits,
            waits,
            batcher: Batcher::new(limits),
            now: Duration::ZERO,
            phase: Phase::Running,
            queue: std::collections::VecDeque::new(),
            held: Vec::new(),
            written: Vec::new(),
            arrived: 0,
            failures_to_come: 0,
            failed: None,
            last_wait: None,
        }
    }

    fn step(&mut self) -> Step {
        self.batcher.next(self.now, self.held.len() as u64, self.phase)
    }

    /// Does what the batcher says until it waits.
    fn run_until_it_waits(&mut self) -> Step {
        loop {
            self.fill();
            match self.step() {
                Step::Write => self.write(),
                wait => return wait,
            }
        }
    }

    /// Takes what there is room for.
    fn fill(&mut self) {
        let count = self.batcher.room(self.held.len()).min(self.queue.len());
        if count > 0 {
            assert!(self.failed.is_none(), "a failed batch is changed");
            let taken = self.queue.drain(..count);
            self.held.extend(taken.map(|record| (record, self.now)));
            assert!(self.held.len() <= self.limits.max_batch);
        }
    }

    fn write(&mut self) {
        let batch: Vec<_> = self.held.iter().map(|(record, _)| *record).collect();
        assert!(!batch.is_empty());
        assert!(batch.len() <= self.limits.max_batch);
        match &self.failed {
            Some((failed, retry_at)) => {
                assert_eq!(&batch, failed);
                assert!(self.now >= *retry_at);
            }
            None => {
                let waited = self.now - self.held[0].1;
                assert!(
                    batch.len() >= self.limits.threshold
                        || waited >= self.limits.flush_timeout
                        || self.phase != Phase::Running,
                    "written too early",
                );
            }
        }
        if self.failures_to_come == 0 {
            self.written.extend(batch);
            self.held.clear();
            let had_failed = self.batcher.succeeded();
            assert_eq!(had_failed, self.failed.is_some());
            (self.failed, self.last_wait) = (None, None);
            if self.phase == Phase::Flushing && self.queue.is_empty() {
                self.phase = Phase::Running;
            }
            return;
        }
        self.failures_to_come -= 1;
        fail(&mut self.batcher, self.now);
        let Step::WaitUntil(retry_at) = self.step() else {
            panic!("a failed batch must wait, not {:?}", self.step());
        };
        let wait = retry_at - self.now;
        let expected = match self.last_wait {
            None => self.waits[0],
            Some(last) => (last * 2).min(self.waits[1]),
        };
        assert_eq!(wait, expected);
        self.last_wait = Some(wait);
        self.failed = Some((batch, retry_at));
    }

    fn apply(&mut self, event: &Event) {
        match event {
            Event::Arrive(count) => {
                for _ in 0..*count {
                    self.queue.push_back(self.arrived);
                    self.arrived += 1;
                }
            }
            Event::Pass(time) => self.pass(*time),
            Event::Break(times) => self.failures_to_come += times,
            Event::Flush => {
                self.phase = Phase::Flushing;
                self.retry_now();
            }
        }
        self.check_wait();
    }

    fn retry_now(&mut self) {
        self.batcher.retry_now(self.now);
        self.last_wait = None;
        if let Some((_, retry_at)) = &mut self.failed {
            *retry_at = self.now;
        }
    }

    /// Lets time pass as a thread sees it that always wakes up exactly when it asked to.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            match self.run_until_it_waits() {
                Step::WaitUntil(until) if until <= end => {
                    assert!(until > self.now, "a wait for what is over");
                    self.now = until;
                }
                _ => break,
            }
        }
        self.now = end;
    }

    /// Checks that nothing that could be written waits for too long.
    fn check_wait(&mut self) {
        match self.run_until_it_waits() {
            Step::WaitUntil(until) => {
                assert!(until > self.now);
                let (_, oldest) = self.held[0];
                match &self.failed {
                    Some((_, retry_at)) => assert_eq!(until, *retry_at),
                    None => assert_eq!(until, oldest + self.limits.flush_timeout),
                }
            }
            Step::Idle | Step::Finished => {
                assert!(self.held.is_empty() && self.queue.is_empty());
            }
            Step::Write => panic!("it waits, and would write"),
        }
    }
}

proptest! {
    #[test]
    fn whatever_happens_the_rule_holds_and_every_record_is_written_once_in_order(
        limits in limits(),
        events in events(),
    ) {
        let mut world = World::new(limits);
        for event in &events {
            world.apply(event);
        }
        world.phase = Phase::Closing;
        world.retry_now();
        while world.run_until_it_waits() != Step::Finished {
            world.pass(ms(10));
        }
        let everything: Vec<_> = (0..world.arrived).collect();
        prop_assert_eq!(world.written, everything);
    }
}
