//! The command line of the tests, and what they leave behind.

use std::num::NonZero;
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs, io, thread};

use anyhow::{Context as _, Result};

use crate::process;

/// The settings by which the random tests know how much they shall do.
const LONG: [(&str, &str); 3] =
    [("PROPTEST_CASES", "4096"), ("USAGE_TEST_CASES", "20000"), ("USAGE_TEST_KILLS", "100")];

/// Random tests try the same cases in each run, unless this is set: what fails is then the change, and not luck. Other
/// cases are what a long run is for.
const SEED: (&str, &str) = ("PROPTEST_RNG_SEED", "1");

/// All tests but those in the docs. `--tests` leaves the examples out, which clippy has checked.
pub(super) fn command(long: bool) -> Result<Command> {
    let run = ["nextest", "run", "--workspace", "--tests", "--locked", "--profile", profile(long)];
    let mut command = process::cargo(run)?;
    // Many a test waits for a lock, a child or a disk. With twice the threads others run meanwhile.
    let threads = 2 * thread::available_parallelism().map_or(1, NonZero::get);
    command.args(["--test-threads", &threads.to_string()]);
    if long {
        command.envs(LONG);
    } else if env::var_os(SEED.0).is_none() {
        command.env(SEED.0, SEED.1);
    }
    // A snapshot that differs fails and is not written. The root is told so that not every test
    // has to ask cargo for it.
    command.env("INSTA_UPDATE", "no").env_remove("INSTA_FORCE_PASS");
    command.env("INSTA_WORKSPACE_ROOT", process::root());
    command.env("INSTA_SNAPSHOT_REFERENCES_FILE", snapshots_path()?);
    Ok(command)
}

/// One of those in `.config/nextest.toml`.
fn profile(long: bool) -> &'static str {
    if long { "long" } else { "ci" }
}

/// The place where nextest writes its report.
pub(super) fn report_path(long: bool) -> Result<PathBuf> {
    Ok(process::target_dir()?.join("nextest").join(profile(long)).join("junit.xml"))
}

/// The place where insta notes each snapshot file that a test compares with, a path a line.
pub(super) fn snapshots_path() -> Result<PathBuf> {
    Ok(process::target_dir()?.join("snapshots-in-use"))
}

/// Removes what the last run has left, so that none of it is taken for this one's.
pub(super) fn forget_last_run(long: bool) -> Result<()> {
    for path in [report_path(long)?, snapshots_path()?] {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot remove {}", path.display()));
            }
            _ => {}
        }
    }
    Ok(())
}
