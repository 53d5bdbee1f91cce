//! The places where the journals of a ledger are kept, and what it remembers of that.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};

use crate::error::{Result, StoreError};
use crate::ledger::file::{FileId, with_ending};
use crate::ledger::file_id::OpenedFile;
use crate::options::StoreOptions;

/// The place where the journals of a ledger are kept.
#[derive(Clone, Debug)]
pub(crate) struct JournalFolder {
    /// The place where they are unless somebody says otherwise.
    pub(crate) default: PathBuf,
    /// The place where this program keeps them.
    pub(crate) chosen: PathBuf,
}

impl JournalFolder {
    pub(crate) fn new(file: &OpenedFile, options: &StoreOptions) -> Result<Self> {
        let default = beside(file.real_path());
        let chosen = match &options.journal_folder {
            Some(folder) => std::path::absolute(folder)
                .map_err(|source| StoreError::Find { path: folder.clone(), source })?,
            None => default.clone(),
        };
        Ok(Self { default, chosen })
    }

    /// Every folder in which a journal of the ledger may be, with those that it remembers.
    pub(crate) fn and(&self, remembered: impl Iterator<Item = PathBuf>) -> Vec<PathBuf> {
        let mut folders = vec![self.default.clone()];
        for folder in std::iter::once(self.chosen.clone()).chain(remembered) {
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
        folders
    }
}

/// The folder for journals of the ledger in a file, of which the path holds no links: programs
/// that come by different paths then agree about it.
pub(crate) fn beside(real_path: &Path) -> PathBuf {
    with_ending(real_path, ".journal")
}

/// A folder, other than the one beside the ledger, in which journals of a ledger were once kept.
pub(crate) struct Remembered {
    pub(crate) folder: PathBuf,
    /// The place where that ledger was then, without links.
    pub(crate) ledger: PathBuf,
    /// Says whether it was the one in the file that is asked about.
    pub(crate) is_of_file: bool,
}

/// The folders, other than the one beside the ledger, that the ledger in that file remembers.
///
/// A copy of a ledger remembers them too. It must not take what waits for the original, whose disk
/// may only be away for now. So a folder counts where the ledger lies at the path where it was
/// remembered; or where it is the very file of which it was, which was moved.
pub(crate) fn remembered(
    connection: &Connection,
    file: &OpenedFile,
) -> rusqlite::Result<Vec<Remembered>> {
    // Before version 5 nothing is known of the file.
    let mut statement = match connection
        .prepare_cached("SELECT path, ledger, file FROM journal_folders ORDER BY path")
    {
        Ok(statement) => statement,
        Err(_) => connection
            .prepare_cached("SELECT path, ledger, NULL FROM journal_folders ORDER BY path")?,
    };
    let rows = statement.query_map([], |row| {
        Ok((path_of(row.get(0)?), path_of(row.get(1)?), row.get::<_, Option<Vec<u8>>>(2)?))
    })?;
    let mut folders = Vec::new();
    for row in rows {
        // Paths that this platform cannot have are of another one.
        let (Some(folder), Some(ledger), id) = row? else { continue };
        let was_moved = id.is_some_and(|id| file.id().is_some_and(|is| id == is.to_bytes()));
        let is_of_file = ledger == file.real_path() || was_moved;
        folders.push(Remembered { folder, ledger, is_of_file });
    }
    Ok(folders)
}

/// Those of them that count.
pub(crate) fn folders(
    connection: &Connection,
    file: &OpenedFile,
) -> rusqlite::Result<Vec<PathBuf>> {
    let remembered = remembered(connection, file)?.into_iter();
    Ok(remembered.filter(|one| one.is_of_file).map(|one| one.folder).collect())
}

/// Returns whether it is remembered that journals of the ledger in that file are kept in a folder.
pub(crate) fn is_remembered(
    connection: &Connection,
    folder: &Path,
    file: &OpenedFile,
) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "SELECT 1 FROM journal_folders WHERE path = ?1 AND ledger = ?2 AND file = ?3",
        )?
        .exists(params![bytes_of(folder), bytes_of(file.real_path()), id_of(file)])
}

/// Remembers it.
pub(crate) fn remember_folder(
    connection: &Connection,
    folder: &Path,
    file: &OpenedFile,
) -> rusqlite::Result<()> {
    connection
        .execute(
            "INSERT OR REPLACE INTO journal_folders (path, ledger, file) VALUES (?1, ?2, ?3)",
            params![bytes_of(folder), bytes_of(file.real_path()), id_of(file)],
        )
        .map(drop)
}

/// Adds the file to what a version that did not know it has remembered. Of a ledger that was moved
/// since, nothing can be said.
pub(crate) fn remember_file(connection: &Connection, file: &OpenedFile) -> rusqlite::Result<()> {
    connection
        .execute(
            "UPDATE journal_folders SET file = ?1 WHERE file IS NULL AND ledger = ?2",
            params![id_of(file), bytes_of(file.real_path())],
        )
        .map(drop)
}

/// Device and inode; zeros where there are none.
fn id_of(file: &OpenedFile) -> [u8; 16] {
    file.id().map_or([0; 16], FileId::to_bytes)
}

#[cfg(unix)]
fn bytes_of(path: &Path) -> &[u8] {
    use std::os::unix::ffi::OsStrExt;
    path.as_os_str().as_bytes()
}

#[cfg(not(unix))]
fn bytes_of(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

#[cfg(unix)]
fn path_of(bytes: Vec<u8>) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt;
    Some(std::ffi::OsString::from_vec(bytes).into())
}

#[cfg(not(unix))]
fn path_of(bytes: Vec<u8>) -> Option<PathBuf> {
    String::from_utf8(bytes).ok().map(PathBuf::from)
}
