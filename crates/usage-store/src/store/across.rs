//! The treatment of an event that several instances record.

use super::Store;
use crate::error::Result;
use crate::write::event_ids;

/// The treatment of an event that another instance has recorded before: the same event id (or alias) under another
/// `instance_id`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AcrossInstances {
    /// It is stored, and counted among those that are [recorded elsewhere](usage_core::Measure::Elsewhere) too.
    #[default]
    Keep,
    /// It is a duplicate: the instance that told it first has it alone.
    First,
}

impl Store {
    /// Returns what becomes of events that another instance has recorded before.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn across_instances(&self) -> Result<AcrossInstances> {
        self.read("read the settings of", |connection| {
            let is_first_alone = event_ids::is_first_alone(connection)?;
            Ok(if is_first_alone { AcrossInstances::First } else { AcrossInstances::Keep })
        })
    }

    /// Says what becomes of them, for everybody who writes to this ledger, from now on: what is stored stays.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let store = usage_store::Store::open(folder.path().join("usage.db"))?;
    /// use usage_store::AcrossInstances;
    ///
    /// assert_eq!(store.across_instances()?, AcrossInstances::Keep);
    /// store.set_across_instances(AcrossInstances::First)?;
    /// assert_eq!(store.across_instances()?, AcrossInstances::First);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn set_across_instances(&self, across: AcrossInstances) -> Result<()> {
        self.write("change the settings of", |writer| {
            writer.ledger.write(|transaction, _| {
                event_ids::set_first_alone(transaction, across == AcrossInstances::First)
            })
        })
    }
}
