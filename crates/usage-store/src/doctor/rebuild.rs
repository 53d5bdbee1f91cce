//! Making the sums, and what is known of event ids, again where they are wrong.

use crate::Store;
use crate::error::{ReadError, Result, StoreError};
use crate::rollups::{self, Rebuilt};
use crate::write::event_ids;

impl Store {
    /// Makes all sums again from the records, in one transaction: all or nothing of it. Sums whose
    /// records were deleted are kept, and days and months are made of them again. Names that nothing uses
    /// any more are removed. The entries by which event ids are found are made again too, where they and
    /// the records disagree; ids of records that were deleted stay known as long as their sums.
    ///
    /// Other programs can read meanwhile, and those that write wait: it takes about a second for
    /// each million records.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let store = usage_store::Store::open(folder.path().join("usage.db"))?;
    /// let rebuilt = store.rebuild_sums()?;
    /// assert_eq!((rebuilt.records, rebuilt.changed), (0, 0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the ledger cannot be written, or a record is damaged, so that nobody can say what it
    /// counts: [`examine`](super::examine) names it. Nothing was changed then.
    pub fn rebuild_sums(&self) -> Result<Rebuilt> {
        let mut damaged = None;
        let result = self.write("rebuild the sums of", |writer| {
            writer.ledger.write(|transaction, _| {
                let rebuild = || {
                    let event_ids = event_ids::rebuild(transaction)?;
                    Ok(Rebuilt { event_ids, ..rollups::rebuild(transaction)? })
                };
                rebuild().map_err(|error: ReadError| {
                    if let ReadError::Damaged(code, what) = &error {
                        damaged = Some((*code, what.clone()));
                    }
                    error.into_sqlite()
                })
            })
        });
        match damaged {
            Some((code, what)) => {
                Err(StoreError::Damaged { path: self.path().to_owned(), code, what })
            }
            None => result,
        }
    }
}
