//! The tracker with a journal: one thread writes what comes through the channel to the journal and
//! waits for nothing but the disk, another one stores what is in the journal.

use std::sync::Arc;

use usage_core::sink::{JournalSink, Sink, SinkError};
use usage_journal::{Access, Journal, Options, RealDisk, Tail};

use crate::telling::{Failure, calling};
use crate::tracker::Shared;

mod journaler;
mod storer;
mod watch;

pub(crate) use journaler::Journaler;
pub(crate) use storer::Storer;

/// How many records are moved or journaled at once, so that a snapshot never waits long and what
/// bypasses a broken journal stays little.
const CHUNK: usize = 4_096;

/// Makes a journal for the sink's ledger, and says in the accounts whether that worked.
fn open(shared: &Arc<Shared>, sink: &mut dyn Sink, options: &Options) -> Option<(Journal, Tail)> {
    let made = make(sink, options);
    let mut ledger = shared.accounts.lock();
    match made {
        Ok((journal, tail)) => {
            ledger.health.journal_works();
            ledger.journal_bytes = tail.bytes();
            Some((journal, tail))
        }
        Err((_, error)) => {
            ledger.health.journal_failed(error);
            None
        }
    }
}

fn make(sink: &mut dyn Sink, options: &Options) -> Result<(Journal, Tail), Failure> {
    calling(|| {
        let positions = positions(sink)?;
        let (ledger, folder) = (positions.ledger_id()?, positions.journal_folder()?);
        let mut options = *options;
        if positions.is_shared_with_group() {
            options.access = Access::Group;
        }
        Journal::create(RealDisk, &folder, ledger, options).map_err(SinkError::new)
    })
}

/// The part of the sink that remembers how far journals are stored.
fn positions(sink: &mut dyn Sink) -> Result<&mut dyn JournalSink, SinkError> {
    sink.journal().ok_or_else(|| SinkError::new("the sink keeps no positions of journals any more"))
}
