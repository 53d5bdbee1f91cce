//! Storing what stopped programs have left in journals.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use usage_core::error::chain;
use usage_journal::{RealDisk, Replayed, replay};

use crate::Store;
use crate::error::{Result, StoreError};
use crate::ledger::readers::Stop;
use crate::ledger::transaction::ledger_id;
use crate::ledger::{journal_folders, trusted};

/// About how many records are stored in one transaction, so that other writers come in between.
const AT_ONCE: usize = 5_000;

/// The action that cannot be done with a journal, in the words of its error.
const STORE: &str = "store what waits in";

/// The result of [`Journals::recover`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recovered {
    /// Records that are in the ledger now, and were not before.
    pub stored: u64,
    /// Records that told more of events that the ledger knew: their records say so now.
    pub amended: u64,
    /// Records whose event the ledger knew, and that say nothing new of it.
    pub duplicates: u64,
    /// Records that the ledger refuses for what they hold; those that the database itself refuses
    /// are quarantined.
    pub refused: u64,
    /// Records that are known to be lost, as a piece of a journal is damaged or missing.
    pub lost: u64,
    /// The number of pieces of journals that could not be read. They are quarantined.
    pub damaged: u64,
    /// Of how many of these pieces nobody can say how many records were in them: as many records are
    /// lost beside those of [`lost`](Self::lost) as nobody knows.
    pub unknown: u64,
    /// The number of segments that are wholly stored now.
    pub segments: u64,
    /// The number of segments that belong to running processes, which store them.
    pub live: u64,
    /// Segments of other ledgers: left as they are.
    pub foreign: Vec<PathBuf>,
    /// Segments of a newer format: left as they are.
    pub newer: Vec<PathBuf>,
    /// Segments of which not even the headers can be read, under the names that they were given:
    /// nothing looks at them again.
    pub unreadable: Vec<PathBuf>,
    /// The files that could not be opened, read or removed, and why, each as a text: another user's
    /// files, or something else than a file. They are left as they are; what is behind them is
    /// stored.
    pub skipped: Vec<String>,
}

impl Store {
    /// Returns the journals in front of the ledger.
    #[must_use]
    pub const fn journals(&self) -> Journals<'_> {
        Journals { store: self }
    }
}

/// The journals in front of a ledger: of running programs, and of stopped ones.
#[derive(Clone, Copy, Debug)]
pub struct Journals<'a> {
    pub(super) store: &'a Store,
}

impl Journals<'_> {
    /// Stores what waits in journals that stopped programs have left: killed ones, and such as
    /// could not write to the ledger until their end. [`Store::delete`] begins with it, and so
    /// does a tracker.
    ///
    /// Each record is stored once, however many do this at the same time. What waits in the
    /// journal of a running process is left to that. Journals of other ledgers or of newer
    /// versions are left as they are, and reported.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let store = usage_store::Store::open(folder.path().join("usage.db"))?;
    /// let recovered = store.journals().recover()?;
    /// assert_eq!((recovered.stored, recovered.lost), (0, 0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the ledger cannot be written. What was stored until then stays stored; the rest is still
    /// there.
    pub fn recover(&self) -> Result<Recovered> {
        self.recover_notifying(&mut |_| {})
    }

    /// As [`recover`](Self::recover), and says after each batch how many records are in the ledger by now that were not
    /// before.
    ///
    /// # Errors
    /// As [`recover`](Self::recover).
    pub fn recover_notifying(&self, on_progress: &mut dyn FnMut(u64)) -> Result<Recovered> {
        self.store.file().check_writable()?;
        let mut recovered = Recovered::default();
        for folder in self.folders()? {
            self.recover_folder(&folder, &mut recovered, on_progress)?;
        }
        Ok(recovered)
    }

    /// As [`recover`](Self::recover), but fails when something had to be skipped:
    /// what could not be stored must not be deleted around.
    pub(crate) fn recover_all(&self) -> Result<()> {
        self.store.file().check_writable()?;
        for folder in self.folders()? {
            let mut recovered = Recovered::default();
            self.recover_folder(&folder, &mut recovered, &mut |_| {})?;
            if let Some(reason) = recovered.skipped.pop() {
                return Err(StoreError::Journal { doing: STORE, folder, source: reason.into() });
            }
        }
        Ok(())
    }

    /// Every folder in which a journal of this ledger may be. Those that only the ledger names have
    /// to be [trusted](trusted).
    pub(crate) fn folders(&self) -> Result<Vec<PathBuf>> {
        self.folders_until(None)
    }

    /// As [`folders`](Self::folders), until it is to stop.
    pub(crate) fn folders_until(&self, stop: Option<&Stop>) -> Result<Vec<PathBuf>> {
        let (remembered, id) = self.store.read_until("read the ledger", stop, |connection| {
            let remembered = journal_folders::folders(connection, self.store.file())?;
            Ok((remembered, ledger_id(connection)?))
        })?;
        let is_ours = |folder: &PathBuf| {
            id.is_some_and(|id| trusted::is_journal_of(folder, self.store.file(), id))
        };
        Ok(self.store.folder_of_journal().and(remembered.into_iter().filter(is_ours)))
    }

    fn recover_folder(
        &self,
        folder: &Path,
        recovered: &mut Recovered,
        on_progress: &mut dyn FnMut(u64),
    ) -> Result<()> {
        if !folder.try_exists().unwrap_or(true) {
            return Ok(());
        }
        let mut sink = self.store.clone();
        let before = recovered.stored;
        let watch = &mut |so_far: &Replayed| {
            on_progress(before + so_far.stored);
            ControlFlow::Continue(())
        };
        let replayed = match replay(&RealDisk, folder, &mut sink, AT_ONCE, watch) {
            Ok(replayed) => replayed,
            Err(error) => {
                // The ledger's own error says more than what the journal has to say.
                return Err(error.into_inner().downcast().map_or_else(
                    |error| StoreError::Journal {
                        doing: STORE,
                        folder: folder.to_owned(),
                        source: error,
                    },
                    |error| *error,
                ));
            }
        };
        recovered.stored += replayed.stored;
        recovered.amended += replayed.amended;
        recovered.duplicates += replayed.duplicates;
        recovered.refused += replayed.refused;
        recovered.lost += replayed.lost;
        recovered.damaged += replayed.damage.len() as u64;
        let unknown = replayed.damage.iter().filter(|found| found.damage.records.is_none());
        recovered.unknown += unknown.count() as u64;
        recovered.segments += replayed.segments;
        recovered.live += replayed.live;
        recovered.foreign.extend(replayed.foreign);
        recovered.newer.extend(replayed.newer);
        recovered.unreadable.extend(replayed.unreadable);
        recovered.skipped.extend(replayed.failed.iter().map(|failed| chain(failed)));
        Ok(())
    }
}
