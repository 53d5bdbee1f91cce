//! The way of records into the journal: with room for each before it is taken, and one flush for all who wait.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::Duration;
use std::{io, thread};

use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;
use usage_core::Record;
use usage_tracker::{FlushError, RejectReason, Tracker};

use crate::limits::Limits;

/// The records that may be on their way at once: as many as a tracker's channel holds unless it is told otherwise.
const ROOM: usize = usage_tracker::DEFAULT_CHANNEL_CAPACITY;
/// The records of one request that are taken at once.
const PIECE: usize = ROOM / 8;

type Done = oneshot::Sender<Result<(), FlushError>>;

/// Takes records, and says so when the journal has them.
pub(crate) struct Gate {
    tracker: Arc<Tracker>,
    room: Semaphore,
    waiting: Sender<Done>,
    room_time: Duration,
}

/// Says why records were not taken. Some of them may be on their way all the same: whoever sends them again relies on
/// their ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotTaken {
    /// More come than can be written.
    Busy,
    /// The journal cannot be written now.
    Stuck,
    /// The server is ending.
    Ending,
}

impl Gate {
    /// Starts the thread that flushes.
    pub(crate) fn new(tracker: &Arc<Tracker>, limits: &Limits) -> io::Result<Self> {
        let (waiting, received) = mpsc::channel();
        let (of_thread, deadline) = (Arc::clone(tracker), limits.journal_time);
        thread::Builder::new()
            .name("usage-flush".to_owned())
            .spawn(move || flush_groups(&of_thread, &received, deadline))?;
        let (tracker, room) = (Arc::clone(tracker), Semaphore::new(ROOM));
        Ok(Self { tracker, room, waiting, room_time: limits.room_time })
    }

    /// Takes records, and comes back when the journal has all of them.
    pub(crate) async fn take(&self, records: Vec<Record>) -> Result<(), NotTaken> {
        let mut records = records.into_iter();
        loop {
            let piece: Vec<Record> = records.by_ref().take(PIECE).collect();
            if piece.is_empty() {
                return Ok(());
            }
            let count = u32::try_from(piece.len()).unwrap_or(u32::MAX);
            let room = timeout(self.room_time, self.room.acquire_many(count)).await;
            // Held until they have left the channel.
            let _room = room.map_err(|_| NotTaken::Busy)?.map_err(|_| NotTaken::Ending)?;
            for record in piece {
                self.tracker.record(record).map_err(|rejected| match rejected.reason() {
                    RejectReason::Closed => NotTaken::Ending,
                    _ => NotTaken::Busy,
                })?;
            }
            self.journaled().await?;
        }
    }

    /// Waits until all that was taken before is in the journal.
    async fn journaled(&self) -> Result<(), NotTaken> {
        let (done, waiting) = oneshot::channel();
        self.waiting.send(done).map_err(|_| NotTaken::Ending)?;
        match waiting.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(FlushError::TimedOut { .. })) => Err(NotTaken::Stuck),
            Ok(Err(_)) | Err(_) => Err(NotTaken::Ending),
        }
    }
}

/// Flushes for everybody who waits by now, again and again, until nobody can come any more.
fn flush_groups(tracker: &Tracker, waiting: &Receiver<Done>, deadline: Duration) {
    while let Ok(first) = waiting.recv() {
        let group: Vec<Done> = std::iter::once(first).chain(waiting.try_iter()).collect();
        let flushed = tracker.flush_to_journal(deadline);
        for done in group {
            // Whoever has gone away needs no answer.
            let _ = done.send(flushed);
        }
    }
}
