//! Measurements beside a yardstick in the same run: `cargo xtask bench [WHAT...]`.
//!
//! Machines are shared and noisy, so what is shown are ratios: the two sides take turns, and the
//! median of the rounds' ratios is given with the smallest and the largest.
#![expect(clippy::print_stdout, reason = "a tool for the terminal")]

mod child;
mod command;
mod hot_path;
mod insert;
mod rounds;
mod space;
mod workload;
mod yardstick;

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

/// What the measurements need to know.
struct Setup {
    /// Where ledgers and inputs are made; emptied of them afterwards.
    folder: PathBuf,
    /// The release build of the command.
    usage: PathBuf,
    rows: usize,
    rounds: usize,
}

/// A part's name, and what measures and prints it.
type Part = (&'static str, fn(&Setup) -> Result<()>);

const PARTS: &[Part] = &[
    ("insert", insert::run),
    ("record", command::record),
    ("report", command::report),
    ("space", space::run),
    ("hot-path", hot_path::run),
];

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some((first, command)) = arguments.split_first()
        && first == child::MEASURE
    {
        return child::measure_here(command);
    }
    let (setup, wanted) = parse(&arguments)?;
    std::fs::create_dir_all(&setup.folder)?;
    println!("{} rows, {} rounds of interleaved pairs", setup.rows, setup.rounds);
    for (name, part) in PARTS {
        if wanted.is_empty() || wanted.iter().any(|asked| asked == name) {
            println!("\n== {name}");
            part(&setup).with_context(|| format!("while measuring {name}"))?;
        }
    }
    Ok(())
}

fn parse(arguments: &[String]) -> Result<(Setup, Vec<&str>)> {
    let mut folder = PathBuf::from("target/bench");
    let mut usage = PathBuf::from("target/release/usage");
    let (mut rows, mut rounds) = (1_000_000, 5);
    let mut wanted = Vec::new();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().with_context(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--folder" => folder = value()?.into(),
            "--usage" => usage = value()?.into(),
            "--rows" => rows = value()?.parse().context("--rows")?,
            "--rounds" => rounds = value()?.parse().context("--rounds")?,
            part if PARTS.iter().any(|(name, _)| *name == part) => wanted.push(part),
            other => {
                let parts: Vec<_> = PARTS.iter().map(|(name, _)| *name).collect();
                bail!("{other:?} is neither an option nor one of: {}", parts.join(", "));
            }
        }
    }
    Ok((Setup { folder, usage, rows, rounds }, wanted))
}
