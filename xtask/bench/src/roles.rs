//! This program again, as a child process with a task of its own.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::{disk_full, kills, writers, written};

/// The first argument by which this program is told to do a child's task.
pub(crate) const TASK: &str = "task";

/// A task's name, and what does it.
type Task = (&'static str, fn(&[String]) -> Result<()>);

const TASKS: &[Task] = &[
    ("record-until-killed", kills::record_until_killed),
    ("fill-disks", disk_full::fill_disks),
    ("write-together", writers::write_together),
    ("count-bytes", written::count_bytes),
];

/// Does the task here.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let (name, arguments) = arguments.split_first().context("a task")?;
    match TASKS.iter().find(|(task, _)| task == name) {
        Some((_, task)) => task(arguments),
        None => bail!("there is no task {name:?}"),
    }
}

/// This program, about to do a task.
pub(crate) fn command(task: &str, arguments: &[&str]) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(TASK).arg(task).args(arguments);
    Ok(command)
}

/// A child process to talk with, line by line. Killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Talking {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Talking {
    pub(crate) fn start(task: &str, arguments: &[&str]) -> Result<Self> {
        let mut child = command(task, arguments)?
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()?;
        let input = child.stdin.take().context("its input")?;
        let output = BufReader::new(child.stdout.take().context("its output")?);
        Ok(Self { child, input, output })
    }

    /// Returns its next words.
    pub(crate) fn hear(&mut self) -> Result<String> {
        let mut line = String::new();
        ensure!(self.output.read_line(&mut line)? > 0, "the child has ended");
        Ok(line.trim_end().to_owned())
    }

    /// Returns its next words, as numbers between spaces.
    pub(crate) fn hear_numbers<const N: usize>(&mut self) -> Result<[u64; N]> {
        let line = self.hear()?;
        let numbers = line.split(' ').map(str::parse).collect::<Result<Vec<u64>, _>>()?;
        numbers.try_into().ok().with_context(|| format!("{N} numbers, not {line:?}"))
    }

    pub(crate) fn say(&mut self, line: &str) -> Result<()> {
        Ok(writeln!(self.input, "{line}")?)
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Result<()> {
        let status = self.child.wait()?;
        ensure!(status.success(), "the child failed: {status}");
        Ok(())
    }
}

impl Drop for Talking {
    fn drop(&mut self) {
        // It has ended already, or nobody needs it any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
