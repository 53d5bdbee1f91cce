//! The tools that the checks need beside the Rust toolchain, at exactly these versions: a newer one
//! may warn about more, and a check must not begin to fail by itself.

use anyhow::{Result, ensure};

use crate::process;

struct Tool {
    /// The subcommand: `nextest` for the package `cargo-nextest`.
    name: &'static str,
    version: &'static str,
}

const PINNED: &[Tool] = &[
    Tool { name: "nextest", version: "0.9.143" },
    Tool { name: "insta", version: "1.49.0" },
    Tool { name: "deny", version: "0.20.2" },
];

/// Takes each tool from PATH if it is the pinned version, and else installs that version below
/// `target/tools`, where it is found the next time.
pub(crate) fn ensure_installed() -> Result<()> {
    for tool in PINNED {
        let Tool { name, version } = tool;
        if tool.found()?.as_deref() == Some(*version) {
            println!("cargo-{name} {version}: found");
            continue;
        }
        let found = tool.found()?.unwrap_or_else(|| "none".to_owned());
        println!("cargo-{name} {version}: installing into target/tools (on PATH: {found})");
        let (package, exact) = (format!("cargo-{name}"), format!("={version}"));
        let dir = process::tools_dir();
        let mut install =
            process::cargo(["install", "--locked", "--force", "--version", &exact, "--root"])?;
        process::run(install.arg(dir).arg(package))?;
        ensure!(
            tool.found()?.as_deref() == Some(*version),
            "cargo-{name} {version} is installed, but another one comes before it in PATH"
        );
    }
    Ok(())
}

impl Tool {
    /// The version that `cargo NAME` would run.
    fn found(&self) -> Result<Option<String>> {
        let line = process::first_line(&mut process::cargo([self.name, "--version"])?);
        Ok(line.and_then(|line| line.split_whitespace().nth(1).map(str::to_owned)))
    }
}
