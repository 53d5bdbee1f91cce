//! The places that a ledger knows of and that forgetting does not reach.

use std::fs;
use std::path::{Path, PathBuf};

use super::remains::is_in_file;

/// The files in which a forgotten name may still be. Nobody knows of exports, and of copies elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Copies {
    /// Files of journals that hold the name: of running programs, which use them again, and such as could not be read.
    pub journals: Vec<PathBuf>,
    /// Files beside the ledger that look like copies of it: those that a migration or a restore has kept.
    pub beside: Vec<PathBuf>,
    /// The last backup that the ledger knows of, where it is still there.
    pub last_backup: Option<PathBuf>,
}

impl Copies {
    /// Returns whether the ledger knows of none.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

pub(super) fn find(
    ledger: &Path,
    journal_folders: &[PathBuf],
    last_backup: Option<PathBuf>,
    name: &str,
) -> Copies {
    let mut journals: Vec<PathBuf> = journal_folders
        .iter()
        .flat_map(|folder| files(folder))
        // A file that cannot be read may hold it.
        .filter(|path| is_in_file(path, name).unwrap_or(true))
        .collect();
    journals.sort();
    let last_backup = last_backup.filter(|path| path.exists());
    let (folder, of) = (ledger.parent(), ledger.file_name().and_then(|name| name.to_str()));
    let mut beside: Vec<PathBuf> = folder
        .zip(of)
        .into_iter()
        .flat_map(|(folder, of)| files(folder).map(move |path| (path, of)))
        .filter(|(path, of)| {
            let rest = path.file_name().and_then(|name| name.to_str()?.strip_prefix(of));
            rest.is_some_and(|rest| !["", "-wal", "-shm"].contains(&rest))
        })
        .map(|(path, _)| path)
        .filter(|path| Some(path) != last_backup.as_ref())
        .collect();
    beside.sort();
    Copies { journals, beside, last_backup }
}

fn files(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_file())
}
