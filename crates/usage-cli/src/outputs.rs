//! A file that is written must be none of those that are read, nor a part of the ledger. Told by device and inode, before
//! anything is read or made.

use std::fs;
use std::path::{Path, PathBuf};

use usage_store::file::{is_same_file, parts};

use crate::error::CliError;
use crate::global::GlobalArgs;
use crate::output::error_elsewhere;

/// Refuses streams that were redirected into the ledger, whatever the command.
pub(crate) fn check_ledger(args: &GlobalArgs) -> Result<(), CliError> {
    let ledger = args.named_db().or_else(|| usage_store::db_path().ok());
    ledger.map_or(Ok(()), |ledger| check_standard(&ledger, &[]))
}

/// Refuses standard output or standard error that was redirected into the ledger, or into what is read.
pub(crate) fn check_standard(ledger: &Path, inputs: &[PathBuf]) -> Result<(), CliError> {
    if !cfg!(unix) {
        return Ok(());
    }
    let goes_into = |path: &Path| {
        // What is no file is no part of a ledger: looked at once, not beside each of the parts.
        let is_file = path.is_file();
        let part = parts(ledger).into_iter().find(|part| is_file && is_same_file(path, part));
        let input = || inputs.iter().find(|input| is_both(path, input)).cloned();
        part.map(|part| (part, PART)).or_else(|| Some((input()?, INPUT)))
    };
    let [output, errors] = ["/dev/stdout", "/dev/stderr"].map(|path| goes_into(Path::new(path)));
    let wrong = |stream: &str, (file, what): &(PathBuf, &str)| {
        let file = file.display();
        CliError::usage(format!("{stream} goes into {file}, which is {what}"))
            .hint("redirect it into a file of its own")
    };
    match (&output, &errors) {
        (None, None) => Ok(()),
        (Some(output), None) => Err(wrong("standard output", output)),
        // Told where it does no harm, if there is such a place.
        (None, Some(errors)) => Err(error_elsewhere(&wrong("standard error", errors))),
        (Some(_), Some(_)) => Err(CliError::told()),
    }
}

/// What is wrong with an output that is a part of the ledger.
pub(crate) const PART: &str = "the ledger, or belongs to it";

/// What is wrong with an output that is an input.
pub(crate) const INPUT: &str = "read by this command";

/// Returns whether a path is that of a ledger or of something that belongs to it.
pub(crate) fn is_part(path: &Path, ledger: &Path) -> bool {
    let [files @ .., journal] = parts(ledger);
    files.iter().any(|part| is_same(path, part)) || absolute(path).starts_with(absolute(&journal))
}

/// Returns whether what is written to one path comes back from the other. Of terminals and devices it does not.
pub(crate) fn is_both(output: &Path, input: &Path) -> bool {
    is_same(output, input) && fs::metadata(input).is_ok_and(|input| !is_device(&input))
}

#[cfg(unix)]
fn is_device(file: &fs::Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_char_device(&file.file_type())
}

#[cfg(not(unix))]
fn is_device(file: &fs::Metadata) -> bool {
    !file.is_file()
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
