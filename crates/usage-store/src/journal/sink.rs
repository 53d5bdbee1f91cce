//! The ledger as what a tracker writes to, with a journal in front of it.

use std::path::PathBuf;

use usage_core::sink::{
    BatchOutcome, JournalSink, LedgerId, Position, Replay, ReplayOutcome, SegmentId, Sink,
};
use usage_core::{Error, Record};

use crate::Store;
use crate::error::{DamageCode, Result, StoreError};
use crate::journal::journals::{self, Unreplayed};
use crate::ledger::journal_folders;

/// A tracker's writer hands its batches over here.
impl Sink for Store {
    fn store(&mut self, batch: &[Record]) -> Result<BatchOutcome, Error> {
        Ok(self.insert_batch(batch)?)
    }

    fn journal(&mut self) -> Option<&mut dyn JournalSink> {
        Some(self)
    }

    fn warning(&mut self) -> Option<String> {
        let why = self.failing_checkpoint()?;
        Some(format!("the write-ahead log grows, as it cannot be brought into the ledger: {why}"))
    }
}

impl JournalSink for Store {
    fn ledger_id(&mut self) -> Result<LedgerId, Error> {
        Ok(self.id()?)
    }

    fn journal_folder(&mut self) -> Result<PathBuf, Error> {
        self.watch_log();
        let folder = self.folder_of_journal();
        if folder.chosen != folder.default {
            self.write::<_, Error>("write to the ledger", |writer| {
                let file = self.file();
                let connection = &writer.ledger.connection;
                if journal_folders::is_remembered(connection, &folder.chosen, file)? {
                    return Ok(());
                }
                writer.ledger.write(|transaction, _| {
                    journal_folders::remember_folder(transaction, &folder.chosen, file)
                })
            })?;
            // What lies there is found by nobody else, so a power loss must not forget it.
            self.sync()?;
        }
        Ok(folder.chosen.clone())
    }

    fn journal_folders(&mut self) -> Result<Vec<PathBuf>, Error> {
        Ok(self.journals().folders()?)
    }

    fn is_shared_with_group(&mut self) -> bool {
        self.file().is_shared_with_group()
    }

    fn position(&mut self, segment: SegmentId) -> Result<Option<Position>, Error> {
        self.write("read the ledger", |writer| {
            writer.ledger.read(|transaction| journals::position(transaction, segment))
        })
    }

    fn replay(&mut self, replay: &Replay<'_>) -> Result<ReplayOutcome, Error> {
        let first = |connection: &_| journals::begin(connection, replay);
        let last = |connection: &_, outcome| {
            journals::advance(connection, replay)?;
            Ok(outcome)
        };
        match self.insert_batch_between(replay.records, first, last) {
            Ok(outcome) => Ok(ReplayOutcome::Stored(outcome)),
            Err(Unreplayed::Moved(position)) => Ok(ReplayOutcome::Moved(position)),
            Err(Unreplayed::Failed(error)) => Err(error.into()),
        }
    }

    fn make_durable(&mut self) -> Result<(), Error> {
        Ok(self.sync()?)
    }

    fn forget(&mut self, segment: SegmentId) -> Result<(), Error> {
        self.write("write to the ledger", |writer| {
            writer.ledger.write(|transaction, _| journals::forget(transaction, segment))
        })
    }
}

impl Store {
    /// The ledger's own id: sixteen random bytes, made with it, that stay the same wherever its
    /// file is moved or copied.
    ///
    /// # Errors
    /// When the ledger cannot be read, or is damaged there.
    pub fn id(&self) -> Result<LedgerId> {
        self.known_id()?.ok_or_else(|| StoreError::Damaged {
            path: self.path().to_owned(),
            code: DamageCode::Id,
            what: "it has no ledger_id of 16 bytes".to_owned(),
        })
    }
}
