//! What waits in the journals of a ledger.

use std::path::Path;

use rusqlite::Connection;

use super::{Check, Place, Remedy};
use crate::error::Result;
use crate::file_id::OpenedFile;
use crate::waiting::{Waiting, look};
use crate::{SegmentState, journals, transaction, trusted};

/// Looks into every journal that the ledger knows of.
pub(super) fn waiting(connection: &Connection, path: &Path) -> Result<Waiting> {
    let file = OpenedFile::at(path)?;
    // Without an id, which is a finding of its own, nothing can be the ledger's.
    let Some(ledger) = transaction::ledger_id(connection).unwrap_or(None) else {
        return Ok(Waiting::default());
    };
    let mut folders = vec![journals::beside(file.real_path())];
    // Before version 3, or where that is damaged, there are no others to be found.
    let remembered = journals::folders(connection, &file).unwrap_or_default();
    folders.extend(
        remembered.into_iter().filter(|folder| trusted::is_journal_of(folder, &file, ledger)),
    );
    folders.dedup();
    Ok(look(connection, &folders, ledger))
}

/// Whether each of them can be read. Whatever else waits there is as it should be.
pub(super) fn check(waiting: &Waiting) -> Check {
    let mut check = Check::new("journals");
    for segment in waiting.of(SegmentState::Unreadable) {
        let what = "not even its headers can be read, so its records are not in the ledger";
        check.add(Place::Journal(segment.path.clone()), what, Remedy::MoveAway);
    }
    check
}
