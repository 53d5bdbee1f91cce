//! The knowledge that the operating system has of this process. Linux only: elsewhere there is no `/proc`.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::{TimeVal, TimeValLike};

/// The memory of this process that is in RAM, in bytes.
pub(crate) fn resident_bytes() -> Result<u64> {
    Ok(field("/proc/self/status", "VmRSS:")? * 1_024)
}

/// The most memory that this process ever had in RAM, in bytes.
pub(crate) fn peak_bytes() -> Result<u64> {
    Ok(field("/proc/self/status", "VmHWM:")? * 1_024)
}

/// Returns the number of times that the calling thread has given the processor up by itself, to wait for something.
pub(crate) fn voluntary_switches() -> Result<u64> {
    field("/proc/thread-self/status", "voluntary_ctxt_switches:")
}

/// The bytes that this process has written so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written {
    /// To the disk: counted when a page of a file becomes dirty, so what is overwritten before the
    /// page has reached the disk counts once.
    pub(crate) to_disk: u64,
    /// Handed to `write` and its like.
    pub(crate) handed_over: u64,
}

impl Written {
    pub(crate) fn now() -> Result<Self> {
        const IO: &str = "/proc/self/io";
        Ok(Self { to_disk: field(IO, "write_bytes:")?, handed_over: field(IO, "wchar:")? })
    }

    pub(crate) const fn since(self, before: Self) -> Self {
        Self {
            to_disk: self.to_disk - before.to_disk,
            handed_over: self.handed_over - before.handed_over,
        }
    }
}

/// Returns the time for which all threads of this process together have been running on a processor.
pub(crate) fn all_processor_time() -> Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let micros = |time: TimeVal| u64::try_from(time.num_microseconds());
    Ok(Duration::from_micros(micros(usage.user_time())? + micros(usage.system_time())?))
}

/// Returns the time for which a thread of this process has been running on a processor; the first of that name.
pub(crate) fn processor_time(thread: &str) -> Result<Duration> {
    for task in fs::read_dir("/proc/self/task")? {
        let task = task?.path();
        if fs::read_to_string(task.join("comm")).is_ok_and(|name| name.trim_end() == thread) {
            let times = fs::read_to_string(task.join("schedstat"))?;
            let running = times.split(' ').next().context("an empty schedstat")?;
            return Ok(Duration::from_nanos(running.parse()?));
        }
    }
    Ok(Duration::ZERO)
}

/// The first number behind a name at the start of a line.
fn field(path: &str, name: &str) -> Result<u64> {
    let text = fs::read_to_string(path).with_context(|| path.to_owned())?;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|rest| rest.split_whitespace().next());
    Ok(number.with_context(|| format!("no {name} in {path}"))?.parse()?)
}
