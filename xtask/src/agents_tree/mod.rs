//! `cargo xtask agents-tree`: folders of coding agents' logs, shaped like real ones, and the truth
//! about them in `truth.json`. The same bytes for the same size and seed.

mod claude;
mod codex;
mod text;
mod truth;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

use self::text::Source;
use self::truth::Tally;
use crate::process;

/// Of ten bytes, those of Claude Code; the rest is Codex'.
const TENTHS_CLAUDE: u64 = 8;

pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    let Options { size, seed, out } = options(arguments)?;
    ensure!(!out.exists(), "{} exists already", out.display());
    let tree = write(&out, size, seed)?;
    for (agent, tally) in [("claude-code", &tree.claude), ("codex", &tree.codex)] {
        let (files, bytes, requests) = (tally.files, tally.bytes, tally.whole().requests);
        println!("{agent}: {files} files, {bytes} bytes, {requests} requests");
    }
    println!("{}: set HOME to its folder `home`; the truth is in truth.json", out.display());
    Ok(())
}

struct Options {
    size: u64,
    seed: u64,
    out: PathBuf,
}

fn options(arguments: &[&str]) -> Result<Options> {
    let (mut size, mut seed, mut out) = (1_000_000_000, 1, None);
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let value = words.next().with_context(|| format!("{word} needs a value"))?;
        match *word {
            "--size" => size = bytes(value)?,
            "--seed" => {
                seed = value.parse().with_context(|| format!("{value:?} is no number"))?;
            }
            "--out" => out = Some(PathBuf::from(value)),
            _ => bail!("expected --size, --seed or --out, got {word:?}"),
        }
    }
    let default = || process::root().join(format!("target/agents-tree-{seed}"));
    Ok(Options { size, seed, out: out.unwrap_or_else(default) })
}

/// `200MB`, `1GB`, or a bare number of bytes.
fn bytes(text: &str) -> Result<u64> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" | "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        unit => bail!("{unit:?} is no unit: B, kB, MB, GB"),
    };
    let number: u64 = digits.parse().with_context(|| format!("{text:?} is no size"))?;
    number.checked_mul(unit).with_context(|| format!("{text:?} is too much"))
}

/// A file of the tree, below the agent's own folder.
struct LogFile {
    path: PathBuf,
    text: String,
}

struct Tree {
    claude: Tally,
    codex: Tally,
}

fn write(out: &Path, size: u64, seed: u64) -> Result<Tree> {
    let mut source = Source::new(seed);
    let mut tree = Tree { claude: Tally::default(), codex: Tally::default() };
    let claude = out.join("home/.claude");
    let codex = out.join("home/.codex");
    while tree.claude.bytes < size / 10 * TENTHS_CLAUDE {
        let files = claude::sessions(&mut source, &mut tree.claude);
        keep(&claude, files, &mut tree.claude)?;
    }
    while tree.codex.bytes < size / 10 * (10 - TENTHS_CLAUDE) {
        let files = codex::sessions(&mut source, &mut tree.codex);
        keep(&codex, files, &mut tree.codex)?;
    }
    let (claude, codex) = (tree.claude.json(), tree.codex.json());
    let truth = format!(
        "{{\n  \"size\":{size},\"seed\":{seed},\n  \"claude-code\": {claude},\n  \"codex\": {codex}\n}}\n"
    );
    fs::write(out.join("truth.json"), truth).context("cannot write truth.json")?;
    Ok(tree)
}

fn keep(root: &Path, files: Vec<LogFile>, tally: &mut Tally) -> Result<()> {
    for LogFile { path, text } in files {
        let path = root.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)
                .with_context(|| format!("cannot make {}", folder.display()))?;
        }
        fs::write(&path, &text).with_context(|| format!("cannot write {}", path.display()))?;
        tally.files += 1;
        tally.bytes += text.len() as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_makes_one_tree() {
        let folder = tempfile::tempdir().unwrap();
        let truths = [("a", 7), ("b", 7), ("c", 8)].map(|(name, seed)| {
            let out = folder.path().join(name);
            write(&out, 2_000_000, seed).unwrap();
            fs::read_to_string(out.join("truth.json")).unwrap()
        });
        assert_eq!(truths[0], truths[1]);
        assert_ne!(truths[0], truths[2]);
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!(bytes("200MB").unwrap(), 200_000_000);
        assert_eq!(bytes("12").unwrap(), 12);
        assert!(bytes("1 XB").is_err());
    }
}
