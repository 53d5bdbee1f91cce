//! The way from the recording threads to the one that receives, which is the appender or, without a journal,
//! the committer: a bounded flume channel, and beside it what
//! flume would make dear or cannot do: waking a sleeping receiving thread, waiting for room, closing.
//!
//! # Waking
//! A thread parked in flume's `recv` costs each sender a futex wake, several microseconds. So the
//! receiving thread never receives by waiting: it naps by itself while there is traffic, and nobody wakes
//! it. Only when it has been idle for long does it park until somebody does, see [`Receiver::park`].
//!
//! # Closing
//! After a shutdown no accepted record may be left in the channel. A thread can look at `closed`,
//! be held up, and push much later; counting such threads in and out would cost two atomic writes
//! a record. Instead the receiving thread, at the very end, fills the channel to its capacity with empty
//! slots that it never takes out again: from then on a push finds the channel full,
//! however late it comes. Pushes are ordered by the channel's own lock, so a record is either
//! before the last empty slot, and is found, or is refused and comes back. See [`Receiver::seal`].

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{self, Thread};

use event_listener::Event;
use flume::TrySendError;
use usage_core::{Context, Counts, Labels, Record};

use crate::accounts::Books;
use crate::clock::TimeSource;
use crate::error::{RejectReason, RejectedRecord};
use crate::policy::Overflow;

mod idle;
mod labels;
mod message;
mod receiver;
#[cfg(test)]
mod tests;
mod wait_for_room;

pub(crate) use labels::LabelId;
use labels::LabelRegistry;
use message::{Aligned, Message};
pub(crate) use receiver::{Receiver, park_for};

/// The end that records are put in. Shared by all recording threads.
///
/// All that they read here for each record lies on one cache line, which is written only when the receiving thread
/// goes to sleep for long or stops; the rest is kept apart from it.
#[repr(align(128))]
pub(crate) struct Sender {
    queue: flume::Sender<Aligned>,
    pub(crate) clock: TimeSource,
    closed: AtomicBool,
    /// The receiving thread sleeps until it is woken.
    parked: AtomicBool,
    rare: Rare,
}

/// The part that only a recording thread that is out of luck looks at. The receiving thread writes it all the time.
#[repr(align(128))]
struct Rare {
    /// The receiving thread naps and has room: worth waking when the channel is full.
    napping: AtomicBool,
    /// The thread that takes records out.
    thread: OnceLock<Thread>,
    /// Notified when room was made, and when there will never be any.
    room: Event,
    overflow: Overflow,
    /// Records that came back to the caller.
    returned: AtomicU64,
    /// Records that were dropped for want of room.
    dropped: AtomicU64,
    /// The names of the handles.
    registry: Arc<LabelRegistry>,
}

pub(crate) fn channel(
    capacity: usize,
    clock: TimeSource,
    overflow: Overflow,
) -> (Sender, Receiver) {
    let (queue, receiving_end) = flume::bounded(capacity);
    let registry = Arc::<LabelRegistry>::default();
    let receiver = Receiver::new(receiving_end, capacity, Arc::clone(&registry));
    let rare = Rare {
        napping: AtomicBool::new(false),
        thread: OnceLock::new(),
        room: Event::new(),
        overflow,
        returned: AtomicU64::new(0),
        dropped: AtomicU64::new(0),
        registry,
    };
    let (closed, parked) = (AtomicBool::new(false), AtomicBool::new(false));
    (Sender { queue, clock, closed, parked, rare }, receiver)
}

/// A message that was not sent, and why.
struct NotSent(Message, RejectReason);

impl Sender {
    /// Records a record with names of its own: [`Tracker::record`](crate::Tracker::record) comes here.
    #[inline]
    pub(crate) fn record(&self, record: Record) -> Result<(), RejectedRecord> {
        self.offer(record).or_else(|rejected| self.overflowed(rejected))
    }

    /// Records with registered names. A record that held a clone of the names (an `Arc`) instead would
    /// write to a cache line that all recording threads and the receiving thread write to; a session's is
    /// written to by those who record for it.
    #[inline]
    pub(crate) fn record_registered(
        &self,
        id: LabelId,
        labels: &Labels,
        context: &Context,
        counts: Counts,
    ) -> Result<(), RejectedRecord> {
        let message = Aligned(Message::Registered(id, counts, context.clone()));
        // Not by `try_send`, which copies the message once more to give it back.
        if self.closed.load(Ordering::Acquire) {
            return self.not_recorded(TrySendError::Disconnected(message), labels);
        }
        match self.queue.try_send(message) {
            Ok(()) => {
                self.wake_if_parked();
                Ok(())
            }
            Err(error) => self.not_recorded(error, labels),
        }
    }

    #[inline]
    fn offer(&self, record: Record) -> Result<(), RejectedRecord> {
        self.try_send(Message::Record(record)).or_else(|NotSent(message, reason)| match message {
            Message::Record(record) => Err(RejectedRecord::new(record, reason)),
            // Only what was sent comes back, and that was a record.
            Message::Registered(..) => Ok(()),
        })
    }

    /// Sends a message, or gives it back, and counts neither.
    ///
    /// Anything that happens seldom is kept out of line, so that the message is copied less often on the way
    /// that matters.
    #[inline]
    fn try_send(&self, message: Message) -> Result<(), NotSent> {
        if self.closed.load(Ordering::Acquire) {
            return Err(self.not_sent(TrySendError::Disconnected(Aligned(message))));
        }
        match self.queue.try_send(Aligned(message)) {
            Ok(()) => {
                self.wake_if_parked();
                Ok(())
            }
            Err(error) => Err(self.not_sent(error)),
        }
    }

    #[inline]
    fn wake_if_parked(&self) {
        if self.parked.load(Ordering::Relaxed) {
            self.wake_parked();
        }
    }

    #[cold]
    #[inline(never)]
    fn wake_parked(&self) {
        // One of the threads that see it pays for the wake-up.
        if self.parked.swap(false, Ordering::AcqRel) {
            self.wake();
        }
    }

    #[cold]
    #[inline(never)]
    fn not_recorded(
        &self,
        error: TrySendError<Aligned>,
        labels: &Labels,
    ) -> Result<(), RejectedRecord> {
        let NotSent(message, reason) = self.not_sent(error);
        let record = match message {
            Message::Registered(_, counts, context) => {
                Record::of(labels.clone(), counts).with_context(context)
            }
            Message::Record(record) => record,
        };
        self.overflowed(RejectedRecord::new(record, reason))
    }

    /// Does with a record that was not put in what was asked for.
    #[cold]
    #[inline(never)]
    fn overflowed(&self, rejected: RejectedRecord) -> Result<(), RejectedRecord> {
        match self.rare.overflow {
            Overflow::Wait(deadline) if rejected.reason() == RejectReason::Full => {
                self.record_blocking(rejected.into_record(), deadline)
            }
            Overflow::Drop if rejected.reason() == RejectReason::Full => {
                self.rare.dropped.fetch_add(1, Ordering::AcqRel);
                Ok(())
            }
            _ => Err(self.count(rejected)),
        }
    }

    #[cold]
    #[inline(never)]
    fn not_sent(&self, error: TrySendError<Aligned>) -> NotSent {
        let Aligned(message) = error.into_inner();
        // The channel of a stopped tracker is full for good.
        if self.closed.load(Ordering::Acquire) || self.queue.is_disconnected() {
            return NotSent(message, RejectReason::Closed);
        }
        if self.rare.napping.swap(false, Ordering::AcqRel) {
            self.wake();
        }
        NotSent(message, RejectReason::Full)
    }

    /// Counts a record that goes back to its caller.
    #[cold]
    #[inline(never)]
    fn count(&self, rejected: RejectedRecord) -> RejectedRecord {
        self.rare.returned.fetch_add(1, Ordering::AcqRel);
        rejected
    }

    /// Returns how many records came back.
    pub(crate) fn returned(&self) -> u64 {
        self.rare.returned.load(Ordering::Acquire)
    }

    /// Returns how many records were dropped for want of room.
    pub(crate) fn dropped(&self) -> u64 {
        self.rare.dropped.load(Ordering::Acquire)
    }

    /// Returns how many records are in the channel. Exact while the books are locked: the receiving thread moves
    /// records only then.
    pub(crate) fn queued(&self, books: &Books) -> usize {
        self.queue.len().saturating_sub(books.state.empty_slots)
    }

    /// Registers names, so that recording with them moves a small number in their place. Returns `None`
    /// when so many are registered that no more shall be kept.
    pub(crate) fn register(&self, labels: &Labels) -> Option<LabelId> {
        self.rare.registry.add(labels)
    }

    /// Closes the channel: from now on records come back. What was put in before, and what was about
    /// to be, is still taken out by the receiving thread.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.rare.room.notify(usize::MAX);
        self.wake();
    }

    /// Says which thread takes records out.
    pub(crate) fn set_receiver_thread(&self, thread: Thread) {
        // Called once, by the one who started it.
        let _ = self.rare.thread.set(thread);
    }

    pub(crate) fn is_receiver_thread(&self) -> bool {
        self.rare.thread.get().is_some_and(|thread| thread.id() == thread::current().id())
    }

    /// Makes the receiving thread look around, now or as soon as it would sleep.
    pub(crate) fn wake(&self) {
        if let Some(thread) = self.rare.thread.get() {
            thread.unpark();
        }
    }
}
