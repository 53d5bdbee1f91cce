//! The queues that records wait in to be stored, and the one way of storing the next batch of each.

use usage_core::sink::Sink;
use usage_core::{Error, Record};
use usage_journal::{JournalReader, StoredBatch};

use crate::accounts::{Books, release};
use crate::call::{Failure, call, positions};
use crate::notify::{OnRefused, notify_refused, notify_unexplained};
use crate::shared::Shared;

/// A queue of records that are to be stored.
pub(super) enum Queue<'a> {
    /// Records in memory: all there is without a journal, and what a failing one did not take.
    Memory(&'a mut Memory),
    /// Records in the journal, from which they are read back.
    Journal(&'a mut JournalReader),
}

/// The queues of a tracker.
pub(super) struct Queues {
    pub(super) memory: Memory,
    /// `None` without a journal, and while none could be made.
    pub(super) journal: Option<Box<JournalReader>>,
}

/// Records in memory. Nobody adds to them while they are a batch that failed.
pub(super) struct Memory {
    pub(super) records: Vec<Record>,
    /// Set when records that are stored from here count as safe only once the sink is durable.
    make_durable: bool,
}

impl Queues {
    pub(super) const fn new(make_durable: bool) -> Self {
        let memory = Memory { records: Vec::new(), make_durable };
        Self { memory, journal: None }
    }

    /// Returns the queues, the one with the oldest records first.
    pub(super) fn in_order(&mut self) -> impl Iterator<Item = Queue<'_>> {
        let journal = self.journal.as_deref_mut().map(Queue::Journal);
        [Some(Queue::Memory(&mut self.memory)), journal].into_iter().flatten()
    }
}

impl Queue<'_> {
    /// Stores the next batch, of about `max` records at most, or the one that failed before, and counts
    /// what became of it. Does nothing when the queue is empty.
    pub(super) fn store_next(
        &mut self,
        max: usize,
        sink: &mut dyn Sink,
        on_refused: &mut Option<OnRefused>,
        shared: &Shared,
    ) -> Result<(), Failure> {
        if self.load(max)? {
            let stored = call(|| self.store(sink))?;
            // Before the batch is acknowledged: after a flush, all refusals are known.
            notify_refused(on_refused, self.batch(), &stored.outcome);
            for found in &stored.damage {
                tracing::error!(%found, "a piece of the usage journal is damaged; it is quarantined");
            }
            let batch = (self.batch().len() as u64).saturating_sub(stored.already);
            let unexplained = {
                let mut books = shared.accounts.lock();
                self.remove_batch(&stored, batch, &mut books);
                books.acknowledge(batch, &stored)
            };
            if unexplained > 0 {
                // Not under the lock: a subscriber may do anything.
                let error = notify_unexplained(batch, &stored.outcome, unexplained);
                shared.accounts.lock().state.health.note(error);
            }
        }
        // The batch is stored once, though this may fail and bring the thread here again.
        self.tidy(sink, shared)
    }

    /// Makes up the next batch, unless one is made up. Returns whether there is one.
    fn load(&mut self, max: usize) -> Result<bool, Failure> {
        match self {
            Self::Memory(memory) => Ok(!memory.records.is_empty()),
            Self::Journal(reader) => Ok(call(|| reader.load(max).map_err(Error::from))? > 0),
        }
    }

    /// Returns the batch that was made up last.
    fn batch(&self) -> &[Record] {
        match self {
            Self::Memory(memory) => &memory.records,
            Self::Journal(reader) => reader.held(),
        }
    }

    /// Gives the batch to the sink.
    fn store(&mut self, sink: &mut dyn Sink) -> Result<StoredBatch, Error> {
        match self {
            Self::Memory(memory) => {
                let outcome = sink.store(&memory.records)?;
                Ok(StoredBatch { outcome, ..StoredBatch::default() })
            }
            Self::Journal(reader) => reader.store(positions(sink)?),
        }
    }

    /// Takes the batch, which is stored, out of the queue.
    fn remove_batch(&mut self, stored: &StoredBatch, batch: u64, books: &mut Books) {
        match self {
            Self::Memory(memory) => {
                memory.records.clear();
                books.counters.in_memory = 0;
                if memory.make_durable {
                    books.counters.undurable += batch;
                }
            }
            Self::Journal(reader) => {
                let gone = batch + stored.already + stored.lost;
                books.counters.in_journal -= gone.min(books.counters.in_journal);
                books.counters.at_risk = reader.at_risk();
            }
        }
    }

    /// Does what has to be done after storing: makes durable what came past a journal that was to be
    /// synced, or gives the space of what is stored from the journal back.
    fn tidy(&mut self, sink: &mut dyn Sink, shared: &Shared) -> Result<(), Failure> {
        match self {
            Self::Memory(_) => {
                if shared.accounts.lock().counters.undurable > 0 {
                    call(|| positions(sink)?.make_durable())?;
                    shared.accounts.lock().counters.undurable = 0;
                }
                Ok(())
            }
            Self::Journal(reader) => {
                let recycled = call(|| reader.recycle(positions(sink)?));
                let mut books = shared.accounts.lock();
                let Books { counters, state } = &mut *books;
                counters.journal_bytes = reader.bytes();
                let is_full = state.handover.journal_is_full;
                if recycled.is_ok() && is_full && counters.in_journal == 0 {
                    // It has room again, though nobody has tried yet.
                    state.handover.journal_is_full = false;
                    state.health.journal_works();
                }
                release(books);
                recycled
            }
        }
    }
}
