//! `cargo xtask bench`: builds everything for speed, then measures beside the yardstick.
//!
//! The measuring program is a package of its own, so that this one builds in a moment.

use anyhow::Result;

use crate::process;

pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    let release = ["build", "--release", "--locked", "--package", "usage-cli"];
    process::run(&mut process::cargo(release.into_iter().chain(["--package", "usage-bench"]))?)?;
    let run = ["run", "--quiet", "--release", "--locked", "--package", "usage-bench", "--"];
    process::run(&mut process::cargo(run.into_iter().chain(arguments.iter().copied()))?)
}
