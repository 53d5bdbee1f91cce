//! Making the rollups, and what is known of event ids, again where they are wrong.

use rusqlite::Connection;

use crate::Store;
use crate::error::{DamageCode, ReadError, Result, WorkError};
use crate::ledger::terms;
use crate::rollups::{self, Rebuilt};
use crate::write::event_ids;

/// Makes all rollups again from the records, in one transaction: all or nothing of it. Rollups whose
/// records were deleted are kept, and days and months are made of them again. Names that nothing uses
/// any more are removed. The entries by which event ids are found are made again too, where they and
/// the records disagree; ids of records that were deleted stay known as long as their rollups. Records whose terms
/// are damaged are not priced any more, see [`Rebuilt::unpriced`], and can be priced again.
///
/// Other programs can read meanwhile, and those that write wait: it takes about a second for
/// each million records.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let store = usage_store::Store::open(folder.path().join("usage.db"))?;
/// let rebuilt = usage_store::doctor::rebuild(&store)?;
/// assert_eq!((rebuilt.records, rebuilt.changed), (0, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When the ledger cannot be written, or a record is damaged, so that nobody can say what it
/// counts: [`examine`](super::examine) names it. Nothing was changed then.
pub fn rebuild(store: &Store) -> Result<Rebuilt> {
    store.write("rebuild the sums of", |writer| {
        let ledger = &mut writer.ledger;
        match ledger.write(|transaction, _| rebuild_in(transaction, false)) {
            // Nothing was changed. Now without them, which takes another look at each record.
            Err(WorkError::Inner(ReadError::Damaged(DamageCode::Prices, _))) => {
                ledger.write(|transaction, _| rebuild_in(transaction, true))
            }
            result => result,
        }
    })
}

fn rebuild_in(connection: &Connection, forgets_terms: bool) -> Result<Rebuilt, ReadError> {
    let unpriced = if forgets_terms { terms::forget_wrong(connection)? } else { 0 };
    let event_ids = event_ids::rebuild(connection)?;
    Ok(Rebuilt { event_ids, unpriced, ..rollups::rebuild(connection)? })
}
