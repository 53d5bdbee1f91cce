//! The import of agents' logs beside other programs that read them:
//! `cargo xtask bench agents TREE [--rounds N] [--peer 'NAME=PROGRAM ARGUMENT...']...`.
//!
//! The tree is one of `cargo xtask agents-tree`. Each program runs twice in a row, with the tree's `home` for its home:
//! once with nothing of its own there, once more with what it has left. A peer prints its report; ours fills a
//! ledger, which is compared with the tree's truth afterwards.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::child::{self, Measured};
use crate::command::path;
use crate::load;

/// The first argument by which this program is told to do it.
pub(crate) const AGENTS: &str = "agents";

const ROUNDS: usize = 5;
/// What a tree's home holds before anybody has run.
const LOGS: [&str; 2] = [".claude", ".codex"];

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let (tree, rest) = arguments.split_first().context("the tree is missing")?;
    let tree = fs::canonicalize(tree).with_context(|| tree.clone())?;
    let usage = std::env::current_dir()?.join("target/release/usage");
    let (mut peers, mut rounds) = (Vec::new(), ROUNDS);
    let mut rest = rest.iter();
    while let Some(option) = rest.next() {
        let value = rest.next().context("a value")?;
        match option.as_str() {
            "--rounds" => rounds = value.parse()?,
            "--peer" => {
                let (name, line) = value.split_once('=').context("NAME=PROGRAM ARGUMENT...")?;
                let words = line.split_whitespace().map(str::to_owned).collect();
                peers.push(Program { name: name.to_owned(), words, is_ours: false });
            }
            _ => anyhow::bail!("{option} is no option"),
        }
    }
    let ledger = tree.join("ledger/usage.db");
    let ours = ["--db", path(&ledger)?, "import", "agents"].map(str::to_owned);
    let words = std::iter::once(usage.display().to_string()).chain(ours).collect();
    peers.insert(0, Program { name: "usage import agents".to_owned(), words, is_ours: true });
    println!("{} rounds, each program in turn ({})", rounds, load());
    let mut figures: Vec<[Vec<Measured>; 2]> = peers.iter().map(|_| Default::default()).collect();
    for _ in 0..rounds {
        for (program, figures) in peers.iter().zip(&mut figures) {
            clean(&tree)?;
            for figures in figures {
                figures.push(program.run(&tree)?);
            }
            if program.is_ours {
                compare(&usage, &ledger, &tree)?;
            }
        }
    }
    clean(&tree)?;
    println!("\n{:<32} {:>9} {:>9} {:>10}", "medians", "wall", "CPU", "peak");
    for (run, what) in ["first run", "again"].iter().enumerate() {
        for (program, figures) in peers.iter().zip(&figures) {
            let figures = &figures[run];
            let wall = median(figures.iter().map(|of| of.wall));
            let cpu = median(figures.iter().map(|of| of.cpu));
            let peak = median(figures.iter().map(|of| of.peak_kib)) / 1024;
            let name = format!("{}, {what}", program.name);
            let (wall, cpu) = (wall.as_secs_f64(), cpu.as_secs_f64());
            println!("{name:<32} {wall:>7.2} s {cpu:>7.2} s {peak:>6} MiB");
        }
    }
    Ok(())
}

/// A program and what it is called with.
struct Program {
    name: String,
    words: Vec<String>,
    is_ours: bool,
}

impl Program {
    fn run(&self, tree: &Path) -> Result<Measured> {
        let home = tree.join("home");
        let variables = ["HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"];
        let folders = ["", ".config", ".local/share", ".cache"].map(|folder| home.join(folder));
        let settings = variables.iter().zip(&folders);
        let settings: Vec<_> =
            settings.map(|(name, folder)| format!("{name}={}", folder.display())).collect();
        let words = settings.iter().chain(&self.words).map(String::as_str);
        child::measured(&std::iter::once("env").chain(words).collect::<Vec<_>>())
    }
}

/// Takes away what programs have left.
fn clean(tree: &Path) -> Result<()> {
    let mut left: Vec<PathBuf> = vec![tree.join("ledger")];
    for entry in fs::read_dir(tree.join("home"))? {
        let entry = entry?;
        if !LOGS.iter().any(|logs| entry.file_name() == *logs) {
            left.push(entry.path());
        }
    }
    for folder in left.iter().filter(|folder| folder.exists()) {
        fs::remove_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    fs::create_dir(tree.join("ledger"))?;
    Ok(())
}

/// Checks that the ledger holds the tree's truth, to the token.
fn compare(usage: &Path, ledger: &Path, tree: &Path) -> Result<()> {
    let truth: Value = serde_json::from_slice(&fs::read(tree.join("truth.json"))?)?;
    let report = Command::new(usage)
        .args(["--db", path(ledger)?, "report", "--by", "instance,model", "--format", "json"])
        .output()?;
    ensure!(report.status.success(), "{}", String::from_utf8_lossy(&report.stderr));
    let report: Value = serde_json::from_slice(&report.stdout)?;
    let groups = report["groups"].as_array().context("no groups")?;
    for agent in ["claude-code", "codex"] {
        let models = truth[agent]["models"].as_object().context("no models")?;
        for (model, truth) in models {
            let group = groups.iter().find(|of| of["instance"] == agent && of["model"] == **model);
            let group = group.with_context(|| format!("{agent} {model} is missing"))?;
            for (kind, count) in truth.as_object().context("no counts")? {
                let held = [&group[kind], &group["token_kinds"][kind]];
                ensure!(
                    held.contains(&count),
                    "{agent} {model}: {kind} is {count} in truth, {held:?} in the ledger"
                );
            }
        }
    }
    Ok(())
}

fn median<T: Ord + Copy + Default>(figures: impl Iterator<Item = T>) -> T {
    let mut sorted: Vec<_> = figures.collect();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}
