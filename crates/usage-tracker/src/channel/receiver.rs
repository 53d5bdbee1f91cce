//! The receiving end of the channel.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use usage_core::Record;

use super::Sender;
use super::idle::IdleBackoff;
use super::labels::{LabelRegistry, LabelView};
use super::message::{Aligned, Message};
use crate::accounts::Books;

/// The end that the receiving thread takes records out of.
pub(crate) struct Receiver {
    queue: flume::Receiver<Aligned>,
    capacity: usize,
    view: LabelView,
    idle: IdleBackoff,
}

impl Receiver {
    pub(super) fn new(
        queue: flume::Receiver<Aligned>,
        capacity: usize,
        registry: Arc<LabelRegistry>,
    ) -> Self {
        let (view, idle) = (LabelView::new(registry), IdleBackoff::new(capacity));
        Self { queue, capacity, view, idle }
    }

    /// Moves up to `count` records from the channel to the end of `held`. Returns how many.
    pub(crate) fn take(
        &mut self,
        count: usize,
        held: &mut Vec<Record>,
        books: &mut Books,
    ) -> usize {
        let mut taken = 0;
        while taken < count {
            let record = match self.queue.try_recv() {
                Ok(Aligned(Message::Record(record))) => record,
                Ok(Aligned(Message::Registered(id, counts, context))) => match self.view.labels(id)
                {
                    Some(labels) => Record::of(labels.clone(), counts).with_context(context),
                    None => {
                        books.state.empty_slots -= 1;
                        continue;
                    }
                },
                Err(_) => break,
            };
            held.push(record);
            taken += 1;
        }
        books.counters.received += taken as u64;
        taken
    }

    /// Notifies those who wait that there is room.
    ///
    /// All of them, not as many as there is room for: one of them may never get to run, and the room
    /// would stay empty while others wait.
    pub(crate) fn made_room(&mut self, sender: &Sender) {
        self.busy();
        sender.rare.room.notify(usize::MAX);
    }

    /// Notes that there is something to do: naps start short again.
    pub(crate) const fn busy(&mut self) {
        self.idle.traffic();
    }

    /// Fills the channel with empty slots so that nothing can enter it any more. Records that
    /// threads pushed meanwhile are moved to `held`, at most `room` of them; when there are more,
    /// it answers `false` and goes on where it was when it is called again.
    ///
    /// It ends: a thread that sees the channel closed pushes no more, so there is at most one such
    /// record for each thread.
    pub(crate) fn seal(
        &mut self,
        sender: &Sender,
        room: usize,
        held: &mut Vec<Record>,
        books: &mut Books,
    ) -> bool {
        let most = held.len().saturating_add(room);
        while books.state.empty_slots < self.capacity {
            if sender.queue.try_send(Aligned(Message::empty())).is_ok() {
                books.state.empty_slots += 1;
                continue;
            }
            // Full, but not of empty slots alone: a late record is among them.
            if held.len() == most || self.take(1, held, books) == 0 {
                return false;
            }
        }
        true
    }

    /// Does as [`seal`](Self::seal), however much there is.
    pub(crate) fn seal_all(&mut self, sender: &Sender, held: &mut Vec<Record>, books: &mut Books) {
        while !self.seal(sender, usize::MAX, held, books) {}
    }

    /// Sleeps until somebody wakes the receiving thread, for `time` at most, unless there is something to do
    /// already: a record in the channel, or `called`.
    ///
    /// No record is missed. Its push and the look into the channel below take the same lock, so
    /// one is before the other. If the push is first, the look finds the record. If the look is
    /// first, then `parked` was set before it, and the pushing thread, which took the lock after
    /// it, sees it set when it reads it after the push, and wakes. A wake-up before `park` is not
    /// lost either: the thread keeps one, and `park` returns at once.
    pub(super) fn park(&self, sender: &Sender, time: Duration, called: impl FnOnce() -> bool) {
        sender.parked.store(true, Ordering::SeqCst);
        if self.queue.is_empty() && !called() {
            park_for(time);
        }
        sender.parked.store(false, Ordering::Release);
    }

    /// Sleeps for a nap, at most for `time`, or until somebody wakes the receiving thread; with `has_room`, a thread
    /// that finds the channel full does.
    pub(crate) fn nap(&mut self, sender: &Sender, time: Duration, has_room: bool) {
        let time = self.idle.nap().min(time);
        // A thread that found the channel full just before is not missed for longer than the nap.
        sender.rare.napping.store(has_room, Ordering::Release);
        thread::park_timeout(time);
        sender.rare.napping.store(false, Ordering::Release);
    }

    /// Sleeps while nothing comes: naps at first, and then until a record comes, somebody wakes the
    /// receiving thread, or `time` is over, unless `called` finds something to do.
    pub(crate) fn idle(
        &mut self,
        sender: &Sender,
        time: impl FnOnce() -> Duration,
        called: impl FnOnce() -> bool,
    ) {
        if self.idle.is_idle() {
            self.park(sender, time(), called);
        } else {
            self.nap(sender, Duration::MAX, true);
        }
    }
}

/// Sleeps for `time`, which may have no end, or until somebody wakes the thread. A wake-up before it is
/// not lost.
pub(crate) fn park_for(time: Duration) {
    if time == Duration::MAX {
        thread::park();
    } else {
        thread::park_timeout(time);
    }
}
