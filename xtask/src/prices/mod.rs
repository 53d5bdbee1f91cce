//! `cargo xtask prices`: makes the books of prices that `usage-prices` ships.
//!
//! From wheels of the Python package index, each pinned by its checksum: genai-prices is what the books are made
//! of, litellm's table is what they are compared with. Nothing of them is run, see `reduce.py`.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use sha2::{Digest as _, Sha256};

use crate::process;

struct Wheel {
    project: &'static str,
    version: &'static str,
    sha256: &'static str,
}

const SOURCE: Wheel = Wheel {
    project: "genai-prices",
    version: "0.2.3",
    sha256: "56976ce2b04ec206117f7d0e53f4849211a6724ab3a12119afec304eba63ee25",
};

/// 44 MB, and of Linux on x86_64; the comparison is left out where it cannot be had.
const SECOND: Wheel = Wheel {
    project: "litellm",
    version: "1.110.2",
    sha256: "9d94d1c7d524b6fd10c14f9c8c6c4f0ac31705f9964ac59dcfd8337c046d8917",
};

/// The day on which the pins above were chosen and the disagreements looked at.
const DATE: &str = "2026-11-28";

const BOOKS: &str = "crates/usage-prices/books";

pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    let from = match arguments {
        [] => None,
        ["--from", folder] => Some(PathBuf::from(folder)),
        _ => bail!("expected [--from FOLDER], got {arguments:?}"),
    };
    let folder = process::root().join("target/prices");
    let python = environment(&folder)?;
    let source = SOURCE.fetch(&python, from.as_deref(), &folder)?;
    let second = SECOND.fetch(&python, from.as_deref(), &folder).map_or_else(
        |error| {
            println!("nothing to compare with: {error:#}");
            "-".into()
        },
        PathBuf::into_os_string,
    );
    let script = process::root().join("xtask/src/prices/reduce.py");
    let mut reduce = Command::new(&python);
    reduce.env("PYTHONDONTWRITEBYTECODE", "1").arg(script).arg(source).arg(second);
    process::run(reduce.arg(process::root().join(BOOKS)).arg(DATE))
}

/// A virtual environment, so that neither pip nor the script meets what else is installed.
fn environment(folder: &Path) -> Result<PathBuf> {
    let python = folder.join("venv/bin/python");
    if !python.exists() {
        fs::create_dir_all(folder)?;
        process::run(Command::new("python3").args(["-m", "venv"]).arg(folder.join("venv")))
            .context("Python 3 with its module venv is needed")?;
    }
    Ok(python)
}

impl Wheel {
    /// Finds the wheel in a folder, or has pip download it, alone. Any other file is refused.
    fn fetch(&self, python: &Path, from: Option<&Path>, folder: &Path) -> Result<PathBuf> {
        let wheels = from.map_or_else(|| folder.join("wheels"), Path::to_owned);
        if from.is_none() && self.find(&wheels).is_err() {
            fs::create_dir_all(&wheels)?;
            let wanted = format!("{}=={}", self.project, self.version);
            let options = ["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"];
            process::run(
                Command::new(python).args(options).arg("--dest").arg(&wheels).arg(wanted),
            )?;
        }
        let wheel = self.find(&wheels)?;
        let bytes = fs::read(&wheel).with_context(|| format!("cannot read {}", wheel.display()))?;
        let sum: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        ensure!(sum == self.sha256, "{} is not the pinned one: sha256 {sum}", wheel.display());
        Ok(wheel)
    }

    fn find(&self, folder: &Path) -> Result<PathBuf> {
        let start = format!("{}-{}-", self.project.replace('-', "_"), self.version);
        let is_wheel = |path: &PathBuf| {
            path.extension() == Some(OsStr::new("whl"))
                && path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&start))
        };
        let entries =
            fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
        let mut wheels = entries.filter_map(|entry| Some(entry.ok()?.path()));
        wheels.find(is_wheel).with_context(|| format!("no {start}*.whl in {}", folder.display()))
    }
}
