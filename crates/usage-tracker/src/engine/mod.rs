//! The engine: what takes records from the channel to the sink.
//!
//! ```text
//!                  Feed                        Queue                     Sink
//! with a journal   channel ─▶ Appender ──────▶ Queue::Journal ─▶
//!                             (thread)    ╰──▶ Queue::Memory  ─▶ Committer ─▶ store, replay
//! without          channel ──────────────────▶ Queue::Memory  ─▶ (thread)
//! ```
//!
//! There is one way to store: the [`Committer`] asks the batching rule when a batch is due, takes it
//! from the front of its queues, gives it to the sink, and counts what became of it. Only where the
//! queue gets its records from differs. The [`Appender`] drains the channel into the journal and waits
//! for nothing but the disk; when the journal fails, and nothing is left in it, it hands records over in
//! memory. Without a journal there is no such thread, and the committer drains the channel itself.
//!
//! Invariants:
//! - The committer is the only thread that calls the sink.
//! - Records are acknowledged in the order in which they left the channel: what was handed over in
//!   memory is older than all that is in the journal.
//! - A batch that failed comes again as it was.
//! - No thread sleeps before it has looked at the phase and the queue under the lock of the accounts,
//!   and whoever changes them wakes it afterwards; a wake-up before the sleep is not lost.

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use usage_core::Error;
use usage_core::sink::{JournalSink, Sink};
use usage_journal::Options;

use crate::batcher::Limits;
use crate::channel::Receiver;
use crate::notify::OnRefused;
use crate::shared::Shared;

mod appender;
mod committer;
mod finish;
mod journaling;
mod queue;
mod recovery;
mod watch;

use appender::Appender;
use committer::{Committer, Feed};
use journaling::{Journaling, Opener};
use queue::Queues;

/// The settings that the threads are started with.
pub(crate) struct Settings {
    pub(crate) limits: Limits,
    /// The options of the journal; `None` where there shall be none.
    pub(crate) journal: Option<Options>,
    pub(crate) on_refused: Option<OnRefused>,
}

/// Starts the threads. Returns the one that calls the sink; it ends last.
pub(crate) fn start(
    shared: &Arc<Shared>,
    receiver: Receiver,
    mut sink: Box<dyn Sink>,
    settings: Settings,
) -> io::Result<JoinHandle<()>> {
    let Settings { limits, journal, on_refused } = settings;
    let mut queues = Queues::new(journal.is_some_and(|options| options.sync));
    let feed = if let Some(options) = journal {
        let mut opener = Opener::new(options);
        let journal = opener.open(shared, &mut *sink, &mut queues);
        let appender = Appender::new(Arc::clone(shared), receiver, journal, limits.back_off);
        let appender = spawn("usage-journal", || appender.run())?;
        Feed::Appender(Box::new(Journaling::new(appender, opener, limits.back_off)))
    } else {
        Feed::Channel(receiver)
    };
    let committer = Committer::new(Arc::clone(shared), sink, on_refused, limits, queues, feed);
    spawn("usage-writer", || committer.run()).inspect_err(|_| {
        // Nobody is left to stop the appender.
        shared.advance(crate::accounts::Event::Close);
    })
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    thread::Builder::new().name(name.to_owned()).spawn(work)
}

/// Returns the part of the sink that remembers how far journals are stored.
fn positions(sink: &mut dyn Sink) -> Result<&mut dyn JournalSink, Error> {
    sink.journal().ok_or_else(|| Error::other("the sink keeps no positions of journals any more"))
}
