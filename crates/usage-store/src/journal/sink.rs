//! The ledger as what a tracker writes to, with a journal in front of it.

use std::path::PathBuf;

use usage_core::Record;
use usage_core::sink::{
    BatchOutcome, JournalSink, LedgerId, Position, Replay, ReplayOutcome, SegmentId, Sink,
    SinkError, SinkErrorKind,
};

use crate::Store;
use crate::error::{Fault, Result, StoreError};
use crate::journal::journals::{self, Unreplayed};
use crate::ledger::journal_folders;

/// A tracker's writer hands its batches over here.
impl Sink for Store {
    fn store(&mut self, batch: &[Record]) -> Result<BatchOutcome, SinkError> {
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
    fn ledger_id(&mut self) -> Result<LedgerId, SinkError> {
        Ok(self.id()?)
    }

    fn journal_folder(&mut self) -> Result<PathBuf, SinkError> {
        self.watch_log();
        let folder = self.folder_of_journal();
        if folder.chosen != folder.default {
            self.write::<_, SinkError>("write to the ledger", |writer| {
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

    fn journal_folders(&mut self) -> Result<Vec<PathBuf>, SinkError> {
        Ok(self.journals().folders()?)
    }

    fn is_shared_with_group(&mut self) -> bool {
        self.file().is_shared_with_group()
    }

    fn position(&mut self, segment: SegmentId) -> Result<Option<Position>, SinkError> {
        self.write("read the ledger", |writer| {
            writer.ledger.read(|transaction| journals::position(transaction, segment))
        })
    }

    fn replay(&mut self, replay: &Replay<'_>) -> Result<ReplayOutcome, SinkError> {
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

    fn make_durable(&mut self) -> Result<(), SinkError> {
        Ok(self.sync()?)
    }

    fn forget(&mut self, segment: SegmentId) -> Result<(), SinkError> {
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
    /// When the ledger is damaged there.
    pub fn id(&self) -> Result<LedgerId> {
        self.known_id().ok_or_else(|| StoreError::Damaged {
            path: self.path().to_owned(),
            what: "it has no ledger_id of 16 bytes".to_owned(),
        })
    }
}

impl StoreError {
    /// What kind of failure it is to a writer of records.
    #[must_use]
    pub fn sink_error_kind(&self) -> SinkErrorKind {
        match self {
            Self::Unfinished { source, .. } => source.sink_error_kind(),
            Self::Sqlite { fault, .. } => match fault {
                Fault::Busy => SinkErrorKind::Busy,
                Fault::Full => SinkErrorKind::Full,
                Fault::Io => SinkErrorKind::Io,
                Fault::ReadOnly => SinkErrorKind::ReadOnly,
                Fault::Corrupt | Fault::NotADatabase => SinkErrorKind::Corrupt,
                Fault::CannotOpen | Fault::Other => SinkErrorKind::Other,
            },
            Self::ReadersBusy { .. } => SinkErrorKind::Busy,
            Self::Find { .. } | Self::Sync { .. } | Self::Journal { .. } => SinkErrorKind::Io,
            Self::Damaged { .. } => SinkErrorKind::Corrupt,
            Self::Replaced { .. } | Self::VersionChanged { .. } => SinkErrorKind::Replaced,
            _ => SinkErrorKind::Other,
        }
    }
}

/// The error stays at hand for those who know this crate: see [`SinkError::into_inner`].
impl From<StoreError> for SinkError {
    fn from(error: StoreError) -> Self {
        Self::with_causes_named(error.sink_error_kind(), error)
    }
}
