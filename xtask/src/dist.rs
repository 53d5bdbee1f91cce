//! `cargo xtask dist`: an archive to hand out, with the stripped binary, its man pages and
//! completions, and a checksum beside it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use flate2::{Compression, GzBuilder};
use sha2::{Digest as _, Sha256};

use crate::process;

const SHELLS: [&str; 5] = ["bash", "elvish", "fish", "powershell", "zsh"];
const DOCUMENTS: [&str; 5] =
    ["README.md", "CHANGELOG.md", "NOTICES.md", "LICENSE-MIT", "LICENSE-APACHE"];

pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    process::no_arguments(arguments)?;
    let build = ["build", "--profile", "dist", "--locked", "--package", "usage-cli"];
    process::run(&mut process::cargo(build)?)?;
    let target = process::target_dir()?;
    let binary = target.join("dist/usage");

    let name = format!("usage-{}-{}", version(&binary)?, host()?);
    let out = target.join("dist-archives");
    let folder = out.join(&name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(folder.join("completions"))?;
    fs::copy(&binary, folder.join("usage"))?;
    for document in DOCUMENTS {
        fs::copy(process::root().join(document), folder.join(document))?;
    }
    for shell in SHELLS {
        let script = output(Command::new(&binary).args(["completions", shell]))?;
        fs::write(folder.join("completions").join(format!("usage.{shell}")), script)?;
    }
    let pages = folder.join("man/man1");
    fs::create_dir_all(&pages)?;
    output(Command::new(&binary).args(["man", "--dir"]).arg(&pages))?;

    let archive = out.join(format!("{name}.tar.gz"));
    pack(&folder, &name, &archive)?;
    let sum = checksum(&archive)?;
    let sums = out.join(format!("{name}.tar.gz.sha256"));
    fs::write(&sums, format!("{sum}  {name}.tar.gz\n"))?;
    println!("{}\n{}", archive.display(), sums.display());
    println!("{} bytes, sha256 {sum}", archive.metadata()?.len());
    if let Some(version) = glibc_of(&fs::read(&binary)?) {
        println!("needs glibc 2.{version} or newer");
    }
    Ok(())
}

/// The same folder gives the same archive: names sorted, no times, no owners.
fn pack(folder: &Path, name: &str, archive: &Path) -> Result<()> {
    let file = GzBuilder::new().mtime(0).write(File::create(archive)?, Compression::best());
    let mut tar = tar::Builder::new(file);
    tar.mode(tar::HeaderMode::Deterministic);
    for path in files(folder)? {
        let inside = Path::new(name).join(path.strip_prefix(folder)?);
        tar.append_path_with_name(&path, inside)?;
    }
    tar.into_inner()?.finish()?;
    Ok(())
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut entries =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    entries.sort_unstable();
    let mut all = Vec::new();
    for path in entries {
        if path.is_dir() {
            all.extend(files(&path)?);
        } else {
            all.push(path);
        }
    }
    Ok(all)
}

/// The newest version of glibc's 2 that a binary names: it needs that one. None where it needs none.
fn glibc_of(binary: &[u8]) -> Option<u32> {
    const NAME: &[u8] = b"GLIBC_2.";
    let named = binary.windows(NAME.len()).enumerate().filter(|(_, name)| *name == NAME);
    let named = named.filter_map(|(at, _)| {
        let rest = binary.get(at + NAME.len()..)?;
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()
    });
    named.max()
}

fn checksum(path: &Path) -> Result<String> {
    let bytes = fs::read(path)?;
    Ok(Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}

fn version(binary: &Path) -> Result<String> {
    let line = output(Command::new(binary).arg("--version"))?;
    let version = line.split_whitespace().nth(1).context("`usage --version` names a version")?;
    Ok(version.to_owned())
}

/// The platform that this `rustc` builds for.
fn host() -> Result<String> {
    let text = output(Command::new("rustc").arg("-vV"))?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("`rustc -vV` names its host")
}

fn output(command: &mut Command) -> Result<String> {
    let line = process::command_line(command);
    let output = command.output().with_context(|| format!("`{line}` did not start"))?;
    ensure!(output.status.success(), "`{line}` failed: {}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}
