//! The fixture: a folder with a ledger, and everything that the command knows of the world.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::errors;
use crate::process::Background;

/// The text that stands for the fixture's folder in output. As wide as the folder's name is where
/// temporary files live in `/tmp`, so that columns behind it still line up; and the same where they
/// do not.
const FOLDER: &str = "/tmp/usage-XXXXXX";

/// A folder of its own with the ledger `usage.db`, and the command's whole environment.
///
/// The command runs in that folder, so most output holds no path that differs from run to run.
/// Now is noon of 2026-05-03, a Sunday, in UTC.
pub(crate) struct Fixture {
    folder: TempDir,
    environment: BTreeMap<OsString, OsString>,
}

impl Fixture {
    /// No ledger yet.
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("usage-").rand_bytes(6).tempdir().unwrap();
        let home = folder.path().join("home");
        fs::create_dir(&home).unwrap();
        // A link by the right name: help and complaints name the program as it was called.
        let programs = folder.path().join("bin");
        fs::create_dir(&programs).unwrap();
        std::os::unix::fs::symlink(binary(), programs.join("usage")).unwrap();
        let path = [programs.as_os_str(), OsStr::new("/usr/bin:/bin")].join(OsStr::new(":"));
        Self { folder, environment: BTreeMap::new() }
            .set("PATH", path)
            .set("HOME", home)
            .set("USAGE_DB", "usage.db")
            .set("USAGE_TIMEZONE", "UTC")
            .set("USAGE_NOW", "2026-05-03T12:00:00Z")
            .set("COLUMNS", "80")
            .set("USAGE_WIDTH", "80")
    }

    /// With a ledger that holds the records of these lines.
    pub(crate) fn with(lines: &str) -> Self {
        let fixture = Self::new();
        let run = fixture.usage_reading("record", lines);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run}");
        fixture
    }

    /// With a variable set.
    pub(crate) fn set(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.environment.insert(name.into(), value.into());
        self
    }

    /// With a variable not set.
    pub(crate) fn unset(mut self, name: &str) -> Self {
        self.environment.remove(OsStr::new(name));
        self
    }

    /// Where something in the folder is.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file into the folder.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    /// A file of the folder.
    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// The names of everything in the folder that the fixture did not put there.
    pub(crate) fn files(&self) -> Vec<String> {
        let names = fs::read_dir(self.folder.path()).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> =
            names.filter(|name| !["bin", "home"].contains(&name.as_str())).collect();
        names.sort();
        names
    }

    /// The command in this environment, to be started by hand.
    pub(crate) fn command<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Command {
        let mut command = self.program(&self.path("bin/usage"));
        command.args(arguments);
        command
    }

    /// A shell that knows the command as `usage`, in this environment.
    pub(crate) fn shell(&self, script: &str) -> Run {
        let mut command = self.program(Path::new("/bin/sh"));
        self.finished(command.arg("-c").arg(script).output().unwrap())
    }

    /// Another program in this environment.
    pub(crate) fn program(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(&self.environment).current_dir(self.folder.path());
        command.stdin(Stdio::null());
        command
    }

    /// Runs the command, its arguments apart by white space, with nothing on standard input.
    pub(crate) fn usage(&self, arguments: &str) -> Run {
        self.usage_of(arguments.split_whitespace())
    }

    /// Runs the command with arguments that may hold white space.
    pub(crate) fn usage_of<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Run {
        self.finished(self.command(arguments).output().unwrap())
    }

    /// Runs the command with that on standard input.
    pub(crate) fn usage_reading(&self, arguments: &str, input: impl AsRef<[u8]>) -> Run {
        let mut child = self.start(arguments);
        child.write(input.as_ref());
        child.end_input();
        child.finish()
    }

    /// Starts the command and leaves it running, with a pipe on standard input.
    pub(crate) fn start(&self, arguments: &str) -> Background<'_> {
        Background::start(self, self.command(arguments.split_whitespace()))
    }

    /// Returns the outcome of a run, paths in it made the same for every run.
    pub(crate) fn finished(&self, output: Output) -> Run {
        let text = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).expect("output is UTF-8");
            text.replace(self.folder.path().to_str().unwrap(), FOLDER)
        };
        let code = output.status.code().unwrap_or_else(|| panic!("killed: {output:?}"));
        let run = Run { code, stdout: text(output.stdout), stderr: text(output.stderr) };
        errors::check(&run);
        run
    }

    /// Returns the number of records that the ledger holds; none where there is no ledger, or none yet.
    pub(crate) fn stored(&self) -> u64 {
        let run = self.usage("report --format json");
        if run.code == 1 && run.stderr.starts_with("error: there is no ledger at ") {
            return 0;
        }
        let report: serde_json::Value = serde_json::from_str(&run.stdout_of_success()).unwrap();
        report["summary"]["requests"].as_u64().unwrap()
    }

    /// Returns the number of records that the ledger holds, and their tokens.
    pub(crate) fn totals(&self) -> (u64, u64) {
        let report = self.report("report --format json");
        let number = |name| report["summary"][name].as_u64().unwrap();
        (number("requests"), number("tokens"))
    }

    /// A report that the command prints as JSON.
    pub(crate) fn report(&self, arguments: &str) -> serde_json::Value {
        serde_json::from_str(&self.usage(arguments).stdout_of_success()).unwrap()
    }
}

/// The command under test. Cargo builds it before it builds the stories.
pub(crate) fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_usage-under-test"))
}

/// The outcome of a run of the command.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// Standard output of a run that succeeded and had nothing to complain about.
    pub(crate) fn stdout_of_success(self) -> String {
        assert_eq!((self.code, self.stderr.as_str()), (0, ""), "{self}");
        self.stdout
    }
}

/// All of it, for a snapshot.
impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, stdout, stderr } = self;
        writeln!(f, "exit {code}")?;
        for (name, text) in [("stdout", stdout), ("stderr", stderr)] {
            if !text.is_empty() {
                write!(f, "--- {name}\n{text}")?;
            }
        }
        Ok(())
    }
}
