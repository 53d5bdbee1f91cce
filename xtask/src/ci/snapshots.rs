//! Snapshot files that no test compares with: what is left of a test that was renamed or removed.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use super::suite;
use crate::process;

/// Compares the snapshot files that exist with those that the tests have named just now.
pub(super) fn check() -> Result<()> {
    let noted = fs::read_to_string(suite::snapshots_path()?)
        .context("no test has named a snapshot file: is insta still what compares them?")?;
    let mut files = Vec::new();
    for folder in ["crates", "tests", "xtask"] {
        collect(&process::root().join(folder), &mut files)?;
    }
    let unused = unused(&noted, &files);
    for path in &unused {
        println!("{}: no test compares with it", path.display());
    }
    ensure!(unused.is_empty(), "{} unused snapshot files: remove them", unused.len());
    println!("{} snapshot files, each in use", files.len());
    Ok(())
}

/// Those of the files that are not noted. A note may take a way round, as in `a/../b`.
fn unused<'a>(noted: &str, files: &'a [PathBuf]) -> Vec<&'a Path> {
    let real = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let used: HashSet<_> = noted.lines().map(|line| real(Path::new(line))).collect();
    files.iter().map(PathBuf::as_path).filter(|file| !used.contains(&real(file))).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|ending| ending == "snap") {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_that_no_test_names_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let stories = dir.path().join("stories/snapshots");
        fs::create_dir_all(&stories).unwrap();
        for name in ["used.snap", "unused.snap", "note.txt"] {
            fs::write(stories.join(name), "").unwrap();
        }
        let mut files = Vec::new();
        collect(dir.path(), &mut files).unwrap();
        let noted = format!("{0}\n{0}\n", stories.join("../snapshots/used.snap").display());
        assert_eq!(unused(&noted, &files), [stories.join("unused.snap")]);
    }
}
