//! The keys of tags that the ledger's rollups tell apart.

use usage_core::record::MAX_TAGS;
use usage_core::{RecordError, TagKey};

use super::Store;
use crate::error::{Result, StoreError};
use crate::ledger::tag_keys::Declared;
use crate::write::declare::{DeclaredTags, declare};

impl Store {
    /// Returns the declared keys of tags, in their order.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn tag_keys(&self) -> Result<Vec<TagKey>> {
        self.read("read the ledger", |connection| Ok(Declared::read(connection)?.keys()))
    }

    /// Declares keys of tags, in place of those that were declared before: rollups tell their values apart, so that
    /// reports by them, or for some of them, need no records. Each value multiplies the names that rollups have, so
    /// declare keys that have few.
    ///
    /// What is stored is counted anew, in one transaction: all or nothing of it, whatever stops it. Other programs can
    /// read meanwhile, and those that write wait: it takes some seconds for each million records. Rollups whose records
    /// were deleted stay as they are; [`DeclaredTags::kept_before`] says where they end.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let store = usage_store::Store::open(folder.path().join("usage.db"))?;
    /// use usage_core::TagKey;
    ///
    /// let team = TagKey::new("team")?;
    /// assert_eq!(store.declare_tags(&[team])?.keys, [team]);
    /// assert_eq!(store.tag_keys()?, [team]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When there are more than [`MAX_TAGS`] keys, the ledger cannot be written, or a record is damaged. Nothing was
    /// changed then.
    pub fn declare_tags(&self, keys: &[TagKey]) -> Result<DeclaredTags> {
        if keys.len() > MAX_TAGS {
            return Err(StoreError::WrongTagKeys { source: RecordError::TooManyTags });
        }
        self.write("declare tags in", |writer| {
            writer.ledger.write(|transaction, _| declare(transaction, keys))
        })
    }
}
