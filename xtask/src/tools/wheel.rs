//! Tools that need not be compiled: the Python package index has wheels that hold nothing but the
//! program, for machines like most of those that run the checks.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::process;

pub(super) struct Wheel {
    /// Its name in the index.
    pub(super) project: &'static str,
    /// Of the file for Linux on x86_64. Any other file is refused, whoever has put it there.
    pub(super) sha256: &'static str,
}

impl Wheel {
    /// Puts `cargo-NAME` into the tools' folder.
    ///
    /// # Errors
    ///
    /// When there is no wheel for this machine, no pip, no index, or when the wheel is another one.
    pub(super) fn install(&self, name: &str, version: &str) -> Result<()> {
        ensure!(cfg!(all(target_os = "linux", target_arch = "x86_64")), "none for this platform");
        let tools = process::tools_dir();
        let (unpacked, bin) = (tools.join(format!("wheel-{name}")), tools.join("bin"));
        fs::create_dir_all(&bin).with_context(|| format!("cannot create {}", bin.display()))?;
        let wanted = tools.join(format!("wheel-{name}.txt"));
        fs::write(&wanted, self.requirement(version))
            .with_context(|| format!("cannot write {}", wanted.display()))?;
        pip(&wanted, &unpacked)?;
        let program = format!("cargo-{name}");
        fs::rename(unpacked.join("bin").join(&program), bin.join(&program))
            .with_context(|| format!("the wheel holds no {program}"))?;
        fs::remove_dir_all(&unpacked)?;
        fs::remove_file(&wanted)?;
        Ok(())
    }

    /// A line of a requirements file, the one place where pip takes hashes from.
    fn requirement(&self, version: &str) -> String {
        format!("{}=={version} --hash=sha256:{}\n", self.project, self.sha256)
    }
}

fn pip(requirements: &Path, target: &Path) -> Result<()> {
    let options = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-input",
        "--disable-pip-version-check",
        "--require-hashes",
        "--no-deps",
        "--only-binary=:all:",
        "--upgrade",
        "--target",
    ];
    let mut command = Command::new("python3");
    command.args(options).arg(target).arg("--requirement").arg(requirements);
    // It installs into a folder of this repository, so it does not matter who runs it.
    command.env("PIP_ROOT_USER_ACTION", "ignore");
    process::run(command.current_dir(process::root()).stdin(Stdio::null()))
}

#[cfg(test)]
mod tests {
    use super::super::{DENY, NEXTEST};

    #[test]
    fn a_wheel_is_pinned_by_version_and_hash() {
        for tool in [NEXTEST, DENY] {
            let line = tool.wheel.requirement(tool.version);
            let (pinned, hash) = line.trim_end().split_once(" --hash=sha256:").unwrap();
            assert!(pinned.ends_with(&format!("cargo-{}=={}", tool.name, tool.version)), "{line}");
            assert!(hash.len() == 64 && hash.chars().all(|c| c.is_ascii_hexdigit()), "{line}");
        }
    }
}
