//! `cargo xtask demo`: from nothing to a report, with the commands shown as one would type them.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};

use crate::process;

const LEDGER: &str = "target/demo/usage.db";
/// The morning after the sample day, so that it is `yesterday`.
const SETTINGS: [(&str, &str); 3] = [
    ("USAGE_DB", LEDGER),
    ("USAGE_TIMEZONE", "Europe/Berlin"),
    ("USAGE_NOW", "2026-05-04T09:00:00+02:00"),
];

/// Done, but some input lines were refused: the sample day has a few bad ones.
const SOME_REFUSED: i32 = 3;

pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    process::no_arguments(arguments)?;
    println!("Building the release binary ...");
    process::run(&mut process::cargo([
        "build",
        "--release",
        "--package",
        "usage-cli",
        "--locked",
    ])?)?;
    let binaries = process::target_dir()?.join("release");

    let ledger = process::root().join(LEDGER);
    let dir = ledger.parent().context("the ledger lies in a folder")?;
    if dir.exists() {
        fs::remove_dir_all(dir).with_context(|| format!("cannot remove {}", dir.display()))?;
    }
    fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;

    println!("\nA fresh ledger, and the clock set to the morning after the sample day:\n");
    for (name, value) in SETTINGS {
        println!("$ export {name}={value}");
    }
    let begun = Instant::now();
    usage(&binaries, &["record", "data/day.ndjson", "--report"])?;
    println!("({:.2} s, the start of the program included)", begun.elapsed().as_secs_f64());
    usage(&binaries, &["period", "yesterday"])?;
    usage(&binaries, &["report", "yesterday", "--by", "hour"])?;
    usage(&binaries, &["report", "yesterday", "--by", "model", "--sort", "cost", "-n", "5"])?;
    usage(&binaries, &["report", "yesterday", "--instance", "laptop-anna", "--route", "think"])?;

    let shown = binaries.strip_prefix(process::root()).unwrap_or(&binaries).display();
    println!("\nThe same settings and this PATH let you go on by hand:\n");
    println!("$ export PATH=\"{shown}:$PATH\"");
    for next in ["", "report 12h --provider anthropic", "report yesterday --json", "help report"] {
        println!("{}", format!("$ usage {next}").trim_end());
    }
    Ok(())
}

/// Shows the command and runs it.
fn usage(binaries: &Path, arguments: &[&str]) -> Result<()> {
    let line = format!("usage {}", arguments.join(" "));
    println!("\n$ {line}");
    let mut command = Command::new(binaries.join("usage"));
    command.args(arguments).envs(SETTINGS).current_dir(process::root());
    let status = command.status().with_context(|| format!("`{line}` did not start"))?;
    let is_record = arguments.first() == Some(&"record");
    let expected = status.success() || (is_record && status.code() == Some(SOME_REFUSED));
    ensure!(expected, "`{line}` failed: {status}");
    Ok(())
}
