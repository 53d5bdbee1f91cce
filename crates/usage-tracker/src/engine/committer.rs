//! The thread that calls the sink, with a journal or without.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use usage_core::sink::Sink;

use super::journaling::Journaling;
use super::queue::Queues;
use crate::accounts::{Event, Phase, release};
use crate::batcher::{Batcher, Limits, Step};
use crate::call::{Failure, call, message};
use crate::channel::{Receiver, park_for};
use crate::notify::OnRefused;
use crate::shared::Shared;

/// The most records that are moved under one lock, so that a snapshot never waits long.
const CHUNK: usize = 512;

/// Does what the batching rule says, keeps the accounts, and never loses a record without counting it.
pub(super) struct Committer {
    pub(super) shared: Arc<Shared>,
    /// Taken out before the thread says that it has stopped.
    pub(super) sink: Option<Box<dyn Sink>>,
    pub(super) queues: Queues,
    pub(super) feed: Feed,
    on_refused: Option<OnRefused>,
    limits: Limits,
    batcher: Batcher,
    /// The number of callers that had begun to wait when it looked last.
    arrivals: u64,
}

/// The source of the records in the queues.
pub(super) enum Feed {
    /// This thread drains the channel into the queue in memory.
    Channel(Receiver),
    /// Another one drains it into the journal.
    Appender(Box<Journaling>),
}

impl Committer {
    pub(super) fn new(
        shared: Arc<Shared>,
        sink: Box<dyn Sink>,
        on_refused: Option<OnRefused>,
        limits: Limits,
        queues: Queues,
        feed: Feed,
    ) -> Self {
        let (sink, batcher) = (Some(sink), Batcher::new(limits));
        Self { shared, sink, queues, feed, on_refused, limits, batcher, arrivals: 0 }
    }

    /// Works until the tracker is shut down and everything is stored or given up.
    pub(super) fn run(mut self) {
        self.shared.set_committer();
        if matches!(self.feed, Feed::Channel(_)) {
            self.shared.sender.set_receiver_thread(thread::current());
        }
        // The sink's and the callback's panics are caught where they are called. One from
        // elsewhere, a clock or a subscriber, must not take the records in memory with it.
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.work())) {
            let error = format!("the usage writer panicked: {}", message(&*panic));
            self.shared.accounts.lock().state.health.note(error);
        }
        self.finish();
    }

    fn work(&mut self) {
        loop {
            let now = self.shared.sender.clock.monotonic();
            if !self.prepare(now) {
                return;
            }
            self.fill();
            match self.decide(now) {
                None => return,
                Some(Step::Write) => {
                    if !self.write() {
                        return;
                    }
                }
                Some(Step::WaitUntil(until)) => self.wait(until.saturating_sub(now)),
                Some(Step::Idle) => self.idle(),
                Some(Step::Finished) => {
                    if self.is_over() {
                        return;
                    }
                }
            }
        }
    }

    /// Does what comes before storing. Returns `false` when the sink shall not be called again.
    fn prepare(&mut self, now: Duration) -> bool {
        let (Feed::Appender(journaling), Some(sink)) = (&mut self.feed, self.sink.as_deref_mut())
        else {
            return true;
        };
        journaling.prepare(now, self.limits.max_batch, &self.shared, sink, &mut self.queues)
    }

    /// Fills the queue in memory from the channel, or with what the journal did not take.
    fn fill(&mut self) {
        let records = &mut self.queues.memory.records;
        match &mut self.feed {
            Feed::Channel(receiver) => loop {
                let most = self.batcher.room(records.len()).min(CHUNK);
                if most == 0 {
                    return;
                }
                let mut books = self.shared.accounts.lock();
                let taken = receiver.take(most, records, &mut books);
                books.counters.in_memory = records.len();
                drop(books);
                if taken > 0 {
                    receiver.made_room(&self.shared.sender);
                }
                if taken < most {
                    return;
                }
            },
            Feed::Appender(_) if records.is_empty() => {
                let mut books = self.shared.accounts.lock();
                std::mem::swap(records, &mut books.state.handover.records);
                books.counters.in_memory = records.len();
                drop(books);
                if !records.is_empty() {
                    self.shared.unblock_appender();
                }
            }
            Feed::Appender(_) => {}
        }
    }

    /// Asks the batching rule. Returns `None` when the sink shall not be called again.
    fn decide(&mut self, now: Duration) -> Option<Step> {
        let mut books = self.shared.accounts.lock();
        if !books.phase().is_open() && books.state.health.is_hopeless() {
            books.advance(Event::GiveUp);
        }
        if !books.phase().calls_sink() {
            return None;
        }
        if books.state.callers.arrivals != self.arrivals {
            self.arrivals = books.state.callers.arrivals;
            self.batcher.retry_now(now);
            match &mut self.feed {
                Feed::Channel(receiver) => receiver.busy(),
                Feed::Appender(journaling) => journaling.retry_now(now),
            }
        }
        let backlog = books.to_store();
        let step = self.batcher.next(now, backlog, books.phase());
        // Set under the lock under which it was decided to sleep: no wake-up is missed.
        let is_at_work = step == Step::Write;
        books.state.handover.wake_at =
            if is_at_work { u64::MAX } else { self.batcher.changes_at(backlog) };
        Some(step)
    }

    /// Stores the next batch. Returns `false` when the sink shall not be called again.
    fn write(&mut self) -> bool {
        if let Feed::Channel(receiver) = &mut self.feed {
            receiver.busy();
        }
        let is_retry = self.batcher.is_retrying();
        if !self.shared.enter_sink(is_retry) {
            return false;
        }
        let result = self.store_next();
        let now = self.shared.sender.clock.monotonic();
        let mut books = self.shared.accounts.lock();
        match result {
            Ok(warning) => {
                self.batcher.succeeded();
                books.sink_works(warning);
            }
            Err((kind, error)) => {
                self.batcher.failed(now, kind, fastrand::f64());
                books.sink_failed(kind, error);
            }
        }
        self.shared.accounts.changed();
        release(books);
        self.shared.unblock_appender();
        true
    }

    /// Stores the next batch of each queue. Returns what the sink says is wrong with it all the same.
    fn store_next(&mut self) -> Result<Option<String>, Failure> {
        let Some(sink) = self.sink.as_deref_mut() else { return Ok(None) };
        let (max, on_refused) = (self.limits.max_batch, &mut self.on_refused);
        for mut queue in self.queues.in_order() {
            queue.store_next(max, sink, on_refused, &self.shared)?;
        }
        call(|| Ok(sink.warning()))
    }

    /// Sleeps for `time`, or until there is enough to do or somebody calls.
    fn wait(&mut self, time: Duration) {
        match &mut self.feed {
            Feed::Channel(receiver) => {
                let has_room = self.batcher.room(self.queues.memory.records.len()) > 0;
                receiver.nap(&self.shared.sender, time, has_room);
            }
            Feed::Appender(journaling) => {
                let clock = &self.shared.sender.clock;
                let until_due = journaling
                    .due(&self.queues)
                    .map_or(Duration::MAX, |due| due.saturating_sub(clock.monotonic()));
                park_for(clock.real_wait(time.min(until_due)));
            }
        }
    }

    /// Sleeps until there is something to do or somebody calls.
    fn idle(&mut self) {
        match &mut self.feed {
            Feed::Channel(receiver) => {
                // What a flush, a shutdown or giving up changes is changed before they wake this
                // thread, so it is seen here or the wake-up is still to come.
                let Shared { sender, accounts, .. } = &*self.shared;
                let called = || accounts.lock().phase() != Phase::Running;
                receiver.idle(sender, || Duration::MAX, called);
            }
            Feed::Appender(_) => self.wait(Duration::MAX),
        }
    }

    /// Returns whether nothing is left and nothing can come any more; else waits for what comes.
    fn is_over(&mut self) -> bool {
        let records = &mut self.queues.memory.records;
        let mut books = self.shared.accounts.lock();
        match &mut self.feed {
            Feed::Channel(receiver) => {
                let room = self.batcher.room(records.len());
                let sealed = receiver.seal(&self.shared.sender, room, records, &mut books);
                books.counters.in_memory = records.len();
                sealed && records.is_empty()
            }
            Feed::Appender(_) => {
                if books.state.drained && books.to_store() == 0 {
                    return true;
                }
                drop(books);
                self.wait(Duration::MAX);
                false
            }
        }
    }
}
