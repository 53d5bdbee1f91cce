//! The things that others do to the ledger meanwhile: lock it, read it, write to it.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use driver::DEADLINE;
use rusqlite::Connection;

/// The command, on one ledger.
pub(crate) struct Hands {
    program: PathBuf,
    folder: PathBuf,
    lock: Option<JoinHandle<rusqlite::Result<()>>>,
    prunes: u32,
}

impl Hands {
    pub(crate) fn new(program: &Path, folder: &Path) -> Self {
        Self { program: program.to_owned(), folder: folder.to_owned(), lock: None, prunes: 0 }
    }

    /// Holds the ledger's write lock for so long, beside whatever else goes on. `false` when it is
    /// held already.
    pub(crate) fn lock(&mut self, time: Duration) -> Result<bool> {
        if self.lock.as_ref().is_some_and(|lock| !lock.is_finished()) {
            return Ok(false);
        }
        self.unlocked()?;
        let ledger = self.folder.join("usage.db");
        self.lock = Some(thread::spawn(move || {
            let connection = Connection::open(ledger)?;
            connection.busy_timeout(DEADLINE)?;
            connection.execute_batch("BEGIN IMMEDIATE")?;
            // sleep: the lock is held for this long.
            thread::sleep(time);
            connection.execute_batch("ROLLBACK")
        }));
        Ok(true)
    }

    /// Waits until nobody holds the lock.
    pub(crate) fn unlocked(&mut self) -> Result<()> {
        let Some(lock) = self.lock.take() else { return Ok(()) };
        lock.join().map_err(|_| anyhow!("the thread that locks has panicked"))??;
        Ok(())
    }

    /// Stores what killed gateways have left, as every command does that writes.
    pub(crate) fn vacuum(&self) -> Result<()> {
        self.usage(&["vacuum"], "").map(drop)
    }

    /// A page for people, and one for programs, whose parts must add up.
    pub(crate) fn report(&self) -> Result<()> {
        self.usage(&["report"], "")?;
        let report = self.usage(&["report", "--format", "json"], "")?;
        let report: serde_json::Value = serde_json::from_slice(&report.stdout)?;
        let all = report["summary"]["requests"].as_u64();
        let rows = report["models"].as_array().context("no models")?;
        let sum: Option<u64> = rows.iter().map(|row| row["requests"].as_u64()).sum();
        ensure!(all.is_some() && all == sum, "a report that does not add up: {report}");
        Ok(())
    }

    /// Looks at everything that can be wrong.
    pub(crate) fn doctor(&self) -> Result<String> {
        let output = self.usage(&["doctor"], "")?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Records a part of long ago, and throws it away: each time the next month, as what is older than
    /// what was thrown away is not taken any more. No gateway's records are as old.
    pub(crate) fn prune(&mut self) -> Result<()> {
        let month = |number: u32| format!("{}-{:02}", 1971 + number / 12, number % 12 + 1);
        let (this, next) = (month(self.prunes), month(self.prunes + 1));
        self.prunes += 1;
        let mut lines = String::new();
        for second in 0..60 {
            writeln!(
                lines,
                r#"{{"instance_id":"old","route":"r","model":"m","tokens":1,"timestamp":"{this}-01T00:00:{second:02}Z"}}"#
            )?;
        }
        self.usage(&["record"], &lines)?;
        self.usage(&["prune", "--before", &format!("{next}-01")], "").map(drop)
    }

    fn usage(&self, arguments: &[&str], input: &str) -> Result<Output> {
        let mut command = Command::new(&self.program);
        command.current_dir(&self.folder).args(arguments).args(["--db", "usage.db"]);
        command.args(["--timezone", "UTC"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("{command:?}"))?;
        // What it does not want to read it need not.
        drop(child.stdin.take().map(|mut stdin| stdin.write_all(input.as_bytes())));
        let output = child.wait_with_output()?;
        if output.status.success() {
            return Ok(output);
        }
        let said = [&*output.stdout, &*output.stderr].map(String::from_utf8_lossy);
        bail!("`usage {}` failed: {}\n{}", arguments.join(" "), output.status, said.concat())
    }
}
