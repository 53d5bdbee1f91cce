//! The names that are stored as pseudonyms.

use super::Store;
use crate::error::Result;
use crate::forget::NameKind;
use crate::write::pseudonyms;

impl Store {
    /// Returns the kinds of names that are stored as pseudonyms.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn pseudonyms(&self) -> Result<Vec<NameKind>> {
        self.read("read the settings of", |connection| Ok(pseudonyms::kinds(connection)?))
    }

    /// Says which kinds of names are stored as pseudonyms, for everybody who writes to this ledger, from now on: what
    /// is stored stays. A pseudonym is a hash of the name with a key of the ledger's own, such as
    /// `p-4f0d1c9a5be27d36810c2f7e`: the same name always has the same one, other ledgers have others, and who has the
    /// ledger, and so the key, can try names but not read them. A name waits in a journal as it was recorded.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let store = usage_store::Store::open(folder.path().join("usage.db"))?;
    /// use usage_core::Label;
    /// use usage_store::forget::NameKind;
    ///
    /// let users = [NameKind::Label(Label::User)];
    /// store.set_pseudonyms(&users)?;
    /// assert_eq!(store.pseudonyms()?, users);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn set_pseudonyms(&self, of: &[NameKind]) -> Result<()> {
        self.write("change the settings of", |writer| {
            writer.ledger.write(|transaction, _| pseudonyms::set(transaction, of))
        })
    }
}
