//! `cargo xtask fuzz`: runs every fuzz target for a while. Needs a nightly compiler and cargo-fuzz,
//! which is why `ci` leaves it out.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::process;

pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    let minutes = minutes(arguments)?;
    if process::first_line(&mut nightly(&["rustc", "--version"])).is_none() {
        bail!("a nightly compiler is needed: rustup toolchain install nightly --profile minimal");
    }
    if process::first_line(&mut nightly(&["cargo", "fuzz", "--version"])).is_none() {
        bail!("cargo-fuzz is needed: cargo install --locked cargo-fuzz --version 0.13.2");
    }
    let dir = process::root().join("fuzz/fuzz_targets");
    let entries = fs::read_dir(&dir).with_context(|| format!("{} is missing", dir.display()))?;
    let mut targets: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_str()?.to_owned()))
        .collect();
    targets.sort();
    for target in &targets {
        println!("==> {target}, {minutes} min");
        let limit = format!("-max_total_time={}", minutes * 60);
        let dictionary = format!("-dict=fuzz/{target}.dict");
        process::run(&mut nightly(&["cargo", "fuzz", "run", target, "--", &limit, &dictionary]))?;
    }
    println!("fuzz: {} targets, {minutes} min each, nothing found", targets.len());
    Ok(())
}

fn minutes(arguments: &[&str]) -> Result<u32> {
    match arguments {
        [] => Ok(1),
        ["--minutes", number] => {
            number.parse().with_context(|| format!("{number:?} is not a number of minutes"))
        }
        _ => bail!("expected [--minutes N], got {arguments:?}"),
    }
}

/// A command under the nightly toolchain. Without `CARGO` in its environment, or the nightly cargo
/// would go on to run the stable one that started this program.
fn nightly(arguments: &[&str]) -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", "nightly"]).args(arguments);
    command.env_remove("CARGO").current_dir(process::root());
    command
}
