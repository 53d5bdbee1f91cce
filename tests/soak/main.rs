//! `cargo xtask soak`: gateways on one ledger, with faults at random, for as long as one likes.
//!
//! It works in epochs of about half a minute. Each has a ledger of its own, so that all of it can
//! be looked at in the end: whatever a gateway knew to be safe is there once. What happens follows
//! from the seed; when exactly, from the machine.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool for the terminal")]

mod accounts;
mod epoch;
mod fleet;
mod hands;
mod tally;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use epoch::Epoch;
use tally::Tally;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (minutes, seed) = match settings(&arguments) {
        Ok(settings) => settings,
        Err(error) => {
            eprintln!("error: {error:#}");
            return ExitCode::from(2);
        }
    };
    println!("soak: {minutes} min, seed {seed}");
    let mut tally = Tally::default();
    let told = run(Duration::from_secs(minutes * 60), seed, &mut tally);
    print!("{tally}");
    match told {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: seed {seed}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(time: Duration, seed: u64, tally: &mut Tally) -> Result<()> {
    let begun = Instant::now();
    let mut random = fastrand::Rng::with_seed(seed);
    while begun.elapsed() < time {
        tally.epochs += 1;
        let left = time.saturating_sub(begun.elapsed());
        let length = Duration::from_millis(random.u64(15_000..40_000)).min(left);
        let number = tally.epochs;
        let mut epoch = Epoch::new(fastrand::Rng::with_seed(random.u64(..)), tally)?;
        let told = epoch.run(length);
        let told = told.with_context(|| format!("epoch {number} in {}", epoch.folder().display()));
        if told.is_err() {
            epoch.keep();
        }
        println!("{}", told?);
    }
    Ok(())
}

fn settings(arguments: &[String]) -> Result<(u64, u64)> {
    let (mut minutes, mut seed) = (20, fastrand::u64(..));
    let mut words = arguments.iter();
    while let Some(name) = words.next() {
        let value = words.next().with_context(|| format!("{name} without a value"))?;
        let number = value.parse().with_context(|| format!("{value:?} is not a number"))?;
        match name.as_str() {
            "--minutes" => minutes = number,
            "--seed" => seed = number,
            _ => bail!("expected [--minutes N] [--seed S], got {name:?}"),
        }
    }
    Ok((minutes, seed))
}
