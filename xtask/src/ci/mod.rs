//! `cargo xtask ci`: every check that a change must pass, the quick and telling ones first. It goes
//! on after a failure, so that one run says all there is to mend.

mod outcome;
mod rust_version;
mod skipped;
mod slowest;
mod snapshots;
mod suite;

use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Result, bail};

use crate::{process, tidy, tools, web};
use outcome::{Done, State};

struct Step {
    name: &'static str,
    /// The steps that must have passed before, or else this one could only fail misleadingly.
    needs: &'static [&'static str],
    action: Action,
}

enum Action {
    Cargo(&'static [&'static str]),
    /// `cargo doc`, with warnings as errors.
    Doc(&'static [&'static str]),
    Call(fn() -> Result<()>),
    Tests,
}

use Action::{Call, Cargo, Doc, Tests};

// What is compiled, and shared where cargo can share it: clippy checks every package, examples
// included, so no step builds the examples. The tests and the doc tests need the same builds, and no
// step builds one member alone, which would choose other features for its dependencies and compile
// them once more. For the same reason the docs name the examples: with them cargo counts development
// dependencies, and finds everything checked by clippy already. Advisories would need the network
// and change without a commit, so `deny` leaves them out. Only the step of bare features builds members by
// themselves: that is what it is there for, and it compiles no code.
#[rustfmt::skip]
const STEPS: &[Step] = &[
    Step { name: "rust version", needs: &[], action: Call(rust_version::check) },
    Step { name: "fmt", needs: &[], action: Cargo(&["fmt", "--all", "--check"]) },
    Step { name: "tidy", needs: &[], action: Call(|| tidy::run(&[])) },
    Step { name: "get deny", needs: &[], action: Call(|| tools::DENY.ensure()) },
    Step { name: "get nextest", needs: &[], action: Call(|| tools::NEXTEST.ensure()) },
    Step { name: "get browser", needs: &[], action: Call(web::ensure_browser) },
    Step { name: "fetch", needs: &[], action: Cargo(&["fetch", "--locked"]) },
    Step { name: "deny", needs: &["get deny", "fetch"], action: Cargo(&["deny", "--offline", "--locked", "check", "licenses", "bans", "sources"]) },
    Step { name: "clippy", needs: &[], action: Cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]) },
    Step { name: "bare features", needs: &[], action: Cargo(&["check", "-p", "usage-core", "-p", "usage-store", "-p", "usage-tracker", "-p", "usage-meter", "--no-default-features", "--locked"]) },
    Step { name: "zones alone", needs: &[], action: Cargo(&["check", "-p", "usage-store", "-p", "usage-tracker", "--no-default-features", "--features", "usage-store/zones", "--locked"]) },
    Step { name: "formats alone", needs: &[], action: Cargo(&["check", "-p", "usage-core", "--no-default-features", "--features", "format", "--locked"]) },
    Step { name: "CSV alone", needs: &[], action: Cargo(&["check", "-p", "usage-core", "--no-default-features", "--features", "csv", "--locked"]) },
    Step { name: "tests", needs: &["get nextest"], action: Tests },
    Step { name: "snapshots", needs: &["tests"], action: Call(snapshots::check) },
    Step { name: "doc tests", needs: &[], action: Cargo(&["test", "--workspace", "--doc", "--locked"]) },
    Step { name: "docs", needs: &[], action: Doc(&["doc", "--workspace", "--no-deps", "--lib", "--bins", "--examples", "--locked"]) },
];

/// Runs every step and sums up. `--long` gives the random tests many times the cases.
pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    let long = match arguments {
        [] => false,
        ["--long"] => true,
        _ => bail!("unexpected arguments {arguments:?}: only --long is known"),
    };
    suite::forget_last_run(long)?;
    let begun = Instant::now();
    let mut done: Vec<Done> = Vec::new();
    for (at, step) in STEPS.iter().enumerate() {
        let command = step.command(long)?;
        let what = command.as_ref().map(process::command_line).unwrap_or_default();
        println!("\n==> [{}/{}] {}  {what}", at + 1, STEPS.len(), step.name);
        let begun = Instant::now();
        let state = step.run(command, &done);
        done.push(Done { name: step.name, took: begun.elapsed(), state });
        println!("    {}", done[at]);
    }
    let report = suite::report_path(long)?;
    println!("\n{}{}{}", slowest::text(&report), skipped::text(&report), outcome::table(&done));
    outcome::verdict(&done, begun.elapsed())
}

impl Step {
    fn command(&self, long: bool) -> Result<Option<Command>> {
        let mut command = match self.action {
            Call(_) => return Ok(None),
            Cargo(arguments) => process::cargo(arguments.iter().copied())?,
            Doc(arguments) => {
                let mut command = process::cargo(arguments.iter().copied())?;
                command.env("RUSTDOCFLAGS", "-D warnings");
                command
            }
            Tests => suite::command(long)?,
        };
        // Nobody is there to be asked, and so no tool gets stuck in a question.
        command.stdin(Stdio::null());
        Ok(Some(command))
    }

    fn run(&self, command: Option<Command>, done: &[Done]) -> State {
        if let Some(missing) = outcome::first_not_passed(self.needs, done) {
            return State::NotRun { needs: missing };
        }
        let result = match (&self.action, command) {
            (Call(function), _) => function(),
            (Cargo(_) | Doc(_) | Tests, Some(mut command)) => process::run(&mut command),
            (Cargo(_) | Doc(_) | Tests, None) => Ok(()),
        };
        result.map_or_else(|error| State::Failed(format!("{error:#}")), |()| State::Passed)
    }
}
