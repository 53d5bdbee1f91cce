//! Looking at the records that were refused and kept, trying them again, and forgetting them.

use usage_core::record::line;
use usage_core::sink::RefusalReason;
use usage_core::{LabelInterner, Timestamp};

use crate::ledger::retained;
use crate::write::before_horizon::Quarantined;
use crate::write::quarantine::{self, Kept};
use crate::{Result, Store, StoreError};

/// The result of [`Quarantine::retry`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retried {
    /// The number of records that are in the ledger now.
    pub stored: u64,
    /// The number of records that told more of events that the ledger knew.
    pub amended: u64,
    /// The number of records that were there already: their events are known, and they say nothing new of them.
    pub duplicates: u64,
    /// The number of records that stay where they are: still older than the ledger takes, or refused again.
    pub kept: u64,
    /// The number of those that stay that contradict what is known of their events by now. They are
    /// kept in quarantine with that reason, and count no more as ones before the horizon.
    pub conflicts: u64,
}

/// The number of records that are tried in one transaction.
const AT_ONCE: u32 = 500;

/// The number of combinations of names that are remembered while lines are read.
const NAMES: usize = 1_024;

impl Store {
    /// Returns the records that were refused and kept.
    #[must_use]
    pub const fn quarantine(&self) -> Quarantine<'_> {
        Quarantine { store: self }
    }
}

/// The records that a ledger has refused and kept: quarantined as they were older than the ledger took, or
/// those that the database itself refused.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let store = usage_store::Store::open(folder.path().join("usage.db"))?;
/// store.retention().reset_horizon(None)?;
/// let retried = store.quarantine().retry()?;
/// println!("{} records taken in, {} stay", retried.stored, retried.kept);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Quarantine<'a> {
    store: &'a Store,
}

impl Quarantine<'_> {
    /// Returns how much is quarantined: records that were older than the ledger took.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn size(&self) -> Result<Quarantined> {
        self.store.read("read the ledger", |connection| Ok(Quarantined::read(connection)?))
    }

    /// Forgets every record; returns how many they were.
    ///
    /// # Errors
    /// When the ledger cannot be written. Nothing was forgotten then.
    pub fn forget(&self) -> Result<u64> {
        self.store.write("forget what is quarantined in", |writer| {
            writer.ledger.write(|transaction, _| quarantine::forget_records(transaction))
        })
    }

    /// Tries every record again. Each is stored once, and is then kept apart no more, or stays.
    ///
    /// Works in short transactions; stopped between two of them, what was stored is stored, and the
    /// rest is still there.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn retry(&self) -> Result<Retried> {
        let (mut retried, mut last) = (Retried::default(), i64::MIN);
        let mut names = LabelInterner::new(NAMES);
        loop {
            let (mut found, mut next) = (0, last);
            let outcome = self.store.write::<_, StoreError>("write to the ledger", |writer| {
                writer.insert_again(|connection| {
                    let kept = quarantine::records_after(connection, last, AT_ONCE)?;
                    (found, next) = (kept.len() as u64, kept.last().map_or(last, |last| last.id));
                    let records_from = retained::records_from(connection)?.unwrap_or(i64::MIN);
                    let record = |kept: Kept| {
                        // Each was written with its own time, so that now is not asked for.
                        let now = Timestamp::from_micros(0);
                        let record = line::parse(&kept.content, now, &mut names).ok()?;
                        let is_taken = record.timestamp().as_micros() >= records_from;
                        is_taken.then_some((kept.id, record))
                    };
                    Ok(kept.into_iter().filter_map(record).collect())
                })
            })?;
            if found == 0 {
                return Ok(retried);
            }
            last = next;
            retried.stored += outcome.stored;
            retried.amended += outcome.amended;
            retried.duplicates += outcome.duplicates;
            let taken = outcome.stored + outcome.amended + outcome.duplicates;
            retried.kept += found - taken;
            let conflicts = outcome.refused.iter();
            let conflicts = conflicts.filter(|of| of.reason == RefusalReason::EventIdConflict);
            retried.conflicts += conflicts.count() as u64;
        }
    }
}
