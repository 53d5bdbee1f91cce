//! `cargo xtask web`: what others have made for the page, and what the tests of the page need.
//!
//! From packages of npm, each pinned by its checksum. The chart library lies in the repository, so that nothing but
//! cargo is needed to build; this writes it again, for another version or to prove that it is the one it claims to be.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context as _, Result, ensure};
use flate2::read::GzDecoder;
use sha2::{Digest as _, Sha256};

use crate::process;

struct Package {
    name: &'static str,
    version: &'static str,
    sha256: &'static str,
    /// Files of the package, and what they are called here.
    files: &'static [(&'static str, &'static str)],
}

/// Draws the charts of the page. MIT, see NOTICES.md.
const UPLOT: Package = Package {
    name: "uplot",
    version: "1.6.32",
    sha256: "4b8a8191e425658e3ea8c8c1314b0fc679c861ee3a1af2b20c7b16ba50b5133d",
    files: &[
        ("package/dist/uPlot.iife.min.js", "uplot.js"),
        ("package/dist/uPlot.min.css", "uplot.css"),
    ],
};

/// Finds what keeps people from using a page. For tests alone, and not in the repository.
const AXE: Package = Package {
    name: "axe-core",
    version: "4.14.1",
    sha256: "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745",
    files: &[("package/axe.min.js", "axe.min.js")],
};

/// The files of the page.
const PAGE: &str = "crates/usage-server/src/page";

pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    process::no_arguments(arguments)?;
    UPLOT.fetch(&process::root().join(PAGE))
}

/// Installs what the tests of the page need where it is missing. They say aloud that they are skipped where that fails.
pub(crate) fn ensure_browser() -> Result<()> {
    if env::var_os("USAGE_TEST_BROWSER").is_none() {
        println!(
            "no browser is installed for the tests of the page; USAGE_TEST_BROWSER=1 installs one"
        );
        return Ok(());
    }
    let tools = process::tools_dir();
    if !tools.join("axe.min.js").is_file()
        && let Err(error) = AXE.fetch(&tools)
    {
        println!("the page is not looked at by axe-core: {error:#}");
    }
    if on_path("chromedriver").is_none()
        && let Err(error) = install_browser()
    {
        println!("the page is not tried in a browser: {error:#}");
    }
    Ok(())
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// From Debian's packages, by root alone: a check changes nothing on the machine of anybody else.
fn install_browser() -> Result<()> {
    let is_root = process::first_line(Command::new("id").arg("-u")).is_some_and(|id| id == "0");
    ensure!(is_root && on_path("apt-get").is_some(), "install chromium and chromium-driver");
    let mut install = Command::new("apt-get");
    install.args(["install", "--yes", "--quiet", "--no-install-recommends", "chromium"]);
    process::run(install.arg("chromium-driver").env("DEBIAN_FRONTEND", "noninteractive"))
}

impl Package {
    /// Puts its files into a folder.
    fn fetch(&self, into: &Path) -> Result<()> {
        let Self { name, version, .. } = self;
        fs::create_dir_all(process::tools_dir())?;
        let mut pack = Command::new("npm");
        pack.args(["pack", "--silent", &format!("{name}@{version}"), "--pack-destination"]);
        process::run(pack.arg(process::tools_dir()))?;
        let path = process::tools_dir().join(format!("{name}-{version}.tgz"));
        let archive = fs::read(&path).with_context(|| format!("no {}", path.display()))?;
        fs::remove_file(&path)?;
        let sum = checksum(&archive);
        ensure!(sum == self.sha256, "{name} {version} is another one: {sum}");
        let mut found = 0;
        for entry in tar::Archive::new(GzDecoder::new(&archive[..])).entries()? {
            let mut entry = entry?;
            let path = entry.path()?.into_owned();
            let Some((_, as_name)) = self.files.iter().find(|(of, _)| path == Path::new(of)) else {
                continue;
            };
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes)?;
            fs::write(into.join(as_name), bytes)?;
            found += 1;
        }
        ensure!(found == self.files.len(), "{name} {version} lacks a file");
        println!("{name} {version}: {found} files in {}", into.display());
        Ok(())
    }
}

fn checksum(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever changes them by hand finds out here; `cargo xtask web` puts them right.
    #[test]
    fn the_chart_library_is_the_one_that_is_pinned() {
        for (file, expected) in [
            ("uplot.js", "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f"),
            ("uplot.css", "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04"),
        ] {
            let bytes = fs::read(process::root().join(PAGE).join(file)).unwrap();
            assert_eq!(checksum(&bytes), expected, "{file}");
        }
        let text = fs::read_to_string(process::root().join(PAGE).join("uplot.js")).unwrap();
        assert!(text.contains(&format!("(v{})", UPLOT.version)));
        let notices = fs::read_to_string(process::root().join("NOTICES.md")).unwrap();
        assert!(notices.contains("## uPlot") && notices.contains("Leon Sorokin"));
    }
}
