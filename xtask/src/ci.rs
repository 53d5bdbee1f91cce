//! `cargo xtask ci`: every check that a change must pass, the quick and telling ones first.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::{process, tidy, tools};

struct Step {
    name: &'static str,
    action: Action,
}

enum Action {
    Cargo(&'static [&'static str]),
    /// `cargo doc`, with warnings as errors.
    Doc(&'static [&'static str]),
    Call(fn() -> Result<()>),
}

use Action::{Call, Cargo, Doc};

// Clippy checks the examples as well, so no step builds them once more. `cargo insta test` is
// nextest, plus what it alone can see: snapshots that no test refers to. It takes no `--locked`;
// the steps before it have made sure that the lock file fits. Advisories would need the network
// and change without a commit, so `deny` leaves them out.
#[rustfmt::skip]
const STEPS: &[Step] = &[
    Step { name: "rust version", action: Call(rust_version) },
    Step { name: "tools", action: Call(tools::ensure_installed) },
    Step { name: "fmt", action: Cargo(&["fmt", "--all", "--check"]) },
    Step { name: "tidy", action: Call(|| tidy::run(&[])) },
    Step { name: "clippy", action: Cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]) },
    Step { name: "build", action: Cargo(&["build", "--package", "usage-cli", "--locked"]) },
    Step { name: "tests", action: Cargo(&["insta", "test", "--workspace", "--check", "--unreferenced", "reject", "--test-runner", "nextest", "--disable-nextest-doctest"]) },
    Step { name: "doc tests", action: Cargo(&["test", "--workspace", "--doc", "--locked"]) },
    Step { name: "docs", action: Doc(&["doc", "--workspace", "--no-deps", "--locked"]) },
    Step { name: "fetch", action: Cargo(&["fetch", "--locked"]) },
    Step { name: "deny", action: Cargo(&["deny", "--offline", "--locked", "check", "licenses", "bans", "sources"]) },
];

/// Runs the steps until one fails.
pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    process::no_arguments(arguments)?;
    let mut done = Vec::new();
    let start = Instant::now();
    for (at, step) in STEPS.iter().enumerate() {
        let command = step.command()?;
        let what = command.as_ref().map(process::command_line).unwrap_or_default();
        println!("\n==> [{}/{}] {}  {what}", at + 1, STEPS.len(), step.name);
        let begun = Instant::now();
        let result = step.run(command);
        done.push(begun.elapsed());
        if let Err(error) = result {
            println!("\n{}", summary(&done, true));
            return Err(error.context(format!("ci failed at the step {:?}", step.name)));
        }
        println!("    {} passed in {}", step.name, seconds(begun.elapsed()));
    }
    println!("\n{}", summary(&done, false));
    println!("ci: all {} steps passed in {}", STEPS.len(), seconds(start.elapsed()));
    Ok(())
}

impl Step {
    fn command(&self) -> Result<Option<Command>> {
        Ok(match self.action {
            Call(_) => None,
            Cargo(arguments) => Some(process::cargo(arguments.iter().copied())?),
            Doc(arguments) => {
                let mut command = process::cargo(arguments.iter().copied())?;
                command.env("RUSTDOCFLAGS", "-D warnings");
                Some(command)
            }
        })
    }

    fn run(&self, command: Option<Command>) -> Result<()> {
        match (&self.action, command) {
            (Call(function), _) => function(),
            (Cargo(_) | Doc(_), Some(mut command)) => process::run(&mut command),
            (Cargo(_) | Doc(_), None) => Ok(()),
        }
    }
}

/// A line a step: how long it took and how it went. The last of `done` is the one that failed, if
/// any did.
fn summary(done: &[Duration], failed: bool) -> String {
    let mut text = String::new();
    for (at, step) in STEPS.iter().enumerate() {
        let (took, state) = match done.get(at) {
            Some(took) if failed && at + 1 == done.len() => (seconds(*took), "FAILED"),
            Some(took) => (seconds(*took), "passed"),
            None => ("-".to_owned(), "not run"),
        };
        text += &format!("    {:<14}{took:>9}  {state}\n", step.name);
    }
    text
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

/// The compiler must be at least the `rust-version` that the manifest promises.
fn rust_version() -> Result<()> {
    let promised = env!("CARGO_PKG_RUST_VERSION");
    let line =
        process::first_line(Command::new("rustc").arg("--version").current_dir(process::root()))
            .context("`rustc --version` did not answer")?;
    let used = line.split_whitespace().nth(1).and_then(parts);
    let used = used.with_context(|| format!("no version in {line:?}"))?;
    let wanted = parts(promised).with_context(|| format!("no version in {promised:?}"))?;
    ensure!(used >= wanted, "rust {promised} or newer is needed, this is {line}");
    let tested = if used == wanted {
        "this very version: the promise is tested"
    } else {
        "a newer one: that the promised one works is not tested by this run"
    };
    println!("promised: {promised}; in use: {line}, {tested}");
    Ok(())
}

/// Major and minor; a patch or a `-nightly` behind them does not matter.
fn parts(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        assert!(parts("1.100.0-nightly") > parts("1.95"));
        assert_eq!(parts("1.95.0"), parts("1.95"));
        assert_eq!(parts("one"), None);
    }

    #[test]
    fn the_summary_names_the_failed_step_and_those_after_it() {
        let text = summary(&[Duration::from_millis(1_500), Duration::ZERO], true);
        let states: Vec<_> = text.lines().filter_map(|line| line.split("  ").last()).collect();
        assert_eq!(states[..3], ["passed", "FAILED", "not run"]);
        assert!(text.contains("1.5 s"));
    }
}
