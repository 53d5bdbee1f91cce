//! The records that wait in the journals of a ledger.

use std::path::Path;

use rusqlite::Connection;

use super::advice::{Advice, Remedy};
use super::check::{Check, Place};
use crate::SegmentState;
use crate::error::Result;
use crate::journal::backlog::{JournalBacklog, look};
use crate::ledger::file_id::OpenedFile;
use crate::ledger::{journal_folders, transaction, trusted};

/// Looks into every journal that the ledger knows of.
pub(super) fn backlog(connection: &Connection, path: &Path) -> Result<JournalBacklog> {
    let file = OpenedFile::at(path)?;
    // Without an id, which is a finding of its own, nothing can be the ledger's.
    let Some(ledger) = transaction::ledger_id(connection).unwrap_or(None) else {
        return Ok(JournalBacklog::default());
    };
    let mut folders = vec![journal_folders::beside(file.real_path())];
    // Before version 3, or where that is damaged, there are no others to be found.
    let remembered = journal_folders::folders(connection, &file).unwrap_or_default();
    folders.extend(
        remembered.into_iter().filter(|folder| trusted::is_journal_of(folder, &file, ledger)),
    );
    folders.dedup();
    Ok(look(connection, &folders, ledger))
}

/// Folders with journals of this very ledger that nobody looks into: they were kept for one at another
/// path, where none is now. It was moved to another disk, or this is a copy of it.
pub(super) fn elsewhere(connection: &Connection, path: &Path) -> Vec<Advice> {
    let Ok(file) = OpenedFile::at(path) else { return Vec::new() };
    let Some(ledger) = transaction::ledger_id(connection).unwrap_or(None) else {
        return Vec::new();
    };
    let remembered = journal_folders::remembered(connection, &file).unwrap_or_default().into_iter();
    remembered
        .filter(|one| {
            !one.is_of_file
                && one.ledger.try_exists().is_ok_and(|exists| !exists)
                && trusted::is_journal_of(&one.folder, &file, ledger)
        })
        .map(|one| Advice::JournalElsewhere { folder: one.folder, ledger: one.ledger })
        .collect()
}

/// Checks whether each of them can be read. Whatever else waits there is as it should be.
pub(super) fn check(backlog: &JournalBacklog) -> Check {
    let mut check = Check::new("journals");
    for segment in backlog.of(SegmentState::Unreadable) {
        let what = "not even its headers can be read, so its records are not in the ledger";
        check.add(Place::Journal(segment.path.clone()), what, Remedy::MoveAway);
    }
    check
}
