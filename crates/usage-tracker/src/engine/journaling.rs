//! The committer's work for a journal, beside storing from it.

use std::thread::JoinHandle;
use std::time::Duration;

use usage_core::sink::Sink;
use usage_core::{Error, ErrorKind};
use usage_journal::{Access, JournalReader, JournalWriter, Options, RealDisk};

use super::queue::Queues;
use super::recovery::Recovery;
use crate::accounts::release;
use crate::call::{Failure, call, positions};
use crate::retry::BackOff;
use crate::shared::Shared;

/// The waits before a journal that could not be made is tried again, at first and at most.
const RETRY_OPEN: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(30)];

/// The appender, and what is done before records are stored: what others left is stored first, and a
/// missing journal is made.
pub(super) struct Journaling {
    /// Taken when it is waited for.
    appender: Option<JoinHandle<()>>,
    opener: Opener,
    recovery: Recovery,
}

impl Journaling {
    pub(super) fn new(appender: JoinHandle<()>, opener: Opener, back_off: BackOff) -> Self {
        Self { appender: Some(appender), opener, recovery: Recovery::new(back_off) }
    }

    /// Does what is due at `now`. Returns `false` when the sink shall not be called again.
    pub(super) fn prepare(
        &mut self,
        now: Duration,
        max_batch: usize,
        shared: &Shared,
        sink: &mut dyn Sink,
        queues: &mut Queues,
    ) -> bool {
        if self.recovery.is_due(now) && !self.recovery.run(shared, sink, max_batch) {
            return false;
        }
        if self.opener.is_due(now, queues) {
            if shared.accounts.lock().phase().is_open() {
                let journal = self.opener.open(shared, sink, queues);
                shared.accounts.lock().state.handover.new_journal = journal;
            } else {
                // Nor waited for: there is nothing more to come that could go into it.
                self.opener.retry_at = Duration::MAX;
            }
        }
        true
    }

    /// Waits for the appender to stop.
    pub(super) fn join(&mut self) {
        if let Some(appender) = self.appender.take() {
            let _ = appender.join();
        }
    }

    /// Notes that somebody waits for what comes after the recovery.
    pub(super) fn retry_now(&mut self, now: Duration) {
        self.recovery.retry_now(now);
    }

    /// Returns when [`prepare`](Self::prepare) has something to do.
    pub(super) fn due(&self, queues: &Queues) -> Option<Duration> {
        let open = queues.journal.is_none().then_some(self.opener.retry_at);
        [self.recovery.due(), open].into_iter().flatten().min()
    }
}

/// Makes the journal. Without one the tracker works all the same, degraded, and it is tried again later.
pub(super) struct Opener {
    options: Options,
    back_off: BackOff,
    retry_at: Duration,
}

impl Opener {
    pub(super) const fn new(options: Options) -> Self {
        let back_off = BackOff::new(RETRY_OPEN[0], RETRY_OPEN[1]);
        Self { options, back_off, retry_at: Duration::ZERO }
    }

    fn is_due(&self, now: Duration, queues: &Queues) -> bool {
        queues.journal.is_none() && now >= self.retry_at
    }

    /// Makes a journal for the sink's ledger. Its reading end becomes a queue, the other one is
    /// returned.
    pub(super) fn open(
        &mut self,
        shared: &Shared,
        sink: &mut dyn Sink,
        queues: &mut Queues,
    ) -> Option<Box<JournalWriter>> {
        let made = make(sink, &self.options);
        let mut books = shared.accounts.lock();
        let journal = match made {
            Ok((journal, reader)) => {
                books.state.health.journal_works();
                books.counters.journal_bytes = reader.bytes();
                queues.journal = Some(Box::new(reader));
                Some(Box::new(journal))
            }
            Err((_, error)) => {
                books.state.health.journal_failed(error);
                let wait = self.back_off.after(ErrorKind::Io, 1.0);
                self.retry_at = shared.sender.clock.monotonic().saturating_add(wait);
                None
            }
        };
        release(books);
        journal
    }
}

fn make(sink: &mut dyn Sink, options: &Options) -> Result<(JournalWriter, JournalReader), Failure> {
    call(|| {
        let positions = positions(sink)?;
        let (ledger, folder) = (positions.ledger_id()?, positions.journal_folder()?);
        let mut options = *options;
        if positions.is_shared_with_group() {
            options.access = Access::Group;
        }
        JournalWriter::create(RealDisk, &folder, ledger, options).map_err(Error::from)
    })
}
