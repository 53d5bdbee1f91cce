//! The files of the repository, read once.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::code;

/// Folders that hold nothing written by hand.
const SKIPPED: &[&str] = &[".git", "target", "corpus", "artifacts", "mutants.out"];

/// Path from the root, with `/`, to text. The text of anything but sources, manifests and
/// Markdown is left out.
pub(super) struct Tree {
    files: BTreeMap<String, String>,
    sources: Vec<Source>,
}

/// A Rust file.
pub(super) struct Source {
    pub(super) path: String,
    pub(super) text: String,
    /// The same lines without comments and the content of literals.
    pub(super) code: String,
    /// The same again without what is under `#[cfg(test)]`; empty for a file of tests.
    pub(super) shipped: String,
}

impl Tree {
    pub(super) fn load(root: &Path) -> Result<Self> {
        let mut files = BTreeMap::new();
        walk(root, "", &mut files)?;
        Ok(Self::from_files(files))
    }

    #[cfg(test)]
    pub(super) fn new(files: &[(&str, &str)]) -> Self {
        Self::from_files(files.iter().map(|(p, t)| ((*p).to_owned(), (*t).to_owned())).collect())
    }

    fn from_files(files: BTreeMap<String, String>) -> Self {
        let sources = files.iter().filter(|(path, _)| path.ends_with(".rs"));
        let sources = sources.map(|(path, text)| Source::new(path, text)).collect();
        Self { files, sources }
    }

    pub(super) fn len(&self) -> usize {
        self.files.len()
    }

    pub(super) fn get(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// Returns whether there is a file or a folder of this path.
    pub(super) fn exists(&self, path: &str) -> bool {
        let folder = format!("{path}/");
        path.is_empty()
            || self.files.contains_key(path)
            || self.paths().any(|file| file.starts_with(&folder))
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    pub(super) fn with_ending(&self, ending: &str) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .filter(move |(path, _)| path.ends_with(ending))
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    pub(super) fn sources(&self) -> impl Iterator<Item = &Source> {
        self.sources.iter()
    }

    /// The sources that are shipped with a crate: below its `src`.
    pub(super) fn shipped(&self, krate: &str) -> impl Iterator<Item = &Source> {
        let src = format!("crates/{krate}/src/");
        self.sources.iter().filter(move |source| source.path.starts_with(&src))
    }

    /// The names of the folders in `crates`.
    pub(super) fn crates(&self) -> Vec<&str> {
        let inside = self.paths().filter_map(|path| path.strip_prefix("crates/")?.split_once('/'));
        let mut names: Vec<_> = inside.map(|(name, _)| name).collect();
        names.dedup();
        names
    }
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        let code = code::blank_literals(text);
        let name = path.rsplit('/').next().unwrap_or(path);
        let is_test = name == "tests.rs" || path.contains("/tests/");
        let shipped = if is_test { String::new() } else { code::blank_tests(&code) };
        Self { path: path.to_owned(), text: text.to_owned(), code, shipped }
    }
}

/// The lines, counted from 1, in which one of the words occurs.
pub(super) fn lines_with<'a>(
    code: &'a str,
    words: &'a [&'a str],
) -> impl Iterator<Item = (usize, &'a str)> {
    code.lines().enumerate().flat_map(move |(at, line)| {
        words.iter().filter(move |word| code::has_word(line, word)).map(move |word| (at + 1, *word))
    })
}

fn walk(dir: &Path, prefix: &str, files: &mut BTreeMap<String, String>) -> Result<()> {
    let entries = fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        let kind = entry.file_type()?;
        if kind.is_dir() && !SKIPPED.contains(&name.as_str()) {
            walk(&entry.path(), &format!("{path}/"), files)?;
        } else if kind.is_file() {
            let is_read = [".rs", ".md", ".toml"].iter().any(|ending| name.ends_with(ending));
            let text = if is_read { fs::read_to_string(entry.path()) } else { Ok(String::new()) };
            files.insert(path.clone(), text.with_context(|| format!("cannot read {path}"))?);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loads_a_folder_and_skips_what_is_built() {
        let dir = tempfile::tempdir().unwrap();
        for path in ["crates/a/src/lib.rs", "target/debug/x.rs", "data/day.ndjson", "README.md"] {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "//! Text.\n").unwrap();
        }
        let tree = Tree::load(dir.path()).unwrap();
        let paths: Vec<_> = tree.paths().collect();
        assert_eq!(paths, ["README.md", "crates/a/src/lib.rs", "data/day.ndjson"]);
        assert_eq!(tree.crates(), ["a"]);
        assert_eq!(tree.get("README.md"), Some("//! Text.\n"));
        assert_eq!(tree.get("data/day.ndjson"), Some(""));
        assert!(tree.exists("crates/a/src") && !tree.exists("crates/a/s"));
    }
}
