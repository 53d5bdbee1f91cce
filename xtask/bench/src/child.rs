//! A command measured as a whole process: how long, and how much memory at its peak.
//!
//! The memory is what the operating system counts for finished children. A process starts as a
//! copy of its parent, whose memory would count too, so a small process of our own is between.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;

/// The first argument by which this program is told to measure a command.
pub(crate) const MEASURE: &str = "measure-child";

/// The time and space that a command took.
pub(crate) struct Measured {
    pub(crate) wall: Duration,
    /// The time on processors, of all its threads.
    pub(crate) cpu: Duration,
    pub(crate) peak_kib: u64,
    pub(crate) stdout: String,
}

/// Runs a command through a process of our own and measures it.
pub(crate) fn measured(command: &[&str]) -> Result<Measured> {
    let output = Command::new(std::env::current_exe()?)
        .arg(MEASURE)
        .args(command)
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        bail!("{command:?} failed: {}", output.status);
    }
    let text = String::from_utf8(output.stdout)?;
    let (stdout, figures) = text.trim_end().rsplit_once('\n').unwrap_or(("", text.trim_end()));
    let [wall, cpu, peak] = figures.split(' ').collect::<Vec<_>>()[..] else {
        bail!("{figures:?} are not the figures of the measured process");
    };
    Ok(Measured {
        wall: Duration::from_nanos(wall.parse()?),
        cpu: Duration::from_micros(cpu.parse()?),
        peak_kib: peak.parse()?,
        stdout: stdout.to_owned(),
    })
}

/// Runs the command here; prints what it printed and, on the last line, the figures.
pub(crate) fn measure_here(command: &[String]) -> Result<()> {
    let (program, arguments) = command.split_first().context("a command to measure")?;
    let start = Instant::now();
    let output = Command::new(program).args(arguments).stderr(Stdio::inherit()).output()?;
    let wall = start.elapsed();
    if !output.status.success() {
        bail!("{program} failed: {}", output.status);
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let cpu = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    let (stdout, peak) = (String::from_utf8_lossy(&output.stdout), usage.max_rss());
    println!("{}\n{} {cpu} {peak}", stdout.trim_end(), wall.as_nanos());
    Ok(())
}
