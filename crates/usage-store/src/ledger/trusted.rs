//! Which of the folders that a ledger names are followed.
//!
//! A ledger may come from a stranger, and name any folder as one with a journal of its own. Whoever
//! stores what waits there removes and renames files. So a folder that only the ledger speaks of has
//! to prove that it is what the ledger says.

use std::io::ErrorKind;
use std::path::Path;

use usage_core::sink::{LedgerId, Position};
use usage_journal::{RealDisk, survey};

use crate::ledger::file_id::OpenedFile;

/// Returns whether it is a folder of the same user with at least one segment of this very ledger,
/// and with nothing in the place of a segment that is no file. So is a folder that this user may
/// not look into: nothing can be done to it, and somebody has to be notified of it.
pub(crate) fn is_journal_of(folder: &Path, file: &OpenedFile, ledger: LedgerId) -> bool {
    if folder.read_dir().is_err_and(|error| error.kind() == ErrorKind::PermissionDenied) {
        return true;
    }
    belongs_to_user(folder, file).unwrap_or(false)
        && has_only_files(folder).unwrap_or(false)
        && has_segment_of(folder, ledger)
}

/// Returns whether it is a folder, and no link to one, of who runs this program or owns the ledger;
/// or of the group that the ledger is shared with.
#[cfg(unix)]
fn belongs_to_user(folder: &Path, file: &OpenedFile) -> Option<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let found = folder.symlink_metadata().ok()?;
    let ledger = file.real_path().metadata().ok()?;
    let users = [ledger.uid(), rustix::process::geteuid().as_raw()];
    let is_shared = ledger.mode() & 0o060 == 0o060 && ledger.gid() == found.gid();
    Some(found.is_dir() && (users.contains(&found.uid()) || is_shared))
}

#[cfg(not(unix))]
fn belongs_to_user(folder: &Path, _: &OpenedFile) -> Option<bool> {
    Some(folder.symlink_metadata().ok()?.is_dir())
}

/// To open a pipe would wait for ever.
fn has_only_files(folder: &Path) -> Option<bool> {
    for entry in folder.read_dir().ok()? {
        let entry = entry.ok()?;
        let is_segment = entry.path().extension().is_some_and(|ending| ending == "segment");
        if is_segment && !entry.file_type().ok()?.is_file() {
            return Some(false);
        }
    }
    Some(true)
}

fn has_segment_of(folder: &Path, ledger: LedgerId) -> bool {
    // It is asked of this ledger's segments alone. As if all of each were stored: then only their
    // headers are read.
    let mut has_one = false;
    let mut stored = |_| {
        has_one = true;
        Some(Position { generation: u64::MAX, sequence: u64::MAX })
    };
    survey(&RealDisk, folder, ledger, &mut stored);
    has_one
}
