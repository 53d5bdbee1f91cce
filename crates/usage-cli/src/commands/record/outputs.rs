//! A file that is written must be none of those that are read, nor a part of the ledger.

use std::fs;
use std::path::{Path, PathBuf};

use usage_import::follow::may_be_of_log;
use usage_store::file::{is_same_file, with_ending};

use super::input::Input;
use crate::error::CliError;

/// Refuses what `--rejects` must not name, before anything is read or made.
pub(super) fn check<'a>(
    rejects: &Path,
    ledger: &Path,
    inputs: impl Iterator<Item = &'a Input>,
) -> Result<(), CliError> {
    let refuse = |what: &str| {
        let rejects = rejects.display();
        Err(CliError::usage(format!("--rejects names {rejects}, which is {what}"))
            .hint("name a file of its own for what is refused"))
    };
    for input in inputs {
        // Devices and terminals may be both: what is written there does not come back.
        if input.path().is_some_and(|input| is_file(input) && is_same(rejects, input)) {
            return refuse("read by this command");
        }
        if let Input::Growing(log) = input
            && may_be_of_log(log, rejects)
        {
            return refuse("named as a rotated file of the log is");
        }
    }
    let companions = ["", "-wal", "-shm", "-journal"].map(|ending| with_ending(ledger, ending));
    if companions.iter().any(|of_ledger| is_same(rejects, of_ledger)) {
        return refuse("the ledger, or belongs to it");
    }
    let journal = with_ending(ledger, ".journal");
    if absolute(rejects).starts_with(absolute(&journal)) {
        return refuse("in the journal of the ledger");
    }
    Ok(())
}

fn is_file(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file())
}

/// By device and inode; what is not there yet, by its path.
fn is_same(a: &Path, b: &Path) -> bool {
    is_same_file(a, b) || absolute(a) == absolute(b)
}

/// With its folder's links followed: the file itself need not be there.
fn absolute(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if let Ok(found) = path.canonicalize() {
        return found;
    }
    match (path.parent().and_then(|folder| folder.canonicalize().ok()), path.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => path,
    }
}
