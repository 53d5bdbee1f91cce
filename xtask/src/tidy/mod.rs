//! `cargo xtask tidy`: the rules of this repository that no compiler knows. Fast: it reads the
//! files and compiles nothing.

mod code;
mod commands;
mod crates;
mod hygiene;
mod layering;
mod length;
mod links;
mod modules;
mod order;
mod tree;

use std::fmt;

use anyhow::{Result, bail};

use crate::process;
use tree::Tree;

/// A rule looks at the tree and says what breaks it.
type Rule = fn(&Tree) -> Vec<Finding>;

const RULES: &[(&str, Rule)] = &[
    ("layers", layering::dependencies),
    ("pure core", layering::pure_core),
    ("order of modules", order::modules),
    ("manifests", crates::manifests),
    ("crate layout", crates::layout),
    ("changelog", crates::changelog),
    ("forgotten files", modules::reachable),
    ("sleeps", hygiene::sleeps),
    ("pending snapshots", hygiene::pending_snapshots),
    ("commands in the docs", commands::exist),
    ("links", links::resolve),
    ("decisions", links::decisions),
    ("file length", length::too_long),
];

/// The thing that breaks a rule, and its place. Line 0 is the file as a whole.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    path: String,
    line: usize,
    message: String,
}

impl Finding {
    fn new(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.message),
            line => write!(f, "{}:{line}: {}", self.path, self.message),
        }
    }
}

/// Prints every finding of every rule.
pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    process::no_arguments(arguments)?;
    let tree = Tree::load(process::root())?;
    for long in length::report(&tree) {
        println!("note: {long}");
    }
    let mut count = 0;
    for (name, rule) in RULES {
        for finding in rule(&tree) {
            println!("{finding} [{name}]");
            count += 1;
        }
    }
    if count > 0 {
        bail!("tidy: {count} findings");
    }
    println!("tidy: {} rules hold in {} files", RULES.len(), tree.len());
    Ok(())
}

/// The messages of a rule on a small tree, as `path:line: message`, for the tests of the rules.
#[cfg(test)]
fn findings(rule: Rule, files: &[(&str, &str)]) -> Vec<String> {
    rule(&Tree::new(files)).iter().map(ToString::to_string).collect()
}
