//! `cargo xtask soak`: many gateways at one ledger, with faults at random, for as long as one likes.
//! Takes its time, which is why `ci` leaves it out; the stories in `tests` are its short form.
//!
//! The program that does it is one of the stories' package, so that this one builds in a moment.

use std::process::Command;

use anyhow::Result;

use crate::process;

pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    let build = ["build", "--release", "--locked", "--package", "usage-tests", "--bins"];
    process::run(&mut process::cargo(build)?)?;
    let soak = process::target_dir()?.join("release/soak");
    process::run(Command::new(soak).args(arguments).current_dir(process::root()))
}
