//! The places where things are, and how other programs are run: by argument list, never through a shell.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

/// The root of the workspace.
pub(crate) fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// The place where `cargo` puts what it builds. This very program lies in `debug` or `release` below it.
pub(crate) fn target_dir() -> Result<PathBuf> {
    let this = env::current_exe().context("this program's own path is not known")?;
    let dir = this.parent().and_then(Path::parent);
    dir.map(Path::to_owned).with_context(|| format!("no target folder above {}", this.display()))
}

/// The place where the pinned tools are installed.
pub(crate) fn tools_dir() -> PathBuf {
    root().join("target/tools")
}

/// The `cargo` that runs this program, in the workspace's root, with the pinned tools in front of
/// others of their name.
pub(crate) fn cargo<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Result<Command> {
    let path = env::var_os("PATH").unwrap_or_default();
    let dirs = std::iter::once(tools_dir().join("bin")).chain(env::split_paths(&path));
    let path = env::join_paths(dirs).context("a folder in PATH cannot be joined with others")?;
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root()).env("PATH", path);
    Ok(command)
}

/// Runs to the end; anything but success is an error that repeats the command line.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = command_line(command);
    let status = command.status().with_context(|| format!("`{line}` did not start"))?;
    ensure!(status.success(), "`{line}` failed: {status}");
    Ok(())
}

/// The first line of standard output; `None` if the program is absent or fails.
pub(crate) fn first_line(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    String::from_utf8_lossy(&output.stdout).lines().next().map(str::to_owned)
}

/// The command as one would type it, to be read and not to be run.
pub(crate) fn command_line(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_stem().unwrap_or_default().to_owned();
    let words = std::iter::once(program).chain(command.get_args().map(OsString::from));
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// For commands that take none.
pub(crate) fn no_arguments(arguments: &[&str]) -> Result<()> {
    match arguments {
        [] => Ok(()),
        [first, ..] => bail!("unexpected argument {first:?}"),
    }
}
