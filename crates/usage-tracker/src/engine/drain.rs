//! Draining the channel, and sleeping while nothing is in it.

use std::time::Duration;

use usage_core::Record;

use crate::accounts::Books;
use crate::channel::Receiver;
use crate::idle::IdleBackoff;
use crate::shared::Shared;

/// The end of the channel that records are taken out of, in the hands of the thread that does so.
pub(super) struct Drain {
    receiver: Receiver,
    idle: IdleBackoff,
}

impl Drain {
    pub(super) fn new(receiver: Receiver, channel_capacity: usize) -> Self {
        Self { receiver, idle: IdleBackoff::new(channel_capacity) }
    }

    /// Moves up to `most` records from the channel to the end of `list`. Returns how many.
    pub(super) fn take(&mut self, most: usize, list: &mut Vec<Record>, books: &mut Books) -> usize {
        self.receiver.take(most, list, books)
    }

    /// Notifies those who wait for room that some was made.
    pub(super) fn made_room(&mut self, shared: &Shared) {
        self.busy();
        self.receiver.made_room(&shared.sender);
    }

    /// Notes that there is something to do: naps start short again.
    pub(super) const fn busy(&mut self) {
        self.idle.traffic();
    }

    /// Sleeps for a nap, at most for `time`, or until somebody wakes the thread; with `has_room`, a
    /// thread that finds the channel full does.
    pub(super) fn nap(&mut self, shared: &Shared, time: Duration, has_room: bool) {
        let time = self.idle.nap().min(time);
        self.receiver.nap(&shared.sender, time, has_room);
    }

    /// Sleeps while nothing comes: naps at first, and then until a record comes, somebody wakes the
    /// thread, or `time` is over, unless `called` finds something to do.
    pub(super) fn idle(
        &mut self,
        shared: &Shared,
        time: impl FnOnce(&Books) -> Duration,
        called: impl FnOnce(&Books) -> bool,
    ) {
        if !self.idle.is_idle() {
            return self.nap(shared, Duration::MAX, true);
        }
        let time = time(&shared.accounts.lock());
        self.receiver.park(&shared.sender, time, || called(&shared.accounts.lock()));
    }

    /// Fills the channel so that nothing can enter it any more, and moves what was in it to `list`, at
    /// most `room` records. Returns whether nothing is left; else it goes on when it is called again.
    pub(super) fn seal(
        &mut self,
        shared: &Shared,
        room: usize,
        list: &mut Vec<Record>,
        books: &mut Books,
    ) -> bool {
        self.receiver.seal(&shared.sender, room, list, books)
    }

    /// As [`seal`](Self::seal), however much there is.
    pub(super) fn seal_all(&mut self, shared: &Shared, list: &mut Vec<Record>, books: &mut Books) {
        while !self.seal(shared, usize::MAX, list, books) {}
    }
}
